namespace Pinion.Trace.Symbols;

/// <summary>How far a symbol is visible (ELF: STB_*).</summary>
public enum SymbolBinding
{
    Local,
    Global,
    Weak,
}

/// <summary>A function, or a variable.</summary>
/// <param name="Start">Address in the symbol table's own address space.</param>
/// <param name="Size">Bytes; 0 where the table does not tell, which means up to the next symbol or <paramref name="Limit"/>.</param>
/// <param name="Name">Name as in the table.</param>
/// <param name="Binding">Visibility; decides between names of one address.</param>
/// <param name="Limit">End of the section the symbol lies in.</param>
public readonly record struct Symbol(ulong Start, ulong Size, string Name, SymbolBinding Binding = SymbolBinding.Global, ulong Limit = ulong.MaxValue) : IAtAddress
{
    /// <summary>
    /// Orders by address, and names of one address as perf prefers them: sized, not weak, global, fewer leading underscores, longer.
    /// </summary>
    internal static int Compare(Symbol left, Symbol right)
    {
        int order = left.Start.CompareTo(right.Start);
        order = order != 0 ? order : (left.Size == 0).CompareTo(right.Size == 0);
        order = order != 0 ? order : (left.Binding == SymbolBinding.Weak).CompareTo(right.Binding == SymbolBinding.Weak);
        order = order != 0 ? order : (left.Binding != SymbolBinding.Global).CompareTo(right.Binding != SymbolBinding.Global);
        order = order != 0 ? order : Underscores(left.Name).CompareTo(Underscores(right.Name));
        return order != 0 ? order : right.Name.Length.CompareTo(left.Name.Length);
    }

    private static int Underscores(string name) => name.Length - name.AsSpan().TrimStart('_').Length;
}
