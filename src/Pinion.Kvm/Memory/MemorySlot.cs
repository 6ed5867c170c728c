using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>A memslot: a range of guest physical memory backed by a range of this process's address space. Immutable but for the dirty bitmap.</summary>
internal sealed class MemorySlot
{
    public const int PageShift = 12;
    public const ulong PageSize = 1UL << PageShift;

    public MemorySlot(ushort id, ulong gpa, ulong bytes, nint hva, KvmMemoryFlags flags, ulong[]? dirty)
    {
        Id = id;
        Gpa = gpa;
        Bytes = bytes;
        Hva = hva;
        Flags = flags;
        Dirty = dirty;
    }

    public ushort Id { get; }

    public ulong Gpa { get; }

    public ulong Bytes { get; }

    public nint Hva { get; }

    public KvmMemoryFlags Flags { get; }

    /// <summary>One bit a page, set by the first write since the log was last taken; null while the slot is not logged.</summary>
    public ulong[]? Dirty { get; }

    public ulong End => Gpa + Bytes;

    public bool IsReadOnly => (Flags & KvmMemoryFlags.ReadOnly) != 0;

    public ulong Pages => Bytes >> PageShift;

    public bool Contains(ulong gpa) => gpa - Gpa < Bytes;

    public nint HostAddress(ulong gpa) => Hva + (nint)(gpa - Gpa);

    public bool IsDirty(ulong page) => (Volatile.Read(ref Dirty![page >> 6]) & (1UL << (int)(page & 63))) != 0;

    public void MarkDirty(ulong page) => Interlocked.Or(ref Dirty![page >> 6], 1UL << (int)(page & 63));
}
