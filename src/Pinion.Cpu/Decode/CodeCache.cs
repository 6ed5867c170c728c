using System.Runtime.InteropServices;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Jit;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <summary>
/// Pre-decoded pages of one PE, by physical page. Records are decoded when first executed. Code is dropped only by the guest's own instruction cache
/// maintenance (CTR_EL0.DIC is 0), 64 bytes at a time, so a kernel that patches itself pays for the lines it patches.
/// </summary>
/// <remarks>
/// Each PE has its own cache: a record is rewritten only by the thread that executes it, so a handler never sees half of an old record and half
/// of a new one. Other PEs ask for invalidation through <see cref="InnerShareableDomain"/>.
/// </remarks>
internal sealed unsafe class CodeCache : IDisposable
{
    /// <param name="codeMemory">Bytes for compiled code; 0: nothing is compiled.</param>
    /// <param name="regions">See <see cref="NativeCode.HasRegions"/>.</param>
    /// <param name="decodesAhead">See <see cref="NativeCode.DecodesAhead"/>.</param>
    public CodeCache(int codeMemory, bool regions, bool decodesAhead)
    {
        if (codeMemory != 0)
        {
            Native = NativeCode.TryCreate(this, codeMemory, regions, decodesAhead);
        }

        _pageBytes = Native is null ? RecordsPerPage * Rec.Size : NativePage.Size;
    }

    /// <summary>Compiled code; null where there is none.</summary>
    public NativeCode? Native { get; }

    /// <summary>Bytes of instruction cache line as CTR_EL0.IminLine gives it: what one IC IVAU drops.</summary>
    public const int LineBytes = 64;

    private const int RecordsPerPage = Rec.PerPage + 1;
    private const int PagesPerChunk = 32;

    /// <summary>Beyond this many pages the whole cache is dropped (132 MB of records).</summary>
    private const int MaxPages = 4096;

    private readonly Dictionary<ulong, nint> _pages = new(1024);
    private readonly List<nint> _chunks = [];
    private readonly Stack<nint> _free = new();
    private readonly int _pageBytes;
    private int _usedInChunk = PagesPerChunk;
    private Rec* _stop;
    private nint _stopped;

    /// <summary>Set when all pages were dropped, so that code TLBs must be flushed before they are used again.</summary>
    public bool Dropped { get; set; }

    /// <summary>Called before records go that were executed.</summary>
    public Action? Dropping { get; set; }

    /// <summary>Pages that hold records now.</summary>
    public int PageCount => _pages.Count;

    /// <summary>Records of physical page <paramref name="pa"/>, whose bytes are at <paramref name="host"/>.</summary>
    public Rec* PageOf(ulong pa, nint host)
    {
        if (_pages.TryGetValue(pa, out nint found))
        {
            Rec* page = (Rec*)found;
            if (page[Rec.PerPage].Imm != host)
            {
                // The memory behind the page was exchanged (memslot change): nothing decoded before is valid.
                Dropping?.Invoke();
                Reset(page, host);
            }

            return page;
        }

        if (_pages.Count >= MaxPages)
        {
            DropAll();
        }

        Rec* fresh = Allocate();
        Reset(fresh, host);
        _pages.Add(pa, (nint)fresh);
        return fresh;
    }

    /// <summary>Drops the line of <paramref name="pa"/>.</summary>
    public void InvalidateLine(ulong pa)
    {
        if (_pages.TryGetValue(pa & ~0xFFFUL, out nint found))
        {
            Dropping?.Invoke();
            Rec* first = (Rec*)found + (int)((pa & 0xFC0) >> 2);
            for (int i = 0; i < LineBytes / 4; i++)
            {
                first[i].Handler = Threaded.DecodeHandler;
                first[i].Op = (ushort)Op.Decode;
            }

            DropBlocks((Rec*)found, (int)((pa & 0xFC0) >> 2), LineBytes / 4);
            DropObserved((Rec*)found, (int)((pa & 0xFC0) >> 2), LineBytes / 4);
            KeepStop();
        }
    }

    /// <summary>Drops everything decoded; pages stay allocated and known.</summary>
    public void InvalidateAll()
    {
        Dropping?.Invoke();
        foreach (nint page in _pages.Values)
        {
            Reset((Rec*)page, (nint)((Rec*)page)[Rec.PerPage].Imm);
        }

        KeepStop();
    }

    /// <summary>Forgets all compiled code; what is decoded stays.</summary>
    public void DropNative()
    {
        foreach (nint page in _pages.Values)
        {
            DropBlocks((Rec*)page, 0, Rec.PerPage);
            DropObserved((Rec*)page, 0, Rec.PerPage);
        }
    }

    /// <summary>Forgets the observing code and short blocks that hold any of <paramref name="count"/> instructions from <paramref name="first"/> on.</summary>
    private void DropObserved(Rec* page, int first, int count)
    {
        if (Native is not null && page[Rec.PerPage].Aux != 0)
        {
            int from = Math.Max(0, first - BlockCompiler.LongestObserved);
            new Span<int>(NativePage.Observed(page) + from, first + count - from).Clear();
            new Span<int>(NativePage.Short(page) + from, first + count - from).Clear();
        }
    }

    /// <summary>Forgets the blocks that hold any of <paramref name="count"/> instructions from <paramref name="first"/> on.</summary>
    public void DropBlocks(Rec* page, int first, int count)
    {
        if (Native is null || page[Rec.PerPage].Aux == 0)
        {
            return;
        }

        byte* lengths = NativePage.Lengths(page);
        for (int i = Math.Max(0, first - NativePage.LongestBlock); i < first + count; i++)
        {
            if (lengths[i] == 0 || i + lengths[i] <= first)
            {
                continue;
            }

            // Entries behind what goes can lead back to it.
            if (NativePage.Entries(page)[i] == 0)
            {
                nint block = NativePage.Slots(page)[i];
                for (int inside = i + 1; inside < i + lengths[i]; inside++)
                {
                    if (NativeCode.IsInside(page, inside, block))
                    {
                        Uncompile(page, inside);
                    }
                }
            }

            Uncompile(page, i);
        }
    }

    private void Uncompile(Rec* page, int index)
    {
        NativePage.Lengths(page)[index] = 0;
        NativePage.Entries(page)[index] = 0;
        NativePage.Slots(page)[index] = Native!.NotCompiled;
        if (page[index].Handler == Threaded.StopHandler)
        {
            page[index].Handler = Threaded.HandlerFor(page, index);
        }
    }

    /// <summary>Has chains stop before <paramref name="r"/>, until <see cref="RemoveStop"/>.</summary>
    public void StopAt(Rec* r)
    {
        _stop = r;
        _stopped = r->Handler;
        r->Handler = Threaded.StopHandler;
    }

    public void RemoveStop()
    {
        _stop->Handler = _stopped;
        _stop = null;
    }

    /// <summary>An invalidation by the chain that runs must not take the stop away, but it counts for the record.</summary>
    private void KeepStop()
    {
        if (_stop != null && _stop->Handler == Threaded.DecodeHandler)
        {
            _stopped = Threaded.DecodeHandler;
            _stop->Handler = Threaded.StopHandler;
        }
    }

    private void DropAll()
    {
        Dropping?.Invoke();
        foreach (nint page in _pages.Values)
        {
            _free.Push(page);
        }

        _pages.Clear();
        Dropped = true;
    }

    private void Reset(Rec* page, nint host)
    {
        if (Native is not null)
        {
            new Span<nint>(NativePage.Slots(page), Rec.PerPage).Fill(Native.NotCompiled);
            new Span<byte>(NativePage.Lengths(page), NativePage.Size - NativePage.LengthsOffset).Clear();
        }

        nint decode = Threaded.DecodeHandler;
        for (int i = 0; i < Rec.PerPage; i++)
        {
            page[i].Handler = decode;
            page[i].Op = (ushort)Op.Decode;
        }

        Rec* guard = page + Rec.PerPage;
        guard->Handler = Threaded.NextPageHandler;
        guard->Op = (ushort)Op.NextPage;
        guard->Imm = host;
        guard->Aux = 0;
    }

    private Rec* Allocate()
    {
        if (_free.TryPop(out nint page))
        {
            return (Rec*)page;
        }

        if (_usedInChunk == PagesPerChunk)
        {
            _chunks.Add((nint)NativeMemory.AlignedAlloc((nuint)(PagesPerChunk * _pageBytes), 64));
            _usedInChunk = 0;
        }

        return (Rec*)((byte*)_chunks[^1] + (_pageBytes * _usedInChunk++));
    }

    public void Dispose()
    {
        foreach (nint chunk in _chunks)
        {
            NativeMemory.AlignedFree((void*)chunk);
        }

        _chunks.Clear();
        _pages.Clear();
        Native?.Dispose();
    }
}
