using System.Globalization;
using System.Text;

namespace Pinion.Cli.Guests;

/// <summary>An initramfs in the making: a "newc" cpio archive (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).</summary>
/// <remarks>The same entries give the same bytes: names sorted by code unit, times and owners 0, inode numbers by position.</remarks>
internal sealed class CpioArchive
{
    private const uint TypeDirectory = 0x4000;
    private const uint TypeCharacterDevice = 0x2000;
    private const uint TypeRegular = 0x8000;
    private const uint TypeSymlink = 0xa000;
    private const int BlockSize = 512;

    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private sealed record Entry(uint Mode, byte[] Data, uint DeviceMajor = 0, uint DeviceMinor = 0);

    /// <summary>The number of entries, the implied parent directories included.</summary>
    internal int Count => _entries.Count;

    internal bool Contains(string path) => _entries.ContainsKey(Normalise(path));

    internal void AddDirectory(string path, uint permissions = 0x1ed /* 0755 */) => Add(path, new Entry(TypeDirectory | permissions, []));

    internal void AddFile(string path, byte[] data, bool executable = false) => Add(path, new Entry(TypeRegular | (executable ? 0x1edu : 0x1a4u), data));

    internal void AddSymlink(string path, string target) => Add(path, new Entry(TypeSymlink | 0x1ff, Encoding.UTF8.GetBytes(target)));

    internal void AddCharacterDevice(string path, uint permissions, uint major, uint minor) => Add(path, new Entry(TypeCharacterDevice | permissions, [], major, minor));

    /// <summary>Writes the archive, trailer and padding to a multiple of 512 bytes included.</summary>
    internal void WriteTo(Stream output)
    {
        long written = 0;
        uint inode = 1;
        foreach ((string name, Entry entry) in _entries)
        {
            written += WriteEntry(output, name, entry, inode++);
        }

        written += WriteEntry(output, "TRAILER!!!", new Entry(0, []), 0);
        output.Write(new byte[(BlockSize - (int)(written % BlockSize)) % BlockSize]);
    }

    private static long WriteEntry(Stream output, string name, Entry entry, uint inode)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        uint links = (entry.Mode & 0xf000) == TypeDirectory ? 2u : 1u;
        var header = new StringBuilder("070701", 110);
        ReadOnlySpan<uint> fields =
        [
            inode, entry.Mode, 0, 0, links, 0, (uint)entry.Data.Length, 0, 0, entry.DeviceMajor, entry.DeviceMinor, (uint)nameBytes.Length + 1, 0,
        ];
        foreach (uint field in fields)
        {
            header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        }

        output.Write(Encoding.ASCII.GetBytes(header.ToString()));
        output.Write(nameBytes);
        int headerLength = header.Length + nameBytes.Length + 1;
        int headerPadding = PaddingToFour(headerLength);
        output.Write(new byte[1 + headerPadding]);
        output.Write(entry.Data);
        int dataPadding = PaddingToFour(entry.Data.Length);
        output.Write(new byte[dataPadding]);
        return headerLength + headerPadding + entry.Data.Length + dataPadding;
    }

    private static int PaddingToFour(int length) => (4 - (length & 3)) & 3;

    private static string Normalise(string path) => path.Trim('/');

    private void Add(string path, Entry entry)
    {
        string name = Normalise(path);
        for (int slash = name.IndexOf('/'); slash > 0; slash = name.IndexOf('/', slash + 1))
        {
            _entries.TryAdd(name[..slash], new Entry(TypeDirectory | 0x1ed, []));
        }

        _entries[name] = entry;
    }
}
