namespace Pinion.Trace.Symbols;

/// <summary>A line of source code.</summary>
/// <param name="File">Path as the compiler wrote it.</param>
/// <param name="Line">Number, from 1.</param>
public readonly record struct SourceLine(string File, int Line)
{
    /// <summary>"name.c:12", without folders.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File[(File.LastIndexOf('/') + 1)..]}:{Line}");
}

/// <summary>Finds the source lines of addresses in ELF files (DWARF line tables).</summary>
public interface ISourceLines
{
    /// <summary>The line of an address in the file's own address space; null where the file does not tell. For one thread at a time.</summary>
    SourceLine? Find(ElfImage image, ulong address);
}
