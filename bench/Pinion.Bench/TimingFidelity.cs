using System.Numerics;
using Pinion.Arm.Spe;
using Pinion.Trace;

namespace Pinion.Bench;

/// <summary>
/// How far a trace is from the trace of the same run with the exact timing model. Runs are deterministic and the model does not change them, so the records are pairs: the k-th is of the same
/// instruction in both.
/// </summary>
internal sealed class TimingFidelity
{
    private const int PageShift = 12;

    private readonly List<SpeRecord> _records;

    private TimingFidelity(List<SpeRecord> records) => _records = records;

    public int Samples => _records.Count;

    /// <summary>Mean total latency in cycles.</summary>
    public double MeanLatency => _records.Average(r => (double)r.TotalLatency);

    /// <summary>Mispredicted part of the branches, %.</summary>
    public double MispredictShare => Percent(_records.Where(r => r.IsBranch), IsMispredicted);

    /// <summary>Reads the records of a capture.</summary>
    public static TimingFidelity Read(string capture)
    {
        if (!TraceFile.TryRead(capture, out SpeTrace trace, out string error))
        {
            Stop.Because(error);
        }

        List<SpeRecord> records = [];
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            var reader = new SpeRecordReader(buffer.Bytes.Span);
            while (reader.TryRead(out SpeRecord record))
            {
                records.Add(record);
            }
        }

        if (records.Count == 0)
        {
            Stop.Because($"{capture} has no records");
        }

        return new TimingFidelity(records);
    }

    /// <summary>Records that are of the same instruction in the exact trace, %: anything but 100 means that the runs were not the same.</summary>
    public double SameInstructions(TimingFidelity exact) => 100.0 * Pairs(exact).Count() / Math.Max(Samples, exact.Samples);

    /// <summary>Loads and atomics with the data source that the exact trace gives, %.</summary>
    public double SameSource(TimingFidelity exact) => Percent(Pairs(exact).Where(p => HasSource(p.Exact)), p => HasSource(p.Here) && p.Exact.DataSource == p.Here.DataSource);

    /// <summary>Branches predicted, or mispredicted, as in the exact trace, %.</summary>
    public double SamePrediction(TimingFidelity exact) => Percent(Pairs(exact).Where(p => p.Exact.IsBranch), p => IsMispredicted(p.Exact) == IsMispredicted(p.Here));

    /// <summary>Distance of the distributions of data sources, %: of the whole, and the mean over pages of code.</summary>
    public (double Whole, double ByPage) SourceDistance(TimingFidelity exact) => Distances(exact, HasSource, r => r.DataSource);

    /// <summary>Distance of the histograms of total latency, two classes to each power of two, %.</summary>
    public (double Whole, double ByPage) LatencyDistance(TimingFidelity exact) => Distances(exact, _ => true, r => LatencyClass(r.TotalLatency));

    /// <summary>Difference of the shares of mispredicted branches, %.</summary>
    public (double Whole, double ByPage) MispredictDistance(TimingFidelity exact) => Distances(exact, r => r.IsBranch, r => IsMispredicted(r) ? 1 : 0);

    private static int LatencyClass(int cycles)
    {
        int log = BitOperations.Log2((uint)cycles | 1);
        return (2 * log) + (log == 0 ? 0 : (cycles >> (log - 1)) & 1);
    }

    private static bool HasSource(SpeRecord record) => record.Has(SpeFields.DataSource);

    private static bool IsMispredicted(SpeRecord record) => (record.Events & SpeEvents.Mispredicted) != 0;

    private static double Percent<T>(IEnumerable<T> all, Func<T, bool> counts)
    {
        List<T> items = [.. all];
        return items.Count == 0 ? 0 : 100.0 * items.Count(counts) / items.Count;
    }

    private IEnumerable<(SpeRecord Exact, SpeRecord Here)> Pairs(TimingFidelity exact) => exact._records.Zip(_records).Where(p => p.First.Pc == p.Second.Pc);

    private (double Whole, double ByPage) Distances(TimingFidelity exact, Func<SpeRecord, bool> selects, Func<SpeRecord, int> value)
    {
        List<SpeRecord> left = [.. exact._records.Where(selects)];
        ILookup<ulong, SpeRecord> right = _records.Where(selects).ToLookup(r => r.Pc >> PageShift);
        double byPage = left.GroupBy(r => r.Pc >> PageShift).Sum(page => page.Count() * Distance([.. page], [.. right[page.Key]], value));
        return (Distance(left, [.. _records.Where(selects)], value), left.Count == 0 ? 0 : byPage / left.Count);
    }

    /// <summary>Total variation: the part of the samples that would have to change their value, %.</summary>
    private static double Distance(List<SpeRecord> left, List<SpeRecord> right, Func<SpeRecord, int> value)
    {
        if (left.Count == 0 || right.Count == 0)
        {
            return left.Count == right.Count ? 0 : 100;
        }

        Dictionary<int, double> difference = [];
        foreach (SpeRecord r in left)
        {
            difference[value(r)] = difference.GetValueOrDefault(value(r)) + (1.0 / left.Count);
        }

        foreach (SpeRecord r in right)
        {
            difference[value(r)] = difference.GetValueOrDefault(value(r)) - (1.0 / right.Count);
        }

        return 50 * difference.Values.Sum(Math.Abs);
    }
}
