using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pinion.Kvm.Memory;

/// <summary>
/// The memory behind the caches for one range of this process's address space: what DRAM holds while the range itself is what the caches hold. Costs nothing until a page of it is written.
/// </summary>
/// <remarks>
/// Nobody sees the stores of guests and VMMs, so a cache line is told to be dirty by its bytes: they are not those it had when it was last in step with memory. For a page that no non-cacheable access has
/// reached, memory itself is that copy; once one has, the page is <em>exposed</em>, memory can change under the line, and a third copy is kept. Lines are never evicted: a dirty one stays away from memory, and a clean
/// one goes on hiding what is written past it, until maintenance ends it. Real caches may do so too, and a guest that is right under this one is right under all.
/// </remarks>
internal sealed unsafe partial class ShadowMemory : IDisposable
{
    public const int LineBytes = 64;

    private const int LineWords = LineBytes / sizeof(ulong);
    private const ulong PageSize = MemorySlot.PageSize;

    private readonly Lock _lock = new();
    private readonly ulong[] _exposed;
    private readonly nint _memory;

    private ShadowMemory(nint cached, ulong bytes, nint memory)
    {
        Cached = cached;
        Bytes = bytes;
        _memory = memory;
        _exposed = new ulong[((bytes / PageSize) + 63) / 64];
    }

    /// <summary>Address of the range.</summary>
    public nint Cached { get; }

    public ulong Bytes { get; }

    /// <summary>Makes the memory behind a page-aligned range, all zero; null where the host has no address space left.</summary>
    public static ShadowMemory? Create(nint cached, ulong bytes)
    {
        // The second half is for what exposed lines were when they were last in step.
        nint memory = mmap(0, (nuint)bytes * 2, ProtRead | ProtWrite, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        return memory == -1 ? null : new ShadowMemory(cached, bytes, memory);
    }

    public bool Contains(nint address) => (ulong)(address - Cached) < Bytes;

    /// <summary>The page of memory behind the page at <paramref name="page"/>, for an access past the caches.</summary>
    public nint Expose(nint page)
    {
        ulong offset = (ulong)(page - Cached);
        ulong index = offset / PageSize;
        ulong bit = 1UL << (int)(index & 63);
        if ((Volatile.Read(ref _exposed[index >> 6]) & bit) == 0)
        {
            lock (_lock)
            {
                if ((_exposed[index >> 6] & bit) == 0)
                {
                    Buffer.MemoryCopy((void*)Memory(offset), (void*)InStep(offset), PageSize, PageSize);
                    Volatile.Write(ref _exposed[index >> 6], _exposed[index >> 6] | bit);
                }
            }
        }

        return Memory(offset);
    }

    /// <summary>Cleans the line at <paramref name="address"/> to memory, and with <paramref name="invalidate"/> has the next cached access see memory.</summary>
    public void MaintainLine(nint address, bool invalidate)
    {
        ulong offset = (ulong)(address - Cached) & ~(ulong)(LineBytes - 1);
        lock (_lock)
        {
            Maintain(offset, IsExposed(offset), invalidate);
        }
    }

    /// <summary>Cleans and invalidates the page at <paramref name="page"/>.</summary>
    public void CleanInvalidatePage(nint page)
    {
        ulong offset = (ulong)(page - Cached);
        lock (_lock)
        {
            bool exposed = IsExposed(offset);
            if (!exposed && new ReadOnlySpan<byte>((void*)page, (int)PageSize).SequenceEqual(new ReadOnlySpan<byte>((void*)Memory(offset), (int)PageSize)))
            {
                return;
            }

            for (ulong line = offset; line < offset + PageSize; line += LineBytes)
            {
                Maintain(line, exposed, invalidate: true);
            }
        }
    }

    /// <summary>Forgets what memory holds for part of the range (page-aligned), as if other memory had come to be there. Nobody may be using it.</summary>
    public void Discard(nint address, ulong bytes)
    {
        ulong offset = (ulong)(address - Cached);
        lock (_lock)
        {
            madvise(Memory(offset), (nuint)bytes, MadvDontNeed);
            madvise(InStep(offset), (nuint)bytes, MadvDontNeed);
            for (ulong page = offset / PageSize; page < (offset + bytes) / PageSize; page++)
            {
                _exposed[page >> 6] &= ~(1UL << (int)(page & 63));
            }
        }
    }

    public void Dispose() => munmap(_memory, (nuint)Bytes * 2);

    private nint Memory(ulong offset) => _memory + (nint)offset;

    private nint InStep(ulong offset) => _memory + (nint)(Bytes + offset);

    private bool IsExposed(ulong offset) => (_exposed[offset / PageSize >> 6] & (1UL << (int)((offset / PageSize) & 63))) != 0;

    /// <summary>
    /// Maintains one line while guests and VMM go on using it. A store that comes between is never lost: what is written back is one snapshot, against which the line stays dirty; and what memory
    /// has of its own goes into the line word by word, only over the word that was compared.
    /// </summary>
    private void Maintain(ulong offset, bool exposed, bool invalidate)
    {
        // Sound: offset is within the range; the VMM keeps the memory of its slots, and slots are within ranges.
        ulong* line = (ulong*)(Cached + (nint)offset);
        ulong* memory = (ulong*)Memory(offset);
        ulong* inStep = exposed ? (ulong*)InStep(offset) : memory;
        ulong* snapshot = stackalloc ulong[LineWords];
        bool dirty = false;
        for (int i = 0; i < LineWords; i++)
        {
            snapshot[i] = Volatile.Read(ref line[i]);
            dirty |= snapshot[i] != inStep[i];
        }

        if (dirty)
        {
            // Whole lines are written back, also over what was written past them.
            for (int i = 0; i < LineWords; i++)
            {
                Volatile.Write(ref memory[i], snapshot[i]);
                inStep[i] = snapshot[i];
            }
        }
        else if (invalidate && exposed)
        {
            for (int i = 0; i < LineWords; i++)
            {
                ulong value = Volatile.Read(ref memory[i]);
                if (value != snapshot[i])
                {
                    Interlocked.CompareExchange(ref line[i], value, snapshot[i]);
                    inStep[i] = value;
                }
            }
        }
    }

    private const int ProtRead = 1;
    private const int ProtWrite = 2;
    private const int MapPrivate = 0x02;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const int MadvDontNeed = 4;

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
