using System.Globalization;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Truth;

/// <summary>Writes what <see cref="TruthReader"/> reads. Failures of the writer behind it come through.</summary>
public sealed class TruthWriter
{
    private readonly TextWriter _writer;
    private readonly (string Name, SpeQuantity Quantity)[] _sums;
    private long _rows;

    /// <summary>Writes the names of the columns.</summary>
    /// <param name="writer">Where to; not closed.</param>
    /// <param name="outcomes">Write cache, TLB and branch outcomes and latencies too.</param>
    public TruthWriter(TextWriter writer, bool outcomes)
    {
        _writer = writer;
        _sums = [.. TruthFormat.Sums.Skip(1).Where(column => outcomes || column.Quantity < SpeQuantity.Mispredicted)];
        string[] names =
        [
            TruthFormat.El, TruthFormat.ContextId, TruthFormat.Pc, TruthFormat.Sums[0].Name, TruthFormat.Class,
            .. TruthFormat.Fates.Select(column => column.Name),
            .. _sums.Select(column => column.Name),
        ];
        writer.Write(string.Join(',', names) + "\n");
    }

    /// <summary>Writes one row.</summary>
    public void Write(TruthRow row)
    {
        _writer.Write(string.Create(CultureInfo.InvariantCulture, $"{row.El},{row.ContextId},0x{row.Pc:x},{row.Count},{TruthFormat.NameOf(row.Class)}"));
        foreach ((_, SampleFate fate) in TruthFormat.Fates)
        {
            Number(row.Fates[fate]);
        }

        foreach ((_, SpeQuantity quantity) in _sums)
        {
            Number(row.Sums[quantity]);
        }

        _writer.Write('\n');
        _rows++;
    }

    /// <summary>Writes what is known of the run as a whole. Nothing may follow.</summary>
    public void Finish(TruthSummary summary)
    {
        if (summary.Run is { } run)
        {
            Line(TruthFormat.Run, $"timing={run.Timing} profile={run.Profile} in_flight={run.InFlight} uncounted={run.Uncounted}");
        }

        foreach (TruthUnitTotals unit in summary.Units)
        {
            Line(TruthFormat.Unit, $"cpu={unit.Cpu} population={unit.Population} stopped={unit.Stopped}{string.Concat(TruthFormat.Fates.Select(column => string.Create(CultureInfo.InvariantCulture, $" {column.Name}={unit.Fates[column.Fate]}")))}");
        }

        foreach (TruthSetting setting in summary.Settings)
        {
            Line(TruthFormat.Setting, $"contextid={setting.ContextId} interval={setting.Interval} jitter={(setting.Jitter ? 1 : 0)} spacing={setting.Spacing} filters=0x{setting.Filters:x} selected={setting.Selected}");
        }

        Line(TruthFormat.End, $"rows={_rows}");
    }

    private void Number(ulong value)
    {
        Span<char> text = stackalloc char[1 + 20];
        text[0] = ',';
        value.TryFormat(text[1..], out int digits, default, CultureInfo.InvariantCulture);
        _writer.Write(text[..(1 + digits)]);
    }

    private void Line(string name, FormattableString fields) => _writer.Write($"{TruthFormat.Comment}{name} {fields.ToString(CultureInfo.InvariantCulture)}\n");
}
