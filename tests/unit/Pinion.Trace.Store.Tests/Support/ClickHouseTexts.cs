using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store.Tests;

/// <summary>What ClickHouse is to hold of each sample, as <see cref="RowBinaryReader"/> reads it.</summary>
internal sealed class ClickHouseTexts(SampleSource source, string run) : ISampleVisitor
{
    public List<string> Rows { get; } = [];

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        var values = new List<string> { run, Text(Rows.Count), Text(origin.Cpu) };
        Add(record.Has(SpeFields.Timestamp), record.Timestamp);
        Add(origin.Time != 0, origin.Time);
        Add(origin.Thread is not null, source.Tasks.ProcessOf(origin.Thread ?? 0));
        Add(origin.Thread is not null, origin.Thread ?? 0);
        values.Add(StoredText.Of(origin.Thread is uint thread ? source.Tasks.NameOf(thread, origin.Time) ?? "" : ""));
        CodePlace? place = record.Has(SpeFields.Pc) ? source.Find(record.Pc, origin.Space) : null;
        values.Add(StoredText.Of(place?.Location.Image ?? "[unknown]"));
        values.Add(StoredText.Of(place?.Location.Symbol ?? "[no PC]"));
        values.Add(place?.Image is ElfImage image ? $"{RandomTrace.Lines.Find(image, place.Value.ImageAddress)}" : "");
        Add(record.Has(SpeFields.Pc), record.Pc);
        Add(record.Has(SpeFields.Pc), (ulong)record.ExceptionLevel);
        values.Add(Text((int)ProfileCounts.Classify(record)));
        Add(record.Has(SpeFields.Operation), ((ulong)record.OperationClass * 256) + record.Operation);
        Add(record.Has(SpeFields.Events), (ulong)record.Events);
        Add(record.Has(SpeFields.TotalLatency), record.TotalLatency);
        Add(record.Has(SpeFields.IssueLatency), record.IssueLatency);
        Add(record.Has(SpeFields.TranslationLatency), record.TranslationLatency);
        Add(record.Has(SpeFields.AlternateClockIssueLatency), record.AlternateClockIssueLatency);
        Add(record.Has(SpeFields.DataSource), record.DataSource);
        Add(record.Has(SpeFields.DataVirtual), record.DataVirtual);
        Add(record.Has(SpeFields.DataPhysical), record.DataPhysical);
        Add(record.Has(SpeFields.BranchTarget), record.BranchTarget);
        Add(record.Has(SpeFields.PreviousBranchTarget), (ulong)((long)(record.PreviousBranchTargetPayload << 8) >> 8));
        Rows.Add(string.Join(" | ", values));

        void Add(bool present, ulong value) => values.Add(present ? value.ToString(CultureInfo.InvariantCulture) : "-");
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
