using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Profiling;

/// <summary>A zeroed array that never moves, so that hot code can index it without bounds checks. Lives as long as this value is reachable; needs no disposal.</summary>
internal readonly unsafe struct PinnedArray<T>
    where T : unmanaged
{
    private readonly T[] _items;

    public PinnedArray(int count)
    {
        _items = GC.AllocateArray<T>(count, pinned: true);

        // Sound: the array is on the pinned object heap, and this value keeps it alive.
        Pointer = (T*)Unsafe.AsPointer(ref _items[0]);
    }

    public T* Pointer { get; }

    public Span<T> Span => _items;
}
