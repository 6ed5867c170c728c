using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pinion.Trace.PerfData;

/// <summary>
/// Where the kernel and its modules lie, as perf needs to be told before it looks at symbols: from the text of /proc/kallsyms, which lists every symbol with its module.
/// </summary>
internal static class KernelLayout
{
    private const int LongestName = 512;
    private const int MostModules = 1 << 12;
    private const ulong Page = 0x1000;
    private const string Kernel = "[kernel.kallsyms]";

    /// <summary>Names of the start of the kernel's text, the better one first.</summary>
    private static readonly string[] s_starts = ["_text", "_stext"];

    /// <summary>The mapping of a kernel of which nothing is known but that it lies in the upper half of the address space.</summary>
    public static IReadOnlyList<TraceMapping> Unknown => [new(uint.MaxValue, 0xFFFF_0000_0000_0000, 0xFFFF_FFFF_FFFF, 0xFFFF_0000_0000_0000, Kernel) { BuildId = Identify([], Kernel) }];

    /// <summary>The mappings that perf record would have written for these symbols; none where there are no addresses.</summary>
    public static IReadOnlyList<TraceMapping> Mappings(ReadOnlySpan<byte> kallsyms)
    {
        var modules = new Dictionary<string, (ulong First, ulong Last)>(StringComparer.Ordinal);
        (ulong First, ulong Last) kernel = (ulong.MaxValue, 0);
        var starts = new ulong[s_starts.Length];
        string first = "";
        foreach (Range range in kallsyms.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = kallsyms[range];
            int space = line.IndexOf((byte)' ');
            if (space is < 1 or > 16 || line.Length < space + 4 || line.Length > LongestName || (line[space + 1] | 0x20) is not ((byte)'t' or (byte)'w')
                || !ulong.TryParse(line[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address) || address == 0)
            {
                continue;
            }

            ReadOnlySpan<byte> rest = line[(space + 3)..];
            int open = rest.IndexOf((byte)'[');
            if (open > 0 && rest[^1] == ']')
            {
                Include(modules, Encoding.UTF8.GetString(rest[open..]), address);
                continue;
            }

            string name = Encoding.UTF8.GetString(rest);
            first = address < kernel.First ? name : first;
            kernel = (Math.Min(kernel.First, address), Math.Max(kernel.Last, address));
            if (Array.IndexOf(s_starts, name) is >= 0 and int start)
            {
                starts[start] = address;
            }
        }

        List<TraceMapping> mappings = [];
        if (kernel.First <= kernel.Last)
        {
            // perf looks the named symbol up in the symbols it gets, to see whether the kernel was moved since.
            int named = Array.FindIndex(starts, address => address != 0);
            (string reference, ulong start) = named >= 0 ? (s_starts[named], starts[named]) : (first, kernel.First);
            mappings.Add(new(uint.MaxValue, start, End(kernel.Last) - start, start, Kernel + reference) { BuildId = Identify(kallsyms, Kernel) });
        }

        foreach ((string module, (ulong lowest, ulong highest)) in modules.OrderBy(module => module.Value.First))
        {
            ulong start = lowest & ~(Page - 1);
            mappings.Add(new(uint.MaxValue, start, End(highest) - start, 0, module) { BuildId = Identify(kallsyms, module) });
        }

        return mappings;
    }

    private static void Include(Dictionary<string, (ulong First, ulong Last)> modules, string name, ulong address)
    {
        if (modules.TryGetValue(name, out (ulong First, ulong Last) module))
        {
            modules[name] = (Math.Min(module.First, address), Math.Max(module.Last, address));
        }
        else if (modules.Count < MostModules)
        {
            modules.Add(name, (address, address));
        }
    }

    /// <summary>
    /// Without a build id perf would take the functions of the kernel it runs on, of another architecture as it may be. So what has none gets one, which no file has: of its symbols, so that the same
    /// trace makes the same file.
    /// </summary>
    private static string Identify(ReadOnlySpan<byte> kallsyms, string name)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(kallsyms);
        hash.AppendData(Encoding.UTF8.GetBytes(name));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, PerfDataFormat.BuildIdSize));
    }

    /// <summary>The next page: the last function's size is unknown.</summary>
    private static ulong End(ulong last) => last > ulong.MaxValue - Page ? ulong.MaxValue : (last & ~(Page - 1)) + Page;
}
