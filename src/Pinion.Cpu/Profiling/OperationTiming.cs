using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>What the timing model says about one executed operation. Latencies are in cycles, saturated at 16 bits.</summary>
internal struct OperationTiming
{
    /// <summary>Events, without those that follow from the architecture alone (retired, exception, not taken).</summary>
    public SpeEvents Events;

    /// <summary>Dispatch to completion.</summary>
    public ushort Total;

    /// <summary>Dispatch to issue.</summary>
    public ushort Issue;

    /// <summary>Translation of the data address; 0 where there is none.</summary>
    public ushort Translation;

    /// <summary>Where a load's data came from.</summary>
    public SpeDataSource Source;
}
