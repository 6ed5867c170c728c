using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>The arch.flags of a memslot in the fourth and fifth posting of the SPE series.</summary>
[Flags]
internal enum MemorySlotLock
{
    None = 0,

    /// <summary>KVM_MEMSLOT_LOCK_READ: pinned, and mapped at stage 2.</summary>
    Read = 1 << 0,

    /// <summary>KVM_MEMSLOT_LOCK_WRITE: mapped for writing too, and marked dirty when unlocked.</summary>
    Write = 1 << 1,
}

/// <summary>A memslot: a range of guest physical memory backed by a range of this process's address space. Immutable but for its bitmaps and its lock.</summary>
internal sealed class MemorySlot
{
    public const int PageShift = 12;
    public const ulong PageSize = 1UL << PageShift;

    private readonly ulong[] _mapped;
    private readonly ulong[] _mappedWritable;

    /// <param name="id">Slot number.</param>
    /// <param name="gpa">Guest physical address.</param>
    /// <param name="bytes">Size.</param>
    /// <param name="hva">Address in this process.</param>
    /// <param name="flags">As KVM_SET_USER_MEMORY_REGION got them.</param>
    /// <param name="dirty">The dirty log, or null.</param>
    /// <param name="before">The slot that this one replaces in place: what stage 2 maps of it stays mapped.</param>
    public MemorySlot(ushort id, ulong gpa, ulong bytes, nint hva, KvmMemoryFlags flags, ulong[]? dirty, MemorySlot? before = null)
    {
        _mapped = before?._mapped ?? new ulong[((bytes >> PageShift) + 63) / 64];
        _mappedWritable = before?._mappedWritable ?? new ulong[_mapped.Length];
        Id = id;
        Gpa = gpa;
        Bytes = bytes;
        Hva = hva;
        Flags = flags;
        Dirty = dirty;
        Lock = before?.Lock ?? MemorySlotLock.None;
    }

    public ushort Id { get; }

    public ulong Gpa { get; }

    public ulong Bytes { get; }

    public nint Hva { get; }

    public KvmMemoryFlags Flags { get; }

    /// <summary>One bit a page, set by the first write since the log was last taken; null while the slot is not logged.</summary>
    public ulong[]? Dirty { get; }

    public ulong End => Gpa + Bytes;

    /// <summary>How KVM_CAP_ARM_LOCK_USER_MEMORY_REGION locked the slot, or that it did not. Guarded by the slots lock.</summary>
    public MemorySlotLock Lock { get; set; }

    public bool IsLocked => Lock != MemorySlotLock.None;

    public bool IsReadOnly => (Flags & KvmMemoryFlags.ReadOnly) != 0;

    public ulong Pages => Bytes >> PageShift;

    public bool Contains(ulong gpa) => gpa - Gpa < Bytes;

    public nint HostAddress(ulong gpa) => Hva + (nint)(gpa - Gpa);

    /// <summary>Stage 2 maps the page: an access to it is not a fault that KVM handles first.</summary>
    public bool IsMapped(ulong page) => Bit(_mapped, page);

    /// <summary>The mapping lets writes through, as far as the dirty log does.</summary>
    public bool IsMappedWritable(ulong page) => Bit(_mappedWritable, page) && (Dirty is null || IsDirty(page));

    /// <summary>Maps a page at stage 2. A mapping that lets writes through stays so.</summary>
    public void Map(ulong page, bool writable)
    {
        Set(_mapped, page);
        if (writable)
        {
            Set(_mappedWritable, page);
        }
    }

    /// <summary>Maps every page.</summary>
    public void MapAll(bool writable)
    {
        for (ulong page = 0; page < Pages; page++)
        {
            Map(page, writable);
        }
    }

    /// <summary>Takes every page from stage 2. What PEs cached is the caller's to invalidate.</summary>
    public void UnmapAll()
    {
        for (int i = 0; i < _mapped.Length; i++)
        {
            Volatile.Write(ref _mappedWritable[i], 0);
            Volatile.Write(ref _mapped[i], 0);
        }
    }

    /// <summary>Takes a page from stage 2. What PEs cached of it is the caller's to invalidate.</summary>
    public void Unmap(ulong page)
    {
        ulong others = ~(1UL << (int)(page & 63));
        Interlocked.And(ref _mappedWritable[page >> 6], others);
        Interlocked.And(ref _mapped[page >> 6], others);
    }

    public bool IsDirty(ulong page) => Bit(Dirty!, page);

    public void MarkDirty(ulong page) => Set(Dirty!, page);

    private static bool Bit(ulong[] bits, ulong page) => (Volatile.Read(ref bits[page >> 6]) & (1UL << (int)(page & 63))) != 0;

    private static void Set(ulong[] bits, ulong page)
    {
        if (!Bit(bits, page))
        {
            Interlocked.Or(ref bits[page >> 6], 1UL << (int)(page & 63));
        }
    }
}
