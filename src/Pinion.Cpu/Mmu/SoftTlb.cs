using System.Runtime.InteropServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Mmu;

/// <summary>
/// Which 2 MiB and 1 GiB regions were mapped by blocks, as small Bloom filters: a TLBI by address then has to look for the other 4 KiB fragments of the block only where there can be any.
/// </summary>
internal struct BlockFilter
{
    private ulong _large;
    private ulong _huge;

    /// <summary>Notes the leaf of <paramref name="va"/>, which was found at <paramref name="level"/> of the walk.</summary>
    public void Add(ulong va, int level)
    {
        if (level == 2)
        {
            _large |= Bit(va, 21);
        }
        else if (level < 2)
        {
            _huge |= Bit(va, 30);
        }
    }

    public readonly bool MayContain(ulong va) => (_large & Bit(va, 21)) != 0 || (_huge & Bit(va, 30)) != 0;

    public void Clear() => _large = _huge = 0;

    // The hash drops the top byte, which may be a tag.
    private static ulong Bit(ulong va, int shift) => 1UL << (int)((((va << 8) >> (8 + shift)) * 0x9E37_79B9_7F4A_7C15UL) >> 58);
}

/// <summary>A direct-mapped soft TLB for data. The handlers read <see cref="Entries"/> directly.</summary>
internal sealed unsafe class SoftTlb : IDisposable
{
    private const int JournalSize = 256;

    /// <summary>TLBs whose generations differ.</summary>
    public const int Most = 8;

    // What was filled since the last full flush, so that a flush touches only that. Doubles are harmless.
    private readonly ushort[] _journal = new ushort[JournalSize];
    private readonly ushort[] _notGlobal = new ushort[JournalSize];
    private int _filled;
    private int _notGlobalFilled;
    private BlockFilter _blocks;

    /// <param name="number">Tells its generations from those of the PE's other TLBs, below <see cref="Most"/>.</param>
    public SoftTlb(int number)
    {
        Generation = (ulong)number;
        Entries = (TlbEntry*)NativeMemory.AlignedAlloc(TlbEntry.Count * 32, 64);
        ResetAll();
    }

    public TlbEntry* Entries { get; }

    /// <summary>Changes whenever an entry goes or changes that emitted code remembers: an access that hit before may miss, or go elsewhere.</summary>
    public ulong Generation { get; private set; }

    public TlbEntry* Entry(ulong va) => Entries + ((va >> 12) & (TlbEntry.Count - 1));

    /// <summary>The bits that emitted code leaves in <see cref="TlbEntry.Physical"/> when it remembers a translation: another generation gives the same so seldom that this only costs time.</summary>
    private bool IsRemembered(in TlbEntry entry) =>
        (entry.Physical & TlbEntry.StampMask) == ((((Generation / Most) << TlbEntry.StampShift) | TlbEntry.Remembered) & TlbEntry.StampMask);

    public void Fill(ulong va, ulong pa, byte* host, bool readable, bool writable, bool notGlobal, int level)
    {
        int index = (int)((va >> 12) & (TlbEntry.Count - 1));
        TlbEntry* e = Entries + index;
        ulong page = va & ~0xFFFUL;
        ulong invalid = TlbEntry.InvalidTag(index);

        // A read fill of a page that may already be written keeps the write permission.
        bool keepWrite = e->WritePage == page;
        TlbEntry old = *e;
        e->ReadPage = readable ? page : invalid;
        e->WritePage = writable || keepWrite ? page : invalid;
        e->Addend = (nint)host - (nint)page;
        bool lost = (old.ReadPage != invalid && (old.ReadPage != e->ReadPage || old.Addend != e->Addend)) || (old.WritePage != invalid && (old.WritePage != e->WritePage || old.Addend != e->Addend));
        if (lost && IsRemembered(old))
        {
            Generation += Most;
        }

        e->Physical = pa | (notGlobal ? TlbEntry.NotGlobal : 0) | (lost ? 0 : old.Physical & TlbEntry.StampMask);
        if (_filled < JournalSize)
        {
            _journal[_filled] = (ushort)index;
        }

        _filled++;
        if (notGlobal)
        {
            if (_notGlobalFilled < JournalSize)
            {
                _notGlobal[_notGlobalFilled] = (ushort)index;
            }

            _notGlobalFilled++;
        }

        _blocks.Add(va, level);
    }

    public void FlushAll()
    {
        if (_filled <= JournalSize)
        {
            for (int i = 0; i < _filled; i++)
            {
                Invalidate(_journal[i]);
            }
        }
        else
        {
            ResetAll();
        }

        _filled = 0;
        _notGlobalFilled = 0;
        _blocks.Clear();
    }

    public void FlushNotGlobal()
    {
        if (_notGlobalFilled <= JournalSize)
        {
            for (int i = 0; i < _notGlobalFilled; i++)
            {
                int index = _notGlobal[i];
                if ((Entries[index].Physical & TlbEntry.NotGlobal) != 0)
                {
                    Invalidate(index);
                }
            }
        }
        else
        {
            for (int i = 0; i < TlbEntry.Count; i++)
            {
                if ((Entries[i].Physical & TlbEntry.NotGlobal) != 0)
                {
                    Invalidate(i);
                }
            }
        }

        _notGlobalFilled = 0;
    }

    public void FlushAddress(ulong va)
    {
        Invalidate((int)((va >> 12) & (TlbEntry.Count - 1)));
        if (_blocks.MayContain(va))
        {
            // Such a TLBI is rare enough that the whole gigabyte goes.
            ulong region = (va << 8) >> 38;
            for (int i = 0; i < TlbEntry.Count; i++)
            {
                if ((Entries[i].ReadPage << 8) >> 38 == region || (Entries[i].WritePage << 8) >> 38 == region)
                {
                    Invalidate(i);
                }
            }
        }
    }

    private void Invalidate(int index)
    {
        TlbEntry* e = Entries + index;
        if (IsRemembered(*e))
        {
            Generation += Most;
        }

        e->ReadPage = e->WritePage = TlbEntry.InvalidTag(index);
        e->Physical = 0;
    }

    private void ResetAll()
    {
        for (int i = 0; i < TlbEntry.Count; i++)
        {
            Invalidate(i);
        }
    }

    public void Dispose() => NativeMemory.AlignedFree(Entries);
}

/// <summary>The instruction TLB: virtual pages to pre-decoded pages.</summary>
internal sealed unsafe class CodeTlb : IDisposable
{
    private BlockFilter _blocks;

    public CodeTlb()
    {
        Entries = (CodeTlbEntry*)NativeMemory.AlignedAlloc(CodeTlbEntry.Count * 32, 64);
        FlushAll();
    }

    public CodeTlbEntry* Entries { get; }

    public CodeTlbEntry* Entry(ulong va) => Entries + ((va >> 12) & (CodeTlbEntry.Count - 1));

    public void Fill(ulong page, Rec* records, ulong pa, bool notGlobal, int level)
    {
        CodeTlbEntry* e = Entry(page);
        e->Page = page;
        e->Base = records;
        e->Physical = pa | (notGlobal ? TlbEntry.NotGlobal : 0);
        _blocks.Add(page, level);
    }

    public void FlushAll()
    {
        for (int i = 0; i < CodeTlbEntry.Count; i++)
        {
            Entries[i].Page = ~0UL;
        }

        _blocks.Clear();
    }

    public void FlushNotGlobal()
    {
        for (int i = 0; i < CodeTlbEntry.Count; i++)
        {
            if ((Entries[i].Physical & TlbEntry.NotGlobal) != 0)
            {
                Entries[i].Page = ~0UL;
            }
        }
    }

    public void FlushAddress(ulong va)
    {
        Entry(va)->Page = ~0UL;
        if (_blocks.MayContain(va))
        {
            ulong region = (va << 8) >> 38;
            for (int i = 0; i < CodeTlbEntry.Count; i++)
            {
                if ((Entries[i].Page << 8) >> 38 == region)
                {
                    Entries[i].Page = ~0UL;
                }
            }
        }
    }

    public void Dispose() => NativeMemory.AlignedFree(Entries);
}
