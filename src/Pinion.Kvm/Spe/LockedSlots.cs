using Pinion.Kvm.Gic;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Memslots that user space locked (KVM_CAP_ARM_LOCK_USER_MEMORY_REGION): pinned in the host's memory and mapped at stage 2 until unlocked or the VM goes.
/// </summary>
/// <remarks>
/// A lock is charged against RLIMIT_MEMLOCK by locking the memory itself (mlock). The kernel charges pinned pages besides what mlock charged; here memory that user space
/// locked too is charged once, and unlocking a memslot unlocks it for user space as well. Where two memslots show the same memory it stays locked until both are unlocked. A lock that fails leaves
/// nothing behind: the posting forgets the page it was at, and leaves stage 2 mapped without its lock.
/// </remarks>
internal sealed class LockedSlots(Vm vm, LockRules rules)
{
    /// <summary>KVM_ENABLE_CAP.</summary>
    /// <returns>0, or a negative errno; see <see cref="Vm.EnableCap"/>.</returns>
    public int EnableCap(in KvmEnableCap cap)
    {
        if (cap.Args[2] != 0 || cap.Args[3] != 0)
        {
            return -Errno.EINVAL;
        }

        switch (cap.Flags)
        {
            case KvmLockMemory.FlagsLock:
                return Lock(cap.Args[0], cap.Args[1]);
            case KvmLockMemory.FlagsUnlock when (cap.Args[1] & KvmLockMemory.UnlockAll) != 0:
                UnlockAll();
                return 0;
            case KvmLockMemory.FlagsUnlock:
                return Unlock(cap.Args[0]);
            default:
                return -Errno.EINVAL;
        }
    }

    /// <summary>Unlocks every memslot that is locked.</summary>
    public void UnlockAll()
    {
        using KvmLock.Scope _ = vm.SlotsLock.Enter();
        foreach (MemorySlot slot in vm.Slots.All)
        {
            if (slot.IsLocked)
            {
                Unlock(slot);
            }
        }
    }

    /// <summary>The VM goes away: gives the memory back. Its CPUs are gone, so stage 2 is nobody's any more.</summary>
    public void Release()
    {
        using KvmLock.Scope _ = vm.SlotsLock.Enter();
        using KvmLock.Scope pins = vm.Spe.PinLock.Enter();
        foreach (MemorySlot slot in vm.Slots.All)
        {
            if (slot.IsLocked)
            {
                slot.Lock = MemorySlotLock.None;
                UnlockHost(slot);
            }
        }
    }

    /// <summary>
    /// A vCPU that has run is initialised again: its MMU is off, so memory needs its maintenance again. A locked memslot stays mapped and gets it at the next run; the others get it with the
    /// faults that map them anew.
    /// </summary>
    public void Reset()
    {
        using KvmLock.Scope _ = vm.SlotsLock.Enter();
        bool locked = false;
        foreach (MemorySlot slot in vm.Slots.All)
        {
            if (slot.IsLocked)
            {
                locked = true;
            }
            else
            {
                slot.UnmapAll();
            }
        }

        if (locked)
        {
            vm.PendingOperations.Add(PendingOperation.FlushDcache | PendingOperation.InvalidateIcache);
        }

        vm.InvalidateStage2();
    }

    private int Lock(ulong id, ulong how)
    {
        if (id >= MemorySlots.Maximum || (how & KvmLockMemory.Read) == 0)
        {
            return -Errno.EINVAL;
        }

        using KvmLock.Scope _ = vm.Lock.Enter();
        IVgicHost vcpus = vm;
        if (!vcpus.TryLockVcpus())
        {
            return -Errno.EBUSY;
        }

        try
        {
            if (!rules.LockAfterRun && vm.Vcpus.Any(vcpu => vcpu.HasRun))
            {
                return -Errno.EBUSY;
            }

            using KvmLock.Scope slots = vm.SlotsLock.Enter();
            return vm.Slots.ById((uint)id) is { } slot ? Lock(slot, writable: (how & KvmLockMemory.Write) != 0) : -Errno.EINVAL;
        }
        finally
        {
            vcpus.UnlockVcpus();
        }
    }

    private int Lock(MemorySlot slot, bool writable)
    {
        if (writable && (slot.IsReadOnly || slot.Dirty is not null))
        {
            return -Errno.EPERM;
        }

        if (slot.IsLocked)
        {
            return -Errno.EBUSY;
        }

        // Whatever keeps a page from being pinned is ENOMEM, as posted: the limit, a hole, a mapping without the permission.
        List<HostMapping> before = Permissions(slot);
        if (!Covers(before, slot, writable))
        {
            return -Errno.ENOMEM;
        }

        using KvmLock.Scope _ = vm.Spe.PinLock.Enter();
        int result = vm.HostMemory.Lock(slot.Hva, slot.Bytes);
        if (result == 0 && !Permissions(slot).SequenceEqual(before))
        {
            UnlockHost(slot);
            return -Errno.EAGAIN;
        }

        if (result != 0)
        {
            // Part of it may be locked.
            UnlockHost(slot);
            return -Errno.ENOMEM;
        }

        slot.MapAll(writable);
        slot.Lock = MemorySlotLock.Read | (writable ? MemorySlotLock.Write : 0);
        vm.PendingOperations.Add(PendingOperation.FlushDcache | PendingOperation.SanitiseTags);
        return 0;
    }

    private int Unlock(ulong id)
    {
        if (id >= MemorySlots.Maximum)
        {
            return -Errno.EINVAL;
        }

        using KvmLock.Scope _ = vm.SlotsLock.Enter();
        if (vm.Slots.ById((uint)id) is not { } slot)
        {
            return -Errno.EINVAL;
        }

        if (!slot.IsLocked)
        {
            return -rules.UnlockUnlocked;
        }

        Unlock(slot);
        return 0;
    }

    /// <summary>Unlocks a locked memslot. Caller holds the slots lock.</summary>
    private void Unlock(MemorySlot slot)
    {
        slot.Lock = MemorySlotLock.None;
        using (vm.Spe.PinLock.Enter())
        {
            UnlockHost(slot);
        }

        if (rules.UnlockUnmapsWhatNeverRan && vm.PendingOperations.Pending != PendingOperation.None)
        {
            // Nothing of it has been cleaned yet, and unmapping does that.
            vm.DataCaches?.CleanInvalidate(slot);
            slot.UnmapAll();
            vm.InvalidateStage2();
            if (!AnyLocked())
            {
                vm.PendingOperations.Clear();
            }
        }
    }

    /// <summary>Unlocks a slot's memory but for what another locked slot shows too. Caller holds the pin lock.</summary>
    private void UnlockHost(MemorySlot slot)
    {
        List<(nint Start, nint End)> ranges = [(slot.Hva, slot.Hva + (nint)slot.Bytes)];
        foreach (MemorySlot other in vm.Slots.All)
        {
            if (other.IsLocked)
            {
                nint start = other.Hva;
                nint end = other.Hva + (nint)other.Bytes;
                ranges = [.. ranges.SelectMany(range => Without(range, start, end))];
            }
        }

        foreach ((nint start, nint end) in ranges)
        {
            vm.HostMemory.Unlock(start, (ulong)(end - start));
        }
    }

    private static IEnumerable<(nint Start, nint End)> Without((nint Start, nint End) range, nint start, nint end)
    {
        if (end <= range.Start || start >= range.End)
        {
            yield return range;
            yield break;
        }

        if (range.Start < start)
        {
            yield return (range.Start, start);
        }

        if (end < range.End)
        {
            yield return (end, range.End);
        }
    }

    private bool AnyLocked()
    {
        foreach (MemorySlot slot in vm.Slots.All)
        {
            if (slot.IsLocked)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where the slot's memory may be read and written. Locking divides mappings, so neighbours of a kind are one.</summary>
    private List<HostMapping> Permissions(MemorySlot slot)
    {
        List<HostMapping> merged = [];
        nint slotEnd = slot.Hva + (nint)slot.Bytes;
        foreach (HostMapping mapping in vm.HostMappings.Within(slot.Hva, slot.Bytes))
        {
            HostMapping part = new(Math.Max(mapping.Start, slot.Hva), Math.Min(mapping.End, slotEnd), mapping.Readable, mapping.Writable);
            if (merged.Count > 0 && merged[^1].End == part.Start && merged[^1] with { Start = part.Start, End = part.End } == part)
            {
                merged[^1] = merged[^1] with { End = part.End };
            }
            else
            {
                merged.Add(part);
            }
        }

        return merged;
    }

    private static bool Covers(List<HostMapping> mappings, MemorySlot slot, bool writable)
    {
        nint at = slot.Hva;
        foreach (HostMapping mapping in mappings)
        {
            if (mapping.Start != at || !mapping.Readable || (writable && !mapping.Writable))
            {
                return false;
            }

            at = mapping.End;
        }

        return at == slot.Hva + (nint)slot.Bytes;
    }
}
