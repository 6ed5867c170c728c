namespace Pinion.Arm.Spe;

/// <summary>Bits of the Events packet and of PMSEVFR_EL1 (Arm ARM D18.2.6).</summary>
[Flags]
public enum SpeEvents : ulong
{
    None = 0,

    /// <summary>The operation generated an exception.</summary>
    Exception = 1ul << 0,

    /// <summary>Architecturally retired, or took a synchronous exception.</summary>
    Retired = 1ul << 1,

    L1DataAccess = 1ul << 2,
    L1DataRefill = 1ul << 3,
    TlbAccess = 1ul << 4,

    /// <summary>The translation needed a table walk.</summary>
    TlbWalk = 1ul << 5,

    /// <summary>Conditional, and the condition failed.</summary>
    NotTaken = 1ul << 6,

    Mispredicted = 1ul << 7,
    LastLevelAccess = 1ul << 8,
    LastLevelMiss = 1ul << 9,

    /// <summary>The data came from another socket.</summary>
    RemoteAccess = 1ul << 10,

    /// <summary>Misalignment cost something (SPEv1p1).</summary>
    Alignment = 1ul << 11,

    /// <summary>IMPLEMENTATION DEFINED 12; late prefetch on Neoverse N1.</summary>
    LatePrefetch = 1ul << 12,

    /// <summary>Transactional; always 0 since FEAT_TME was withdrawn.</summary>
    Transactional = 1ul << 16,

    PartialPredicate = 1ul << 17,
    EmptyPredicate = 1ul << 18,
    L2DataAccess = 1ul << 19,
    L2DataMiss = 1ul << 20,

    /// <summary>The line was modified in a cache.</summary>
    CacheDataModified = 1ul << 21,

    RecentlyFetched = 1ul << 22,
    Snooped = 1ul << 23,
    StreamingSve = 1ul << 24,

    /// <summary>Ran on a shared streaming-mode compute unit.</summary>
    Smcu = 1ul << 25,
}
