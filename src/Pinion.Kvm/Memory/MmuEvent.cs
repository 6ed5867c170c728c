namespace Pinion.Kvm.Memory;

/// <summary>What the host's memory management does to a range of this process: MMU_NOTIFY_*, and the aging that has a callback of its own.</summary>
public enum MmuEvent
{
    /// <summary>munmap, or mremap away: the memory is gone.</summary>
    Unmap,

    /// <summary>The pages are taken from the range (MADV_DONTNEED, truncation, migration of what may migrate).</summary>
    Clear,

    /// <summary>mprotect and the like: the mapping's permissions change.</summary>
    ProtectionVma,

    /// <summary>Permissions of single pages change (NUMA balancing, write protection for copy on write).</summary>
    ProtectionPage,

    /// <summary>Soft-dirty tracking starts anew.</summary>
    SoftDirty,

    /// <summary>The whole address space goes (exit).</summary>
    Release,

    /// <summary>Pages move to or from a device's memory.</summary>
    Migrate,

    /// <summary>A device takes pages for itself for a while.</summary>
    Exclusive,

    /// <summary>clear_flush_young and clear_young: which pages were used lately.</summary>
    Aging,
}
