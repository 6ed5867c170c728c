namespace Pinion.Trace;

/// <summary>Names of the facts in <see cref="SpeTrace.Facts"/> that have a meaning beyond being printed.</summary>
public static class TraceFacts
{
    public const string HostName = "host name";
    public const string KernelRelease = "kernel release";
    public const string RecorderVersion = "perf version";
    public const string Architecture = "architecture";
    public const string Cpus = "CPUs";
    public const string CpuDescription = "CPU description";
    public const string CpuIdentifier = "CPU identifier";
    public const string Memory = "memory";
    public const string CommandLine = "command line";

    /// <summary>Name of an event that was recorded, as the user gave it.</summary>
    public const string Event = "event";

    /// <summary>What the profiling unit was told, in the words of the Linux driver's format directory: ts_enable=1,min_latency=30.</summary>
    public const string Settings = "settings";

    /// <summary>CPUs with a profiling unit, and what it is.</summary>
    public const string ProfilingUnit = "profiling unit";

    /// <summary>Clock of the times of mappings, names and switches, where it is not the one that record timestamps convert to.</summary>
    public const string Clock = "clock";

    /// <summary>First value of the fact <paramref name="name"/>, or null.</summary>
    public static string? Find(SpeTrace trace, string name) => trace.Facts.Where(fact => fact.Key == name).Select(fact => fact.Value).FirstOrDefault();
}
