using System.Globalization;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Truth;

/// <summary>What is to be known about a comparison: how it came about, and what biases it.</summary>
/// <param name="Kind">A word for it.</param>
/// <param name="Text">One sentence without a full stop.</param>
public readonly record struct TruthNote(string Kind, string Text);

/// <summary>Says why shares differ, by what became of the selected operations and by how they were selected.</summary>
public static class TruthExplanation
{
    /// <summary>A probability below this is no accident.</summary>
    private const double Unlikely = 0.001;

    private static readonly (SampleFate Fate, TruthCause Cause)[] s_steps =
    [
        (SampleFate.Collided, TruthCause.Collisions),
        (SampleFate.Filtered, TruthCause.Filters),
        (SampleFate.Discarded, TruthCause.Discarded),
        (SampleFate.Lost, TruthCause.Buffer),
    ];

    /// <summary>
    /// The cause of a row: of all steps from execution to the trace (selection, collisions, filters, buffer, recorder) the one that changes the row's share most. Selection counts operations and nothing else,
    /// so what it changes is the phase of the interval against the program, as long as the units selected as many as they should.
    /// </summary>
    public static TruthCause CauseOf(TruthComparisonRow row, TruthComparison all)
    {
        if (row.Within)
        {
            return TruthCause.None;
        }

        if (row.Executed == 0)
        {
            return TruthCause.NotExecuted;
        }

        if (row.Adjusted >= 1 - Statistics.Confidence)
        {
            return TruthCause.Chance;
        }

        if (all.Fates is not { Selected: > 0 } fates)
        {
            return TruthCause.Unexplained;
        }

        double kept = row.Truth.Fates?.Selected ?? 0;
        double allKept = fates.Selected;
        double share = kept / allKept;
        TruthCause cause = all.SelectsExactly == true ? TruthCause.Phase : TruthCause.Unexplained;
        double largest = Math.Abs(share - row.Expected);
        foreach ((SampleFate fate, TruthCause candidate) in s_steps)
        {
            kept -= row.Truth.Fates?[fate] ?? 0;
            allKept -= fates[fate];
            Consider(candidate, allKept <= 0 ? 0 : kept / allKept);
        }

        Consider(TruthCause.Recorder, row.Observed);
        return cause;

        void Consider(TruthCause candidate, double next)
        {
            double change = Math.Abs(next - share);
            if (change > largest)
            {
                largest = change;
                cause = candidate;
            }

            share = next;
        }
    }

    /// <summary>Name of a cause, for tables; empty for none.</summary>
    public static string NameOf(TruthCause cause) => cause switch
    {
        TruthCause.None => "",
        TruthCause.NotExecuted => "not executed",
        TruthCause.Unexplained => "unexplained",
        _ => cause.ToString().ToLowerInvariant(),
    };

    /// <summary>All that is to be known of a comparison, in the order in which records come about.</summary>
    public static IReadOnlyList<TruthNote> NotesOf(TruthComparison all)
    {
        List<TruthNote> notes = [];
        AddUnit(all, notes);
        AddLosses(all, notes);
        AddPhase(all, notes);
        AddContexts(all, notes);
        AddTruth(all, notes);
        AddRows(all, notes);
        return notes;
    }

    private static void AddUnit(TruthComparison all, List<TruthNote> notes)
    {
        foreach ((uint interval, bool jitter, double spacing, ulong filters, ulong selected) in all.Settings
            .GroupBy(setting => (setting.Interval, setting.Jitter, setting.Spacing, setting.Filters))
            .Select(same => (same.Key.Interval, same.Key.Jitter, same.Key.Spacing, same.Key.Filters, same.Aggregate(0ul, (sum, setting) => SpeSums.Saturate(sum, setting.Selected)))))
        {
            notes.Add(new("interval", Text($"{selected} operations were selected at an interval of {interval}, {(jitter ? "with jitter" : "without jitter")}: one in {spacing:0.#}{(filters == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", with filters (PMSFCR_EL1 0x{filters:x})"))}")));
        }

        if (all.Fates is { Selected: > 0 } fates)
        {
            notes.Add(new("unit", Text($"of {fates.Selected} selected, one in {(double)all.Executed / fates.Selected:0.0}: {Part(fates[SampleFate.Collided], fates)} collided, {Part(fates[SampleFate.Filtered], fates)} filtered, {Part(fates[SampleFate.Discarded], fates)} discarded, {Part(fates[SampleFate.Lost], fates)} not taken by the buffer, {Part(fates[SampleFate.Recorded], fates)} recorded")));
            if (all.SelectsExactly == false)
            {
                notes.Add(new("selection", Text($"that is not one in {all.Spacing:0.#}, as the interval says")));
            }
        }
        else if (all.Spacing is double spacing)
        {
            notes.Add(new("loss", Text($"{all.Loss(spacing):0.00%} of the records are missing, for one in {spacing:0.#} operations")));
        }
    }

    private static void AddLosses(TruthComparison all, List<TruthNote> notes)
    {
        if (all.Fates is { Selected: > 0 } fates)
        {
            if (fates[SampleFate.Collided] != 0)
            {
                notes.Add(new("collisions", "a selection during a sample in flight is dropped (PMBSR_EL1.COLL), and the interval counter runs on from there: what comes an interval behind a slow operation is seen too little"));
            }

            if (fates[SampleFate.Filtered] != 0)
            {
                notes.Add(new("filters", "shares are expected of all operations, and the filters keep some: what they drop is seen too little, everything else too much"));
            }

            if (fates[SampleFate.Lost] != 0)
            {
                notes.Add(new("buffer", "records are lost where the buffer is full or its translation faults, until software starts the unit again"));
            }

            ulong recorded = fates[SampleFate.Recorded];
            var samples = (ulong)all.Samples;
            string said = all.RecorderLosses.Count == 0 ? "" : $"; the recorder says: {string.Join(", ", all.RecorderLosses.Select(loss => $"{loss.Kind} {loss.Count}"))}";
            if (recorded > samples)
            {
                notes.Add(new("recorder", Text($"{recorded - samples} of {recorded} records that reached the guest's buffer ({(double)(recorded - samples) / recorded:0.00%}) are not in the trace: lost on the way out, the last buffer among them, or left out of the recording{said}")));
            }
            else if (recorded < samples)
            {
                notes.Add(new("recorder", Text($"the trace has {samples - recorded} records more than reached the guest's buffer: it is of another run, or TRUTH has another --context")));
            }
            else if (said.Length > 0)
            {
                notes.Add(new("recorder", Text($"the trace has every record that reached the guest's buffer{said}")));
            }
        }

        ulong stopped = all.Summary.Units.Aggregate(0ul, (sum, unit) => SpeSums.Saturate(sum, unit.Stopped));
        if (stopped != 0)
        {
            ulong population = all.Summary.Units.Aggregate(0ul, (sum, unit) => SpeSums.Saturate(sum, unit.Population));
            notes.Add(new("stopped", Text($"{stopped} operations of the whole run, for {population} that could be selected, ran at sampled Exception levels while the unit was stopped (PMBSR_EL1.S, or no buffer): the handler that empties the buffer, mostly; they are in neither column")));
        }
    }

    private static void AddPhase(TruthComparison all, List<TruthNote> notes)
    {
        // What the way out has taken away says nothing of how operations were selected.
        const double Enough = 0.99;
        if (all.Samples == 0 || all.InstructionTest is not { DegreesOfFreedom: > 0 } test || (all.Fates is { } fates && all.Samples < Enough * fates.Selected))
        {
            return;
        }

        bool? jitter = all.Settings.Count == 0 ? null : all.Settings.Any(setting => setting.Jitter);
        string interval = jitter switch { true => "jitter does not break the step", false => "the interval is fixed", null => "the interval may be fixed" };
        if (all.Order.Cycle is int cycle)
        {
            string effect = test.Probability < Unlikely ? "some instructions are sampled too often and others too rarely; " + (jitter == true ? "another interval helps" : "jitter or another interval helps")
                : test.Probability > 1 - Unlikely ? "the samples walk evenly over the loop, and shares agree better than those of records drawn one by one"
                : "shares agree as well as those of records drawn one by one";
            notes.Add(new("phase", Text($"{interval} and a loop is in step with it: {all.Order.Returning(cycle):0%} of the records have the address of the record {cycle} before; {effect}")));
        }
        else if (test.Probability > 1 - Unlikely)
        {
            notes.Add(new("phase", $"{interval}, which spreads the samples evenly over the run: shares agree better than those of records drawn one by one, and the intervals are wider than they need be"));
        }
        else if (test.Probability < Unlikely && all.Fates is { Selected: > 0 })
        {
            notes.Add(new("phase", Text($"single instructions are sampled less evenly than by chance (chi-square {test.ChiSquare:0.0} with {test.DegreesOfFreedom} degrees of freedom): the interval prefers some phases of the program")));
        }
    }

    private static void AddContexts(TruthComparison all, List<TruthNote> notes)
    {
        if (all.IgnoresContexts)
        {
            notes.Add(new("contexts", "no record tells a context (PMSCR_EL1.CX was 0, and nothing else tells): all records are put beside all executions compared"));
        }
        else if (all.WithoutContext != 0)
        {
            notes.Add(new("contexts", Text($"{all.WithoutContext} records tell no context, and count as not executed")));
        }

        // Fewer are missing by chance.
        const double FewestExpected = 20;
        double spacing = all.Spacing ?? all.OperationsPerSample;
        (uint ContextId, ulong Executed)[] absent = [.. all.Unrecorded.Where(context => context.Executed / spacing >= FewestExpected)];
        if (absent.Length > 0)
        {
            double share = absent.Sum(context => (double)context.Executed) / all.Executed;
            notes.Add(new("contexts", Text($"{absent.Length} processes have executions and no record, {share:0.0%} of all operations; give --context where the trace is of one of several sessions")));
        }
    }

    private static void AddTruth(TruthComparison all, List<TruthNote> notes)
    {
        if (!all.Summary.HasClasses)
        {
            notes.Add(new("truth", "TRUTH is of the first version: it does not tell what became of selected operations, nor their classes and outcomes"));
        }
        else if (!all.Summary.HasOutcomes)
        {
            notes.Add(new("truth", $"TRUTH has no outcomes of caches, TLBs and predictions and no latencies, because --timing {all.Summary.Run?.Timing ?? "window:N"} does not see every operation; --timing full does"));
        }

        if (all.Summary.Run is { Uncounted: > 0 } run)
        {
            notes.Add(new("truth", Text($"{run.Uncounted} operations of the whole run are not in TRUTH, because there were too many different ones")));
        }

        if (all.IsCut)
        {
            notes.Add(new("truth", "there are more addresses than are kept apart; the rest is taken together by function"));
        }
    }

    private static void AddRows(TruthComparison all, List<TruthNote> notes)
    {
        if (all.Strange != 0)
        {
            notes.Add(new("strange", Text($"{all.Strange} records are of instructions that were never executed: is TRUTH of the same run?")));
        }

        int outside = all.Rows.Count(row => !row.Within);
        if (outside != 0)
        {
            string causes = string.Join(", ", all.Rows.Where(row => !row.Within).GroupBy(row => row.Cause).OrderBy(cause => cause.Key).Select(cause => $"{NameOf(cause.Key)} {cause.Count()}"));
            notes.Add(new("outside", Text($"{outside} of {all.Rows.Count} are outside of their interval, where {all.Rows.Count * (1 - Statistics.Confidence):0.#} may be by chance: {causes}")));
        }
    }

    private static string Part(ulong part, SampleFates fates) => string.Create(CultureInfo.InvariantCulture, $"{part} ({(double)part / fates.Selected:0.00%})");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
