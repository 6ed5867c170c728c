using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Jit;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <summary>How a PE is made.</summary>
/// <param name="Index">Number of the PE in its domain; Aff0 of MPIDR_EL1.</param>
/// <param name="Domain">The inner shareable domain it belongs to.</param>
/// <param name="Stage2">Its memory.</param>
/// <param name="Time">The system counter.</param>
/// <param name="Outputs">Where its timer and PMU lines go.</param>
/// <param name="Engine">Which core executes.</param>
public sealed record PeConfiguration(int Index, InnerShareableDomain Domain, IStage2 Stage2, ITimeSource Time, IPeOutputs Outputs, EngineKind Engine = EngineKind.Auto)
{
    /// <summary>The GIC's CPU interface, or null where there is none: ICC_* are then UNDEFINED.</summary>
    public IGicCpuInterface? Gic { get; set; }

    /// <summary>Data caches that can be told from memory; null: memory is coherent for every access, and nothing is spent on it.</summary>
    public IDataCaches? DataCaches { get; init; }

    /// <summary>So often an instruction is come to by the dispatcher before it is compiled; 0: at once, and with everything behind it (for tests).</summary>
    public int CompileAfter { get; init; } = 2;

    /// <summary>Bytes for compiled code, unless there is a reason for less.</summary>
    public const int DefaultCodeMemory = 64 << 20;

    /// <summary>Bytes for compiled code, whole pages and at least 256 KiB. When it is full, all of it is dropped.</summary>
    public int CodeMemory { get; init; } = DefaultCodeMemory;

    /// <summary>Looks at the PE while it runs, or null.</summary>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>Hears of TLB maintenance, or null.</summary>
    public ITlbObserver? TlbObserver { get; init; }

    /// <summary>Whether a thread of its own may make the records of the profiling unit: on a host with processors to spare, and where memory is coherent.</summary>
    internal bool MayRecordAside => DataCaches is null && (Profiling!.Aside ?? Environment.ProcessorCount > Domain.Members.Length);

    /// <summary>The profiling unit, or null where there is none: its registers are then UNDEFINED and ID_AA64DFR0_EL1.PMSVer is 0.</summary>
    public ProfilingConfiguration? Profiling { get; init; }
}

/// <summary>A PE's profiling unit and timing model.</summary>
/// <param name="Profile">What the unit implements.</param>
/// <param name="Timing">Which operations feed the timing model.</param>
/// <param name="Sink">Gets a copy of every record on the host's side, or null.</param>
/// <param name="Truth">Sees every operation that could have been sampled, or null: nobody pays for it then.</param>
/// <param name="Options">Choices that the architecture leaves to the unit, or null for the defaults.</param>
/// <param name="Aside">Whether records are made by a thread of their own; null: where the host has processors to spare. What is recorded is the same.</param>
public sealed record ProfilingConfiguration(SpeProfile Profile, TimingMode Timing, ISpeRecordSink? Sink = null, ITruthObserver? Truth = null, SpuOptions? Options = null, bool? Aside = null)
{
    /// <summary>For tests: records are made as late as they may be, when somebody has to see them.</summary>
    internal bool OnlyWhenAsked { get; init; }
}

/// <summary>Which core executes instructions.</summary>
public enum EngineKind
{
    /// <summary>The fastest one that this host can run.</summary>
    Auto,

    /// <summary>Tail-call threaded interpreter.</summary>
    Threaded,

    /// <summary>One instruction at a time: portable, and the oracle for the others.</summary>
    Switch,

    /// <summary>As <see cref="Block"/>, and where much time is spent code that remembers its translations.</summary>
    Region,

    /// <summary>Machine code for what is executed often, the threaded interpreter for the rest. Where the host has no executable memory, or is no x86-64, the interpreter alone.</summary>
    Block,
}

/// <summary>
/// One processing element at EL0/EL1 whose EL2 belongs to the caller. It executes in <see cref="Run"/> until EL2 has to act; between two runs its
/// whole state can be read and changed. Only <see cref="Kick"/>, <see cref="SetInterrupt"/> and <see cref="InvalidateStage2"/> may be called from other threads while it runs.
/// </summary>
public sealed unsafe partial class ProcessingElement : IDisposable
{
    /// <summary>Configuration it was made with.</summary>
    public PeConfiguration Configuration { get; }

    /// <summary>The hot state. Owned by this object; valid until <see cref="Dispose"/>.</summary>
    public Pe* State { get; }

    /// <summary>General register X0 to X30; 31 reads as zero and swallows writes (XZR).</summary>
    public ulong GetX(int i) => i == 31 ? 0 : State->X[i];

    /// <inheritdoc cref="GetX"/>
    public void SetX(int i, ulong value) => State->X[i == 31 ? Pe.Discard : i] = value;

    /// <summary>Address of the next instruction.</summary>
    public ulong Pc
    {
        get => State->Pc;
        set => State->Pc = value;
    }

    /// <summary>PSTATE in SPSR layout (AArch64). Setting it switches stack pointers and translation contexts as needed.</summary>
    public ulong Pstate
    {
        get => GetPstate();
        set => SetPstate(value);
    }

    /// <summary>The stack pointer of EL0, whichever is selected.</summary>
    public ulong SpEl0
    {
        get => State->SpSel == 0 || State->El == 0 ? State->X[Pe.Sp] : State->Sys[(int)SysRegId.SP_EL0];
        set
        {
            if (State->SpSel == 0 || State->El == 0)
            {
                State->X[Pe.Sp] = value;
            }
            else
            {
                State->Sys[(int)SysRegId.SP_EL0] = value;
            }
        }
    }

    /// <summary>The stack pointer of EL1, whichever is selected.</summary>
    public ulong SpEl1
    {
        get => State->SpSel != 0 && State->El == 1 ? State->X[Pe.Sp] : State->Sys[(int)SysRegId.SP_EL1];
        set
        {
            if (State->SpSel != 0 && State->El == 1)
            {
                State->X[Pe.Sp] = value;
            }
            else
            {
                State->Sys[(int)SysRegId.SP_EL1] = value;
            }
        }
    }

    /// <summary>
    /// Reads a system register as EL1 hardware would, past traps (for KVM_GET_ONE_REG and for EL2). Reads of the GIC's registers have no side effect here: they give 0.
    /// </summary>
    public ulong ReadRegister(SysRegId id) => ReadSystemRegister(id);

    /// <summary>Writes a system register with the effects an MSR would have, past traps and read-only rules (KVM_SET_ONE_REG, EL2): ID registers too.</summary>
    public void WriteRegister(SysRegId id, ulong value) => WriteSystemRegister(id, value);

    /// <summary>Instructions executed since the PE was made. One that took an exception counts, and so does a fetch that faulted.</summary>
    public ulong Executed { get; private set; }

    /// <summary>Why guest code is not compiled although the configuration wants it; null where it is, or need not be.</summary>
    public string? NotCompiledBecause =>
        Code.Native is not null || Configuration.Engine is EngineKind.Threaded or EngineKind.Switch ? null
        : !NativeCode.IsSupported ? "this host's processor is not one that code is made for"
        : "this host gives no executable memory";

    /// <summary>What the engine did so far. The PE must not be running.</summary>
    public EngineStatistics EngineStatistics => EngineStatistics.Of(Code.Native, State, _recorder, Executed);

    /// <summary>Details of <see cref="ExitReason.Stage2Abort"/>.</summary>
    public Stage2Abort Abort { get; internal set; }

    /// <summary>Details of <see cref="ExitReason.SystemRegister"/>.</summary>
    public TrappedRegister Trapped { get; internal set; }

    /// <summary>Immediate of the HVC or SMC that left.</summary>
    public ushort ExitImmediate { get; internal set; }

    /// <summary>Has EL2 trap accesses to <paramref name="id"/> from EL1 (MDCR_EL2, HDFG*_EL2, HCR_EL2 decide this in hardware). The PE must not be running.</summary>
    public void SetTrap(SysRegId id, bool read, bool write)
    {
        byte trap = (byte)((read ? 1 : 0) | (write ? 2 : 0));
        if (_traps[(int)id] != trap)
        {
            _traps[(int)id] = trap;

            // Whether a register is trapped decides how an access to it is decoded.
            Code.InvalidateAll();
        }
    }

    /// <summary>True when any access to <paramref name="id"/> is trapped.</summary>
    internal bool IsTrapped(SysRegId id) => _traps[(int)id] != 0;

    /// <summary>The IRQ (or FIQ) input: level. Any thread. A PE waiting in its owner's WFI is woken by the owner.</summary>
    public void SetInterrupt(bool fiq, bool level)
    {
        byte bit = fiq ? (byte)2 : (byte)1;
        lock (_traps)
        {
            State->InterruptLines = (byte)(level ? State->InterruptLines | bit : State->InterruptLines & ~bit);
        }

        Volatile.Write(ref State->Attention, 1);
    }

    /// <summary>True when an interrupt line is up, masked or not: what ends a WFI.</summary>
    public bool InterruptPending => Volatile.Read(ref State->InterruptLines) != 0;

    /// <summary>Asks the PE to leave <see cref="Run"/> soon (within one slice of instructions). Any thread; sticky until one Run returned <see cref="ExitReason.Kicked"/>.</summary>
    public void Kick()
    {
        _kicked = true;
        Volatile.Write(ref State->Attention, 1);
    }

    /// <summary>
    /// Forgets every cached stage 2 translation. Any thread: returns once no translation cached before is used any more (waits for the
    /// PE's slice where it is running on another thread).
    /// </summary>
    public void InvalidateStage2() => Configuration.Domain.InvalidateAndWait(this);

    /// <summary>Forgets every decoded instruction before the PE executes again, or where it is executing, before its next slice. Any thread.</summary>
    public void InvalidateInstructionCache() => Post(new MaintenanceRequest(MaintenanceKind.CodeAll, 0));

    /// <summary>When the next timer of this PE fires, as a physical count; ulong.MaxValue when none is armed. What the owner's WFI waits for.</summary>
    public ulong NextTimerDeadline => Timer.NextDeadline;

    /// <summary>Re-evaluates the timer outputs now (after a WFI's sleep).</summary>
    public void PollTimers() => Timer.Poll();

    /// <summary>
    /// Takes an exception to EL1 on behalf of EL2 (KVM's inject functions): syndrome <paramref name="esr"/>, fault address <paramref name="far"/>.
    /// </summary>
    public void InjectException(ulong esr, ulong far) => Exceptions.TakeSynchronous(esr, far, Pc);

    /// <summary>
    /// Walks the guest's stage 1 tables for <paramref name="va"/> without touching any state; <paramref name="reader"/> sees each descriptor read, root first (null: plain reads).
    /// </summary>
    public Stage1Result WalkStage1(ulong va, Stage1Access access, DescriptorReader? reader = null) => Mmu.Walk(va, access, reader);

    /// <summary>Reads one translation table descriptor at <paramref name="ipa"/>; false where stage 2 has nothing there.</summary>
    public bool TryReadDescriptor(ulong ipa, out ulong descriptor) => Mmu.ReadDescriptor(ipa, out descriptor);

    private readonly byte[] _traps = new byte[(int)SysRegId.Count];
    private readonly GCHandle _self;
    private volatile bool _kicked;
}
