using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Pinion.Cli.Guests;

/// <summary>
/// Reads the symbols that an arm64 Image carries for /proc/kallsyms: Debian ships no symbol file. Knows the layout of Linux 5.x to 6.1 (scripts/kallsyms.c):
/// offsets, relative base, count, compressed names, markers, perhaps an order by name, token table, token index.
/// </summary>
internal static class KernelSymbols
{
    private const int Tokens = 256;
    private const int SymbolsPerMarker = 256;
    private const int LongestTokenTable = 4096;
    private const int MostSymbols = 4 << 20;
    private const ulong RelocationRelative = 1027; // R_AARCH64_RELATIVE

    /// <summary>The text of /proc/kallsyms of this kernel when it runs without KASLR; null where the Image has none in the known layout.</summary>
    internal static string? Read(ReadOnlySpan<byte> image)
    {
        if (FindTokens(image) is not { } tokens || FindMarkers(image, tokens.Start) is not { } markers || FindNames(image, markers, tokens.Expansions) is not { } names)
        {
            return null;
        }

        // The count is aligned to 8, the relative base stands before it, the offsets before that.
        int basePosition = names.CountPosition - 8;
        int offsets = basePosition - Align8(names.Count * 4);
        if (offsets < 0 || FindRelativeBase(image, basePosition) is not { } relativeBase)
        {
            return null;
        }

        var text = new StringBuilder();
        int position = names.CountPosition + 8;
        for (int i = 0; i < names.Count; i++)
        {
            if (ReadName(image, ref position, tokens.Expansions) is not { Length: > 1 } name)
            {
                return null;
            }

            ulong address = relativeBase + BinaryPrimitives.ReadUInt32LittleEndian(image[(offsets + (i * 4))..]);
            text.Append(address.ToString("x16", CultureInfo.InvariantCulture)).Append(' ').Append(name[0]).Append(' ').Append(name.AsSpan(1)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Tokens are strings, in a table in which characters that stand for themselves keep their place; the index of offsets behind it makes the find certain.</summary>
    private static (int Start, string[] Expansions)? FindTokens(ReadOnlySpan<byte> image)
    {
        ReadOnlySpan<byte> digits = "0\u00001\u00002\u00003\u00004\u00005\u00006\u00007\u00008\u00009\u0000"u8;
        for (int from = 0; from < image.Length;)
        {
            int found = image[from..].IndexOf(digits);
            if (found < 0)
            {
                return null;
            }

            int zero = from + found;
            for (int start = zero & ~7; start >= 0 && start > zero - LongestTokenTable; start -= 8)
            {
                if (ReadTokens(image, start, zero) is { } expansions)
                {
                    return (start, expansions);
                }
            }

            from = zero + 1;
        }

        return null;
    }

    private static string[]? ReadTokens(ReadOnlySpan<byte> image, int start, int positionOfZero)
    {
        var expansions = new string[Tokens];
        Span<int> offsets = stackalloc int[Tokens];
        int position = start;
        for (int i = 0; i < Tokens; i++)
        {
            if (i == '0' && position != positionOfZero)
            {
                return null;
            }

            int length = position < image.Length ? image[position..].IndexOf((byte)0) : -1;
            if (length < 0 || position + length - start > LongestTokenTable)
            {
                return null;
            }

            offsets[i] = position - start;
            expansions[i] = Encoding.ASCII.GetString(image.Slice(position, length));
            position += length + 1;
        }

        int index = Align8(position);
        if (index + (Tokens * 2) > image.Length)
        {
            return null;
        }

        for (int i = 0; i < Tokens; i++)
        {
            if (BinaryPrimitives.ReadUInt16LittleEndian(image[(index + (i * 2))..]) != offsets[i])
            {
                return null;
            }
        }

        return expansions;
    }

    /// <summary>Finds the markers before the tokens. Kernels since 6.2, and 6.1 in its later stable releases, have three bytes a symbol between the two (kallsyms_seqs_of_names).</summary>
    private static (int Start, int Second, int Last, int Count)? FindMarkers(ReadOnlySpan<byte> image, int tokens)
    {
        if (ReadMarkers(image, tokens) is { } adjacent)
        {
            return adjacent;
        }

        for (int count = SymbolsPerMarker + 1; count < MostSymbols; count++)
        {
            int end = tokens - Align8(count * 3);
            int markers = (count + SymbolsPerMarker - 1) / SymbolsPerMarker;
            int start = end - Align8(markers * 4);
            if (start < 0)
            {
                return null;
            }

            // Reading the markers takes long; whether they would begin with 0 and something else does not.
            if (BinaryPrimitives.ReadUInt64LittleEndian(image[start..]) << 32 == 0 && ReadMarkers(image, end) is { } found && found.Start == start && found.Count == markers)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Markers are the offsets of every 256th name: they rise from 0.</summary>
    private static (int Start, int Second, int Last, int Count)? ReadMarkers(ReadOnlySpan<byte> image, int end)
    {
        if (end < 16)
        {
            return null;
        }

        // An odd number of markers leaves four bytes of padding.
        if (BinaryPrimitives.ReadUInt32LittleEndian(image[(end - 4)..]) == 0)
        {
            end -= 4;
        }

        uint last = BinaryPrimitives.ReadUInt32LittleEndian(image[(end - 4)..]);
        uint next = last;
        for (int at = end - 8; at >= 0; at -= 4)
        {
            uint marker = BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);
            if (marker >= next)
            {
                return null;
            }

            if (marker == 0)
            {
                return last > int.MaxValue ? null : (at, (int)next, (int)last, (end - at) / 4);
            }

            next = marker;
        }

        return null;
    }

    private static (int CountPosition, int Count)? FindNames(ReadOnlySpan<byte> image, (int Start, int Second, int Last, int Count) markers, string[] expansions)
    {
        const int longestRest = SymbolsPerMarker * 512;
        int latest = (markers.Start - markers.Last - 8) & ~7;
        for (int position = latest; position >= 0 && position > latest - longestRest; position -= 8)
        {
            uint count = BinaryPrimitives.ReadUInt32LittleEndian(image[position..]);
            if (count > (markers.Count - 1) * SymbolsPerMarker && count <= markers.Count * SymbolsPerMarker && FirstNamesFit(image, position + 8, markers.Second, expansions))
            {
                return (position, (int)count);
            }
        }

        return null;
    }

    private static bool FirstNamesFit(ReadOnlySpan<byte> image, int names, int second, string[] expansions)
    {
        int position = names;
        for (int i = 0; i < SymbolsPerMarker; i++)
        {
            if (ReadName(image, ref position, expansions) is null)
            {
                return false;
            }
        }

        return position == names + second;
    }

    /// <summary>A name is a length and that many tokens; since 6.1 a length with bit 7 set has a second byte. The first character is the symbol's type.</summary>
    private static string? ReadName(ReadOnlySpan<byte> image, ref int position, string[] expansions)
    {
        if (position + 2 > image.Length)
        {
            return null;
        }

        int length = image[position++];
        if ((length & 0x80) != 0)
        {
            length = (length & 0x7f) | (image[position++] << 7);
        }

        if (length == 0 || position + length > image.Length)
        {
            return null;
        }

        var name = new StringBuilder();
        foreach (byte token in image.Slice(position, length))
        {
            name.Append(expansions[token]);
        }

        position += length;
        return name.ToString();
    }

    /// <summary>The base is filled in by a relocation when the kernel starts; that relocation's place tells where the Image is linked to.</summary>
    private static ulong? FindRelativeBase(ReadOnlySpan<byte> image, int position)
    {
        for (int at = 0; at + 24 <= image.Length; at += 8)
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(image[(at + 8)..]) == RelocationRelative)
            {
                ulong place = BinaryPrimitives.ReadUInt64LittleEndian(image[at..]);
                ulong value = BinaryPrimitives.ReadUInt64LittleEndian(image[(at + 16)..]);
                ulong imageBase = place - (ulong)position;
                // The Image is linked to a multiple of 2 MiB, its first symbol is at the start of a segment: no other relocation passes for this one.
                if ((imageBase & 0x1fffff) == 0 && imageBase >> 48 == 0xffff && (value & 0xfff) == 0 && value - imageBase < (ulong)image.Length)
                {
                    return value;
                }
            }
        }

        return null;
    }

    private static int Align8(int value) => (value + 7) & ~7;
}
