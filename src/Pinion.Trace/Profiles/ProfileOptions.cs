using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Profiles;

/// <summary>What the rows of a profile are.</summary>
public enum ProfileBy
{
    Function,

    /// <summary>Line of source code.</summary>
    Line,
    Instruction,

    /// <summary>Program, library or kernel.</summary>
    Image,
    Process,
    Thread,
    Cpu,

    /// <summary>Kind of operation.</summary>
    Class,
    DataSource,

    /// <summary>Data address, as sampled.</summary>
    Address,

    /// <summary>64 bytes of data: by physical address where it was recorded, else by process and virtual address.</summary>
    CacheLine,

    /// <summary>4 KiB of data, as <see cref="CacheLine"/>.</summary>
    Page,
}

/// <summary>How a profile is made.</summary>
public sealed record ProfileOptions
{
    public ProfileBy By { get; init; }

    public SampleFilter Filter { get; init; } = SampleFilter.All;

    /// <summary>Keep a histogram of each latency in each row.</summary>
    public bool Histograms { get; init; }

    /// <summary>Where lines of source code come from; without it, <see cref="ProfileBy.Line"/> knows none.</summary>
    public ISourceLines? Lines { get; init; }
}
