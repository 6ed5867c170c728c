using System.Numerics;

namespace Pinion.Arm.A64;

/// <content>
/// General and scalar registers. The last letter of a word is the field that holds the number:
/// X and W by name, R by sf (field s), Z by the access size (field z), RW by field w (0 is 64-bit), RT by the bit number's top bit (field b), RI by the
/// element size in imm5 (field i), RQ by field q; XS and RS with the stack pointer as register 31.
/// B, H, S, D, Q scalars by name; E by element size (field z), EW one size wider; F by the floating-point type (field z), FT by field t; I by imm5 (field i);
/// SE by the highest bit of immh (field h), SW one size wider; M and P by the size of a load (fields h and z).
/// </content>
public static partial class A64Disassembler
{
    private const string Scalars = "bhsdq";

    private static bool TryAppendRegister(ref Writer text, ReadOnlySpan<char> word)
    {
        switch (word)
        {
            case "Zs1":
            case "Zt1":
                General(ref text, text.Field('z') != 0, (text.Field(word[1]) + 1) & 31, false);
                return true;
            case "retXn":
                uint link = text.Field('n');
                if (link != 30)
                {
                    General(ref text, true, link, false);
                }

                return true;
        }

        if (word.Length is < 2 or > 3 || !char.IsAsciiLetterLower(word[^1]))
        {
            return false;
        }

        char field = word[^1];
        switch (word[..^1])
        {
            case "X":
                General(ref text, true, text.Field(field), false);
                return true;
            case "W":
                General(ref text, false, text.Field(field), false);
                return true;
            case "R":
                General(ref text, text.Field('s') != 0, text.Field(field), false);
                return true;
            case "XS":
                General(ref text, true, text.Field(field), true);
                return true;
            case "RS":
                General(ref text, text.Field('s') != 0, text.Field(field), true);
                return true;
            case "Z":
                General(ref text, text.Width('z') == 2 ? text.Field('z') == 3 : text.Field('z') == 1, text.Field(field), false);
                return true;
            case "RW":
                General(ref text, text.Field('w') == 0, text.Field(field), false);
                return true;
            case "RT":
                General(ref text, text.Field('b') != 0, text.Field(field), false);
                return true;
            case "RI":
                General(ref text, (text.Field('i') & 0xF) == 8, text.Field(field), false);
                return true;
            case "RQ":
                General(ref text, text.Field('q') != 0, text.Field(field), false);
                return true;
            case "B":
                return Scalar(ref text, 0, field);
            case "H":
                return Scalar(ref text, 1, field);
            case "S":
                return Scalar(ref text, 2, field);
            case "D":
                return Scalar(ref text, 3, field);
            case "Q":
                return Scalar(ref text, 4, field);
            case "E":
                return Scalar(ref text, (int)text.Field('z'), field);
            case "EW":
                return Scalar(ref text, (int)text.Field('z') + 1, field);
            case "F":
                return Scalar(ref text, FloatSize(text.Field('z')), field);
            case "FT":
                return Scalar(ref text, FloatSize(text.Field('t')), field);
            case "I":
                return Scalar(ref text, BitOperations.TrailingZeroCount(text.Field('i')), field);
            case "SE":
                return Scalar(ref text, ShiftSize(text), field);
            case "SW":
                return Scalar(ref text, ShiftSize(text) + 1, field);
            case "M":
                return Scalar(ref text, LoadSize(text), field);
            case "P":
                return Scalar(ref text, (int)text.Field('z') + 2, field);
            default:
                return false;
        }
    }

    private static void General(ref Writer text, bool is64, uint number, bool stackPointer)
    {
        if (number == 31)
        {
            text.Append(stackPointer ? is64 ? "sp" : "wsp" : is64 ? "xzr" : "wzr");
        }
        else
        {
            text.Numbered(is64 ? "x" : "w", number);
        }
    }

    private static bool Scalar(ref Writer text, int size, char field)
    {
        text.Numbered(Scalars.AsSpan(size, 1), text.Field(field));
        return true;
    }

    /// <summary>log2 of the bytes of a floating-point type: 00 single, 01 double, 11 half.</summary>
    private static int FloatSize(uint type) => type switch { 0 => 2, 1 => 3, _ => 1 };

    /// <summary>log2 of the bytes of the element that immh of a shift stands for.</summary>
    private static int ShiftSize(in Writer text) => BitOperations.Log2(text.Field('h'));

    /// <summary>log2 of the bytes of a SIMD and floating-point load: opc's high bit (field h) above size (field z).</summary>
    private static int LoadSize(in Writer text) => (int)((text.Field('h') << 2) | text.Field('z'));
}
