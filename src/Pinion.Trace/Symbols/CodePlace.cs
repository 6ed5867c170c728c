namespace Pinion.Trace.Symbols;

/// <summary>What is known of a sampled address.</summary>
/// <param name="Location">Image and function.</param>
/// <param name="Pc">The address, as sampled.</param>
/// <param name="FunctionStart">The same function's first address, as it would be sampled; 0 where the function is unknown.</param>
/// <param name="Image">The ELF file it lies in; null where it is not at hand.</param>
/// <param name="ImageAddress">The address in that file's own address space; the sampled address where there is no file.</param>
/// <param name="Mapping">The mapping it lies in, where there is one.</param>
public readonly record struct CodePlace(Location Location, ulong Pc, ulong FunctionStart, ElfImage? Image, ulong ImageAddress, TraceMapping? Mapping)
{
    /// <summary>In the kernel's half of the address space.</summary>
    public bool IsKernel => SymbolResolver.IsKernel(Pc);

    /// <summary>"function+0x1c", or the address where the function is unknown.</summary>
    public string Label() => FunctionStart == 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"0x{Pc:x}")
        : Pc == FunctionStart ? Location.Symbol
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Location.Symbol}+0x{Pc - FunctionStart:x}");
}
