using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Truth;

/// <summary>What to compare.</summary>
/// <param name="Unit">Functions or instructions.</param>
/// <param name="Contexts">Contexts (CONTEXTIDR_EL1) to compare; null: all.</param>
/// <param name="Interval">Operations between samples; 0: as the truth, or else the trace, says.</param>
public sealed record TruthView(TruthUnit Unit = TruthUnit.Function, IReadOnlySet<uint>? Contexts = null, uint Interval = 0);

/// <summary>Pearson's chi-square test of observed numbers against expected ones.</summary>
/// <param name="ChiSquare">The statistic.</param>
/// <param name="DegreesOfFreedom">Classes less one.</param>
/// <param name="Probability">Probability of a statistic that large, if records were drawn from the truth one by one.</param>
public readonly record struct TruthTest(double ChiSquare, int DegreesOfFreedom, double Probability)
{
    /// <summary>The test wants so many expected records in each class; smaller classes are taken together.</summary>
    public const double LeastExpected = 5;

    /// <summary>Tests classes with these executions and records.</summary>
    public static TruthTest Of(IEnumerable<(ulong Executed, long Records)> classes, ulong executed, long records)
    {
        double statistic = 0;
        int count = 0;
        double restExpected = 0;
        long restObserved = 0;
        foreach ((ulong ofClass, long observed) in classes)
        {
            double expected = executed == 0 ? 0 : (double)ofClass / executed * records;
            if (expected < LeastExpected)
            {
                restExpected += expected;
                restObserved += observed;
            }
            else
            {
                statistic += Square(observed - expected) / expected;
                count++;
            }
        }

        if (restExpected >= LeastExpected)
        {
            statistic += Square(restObserved - restExpected) / restExpected;
            count++;
        }

        int degrees = Math.Max(0, count - 1);
        return new(statistic, degrees, Statistics.ChiSquareTail(statistic, degrees));

        static double Square(double value) => value * value;
    }
}

/// <summary>
/// A trace beside the truth: which share of the operations each function or instruction had, and which share of the records, and what became of the difference. Intervals and tests are those of records
/// that are drawn one by one; with a fixed interval they are not, and <see cref="Order"/> and the notes say what that does.
/// </summary>
public sealed class TruthComparison
{
    private TruthComparison()
    {
    }

    /// <summary>What was compared.</summary>
    public required TruthView View { get; init; }

    /// <summary>Functions or instructions, those with the most operations first; those that were only sampled last.</summary>
    public required IReadOnlyList<TruthComparisonRow> Rows { get; init; }

    /// <summary>Everything that was executed.</summary>
    public required TruthTally Truth { get; init; }

    /// <summary>Every record compared.</summary>
    public required TruthTally Records { get; init; }

    /// <summary>What the truth says beside its rows.</summary>
    public required TruthSummary Summary { get; init; }

    /// <summary>How the units were set for what is compared.</summary>
    public required IReadOnlyList<TruthSetting> Settings { get; init; }

    /// <summary>Operations from one selection to the next, on average; null where nobody tells, or it changed.</summary>
    public required double? Spacing { get; init; }

    /// <summary>Records of addresses that, says the truth, were never executed: another run, or a process that the counts do not have.</summary>
    public required long Strange { get; init; }

    /// <summary>No record tells a context, so every record is compared with every execution.</summary>
    public required bool IgnoresContexts { get; init; }

    /// <summary>Records that tell no context.</summary>
    public required long WithoutContext { get; init; }

    /// <summary>There were more functions or instructions than are kept apart.</summary>
    public required bool IsCut { get; init; }

    /// <summary>Contexts that executed something and have no record, with what they executed.</summary>
    public required IReadOnlyList<(uint ContextId, ulong Executed)> Unrecorded { get; init; }

    /// <summary>Over the rows.</summary>
    public required TruthTest Test { get; init; }

    /// <summary>Over single instructions, whatever the rows are; null where there are too many.</summary>
    public required TruthTest? InstructionTest { get; init; }

    /// <summary>In which order the records come.</summary>
    public required SampleOrder Order { get; init; }

    /// <summary>What the recorder says of losses, by kind.</summary>
    public required IReadOnlyList<(string Kind, int Count)> RecorderLosses { get; init; }

    /// <summary>Operations executed.</summary>
    public ulong Executed => Truth.Operations;

    /// <summary>Records compared.</summary>
    public long Samples => (long)Records.Operations;

    /// <summary>What became of the selected operations; null where the truth does not tell.</summary>
    public SampleFates? Fates => Summary.HasClasses ? Truth.Fates ?? new() : null;

    /// <summary>Operations for each record: the mean interval, and more where records were lost.</summary>
    public double OperationsPerSample => Samples == 0 ? double.PositiveInfinity : (double)Executed / Samples;

    /// <summary>The units selected as many operations as they should have; null where that cannot be told.</summary>
    public bool? SelectsExactly
    {
        get
        {
            // The first selection after sampling is enabled comes one operation early, and the last interval is not complete.
            const double Tolerance = 0.01;
            const double Sessions = 16;
            return Fates is { } fates && Spacing is double spacing ? Math.Abs(fates.Selected - (Executed / spacing)) <= (Tolerance * fates.Selected) + Sessions : null;
        }
    }

    /// <summary>Share of the records that are missing, if one in <paramref name="spacing"/> operations should have been sampled: collisions, filters, lost buffers.</summary>
    public double Loss(double spacing) => Executed == 0 ? 0 : 1 - (Samples * spacing / Executed);

    /// <summary>Compares the records of <paramref name="source"/> with <paramref name="truth"/>, which is read to its end. Damage in the records is added to the trace's diagnoses.</summary>
    /// <param name="source">A trace of the same run. Executions have no time, so a process's functions are those it had last.</param>
    /// <param name="truth">What was executed.</param>
    /// <param name="view">What to compare.</param>
    public static TruthComparison Make(SampleSource source, TruthReader truth, TruthView view)
    {
        SpeTrace trace = source.Trace;
        var join = new TruthJoin(source, truth, view.Unit, view.Contexts);
        List<TruthComparisonRow> rows = MakeRows(join);
        TruthSetting[] settings = [.. truth.Summary.Settings.Where(setting => view.Contexts?.Contains(setting.ContextId) != false)];
        double[] spacings = [.. settings.Select(setting => setting.Spacing).Distinct()];
        var comparison = new TruthComparison
        {
            View = view,
            Rows = rows,
            Truth = join.Truth,
            Records = join.Records,
            Summary = truth.Summary,
            Settings = settings,

            // The counter is loaded with the interval and selects when it has gone from there to 0: one operation more (Arm ARM D17.4).
            Spacing = view.Interval != 0 ? view.Interval + 1.0
                : spacings.Length == 1 ? spacings[0]
                : spacings.Length == 0 && trace.Period != 0 ? trace.Period + 1.0
                : null,
            Strange = join.Strange,
            IgnoresContexts = join.IgnoresContexts,
            WithoutContext = join.WithoutContext,
            IsCut = join.IsCut,
            Unrecorded = [.. join.Unrecorded.OrderByDescending(context => context.Executed)],
            Test = TruthTest.Of(rows.Select(row => (row.Executed, row.Samples)), join.Truth.Operations, (long)join.Records.Operations),
            InstructionTest = join.Instructions is { } instructions ? TruthTest.Of(instructions, join.Truth.Operations, (long)join.Records.Operations) : null,
            Order = join.Order,
            RecorderLosses = [.. trace.Losses.GroupBy(loss => loss.Kind, StringComparer.Ordinal).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => (kind.Key, kind.Count()))],
        };
        foreach (TruthComparisonRow row in rows)
        {
            row.Cause = TruthExplanation.CauseOf(row, comparison);
        }

        return comparison;
    }

    private static List<TruthComparisonRow> MakeRows(TruthJoin join)
    {
        double executed = join.Truth.Operations;
        var records = (long)join.Records.Operations;

        // Rows have few different numbers of records, and an interval takes a search.
        var intervals = new Dictionary<long, (double Low, double High)>();
        List<TruthComparisonRow> rows = [];
        foreach ((Location location, ulong pc, TruthTally truth, TruthTally? sampled) in join.Rows)
        {
            var hits = (long)(sampled?.Operations ?? 0);
            if (!intervals.TryGetValue(hits, out (double Low, double High) interval))
            {
                intervals.Add(hits, interval = Statistics.ExactInterval(hits, records));
            }

            double expected = executed == 0 ? 0 : truth.Operations / executed;
            rows.Add(new(location, pc, truth, sampled, expected, records == 0 ? 0 : (double)hits / records, interval.Low, interval.High, Statistics.BinomialTail(hits, records, expected)));
        }

        double[] adjusted = Statistics.HolmAdjusted([.. rows.Select(row => row.Probability)]);
        for (int i = 0; i < adjusted.Length; i++)
        {
            rows[i].Adjusted = adjusted[i];
        }

        rows.Sort(Order);
        return rows;

        static int Order(TruthComparisonRow a, TruthComparisonRow b)
        {
            int order = (b.Executed, b.Samples).CompareTo((a.Executed, a.Samples));
            order = order != 0 ? order : a.Pc.CompareTo(b.Pc);
            order = order != 0 ? order : string.CompareOrdinal(a.Location.Image, b.Location.Image);
            return order != 0 ? order : string.CompareOrdinal(a.Location.Symbol, b.Location.Symbol);
        }
    }
}
