namespace Pinion.Kvm.Spe;

/// <summary>Guest pages side by side that a buffer needs.</summary>
/// <param name="Gpa">Guest physical address of the first.</param>
/// <param name="Bytes">Size, whole pages.</param>
/// <param name="Writable">The profiling unit writes them: all data pages, and tables whose descriptors hardware may update.</param>
internal readonly record struct PageRun(ulong Gpa, ulong Bytes, bool Writable) : IComparable<PageRun>
{
    public ulong End => Gpa + Bytes;

    public int CompareTo(PageRun other) => Gpa.CompareTo(other.Gpa);

    public bool Overlaps(ulong gpa, ulong bytes) => Gpa < gpa + bytes && gpa < End;

    /// <summary>
    /// Sorts <paramref name="runs"/> and joins what touches or overlaps. Pages in several runs stay once, writable where any of them says so.
    /// </summary>
    public static void Normalize(List<PageRun> runs)
    {
        Span<PageRun> all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(runs);
        if (!IsSorted(all))
        {
            all.Sort();
        }

        int kept = 0;
        for (int i = 1; i < all.Length; i++)
        {
            PageRun last = all[kept];
            PageRun next = all[i];
            if (next.Gpa > last.End || (next.Writable != last.Writable && next.Gpa == last.End))
            {
                all[++kept] = next;
            }
            else if (next.Writable == last.Writable)
            {
                all[kept] = last with { Bytes = Math.Max(last.End, next.End) - last.Gpa };
            }
            else
            {
                // A table that lies in the buffer itself: rare enough to do it the long way.
                Split(runs);
                return;
            }
        }

        if (all.Length > 0)
        {
            runs.RemoveRange(kept + 1, runs.Count - kept - 1);
        }
    }

    private static bool IsSorted(ReadOnlySpan<PageRun> runs)
    {
        for (int i = 1; i < runs.Length; i++)
        {
            if (runs[i].Gpa < runs[i - 1].Gpa)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Page by page.</summary>
    private static void Split(List<PageRun> runs)
    {
        SortedDictionary<ulong, bool> pages = [];
        foreach (PageRun run in runs)
        {
            for (ulong gpa = run.Gpa; gpa < run.End; gpa += Memory.MemorySlot.PageSize)
            {
                pages[gpa] = run.Writable || pages.GetValueOrDefault(gpa);
            }
        }

        runs.Clear();
        foreach ((ulong gpa, bool writable) in pages)
        {
            if (runs.Count > 0 && runs[^1].End == gpa && runs[^1].Writable == writable)
            {
                runs[^1] = runs[^1] with { Bytes = runs[^1].Bytes + Memory.MemorySlot.PageSize };
            }
            else
            {
                runs.Add(new PageRun(gpa, Memory.MemorySlot.PageSize, writable));
            }
        }
    }
}
