using System.Buffers.Binary;
using System.Text;

namespace Pinion.Trace.PerfData;

/// <summary>Bytes of a record or header, put together field by field.</summary>
internal sealed class RecordBuilder
{
    /// <summary>perf refuses paths longer than PATH_MAX, and a record's size has 16 bits.</summary>
    private const int LongestText = 4095;

    private readonly MemoryStream _bytes = new();

    public int Length => (int)_bytes.Length;

    public RecordBuilder U32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public RecordBuilder U64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public RecordBuilder Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public RecordBuilder Zero(int count)
    {
        for (; count > 0; count--)
        {
            _bytes.WriteByte(0);
        }

        return this;
    }

    /// <summary>A NUL-terminated text, filled with NULs to a multiple of 8 bytes; cut at PATH_MAX.</summary>
    public RecordBuilder Text(string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        bytes = bytes[..Math.Min(bytes.Length, LongestText)];
        return Bytes(bytes).Zero(8 - (bytes.Length & 7));
    }

    public byte[] ToArray() => _bytes.ToArray();
}
