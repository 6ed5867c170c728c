using System.Numerics;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>A set of physical CPUs (struct cpumask). Immutable.</summary>
public sealed class CpuSet
{
    private readonly ulong[] _words;

    private CpuSet(ulong[] words) => _words = words;

    /// <summary>CPUs 0 to <paramref name="count"/> - 1.</summary>
    public static CpuSet First(int count) => Of([.. Enumerable.Range(0, count)]);

    public static CpuSet Of(params ReadOnlySpan<int> cpus)
    {
        int last = -1;
        foreach (int cpu in cpus)
        {
            last = Math.Max(last, cpu);
        }

        ulong[] words = new ulong[(last + 64) / 64];
        foreach (int cpu in cpus)
        {
            words[cpu / 64] |= 1UL << (cpu % 64);
        }

        return new CpuSet(words);
    }

    public int Count => _words.Sum(BitOperations.PopCount);

    /// <summary>One more than the highest CPU (nr_cpu_ids of the possible ones).</summary>
    public int Bound
    {
        get
        {
            for (int i = _words.Length - 1; i >= 0; i--)
            {
                if (_words[i] != 0)
                {
                    return (i * 64) + 64 - BitOperations.LeadingZeroCount(_words[i]);
                }
            }

            return 0;
        }
    }

    public bool Contains(int cpu) => cpu >= 0 && cpu / 64 < _words.Length && ((_words[cpu / 64] >> (cpu % 64)) & 1) != 0;

    /// <summary>Every CPU of <paramref name="other"/> is in this set.</summary>
    public bool Contains(CpuSet other)
    {
        for (int i = 0; i < other._words.Length; i++)
        {
            if ((other._words[i] & ~(i < _words.Length ? _words[i] : 0)) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Reads a list as the kernel does (cpulist_parse): numbers and ranges divided by commas or white space, <c>first-last:used/group</c> for the first CPUs of each group, <c>N</c> for the last
    /// CPU, <c>all</c> for all.
    /// </summary>
    /// <param name="list">The list; an empty one is the empty set.</param>
    /// <param name="cpus">CPUs that can exist; a list may not name others.</param>
    /// <param name="set">The set, empty on failure.</param>
    /// <returns>0; -EINVAL for something that is no list; -EOVERFLOW for a number beyond 32 bits; -ERANGE for a CPU that cannot exist.</returns>
    public static int TryParse(ReadOnlySpan<char> list, int cpus, out CpuSet set)
    {
        set = new CpuSet([]);
        ulong[] words = new ulong[(cpus + 63) / 64];
        while (true)
        {
            list = list.TrimStart(" \t\n\v\f\r,");
            if (list.IsEmpty)
            {
                set = new CpuSet(words);
                return 0;
            }

            int result = ParseRegion(ref list, (uint)cpus - 1, out uint first, out uint last, out uint used, out uint group);
            if (result != 0)
            {
                return result;
            }

            if (first > last || group == 0 || used > group)
            {
                return -Errno.EINVAL;
            }

            if (last >= cpus)
            {
                return -Errno.ERANGE;
            }

            for (uint cpu = first; cpu <= last; cpu++)
            {
                if ((cpu - first) % group < used)
                {
                    words[cpu / 64] |= 1UL << (int)(cpu % 64);
                }
            }
        }
    }

    private static int ParseRegion(ref ReadOnlySpan<char> list, uint lastCpu, out uint first, out uint last, out uint used, out uint group)
    {
        first = 0;
        last = lastCpu;
        used = group = 1;
        if (list.StartsWith("all", StringComparison.OrdinalIgnoreCase))
        {
            list = list[3..];
        }
        else
        {
            int result = ParseNumber(ref list, lastCpu, out first);
            last = first;
            if (result != 0 || EndsRegion(list))
            {
                return result;
            }

            if (list[0] != '-')
            {
                return -Errno.EINVAL;
            }

            list = list[1..];
            result = ParseNumber(ref list, lastCpu, out last);
            if (result != 0)
            {
                return result;
            }
        }

        if (EndsRegion(list))
        {
            return 0;
        }

        if (list[0] != ':')
        {
            return -Errno.EINVAL;
        }

        list = list[1..];
        int pattern = ParseNumber(ref list, lastCpu, out used);
        if (pattern != 0)
        {
            return pattern;
        }

        if (list.IsEmpty || list[0] != '/')
        {
            return -Errno.EINVAL;
        }

        list = list[1..];
        return ParseNumber(ref list, lastCpu, out group);
    }

    private static bool EndsRegion(ReadOnlySpan<char> list) => list.IsEmpty || list[0] is ',' or (>= '\t' and <= '\r') or ' ';

    private static int ParseNumber(ref ReadOnlySpan<char> list, uint lastCpu, out uint number)
    {
        number = lastCpu;
        if (!list.IsEmpty && list[0] == 'N')
        {
            list = list[1..];
            return 0;
        }

        int digits = list.IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? list.Length : digits;
        if (digits == 0)
        {
            return -Errno.EINVAL;
        }

        if (!uint.TryParse(list[..digits], out number))
        {
            return -Errno.EOVERFLOW;
        }

        list = list[digits..];
        return 0;
    }
}
