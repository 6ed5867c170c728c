using Pinion.Kvm.Spe;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Compare;

/// <summary>A row of the comparison: a series, and how it is used.</summary>
/// <param name="Label">What the row is called.</param>
/// <param name="Series">The posting.</param>
internal sealed record ComparedSeries(string Label, SpeSeries Series)
{
    /// <summary>The rows of a series, in the order of the table.</summary>
    public static IEnumerable<ComparedSeries> Of(SpeSeries series)
    {
        yield return new ComparedSeries(series.Name(), series);
    }

    /// <summary>The machine of this row.</summary>
    public MachineOptions Apply(MachineOptions machine) => machine with { SpeSeries = Series };
}
