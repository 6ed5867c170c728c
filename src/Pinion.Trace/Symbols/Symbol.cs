namespace Pinion.Trace.Symbols;

/// <summary>A function.</summary>
/// <param name="Start">Address in the symbol table's own address space.</param>
/// <param name="Size">Bytes; 0 where the table does not tell, which means up to the next symbol.</param>
/// <param name="Name">Name as in the table.</param>
public readonly record struct Symbol(ulong Start, ulong Size, string Name);
