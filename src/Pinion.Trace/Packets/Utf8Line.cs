using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Pinion.Trace.Packets;

/// <summary>Text put together in bytes that the caller gives; whoever makes a line sees to it that there is room.</summary>
internal ref struct Utf8Line(Span<byte> bytes)
{
    private static readonly uint[] s_spaceAndHex = [.. Enumerable.Range(0, 256).Select(b => (uint)(' ' | (Digit(b >> 4) << 8) | (Digit(b & 15) << 16)))];

    private readonly Span<byte> _bytes = bytes;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_bytes[Length..]);
        Length += text.Length;
    }

    public void Append(byte character) => _bytes[Length++] = character;

    public void Spaces(int count)
    {
        _bytes.Slice(Length, count).Fill((byte)' ');
        Length += count;
    }

    public void Decimal(long value)
    {
        Utf8Formatter.TryFormat(value, _bytes[Length..], out int written);
        Length += written;
    }

    /// <summary>Hexadecimal, at least <paramref name="digits"/> digits.</summary>
    public void Hex(ulong value, int digits = 1)
    {
        int needed = Math.Max(digits, (67 - System.Numerics.BitOperations.LeadingZeroCount(value)) / 4);
        for (int i = needed - 1; i >= 0; i--)
        {
            _bytes[Length++] = Digit((int)(value >> (4 * i)) & 15);
        }
    }

    /// <summary>A space and two digits. Needs room for four bytes.</summary>
    public void SpaceAndHex(byte value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[Length..], s_spaceAndHex[value]);
        Length += 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Digit(int digit) => (byte)(digit + (digit < 10 ? '0' : 'a' - 10));
}
