using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Html;

/// <summary>How a page is made.</summary>
public sealed record HtmlReportOptions
{
    /// <summary>Heading of the page: usually the file's name.</summary>
    public string Title { get; init; } = "SPE trace";

    /// <summary>What made the page, for its last line.</summary>
    public string Generator { get; init; } = "pinion";

    /// <summary>Which records are in the page at all; it says so where that is not every one.</summary>
    public SampleFilter Filter { get; init; } = SampleFilter.All;

    /// <summary>Where lines of source code come from; without it, the page names none.</summary>
    public ISourceLines? Lines { get; init; }

    /// <summary>Bounds of the page's size.</summary>
    internal ReportLimits Limits { get; init; } = new();
}
