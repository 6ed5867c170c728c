using Pinion.Arm.A64;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Which registers an operation waits for and makes, read from the operands of its row in <see cref="A64Table"/>. Approximations: SP and XZR are always ready, writeback of
/// a base register costs nothing, and of the stored registers of a pair only the first counts.
/// </summary>
internal static class OperandRouting
{
    private const int FieldM = 16;
    private const int LinkRegister = 30;

    private static readonly string[] s_flagWriters = ["adds", "subs", "ands", "bics", "adcs", "sbcs", "ccmp", "ccmn", "fcmp", "fccmp"];

    private static readonly string[] s_carryReaders = ["adc", "sbc"];

    /// <summary>Mnemonics (or beginnings of them) whose destination is also a source.</summary>
    private static readonly string[] s_accumulators =
    [
        "movk", "bfm", "mla", "mls", "fmla", "fmls", "saba", "uaba", "smlal", "umlal", "smlsl", "umlsl", "sqdmlal", "sqdmlsl", "sqrdmla", "sqrdmls", "sdot", "udot",
        "bsl", "bit", "bif", "ins", "tbx", "sadalp", "uadalp", "ssra", "usra", "srsra", "ursra", "sri", "sli", "suqadd", "usqadd", "aese", "aesd", "sha1", "sha256",
    ];

    public static void Apply(A64Id id, ref OperationInfo info)
    {
        info.Base1 = info.Base2 = info.Base3 = OperationInfo.NoSource;
        info.Base4 = info.Base5 = OperationInfo.NoDestination;
        string pattern = A64Table.Pattern(id);
        string mnemonic = A64Table.Mnemonic(id);
        foreach (string word in A64Table.Operands(id).Split([' ', ',', '[', ']', '!'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryParse(word, out char letter, out byte file))
            {
                A64Field field = A64Fields.Find(pattern, letter);
                if (field.Width is 4 or 5)
                {
                    Route(id, letter, field, file, ref info);
                }
            }
        }

        RouteFlags(id, mnemonic, ref info);
        if (info.Has(OperationFlags.Call))
        {
            info.Base4 = LinkRegister;
            info.Mask4 = 0;
        }
        else if (StartsWithAny(mnemonic, s_accumulators) && info.Base4 != OperationInfo.NoDestination)
        {
            (info.Base3, info.Mask3, info.Shift3) = (info.Base4, info.Mask4, info.Shift4);
        }
    }

    /// <summary>An operand word names a register file by its first letter and a field by its last (before the arrangement).</summary>
    private static bool TryParse(string word, out char letter, out byte file)
    {
        int dot = word.IndexOf('.', StringComparison.Ordinal);
        letter = (dot < 0 ? word : word[..dot])[^1];
        file = word[0] is 'R' or 'W' or 'X' or 'Z' ? (byte)0 : OperationInfo.VectorBase;
        if (char.IsAsciiLetterUpper(word[0]))
        {
            return char.IsAsciiLetterLower(letter);
        }

        (letter, file) = word switch
        {
            "retXn" => ('n', (byte)0),
            _ when word.StartsWith("ext", StringComparison.Ordinal) => ('m', (byte)0),
            _ when word.StartsWith("elem", StringComparison.Ordinal) => ('m', OperationInfo.VectorBase),
            _ when word.StartsWith("list", StringComparison.Ordinal) || word.StartsWith("slist", StringComparison.Ordinal) => ('t', OperationInfo.VectorBase),
            "tbllist" => ('n', OperationInfo.VectorBase),
            _ => ('\0', (byte)0),
        };
        return letter != '\0';
    }

    private static void Route(A64Id id, char letter, A64Field field, byte file, ref OperationInfo info)
    {
        bool store = info.Has(OperationFlags.Store);
        bool load = info.Has(OperationFlags.Load);
        bool compareAndSwap = id is A64Id.Cas or A64Id.Casp;
        var mask = (byte)((1 << field.Width) - 1);
        switch (letter)
        {
            case 'n':
                (info.Base1, info.Mask1) = (file, mask);
                break;
            case 'm':
                (info.Base2, info.Mask2) = (file, mask);
                break;
            case 'a':
                (info.Base3, info.Mask3, info.Shift3) = (file, mask, (byte)field.Low);
                break;
            case 'd':
                (info.Base4, info.Mask4) = (file, mask);
                break;
            case 't' when (load && !compareAndSwap) || id is A64Id.Mrs or A64Id.Sysl:
                (info.Base4, info.Mask4) = (file, mask);
                break;
            case 't':
                (info.Base3, info.Mask3, info.Shift3) = (file, mask, 0);
                break;
            case 'u' when load:
                (info.Base5, info.Mask5) = (file, mask);
                break;
            case 's' when load && store:
                (info.Base2, info.Mask2) = (file, mask);
                if (compareAndSwap)
                {
                    (info.Base4, info.Mask4, info.Shift4) = (file, mask, FieldM);
                }

                break;
            case 's' when store:
                (info.Base4, info.Mask4, info.Shift4) = (file, mask, FieldM);
                break;
        }
    }

    private static void RouteFlags(A64Id id, string mnemonic, ref OperationInfo info)
    {
        if (id == A64Id.BCond)
        {
            info.Base1 = OperationInfo.Nzcv;
        }
        else if ((info.Has(OperationFlags.Conditional) && !info.IsBranch) || StartsWithAny(mnemonic, s_carryReaders))
        {
            info.Base3 = OperationInfo.Nzcv;
        }

        if (StartsWithAny(mnemonic, s_flagWriters))
        {
            info.Base5 = OperationInfo.Nzcv;
        }
    }

    private static bool StartsWithAny(string mnemonic, ReadOnlySpan<string> beginnings)
    {
        foreach (string beginning in beginnings)
        {
            if (mnemonic.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
