using System.Buffers.Binary;
using System.Text;

namespace Pinion.Trace.Tests;

/// <summary>Parts of perf.data files as perf lays them out, from perf_event_open(2) and perf.data-file-format.txt.</summary>
internal static class PerfDataBytes
{
    public const uint SpePmu = 9;
    public const ulong TidTimeCpuIdentifier = 0x1_0086;
    public const ulong SampleIdAll = 1ul << 18;

    public static byte[] Words(params ulong[] words) => [.. words.SelectMany(BitConverter.GetBytes)];

    public static byte[] Record(uint type, byte[] body, ushort misc = 0) =>
        [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(misc), .. BitConverter.GetBytes((ushort)(body.Length + 8)), .. body];

    /// <summary>Two numbers of 32 bits in a word.</summary>
    public static ulong Pair(uint low, uint high) => low | ((ulong)high << 32);

    /// <summary>A file as perf record -o - writes it.</summary>
    public static byte[] Piped(params byte[][] records) => [.. "PERFILE2"u8, 16, 0, 0, 0, 0, 0, 0, 0, .. records.SelectMany(r => r)];

    /// <summary>An event's record in a pipe: attributes of 144 bytes, then identifiers.</summary>
    public static byte[] Event(uint type, ulong sampleType, ulong flags, ulong period = 0, ulong[]? config = null, uint clock = 0, params ulong[] ids)
    {
        var attr = new byte[144];
        BinaryPrimitives.WriteUInt32LittleEndian(attr, type);
        BinaryPrimitives.WriteInt32LittleEndian(attr.AsSpan(4), attr.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(16), period);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(24), sampleType);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(40), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(attr.AsSpan(92), clock);
        foreach ((int offset, ulong value) in new[] { 8, 56, 64, 128, 136 }.Zip(config ?? []))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(offset), value);
        }

        return Record(64, [.. attr, .. Words(ids)]);
    }

    /// <summary>The end of a record: process and thread, time, CPU, identifier.</summary>
    public static byte[] End(uint thread, ulong time, uint cpu, ulong id = 0) => Words(Pair(thread, thread), time, cpu, id);

    public static byte[] Feature(uint feature, params byte[] content) => Record(80, [.. Words(feature), .. content]);

    /// <summary>Length and bytes, NULs at the end.</summary>
    public static byte[] FeatureText(string text) => [.. BitConverter.GetBytes(64), .. Padded(text, 64)];

    public static byte[] Padded(string text, int size)
    {
        var bytes = new byte[size];
        Encoding.UTF8.GetBytes(text).CopyTo(bytes, 0);
        return bytes;
    }
}
