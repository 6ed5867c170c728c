using System.Buffers.Binary;

namespace Pinion.Vmm.Devices.NineP;

/// <summary>Puts a 9P message together. What does not fit is left out and sets <see cref="Failed"/>.</summary>
internal ref struct NinePWriter
{
    public const int HeaderSize = 7;

    private readonly Span<byte> _buffer;
    private int _position;

    /// <summary>Begins a message in a buffer of at least <see cref="HeaderSize"/> bytes; the size follows with <see cref="Finish"/>.</summary>
    public NinePWriter(Span<byte> buffer, byte type, ushort tag)
    {
        _buffer = buffer;
        _buffer[4] = type;
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer[5..], tag);
        _position = HeaderSize;
    }

    public bool Failed { get; private set; }

    public readonly int Room => _buffer.Length - _position;

    /// <summary>The unwritten rest of the buffer; tell <see cref="Advance"/> what was put into it.</summary>
    public readonly Span<byte> Rest => _buffer[_position..];

    public void Advance(int count) => _position += count;

    public void U8(byte value)
    {
        if (Take(1) is { Length: 1 } b)
        {
            b[0] = value;
        }
    }

    public void U16(ushort value)
    {
        if (Take(2) is { Length: 2 } b)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(b, value);
        }
    }

    public void U32(uint value)
    {
        if (Take(4) is { Length: 4 } b)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(b, value);
        }
    }

    public void U64(ulong value)
    {
        if (Take(8) is { Length: 8 } b)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(b, value);
        }
    }

    public void Text(scoped ReadOnlySpan<byte> value)
    {
        U16((ushort)value.Length);
        Span<byte> target = Take(value.Length);
        if (target.Length == value.Length)
        {
            value.CopyTo(target);
        }
    }

    public void Qid(Qid qid)
    {
        U8(qid.Type);
        U32(qid.Version);
        U64(qid.Path);
    }

    /// <summary>Writes the size into the header: the length of the message.</summary>
    public readonly int Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer, (uint)_position);
        return _position;
    }

    private Span<byte> Take(int count)
    {
        if (count > Room)
        {
            Failed = true;
            return default;
        }

        Span<byte> taken = _buffer.Slice(_position, count);
        _position += count;
        return taken;
    }
}

/// <summary>The server's identity of a file: kind, version, and a number that no other file has.</summary>
internal readonly record struct Qid(byte Type, uint Version, ulong Path)
{
    public const byte Directory = 0x80;
    public const byte Symlink = 0x02;
}
