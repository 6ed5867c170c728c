using System.Diagnostics;
using Pinion.Cpu;

namespace Pinion.Kvm.Timer;

/// <summary>The system counter on the host's monotonic clock: 62.5 MHz, zero when the VM was made.</summary>
internal sealed class HostTime : ITimeSource
{
    /// <summary>Nanoseconds a count: 62.5 MHz divides a second exactly, so no precision is lost either way.</summary>
    public const ulong NanosecondsPerCount = 16;

    private readonly long _start = Stopwatch.GetTimestamp();

    public ulong Frequency => 1_000_000_000 / NanosecondsPerCount;

    public bool IsDeterministic => false;

    public ulong Nanoseconds => (ulong)((Stopwatch.GetTimestamp() - _start) * (1_000_000_000 / Stopwatch.Frequency));

    public ulong Count(ulong executed) => Nanoseconds / NanosecondsPerCount;

    public ulong InstructionsUntil(ulong deadline, ulong executed) => ulong.MaxValue;

    /// <summary>Nanoseconds from now until the count reaches <paramref name="deadline"/>; 0 when it has.</summary>
    public ulong NanosecondsUntil(ulong deadline)
    {
        if (deadline > ulong.MaxValue / NanosecondsPerCount)
        {
            return ulong.MaxValue;
        }

        ulong now = Nanoseconds;
        ulong then = deadline * NanosecondsPerCount;
        return then > now ? then - now : 0;
    }
}
