using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Tests.Engine;

/// <summary>An exception that the PE took to EL1, as its registers describe it.</summary>
/// <param name="Vector">Number of the vector, 0 to 15: 4 is a synchronous exception from EL1h, 8 one from EL0.</param>
internal readonly record struct TakenException(int Vector, ulong Esr, ulong Far, ulong Elr, ulong Spsr)
{
    public int Class => (int)(Esr >> 26);

    public uint Iss => (uint)Esr & 0x1FF_FFFF;

    public uint FaultStatus => (uint)Esr & 0x3F;
}

/// <summary>Time as a test sets it, or time that follows instructions.</summary>
internal sealed class TestTime : ITimeSource
{
    public ulong Frequency => 62_500_000;

    public bool IsDeterministic { get; init; }

    /// <summary>The count, or with deterministic time its start.</summary>
    public ulong Now { get; set; } = 1000;

    public ulong Count(ulong executed) => IsDeterministic ? Now + executed : Now;

    public ulong InstructionsUntil(ulong deadline, ulong executed) =>
        !IsDeterministic ? ulong.MaxValue : deadline <= Now + executed ? 0 : deadline - (Now + executed);
}

/// <summary>
/// PEs with 16 MiB of memory and nothing else. Exception vectors leave by HVC with the vector's number, so that <see cref="RunToException"/> can tell what happened.
/// Memory outside of the guest's is inaccessible: an access that goes astray ends the process.
/// </summary>
internal sealed unsafe partial class TestMachine : IStage2, IPeOutputs, IDisposable
{
    public const ulong Base = 0x4000_0000;
    public const ulong Size = 16 << 20;

    /// <summary>Where <see cref="Load(uint[])"/> puts code.</summary>
    public const ulong CodeAt = Base;
    public const ulong VectorsAt = Base + 0x1_0000;
    public const ulong TablesAt = Base + 0x10_0000;
    public const ulong DataAt = Base + 0x20_0000;

    /// <summary>Immediate of the HVC that ends a test's code.</summary>
    public const ushort Done = 0x100;

    private const nuint Guard = 1 << 20;

    private readonly nint _mapping;
    private readonly nint _memory;
    private readonly InnerShareableDomain _domain = new();
    private readonly Lock _stage2 = new();
    private readonly List<ProcessingElement> _pes = [];

    public TestMachine(EngineKind engine, int pes = 1, IGicCpuInterface? gic = null, ProfilingConfiguration? profiling = null, bool deterministic = false, IDataCaches? caches = null, int? codeMemory = null)
    {
        Time = new TestTime { IsDeterministic = deterministic };
        _mapping = Map(0, (nuint)Size + (2 * Guard), 0, 0x22, -1, 0);
        _memory = _mapping + (nint)Guard;
        if (_mapping == -1 || Protect(_memory, (nuint)Size, 3) != 0)
        {
            throw new InvalidOperationException("no memory for the test machine");
        }

        for (uint i = 0; i < 16; i++)
        {
            Write32(VectorsAt + (i * 0x80), A64Asm.Hvc(i));
        }

        for (int i = 0; i < pes; i++)
        {
            var pe = new ProcessingElement(new PeConfiguration(i, _domain, this, Time, this, engine) { Gic = gic, Profiling = profiling, DataCaches = caches, CompileAfter = 0, CodeMemory = codeMemory ?? PeConfiguration.DefaultCodeMemory });
            pe.WriteRegister(SysRegId.CPACR_EL1, 3 << 20);
            pe.WriteRegister(SysRegId.VBAR_EL1, VectorsAt);
            pe.Pc = CodeAt;
            _pes.Add(pe);
        }
    }

    /// <summary>Both engines, for theories.</summary>
    public static TheoryData<EngineKind> Engines => [EngineKind.Threaded, EngineKind.Switch, EngineKind.Block, EngineKind.Region];

    public ProcessingElement Pe => _pes[0];

    public IReadOnlyList<ProcessingElement> Pes => _pes;

    public TestTime Time { get; }

    /// <summary>Pages that stage 2 does not map, by page address.</summary>
    public HashSet<ulong> Unmapped { get; } = [];

    /// <summary>Pages that stage 2 maps read-only, by page address.</summary>
    public HashSet<ulong> ReadOnly { get; } = [];

    public bool PhysicalTimerLine { get; private set; }

    public bool VirtualTimerLine { get; private set; }

    public bool PmuOverflowLine { get; private set; }

    /// <summary>Raise IRQ with the lines of timers and PMU, as a GIC would.</summary>
    public bool WireInterrupts { get; set; }

    /// <summary>Makes a page read-only while PEs may be running.</summary>
    public void Protect(ulong page)
    {
        lock (_stage2)
        {
            ReadOnly.Add(page);
        }
    }

    public nint Host(ulong ipa) => _memory + (nint)(ipa - Base);

    public void Write32(ulong ipa, uint value) => *(uint*)Host(ipa) = value;

    public void Write64(ulong ipa, ulong value) => *(ulong*)Host(ipa) = value;

    public uint Read32(ulong ipa) => *(uint*)Host(ipa);

    public ulong Read64(ulong ipa) => *(ulong*)Host(ipa);

    /// <summary>Puts words at <paramref name="ipa"/> without telling anybody.</summary>
    public void Poke(ulong ipa, params uint[] words)
    {
        foreach (uint word in words)
        {
            Write32(ipa, word);
            ipa += 4;
        }
    }

    /// <summary>Puts words at <see cref="CodeAt"/>, an HVC #<see cref="Done"/> behind them, and the PC at the first.</summary>
    public void Load(params uint[] words)
    {
        Poke(CodeAt, [.. words, A64Asm.Hvc(Done)]);
        Pe.Code.InvalidateAll();
        Pe.Pc = CodeAt;
    }

    /// <summary>Runs until the HVC that <see cref="Load"/> appended.</summary>
    public void RunToEnd(ulong budget = 1_000_000)
    {
        ExitReason reason = Pe.Run(budget);
        reason.ShouldBe(ExitReason.Hvc);
        Pe.ExitImmediate.ShouldBe(Done, Pe.ExitImmediate < 16 ? $"exception {Exception()}" : null);
    }

    /// <summary>Loads and runs <paramref name="words"/> to their end.</summary>
    public void Execute(params uint[] words)
    {
        Load(words);
        RunToEnd();
    }

    /// <summary>Runs until an exception is taken to EL1.</summary>
    public TakenException RunToException(ulong budget = 1_000_000)
    {
        Pe.Run(budget).ShouldBe(ExitReason.Hvc);
        Pe.ExitImmediate.ShouldBeLessThan((ushort)16, "no exception was taken");
        return Exception();
    }

    /// <summary>Loads <paramref name="words"/> and runs until an exception is taken to EL1.</summary>
    public TakenException Fault(params uint[] words)
    {
        Load(words);
        return RunToException();
    }

    private TakenException Exception() => new(
        Pe.ExitImmediate,
        Pe.ReadRegister(SysRegId.ESR_EL1),
        Pe.ReadRegister(SysRegId.FAR_EL1),
        Pe.ReadRegister(SysRegId.ELR_EL1),
        Pe.ReadRegister(SysRegId.SPSR_EL1));

    public Stage2Page TranslateForProfiling(ulong ipa, MemoryAccess access, byte attributes) => Translate(ipa, access, attributes);

    public Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes)
    {
        ulong page = ipa & ~0xFFFUL;

        // Tests change the sets while a PE runs.
        lock (_stage2)
        {
            bool mapped = page >= Base && page < Base + Size && !Unmapped.Contains(page);
            return mapped ? new Stage2Page(Host(page), !ReadOnly.Contains(page)) : default;
        }
    }

    public void TimerLine(bool physical, bool level)
    {
        if (physical)
        {
            PhysicalTimerLine = level;
        }
        else
        {
            VirtualTimerLine = level;
        }

        Raise();
    }

    public void PmuLine(bool level)
    {
        PmuOverflowLine = level;
        Raise();
    }

    private void Raise()
    {
        if (WireInterrupts)
        {
            Pe.SetInterrupt(fiq: false, PhysicalTimerLine || VirtualTimerLine || PmuOverflowLine);
        }
    }

    public void Dispose()
    {
        foreach (ProcessingElement pe in _pes)
        {
            pe.Dispose();
        }

        Unmap(_mapping, (nuint)Size + (2 * Guard));
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
