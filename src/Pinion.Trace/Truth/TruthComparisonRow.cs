using Pinion.Trace.Symbols;

namespace Pinion.Trace.Truth;

/// <summary>Why a row's truth lies outside of the interval of what was observed.</summary>
public enum TruthCause
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Of so many rows some are outside by chance, and this one is not farther off than that.</summary>
    Chance,

    /// <summary>It was never executed: a record of another run, or process.</summary>
    NotExecuted,

    /// <summary>The interval comes to the same places of a loop again and again: what is selected depends on the program's phase.</summary>
    Phase,

    /// <summary>Selections were dropped while a sample was in flight.</summary>
    Collisions,

    /// <summary>Filters keep some operations and drop others.</summary>
    Filters,

    /// <summary>The buffer was in discard mode.</summary>
    Discarded,

    /// <summary>The buffer did not take records: full, or its translation faulted.</summary>
    Buffer,

    /// <summary>Records reached the guest's buffer, and the trace does not have them.</summary>
    Recorder,

    /// <summary>None of these.</summary>
    Unexplained,
}

/// <summary>One function or instruction, as it was executed and as it was sampled.</summary>
/// <param name="Location">Its function.</param>
/// <param name="Pc">Its address; 0 where functions are compared.</param>
/// <param name="Truth">Its executions.</param>
/// <param name="Records">Its records; null for none.</param>
/// <param name="Expected">Share of all operations: what an unbiased profile shows.</param>
/// <param name="Observed">Share of all records.</param>
/// <param name="Low">Lower end of the 99 % interval of the observed share.</param>
/// <param name="High">Upper end.</param>
/// <param name="Probability">Chance of a number of records that is as far off, if each record were drawn by itself.</param>
public sealed record TruthComparisonRow(Location Location, ulong Pc, TruthTally Truth, TruthTally? Records, double Expected, double Observed, double Low, double High, double Probability)
{
    /// <summary>Operations executed.</summary>
    public ulong Executed => Truth.Operations;

    /// <summary>Records.</summary>
    public long Samples => (long)(Records?.Operations ?? 0);

    /// <summary>The truth lies in the observed share's interval.</summary>
    public bool Within => Expected >= Low && Expected <= High;

    /// <summary>The probability with regard to how many rows there are (Holm).</summary>
    public double Adjusted { get; internal set; } = 1;

    /// <summary>Why the truth is not in the interval.</summary>
    public TruthCause Cause { get; internal set; }

    /// <summary>Observed over expected share: above 1, the profile shows too much of it. Null where it was never executed.</summary>
    public double? Bias => Expected > 0 ? Observed / Expected : null;

    /// <summary>How many standard deviations of a sample of this size the observed share is off.</summary>
    public double Deviations(long samples) => Expected is > 0 and < 1 ? (Observed - Expected) / Math.Sqrt(Expected * (1 - Expected) / samples) : 0;

    /// <summary>Classes, outcomes and latencies. Made when asked for.</summary>
    public IReadOnlyList<TruthMeasure> Measures => TruthMeasure.Compare(Truth, Records);
}
