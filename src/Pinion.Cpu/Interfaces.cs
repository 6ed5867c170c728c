using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu;

/// <summary>What a stage 2 translation is wanted for.</summary>
public enum MemoryAccess
{
    Read,
    Write,
    Execute,
}

/// <summary>Result of a stage 2 translation: the host page behind an intermediate physical page, or nothing.</summary>
/// <param name="Host">Host address of the 4 KiB page; null where no memory is mapped (a device, or nothing).</param>
/// <param name="Writable">Stores may go through.</param>
public readonly unsafe record struct Stage2Page(nint Host, bool Writable);

/// <summary>
/// Stage 2 as a PE sees it: intermediate physical pages to host pages. Whoever owns EL2 implements it. Called on the PE's own thread; what it
/// answers may be cached until <see cref="ProcessingElement.InvalidateStage2"/>.
/// </summary>
public interface IStage2
{
    /// <summary>
    /// Translates the page that holds <paramref name="ipa"/>. Where it is not mapped and could be, this maps it: the PE does not see the fault. <paramref name="attributes"/> is the MAIR byte of stage 1.
    /// </summary>
    Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes);

    /// <summary>
    /// Translates for the profiling unit, which cannot wait for anybody to handle a fault: only what is mapped already is answered. Also for the descriptors that the unit's translations read.
    /// </summary>
    Stage2Page TranslateForProfiling(ulong ipa, MemoryAccess access, byte attributes);
}

/// <summary>
/// The data caches in front of a PE's memory, where a machine has any that can be told from it. The host page that <see cref="IStage2"/> answers is memory as cacheable accesses see it; behind it is the same
/// memory at the point of coherency, which non-cacheable accesses reach. Cache maintenance carries bytes from one to the other. Called on the PE's own thread.
/// </summary>
public interface IDataCaches
{
    /// <summary>The page at the point of coherency behind <paramref name="page"/>, a host page that stage 2 answered. Always the same one.</summary>
    nint PointOfCoherency(nint page);

    /// <summary>Cleans the 64-byte line at host address <paramref name="line"/> to the point of coherency (DC CVAC), and with <paramref name="invalidate"/> drops it then (DC CIVAC).</summary>
    void MaintainLine(nint line, bool invalidate);
}

/// <summary>The GIC's CPU interface, reached by ICC_* system registers. Called on the PE's own thread.</summary>
public interface IGicCpuInterface
{
    /// <summary>Reads an ICC_* register. ICC_IAR1_EL1 acknowledges.</summary>
    ulong Read(SysRegId register);

    /// <summary>Writes an ICC_* register (ICC_SGI1R_EL1 sends).</summary>
    void Write(SysRegId register, ulong value);
}

/// <summary>Output lines of a PE's private devices, each wired to a PPI by the owner of EL2.</summary>
public interface IPeOutputs
{
    /// <summary>CNTVIRQ (<paramref name="physical"/> false) or CNTPIRQ. Level.</summary>
    void TimerLine(bool physical, bool level);

    /// <summary>PMUIRQ. Level.</summary>
    void PmuLine(bool level);
}

/// <summary>Where time comes from: the host's clock, or retired instructions.</summary>
public interface ITimeSource
{
    /// <summary>Frequency of the system counter in Hz (CNTFRQ_EL0).</summary>
    ulong Frequency { get; }

    /// <summary>Time follows retired instructions, so a reader must know its exact count.</summary>
    bool IsDeterministic { get; }

    /// <summary>
    /// Physical count now. <paramref name="executed"/>: instructions the asking PE has executed since it was made (deterministic time builds on it).
    /// </summary>
    ulong Count(ulong executed);

    /// <summary>Instructions until the count can reach <paramref name="deadline"/> at the earliest; a large number when time does not depend on instructions.</summary>
    ulong InstructionsUntil(ulong deadline, ulong executed);
}

/// <summary>Why <see cref="ProcessingElement.Run"/> returned to the owner of EL2.</summary>
public enum ExitReason
{
    /// <summary>Somebody called <see cref="ProcessingElement.Kick"/>.</summary>
    Kicked,

    /// <summary>HVC; the PC is behind it. The immediate is in <see cref="ProcessingElement.ExitImmediate"/>.</summary>
    Hvc,

    /// <summary>SMC, trapped; the PC is at it.</summary>
    Smc,

    /// <summary>WFI with nothing pending; the PC is behind it.</summary>
    Wfi,

    /// <summary>WFE with no event; the PC is behind it. The owner should yield.</summary>
    Wfe,

    /// <summary>DC ISW, CSW or CISW, which EL2 traps where there are <see cref="IDataCaches"/> (HCR_EL2.TSW); the PC is at it.</summary>
    SetWay,

    /// <summary>Stage 2 abort; details in <see cref="ProcessingElement.Abort"/>, the PC is at the instruction.</summary>
    Stage2Abort,

    /// <summary>Access to a trapped system register; details in <see cref="ProcessingElement.Trapped"/>, the PC is at the instruction.</summary>
    SystemRegister,

    /// <summary>The profiling unit raised PMBIRQ.</summary>
    ProfilingInterrupt,

    /// <summary>The instruction budget given to <see cref="ProcessingElement.Run"/> is used up.</summary>
    BudgetEnded,
}

/// <summary>A stage 2 abort, as the syndrome registers at EL2 describe it.</summary>
/// <param name="Ipa">Faulting intermediate physical address (full, not page-aligned).</param>
/// <param name="Va">Faulting virtual address (FAR_EL2).</param>
/// <param name="Esr">ESR_EL2: EC 0x24 or 0x20; for data aborts ISV, SAS, SSE, SRT, SF, AR, WnR, S1PTW, DFSC.</param>
public readonly record struct Stage2Abort(ulong Ipa, ulong Va, ulong Esr)
{
    public bool IsWrite => (Esr & (1 << 6)) != 0;

    /// <summary>The syndrome describes the access: size, register, extension.</summary>
    public bool IsValid => (Esr & (1 << 24)) != 0;

    public int Size => 1 << (int)((Esr >> 22) & 3);

    public bool SignExtend => (Esr & (1 << 21)) != 0;

    /// <summary>Transfer register; 31 is XZR.</summary>
    public int Register => (int)((Esr >> 16) & 31);

    public bool SixtyFour => (Esr & (1 << 15)) != 0;

    public bool IsStage1Walk => (Esr & (1 << 7)) != 0;

    public bool IsInstruction => (Esr >> 26) == 0x20;
}

/// <summary>An MRS or MSR that EL2 trapped.</summary>
/// <param name="Register">Which one.</param>
/// <param name="IsRead">MRS.</param>
/// <param name="Rt">Transfer register; 31 is XZR.</param>
public readonly record struct TrappedRegister(SysRegId Register, bool IsRead, int Rt);

/// <summary>
/// Hears of every TLB maintenance operation that a PE carries out, its own and those broadcast to it, for whoever remembers what was once walked. Called on the PE's own thread, also while it
/// executes the guest; an operation of another PE's is heard before that PE's DSB completes, or before this one's next instruction.
/// </summary>
public interface ITlbObserver
{
    /// <summary>TLBI VMALLE1 and its like, or what stands for several at once.</summary>
    void AllInvalidated();

    /// <summary>TLBI ASIDE1: entries that are not global.</summary>
    void AsidInvalidated();

    /// <summary>TLBI VAE1, VAAE1 and (<paramref name="lastLevel"/>) VALE1, VAALE1: entries of <paramref name="va"/>, sign-extended from bit 55.</summary>
    void AddressInvalidated(ulong va, bool lastLevel);
}
