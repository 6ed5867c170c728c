using System.Globalization;

namespace Pinion.Arm.A64;

/// <content>
/// Immediates, shifts, extends and conditions. <c>dec.f</c> and <c>hex.f</c> print field f; <c>aimm</c>, <c>limm</c> and <c>wide</c> the immediates of
/// add/subtract, logical and move-wide; <c>shl</c> and <c>shr</c> the amount in immh:immb; <c>shift</c> and <c>extreg</c> what is done to Rm.
/// </content>
public static partial class A64Disassembler
{
    private static readonly string[] s_shifts = ["lsl", "lsr", "asr", "ror"];
    private static readonly string[] s_extends = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"];

    private static bool TryAppendImmediate(ref Writer text, ReadOnlySpan<char> word)
    {
        if (word.Length == 5 && word[3] == '.')
        {
            if (word[0] == 'd')
            {
                text.Decimal(text.Field(word[4]));
            }
            else
            {
                text.Hex(text.Field(word[4]));
            }

            return true;
        }

        switch (word)
        {
            case "imm16opt":
                if (text.Field('i') != 0)
                {
                    text.Hex(text.Field('i'));
                }

                return true;
            case "aimm":
                text.Hex(text.Field('i'));
                text.Append(text.Field('h') != 0 ? ", lsl #12" : "");
                return true;
            case "limm":
                Immediates.TryDecodeLogical(text.Field('N'), text.Field('i'), text.Field('r'), out ulong mask);
                text.Hex(text.Field('s') != 0 ? mask : (uint)mask);
                return true;
            case "wide":
                text.Hex(text.Field('i'));
                if (text.Field('w') != 0)
                {
                    text.Append(", lsl ");
                    text.Decimal(text.Field('w') * 16);
                }

                return true;
            case "bitno":
                text.Decimal((text.Field('b') << 5) | text.Field('c'));
                return true;
            case "fbits":
                text.Decimal(64 - text.Field('c'));
                return true;
            case "nzcv":
                text.Hex(text.Field('v'));
                return true;
            case "cond":
                text.Append(s_conditions[text.Field('c')]);
                return true;
            case "shift":
                if (text.Field('t') != 0 || text.Field('i') != 0)
                {
                    text.Append(", ");
                    text.Append(s_shifts[text.Field('t')]);
                    text.Append(' ');
                    text.Decimal(text.Field('i'));
                }

                return true;
            case "extreg":
                ExtendedRegister(ref text);
                return true;
            case "shl":
                text.Decimal(((text.Field('h') << 3) | text.Field('b')) - (8u << ShiftSize(text)));
                return true;
            case "shr":
                text.Decimal((16u << ShiftSize(text)) - ((text.Field('h') << 3) | text.Field('b')));
                return true;
            case "shl64":
                text.Decimal(text.Field('b'));
                return true;
            case "shr64":
                text.Decimal(64 - text.Field('b'));
                return true;
            case "shllimm":
                text.Decimal(8 << (int)text.Field('z'));
                return true;
            case "fpimm":
                Float(ref text, text.Field('i'));
                return true;
            case "vfpimm":
                Float(ref text, (text.Field('i') << 5) | text.Field('j'));
                return true;
            case "modimm":
                ModifiedImmediate(ref text);
                return true;
            default:
                return false;
        }
    }

    private static void ExtendedRegister(ref Writer text)
    {
        uint option = text.Field('o');
        uint amount = text.Field('i');
        bool is64 = text.Field('s') != 0;
        General(ref text, is64 && (option & 3) == 3, text.Field('m'), false);

        // Beside a stack pointer the extend that does nothing is called LSL, and left out when it shifts by nothing. Rd is one only without flags.
        bool setsFlags = Bits.IsSet(text.Word, 29);
        bool stackPointer = text.Field('n') == 31 || (!setsFlags && text.Field('d') == 31);
        if (stackPointer && option == (is64 ? 3u : 2u))
        {
            if (amount != 0)
            {
                text.Append(", lsl ");
                text.Decimal(amount);
            }

            return;
        }

        text.Append(", ");
        text.Append(s_extends[option]);
        if (amount != 0)
        {
            text.Append(' ');
            text.Decimal(amount);
        }
    }

    /// <summary>Prints with 18 digits after the point and at least two of exponent, as C's %.18e does. The values are exact doubles.</summary>
    private static void Float(ref Writer text, uint imm8)
    {
        double value = BitConverter.UInt64BitsToDouble(Immediates.VfpExpandImm64(imm8));
        string digits = value.ToString("e18", CultureInfo.InvariantCulture);

        // .NET's exponent always has three digits; these values need one.
        text.Append('#');
        text.Append(digits.AsSpan(0, digits.Length - 3));
        text.Append(digits.AsSpan(digits.Length - 2));
    }

    private static void ModifiedImmediate(ref Writer text)
    {
        uint imm8 = (text.Field('i') << 5) | text.Field('j');
        uint number = text.Field('d');
        uint q = text.Field('q');
        uint cmode = Bits.Extract(text.Word, 12, 4);
        if (cmode == 14 && Bits.IsSet(text.Word, 29))
        {
            text.Numbered(q != 0 ? "v" : "d", number);
            text.Append(q != 0 ? ".2d, " : ", ");
            text.Hex(Immediates.AdvSimdExpandImm(1, 14, imm8));
            return;
        }

        int log2 = cmode switch { 14 => 0, >= 8 and < 12 => 1, _ => 2 };
        text.Numbered("v", number);
        text.Append('.');
        text.Append(Arrangement(log2, q));
        text.Append(", ");
        text.Hex(imm8);
        uint shift = cmode switch { < 8 => cmode >> 1, < 12 => (cmode >> 1) & 1, < 14 => (cmode & 1) + 1, _ => 0 } * 8;
        if (shift != 0)
        {
            text.Append(cmode >= 12 ? ", msl " : ", lsl ");
            text.Decimal(shift);
        }
    }
}
