using System.Runtime.CompilerServices;

namespace Pinion.Arm.A64;

/// <summary>
/// The one table of A64 encodings: decoder, disassembler and tests read it. A row is a line of text in the <c>A64Rows.*.cs</c> files, with the columns
/// <para><c>id  mnemonic  pattern  feature  operands  ; exclusion; exclusion ...</c></para>
/// The pattern has a character a bit, most significant first: 0 and 1 are fixed, x is ignored, equal letters form a field. An exclusion is a list of
/// <c>letter=bits</c>, all of which must hold for the word to be unallocated; <c>@Feature</c> after it means "unless the PE has the feature".
/// In a mnemonic <c>{c}</c> is a condition, <c>{2}</c> the "2" of the upper-half forms, <c>{al}</c> acquire/release and <c>{bh}</c> the size of the access.
/// Operand words are those of <see cref="A64Disassembler"/>.
/// </summary>
/// <remarks>The rows are parsed once, at the first use, into plain arrays: there is no code to compile for each row on the way to the first instruction.</remarks>
public static unsafe class A64Table
{
    private const int GroupCount = 10;

    private static readonly A64Encoding[] s_rows;
    private static readonly A64Exclusion[] s_exclusions;
    private static readonly Line[] s_lines;
    private static readonly int s_count;

    static A64Table()
    {
        // Arrays larger than they need be: trimming them would compile a generic method for each element type on every start.
        s_rows = new A64Encoding[1024];
        s_lines = new Line[1024];
        s_exclusions = new A64Exclusion[2048];
        int rowCount = 1;
        int exclusionCount = 0;
        for (int group = 0; group < GroupCount; group++)
        {
            fixed (byte* text = Group(group))
            {
                ParseGroup(group, text, text + Group(group).Length, ref rowCount, ref exclusionCount);
            }
        }

        s_count = rowCount;
    }

    /// <summary>Number of rows, counting <see cref="A64Id.Undefined"/> as row 0.</summary>
    public static int Count => s_count;

    /// <summary>The rows by id; entries from <see cref="Count"/> on are unused.</summary>
    internal static A64Encoding[] Rows => s_rows;

    /// <summary>The fixed part of a row. Row 0 (<see cref="A64Id.Undefined"/>) has no bits.</summary>
    public static ref readonly A64Encoding Encoding(A64Id id) => ref s_rows[(int)id];

    /// <summary>The row's name in the text of the table; equal to the member of <see cref="A64Id"/>.</summary>
    public static string Name(A64Id id) => Column(id, 0);

    /// <summary>The row's mnemonic as written in the table, suffixes in braces.</summary>
    public static string Mnemonic(A64Id id) => Column(id, 1);

    /// <summary>The row's bit pattern: 32 characters, most significant bit first.</summary>
    public static string Pattern(A64Id id) => Column(id, 2);

    /// <summary>The row's operands in the words of <see cref="A64Disassembler"/>; empty when it has none.</summary>
    public static string Operands(A64Id id) => Column(id, 4);

    /// <summary>Whether an exclusion makes <paramref name="word"/>, which fits the row's fixed bits, unallocated for a PE with <paramref name="features"/>.</summary>
    internal static bool IsExcluded(in A64Encoding row, uint word, A64Feature features)
    {
        int end = row.FirstExclusion + row.ExclusionCount;
        for (int i = row.FirstExclusion; i < end; i++)
        {
            ref readonly A64Exclusion exclusion = ref s_exclusions[i];
            if ((word & exclusion.Mask) == exclusion.Value && (exclusion.UnlessPresent & features) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Group(int index) => index switch
    {
        0 => A64Rows.BranchesAndSystem,
        1 => A64Rows.DataProcessingImmediate,
        2 => A64Rows.DataProcessingRegister,
        3 => A64Rows.LoadsAndStores,
        4 => A64Rows.ScalarFloatingPoint,
        5 => A64Rows.AdvSimdThreeRegister,
        6 => A64Rows.AdvSimdTwoRegister,
        7 => A64Rows.AdvSimdMoveAndShift,
        8 => A64Rows.AdvSimdScalar,
        _ => A64Rows.Crypto,
    };

    // Pointers and no spans, and no optimisation: this runs once on every start, where compiling costs more than running; a span would also have to have
    // its helpers compiled, and the loops would be compiled a second time when they had turned often enough.
    // Sound because the text is a constant of this assembly, every line of it has the columns, and no loop passes the end of the line.
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static void ParseGroup(int group, byte* text, byte* textEnd, ref int rowCount, ref int exclusionCount)
    {
        byte* line = text;
        while (line < textEnd)
        {
            byte* end = line;
            while (end < textEnd && *end is not ((byte)'\n' or (byte)'\r'))
            {
                end++;
            }

            if (end > line && *line != '#')
            {
                s_lines[rowCount].Group = group;
                s_lines[rowCount].Offset = (int)(line - text);
                s_lines[rowCount].Length = (int)(end - line);
                ParseRow(line, end, ref s_rows[rowCount++], ref exclusionCount);
            }

            line = end + 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static void ParseRow(byte* line, byte* end, ref A64Encoding row, ref int exclusionCount)
    {
        byte* pattern = SkipColumn(SkipColumn(line, end), end);
        uint mask = 0;
        uint value = 0;
        for (int i = 0; i < 32; i++)
        {
            // '0' is 0x30 and '1' is 0x31; letters are above.
            uint bit = (uint)pattern[i] - '0';
            bool isFixed = bit <= 1;
            mask = (mask << 1) | (isFixed ? 1u : 0u);
            value = (value << 1) | (isFixed ? bit : 0u);
        }

        byte* feature = SkipColumn(pattern, end);
        row.Mask = mask;
        row.Value = value;
        row.Feature = ParseFeature(feature, end);
        row.FirstExclusion = (ushort)exclusionCount;
        byte* p = feature;
        while (p < end && *p != ';')
        {
            p++;
        }

        while (p < end)
        {
            p = ParseExclusion(p + 1, end, pattern, ref s_exclusions[exclusionCount++]);
        }

        row.ExclusionCount = (ushort)(exclusionCount - row.FirstExclusion);
    }

    /// <summary>Parses up to the next semicolon, or the end of the line, and answers where that is.</summary>
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static byte* ParseExclusion(byte* p, byte* end, byte* pattern, ref A64Exclusion exclusion)
    {
        uint mask = 0;
        uint value = 0;
        while (p < end && *p != ';')
        {
            byte c = *p++;
            if (c == '@')
            {
                exclusion.UnlessPresent = ParseFeature(p, end);
            }
            else if (p < end && *p == '=')
            {
                p++;
                for (int i = 0; i < 32; i++)
                {
                    if (pattern[i] == c && p < end)
                    {
                        uint place = 0x8000_0000u >> i;
                        mask |= *p != 'x' ? place : 0;
                        value |= *p == '1' ? place : 0;
                        p++;
                    }
                }
            }
        }

        exclusion.Mask = mask;
        exclusion.Value = value;
        return p;
    }

    private static A64Feature ParseFeature(byte* text, byte* end)
    {
        byte* stop = text;
        while (stop < end && *stop is not ((byte)' ' or (byte)';'))
        {
            stop++;
        }

        // The members of A64Feature in order. Not Enum.Parse: reflection would cost more than the rest of the table.
        ReadOnlySpan<byte> names = "Base Fp AdvSimd Crc32 Lse Pan Uao Aes Pmull Sha1 Sha256 Rdm DotProd Fp16 Lrcpc"u8;
        int bit = 0;
        fixed (byte* first = names)
        {
            byte* namesEnd = first + names.Length;
            for (byte* name = first; name < namesEnd; bit++)
            {
                byte* p = text;
                while (p < stop && name < namesEnd && *p == *name)
                {
                    p++;
                    name++;
                }

                if (p == stop && (name == namesEnd || *name == ' '))
                {
                    return (A64Feature)(1 << bit);
                }

                name = SkipColumn(name, namesEnd);
            }
        }

        throw new InvalidDataException("The table of encodings names a feature that does not exist.");
    }

    /// <summary>The start of the column after the one at <paramref name="p"/>.</summary>
    private static byte* SkipColumn(byte* p, byte* end)
    {
        while (p < end && *p != ' ')
        {
            p++;
        }

        while (p < end && *p == ' ')
        {
            p++;
        }

        return p;
    }

    private static ReadOnlySpan<byte> NextColumn(ReadOnlySpan<byte> line, scoped ref int position)
    {
        while (position < line.Length && line[position] == ' ')
        {
            position++;
        }

        int length = line[position..].IndexOf((byte)' ');
        length = length < 0 ? line.Length - position : length;
        ReadOnlySpan<byte> column = line.Slice(position, length);
        position += length;
        return column;
    }

    private static string Column(A64Id id, int index)
    {
        if (id == A64Id.Undefined)
        {
            return index == 2 ? new string('x', 32) : string.Empty;
        }

        Line at = s_lines[(int)id];
        ReadOnlySpan<byte> line = Group(at.Group).Slice(at.Offset, at.Length);
        int semicolon = line.IndexOf((byte)';');
        line = (semicolon < 0 ? line : line[..semicolon]).TrimEnd("\r "u8);
        int position = 0;
        ReadOnlySpan<byte> column = default;
        for (int i = 0; i <= Math.Min(index, 3); i++)
        {
            column = NextColumn(line, ref position);
        }

        return System.Text.Encoding.UTF8.GetString(index < 4 ? column : line[position..].TrimStart((byte)' '));
    }

    /// <summary>Where a row's text is.</summary>
    private struct Line
    {
        internal int Group;
        internal int Offset;
        internal int Length;
    }
}
