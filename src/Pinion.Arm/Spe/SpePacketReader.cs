using System.Buffers.Binary;

namespace Pinion.Arm.Spe;

/// <summary>
/// Splits bytes into packets (Arm ARM D18.2). Bytes that start no packet are reported as <see cref="SpePacketKind.Bad"/> one by one, and so is a
/// packet cut off by the end of the bytes, so every byte is part of exactly one packet and any input ends.
/// </summary>
public ref struct SpePacketReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _offset;

    public SpePacketReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Offset of the next packet.</summary>
    public readonly int Offset => _offset;

    /// <summary>Bytes skipped as <see cref="SpePacketKind.Bad"/> so far.</summary>
    public int BadBytes { get; private set; }

    /// <summary>Offset of the first bad byte, or -1.</summary>
    public int FirstBadOffset { get; private set; } = -1;

    /// <summary>Reads the next packet; false at the end of the bytes.</summary>
    public bool TryRead(out SpePacket packet)
    {
        if (_offset >= _bytes.Length)
        {
            packet = default;
            return false;
        }

        packet = Decode(_bytes[_offset..], _offset);
        if (packet.Kind == SpePacketKind.Bad)
        {
            BadBytes++;
            if (FirstBadOffset < 0)
            {
                FirstBadOffset = _offset;
            }
        }

        _offset += packet.Size;
        return true;
    }

    private static SpePacket Decode(ReadOnlySpan<byte> bytes, int offset)
    {
        byte header = bytes[0];
        switch (header)
        {
            case SpePacketHeader.Padding:
                return new(SpePacketKind.Padding, 0, offset, 1, 0, 0);
            case SpePacketHeader.End:
                return new(SpePacketKind.End, 0, offset, 1, 0, 0);
            case SpePacketHeader.Timestamp:
                return Payload(SpePacketKind.Timestamp, 0, bytes, offset, 1, 8);
        }

        // Bits 5:4 of the (last) header byte are the base-2 logarithm of the payload's size.
        int size = 1 << ((header >> 4) & 3);
        switch (header & 0xCF)
        {
            case SpePacketHeader.Events8:
                return Payload(SpePacketKind.Events, 0, bytes, offset, 1, size);
            case SpePacketHeader.DataSource8:
                return Payload(SpePacketKind.DataSource, 0, bytes, offset, 1, size);
        }

        switch (header & 0xFC)
        {
            case SpePacketHeader.Context:
                return Payload(SpePacketKind.Context, (byte)(header & 3), bytes, offset, 1, size);
            case SpePacketHeader.Operation:
                return Payload(SpePacketKind.Operation, (byte)(header & 3), bytes, offset, 1, size);
        }

        byte indexHigh = 0;
        int headerSize = 1;
        if ((header & 0xFC) == SpePacketHeader.Extended && bytes.Length > 1)
        {
            indexHigh = (byte)((header & 3) << 3);
            headerSize = 2;
            header = bytes[1];
        }

        byte index = (byte)(indexHigh | (header & 7));
        return (header & 0xF8) switch
        {
            SpePacketHeader.Address => Payload(SpePacketKind.Address, index, bytes, offset, headerSize, 8),
            SpePacketHeader.Counter => Payload(SpePacketKind.Counter, index, bytes, offset, headerSize, 2),
            _ => Bad(offset),
        };
    }

    private static SpePacket Payload(SpePacketKind kind, byte index, ReadOnlySpan<byte> bytes, int offset, int headerSize, int size)
    {
        if (bytes.Length < headerSize + size)
        {
            return Bad(offset);
        }

        ReadOnlySpan<byte> payload = bytes[headerSize..];
        ulong value = size switch
        {
            1 => payload[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(payload),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(payload),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(payload),
        };
        return new(kind, index, offset, (byte)headerSize, (byte)size, value);
    }

    private static SpePacket Bad(int offset) => new(SpePacketKind.Bad, 0, offset, 1, 0, 0);
}
