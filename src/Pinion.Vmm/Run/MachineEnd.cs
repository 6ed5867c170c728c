namespace Pinion.Vmm.Run;

/// <summary>How a machine's run ended.</summary>
public enum MachineEndKind
{
    /// <summary>The guest powered off (PSCI SYSTEM_OFF).</summary>
    PoweredOff,

    /// <summary>The guest asked for a reset (PSCI SYSTEM_RESET), which the machine does not do: a kernel that panics asks for one too.</summary>
    Reset,

    /// <summary>The user left (Ctrl-A x), or <see cref="Machine.Stop"/> was called.</summary>
    Stopped,

    /// <summary>It could not go on; the problem says why.</summary>
    Failed,
}

/// <summary>How a machine's run ended, and why where that needs saying.</summary>
/// <param name="Kind">How.</param>
/// <param name="Problem">Why, for <see cref="MachineEndKind.Failed"/>.</param>
public sealed record MachineEnd(MachineEndKind Kind, Problem? Problem = null);
