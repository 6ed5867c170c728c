using Pinion.Kvm.Spe;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Compare;

/// <summary>A row of the comparison: a series, and how it is used.</summary>
/// <param name="Label">What the row is called.</param>
/// <param name="Series">The posting.</param>
internal sealed record ComparedSeries(string Label, SpeSeries Series)
{
    /// <summary>The VMM locks the guest's memory where the series counts on it.</summary>
    public bool LockMemory { get; init; } = true;

    /// <summary>What of a disabled buffer stays pinned, where the series can keep it so.</summary>
    public PinCacheOptions PinCache { get; init; } = PinCacheOptions.Default;

    /// <summary>Memory is pinned by the VMM's mlock, so KVM has no count of it.</summary>
    public bool LockedByUser => Series == SpeSeries.V3 && LockMemory;

    /// <summary>The rows of a series, in the order of the table.</summary>
    public static IEnumerable<ComparedSeries> Of(SpeSeries series)
    {
        if (series == SpeSeries.V3)
        {
            // Nothing keeps the buffer mapped here: this is what pinning is for.
            yield return new ComparedSeries($"{series.Name()}, not locked", series) { LockMemory = false };
        }

        if (series == SpeSeries.V6)
        {
            yield return new ComparedSeries($"{series.Name()}, no cache", series) { PinCache = PinCacheOptions.Off };
        }

        yield return new ComparedSeries(series.Name(), series);
    }

    /// <summary>The machine of this row.</summary>
    public MachineOptions Apply(MachineOptions machine) => machine with { SpeSeries = Series, LockMemory = LockMemory, SpePinCache = PinCache };
}
