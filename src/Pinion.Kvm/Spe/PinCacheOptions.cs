namespace Pinion.Kvm.Spe;

/// <summary>
/// How long pages stay pinned when the guest has disabled its profiling buffer, in case it enables it again: perf does so whenever the profiled task is switched out and in. Only for series v6.
/// </summary>
/// <param name="Bytes">The most that is kept for buffers that are not enabled, of all vCPUs together; 0: nothing.</param>
/// <param name="Age">Kept no longer than this after its last use. Not in deterministic mode, where the host's time is not looked at.</param>
public sealed record PinCacheOptions(ulong Bytes, TimeSpan Age)
{
    /// <summary>128 MiB, and 10 s.</summary>
    public static PinCacheOptions Default { get; } = new(128UL << 20, TimeSpan.FromSeconds(10));

    /// <summary>Nothing is kept.</summary>
    public static PinCacheOptions Off { get; } = new(0, TimeSpan.Zero);
}

/// <summary>What became of buffers that were kept pinned. Read at any time; exact while no vCPU runs.</summary>
public sealed record PinCacheStatistics
{
    /// <summary>A buffer was enabled that was still pinned, and that the guest cannot have mapped anew since.</summary>
    public ulong Hits { get; internal set; }

    /// <summary>A buffer was enabled and its tables were walked.</summary>
    public ulong Misses { get; internal set; }

    /// <summary>Of the misses, those where something of the same addresses was pinned but may have been mapped anew: found again without locking what had stayed.</summary>
    public ulong Rewalks { get; internal set; }

    /// <summary>Given up because a larger buffer of the same vCPU took its place.</summary>
    public ulong DroppedForLarger { get; internal set; }

    /// <summary>Given up because the bound was reached.</summary>
    public ulong DroppedForRoom { get; internal set; }

    /// <summary>Given up because the limit on locked memory was.</summary>
    public ulong DroppedForLimit { get; internal set; }

    /// <summary>Given up because the host took memory, or a memslot went.</summary>
    public ulong DroppedForMemory { get; internal set; }

    /// <summary>Given up because nobody had used it for long.</summary>
    public ulong DroppedForAge { get; internal set; }

    /// <summary>Given up because its memory is being logged: what is pinned counts as dirty.</summary>
    public ulong DroppedForLog { get; internal set; }

    /// <summary>Bytes that are pinned for buffers that are not enabled; pages of several count for each.</summary>
    public ulong KeptBytes { get; internal set; }
}
