using System.Diagnostics.CodeAnalysis;

namespace Pinion.Trace.Symbols;

/// <summary>Functions, or variables, by address.</summary>
public sealed class SymbolTable
{
    private readonly Symbol[] _symbols;

    /// <summary>For each symbol the furthest end of it and all before it, so that a lookup knows when to stop looking back for one that encloses.</summary>
    private readonly ulong[] _reach;

    /// <param name="name">What profiles print as the image.</param>
    /// <param name="symbols">In any order; of several names of one address the one stays that perf would print.</param>
    public SymbolTable(string name, IEnumerable<Symbol> symbols)
    {
        Name = name;

        // Order is stable, so where nothing else decides the first of the table stays.
        _symbols = [.. symbols.Order(Comparer<Symbol>.Create(Symbol.Compare)).DistinctBy(s => s.Start)];
        _reach = new ulong[_symbols.Length];
        ulong reach = 0;
        for (int i = 0; i < _symbols.Length; i++)
        {
            reach = Math.Max(reach, End(i));
            _reach[i] = reach;
        }
    }

    /// <summary>What profiles print as the image.</summary>
    public string Name { get; }

    public int Count => _symbols.Length;

    /// <summary>Finds the innermost symbol that holds <paramref name="address"/>.</summary>
    public bool TryFind(ulong address, [NotNullWhen(true)] out string? name)
    {
        bool found = TryFind(address, out Symbol symbol);
        name = found ? symbol.Name : null;
        return found;
    }

    /// <summary>Finds the innermost symbol that holds <paramref name="address"/>; its size is the table's, or reaches to what ends it.</summary>
    public bool TryFind(ulong address, out Symbol symbol)
    {
        for (int i = SortedByStart.CountUpTo<Symbol>(_symbols, address) - 1; i >= 0 && _reach[i] > address; i--)
        {
            if (End(i) > address)
            {
                symbol = _symbols[i] with { Size = End(i) - _symbols[i].Start };
                return true;
            }
        }

        symbol = default;
        return false;
    }

    /// <summary>Symbols in the order of their addresses.</summary>
    public IReadOnlyList<Symbol> Symbols => _symbols;

    private ulong End(int index)
    {
        Symbol symbol = _symbols[index];
        if (symbol.Size != 0)
        {
            return symbol.Start + symbol.Size < symbol.Start ? ulong.MaxValue : symbol.Start + symbol.Size;
        }

        return index + 1 < _symbols.Length ? Math.Min(_symbols[index + 1].Start, symbol.Limit) : symbol.Limit;
    }
}
