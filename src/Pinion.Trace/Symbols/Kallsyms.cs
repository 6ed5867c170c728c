using System.Globalization;
using System.Text;

namespace Pinion.Trace.Symbols;

/// <summary>Reads /proc/kallsyms and System.map: lines of address, type, name and perhaps a module in brackets.</summary>
public static class Kallsyms
{
    private const string TextTypes = "tTwWi";
    private const string DataTypes = "bBdDrRvV";

    /// <summary>Reads functions; lines that are not of the format get a diagnosis with their offset.</summary>
    public static SymbolTable Read(ReadOnlySpan<byte> text, string name, Diagnoses diagnoses) => Read(text, name, diagnoses, out _);

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, Diagnoses)"/>
    /// <param name="text">The file.</param>
    /// <param name="name">What profiles print as the image.</param>
    /// <param name="diagnoses">Gets what is wrong.</param>
    /// <param name="data">Variables; none where the kernel was built without CONFIG_KALLSYMS_ALL.</param>
    public static SymbolTable Read(ReadOnlySpan<byte> text, string name, Diagnoses diagnoses, out SymbolTable data)
    {
        var symbols = new List<Symbol>();
        var variables = new List<Symbol>();
        bool anyAddress = false;
        int offset = 0;
        while (offset < text.Length)
        {
            ReadOnlySpan<byte> rest = text[offset..];
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (!line.Trim((byte)' ').IsEmpty && !TryLine(line, symbols, variables, ref anyAddress))
            {
                diagnoses.Add(offset, "not a line of address, type and name");
            }

            offset += line.Length + 1;
        }

        if (symbols.Count > 0 && !anyAddress)
        {
            diagnoses.Add(0, "every address is 0: read it as root, or with kernel.kptr_restrict=0");
            symbols.Clear();
            variables.Clear();
        }

        data = new(name, Bounded(variables, symbols));
        return new(name, LastOfEach(symbols));
    }

    /// <summary>
    /// Of several names of one address the last: perf gives each symbol the size up to the next before it chooses, and so prefers the one that is followed by another address.
    /// </summary>
    private static IEnumerable<Symbol> LastOfEach(List<Symbol> symbols)
    {
        var last = new Dictionary<ulong, Symbol>(symbols.Count);
        foreach (Symbol symbol in symbols)
        {
            last[symbol.Start] = symbol;
        }

        return last.Values;
    }

    /// <summary>Variables that end where anything else begins: there are no sizes, and modules lie far apart.</summary>
    private static IEnumerable<Symbol> Bounded(List<Symbol> variables, List<Symbol> functions)
    {
        const ulong Longest = 1 << 22;
        if (variables.Count == 0)
        {
            return variables;
        }

        ulong[] starts = [.. variables.Concat(functions).Select(symbol => symbol.Start).Distinct().Order()];
        return variables.Select(symbol =>
        {
            int next = Array.BinarySearch(starts, symbol.Start) + 1;
            ulong longest = symbol.Start + Math.Min(Longest, ulong.MaxValue - symbol.Start);
            return symbol with { Limit = next < starts.Length ? Math.Min(starts[next], longest) : longest };
        });
    }

    private static bool TryLine(ReadOnlySpan<byte> line, List<Symbol> functions, List<Symbol> variables, ref bool anyAddress)
    {
        int space = line.IndexOf((byte)' ');
        if (space is < 1 or > 16 || !ulong.TryParse(line[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address)
            || line.Length < space + 4 || line[space + 2] != ' ')
        {
            return false;
        }

        char type = (char)line[space + 1];
        List<Symbol>? list = TextTypes.Contains(type, StringComparison.Ordinal) ? functions : DataTypes.Contains(type, StringComparison.Ordinal) ? variables : null;
        if (list is null)
        {
            return true;
        }

        ReadOnlySpan<byte> rest = line[(space + 3)..];
        int end = rest.IndexOfAny((byte)'\t', (byte)' ');
        string symbol = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);

        // $x and $d mark code and data for disassemblers; they are no functions.
        if (symbol.Length > 0 && symbol[0] != '$')
        {
            anyAddress |= address != 0;
            list.Add(new(address, 0, symbol, Binding(type)));
        }

        return true;
    }

    /// <summary>nm's letters: small for local; W and V for weak, small or not.</summary>
    private static SymbolBinding Binding(char type) => char.ToUpperInvariant(type) switch
    {
        'W' or 'V' => SymbolBinding.Weak,
        _ => char.IsUpper(type) ? SymbolBinding.Global : SymbolBinding.Local,
    };
}
