using System.Globalization;
using System.IO.Compression;
using Google.Protobuf;
using Pinion.Trace.Exports.Pprof;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Exports;

/// <summary>
/// A pprof profile: gzip around the protocol buffer that `go tool pprof` reads. A sample's stack is its function, the image that is in and the process that runs it; what else is known of it are labels.
/// </summary>
public sealed class PprofExporter : ITraceExporter
{
    /// <inheritdoc/>
    public string Name => "pprof";

    /// <inheritdoc/>
    public string Description => "a profile for go tool pprof, speedscope and services that take pprof";

    /// <inheritdoc/>
    public bool IsText => false;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        SampleTable table = SampleTable.Build(request, SampleDetail.All);
        using var zip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        using var coded = new CodedOutputStream(zip, leaveOpen: true);
        var tables = new PprofTables(request, table);
        WriteHead(request, table, tables, coded);
        WriteSamples(request, table, tables, coded);
        foreach (Mapping mapping in tables.Mappings)
        {
            WritePart(coded, Pprof.Profile.MappingFieldNumber, mapping);
        }

        foreach (Location location in tables.Locations)
        {
            WritePart(coded, Pprof.Profile.LocationFieldNumber, location);
        }

        foreach (Function function in tables.Functions)
        {
            WritePart(coded, Pprof.Profile.FunctionFieldNumber, function);
        }

        foreach (string text in tables.Texts)
        {
            coded.WriteTag(Pprof.Profile.StringTableFieldNumber, WireFormat.WireType.LengthDelimited);
            coded.WriteString(text);
        }
    }

    private static void WriteHead(ExportRequest request, SampleTable table, PprofTables tables, CodedOutputStream coded)
    {
        long period = (long)Math.Min(request.Source.Trace.Period, long.MaxValue);
        var head = new Pprof.Profile
        {
            DurationNanos = (long)Math.Min(table.Duration, long.MaxValue),
            DefaultSampleType = tables.Text("samples"),
            SampleType =
            {
                Type("samples", "count"),
                Type("latency", "cycles"),
                Type("issue_latency", "cycles"),
                Type("translation_latency", "cycles"),
            },
            Comment = { Comments(request).Select(tables.Text) },
        };
        if (period > 0)
        {
            (head.PeriodType, head.Period) = (Type("operations", "count"), period);
            head.SampleType.Add(Type("operations", "count"));
        }

        head.WriteTo(coded);

        Pprof.ValueType Type(string type, string unit) => new() { Type = tables.Text(type), Unit = tables.Text(unit) };
    }

    private static IEnumerable<string> Comments(ExportRequest request) =>
    [
        request.FileName.Length > 0 ? $"Statistical Profiling Extension trace {request.FileName}" : "Statistical Profiling Extension trace",
        .. request.Source.Trace.Facts.Select(fact => $"{fact.Key}: {fact.Value}"),
    ];

    private static void WriteSamples(ExportRequest request, SampleTable table, PprofTables tables, CodedOutputStream coded)
    {
        long period = (long)Math.Min(request.Source.Trace.Period, long.MaxValue);
        var sample = new Sample();
        foreach ((SampleKey key, SampleSums sums) in table.Rows)
        {
            SampleTask task = table.Tasks[key.Task];
            sample.LocationId.Clear();
            sample.LocationId.Add([tables.PlaceLocation(key.Place), tables.ImageLocation(key.Place), tables.ProcessLocation(key.Task)]);
            sample.Value.Clear();
            sample.Value.Add([sums.Samples, sums.TotalLatency, sums.IssueLatency, sums.TranslationLatency]);
            if (period > 0)
            {
                sample.Value.Add((long)Int128.Min((Int128)sums.Samples * period, long.MaxValue));
            }

            sample.Label.Clear();
            Label("process", task.Process);
            Label("thread", task.Thread?.ToString(CultureInfo.InvariantCulture));
            Label("cpu", key.Cpu < 0 ? null : key.Cpu.ToString(CultureInfo.InvariantCulture));
            Label("class", key.Class is ProfileClass operation ? ProfileGrouping.ClassName(operation) : null);
            Label("data_source", key.DataSource < 0 ? null : DataSourceText.Of(key.DataSource));
            Label("el", key.Level < 0 ? null : key.Level.ToString(CultureInfo.InvariantCulture));
            WritePart(coded, Pprof.Profile.SampleFieldNumber, sample);
        }

        void Label(string name, string? text)
        {
            if (text is not null)
            {
                sample.Label.Add(new Label { Key = tables.Text(name), Str = tables.Text(text) });
            }
        }
    }

    /// <summary>Writes one element of a repeated field. The profile is written piece by piece: as one message it might fill memory.</summary>
    private static void WritePart(CodedOutputStream coded, int field, IMessage part)
    {
        coded.WriteTag(field, WireFormat.WireType.LengthDelimited);
        coded.WriteMessage(part);
    }
}
