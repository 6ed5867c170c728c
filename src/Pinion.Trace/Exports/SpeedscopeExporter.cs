using System.Text.Json;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>speedscope's own JSON: a sampled profile for each process, whose stacks are an image and a function.</summary>
public sealed class SpeedscopeExporter : ITraceExporter
{
    /// <summary>What files of the format name as their schema.</summary>
    public const string Schema = "https://www.speedscope.app/file-format-schema.json";

    /// <inheritdoc/>
    public string Name => "speedscope";

    /// <inheritdoc/>
    public string Description => "flame graphs for speedscope, one for each process";

    /// <inheritdoc/>
    public bool IsText => true;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        SampleTable table = SampleTable.Build(request, SampleDetail.Process);
        List<(int Task, int Place, long Weight)> rows = [.. table.Rows.Select(row => (row.Key.Task, row.Key.Place, Weight: row.Sums.Of(request.Weight))).Where(row => row.Weight > 0)];
        ILookup<int, (int Task, int Place, long Weight)> processes = rows.ToLookup(row => row.Task);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("$schema", Schema);
        json.WriteString("exporter", "pinion");
        json.WriteString("name", request.FileName.Length > 0 ? request.FileName : "trace");
        json.WriteNumber("activeProfileIndex", Busiest(processes));
        json.WriteStartObject("shared");
        int[] images = WriteFrames(json, table.Places);
        json.WriteEndObject();
        json.WriteStartArray("profiles");
        foreach (IGrouping<int, (int Task, int Place, long Weight)> process in processes)
        {
            WriteProfile(json, table.Tasks[process.Key].Process, [.. process], images);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Index of the process that weighs most, which is shown first.</summary>
    private static int Busiest(ILookup<int, (int Task, int Place, long Weight)> processes) =>
        processes.Select((process, index) => (Index: index, Weight: process.Sum(row => row.Weight))).OrderByDescending(one => one.Weight).FirstOrDefault().Index;

    /// <summary>Writes a frame for each function, in their order, and one for each image behind them; answers the image's frame of each function.</summary>
    private static int[] WriteFrames(Utf8JsonWriter json, IReadOnlyList<CodePlace> places)
    {
        json.WriteStartArray("frames");
        var frames = new Dictionary<string, int>();
        foreach (Location location in places.Select(place => place.Location))
        {
            frames.TryAdd(location.Image, places.Count + frames.Count);
            json.WriteStartObject();
            json.WriteString("name", location.Symbol);
            json.WriteString("file", location.Image);
            json.WriteEndObject();
            json.FlushSome();
        }

        foreach (string image in frames.Keys)
        {
            json.WriteStartObject();
            json.WriteString("name", image);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        return [.. places.Select(place => frames[place.Location.Image])];
    }

    private static void WriteProfile(Utf8JsonWriter json, string name, IReadOnlyList<(int Task, int Place, long Weight)> rows, int[] images)
    {
        json.WriteStartObject();
        json.WriteString("type", "sampled");
        json.WriteString("name", name);
        json.WriteString("unit", "none");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", rows.Sum(row => row.Weight));
        json.WriteStartArray("samples");
        foreach ((_, int place, _) in rows)
        {
            json.WriteStartArray();
            json.WriteNumberValue(images[place]);
            json.WriteNumberValue(place);
            json.WriteEndArray();
            json.FlushSome();
        }

        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach ((_, _, long weight) in rows)
        {
            json.WriteNumberValue(weight);
            json.FlushSome();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
