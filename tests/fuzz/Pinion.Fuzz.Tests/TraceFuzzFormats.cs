using System.Buffers.Binary;
using Pinion.Arm.Spe;

namespace Pinion.Fuzz.Tests;

/// <summary>What mutators know of each format.</summary>
internal static class TraceFuzzFormats
{
    /// <summary>Blocks: records, and whatever lies between ends. Tokens: packets, some of them cut.</summary>
    public static TraceFuzzFormat Packets { get; } = new(
        (input, blocks) =>
        {
            var reader = new SpePacketReader(input);
            int start = 0;
            while (reader.TryRead(out SpePacket packet))
            {
                if (packet.Kind is SpePacketKind.End or SpePacketKind.Timestamp)
                {
                    reader.SkipPadding();
                    blocks.Add((start, reader.Offset - start));
                    start = reader.Offset;
                }
            }
        },
        [
            [0], [1], [0x71], [0x42, 2], [0x52, 0x1E, 3], [0x62, 0, 0, 3, 0], [0x72], [0x43, 0xE], [0x53, 0xA, 1], [0x64], [0x65], [0x48, 0], [0x49, 1], [0x4A, 1], [0xB0], [0xB2], [0xB3], [0xB4],
            [0x98, 1, 0], [0x9A], [0x20, 0x9B, 5, 0], [0x21, 0xB0], [0x20, 0], [0xFF], new byte[64],
        ]);

    /// <summary>Blocks: chunks. Tokens: kinds and short lengths.</summary>
    public static TraceFuzzFormat Capture { get; } = new(
        static (input, blocks) => Walk(input, 64, blocks, static rest => rest.Length < 24 ? 0 : 24 + ((BinaryPrimitives.ReadInt64LittleEndian(rest[8..]) + 7) & ~7)),
        [.. Words(1, 2, 3, 4, 5), .. Words(8, 32, 64), "PINIONSP"u8.ToArray(), "[ext4]"u8.ToArray(), .. Packets.Tokens]);

    /// <summary>Blocks: records of the data section. Tokens: types of records with a size, as headers.</summary>
    public static TraceFuzzFormat PerfData { get; } = new(
        static (input, blocks) => Walk(
            input,
            input.Length > 16 && input[8] == 16 ? 16 : (int)Math.Min(int.MaxValue, input.Length >= 48 ? BinaryPrimitives.ReadUInt64LittleEndian(input[40..]) : 0),
            blocks,
            static rest => rest.Length < 8 ? 0
                : BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]) + (rest.Length >= 48 && rest[0] == 71 ? BinaryPrimitives.ReadInt64LittleEndian(rest[8..]) : 0)),
        [
            .. ((uint[])[1, 2, 3, 4, 7, 9, 10, 11, 12, 13, 14, 15, 17, 18, 64, 66, 67, 68, 69, 70, 71, 72, 79, 80, 81, 82, 83]).Select(type => (byte[])[(byte)type, 0, 0, 0, 0, 0, 48, 0]),
            .. Words(4, 9, 16, 0x1_0086, 1 << 18, 0x1010_1010_1010_1010),
            "PERFILE2"u8.ToArray(), [0xFF, 0xFF, 0xFF, 0xFF],
            .. Packets.Tokens,
        ]);

    /// <summary>Blocks: words and what tables consist of.</summary>
    public static TraceFuzzFormat Elf { get; } = new(
        static (input, blocks) =>
        {
            foreach (int size in (ReadOnlySpan<int>)[8, 24, 56, 64])
            {
                for (int start = 64; start + size <= input.Length; start += size)
                {
                    blocks.Add((start, size));
                }
            }
        },
        [.. Words(1, 2, 3, 4, 6, 11, 24, 56, 64), [2, 0x10, 0, 1], [0x12], [0x1A], "GNU\0"u8.ToArray(), "main\0"u8.ToArray()]);

    /// <summary>Blocks: lines.</summary>
    public static TraceFuzzFormat Kallsyms { get; } = new(
        Lines, [.. ((string[])["ffff800080000000 ", "0000000000000000 ", " t ", " T ", " W ", "$x", "\t[ext4]", "\n", " ", "\0", "\r\n", "\u00e9", "fffffffffffffffff"]).Select(System.Text.Encoding.UTF8.GetBytes)]);

    /// <summary>Blocks: lines.</summary>
    public static TraceFuzzFormat Maps { get; } = new(
        Lines, [.. ((string[])["00400000-00401000 ", "-", " r-xp ", " 00000000 ", "00:02 6 ", "/bin/bench", "[vdso]", " (deleted)", "\n", " ", "\0", "\r\n", "\u00e9", "fffffffffffffffff"]).Select(System.Text.Encoding.UTF8.GetBytes)]);

    /// <summary>Blocks: lines.</summary>
    public static TraceFuzzFormat Truth { get; } = new(
        Lines, [.. ((string[])["el,contextid,pc,count", ",", "0x", "-1", "18446744073709551616", "4294967296", "1,", "\n", "\r\n", " ", "\0", "\u00e9", "0,40,0x1000,7\n", "#", "# run ", "# unit ", "# setting ", "# end rows=1", "class", "total_cycles", "recorded=", "spacing=NaN", "="]).Select(System.Text.Encoding.UTF8.GetBytes)]);

    private static IEnumerable<byte[]> Words(params ulong[] words) => words.Select(BitConverter.GetBytes);

    private static void Lines(ReadOnlySpan<byte> input, List<(int Start, int Length)> blocks)
    {
        for (int start = 0; start < input.Length;)
        {
            int length = input[start..].IndexOf((byte)'\n') + 1;
            length = length == 0 ? input.Length - start : length;
            blocks.Add((start, length));
            start += length;
        }
    }

    private delegate long SizeOf(ReadOnlySpan<byte> rest);

    private static void Walk(ReadOnlySpan<byte> input, int start, List<(int Start, int Length)> blocks, SizeOf sizeOf)
    {
        while (start >= 0 && start < input.Length)
        {
            long size = sizeOf(input[start..]);
            if (size <= 0 || size > input.Length - start)
            {
                break;
            }

            blocks.Add((start, (int)size));
            start += (int)size;
        }
    }
}
