using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Truth;

/// <summary>One figure that a profile shows of a function, beside what it is.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="IsMean">A mean in cycles; otherwise a share, 0 to 1.</param>
/// <param name="Executions">Executions that the truth is taken over.</param>
/// <param name="Records">Records that the observation is taken over.</param>
/// <param name="Expected">The truth.</param>
/// <param name="Observed">What the records show; null without any.</param>
/// <param name="Low">Lower end of the 99 % interval of what was observed.</param>
/// <param name="High">Upper end.</param>
public sealed record TruthMeasure(string Name, bool IsMean, ulong Executions, long Records, double Expected, double? Observed, double Low, double High)
{
    /// <summary>The truth lies in the interval.</summary>
    public bool Within => Expected >= Low && Expected <= High;

    private static readonly (string Name, Func<TruthTally, ulong> Part, Func<TruthTally, ulong> Whole)[] s_shares =
    [
        .. TruthFormat.Classes.Select(entry => ($"{entry.Name}, of operations", (Func<TruthTally, ulong>)(tally => tally.Of(entry.Class)), (Func<TruthTally, ulong>)(tally => tally.Classified))),
        ("not taken, of branches", tally => tally.BranchesNotTaken, tally => tally.Of(ProfileClass.Branch)),
        ("exceptions, of operations", tally => tally.Sums[SpeQuantity.Exceptions], tally => tally.Operations),
    ];

    private static readonly (string Name, Func<TruthTally, ulong> Part, Func<TruthTally, ulong> Whole)[] s_outcomes =
    [
        ("mispredicted, of branches", tally => tally.Sums[SpeQuantity.Mispredicted], tally => tally.Of(ProfileClass.Branch)),
        ("L1D refills, of accesses", tally => tally.Sums[SpeQuantity.L1DataRefills], tally => tally.Sums[SpeQuantity.L1DataAccesses]),
        ("last level misses, of accesses", tally => tally.Sums[SpeQuantity.LastLevelMisses], tally => tally.Sums[SpeQuantity.L1DataAccesses]),
        ("TLB walks, of translations", tally => tally.Sums[SpeQuantity.TlbWalks], tally => tally.Sums[SpeQuantity.TlbAccesses]),
        ("misaligned, of accesses", tally => tally.Sums[SpeQuantity.Misaligned], tally => tally.Sums[SpeQuantity.L1DataAccesses]),
        ("from L1D, of loads", tally => tally.Sums[SpeQuantity.FromL1Data], tally => tally.WithSource),
        ("from L2, of loads", tally => tally.Sums[SpeQuantity.FromL2], tally => tally.WithSource),
        ("from SLC, of loads", tally => tally.Sums[SpeQuantity.FromSystemCache], tally => tally.WithSource),
        ("from DRAM, of loads", tally => tally.Sums[SpeQuantity.FromDram], tally => tally.WithSource),
        ("from elsewhere, of loads", tally => tally.Sums[SpeQuantity.FromElsewhere], tally => tally.WithSource),
    ];

    private static readonly (string Name, SpeQuantity Sum, SpeQuantity Number)[] s_means =
    [
        ("total latency", SpeQuantity.TotalLatency, SpeQuantity.Operations),
        ("issue latency", SpeQuantity.IssueLatency, SpeQuantity.Operations),
        ("translation latency", SpeQuantity.TranslationLatency, SpeQuantity.Translations),
    ];

    /// <summary>All figures that the truth knows of a function; those that never happen and were never seen are left out.</summary>
    /// <param name="truth">Its executions.</param>
    /// <param name="samples">Its records; null for none.</param>
    /// <param name="confidence">How sure the intervals are.</param>
    public static IReadOnlyList<TruthMeasure> Compare(TruthTally truth, TruthTally? samples, double confidence = Statistics.Confidence)
    {
        List<TruthMeasure> measures = [];
        foreach ((string name, Func<TruthTally, ulong> part, Func<TruthTally, ulong> whole) in truth.Sums.HasOutcomes ? [.. s_shares, .. s_outcomes] : s_shares)
        {
            ulong executions = whole(truth);
            ulong hits = part(truth);
            long seen = samples is null ? 0 : (long)part(samples);
            if (executions == 0 || (hits == 0 && seen == 0))
            {
                continue;
            }

            long records = samples is null ? 0 : (long)whole(samples);
            (double low, double high) = Statistics.ExactInterval(seen, records, confidence);
            measures.Add(new(name, false, executions, records, (double)hits / executions, records == 0 ? null : (double)seen / records, low, high));
        }

        if (truth.Sums.HasOutcomes)
        {
            foreach ((string name, SpeQuantity sum, SpeQuantity number) in s_means)
            {
                if (truth.Sums[number] != 0)
                {
                    measures.Add(Mean(name, truth.Sums, samples?.Sums, sum, number));
                }
            }
        }

        return measures;
    }

    /// <summary>The deviation of single latencies is known, too, so the mean of n of them has that over the root of n.</summary>
    private static TruthMeasure Mean(string name, SpeSums truth, SpeSums? samples, SpeQuantity sum, SpeQuantity number)
    {
        double executions = truth[number];
        double expected = truth[sum] / executions;
        double deviation = Math.Sqrt(Math.Max(0, (truth[sum + 1] / executions) - (expected * expected)));
        ulong records = samples?[number] ?? 0;
        if (records == 0)
        {
            return new(name, true, truth[number], 0, expected, null, 0, double.MaxValue);
        }

        double observed = (double)samples![sum] / records;
        double half = Statistics.Z99 * deviation / Math.Sqrt(records);

        // Cycles are whole, so a deviation of 0 is one of rounding.
        half = Math.Max(half, 1e-9 * expected);
        return new(name, true, truth[number], (long)records, expected, observed, Math.Max(0, observed - half), observed + half);
    }
}
