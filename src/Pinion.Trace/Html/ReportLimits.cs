namespace Pinion.Trace.Html;

/// <summary>How much of a trace a page keeps apart, so that its size does not grow with the trace. What is beyond is counted in rows called "[more]", or loses its place in time.</summary>
internal sealed record ReportLimits
{
    public int Functions { get; init; } = 4096;

    public int Instructions { get; init; } = 1 << 14;

    public int Processes { get; init; } = 64;

    /// <summary>Combinations of process, CPU, class and Exception level.</summary>
    public int Contexts { get; init; } = 1024;

    /// <summary>Combinations of instruction and context.</summary>
    public int Cells { get; init; } = 1 << 17;

    /// <summary>Combinations of function, context, time and latency while they are gathered, and in the page.</summary>
    public int GatheredTimes { get; init; } = 1 << 19;

    public int Times { get; init; } = 300_000;

    /// <summary>Cache lines, and pages.</summary>
    public int Regions { get; init; } = 1024;

    /// <summary>Cache lines that several CPUs touch, beside those with most samples.</summary>
    public int SharedRegions { get; init; } = 256;

    /// <summary>Cache lines, and pages, while they are gathered.</summary>
    public int GatheredRegions { get; init; } = 1 << 16;

    /// <summary>Combinations of cache line or page, function and context.</summary>
    public int RegionCells { get; init; } = 1 << 16;

    /// <summary>Characters of a name.</summary>
    public int Name { get; init; } = 300;

    /// <summary>Characters of a fact about the recording.</summary>
    public int Fact { get; init; } = 2000;

    /// <summary>Facts, kinds of losses.</summary>
    public int Facts { get; init; } = 100;
}
