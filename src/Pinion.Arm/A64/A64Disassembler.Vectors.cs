using System.Numerics;

namespace Pinion.Arm.A64;

/// <content>
/// Vector registers. <c>Vd.T</c> is the register in field d with an arrangement:
/// B, H, S by field q; T by fields z and q; W the full register of elements one size wider than z; L as many bits, of half as many elements one size wider;
/// F floating-point by the one bit z and q; FN and FW the narrow and wide side of a floating-point conversion; FP the pair that a scalar pairwise takes;
/// M by immh (field h) and q; MW one size wider; I by imm5 (field i) and q; Ie the element of imm5, Je the element of imm5's size whose index is field j;
/// d1 the upper doubleword; digits are literal.
/// </content>
public static partial class A64Disassembler
{
    private static bool TryAppendVector(ref Writer text, ReadOnlySpan<char> word)
    {
        switch (word)
        {
            case "elem":
                uint size = text.Field('z');
                return size == 1
                    ? Element(ref text, text.Field('m'), "h", (text.Field('H') << 2) | (text.Field('L') << 1) | text.Field('M'))
                    : Element(ref text, UpperRegister(text), "s", (text.Field('H') << 1) | text.Field('L'));
            case "elemf":
                return text.Field('z') == 0
                    ? Element(ref text, UpperRegister(text), "s", (text.Field('H') << 1) | text.Field('L'))
                    : Element(ref text, UpperRegister(text), "d", text.Field('H'));
            case "elemh":
                return Element(ref text, text.Field('m'), "h", (text.Field('H') << 2) | (text.Field('L') << 1) | text.Field('M'));
            case "elem4b":
                return Element(ref text, UpperRegister(text), "4b", (text.Field('H') << 1) | text.Field('L'));
            case "tbllist":
                List(ref text, text.Field('n'), (int)text.Field('l') + 1, "16b");
                return true;
        }

        if (word.Length == 5 && word[..4] is "list")
        {
            List(ref text, text.Field('t'), word[4] - '0', Arrangement((int)text.Field('z'), text.Field('q')));
            return true;
        }

        if (word.Length == 6 && word[..5] is "slist")
        {
            SingleStructure(ref text, word[5] - '0');
            return true;
        }

        if (word.Length < 4 || word[0] != 'V' || word[2] != '.')
        {
            return false;
        }

        uint number = text.Field(word[1]);
        uint q = text.Field('q');
        uint z = text.Field('z');
        string arrangement;
        switch (word[3..])
        {
            case "B":
                arrangement = Arrangement(0, q);
                break;
            case "H":
                arrangement = Arrangement(1, q);
                break;
            case "S":
                arrangement = Arrangement(2, q);
                break;
            case "T":
                arrangement = Arrangement((int)z, q);
                break;
            case "W":
                arrangement = z == 3 ? "1q" : Arrangement((int)z + 1, 1);
                break;
            case "L":
                arrangement = Arrangement((int)z + 1, q);
                break;
            case "F":
                arrangement = Arrangement((int)z + 2, q);
                break;
            case "FN":
                arrangement = Arrangement((int)z + 1, q);
                break;
            case "FW":
                arrangement = Arrangement((int)z + 2, 1);
                break;
            case "FP":
                arrangement = Arrangement((int)z + 2, z);
                break;
            case "M":
                arrangement = Arrangement(ShiftSize(text), q);
                break;
            case "MW":
                arrangement = Arrangement(ShiftSize(text) + 1, 1);
                break;
            case "I":
                arrangement = Arrangement(BitOperations.TrailingZeroCount(text.Field('i')), q);
                break;
            case "Ie":
                int log2 = BitOperations.TrailingZeroCount(text.Field('i'));
                return Element(ref text, number, Scalars.AsSpan(log2, 1), text.Field('i') >> (log2 + 1));
            case "Je":
                int log2j = BitOperations.TrailingZeroCount(text.Field('i'));
                return Element(ref text, number, Scalars.AsSpan(log2j, 1), text.Field('j') >> log2j);
            case "d1":
                return Element(ref text, number, "d", 1);
            default:
                arrangement = word[3..].ToString();
                break;
        }

        text.Numbered("v", number);
        text.Append('.');
        text.Append(arrangement);
        return true;
    }

    private static string Arrangement(int log2, uint q) => ((log2 << 1) | (int)q) switch
    {
        0 => "8b",
        1 => "16b",
        2 => "4h",
        3 => "8h",
        4 => "2s",
        5 => "4s",
        6 => "1d",
        _ => "2d",
    };

    /// <summary>M:Rm, the register of an indexed element of more than 16 bits.</summary>
    private static uint UpperRegister(in Writer text) => (text.Field('M') << 4) | text.Field('m');

    private static bool Element(ref Writer text, uint number, ReadOnlySpan<char> size, uint index)
    {
        text.Numbered("v", number);
        text.Append('.');
        text.Append(size);
        text.Numbered("[", index);
        text.Append(']');
        return true;
    }

    /// <summary>Three or more registers print as a range, unless they wrap from v31 to v0.</summary>
    private static void List(ref Writer text, uint first, int count, ReadOnlySpan<char> arrangement)
    {
        text.Append('{');
        bool range = count > 2 && first + count <= 32;
        for (int i = 0; i < count; i += range ? count - 1 : 1)
        {
            if (i != 0)
            {
                text.Append(range ? "-" : ", ");
            }

            text.Numbered("v", (first + (uint)i) & 31);
            text.Append('.');
            text.Append(arrangement);
        }

        text.Append('}');
    }

    private static void SingleStructure(ref Writer text, int count)
    {
        // The index is Q:S:size without the bits that the element size leaves over.
        int log2 = SingleSize(text);
        uint index = ((text.Field('q') << 3) | (text.Field('S') << 2) | text.Field('z')) >> log2;
        List(ref text, text.Field('t'), count, Scalars.AsSpan(log2, 1));
        text.Numbered("[", index);
        text.Append(']');
    }

    /// <summary>log2 of the bytes of a single-structure load's element: opcode's high bits (field o), a doubleword where size says so.</summary>
    private static int SingleSize(in Writer text)
    {
        uint scale = text.Field('o');
        return scale == 2 && (text.Field('z') & 1) != 0 ? 3 : (int)scale;
    }
}
