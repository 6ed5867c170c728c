namespace Pinion.Trace.Exports;

/// <summary>The formats that traces can be exported to.</summary>
public static class TraceExporters
{
    /// <summary>All, in the order of the help.</summary>
    public static IReadOnlyList<ITraceExporter> All { get; } =
    [
        new PerfDataExporter(),
        new PprofExporter(),
        new SpeedscopeExporter(),
        new FirefoxExporter(),
        new PerfettoExporter(),
        new CollapsedExporter(),
        new BoltExporter(),
        new CsvExporter(),
    ];
}
