using System.Runtime.InteropServices;

namespace Pinion.Bench;

/// <summary>CPU time of another process, all its threads, ended ones too: Linux's per-process CPU clock.</summary>
internal static partial class ProcessClock
{
    /// <summary>User and system time of process <paramref name="pid"/>; null when it is gone.</summary>
    public static TimeSpan? Read(int pid)
    {
        // clock_getcpuclockid(3): the complement of the process id, and 2 for CPUCLOCK_SCHED.
        int clock = (~pid << 3) | 2;
        return clock_gettime(clock, out Timespec time) == 0 ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / 100) : null;
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
