using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>A completed sample as the filters see it.</summary>
/// <param name="Info">The kind of operation.</param>
/// <param name="Events">All events.</param>
/// <param name="TotalLatency">Saturated to the width of the unit's counters.</param>
/// <param name="IssueLatency">Saturated likewise.</param>
/// <param name="TranslationLatency">Saturated likewise.</param>
/// <param name="Source">Data source of a load.</param>
internal readonly record struct SpeSample(
    OperationInfo Info,
    SpeEvents Events,
    ushort TotalLatency,
    ushort IssueLatency,
    ushort TranslationLatency,
    SpeDataSource Source);

/// <summary>The filter registers; a sample passes when every enabled filter keeps it (Arm ARM D17.6).</summary>
internal struct SampleFilter
{
    /// <summary>PMSFCR_EL1.</summary>
    public Pmsfcr Control;

    /// <summary>PMSEVFR_EL1.</summary>
    public Pmsevfr Events;

    /// <summary>PMSNEVFR_EL1.</summary>
    public Pmsevfr InverseEvents;

    /// <summary>PMSLATFR_EL1.</summary>
    public Pmslatfr Latency;

    public readonly bool Keeps(in SpeSample sample) =>
        (!Control.Fe || Events.KeepsIfAll(sample.Events))
        && (!Control.FnE || InverseEvents.KeepsIfNone(sample.Events))
        && Control.KeepsTypes(sample.Info.FilterTypes)
        && (!Control.Fl || sample.TotalLatency >= Latency.MinLat);
}
