using System.Globalization;
using System.Text;

namespace Pinion.Trace.Symbols;

/// <summary>Reads /proc/kallsyms and System.map: lines of address, type, name and perhaps a module in brackets.</summary>
public static class Kallsyms
{
    private const string TextTypes = "tTwWi";

    /// <summary>Reads functions; lines that are not of the format get a diagnosis with their offset.</summary>
    public static SymbolTable Read(ReadOnlySpan<byte> text, string name, Diagnoses diagnoses)
    {
        var symbols = new List<Symbol>();
        bool anyAddress = false;
        int offset = 0;
        while (offset < text.Length)
        {
            ReadOnlySpan<byte> rest = text[offset..];
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (!line.Trim((byte)' ').IsEmpty && !TryLine(line, symbols, ref anyAddress))
            {
                diagnoses.Add(offset, "not a line of address, type and name");
            }

            offset += line.Length + 1;
        }

        if (symbols.Count > 0 && !anyAddress)
        {
            diagnoses.Add(0, "every address is 0: read it as root, or with kernel.kptr_restrict=0");
            symbols.Clear();
        }

        return new(name, symbols);
    }

    private static bool TryLine(ReadOnlySpan<byte> line, List<Symbol> symbols, ref bool anyAddress)
    {
        int space = line.IndexOf((byte)' ');
        if (space is < 1 or > 16 || !ulong.TryParse(line[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address)
            || line.Length < space + 4 || line[space + 2] != ' ')
        {
            return false;
        }

        if (!TextTypes.Contains((char)line[space + 1], StringComparison.Ordinal))
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
            symbols.Add(new(address, 0, symbol, Binding((char)line[space + 1])));
        }

        return true;
    }

    /// <summary>nm's letters: small for local, W for weak.</summary>
    private static SymbolBinding Binding(char type) => char.ToUpperInvariant(type) switch
    {
        'W' => SymbolBinding.Weak,
        _ => char.IsUpper(type) ? SymbolBinding.Global : SymbolBinding.Local,
    };
}
