using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Truth;

/// <summary>How often one operation was executed while it could have been sampled, and how. A reader fills the same row again and again.</summary>
public sealed class TruthRow
{
    /// <summary>Exception level, 0 or 1.</summary>
    public int El { get; set; }

    /// <summary>CONTEXTIDR_EL1.</summary>
    public uint ContextId { get; set; }

    /// <summary>Virtual address.</summary>
    public ulong Pc { get; set; }

    /// <summary>Class of the operation; <see cref="ProfileClass.None"/> where the file does not tell.</summary>
    public ProfileClass Class { get; set; }

    /// <summary>Sums over all executions.</summary>
    public SpeSums Sums { get; init; } = new();

    /// <summary>What became of the executions that were selected.</summary>
    public SampleFates Fates { get; init; } = new();

    /// <summary>Executions.</summary>
    public ulong Count => Sums[SpeQuantity.Operations];
}

/// <summary>The run as a whole.</summary>
/// <param name="Timing">Which operations fed the timing model, as --timing takes it.</param>
/// <param name="Profile">Name of what the profiling units implement.</param>
/// <param name="InFlight">Operations for each cycle of a sample in flight; 0: samples never collide.</param>
/// <param name="Uncounted">Operations that the rows do not have, because there were too many different ones.</param>
public sealed record TruthRun(string Timing, string Profile, int InFlight, ulong Uncounted);

/// <summary>What one profiling unit did in the whole run.</summary>
/// <param name="Cpu">Its CPU.</param>
/// <param name="Population">Operations executed while sampling was enabled at their Exception level.</param>
/// <param name="Stopped">Operations that would have been members too, had a full buffer or a fault not stopped the unit.</param>
/// <param name="Fates">What became of the operations it selected.</param>
public sealed record TruthUnitTotals(int Cpu, ulong Population, ulong Stopped, SampleFates Fates);

/// <summary>How the units were set when they selected operations of one process.</summary>
/// <param name="ContextId">CONTEXTIDR_EL1.</param>
/// <param name="Interval">PMSIRR_EL1.INTERVAL, in operations.</param>
/// <param name="Jitter">PMSIRR_EL1.RND.</param>
/// <param name="Spacing">Operations from one selection to the next, on average.</param>
/// <param name="Filters">PMSFCR_EL1.</param>
/// <param name="Selected">Operations selected so.</param>
public sealed record TruthSetting(uint ContextId, uint Interval, bool Jitter, double Spacing, ulong Filters, ulong Selected);

/// <summary>All that a file says beside its rows; complete when the last row has been read.</summary>
public sealed class TruthSummary
{
    /// <summary>The rows tell classes and what became of selected operations: false for files of the first version, which count only.</summary>
    public bool HasClasses { get; set; }

    /// <summary>The rows tell cache, TLB and branch outcomes and latencies of all executions.</summary>
    public bool HasOutcomes { get; set; }

    /// <summary>Null where the file does not tell.</summary>
    public TruthRun? Run { get; set; }

    public List<TruthUnitTotals> Units { get; } = [];

    public List<TruthSetting> Settings { get; } = [];
}
