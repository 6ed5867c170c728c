using System.Globalization;
using System.Text;

namespace Pinion.Trace.Exports;

/// <summary>Collapsed stacks, one a line: "process;image;function number". Samples have no call stack, so the image and the process stand for the callers.</summary>
public sealed class CollapsedExporter : ITraceExporter
{
    /// <inheritdoc/>
    public string Name => "collapsed";

    /// <inheritdoc/>
    public string Description => "collapsed stacks for flamegraph.pl, inferno and speedscope";

    /// <inheritdoc/>
    public bool IsText => true;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        SampleTable table = SampleTable.Build(request, SampleDetail.Process);
        using var writer = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach ((SampleKey key, SampleSums sums) in table.Rows.Where(row => row.Sums.Of(request.Weight) > 0))
        {
            Symbols.Location location = table.Places[key.Place].Location;
            string stack = $"{Frame(table.Tasks[key.Task].Process)};{Frame(location.Image)};{Frame(location.Symbol)}";
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stack} {sums.Of(request.Weight)}"));
        }
    }

    /// <summary>A name without what ends a frame or a line.</summary>
    private static string Frame(string name) => name.Replace(';', ':').ReplaceLineEndings(" ");
}
