using System.Globalization;
using System.Runtime.InteropServices;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>A mapping of this process (struct vm_area_struct), with the flags that matter to whoever maps it into a guest.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last byte.</param>
/// <param name="Readable">VM_READ.</param>
/// <param name="Writable">VM_WRITE.</param>
/// <param name="Locked">VM_LOCKED: mlock keeps its pages resident.</param>
/// <param name="Huge">VM_HUGETLB: its pages stay resident by their nature.</param>
public readonly record struct HostMapping(nint Start, nint End, bool Readable, bool Writable, bool Locked = false, bool Huge = false);

/// <summary>
/// What this room asks of the host about the mappings behind memslots. Calls answer 0 or a negative errno.
/// </summary>
public interface IHostMappings
{
    /// <summary>Mappings that overlap a range, ascending.</summary>
    IReadOnlyList<HostMapping> Within(nint address, ulong bytes);

    /// <summary>Faults a page-aligned range in for writing (get_user_pages with FOLL_WRITE).</summary>
    /// <returns>0; -EFAULT where memory is gone, or is poisoned; -ENOMEM.</returns>
    int Populate(nint address, ulong bytes);
}

/// <summary>The host itself: /proc/self/smaps.</summary>
public sealed partial class LinuxHostMappings : IHostMappings
{
    private const int MadvPopulateWrite = 23;
    private const int HardwarePoison = 133;

    public IReadOnlyList<HostMapping> Within(nint address, ulong bytes)
    {
        using StreamReader smaps = File.OpenText("/proc/self/smaps");
        return Parse(smaps, address, address + (nint)bytes);
    }

    public int Populate(nint address, ulong bytes)
    {
        if (madvise(address, (nuint)bytes, MadvPopulateWrite) == 0)
        {
            return 0;
        }

        return Marshal.GetLastPInvokeError() switch
        {
            // Hosts before 5.14 cannot be asked. What is locked is resident already.
            Errno.EINVAL => 0,
            Errno.ENOMEM or Errno.EFAULT or HardwarePoison => -Errno.EFAULT,
            int error => -error,
        };
    }

    /// <summary>Reads smaps' text: a line of addresses for each mapping, then lines of which only VmFlags matters.</summary>
    internal static List<HostMapping> Parse(TextReader smaps, nint start, nint end)
    {
        List<HostMapping> found = [];
        (nint Start, nint End)? range = null;
        while (smaps.ReadLine() is { } line)
        {
            if (ParseRange(line) is { } header)
            {
                if (header.Start >= end)
                {
                    break;
                }

                range = header.End > start ? header : null;
            }
            else if (range is { } mapping && line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                string[] flags = line["VmFlags:".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                found.Add(new HostMapping(mapping.Start, mapping.End, flags.Contains("rd"), flags.Contains("wr"), flags.Contains("lo"), flags.Contains("ht")));
                range = null;
            }
        }

        return found;
    }

    private static (nint Start, nint End)? ParseRange(string line)
    {
        int dash = line.IndexOf('-', StringComparison.Ordinal);
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return dash > 0 && space > dash
            && TryParseAddress(line.AsSpan(0, dash), out nint start) && TryParseAddress(line.AsSpan(dash + 1, space - dash - 1), out nint end)
            ? (start, end)
            : null;
    }

    private static bool TryParseAddress(ReadOnlySpan<char> text, out nint address)
    {
        // The kernel's own vsyscall page lies beyond what a signed address holds.
        bool is64 = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        address = (nint)Math.Min(value, (ulong)nint.MaxValue);
        return is64;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(nint address, nuint length, int advice);
}

/// <summary>Mappings that a test makes up.</summary>
public sealed class DeterministicHostMappings : IHostMappings
{
    /// <summary>All mappings there are. Null: everything is mapped, readable and writable, and nothing is locked.</summary>
    public List<HostMapping>? Mappings { get; set; }

    /// <summary>Asked before each <see cref="Populate"/>, where the test may change things too: an errno to fail with, or 0.</summary>
    public Func<nint, ulong, int>? FailPopulate { get; set; }

    /// <summary>Calls of <see cref="Populate"/> that succeeded.</summary>
    public List<(nint Address, ulong Bytes)> Populated { get; } = [];

    public IReadOnlyList<HostMapping> Within(nint address, ulong bytes)
    {
        nint end = address + (nint)bytes;
        return Mappings is { } mappings
            ? [.. mappings.Where(mapping => mapping.Start < end && mapping.End > address).OrderBy(mapping => mapping.Start)]
            : [new HostMapping(address, end, Readable: true, Writable: true)];
    }

    public int Populate(nint address, ulong bytes)
    {
        int error = FailPopulate?.Invoke(address, bytes) ?? 0;
        if (error == 0)
        {
            Populated.Add((address, bytes));
        }

        return -error;
    }
}
