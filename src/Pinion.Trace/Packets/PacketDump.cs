using System.Globalization;
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
    private readonly TextWriter _writer;
    private readonly StringBuilder _line = new(128);

    public PacketDump(TextWriter writer) => _writer = writer;

    /// <summary>Bytes that belonged to no packet, over all calls of <see cref="Write"/>.</summary>
    public long BadBytes { get; private set; }

    /// <summary>Writes every packet of <paramref name="bytes"/> on its own line; runs of padding share a line. Returns the offset of the first bad byte, or -1.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpePacketReader(bytes);
        int paddingStart = -1;
        while (reader.TryRead(out SpePacket packet))
        {
            if (packet.Kind == SpePacketKind.Padding)
            {
                paddingStart = paddingStart < 0 ? packet.Offset : paddingStart;
                if (reader.Offset - paddingStart < BytesPerLine)
                {
                    continue;
                }
            }

            if (paddingStart >= 0)
            {
                int end = packet.Kind == SpePacketKind.Padding ? reader.Offset : packet.Offset;
                Line(bytes, paddingStart, end - paddingStart, "PAD");
                paddingStart = -1;
            }

            if (packet.Kind != SpePacketKind.Padding)
            {
                Begin(bytes, packet.Offset, packet.Size);
                PacketText.Append(_line, packet);
                End();
            }
        }

        if (paddingStart >= 0)
        {
            Line(bytes, paddingStart, bytes.Length - paddingStart, "PAD");
        }

        BadBytes += reader.BadBytes;
        return reader.FirstBadOffset;
    }

    private void Line(ReadOnlySpan<byte> bytes, int offset, int size, string text)
    {
        Begin(bytes, offset, size);
        _line.Append(text);
        End();
    }

    private void Begin(ReadOnlySpan<byte> bytes, int offset, int size)
    {
        _line.Clear();
        _line.Append(CultureInfo.InvariantCulture, $".  {offset:x8}: ");
        foreach (byte b in bytes.Slice(offset, size))
        {
            _line.Append(' ').Append(Hex(b >> 4)).Append(Hex(b & 15));
        }

        _line.Append(' ', ((BytesPerLine - size) * 3) + 1);
    }

    private void End()
    {
        _line.Append('\n');
        _writer.Write(_line);
    }

    private static char Hex(int digit) => (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
