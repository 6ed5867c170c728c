using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Profiling;

/// <summary>How a translation was found.</summary>
internal enum TlbOutcome
{
    L1Hit,
    L2Hit,
    Walk,
}

/// <summary>
/// The data TLBs: a fully associative first level, a set-associative second, both least recently used. An entry is known by its virtual and physical page together, so a
/// changed translation misses without the model being told of TLB maintenance or of address spaces.
/// </summary>
internal sealed unsafe class TlbModel
{
    private const int GuessCount = 256;
    private const ulong Mix = 0x9E37_79B9_7F4A_7C15;

    private readonly int _entries;
    private readonly int _ways;
    private readonly ulong _setMask;
    private readonly PinnedArray<ulong> _tagStorage;
    private readonly PinnedArray<byte> _byteStorage;
    private readonly ulong* _tags;
    private readonly ulong* _second;

    /// <summary>Where a page was found last, by the low bits of its number.</summary>
    private readonly byte* _guess;

    /// <summary>The entries as a ring from the most to the least recently used; entry number <see cref="_entries"/> is the head, between the two ends.</summary>
    private readonly byte* _older;
    private readonly byte* _newer;
    private ulong _last;

    public TlbModel(TimingParameters parameters)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(parameters.DataTlbEntries, byte.MaxValue, nameof(parameters));
        _entries = parameters.DataTlbEntries;
        _ways = parameters.L2TlbWays;
        _setMask = (ulong)parameters.L2TlbSets - 1;
        _tagStorage = new PinnedArray<ulong>(_entries + (parameters.L2TlbSets * _ways));
        _tags = _tagStorage.Pointer;
        _second = _tags + _entries;
        _byteStorage = new PinnedArray<byte>(GuessCount + (2 * (_entries + 1)));
        _guess = _byteStorage.Pointer;
        _older = _guess + GuessCount;
        _newer = _older + _entries + 1;
        for (int i = 0; i <= _entries; i++)
        {
            _older[i] = (byte)(i == _entries ? 0 : i + 1);
            _newer[i] = (byte)(i == 0 ? _entries : i - 1);
        }
    }

    /// <summary>Looks up the translation of virtual page <paramref name="va"/> to physical page <paramref name="pa"/> (both divided by the page size) and keeps it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TlbOutcome Access(ulong va, ulong pa)
    {
        // Never 0, which stands for an empty entry.
        ulong tag = (va + (pa * Mix)) | (1ul << 63);
        return tag == _last ? TlbOutcome.L1Hit : Search(va, tag);
    }

    private TlbOutcome Search(ulong va, ulong tag)
    {
        _last = tag;
        byte* guess = _guess + (va & (GuessCount - 1));
        int index = *guess;
        if (_tags[index] != tag)
        {
            index = new ReadOnlySpan<ulong>(_tags, _entries).IndexOf(tag);
            if (index < 0)
            {
                index = _newer[_entries];
                _tags[index] = tag;
                *guess = (byte)index;
                MoveToFront(index);
                return SearchSecond(va, tag) ? TlbOutcome.L2Hit : TlbOutcome.Walk;
            }

            *guess = (byte)index;
        }

        MoveToFront(index);
        return TlbOutcome.L1Hit;
    }

    private void MoveToFront(int index)
    {
        byte newer = _newer[index];
        byte older = _older[index];
        _older[newer] = older;
        _newer[older] = newer;
        byte front = _older[_entries];
        _older[index] = front;
        _newer[index] = (byte)_entries;
        _newer[front] = (byte)index;
        _older[_entries] = (byte)index;
    }

    private bool SearchSecond(ulong va, ulong tag)
    {
        ulong* set = _second + ((va & _setMask) * (ulong)_ways);
        ulong moved = *set;
        *set = tag;
        for (int way = 1; way < _ways && moved != tag; way++)
        {
            (set[way], moved) = (moved, set[way]);
        }

        return moved == tag;
    }
}
