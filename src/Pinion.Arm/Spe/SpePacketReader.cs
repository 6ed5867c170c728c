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

    /// <param name="bytes">What is read.</param>
    /// <param name="start">Where the first packet begins.</param>
    public SpePacketReader(ReadOnlySpan<byte> bytes, int start = 0)
    {
        _bytes = bytes;
        _offset = start;
    }

    /// <summary>Offset of the next packet.</summary>
    public readonly int Offset => _offset;

    /// <summary>Bytes skipped as <see cref="SpePacketKind.Bad"/> so far.</summary>
    public int BadBytes { get; private set; }

    /// <summary>What is not read yet.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _bytes[_offset..];

    internal readonly byte At(int offset) => _bytes[offset];

    /// <summary>Goes on behind bytes that somebody has read otherwise.</summary>
    internal void Skip(int size) => _offset += size;

    /// <summary>Goes on behind padding; packets of no other kind are passed.</summary>
    public void SkipPadding()
    {
        int length = _bytes[_offset..].IndexOfAnyExcept(SpePacketHeader.Padding);
        _offset = length < 0 ? _bytes.Length : _offset + length;
    }

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
        }

        _offset += packet.Size;
        return true;
    }

    private static SpePacket Decode(ReadOnlySpan<byte> bytes, int offset)
    {
        int headerSize = 1;
        byte indexHigh = 0;
        Shape shape = s_shapes[bytes[0]];
        if (shape.Kind == SpePacketKind.Bad && (bytes[0] & 0xFC) == SpePacketHeader.Extended && bytes.Length > 1)
        {
            // An extended header: bits 4:3 of the index, then an Address or Counter header with the others.
            shape = s_shapes[bytes[1]];
            if (shape.Kind is not (SpePacketKind.Address or SpePacketKind.Counter))
            {
                return Bad(offset);
            }

            indexHigh = (byte)((bytes[0] & 3) << 3);
            headerSize = 2;
        }

        int size = shape.PayloadSize;
        if (bytes.Length < headerSize + size)
        {
            return Bad(offset);
        }

        ReadOnlySpan<byte> payload = bytes[headerSize..];
        ulong value = size switch
        {
            0 => 0,
            1 => payload[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(payload),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(payload),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(payload),
        };
        return new(shape.Kind, (byte)(indexHigh | shape.Index), offset, (byte)headerSize, (byte)size, value);
    }

    private static SpePacket Bad(int offset) => new(SpePacketKind.Bad, 0, offset, 1, 0, 0);

    /// <summary>What a header byte says.</summary>
    private readonly record struct Shape(SpePacketKind Kind, byte Index, byte PayloadSize);

    private static readonly Shape[] s_shapes = [.. Enumerable.Range(0, 256).Select(header => ShapeOf((byte)header))];

    private static Shape ShapeOf(byte header)
    {
        switch (header)
        {
            case SpePacketHeader.Padding:
                return new(SpePacketKind.Padding, 0, 0);
            case SpePacketHeader.End:
                return new(SpePacketKind.End, 0, 0);
            case SpePacketHeader.Timestamp:
                return new(SpePacketKind.Timestamp, 0, 8);
        }

        // Bits 5:4 are the base-2 logarithm of the payload's size.
        var size = (byte)(1 << ((header >> 4) & 3));
        return (header & 0xCF) switch
        {
            SpePacketHeader.Events8 => new(SpePacketKind.Events, 0, size),
            SpePacketHeader.DataSource8 => new(SpePacketKind.DataSource, 0, size),
            _ => (header & 0xFC) switch
            {
                SpePacketHeader.Context => new(SpePacketKind.Context, (byte)(header & 3), size),
                SpePacketHeader.Operation => new(SpePacketKind.Operation, (byte)(header & 3), size),
                _ => (header & 0xF8) switch
                {
                    SpePacketHeader.Address => new(SpePacketKind.Address, (byte)(header & 7), 8),
                    SpePacketHeader.Counter => new(SpePacketKind.Counter, (byte)(header & 7), 2),
                    _ => new(SpePacketKind.Bad, 0, 0),
                },
            },
        };
    }
}
