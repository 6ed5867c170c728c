using System.Buffers.Binary;

namespace Pinion.Trace;

/// <summary>Bounds-checked reads at 64-bit offsets that come from a file and may be anything.</summary>
internal static class LittleEndian
{
    /// <summary>PATH_MAX, and more than any symbol: without a bound, many names that overlap would take quadratic room.</summary>
    private const int LongestText = 4096;

    public static bool Holds(ReadOnlySpan<byte> bytes, ulong offset, ulong size) => offset <= (ulong)bytes.Length && size <= (ulong)bytes.Length - offset;

    public static bool TryU16(ReadOnlySpan<byte> bytes, ulong offset, out ushort value)
    {
        bool holds = Holds(bytes, offset, 2);
        value = holds ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(int)offset..]) : (ushort)0;
        return holds;
    }

    public static bool TryU32(ReadOnlySpan<byte> bytes, ulong offset, out uint value)
    {
        bool holds = Holds(bytes, offset, 4);
        value = holds ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[(int)offset..]) : 0;
        return holds;
    }

    public static bool TryU64(ReadOnlySpan<byte> bytes, ulong offset, out ulong value)
    {
        bool holds = Holds(bytes, offset, 8);
        value = holds ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[(int)offset..]) : 0;
        return holds;
    }

    /// <summary>The text from <paramref name="offset"/> to the next NUL or the end of <paramref name="bytes"/>, at most 4 KiB; malformed UTF-8 is replaced.</summary>
    public static string Text(ReadOnlySpan<byte> bytes, ulong offset)
    {
        if (offset >= (ulong)bytes.Length)
        {
            return "";
        }

        ReadOnlySpan<byte> rest = bytes[(int)offset..];
        rest = rest[..Math.Min(rest.Length, LongestText)];
        int end = rest.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
