using Pinion.Kvm.Memory;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Which guest pages are pinned, by how many buffers, and whether for writing. One number a page in an array over each memslot that has any: a buffer of 64 MiB is 16384 steps of a
/// loop, not as many look-ups. Caller holds the pin lock.
/// </summary>
internal sealed class PinnedPages(Vm vm)
{
    private const ushort Writable = 0x8000;
    private const ushort Unpaid = 0x4000;
    private const ushort OwnersMask = 0x3FFF;

    private readonly List<Area> _areas = [];
    private Area? _last;

    /// <summary>Distinct pages that are pinned.</summary>
    public int Count { get; private set; }

    /// <summary>Distinct pages that are pinned without being locked, because nobody paid for them.</summary>
    public int UnpaidCount { get; private set; }

    /// <summary>The pages of a memslot. Changes of the slot's flags alone leave it as it is.</summary>
    private sealed class Area(MemorySlot slot, bool resident)
    {
        public ulong Gpa { get; } = slot.Gpa;

        public ulong Bytes { get; } = slot.Bytes;

        public nint Hva { get; } = slot.Hva;

        /// <summary>Backed by huge pages of hugetlbfs, which mlock neither counts nor needs to keep.</summary>
        public bool Resident { get; } = resident;

        public ushort[] Pages { get; } = new ushort[slot.Bytes >> MemorySlot.PageShift];

        public bool Contains(ulong gpa) => gpa - Gpa < Bytes;
    }

    /// <summary>
    /// One more buffer needs <paramref name="run"/>, all of it in memslots. Pages that nobody had are added to <paramref name="fresh"/>.
    /// </summary>
    public void Join(in PageRun run, HostRuns fresh)
    {
        // Neighbours in guest physical memory may be of two slots.
        for (PageRun rest = run; rest.Bytes != 0;)
        {
            Area area = AreaOf(rest.Gpa);
            PageRun part = rest with { Bytes = Math.Min(rest.Bytes, area.Gpa + area.Bytes - rest.Gpa) };
            Join(area, part, fresh);
            rest = rest with { Gpa = part.End, Bytes = rest.Bytes - part.Bytes };
        }
    }

    private void Join(Area area, in PageRun run, HostRuns fresh)
    {
        Span<ushort> pages = Range(area, run);
        ushort mark = run.Writable ? Writable : (ushort)0;
        int begin = -1;
        for (int i = 0; i < pages.Length; i++)
        {
            ushort before = pages[i];
            pages[i] = (ushort)((before + 1) | mark);
            if (before == 0)
            {
                begin = begin < 0 ? i : begin;
            }
            else if (begin >= 0)
            {
                Add(area, run, begin, i, fresh);
                begin = -1;
            }
        }

        if (begin >= 0)
        {
            Add(area, run, begin, pages.Length, fresh);
        }
    }

    /// <summary>One buffer less needs <paramref name="run"/>. Pages that nobody has any more are added to <paramref name="gone"/>, unless nobody had paid for them.</summary>
    public void Leave(in PageRun run, HostRuns gone)
    {
        for (PageRun rest = run; rest.Bytes != 0;)
        {
            Area area = AreaOf(rest.Gpa);
            PageRun part = rest with { Bytes = Math.Min(rest.Bytes, area.Gpa + area.Bytes - rest.Gpa) };
            Leave(area, part, gone);
            rest = rest with { Gpa = part.End, Bytes = rest.Bytes - part.Bytes };
        }
    }

    private void Leave(Area area, in PageRun run, HostRuns gone)
    {
        Span<ushort> pages = Range(area, run);
        int begin = -1;
        for (int i = 0; i < pages.Length; i++)
        {
            ushort left = --pages[i];
            if ((left & OwnersMask) == 0)
            {
                pages[i] = 0;
                if ((left & Unpaid) == 0)
                {
                    begin = begin < 0 ? i : begin;
                    continue;
                }

                Count--;
                UnpaidCount--;
            }

            if (begin >= 0)
            {
                Remove(area, run, begin, i, gone);
                begin = -1;
            }
        }

        if (begin >= 0)
        {
            Remove(area, run, begin, pages.Length, gone);
        }
    }

    /// <summary>A page that is pinned is not locked, because nobody paid for it (the sixth posting's way).</summary>
    public void MarkUnpaid(ulong gpa)
    {
        Area area = AreaOf(gpa);
        area.Pages[(gpa - area.Gpa) >> MemorySlot.PageShift] |= Unpaid;
        UnpaidCount++;
    }

    public bool IsPinned(ulong gpa) => StateOf(gpa) != 0;

    public bool IsPinnedWritable(ulong gpa) => (StateOf(gpa) & Writable) != 0;

    /// <summary>Buffers that need a page.</summary>
    public int OwnersOf(ulong gpa) => StateOf(gpa) & OwnersMask;

    /// <summary>One bit for each of 64 pages of <paramref name="slot"/> from <paramref name="word"/> times 64 on: pinned for writing.</summary>
    public ulong WritableWord(MemorySlot slot, int word)
    {
        Area? area = Find(slot.Gpa);
        if (area is null)
        {
            return 0;
        }

        ulong bits = 0;
        ReadOnlySpan<ushort> pages = area.Pages.AsSpan(word * 64);
        pages = pages[..Math.Min(64, pages.Length)];
        if (pages.IndexOfAnyExcept((ushort)0) < 0)
        {
            return 0;
        }

        for (int i = 0; i < pages.Length; i++)
        {
            bits |= (ulong)(pages[i] >> 15) << i;
        }

        return bits;
    }

    /// <summary>A memslot went away. None of its pages is pinned any more.</summary>
    public void Forget(MemorySlot slot)
    {
        _areas.RemoveAll(area => area.Gpa == slot.Gpa);
        _last = null;
    }

    /// <summary>The memory behind a memslot may be of another kind from now on.</summary>
    public void MemoryChanged(MemorySlot slot)
    {
        _areas.RemoveAll(area => area.Gpa == slot.Gpa && area.Pages.AsSpan().IndexOfAnyExcept((ushort)0) < 0);
        _last = null;
    }

    /// <summary>Guest physical addresses of all pinned pages, for checks.</summary>
    public IEnumerable<(ulong Gpa, int Owners)> All()
    {
        foreach (Area area in _areas)
        {
            for (int i = 0; i < area.Pages.Length; i++)
            {
                if (area.Pages[i] != 0)
                {
                    yield return (area.Gpa + ((ulong)i << MemorySlot.PageShift), area.Pages[i] & OwnersMask);
                }
            }
        }
    }

    private void Add(Area area, in PageRun run, int begin, int end, HostRuns fresh)
    {
        Count += end - begin;
        Put(area, run, begin, end, fresh);
    }

    private void Remove(Area area, in PageRun run, int begin, int end, HostRuns gone)
    {
        Count -= end - begin;
        Put(area, run, begin, end, gone);
    }

    private static void Put(Area area, in PageRun run, int begin, int end, HostRuns runs)
    {
        ulong bytes = (ulong)(end - begin) << MemorySlot.PageShift;
        if (area.Resident)
        {
            runs.AddResident(bytes);
        }
        else
        {
            runs.Add(area.Hva + (nint)(run.Gpa - area.Gpa) + ((nint)begin << MemorySlot.PageShift), bytes);
        }
    }

    private static Span<ushort> Range(Area area, in PageRun run) =>
        area.Pages.AsSpan((int)((run.Gpa - area.Gpa) >> MemorySlot.PageShift), (int)(run.Bytes >> MemorySlot.PageShift));

    private ushort StateOf(ulong gpa) => Find(gpa) is { } area ? area.Pages[(gpa - area.Gpa) >> MemorySlot.PageShift] : (ushort)0;

    private Area? Find(ulong gpa)
    {
        if (_last is { } last && last.Contains(gpa))
        {
            return last;
        }

        foreach (Area area in _areas)
        {
            if (area.Contains(gpa))
            {
                return _last = area;
            }
        }

        return null;
    }

    /// <summary>The area of a page that lies in a memslot now.</summary>
    private Area AreaOf(ulong gpa)
    {
        if (Find(gpa) is { } known)
        {
            return known;
        }

        MemorySlot slot = vm.Slots.Find(gpa)!;
        IReadOnlyList<HostMapping> mappings = vm.HostMappings.Within(slot.Hva, slot.Bytes);
        Area area = new(slot, mappings.Count > 0 && mappings.All(mapping => mapping.Huge));
        _areas.Add(area);
        return _last = area;
    }
}
