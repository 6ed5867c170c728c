using System.Buffers;
using System.Text;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Packets;

/// <summary>
/// Packets as text, line by line what `perf report -D` of perf 6.1 prints: offset, bytes, meaning. One thing differs: perf takes 2x 00, which no
/// architecture version has, for an alignment packet whose length depends on the address of its own buffer; here it is a bad byte.
/// </summary>
public sealed class PacketDump
{
    private const int BytesPerLine = 16;

    /// <summary>More than the longest line: prefix, 16 bytes in hexadecimal, all names of events.</summary>
    private const int LongestLine = 512;

    private readonly IBufferWriter<byte> _output;

    /// <param name="output">Gets the text as UTF-8, line by line.</param>
    public PacketDump(IBufferWriter<byte> output) => _output = output;

    /// <summary>All packets of <paramref name="bytes"/> as text.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new ArrayBufferWriter<byte>();
        new PacketDump(text).Write(bytes);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Bytes that belonged to no packet, over all calls of <see cref="Write"/>.</summary>
    public long BadBytes { get; private set; }

    /// <summary>Writes every packet of <paramref name="bytes"/> on its own line; runs of padding share a line. Returns the offset of the first bad byte, or -1.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpePacketReader(bytes);
        while (reader.TryRead(out SpePacket packet))
        {
            if (packet.Kind == SpePacketKind.Padding)
            {
                reader.SkipPadding();
                for (int start = packet.Offset; start < reader.Offset; start += BytesPerLine)
                {
                    Padding(bytes, start, Math.Min(BytesPerLine, reader.Offset - start));
                }

                continue;
            }

            var line = new Utf8Line(_output.GetSpan(LongestLine));
            Begin(ref line, bytes.Slice(packet.Offset, packet.Size), packet.Offset);
            PacketText.Append(ref line, packet);
            End(line);
        }

        BadBytes += reader.BadBytes;
        return reader.FirstBadOffset;
    }

    private void Padding(ReadOnlySpan<byte> bytes, int offset, int size)
    {
        var line = new Utf8Line(_output.GetSpan(LongestLine));
        Begin(ref line, bytes.Slice(offset, size), offset);
        line.Append("PAD"u8);
        End(line);
    }

    private static void Begin(ref Utf8Line line, ReadOnlySpan<byte> packet, int offset)
    {
        line.Append(".  "u8);
        line.Hex((uint)offset, 8);
        line.Append(": "u8);
        foreach (byte b in packet)
        {
            line.SpaceAndHex(b);
        }

        line.Spaces(((BytesPerLine - packet.Length) * 3) + 1);
    }

    private void End(Utf8Line line)
    {
        line.Append((byte)'\n');
        _output.Advance(line.Length);
    }
}
