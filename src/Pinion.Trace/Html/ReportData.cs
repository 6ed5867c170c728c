using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Html;

/// <summary>
/// The data of a page: deflated and in base64, so that no name in it can be anything else to a browser. Inflated it is the size of a JSON object (4 bytes, little-endian), that object, and the columns of
/// the tables that it describes.
/// </summary>
internal sealed class ReportData(SampleSource source, HtmlReportOptions options, ReportModel model)
{
    private readonly ReportLimits _limits = options.Limits;
    private readonly Names _images = new();
    private readonly Names _spaces = new();
    private readonly Names _variables = new();
    private readonly Names _lines = new();

    public string ToBase64()
    {
        ColumnTable[] tables = [Functions(), Instructions(), Contexts(), Cells(), Sources(), Times(), .. Regions("line", model.Lines), .. Regions("page", model.Pages)];
        byte[] json = Describe(tables);
        byte[] size = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, json.Length);
        using var bytes = new MemoryStream();
        using (var deflate = new DeflateStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(size);
            deflate.Write(json);
            foreach (ColumnTable table in tables)
            {
                table.WriteTo(deflate);
            }
        }

        return Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private ColumnTable Functions()
    {
        var table = new ColumnTable("functions", 1, "image");
        foreach (Location function in model.Dimensions.Functions)
        {
            table.Add(_images.NumberOf(Clip(function.Image, _limits.Name)));
        }

        return table;
    }

    private ColumnTable Instructions()
    {
        // A place is in a function at an offset; 0 stands for a place whose function is unknown, and what is there is one more than the offset.
        var table = new ColumnTable("instructions", 4, "function", "offset", "high", "low", "line");
        foreach ((int function, CodePlace place) in model.Dimensions.Instructions)
        {
            string line = place.Image is ElfImage image && options.Lines?.Find(image, place.ImageAddress) is SourceLine found ? found.ToString() : "";
            ulong offset = place.FunctionStart == 0 ? 0 : place.Pc - place.FunctionStart + 1;
            table.Add(function, offset <= uint.MaxValue ? (long)offset : 0, (long)(place.Pc >> 32), (uint)place.Pc, _lines.NumberOf(Clip(line, _limits.Name)));
        }

        return table;
    }

    private ColumnTable Contexts()
    {
        var table = new ColumnTable("contexts", 4, "process", "cpu", "class", "level");
        foreach (ReportContext context in model.Dimensions.Contexts)
        {
            table.Add(context.Process, context.Cpu, (int)context.Class, context.Level);
        }

        return table;
    }

    private ColumnTable Cells()
    {
        var table = new ColumnTable(
            "cells", 2, "place", "context", "samples", "withLatency", "latency", "maximum", "withIssue", "issue", "withTranslation", "translation", "mispredicted", "notTaken", "l1Refills", "llcMisses", "tlbWalks",
            "remote", "exceptions");
        foreach ((int place, int context, Cell cell) in model.Cells)
        {
            ProfileCounts counts = cell.Counts;
            table.Add(
                place, context, counts.Samples, counts.WithTotalLatency, counts.TotalLatency, cell.Maximum, counts.WithIssueLatency, counts.IssueLatency, counts.WithTranslationLatency,
                counts.TranslationLatency, counts.Mispredicted, counts.NotTaken, counts.L1DataRefills, counts.LastLevelMisses, counts.TlbWalks, counts.RemoteAccesses, counts.Exceptions);
        }

        return table;
    }

    private ColumnTable Sources()
    {
        int functions = model.Dimensions.Functions.Count;
        var sums = new SortedDictionary<(int Function, int Context, int Source), long>();
        foreach ((int place, int context, Cell cell) in model.Cells)
        {
            int function = place < functions ? place : model.Dimensions.Instructions[place - functions].Function;
            for (int from = 0; from < ProfileCounts.DataSources; from++)
            {
                if (cell.Counts.FromSource(from) != 0)
                {
                    sums[(function, context, from)] = sums.GetValueOrDefault((function, context, from)) + cell.Counts.FromSource(from);
                }
            }
        }

        var table = new ColumnTable("sources", 3, "function", "context", "source", "samples");
        foreach (((int function, int context, int from), long samples) in sums)
        {
            table.Add(function, context, from, samples);
        }

        return table;
    }

    private ColumnTable Times()
    {
        var table = new ColumnTable("times", 4, "function", "context", "part", "bucket", "samples");
        foreach ((CubeKey key, long samples) in model.Times)
        {
            table.Add(key.First, key.Second, key.Third, key.Fourth, samples);
        }

        return table;
    }

    private ColumnTable[] Regions(string name, ReportRegions regions)
    {
        var places = new ColumnTable($"{name}s", 2, "high", "low", "space", "variable", "severalThreads");
        foreach (ReportRegion region in regions.Regions)
        {
            places.Add((long)(region.Address >> 32), (uint)region.Address, _spaces.NumberOf(Clip(region.Space, _limits.Name)), _variables.NumberOf(Clip(region.Variable, _limits.Name)), region.SeveralThreads ? 1 : 0);
        }

        var cells = new ColumnTable($"{name}Cells", 3, "region", "function", "context", "samples", "withLatency", "latency", "offsetsHigh", "offsetsLow");
        foreach ((int region, int function, int context, RegionCell counts) in regions.Cells)
        {
            cells.Add(region, function, context, counts.Samples, counts.WithTotalLatency, counts.TotalLatency, (long)(counts.Offsets >> 32), (uint)counts.Offsets);
        }

        return [places, cells];
    }

    private byte[] Describe(ColumnTable[] tables)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteRecording(json);
            WriteNames(json, "functions", model.Dimensions.Functions.Select(function => function.Symbol));
            WriteNames(json, "images", _images.All);
            WriteNames(json, "lines", _lines.All);
            WriteNames(json, "spaces", _spaces.All);
            WriteNames(json, "variables", _variables.All);
            WriteNames(json, "processes", model.Dimensions.Processes);
            WriteNames(json, "cpus", model.Dimensions.Cpus);
            WriteNames(json, "classes", Enum.GetValues<ProfileClass>().Select(ProfileGrouping.ClassName));
            WriteNames(json, "sources", Enumerable.Range(0, ProfileCounts.DataSources).Select(ProfileTable.SourceName));
            json.WriteNumber("lineSamples", model.Lines.Samples);
            json.WriteNumber("pageSamples", model.Pages.Samples);
            WriteTime(json);
            WriteBuckets(json);
            json.WriteStartArray("tables");
            foreach (ColumnTable table in tables)
            {
                json.WriteStartObject();
                json.WriteString("name", table.Name);
                json.WriteNumber("rows", table.Rows);
                json.WriteNumber("keys", table.Keys);
                WriteNames(json, "columns", table.Columns);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private void WriteRecording(Utf8JsonWriter json)
    {
        SpeTrace trace = source.Trace;
        json.WriteString("generator", Clip(options.Generator, _limits.Name));
        json.WriteString("format", trace.Format);
        json.WriteNumber("period", trace.Period);
        json.WriteBoolean("filtered", !options.Filter.IsEmpty);
        json.WriteStartObject("limits");
        json.WriteNumber("functions", _limits.Functions);
        json.WriteNumber("instructions", _limits.Instructions);
        json.WriteNumber("processes", _limits.Processes);
        json.WriteEndObject();
        json.WriteStartArray("facts");
        foreach ((string name, string value) in RecordingFacts.Of(trace).Take(_limits.Facts))
        {
            WritePair(json, Clip(name, _limits.Name), Clip(value, _limits.Fact));
        }

        json.WriteEndArray();
        json.WriteStartArray("losses");
        foreach (IGrouping<string, TraceLoss> kind in trace.Losses.GroupBy(loss => loss.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal).Take(_limits.Facts))
        {
            WritePair(json, Clip(kind.Key, _limits.Name), kind.Count().ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndArray();
        json.WriteNumber("diagnosisCount", trace.Diagnoses.Count);
        WriteNames(json, "diagnoses", trace.Diagnoses.List.Select(diagnosis => diagnosis.ToString()));
    }

    private void WriteTime(Utf8JsonWriter json)
    {
        TimeAxis axis = model.Time;
        TimeConversion conversion = source.Trace.Time;
        if (axis.Count == 0)
        {
            json.WriteNull("time");
            return;
        }

        // The width of a part in seconds, or in counts where nothing tells how long one is.
        bool known = conversion.Multiplier != 0;
        json.WriteStartObject("time");
        json.WriteNumber("parts", axis.Count);
        json.WriteBoolean("seconds", known);
        json.WriteNumber("width", known ? (double)axis.Width * conversion.Multiplier / Math.Pow(2, conversion.Shift) / 1e9 : axis.Width);
        json.WriteEndObject();
    }

    /// <summary>The smallest latency of each bucket, and behind them the end of the last.</summary>
    private static void WriteBuckets(Utf8JsonWriter json)
    {
        json.WriteStartArray("buckets");
        for (int bucket = 0; bucket < LatencyHistogram.Buckets; bucket++)
        {
            json.WriteNumberValue(LatencyHistogram.LowerBound(bucket));
        }

        json.WriteNumberValue(ushort.MaxValue + 1);
        json.WriteEndArray();
    }

    private void WriteNames(Utf8JsonWriter json, string property, IEnumerable<string> names)
    {
        json.WriteStartArray(property);
        foreach (string name in names)
        {
            json.WriteStringValue(Clip(name, _limits.Name));
        }

        json.WriteEndArray();
    }

    private static void WritePair(Utf8JsonWriter json, string first, string second)
    {
        json.WriteStartArray();
        json.WriteStringValue(first);
        json.WriteStringValue(second);
        json.WriteEndArray();
    }

    /// <summary>At most so many characters; a cut name says so.</summary>
    private static string Clip(string text, int most) =>
        text.Length <= most ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most), "…");

    /// <summary>Numbers for texts, in the order they come.</summary>
    private sealed class Names
    {
        private readonly Dictionary<string, int> _numbers = [];
        private readonly List<string> _all = [];

        public IReadOnlyList<string> All => _all;

        public int NumberOf(string text)
        {
            if (!_numbers.TryGetValue(text, out int number))
            {
                _numbers.Add(text, number = _all.Count);
                _all.Add(text);
            }

            return number;
        }
    }
}
