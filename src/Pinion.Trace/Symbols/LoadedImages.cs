using System.Diagnostics.CodeAnalysis;

namespace Pinion.Trace.Symbols;

/// <summary>
/// Which ELF files lie where in an address space, with their data. Traces tell of executable mappings only, but the loader moves a file as a whole, so where its code lies says where its data does.
/// </summary>
internal sealed class LoadedImages
{
    /// <summary>A file may map an image as often as it has room for.</summary>
    private const int MostRanges = 1 << 16;

    private readonly LoadedRange[] _ranges;

    /// <param name="mappings">What is mapped.</param>
    /// <param name="images">The files at hand that a mapping may be of.</param>
    public LoadedImages(IEnumerable<TraceMapping> mappings, Func<TraceMapping, IEnumerable<ElfImage>> images)
    {
        var known = new HashSet<(ElfImage, ulong)>();
        var ranges = new List<LoadedRange>();
        foreach (TraceMapping mapping in mappings)
        {
            foreach (ElfImage image in images(mapping))
            {
                if (ranges.Count < MostRanges && image.TryBias(mapping.Start, mapping.FileOffset, out ulong bias) && known.Add((image, bias)))
                {
                    ranges.AddRange(image.Memory().Take(MostRanges - ranges.Count).Select(memory => new LoadedRange(memory.Start + bias, memory.Size, image, bias)));
                }
            }
        }

        _ranges = [.. ranges.OrderBy(range => range.Start)];
    }

    /// <summary>The file that holds <paramref name="address"/>, and the address in its own address space.</summary>
    public bool TryFind(ulong address, [NotNullWhen(true)] out ElfImage? image, out ulong imageAddress)
    {
        int count = SortedByStart.CountUpTo<LoadedRange>(_ranges, address);

        LoadedRange range = count > 0 ? _ranges[count - 1] : default;
        bool found = count > 0 && address - range.Start < range.Size;
        image = found ? range.Image : null;
        imageAddress = found ? address - range.Bias : 0;
        return found;
    }

    private readonly record struct LoadedRange(ulong Start, ulong Size, ElfImage Image, ulong Bias) : IAtAddress;
}
