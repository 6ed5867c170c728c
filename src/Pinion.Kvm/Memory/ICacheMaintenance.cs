namespace Pinion.Kvm.Memory;

/// <summary>
/// What KVM does to the host's caches so that a guest, whose own caches are off when it starts, reads what user space wrote. Called with no vCPU in the guest that could use what is maintained:
/// before a mapping is used, or with the pending operations of locked memslots.
/// </summary>
internal interface ICacheMaintenance
{
    /// <summary>Clears the allocation tags of the slot's pages (MTE).</summary>
    /// <returns>0; -EFAULT where the memory cannot have tags: it is shared, or not all of it is mapped.</returns>
    int SanitiseTags(MemorySlot slot);

    /// <summary>Cleans and invalidates the slot's memory to the point of coherency, as far as stage 2 maps it.</summary>
    void CleanInvalidate(MemorySlot slot);

    /// <summary>Invalidates all instruction caches.</summary>
    void InvalidateInstructionCaches();
}

/// <summary>A host whose caches nobody can tell from memory: nothing needs maintenance, and there are no tags.</summary>
internal sealed class CoherentCaches : ICacheMaintenance
{
    public static CoherentCaches Instance { get; } = new();

    public int SanitiseTags(MemorySlot slot) => 0;

    public void CleanInvalidate(MemorySlot slot)
    {
    }

    public void InvalidateInstructionCaches()
    {
    }
}
