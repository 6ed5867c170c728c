using Pinion.Cpu;

namespace Pinion.Kvm.Timer;

/// <summary>
/// The system counter in deterministic mode, as one vCPU sees it: an instruction takes a nanosecond, whichever vCPU executes it, so the 62.5 MHz
/// count is a sixteenth of all instructions plus the time skipped while everybody waited.
/// </summary>
internal sealed class DeterministicTime : ITimeSource
{
    /// <summary>The VM's time less this vCPU's instructions; exact while the vCPU has the turn, and frozen at the end of its last turn else.</summary>
    private ulong _base;

    public ulong Frequency => 1_000_000_000 / HostTime.NanosecondsPerCount;

    public bool IsDeterministic => true;

    public ulong Nanoseconds(ulong executed) => _base + executed;

    public ulong Count(ulong executed) => Nanoseconds(executed) / HostTime.NanosecondsPerCount;

    public ulong InstructionsUntil(ulong deadline, ulong executed)
    {
        ulong then = NanosecondsAt(deadline);
        ulong now = Nanoseconds(executed);
        return then > now ? then - now : 0;
    }

    /// <summary>It is <paramref name="nanoseconds"/> now. Time never goes back: the scheduler only ever gives later times.</summary>
    public void Set(ulong nanoseconds, ulong executed) => _base = nanoseconds - executed;

    /// <summary>When the count becomes <paramref name="deadline"/>, in nanoseconds.</summary>
    public static ulong NanosecondsAt(ulong deadline) =>
        deadline > ulong.MaxValue / HostTime.NanosecondsPerCount ? ulong.MaxValue : deadline * HostTime.NanosecondsPerCount;
}
