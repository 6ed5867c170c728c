using System.Text;
using Pinion.Arm.Spe;
using Pinion.Cpu.Profiling;
using Pinion.Trace.Profiles;
using Pinion.Trace.Truth;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>The counts of <c>--truth</c> as comma-separated text; docs/truth.md describes it.</summary>
/// <param name="cpus">CPUs of the machine.</param>
/// <param name="inFlight">Operations for each cycle of a sample in flight.</param>
internal sealed class TruthFile(int cpus, int inFlight) : IDisposable
{
    private const int BufferSize = 1 << 16;

    private StreamWriter? _writer;

    /// <summary>What fills the file.</summary>
    public TruthCounts Counts { get; } = new(cpus);

    /// <summary>Creates the file, when the machine is known to work: one that cannot be made leaves nothing behind.</summary>
    public Problem? Open(string path)
    {
        try
        {
            _writer = new StreamWriter(path, new UTF8Encoding(false), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = BufferSize });
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return new Problem(ProblemKind.Usage, $"cannot write {path}: {e.Message}", "give another file with --truth");
        }
    }

    /// <summary>Writes the counts, when no CPU runs any more.</summary>
    public Problem? Write()
    {
        if (_writer is null)
        {
            return null;
        }

        try
        {
            var writer = new TruthWriter(_writer, Counts.HasOutcomes);
            foreach (TruthCount count in Counts.Counts())
            {
                writer.Write(Row(count));
            }

            writer.Finish(Summary());
            _writer.Flush();
            return null;
        }
        catch (IOException e)
        {
            return new Problem(ProblemKind.Host, $"cannot write the counts of --truth: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer?.Dispose();

    private static TruthRow Row(TruthCount count)
    {
        SpeRecord record = default;
        record.SetOperation(count.OperationClass, count.Operation);
        return new TruthRow
        {
            El = count.El,
            ContextId = count.ContextId,
            Pc = count.Pc,
            Class = ProfileCounts.Classify(record),
            Sums = count.Sums,
            Fates = count.Fates ?? new(),
        };
    }

    private TruthSummary Summary()
    {
        var summary = new TruthSummary();
        if (Counts.Profile is not { } profile)
        {
            return summary;
        }

        summary.Run = new($"{Counts.Timing}", profile.Name, inFlight, Counts.Uncounted);
        summary.Units.AddRange(Counts.Units().Select(unit => new TruthUnitTotals(unit.Pe, unit.Population, unit.Stopped, unit.Fates)));
        summary.Settings.AddRange(Counts.Settings().Select(entry => new Trace.Truth.TruthSetting(
            entry.Setting.ContextId, entry.Setting.Interval.Interval, entry.Setting.Interval.Rnd, entry.Setting.Interval.MeanSpacing(profile.Pmsidr.ERnd), entry.Setting.Filters.Value, entry.Selected)));
        return summary;
    }
}
