namespace Pinion.Cpu.Profiling;

/// <summary>Choices the architecture leaves to a profiling unit.</summary>
public sealed record SpuOptions
{
    /// <summary>
    /// Operations the machine completes per cycle of a sample's total latency: with more than 0, a selection that falls into the time the previous sample
    /// is in flight is a collision and is dropped. 0: samples complete at once and never collide.
    /// </summary>
    public int OperationsPerCycleInFlight { get; init; }

    /// <summary>Registers with an UNKNOWN reset value get a value no software should rely on, instead of 0.</summary>
    public bool PoisonReset { get; init; }

    /// <summary>A conditional select or compare whose condition fails sets event 6, as a branch does (IMPLEMENTATION DEFINED).</summary>
    public bool NotTakenWithoutBranch { get; init; } = true;

    /// <summary>The default choices.</summary>
    public static SpuOptions Default { get; } = new();
}
