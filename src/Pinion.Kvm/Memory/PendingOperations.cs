using Pinion.Kvm.Locking;

namespace Pinion.Kvm.Memory;

/// <summary>Maintenance of locked memslots that waits for a vCPU to run (kvm->arch.mmu_pending_ops, fourth posting, patches 4 to 6).</summary>
[Flags]
internal enum PendingOperation
{
    None = 0,

    /// <summary>KVM_LOCKED_MEMSLOT_FLUSH_DCACHE: since a memslot was locked or a vCPU was reset.</summary>
    FlushDcache = 1 << 0,

    /// <summary>KVM_LOCKED_MEMSLOT_INVAL_ICACHE: since a vCPU was reset.</summary>
    InvalidateIcache = 1 << 1,

    /// <summary>KVM_LOCKED_MEMSLOT_SANITISE_TAGS: since a memslot was locked; tags may come to be used later.</summary>
    SanitiseTags = 1 << 2,
}

/// <summary>
/// The deferred maintenance of a VM. What user space writes between locking a memslot and the first KVM_RUN must reach the guest, so the first vCPU that runs does it, before anything else.
/// </summary>
/// <remarks>
/// Bits are set and consumed under the slots lock, so that of two vCPUs that run at once the second waits until the first is done, then finds nothing. The posting walks stage 2 for
/// the flush without its MMU lock, which its own flush helper drops and takes; here the slots lock guards the bits, the memslots' locked state and what a locked memslot maps, and it is held throughout.
/// </remarks>
internal sealed class PendingOperations(Vm vm)
{
    private int _pending;

    /// <summary>Operations that wait. Any thread; exact only under the slots lock.</summary>
    public PendingOperation Pending => (PendingOperation)Volatile.Read(ref _pending);

    /// <summary>Adds operations. Caller holds the slots lock.</summary>
    public void Add(PendingOperation operations) => Volatile.Write(ref _pending, _pending | (int)operations);

    /// <summary>Forgets them all: no memslot is locked any more. Caller holds the slots lock.</summary>
    public void Clear() => Volatile.Write(ref _pending, 0);

    /// <summary>
    /// Does what waits, for all locked memslots: tags, then data caches, then instruction caches. Where one fails everything stays pending and the next KVM_RUN tries again.
    /// </summary>
    /// <returns>0; -EFAULT where tags cannot be cleared.</returns>
    public int Perform()
    {
        if (Pending == PendingOperation.None)
        {
            return 0;
        }

        using KvmLock.Scope _ = vm.SlotsLock.Enter();
        PendingOperation operations = Pending;
        if (vm.Kvm.Options.OmitDeferredMaintenance)
        {
            Clear();
            return 0;
        }

        ICacheMaintenance caches = vm.Caches;
        if ((operations & PendingOperation.SanitiseTags) != 0)
        {
            foreach (MemorySlot slot in vm.Slots.All)
            {
                int result = slot.IsLocked ? caches.SanitiseTags(slot) : 0;
                if (result != 0)
                {
                    return result;
                }
            }
        }

        if ((operations & PendingOperation.FlushDcache) != 0)
        {
            foreach (MemorySlot slot in vm.Slots.All)
            {
                if (slot.IsLocked)
                {
                    caches.CleanInvalidate(slot);
                }
            }
        }

        if ((operations & PendingOperation.InvalidateIcache) != 0)
        {
            caches.InvalidateInstructionCaches();
        }

        Clear();
        return 0;
    }
}
