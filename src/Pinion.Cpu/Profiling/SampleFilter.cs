using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>A completed sample as the filters see it.</summary>
/// <param name="Info">The kind of operation.</param>
/// <param name="Payload">Payload of the Operation type packet.</param>
/// <param name="Types">For the type filter, in the bits of PMSFCR_EL1.</param>
/// <param name="Events">All events.</param>
/// <param name="TotalLatency">Saturated to the width of the unit's counters.</param>
/// <param name="IssueLatency">Saturated likewise.</param>
/// <param name="TranslationLatency">Saturated likewise.</param>
/// <param name="Source">Data source of a load.</param>
internal readonly record struct SpeSample(
    OperationInfo Info,
    byte Payload,
    ulong Types,
    SpeEvents Events,
    ushort TotalLatency,
    ushort IssueLatency,
    ushort TranslationLatency,
    SpeDataSource Source)
{
    /// <summary>A load that reached memory: its record has a Data source packet.</summary>
    public bool HasSource => Info.IsLoad && (Events & SpeEvents.L1DataAccess) != 0;
}

/// <summary>The filter registers; a sample passes when every enabled filter keeps it (Arm ARM D17.6).</summary>
internal struct SampleFilter
{
    /// <summary>PMSFCR_EL1.</summary>
    public Pmsfcr Control;

    /// <summary>PMSEVFR_EL1.</summary>
    public Pmsevfr Events;

    /// <summary>PMSNEVFR_EL1.</summary>
    public Pmsevfr InverseEvents;

    /// <summary>PMSDSFR_EL1: bit n keeps loads from source n, modulo 64.</summary>
    public ulong Sources;

    /// <summary>PMSLATFR_EL1.</summary>
    public Pmslatfr Latency;

    public readonly bool Keeps(in SpeSample sample) =>
        (!Control.Fe || Events.KeepsIfAll(sample.Events))
        && (!Control.FnE || InverseEvents.KeepsIfNone(sample.Events))
        && Control.KeepsTypes(sample.Types)
        && (!Control.Fds || !sample.HasSource || ((Sources >> ((int)sample.Source & 63)) & 1) != 0)
        && (!Control.Fl || sample.TotalLatency >= Latency.MinLat);
}
