namespace Pinion.Arm.A64;

/// <content>Operands of hints, barriers, prefetches and system instructions.</content>
public static partial class A64Disassembler
{
    private static readonly string[] s_barrierDomains = ["osh", "nsh", "ish", ""];
    private static readonly string[] s_prefetchTypes = ["pld", "pli", "pst"];

    private static bool TryAppendSystem(ref Writer text, ReadOnlySpan<char> word)
    {
        switch (word)
        {
            case "hint":
                text.Hex(Bits.Extract(text.Word, 5, 7));
                return true;
            case "barrier":
                Barrier(ref text);
                return true;
            case "optcrm":
                // The full-system value is the one that is left out.
                if (text.Field('m') != 15)
                {
                    text.Hex(text.Field('m'));
                }

                return true;
            case "pstate":
                PstateField(ref text);
                return true;
            case "prfop":
                PrefetchOperation(ref text);
                return true;
            case "sysop":
                SystemOperation(ref text);
                if (text.Field('t') != 31)
                {
                    text.Append(", ");
                    General(ref text, true, text.Field('t'), false);
                }

                return true;
            case "syslop":
                SystemOperation(ref text);
                return true;
            case "sysregr":
            case "sysregw":
                text.Append(A64SystemRegisterNames.Find(0x8000 | Bits.Extract(text.Word, 5, 15), word[^1] == 'r'));
                return true;
            default:
                return false;
        }
    }

    private static void Barrier(ref Writer text)
    {
        uint crm = text.Field('m');
        if ((crm & 3) == 0)
        {
            text.Append($"#0x{crm:x2}");
            return;
        }

        text.Append(s_barrierDomains[crm >> 2]);
        text.Append((crm & 3) switch { 1 => "ld", 2 => "st", _ => crm == 15 ? "sy" : "" });
    }

    /// <summary>UAO, PAN and SPSel have one bit: any other value prints as the encoding's generic register, as objdump does.</summary>
    private static void PstateField(ref Writer text)
    {
        uint value = text.Field('m');
        string name = Bits.Extract(text.Word, 5, 3) switch { 3 => "uao", 4 => "pan", 5 => "spsel", 6 => "daifset", _ => "daifclr" };
        if (value > 1 && name[0] != 'd')
        {
            text.Append(A64SystemRegisterNames.Generic(Bits.Extract(text.Word, 5, 16) & 0x3FFF));
            text.Append(", xzr");
            return;
        }

        text.Append(name);
        text.Append(", ");
        text.Hex(value);
    }

    private static void PrefetchOperation(ref Writer text)
    {
        uint operation = text.Field('t');
        uint type = operation >> 3;
        uint level = (operation >> 1) & 3;
        if (type == 3 || level == 3)
        {
            text.Append($"#0x{operation:x2}");
            return;
        }

        text.Append(s_prefetchTypes[type]);
        text.Numbered("l", level + 1);
        text.Append((operation & 1) != 0 ? "strm" : "keep");
    }

    private static void SystemOperation(ref Writer text)
    {
        text.Decimal(text.Field('o'));
        text.Append(", C");
        text.Numbered("", text.Field('n'));
        text.Append(", C");
        text.Numbered("", text.Field('m'));
        text.Append(", ");
        text.Decimal(text.Field('u'));
    }
}
