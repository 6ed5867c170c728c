using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store.ClickHouse;

/// <summary>Makes a row of ClickHouse's table sample of each sample.</summary>
internal sealed class ClickHouseSamples(SampleSource source, RowBinaryWriter rows, string run, LoadOptions options, CancellationToken cancellation) : ISampleVisitor
{
    private const int ReportEvery = 4096;

    /// <summary>Texts of so many places are kept.</summary>
    private const int MostKnown = 1 << 16;

    private readonly Dictionary<(ulong Pc, int Space), PlaceTexts> _places = [];
    private readonly Dictionary<int, byte[]> _names = [];
    private readonly byte[] _run = Encoding.UTF8.GetBytes(run);
    private readonly bool _hasTime = source.Trace.Time.Multiplier != 0;

    /// <summary>Samples so far.</summary>
    public long Count { get; private set; }

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        rows.WriteString(_run);
        rows.WriteUInt64((ulong)Count);
        rows.WriteInt32(origin.Cpu);
        ulong time = record.Has(SpeFields.Timestamp) && _hasTime ? source.Trace.Time.ToNanoseconds(record.Timestamp) : 0;
        rows.WriteUInt64(record.Has(SpeFields.Timestamp), record.Timestamp);
        rows.WriteUInt64(time != 0, time);
        WriteTask(origin);
        WriteCode(record, origin);
        rows.WriteUInt8((byte)ProfileCounts.Classify(record));
        rows.WriteUInt16(record.Has(SpeFields.Operation), (ushort)(((int)record.OperationClass << 8) | record.Operation));
        rows.WriteUInt64(record.Has(SpeFields.Events), (ulong)record.Events);
        rows.WriteUInt16(record.Has(SpeFields.TotalLatency), record.TotalLatency);
        rows.WriteUInt16(record.Has(SpeFields.IssueLatency), record.IssueLatency);
        rows.WriteUInt16(record.Has(SpeFields.TranslationLatency), record.TranslationLatency);
        rows.WriteUInt16(record.Has(SpeFields.AlternateClockIssueLatency), record.AlternateClockIssueLatency);
        rows.WriteUInt16(record.Has(SpeFields.DataSource), record.DataSource);
        rows.WriteUInt64(record.Has(SpeFields.DataVirtual), record.DataVirtual);
        rows.WriteUInt64(record.Has(SpeFields.DataPhysical), record.DataPhysical);
        rows.WriteUInt64(record.Has(SpeFields.BranchTarget), record.BranchTarget);
        rows.WriteUInt64(record.Has(SpeFields.PreviousBranchTarget), SpeAddress.ToVirtual(record.PreviousBranchTargetPayload));
        if (++Count % ReportEvery == 0)
        {
            cancellation.ThrowIfCancellationRequested();
            options.Progress?.Invoke(Count);
        }
    }

    private void WriteTask(in SampleOrigin origin)
    {
        uint thread = origin.Thread ?? 0;
        rows.WriteUInt32(origin.Thread is not null, source.Tasks.ProcessOf(thread));
        rows.WriteUInt32(origin.Thread is not null, thread);
        if (!_names.TryGetValue(origin.Name, out byte[]? name))
        {
            _names.Add(origin.Name, name = Utf8(source.Tasks.NameText(origin.Name) ?? ""));
        }

        rows.WriteString(name);
    }

    private void WriteCode(in SpeRecord record, in SampleOrigin origin)
    {
        bool hasPc = record.Has(SpeFields.Pc);
        PlaceTexts place = hasPc ? TextsOf(record.Pc, origin.Space) : PlaceTexts.None;
        rows.WriteString(place.Image);
        rows.WriteString(place.Function);
        rows.WriteString(place.Line);
        rows.WriteUInt64(hasPc, record.Pc);
        rows.WriteUInt8(hasPc, (byte)record.ExceptionLevel);
    }

    private PlaceTexts TextsOf(ulong pc, int space)
    {
        (ulong, int) key = (pc, SymbolResolver.IsKernel(pc) ? SymbolResolver.NoSpace : space);
        if (!_places.TryGetValue(key, out PlaceTexts? texts))
        {
            if (_places.Count >= MostKnown)
            {
                _places.Clear();
            }

            CodePlace place = source.Find(pc, space);
            string line = place.Image is ElfImage image && options.Lines?.Find(image, place.ImageAddress) is SourceLine found ? $"{found}" : "";
            _places.Add(key, texts = new(Utf8(place.Location.Image), Utf8(place.Location.Symbol), Utf8(line)));
        }

        return texts;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(StoredText.Of(text));

    private sealed record PlaceTexts(byte[] Image, byte[] Function, byte[] Line)
    {
        public static PlaceTexts None { get; } = new(Utf8(Location.Unknown), Utf8("[no PC]"), []);
    }
}
