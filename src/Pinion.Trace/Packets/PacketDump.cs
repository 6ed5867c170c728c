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
    internal const int LongestLine = 512;

    private readonly IBufferWriter<byte> _output;

    /// <param name="output">Gets the text as UTF-8, line by line.</param>
    public PacketDump(IBufferWriter<byte> output) => _output = output;

    /// <summary>All packets of <paramref name="bytes"/> as text.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new ArrayBufferWriter<byte>();
        new PacketDump(text).Write(bytes, 0, 0, new Diagnoses());
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Writes every packet of <paramref name="bytes"/> on its own line; runs of padding share a line. Each run of bytes that are part of no packet is a diagnosis.</summary>
    /// <param name="bytes">Packets.</param>
    /// <param name="offset">Offset of the first byte, as it is printed.</param>
    /// <param name="fileOffset">Where the bytes lie in the file.</param>
    /// <param name="damage">Gets the diagnoses.</param>
    public void Write(ReadOnlySpan<byte> bytes, ulong offset, long fileOffset, Diagnoses damage)
    {
        var reader = new SpePacketReader(bytes);
        int badStart = 0;
        int bad = 0;
        while (reader.TryRead(out SpePacket packet))
        {
            if (packet.Kind != SpePacketKind.Bad && bad != 0)
            {
                Report(damage, fileOffset + badStart, bad);
                bad = 0;
            }

            if (packet.Kind == SpePacketKind.Padding)
            {
                reader.SkipPadding();
                for (int start = packet.Offset; start < reader.Offset; start += BytesPerLine)
                {
                    Padding(bytes.Slice(start, Math.Min(BytesPerLine, reader.Offset - start)), offset + (ulong)start);
                }

                continue;
            }

            if (packet.Kind == SpePacketKind.Bad)
            {
                badStart = bad == 0 ? packet.Offset : badStart;
                bad++;
            }

            var line = new Utf8Line(_output.GetSpan(LongestLine));
            Begin(ref line, bytes.Slice(packet.Offset, packet.Size), offset + (ulong)packet.Offset);
            PacketText.Append(ref line, packet);
            End(line);
        }

        if (bad != 0)
        {
            Report(damage, fileOffset + badStart, bad);
        }
    }

    private static void Report(Diagnoses damage, long fileOffset, int bytes) => damage.Add(fileOffset, bytes == 1 ? "1 byte is part of no packet" : $"{bytes} bytes are part of no packet");

    private void Padding(ReadOnlySpan<byte> bytes, ulong offset)
    {
        var line = new Utf8Line(_output.GetSpan(LongestLine));
        Begin(ref line, bytes, offset);
        line.Append("PAD"u8);
        End(line);
    }

    private static void Begin(ref Utf8Line line, ReadOnlySpan<byte> packet, ulong offset)
    {
        line.Append(".  "u8);
        line.Hex(offset, 8);
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
