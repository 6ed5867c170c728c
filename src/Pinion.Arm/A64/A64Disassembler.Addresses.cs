namespace Pinion.Arm.A64;

/// <content>
/// Addresses. <c>label26</c>, <c>label19</c>, <c>label14</c>, <c>pcrel</c> and <c>pcpage</c> count from the instruction. <c>offX</c> prints its own comma, and
/// nothing for an offset of zero; <c>immX</c> prints always. X says the field and the scale: 9 is imm9; u0 to u3, us, uq are imm12 (field i) scaled by a
/// constant, by sf, by the SIMD size; p2, ps, pz are imm7 of a pair. <c>extX</c> is a register offset with the same scales. <c>post1</c> to <c>post4</c>,
/// <c>spost</c> and <c>rpost</c> are the increment of a structure load: a register, or the bytes transferred.
/// </content>
public static partial class A64Disassembler
{
    private static bool TryAppendAddress(ref Writer text, ReadOnlySpan<char> word)
    {
        switch (word)
        {
            case "label26":
            case "label19":
            case "label14":
                text.Address(text.Pc + ((ulong)text.SignedField('i') << 2));
                return true;
            case "pcrel":
                text.Address(text.Pc + (ulong)((text.SignedField('i') << 2) | text.Field('l')));
                return true;
            case "pcpage":
                text.Address((text.Pc & ~0xFFFUL) + ((ulong)((text.SignedField('i') << 2) | text.Field('l')) << 12));
                return true;
        }

        if (word.Length >= 4 && word[..3] is "off" or "imm" or "ext")
        {
            return TryAppendOffset(ref text, word[..3], word[3..]);
        }

        int post = word.IndexOf("post");
        if (post is not (0 or 1))
        {
            return false;
        }

        uint register = text.Field('m');
        if (register != 31)
        {
            text.Numbered("x", register);
            return true;
        }

        int count = word[^1] - '0';
        text.Decimal(count * word[0] switch
        {
            's' => 1 << SingleSize(text),
            'r' => 1 << (int)text.Field('z'),
            _ => text.Field('q') != 0 ? 16 : 8,
        });
        return true;
    }

    private static bool TryAppendOffset(ref Writer text, ReadOnlySpan<char> form, ReadOnlySpan<char> field)
    {
        int scale;
        switch (field[^1])
        {
            case 's':
                scale = 2 + (int)text.Field('s');
                break;
            case 'q':
                scale = LoadSize(text);
                break;
            case 'z':
                scale = 2 + (int)text.Field('z');
                break;
            case '9':
                scale = 0;
                break;
            case >= '0' and <= '4':
                scale = field[^1] - '0';
                break;
            default:
                return false;
        }

        if (form is "ext")
        {
            RegisterOffset(ref text, scale);
            return true;
        }

        long offset = (field[0] == 'u' ? text.Field('i') : text.SignedField('i')) << scale;
        if (form is "imm")
        {
            text.Decimal(offset);
        }
        else if (offset != 0)
        {
            text.Append(", ");
            text.Decimal(offset);
        }

        return true;
    }

    private static void RegisterOffset(ref Writer text, int scale)
    {
        uint option = text.Field('o');
        bool scaled = text.Field('S') != 0;
        text.Append(", ");
        General(ref text, (option & 1) != 0, text.Field('m'), false);
        if (option == 3 && !scaled)
        {
            return;
        }

        text.Append(", ");
        text.Append(option == 3 ? "lsl" : s_extends[option]);
        if (scaled)
        {
            text.Append(' ');
            text.Decimal(scale);
        }
    }
}
