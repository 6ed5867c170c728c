using System.Globalization;

namespace Pinion.Bench;

/// <summary>A line of /proc/PID/smaps with its figures, in KiB.</summary>
internal sealed record MemoryArea(ulong Start, ulong End, string Access, string Name, long ResidentKiB, long ProportionalKiB)
{
    public long SizeKiB => (long)((End - Start) >> 10);

    /// <summary>The address space of process <paramref name="pid"/>.</summary>
    public static List<MemoryArea> Read(int pid)
    {
        List<MemoryArea> areas = [];
        foreach (string line in File.ReadLines($"/proc/{pid}/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].EndsWith(':'))
            {
                if (words[0] == "Rss:")
                {
                    areas[^1] = areas[^1] with { ResidentKiB = long.Parse(words[1], CultureInfo.InvariantCulture) };
                }
                else if (words[0] == "Pss:")
                {
                    areas[^1] = areas[^1] with { ProportionalKiB = long.Parse(words[1], CultureInfo.InvariantCulture) };
                }
            }
            else
            {
                string[] range = words[0].Split('-');
                areas.Add(new MemoryArea(
                    ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    words[1],
                    words.Length > 5 ? words[5] : "",
                    0,
                    0));
            }
        }

        return areas;
    }

    /// <summary>
    /// The areas that hold the guest's RAM: neighbours of anonymous writable memory, together as large as the RAM. The kernel joins neighbouring maps, and divides them
    /// where pages are locked, so the RAM need not be one area of exactly its size. Of several candidates the one nearest in size is it.
    /// </summary>
    public static List<MemoryArea> GuestRam(IReadOnlyList<MemoryArea> areas, long sizeKiB)
    {
        List<MemoryArea> best = [];
        List<MemoryArea> group = [];
        foreach (MemoryArea area in areas)
        {
            bool anonymous = area.Name.Length == 0 && area.Access.StartsWith("rw-p", StringComparison.Ordinal);
            if (!anonymous || (group.Count > 0 && group[^1].End != area.Start))
            {
                Close();
            }

            if (anonymous)
            {
                group.Add(area);
            }
        }

        Close();
        return best;

        void Close()
        {
            long size = group.Sum(a => a.SizeKiB);
            if (size >= sizeKiB && (best.Count == 0 || size < best.Sum(a => a.SizeKiB)))
            {
                best = group;
            }

            group = [];
        }
    }
}
