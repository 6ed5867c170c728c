using System.Runtime.InteropServices;
using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>Build ids of files by their paths, which perf writes behind the records.</summary>
internal sealed class PerfBuildIds(TraceBuilder builder)
{
    private const int Most = 1 << 16;
    private const int PathOffset = 36;
    private readonly Dictionary<string, string> _byPath = [];

    /// <summary>Reads the feature: entries that look like records, one behind the other.</summary>
    public void ReadAll(long position, ReadOnlySpan<byte> content)
    {
        for (ulong at = 0; TryU16(content, at + 6, out ushort size) && size >= PathOffset && Holds(content, at, size); at += size)
        {
            Read(position + (long)at, content.Slice((int)at, size));
        }
    }

    /// <summary>Reads an entry: header, process, 20 bytes of build id, its size and three reserved bytes, path.</summary>
    public void Read(long position, ReadOnlySpan<byte> entry)
    {
        if (entry.Length < PathOffset || !TryU16(entry, 4, out ushort misc))
        {
            builder.Trace.Diagnoses.Add(position, $"a build id entry of {entry.Length} bytes is too short");
            return;
        }

        const int Start = 12;
        int size = (misc & PerfDataFormat.MiscBuildIdSize) != 0 ? entry[Start + PerfDataFormat.BuildIdSize] : PerfDataFormat.BuildIdSize;
        string path = builder.Text(position, entry[PathOffset..]);
        if (_byPath.Count < Most && Text(entry.Slice(Start, PerfDataFormat.BuildIdSize), size) is string id)
        {
            _byPath.TryAdd(path, id);
        }
    }

    /// <summary>Hexadecimal text of a build id of <paramref name="size"/> bytes; null where it is none.</summary>
    public static string? Text(ReadOnlySpan<byte> bytes, int size) =>
        size is < 1 or > PerfDataFormat.BuildIdSize || bytes.Length < size ? null : Convert.ToHexStringLower(bytes[..size]);

    /// <summary>Completes the mappings that do not know their file's build id.</summary>
    public void Apply(SpeTrace trace)
    {
        if (_byPath.Count == 0)
        {
            return;
        }

        foreach (ref TraceMapping mapping in CollectionsMarshal.AsSpan(trace.Mappings))
        {
            if (mapping.BuildId is null && _byPath.TryGetValue(FileOf(mapping), out string? id))
            {
                mapping = mapping with { BuildId = id };
            }
        }
    }

    /// <summary>perf appends the name of a symbol to the kernel's name in mappings: [kernel.kallsyms]_stext.</summary>
    public static string FileOf(in TraceMapping mapping) =>
        mapping.ProcessId == uint.MaxValue && mapping.Path.StartsWith('[') && mapping.Path.IndexOf(']', StringComparison.Ordinal) is > 0 and int end ? mapping.Path[..(end + 1)] : mapping.Path;
}
