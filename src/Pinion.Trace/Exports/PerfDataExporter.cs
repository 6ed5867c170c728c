using Pinion.Trace.PerfData;

namespace Pinion.Trace.Exports;

/// <summary>A perf.data file.</summary>
public sealed class PerfDataExporter : ITraceExporter
{
    /// <inheritdoc/>
    public string Name => "perf.data";

    /// <inheritdoc/>
    public string Description => "the records as they are, in a file that perf 6.1 and later read";

    /// <inheritdoc/>
    public bool IsText => false;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        if (!request.Filter.IsEmpty)
        {
            request.Note("perf.data holds the records as they are, all of them: the filters are not applied");
        }

        PerfDataExport.Write(request.Source.Trace, request.PerfMetadataVersion, output);
    }
}
