using System.Runtime.InteropServices;

namespace Pinion.Cpu.Profiling;

/// <summary>What happened while an observed operation executed.</summary>
[Flags]
internal enum ObservedFlags : byte
{
    None = 0,

    /// <summary>It ended in a synchronous exception.</summary>
    TookException = 1 << 0,

    /// <summary>A branch that was taken. Unconditional branches have it too.</summary>
    Taken = 1 << 1,

    /// <summary><see cref="ObservedOperation.Va"/> and <see cref="ObservedOperation.Size"/> are valid.</summary>
    HasVa = 1 << 2,

    /// <summary><see cref="ObservedOperation.Pa"/> is valid: the access was translated.</summary>
    HasPa = 1 << 3,

    /// <summary>The access (also) writes memory.</summary>
    Write = 1 << 4,

    /// <summary>A conditional select or compare whose condition failed. For branches <see cref="Taken"/> says it.</summary>
    ConditionFailed = 1 << 5,
}

/// <summary>Where a taken branch led to.</summary>
/// <param name="Pc">Virtual address.</param>
/// <param name="El">Exception level there.</param>
/// <param name="IsKnown">False where no taken branch was seen.</param>
internal readonly record struct BranchTarget(ulong Pc, byte El, bool IsKnown = true);

/// <summary>One executed operation as the dispatcher saw it in observing mode. Passed by <c>in</c>; no managed references.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ObservedOperation
{
    /// <summary>Virtual address of the instruction.</summary>
    public ulong Pc;

    /// <summary>Where execution went on: the branch's target, or Pc + 4. Without meaning after an exception.</summary>
    public ulong NextPc;

    /// <summary>Lowest virtual address accessed.</summary>
    public ulong Va;

    /// <summary>Physical address (the guest's IPA) of <see cref="Va"/>.</summary>
    public ulong Pa;

    /// <summary>The instruction word.</summary>
    public uint Word;

    /// <summary>CONTEXTIDR_EL1; only needed of an operation that is handed to <see cref="Spu.Complete"/>.</summary>
    public uint ContextId;

    /// <summary>What the instruction is, a <c>Pinion.Arm.A64.A64Id</c>.</summary>
    public ushort Id;

    /// <summary>Bytes accessed, all registers together.</summary>
    public byte Size;

    /// <summary>Exception level it executed at.</summary>
    public byte El;

    /// <summary>Exception level at <see cref="NextPc"/>; differs from <see cref="El"/> after ERET.</summary>
    public byte NextEl;

    public ObservedFlags Flags;

    /// <summary>Where the last branch taken before it led to; only needed of an operation that is handed to <see cref="Spu.Complete"/>.</summary>
    public BranchTarget PreviousTarget;

    public readonly bool Has(ObservedFlags flags) => (Flags & flags) != 0;
}
