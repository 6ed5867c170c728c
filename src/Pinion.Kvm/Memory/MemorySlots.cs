using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>
/// The memslots of a VM. Writers take <see cref="Vm"/>'s slots lock and publish a new sorted array; readers (vCPU threads) use the published array
/// without a lock, as the kernel's do under SRCU.
/// </summary>
internal sealed class MemorySlots
{
    /// <summary>KVM_MEM_SLOTS_NUM on arm64; also the answer of KVM_CAP_NR_MEMSLOTS.</summary>
    public const int Maximum = 32767;

    /// <summary>KVM_MEM_MAX_NR_PAGES.</summary>
    private const ulong MaximumPages = (1UL << 31) - 1;

    /// <summary>TASK_SIZE of a 47-bit user address space: access_ok's bound.</summary>
    private const ulong UserAddressEnd = 0x7FFF_FFFF_F000;

    private readonly ulong _physicalSize;
    private MemorySlot[] _byAddress = [];

    public MemorySlots(int ipaBits) => _physicalSize = 1UL << ipaBits;

    /// <summary>Grows with every published change: whoever looked before can tell that it may be stale.</summary>
    public uint Generation { get; private set; }

    public ReadOnlySpan<MemorySlot> All => Volatile.Read(ref _byAddress);

    /// <summary>The slot that holds <paramref name="gpa"/>, or null.</summary>
    public MemorySlot? Find(ulong gpa)
    {
        MemorySlot[] slots = Volatile.Read(ref _byAddress);
        int low = 0;
        int high = slots.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            MemorySlot slot = slots[middle];
            if (gpa < slot.Gpa)
            {
                high = middle - 1;
            }
            else if (slot.Contains(gpa))
            {
                return slot;
            }
            else
            {
                low = middle + 1;
            }
        }

        return null;
    }

    public MemorySlot? ById(uint id)
    {
        foreach (MemorySlot slot in _byAddress)
        {
            if (slot.Id == id)
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>
    /// Checks a request as __kvm_set_memory_region does, in its order, and says what it would change.
    /// </summary>
    /// <returns>0 (with nothing to do where both outs are null) or a negative errno.</returns>
    public int Prepare(in KvmUserspaceMemoryRegion region, out MemorySlot? old, out MemorySlot? replacement)
    {
        old = null;
        replacement = null;
        const KvmMemoryFlags Known = KvmMemoryFlags.LogDirtyPages | KvmMemoryFlags.ReadOnly;
        if ((region.Flags & ~Known) != 0)
        {
            return -Errno.EINVAL;
        }

        const ulong InPage = MemorySlot.PageSize - 1;
        uint addressSpace = region.Slot >> 16;
        ushort id = (ushort)region.Slot;
        if ((region.MemorySize & InPage) != 0 || (region.GuestPhysAddr & InPage) != 0)
        {
            return -Errno.EINVAL;
        }

        if ((region.UserspaceAddr & InPage) != 0 || region.UserspaceAddr > UserAddressEnd || region.MemorySize > UserAddressEnd - region.UserspaceAddr)
        {
            return -Errno.EINVAL;
        }

        if (addressSpace >= 1 || id >= Maximum)
        {
            return -Errno.EINVAL;
        }

        if (region.GuestPhysAddr + region.MemorySize < region.GuestPhysAddr || region.MemorySize >> MemorySlot.PageShift > MaximumPages)
        {
            return -Errno.EINVAL;
        }

        MemorySlot? existing = ById(id);
        if (region.MemorySize == 0)
        {
            if (existing is null)
            {
                return -Errno.EINVAL;
            }

            if (existing.IsLocked)
            {
                return -Errno.EBUSY;
            }

            old = existing;
            return 0;
        }

        bool moves = true;
        if (existing is not null)
        {
            if ((ulong)existing.Hva != region.UserspaceAddr || existing.Bytes != region.MemorySize
                || ((existing.Flags ^ region.Flags) & KvmMemoryFlags.ReadOnly) != 0)
            {
                return -Errno.EINVAL;
            }

            moves = existing.Gpa != region.GuestPhysAddr;
            if (!moves && existing.Flags == region.Flags)
            {
                return 0;
            }
        }

        ulong end = region.GuestPhysAddr + region.MemorySize;
        if (moves)
        {
            foreach (MemorySlot other in _byAddress)
            {
                if (other.Id != id && region.GuestPhysAddr < other.End && other.Gpa < end)
                {
                    return -Errno.EEXIST;
                }
            }
        }

        // A locked slot may only begin to be logged, and only where a lock for writing does not keep the guest's writes from being seen.
        bool beginsLog = !moves && existing!.Dirty is null && (region.Flags & KvmMemoryFlags.LogDirtyPages) != 0;
        if (existing is { IsLocked: true } && !(beginsLog && (existing.Lock & MemorySlotLock.Write) == 0))
        {
            return -Errno.EBUSY;
        }

        if (end > _physicalSize)
        {
            return -Errno.EFAULT;
        }

        ulong[]? dirty = null;
        if ((region.Flags & KvmMemoryFlags.LogDirtyPages) != 0)
        {
            dirty = existing?.Dirty ?? new ulong[(region.MemorySize / MemorySlot.PageSize + 63) / 64];
        }

        old = existing;
        replacement = new MemorySlot(id, region.GuestPhysAddr, region.MemorySize, (nint)region.UserspaceAddr, region.Flags, dirty, moves ? null : existing);
        return 0;
    }

    /// <summary>Publishes a change that <see cref="Prepare"/> accepted. Cached translations of the old slot are the caller's to invalidate.</summary>
    public void Commit(MemorySlot? old, MemorySlot? replacement)
    {
        List<MemorySlot> slots = [.. _byAddress];
        if (old is not null)
        {
            slots.Remove(old);
        }

        if (replacement is not null)
        {
            int at = slots.FindIndex(other => other.Gpa > replacement.Gpa);
            slots.Insert(at < 0 ? slots.Count : at, replacement);
        }

        Volatile.Write(ref _byAddress, [.. slots]);
        Generation++;
    }
}
