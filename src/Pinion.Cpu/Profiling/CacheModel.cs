using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Tags of one set-associative cache. A set lists its lines from the most to the least recently used, so the usual hit is one compare with the first.
/// Line numbers are physical addresses divided by the line size; tags keep 32 bits above the set index, so lines 2^46 bytes or more apart can be mistaken for each other.
/// </summary>
internal sealed unsafe class CacheModel
{
    private const uint Empty = uint.MaxValue;

    private readonly PinnedArray<uint> _storage;
    private readonly uint* _tags;
    private readonly int _ways;
    private readonly int _waysShift;
    private readonly int _setShift;
    private readonly ulong _setMask;

    public CacheModel(CacheGeometry geometry)
    {
        int lines = geometry.Bytes / TimingParameters.LineBytes;
        int sets = lines / geometry.Ways;
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(sets) && BitOperations.IsPow2(geometry.Ways), true, nameof(geometry));
        _ways = geometry.Ways;
        _waysShift = BitOperations.Log2((uint)geometry.Ways);
        _setShift = BitOperations.Log2((uint)sets);
        _setMask = (ulong)sets - 1;
        _storage = new PinnedArray<uint>(lines);
        _storage.Span.Fill(Empty);
        _tags = _storage.Pointer;
    }

    /// <summary>True when the cache has <paramref name="line"/>. Either way it is the most recently used line of its set afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Access(ulong line)
    {
        uint* set = _tags + ((line & _setMask) << _waysShift);
        uint tag = (uint)(line >> _setShift);
        return *set == tag || AccessOthers(set, tag);
    }

    private bool AccessOthers(uint* set, uint tag)
    {
        uint moved = *set;
        for (int way = 1; way < _ways; way++)
        {
            uint here = set[way];
            set[way] = moved;
            if (here == tag)
            {
                *set = tag;
                return true;
            }

            moved = here;
        }

        *set = tag;
        return false;
    }
}
