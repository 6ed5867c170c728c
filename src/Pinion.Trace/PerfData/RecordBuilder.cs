using System.Buffers.Binary;
using System.Text;

namespace Pinion.Trace.PerfData;

/// <summary>Bytes of a record or header, put together field by field.</summary>
internal sealed class RecordBuilder
{
    /// <summary>perf refuses paths longer than PATH_MAX, and a record's size has 16 bits.</summary>
    private const int LongestText = 4095;

    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public RecordBuilder Clear()
    {
        Length = 0;
        return this;
    }

    public RecordBuilder U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Grow(2), value);
        return this;
    }

    public RecordBuilder U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Grow(4), value);
        return this;
    }

    public RecordBuilder U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Grow(8), value);
        return this;
    }

    public RecordBuilder Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Grow(bytes.Length));
        return this;
    }

    public RecordBuilder Zero(int count)
    {
        if (count > 0)
        {
            Grow(count).Clear();
        }

        return this;
    }

    /// <summary>A NUL-terminated text, filled with NULs to a multiple of 8 bytes; cut at PATH_MAX.</summary>
    public RecordBuilder Text(string text)
    {
        ReadOnlySpan<byte> bytes = Cut(text);
        return Bytes(bytes).Zero(8 - (bytes.Length & 7));
    }

    /// <summary>A text as features hold it: the length in 4 bytes, then the text, filled with NULs to a multiple of 64 bytes; cut at PATH_MAX.</summary>
    public RecordBuilder FeatureText(string text)
    {
        const int Unit = 64;
        ReadOnlySpan<byte> bytes = Cut(text);
        int length = (bytes.Length + Unit) / Unit * Unit;
        return U32((uint)length).Bytes(bytes).Zero(length - bytes.Length);
    }

    private static ReadOnlySpan<byte> Cut(string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        return bytes[..Math.Min(bytes.Length, LongestText)];
    }

    private Span<byte> Grow(int count)
    {
        int start = Length;
        if (count > _bytes.Length - start)
        {
            Array.Resize(ref _bytes, Math.Max(start + count, _bytes.Length * 2));
        }

        Length = start + count;
        return _bytes.AsSpan(start, count);
    }
}
