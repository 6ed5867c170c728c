using System.Buffers.Binary;
using System.Text;

namespace Pinion.Trace.Store.ClickHouse;

/// <summary>Writes ClickHouse's RowBinary format: the columns of a row one behind the other, numbers little-endian, texts with their length before them, a byte before a value that may be missing.</summary>
/// <param name="output">Where full buffers go.</param>
internal sealed class RowBinaryWriter(Stream output)
{
    private const int Capacity = 1 << 18;

    private readonly byte[] _buffer = new byte[Capacity];
    private int _used;

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; }

    public void WriteUInt8(byte value) => Take(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    /// <summary>Writes a Nullable(UInt8).</summary>
    public void WriteUInt8(bool present, byte value)
    {
        if (WritePresence(present))
        {
            WriteUInt8(value);
        }
    }

    /// <summary>Writes a Nullable(UInt16).</summary>
    public void WriteUInt16(bool present, ushort value)
    {
        if (WritePresence(present))
        {
            WriteUInt16(value);
        }
    }

    /// <summary>Writes a Nullable(UInt32).</summary>
    public void WriteUInt32(bool present, uint value)
    {
        if (WritePresence(present))
        {
            WriteUInt32(value);
        }
    }

    /// <summary>Writes a Nullable(UInt64).</summary>
    public void WriteUInt64(bool present, ulong value)
    {
        if (WritePresence(present))
        {
            WriteUInt64(value);
        }
    }

    public void WriteString(string text) => WriteString(Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a String: its length in LEB128, then its bytes.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        uint length = (uint)utf8.Length;
        for (; length >= 0x80; length >>= 7)
        {
            WriteUInt8((byte)(length | 0x80));
        }

        WriteUInt8((byte)length);
        if (utf8.Length > Capacity)
        {
            Flush();
            output.Write(utf8);
            Length += utf8.Length;
            return;
        }

        utf8.CopyTo(Take(utf8.Length));
    }

    /// <summary>Hands on what is buffered.</summary>
    public void Flush()
    {
        output.Write(_buffer, 0, _used);
        _used = 0;
    }

    private bool WritePresence(bool present)
    {
        WriteUInt8(present ? (byte)0 : (byte)1);
        return present;
    }

    private Span<byte> Take(int size)
    {
        if (Capacity - _used < size)
        {
            Flush();
        }

        Span<byte> taken = _buffer.AsSpan(_used, size);
        _used += size;
        Length += size;
        return taken;
    }
}
