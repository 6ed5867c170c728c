using System.Buffers;
using System.Globalization;
using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Packets;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>Comma-separated values (RFC 4180, UTF-8, lines that end in CR LF): a heading and one line for each sample, in the order of the file. What a sample does not have is empty.</summary>
public sealed class CsvExporter : ITraceExporter
{
    /// <summary>Headings, in order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "cpu", "process", "process_name", "thread", "time_ns", "timestamp", "pc", "el", "image", "function", "offset", "file", "line", "class", "operation", "events", "event_names",
        "total_latency", "issue_latency", "translation_latency", "data_source", "data_source_name", "virtual_address", "physical_address", "branch_target", "previous_branch_target",
    ];

    /// <inheritdoc/>
    public string Name => "csv";

    /// <inheritdoc/>
    public string Description => "one line for each sample, for spreadsheets, pandas and databases";

    /// <inheritdoc/>
    public bool IsText => true;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        using var writer = new StreamWriter(output, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\r\n" };
        writer.WriteLine(string.Join(',', Columns));
        SampleScan.Run(request.Source, request.Filter, () => new Lines(request, writer), threads: 1);
    }

    private static readonly SearchValues<char> s_special = SearchValues.Create(",\"\r\n");

    private sealed class Lines(ExportRequest request, StreamWriter writer) : ISampleVisitor
    {
        private const int MostRemembered = 1 << 14;

        private readonly StringBuilder _line = new();
        private readonly Dictionary<(ulong Pc, int Space), string> _places = [];
        private readonly Dictionary<(uint Thread, int Name), string> _tasks = [];
        private readonly Dictionary<(SpePacketKind Kind, byte Index, ulong Payload), string> _words = [];

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            _line.Clear();
            Number(origin.Cpu >= 0, origin.Cpu);
            _line.Append(TaskOf(origin));
            Number(origin.Time != 0, origin.Time);
            Number(record.Has(SpeFields.Timestamp), record.Timestamp);
            Address(record.Has(SpeFields.Pc), record.Pc);
            Number(record.Has(SpeFields.Pc), record.ExceptionLevel);
            _line.Append(record.Has(SpeFields.Pc) ? PlaceOf(record.Pc, origin.Space) : ",,,,,");
            Text(ProfileGrouping.ClassName(ProfileCounts.Classify(record)));
            Text(record.Has(SpeFields.Operation) ? Words(SpePacketKind.Operation, (byte)record.OperationClass, record.Operation) : "");
            Address(record.Has(SpeFields.Events), (ulong)record.Events);
            Text(record.Has(SpeFields.Events) ? Words(SpePacketKind.Events, 0, (ulong)record.Events)["EV".Length..].TrimStart() : "");
            Number(record.Has(SpeFields.TotalLatency), record.TotalLatency);
            Number(record.Has(SpeFields.IssueLatency), record.IssueLatency);
            Number(record.Has(SpeFields.TranslationLatency), record.TranslationLatency);
            Number(record.Has(SpeFields.DataSource), record.DataSource);
            Text(record.Has(SpeFields.DataSource) ? SourceName(record.DataSource) : "");
            Address(record.Has(SpeFields.DataVirtual), record.DataVirtual);
            Address(record.Has(SpeFields.DataPhysical), record.DataPhysical);
            Address(record.Has(SpeFields.BranchTarget), record.BranchTarget);
            Address(record.Has(SpeFields.PreviousBranchTarget), SpeAddress.ToVirtual(record.PreviousBranchTargetPayload));
            _line.Length--;
            writer.WriteLine(_line);
        }

        /// <summary>Name of a data source; encodings that have none are empty.</summary>
        private static string SourceName(ushort source) => source < ProfileCounts.DataSources - 1 ? ProfileTable.SourceName(source) : "";

        /// <summary>Process, its name, and the thread.</summary>
        private string TaskOf(in SampleOrigin origin)
        {
            if (origin.Thread is not uint thread)
            {
                return ",,,";
            }

            if (!_tasks.TryGetValue((thread, origin.Name), out string? text))
            {
                TaskTable tasks = request.Source.Tasks;
                text = string.Create(CultureInfo.InvariantCulture, $"{tasks.ProcessOf(thread)},{Quoted(tasks.NameText(origin.Name) ?? "")},{thread},");
                Remember(_tasks, (thread, origin.Name), text);
            }

            return text;
        }

        /// <summary>Image, function, offset in it, file and line.</summary>
        private string PlaceOf(ulong pc, int space)
        {
            if (!_places.TryGetValue((pc, space), out string? text))
            {
                CodePlace place = request.Source.Find(pc, space);
                SourceLine? line = place.Image is ElfImage image ? request.Lines?.Find(image, place.ImageAddress) : null;
                string offset = place.FunctionStart == 0 ? "" : Hex(pc - place.FunctionStart);
                text = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Quoted(place.Location.Image)},{Quoted(place.Location.Symbol)},{offset},{Quoted(line?.File ?? "")},{line?.Line.ToString(CultureInfo.InvariantCulture)},");
                Remember(_places, (pc, space), text);
            }

            return text;
        }

        /// <summary>A packet in the words of pinion decode.</summary>
        private string Words(SpePacketKind kind, byte index, ulong payload)
        {
            if (!_words.TryGetValue((kind, index, payload), out string? words))
            {
                words = PacketText.Of(new(kind, index, 0, 0, 0, payload));
                Remember(_words, (kind, index, payload), words);
            }

            return words;
        }

        private void Number(bool present, ulong value)
        {
            if (present)
            {
                _line.Append(CultureInfo.InvariantCulture, $"{value}");
            }

            _line.Append(',');
        }

        private void Number(bool present, int value) => Number(present, (ulong)value);

        private void Address(bool present, ulong value)
        {
            if (present)
            {
                _line.Append(Hex(value));
            }

            _line.Append(',');
        }

        private void Text(string value) => _line.Append(Quoted(value)).Append(',');

        private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");

        private static string Quoted(string value) => value.AsSpan().IndexOfAny(s_special) < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

        private static void Remember<TKey, TValue>(Dictionary<TKey, TValue> dictionary, TKey key, TValue value)
            where TKey : notnull
        {
            if (dictionary.Count >= MostRemembered)
            {
                dictionary.Clear();
            }

            dictionary[key] = value;
        }
    }
}
