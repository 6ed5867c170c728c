using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Store.Tests;

/// <summary>Samples as texts, made from records here and from table sample by a statement.</summary>
internal sealed class SampleTexts(TaskTable tasks) : ISampleVisitor
{
    private static readonly string[] s_columns =
    [
        "seq", "cpu", "timer_count", "events", "data_va", "data_pa", "branch_target", "previous_target", "pc", "total_latency", "issue_latency", "translation_latency",
        "alternate_latency", "source", "el", "operation", "process", "thread",
    ];

    /// <summary>One text a sample, in order.</summary>
    public static string Statement { get; } =
        $"SELECT {string.Join(" || ' ' || ", s_columns.Select(column => $"coalesce(CAST({column} AS text), '-')"))} FROM named_sample ORDER BY seq";

    /// <summary>The texts.</summary>
    public List<string> Rows { get; } = [];

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        var texts = new List<string> { Number(Rows.Count), Number(origin.Cpu) };
        Add(record.Has(SpeFields.Timestamp), (long)record.Timestamp);
        Add(record.Has(SpeFields.Events), (long)record.Events);
        Add(record.Has(SpeFields.DataVirtual), (long)record.DataVirtual);
        Add(record.Has(SpeFields.DataPhysical), (long)(record.DataPhysicalPayload & 0xFF_FFFF_FFFF_FFFF));
        Add(record.Has(SpeFields.BranchTarget), (long)record.BranchTarget);
        Add(record.Has(SpeFields.PreviousBranchTarget), (long)(record.PreviousBranchTargetPayload << 8) >> 8);
        Add(record.Has(SpeFields.Pc), (long)record.Pc);
        Add(record.Has(SpeFields.TotalLatency), record.TotalLatency);
        Add(record.Has(SpeFields.IssueLatency), record.IssueLatency);
        Add(record.Has(SpeFields.TranslationLatency), record.TranslationLatency);
        Add(record.Has(SpeFields.AlternateClockIssueLatency), record.AlternateClockIssueLatency);
        Add(record.Has(SpeFields.DataSource), record.DataSource);
        Add(record.Has(SpeFields.Pc), record.ExceptionLevel);
        Add(record.Has(SpeFields.Operation), ((long)record.OperationClass * 256) + record.Operation);
        Add(origin.Thread is not null, tasks.ProcessOf(origin.Thread ?? 0));
        Add(origin.Thread is not null, origin.Thread ?? 0);
        Rows.Add(string.Join(' ', texts));

        void Add(bool present, long value) => texts.Add(present ? Number(value) : "-");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
