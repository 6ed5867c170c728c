using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Cpu.State;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>
/// Our side: a PE at EL1 with the same memory image as the oracle. Stage 1 maps code read-only and records as EL0 memory (so that LDTR and STTR work), all at their own addresses.
/// </summary>
internal sealed unsafe class PinionMachine : IStage2, ITimeSource, IPeOutputs, IDisposable
{
    private const uint TablesBase = 0x0060_0000;
    private const uint VectorsBase = 0x00E0_0000;
    private const int PageSize = 0x1000;

    private readonly byte[] _tables = GC.AllocateArray<byte>(2 * PageSize + PageSize, pinned: true);
    private readonly byte[] _vectors = GC.AllocateArray<byte>(PageSize + PageSize, pinned: true);
    private readonly byte[] _code;
    private readonly byte[] _records;
    private readonly BlockBatch _batch;
    private readonly ProcessingElement _pe;

    public PinionMachine(BlockBatch batch, EngineKind engine)
    {
        _batch = batch;
        _code = GC.AllocateArray<byte>((int)(BlockLayout.BlocksBase - BlockLayout.CodeBase) + batch.Code.Length + 2 * PageSize, pinned: true);
        _records = GC.AllocateArray<byte>(batch.Records.Length + 2 * PageSize, pinned: true);
        Put(_code, 0, 0xD400_0002); // hvc #0: the block came back
        batch.Code.CopyTo(Page(_code)[(int)(BlockLayout.BlocksBase - BlockLayout.CodeBase)..]);
        batch.Records.CopyTo(Page(_records));
        for (int i = 0; i < 16; i++)
        {
            Put(_vectors, i * 0x80, 0xD400_0002 | ((uint)(i + 1) << 5)); // hvc #(vector + 1)
        }

        MakeTables();
        _pe = new ProcessingElement(new PeConfiguration(0, new InnerShareableDomain(), this, this, this, engine) { CompileAfter = 0 });
        _pe.WriteRegister(SysRegId.MAIR_EL1, 0xFF);
        _pe.WriteRegister(SysRegId.TTBR0_EL1, TablesBase);
        _pe.WriteRegister(SysRegId.TCR_EL1, 25 | (1 << 8) | (1 << 10) | (3 << 12) | (1 << 23) | (2UL << 32)); // 39-bit VA, 4 KiB, EPD1
        _pe.WriteRegister(SysRegId.VBAR_EL1, VectorsBase);
        _pe.WriteRegister(SysRegId.CPACR_EL1, 3 << 20);
        _pe.WriteRegister(SysRegId.SCTLR_EL1, 0x30D0_0800 | 1 | (1 << 2) | (1 << 3) | (1 << 12));
    }

    public ulong Frequency => 62_500_000;

    public bool IsDeterministic => true;

    /// <summary>Runs block <paramref name="index"/>; null when it came back, else what happened instead. The end state is in <see cref="Record"/>.</summary>
    public string? Run(int index)
    {
        Span<byte> record = Page(_records).Slice(index * BlockLayout.RecordSize, BlockLayout.RecordSize);
        Pe* state = _pe.State;
        for (int i = 0; i < 31; i++)
        {
            _pe.SetX(i, Get(record, BlockLayout.X + i * 8));
        }

        _pe.Pstate = 0x3C5 | Get(record, BlockLayout.Nzcv);
        _pe.SpEl1 = Get(record, BlockLayout.Sp);
        for (int i = 0; i < 64; i++)
        {
            state->V[i] = Get(record, BlockLayout.V + i * 8);
        }

        _pe.WriteRegister(SysRegId.FPCR, Get(record, BlockLayout.Fpcr));
        _pe.WriteRegister(SysRegId.FPSR, Get(record, BlockLayout.Fpsr));
        state->ExclusiveValid = 0;
        _pe.Pc = _batch.Entry(index);

        ExitReason exit = _pe.Run(1 << 20);

        for (int i = 0; i < 31; i++)
        {
            Set(record, BlockLayout.X + i * 8, _pe.GetX(i));
        }

        Set(record, BlockLayout.Sp, _pe.SpEl1);
        for (int i = 0; i < 64; i++)
        {
            Set(record, BlockLayout.V + i * 8, state->V[i]);
        }

        Set(record, BlockLayout.Nzcv, _pe.Pstate & 0xF000_0000);
        Set(record, BlockLayout.Fpcr, _pe.ReadRegister(SysRegId.FPCR));
        Set(record, BlockLayout.Fpsr, _pe.ReadRegister(SysRegId.FPSR));
        return exit switch
        {
            ExitReason.Hvc when _pe.ExitImmediate == 0 => null,
            ExitReason.Hvc => $"exception at {_pe.ReadRegister(SysRegId.ELR_EL1):x}: ESR_EL1 {_pe.ReadRegister(SysRegId.ESR_EL1):x}, FAR_EL1 {_pe.ReadRegister(SysRegId.FAR_EL1):x}",
            ExitReason.Stage2Abort => $"stage 2 abort at {_pe.Pc:x}: {_pe.Abort}",
            _ => $"{exit} at {_pe.Pc:x}",
        };
    }

    /// <summary>A record as it is now.</summary>
    public ReadOnlySpan<byte> Record(int index) => Page(_records).Slice(index * BlockLayout.RecordSize, BlockLayout.RecordSize);

    public Stage2Page TranslateForProfiling(ulong ipa, MemoryAccess access, byte attributes) => Translate(ipa, access, attributes);

    public Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes)
    {
        ulong page = ipa & ~(PageSize - 1UL);
        return Find(page, TablesBase, _tables) ?? Find(page, VectorsBase, _vectors) ?? Find(page, BlockLayout.CodeBase, _code) ?? Find(page, BlockLayout.RecordsBase, _records) ?? default;
    }

    public ulong Count(ulong executed) => executed;

    public ulong InstructionsUntil(ulong deadline, ulong executed) => ulong.MaxValue;

    public void TimerLine(bool physical, bool level)
    {
    }

    public void PmuLine(bool level)
    {
    }

    public void Dispose() => _pe.Dispose();

    // 1 GiB through one table of 2 MiB blocks.
    private void MakeTables()
    {
        Set(Page(_tables), 0, (TablesBase + PageSize) | 3);
        for (ulong i = 0; i < 512; i++)
        {
            ulong address = i << 21;
            ulong attributes = address < BlockLayout.RecordsBase
                ? 2UL << 6 // read-only, EL1
                : (1UL << 6) | (3UL << 53); // read and write at EL0 too; never executed
            Set(Page(_tables)[PageSize..], (int)i * 8, address | attributes | (1 << 10) | (3 << 8) | 1);
        }
    }

    private static Stage2Page? Find(ulong page, uint start, byte[] memory)
        => page >= start && page - start < (ulong)(Page(memory).Length & ~(PageSize - 1)) ? new Stage2Page((nint)Address(memory) + (nint)(page - start), true) : null;

    // Pinned arrays are not page-aligned; each has a page too many.
    private static byte* Address(byte[] memory) => (byte*)(((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory)) + PageSize - 1) & ~(nint)(PageSize - 1));

    private static Span<byte> Page(byte[] memory) => new(Address(memory), memory.Length - PageSize);

    private static void Put(byte[] memory, int offset, uint word) => BinaryPrimitives.WriteUInt32LittleEndian(Page(memory)[offset..], word);

    private static ulong Get(ReadOnlySpan<byte> record, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(record[offset..]);

    private static void Set(Span<byte> record, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(record[offset..], value);
}
