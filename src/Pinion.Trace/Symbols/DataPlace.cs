using System.Globalization;

namespace Pinion.Trace.Symbols;

/// <summary>What is known of an address of data.</summary>
/// <param name="Location">Image and variable; for what belongs to no file the kernel's name of the region, as "[heap]".</param>
/// <param name="Address">The address, as sampled.</param>
/// <param name="Start">The variable's first address, as it would be sampled; 0 where it is unknown.</param>
public readonly record struct DataPlace(Location Location, ulong Address, ulong Start)
{
    /// <summary>"image:variable+0x8"; the image or region alone where the variable is unknown.</summary>
    public string Label() => Start == 0 ? Location.Image
        : Address == Start ? $"{Location.Image}:{Location.Symbol}"
        : string.Create(CultureInfo.InvariantCulture, $"{Location.Image}:{Location.Symbol}+0x{Address - Start:x}");
}
