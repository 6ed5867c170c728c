using System.Runtime.CompilerServices;
using Pinion.Arm.A64;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>A profiling unit on a bench: flat memory for its buffer, a clock that stands still, and hands to feed it operations.</summary>
internal sealed class SpuBench : IProfilingMemory, IProfilingClock, ISpeRecordSink
{
    public const ulong Buffer = 0xFFFF_8000_1000_0000;
    public const int BufferPages = 4;
    public const int PageSize = 4096;
    public const uint Nop = 0xD503_201F;

    private readonly byte[] _memory = GC.AllocateArray<byte>(BufferPages * PageSize, pinned: true);

    public SpuBench(SpeProfile? profile = null, SpuOptions? options = null, int pe = 0)
    {
        Spu = new Spu(profile ?? SpeProfile.Honest, this, this, this, pe, options);
    }

    public Spu Spu { get; }

    public ulong PhysicalCount { get; set; } = 2000;

    public ulong VirtualCount { get; set; } = 1000;

    /// <summary>Page of the buffer whose translation faults, or -1.</summary>
    public int FaultingPage { get; set; } = -1;

    public SpuFault Fault { get; set; }

    public List<byte[]> Records { get; } = [];

    public ReadOnlySpan<byte> Memory => _memory;

    public unsafe bool TryTranslate(ulong va, out nint host, out SpuFault fault)
    {
        fault = Fault;
        host = 0;
        ulong offset = va - Buffer;
        if (offset >= (ulong)_memory.Length || (int)(offset / PageSize) == FaultingPage)
        {
            return false;
        }

        host = (nint)Unsafe.AsPointer(ref _memory[offset]);
        return true;
    }

    public void Append(int pe, ReadOnlySpan<byte> record) => Records.Add(record.ToArray());

    /// <summary>Starts as the Linux driver does: pointer and limit, filters, interval, then PMSCR_EL1.</summary>
    public void Start(ulong interval, ulong pmscr = Pmscr.E0SpeMask | Pmscr.E1SpeMask, int pages = BufferPages, ulong icr = 0, int el = 0)
    {
        Spu.Reevaluate(el);
        Spu.Pmbptr = Buffer;
        Spu.Pmblimitr = (Buffer + (ulong)(pages * PageSize)) | Pmblimitr.EMask;
        Spu.Write(SysRegId.PMSIRR_EL1, interval);
        Spu.Write(SysRegId.PMSICR_EL1, icr);
        Spu.Write(SysRegId.PMSCR_EL1, pmscr);
    }

    /// <summary>Executes up to the next selection and samples <paramref name="operation"/>.</summary>
    public void SampleNext(in ObservedOperation operation, in OperationTiming timing = default)
    {
        Spu.Advance(Spu.Distance - 1);
        Spu.Complete(operation, timing);
    }

    public static ObservedOperation Operation(uint word, ulong pc = 0x40_0100) => new()
    {
        Word = word,
        Id = (ushort)A64Decoder.Decode(word),
        Pc = pc,
        NextPc = pc + 4,
    };

    public static ObservedOperation Access(uint word, ulong va, ulong pa, byte size = 8, ulong pc = 0x40_0100)
    {
        ObservedOperation operation = Operation(word, pc);
        operation.Va = va;
        operation.Pa = pa;
        operation.Size = size;
        operation.Flags = ObservedFlags.HasVa | ObservedFlags.HasPa;
        return operation;
    }
}
