using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Truth;

/// <summary>What is compared: shares of functions, or of single instructions.</summary>
public enum TruthUnit
{
    Function,
    Instruction,
}

/// <summary>One function or instruction, as it was executed and as it was sampled.</summary>
/// <param name="Location">Its function.</param>
/// <param name="Pc">Its address; 0 where functions are compared.</param>
/// <param name="Executed">Operations executed.</param>
/// <param name="Samples">Records.</param>
/// <param name="Expected">Share of all operations: what an unbiased profile shows.</param>
/// <param name="Observed">Share of all records.</param>
/// <param name="Low">Lower end of the 99 % interval of the observed share (Wilson).</param>
/// <param name="High">Upper end.</param>
public sealed record TruthComparisonRow(Location Location, ulong Pc, ulong Executed, long Samples, double Expected, double Observed, double Low, double High)
{
    /// <summary>The truth lies in the observed share's interval.</summary>
    public bool Within => Expected >= Low && Expected <= High;

    /// <summary>Observed over expected share: above 1, the profile shows too much of it. Null where it was never executed.</summary>
    public double? Bias => Expected > 0 ? Observed / Expected : null;

    /// <summary>How many standard deviations of a sample of this size the observed share is off.</summary>
    public double Deviations(long samples) => Expected is > 0 and < 1 ? (Observed - Expected) / Math.Sqrt(Expected * (1 - Expected) / samples) : 0;
}

/// <summary>
/// A trace beside the truth: which share of the operations each function or instruction had, and which share of the records. Records are drawn every so many operations with jitter, so the intervals of
/// independent drawing are a little too wide for phases that last longer than an interval, and right otherwise.
/// </summary>
public sealed class TruthComparison
{
    /// <summary>A chi-square test wants so many expected samples in each class; smaller ones are taken together.</summary>
    private const double LeastExpected = 5;

    private TruthComparison()
    {
    }

    /// <summary>Functions or instructions, those with the most operations first; those that were only sampled last.</summary>
    public required IReadOnlyList<TruthComparisonRow> Rows { get; init; }

    /// <summary>Operations executed.</summary>
    public required ulong Executed { get; init; }

    /// <summary>Records compared.</summary>
    public required long Samples { get; init; }

    /// <summary>Records of addresses that, says the truth, were never executed: another run, or a process that the counts do not have.</summary>
    public required long Strange { get; init; }

    /// <summary>Pearson's statistic over the rows, small ones taken together.</summary>
    public required double ChiSquare { get; init; }

    public required int DegreesOfFreedom { get; init; }

    /// <summary>Probability of a statistic that large if the samples were drawn from the truth.</summary>
    public required double Probability { get; init; }

    /// <summary>Operations for each record: the mean interval, and more where records were lost.</summary>
    public double OperationsPerSample => Samples == 0 ? double.PositiveInfinity : (double)Executed / Samples;

    /// <summary>Share of the records that are missing, if one in <paramref name="interval"/> operations should have been sampled: collisions, lost buffers, and times when nothing was sampled.</summary>
    public double Loss(double interval) => Executed == 0 ? 0 : 1 - (Samples * interval / Executed);

    /// <summary>Compares the records of <paramref name="trace"/> with <paramref name="truth"/>. Damage in the records is added to the trace's diagnoses.</summary>
    /// <param name="trace">A trace without filters, or the shares cannot agree.</param>
    /// <param name="truth">What was executed.</param>
    /// <param name="resolver">Finds functions.</param>
    /// <param name="unit">What to compare.</param>
    /// <param name="only">Contexts (CONTEXTIDR_EL1) to compare; null: all.</param>
    public static TruthComparison Make(SpeTrace trace, IReadOnlyList<TruthRow> truth, SymbolResolver resolver, TruthUnit unit, IReadOnlySet<uint>? only = null)
    {
        var sampled = new Dictionary<Place, long>();
        foreach (Gathering part in RecordScan.Run(trace, static () => new Gathering()))
        {
            foreach ((Place place, long count) in part.Counts)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(sampled, place, out _) += count;
            }
        }

        var sums = new Dictionary<(Location, ulong), (ulong Executed, long Samples)>();
        ulong executed = 0;
        long samples = 0;
        long strange = 0;
        foreach (TruthRow row in truth)
        {
            if (only?.Contains(row.ContextId) == false)
            {
                continue;
            }

            var place = new Place(row.El, row.ContextId, row.Pc);
            sampled.Remove(place, out long count);
            Add(place, row.Count, count);
        }

        foreach ((Place place, long count) in sampled)
        {
            if (only?.Contains(place.ContextId) != false)
            {
                Add(place, 0, count);
                strange += count;
            }
        }

        TruthComparisonRow[] rows =
        [
            .. sums.Select(entry => Row(entry.Key.Item1, entry.Key.Item2, entry.Value.Executed, entry.Value.Samples, executed, samples))
                .OrderByDescending(row => row.Executed)
                .ThenByDescending(row => row.Samples)
                .ThenBy(row => row.Pc)
                .ThenBy(row => row.Location.Symbol, StringComparer.Ordinal),
        ];
        (double chiSquare, int degrees) = Test(rows, samples);
        return new TruthComparison
        {
            Rows = rows,
            Executed = executed,
            Samples = samples,
            Strange = strange,
            ChiSquare = chiSquare,
            DegreesOfFreedom = degrees,
            Probability = Statistics.ChiSquareTail(chiSquare, degrees),
        };

        void Add(Place place, ulong operations, long records)
        {
            Location location = resolver.Resolve(place.Pc, place.ContextId);
            ref (ulong Executed, long Samples) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, (location, unit == TruthUnit.Function ? 0 : place.Pc), out _);
            sum.Executed += operations;
            sum.Samples += records;
            executed += operations;
            samples += records;
        }
    }

    private static TruthComparisonRow Row(Location location, ulong pc, ulong executed, long samples, ulong allExecuted, long allSamples)
    {
        (double low, double high) = Statistics.WilsonInterval(samples, allSamples, Statistics.Z99);
        return new(
            location, pc, executed, samples, allExecuted == 0 ? 0 : (double)executed / allExecuted, allSamples == 0 ? 0 : (double)samples / allSamples, low, high);
    }

    private static (double ChiSquare, int Degrees) Test(TruthComparisonRow[] rows, long samples)
    {
        double statistic = 0;
        int classes = 0;
        double restExpected = 0;
        long restObserved = 0;
        foreach (TruthComparisonRow row in rows)
        {
            double expected = row.Expected * samples;
            if (expected < LeastExpected)
            {
                restExpected += expected;
                restObserved += row.Samples;
            }
            else
            {
                statistic += Square(row.Samples - expected) / expected;
                classes++;
            }
        }

        if (restExpected >= LeastExpected)
        {
            statistic += Square(restObserved - restExpected) / restExpected;
            classes++;
        }

        return (statistic, Math.Max(0, classes - 1));

        static double Square(double value) => value * value;
    }

    private readonly record struct Place(int El, uint ContextId, ulong Pc);

    /// <summary>Records by address, of one thread of the scan.</summary>
    private sealed class Gathering : IRecordVisitor
    {
        public Dictionary<Place, long> Counts { get; } = [];

        public void Visit(in SpeBuffer buffer, in SpeRecord record)
        {
            if (record.Has(SpeFields.Pc))
            {
                var place = new Place(record.ExceptionLevel, RecordScan.ThreadOf(buffer, record) ?? 0, record.Pc);
                CollectionsMarshal.GetValueRefOrAddDefault(Counts, place, out _)++;
            }
        }
    }
}
