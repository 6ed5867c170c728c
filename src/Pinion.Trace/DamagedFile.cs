namespace Pinion.Trace;

/// <summary>
/// Recognises what is left of a damaged file. Behind a part whose header is damaged, nobody tells where the next part begins: several that follow each other do.
/// </summary>
internal static class DamagedFile
{
    /// <summary>Sizes of parts are multiples of this.</summary>
    public const ulong Step = 4;

    /// <summary>So many parts in a row are no accident.</summary>
    private const int Enough = 3;

    /// <summary>Bytes of the part that may begin at a position; 0 where none does.</summary>
    public delegate ulong SizeOf(TraceBytes bytes, ulong position);

    /// <summary>The first position from <paramref name="position"/> on where several parts follow each other, or parts up to <paramref name="end"/>; null where there is none.</summary>
    public static ulong? FindParts(TraceBytes bytes, ulong position, ulong end, SizeOf sizeOf)
    {
        end = Math.Min(end, (ulong)bytes.Length);
        for (ulong dropped = position; position < end; position += Step)
        {
            dropped = bytes.DropBehind(dropped, position);
            if (ArePartsAt(bytes, position, end, sizeOf))
            {
                return position;
            }
        }

        return null;
    }

    /// <summary>Whether most of <paramref name="magic"/> is there.</summary>
    public static bool IsNearly(ReadOnlySpan<byte> start, ReadOnlySpan<byte> magic)
    {
        const int MostDamaged = 2;
        int different = Math.Max(0, magic.Length - start.Length);
        for (int i = 0; i < Math.Min(start.Length, magic.Length); i++)
        {
            different += start[i] == magic[i] ? 0 : 1;
        }

        return different <= MostDamaged;
    }

    /// <summary>Whether several parts follow each other from <paramref name="position"/> on, or parts up to <paramref name="end"/>.</summary>
    public static bool ArePartsAt(TraceBytes bytes, ulong position, ulong end, SizeOf sizeOf)
    {
        end = Math.Min(end, (ulong)bytes.Length);
        for (int parts = 0; parts < Enough && (position < end || parts == 0); parts++)
        {
            ulong size = sizeOf(bytes, position);
            if (size == 0 || position > end || size > end - position)
            {
                return false;
            }

            position += size;
        }

        return true;
    }
}
