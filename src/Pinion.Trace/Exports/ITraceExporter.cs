using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>What the numbers of formats with one number for each stack are.</summary>
public enum ExportWeight
{
    Samples,

    /// <summary>Cycles of total latency; samples without it weigh nothing.</summary>
    Latency,
}

/// <summary>Writes a trace in a format of another program. <see cref="TraceExporters"/> lists all.</summary>
public interface ITraceExporter
{
    /// <summary>What the user calls the format: lower case, without blanks.</summary>
    string Name { get; }

    /// <summary>One line for the help: what is written, and what reads it.</summary>
    string Description { get; }

    /// <summary>The format is text, which may be printed on a terminal.</summary>
    bool IsText { get; }

    /// <summary>
    /// Writes to <paramref name="output"/>, which need not be able to seek and is left open. The same request gives the same bytes. What is wrong with the trace is added to its diagnoses, and what can be written is written.
    /// </summary>
    /// <exception cref="IOException"><paramref name="output"/> takes no more.</exception>
    void Write(ExportRequest request, Stream output);
}

/// <summary>What is to be exported.</summary>
/// <param name="Source">The trace, with its symbols.</param>
public sealed record ExportRequest(SampleSource Source)
{
    /// <summary>Name of the file that the trace comes from, for titles; empty where there is none.</summary>
    public string FileName { get; init; } = "";

    /// <summary>Which samples are exported. Formats that hold the records as they are write all of them.</summary>
    public SampleFilter Filter { get; init; } = SampleFilter.All;

    /// <summary>Where lines of source code come from; without it, the output has none.</summary>
    public ISourceLines? Lines { get; init; }

    /// <summary>What formats with one number for each stack count.</summary>
    public ExportWeight Weight { get; init; }

    /// <summary>File name of the image that formats about one image are about; null: the one with most samples of the kind.</summary>
    public string? Image { get; init; }

    /// <summary>Takes a sentence, without a full stop, for whoever reads the output: what it leaves out or merges. Called by one thread.</summary>
    public Action<string> Note { get; init; } = _ => { };

    /// <summary>Version of the metadata of AUX data in a perf.data file: 1, which every perf reads, or 2, which perf 6.13 and later read and which describes each CPU.</summary>
    public int PerfMetadataVersion { get; init; } = 1;
}
