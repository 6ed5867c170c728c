namespace Pinion.Trace.Symbols;

public sealed partial class SymbolResolver
{
    private const int MostLoaded = 1 << 12;

    private readonly List<SymbolTable> _kernelData = [];
    private readonly Dictionary<(AddressSpace Mapped, int Epoch), LoadedImages> _loaded = [];

    /// <summary>Finds the variable at <paramref name="address"/> in an address space of <see cref="SpaceAt(uint?, ulong)"/>.</summary>
    public DataPlace FindData(ulong address, int space) => IsKernel(address) ? FindKernelData(address) : FindUserData(address, space);

    private DataPlace FindKernelData(ulong address)
    {
        foreach (SymbolTable table in _kernelData)
        {
            if (table.TryFind(address, out Symbol symbol))
            {
                return new(new(table.Name, symbol.Name), address, symbol.Start);
            }
        }

        return TryAbsoluteData(address, out DataPlace place) ? place : new(new("[kernel]", Location.Unknown), address, 0);
    }

    private DataPlace FindUserData(ulong address, int space)
    {
        bool anythingMapped = false;
        foreach ((AddressSpace mapped, int epoch) in SpacesOf(space).Append((_spaces.Anybody, 0)))
        {
            // What others have mapped says nothing of a process whose own mappings are known.
            bool isAnybody = ReferenceEquals(mapped, _spaces.Anybody);
            if (isAnybody && anythingMapped)
            {
                break;
            }

            anythingMapped |= mapped.MappingsOf(epoch).Count > 0;
            if (TryData(address, mapped, epoch, out DataPlace place))
            {
                return place;
            }
        }

        return !anythingMapped && TryAbsoluteData(address, out DataPlace absolute) ? absolute : new(new(Location.Unknown, Location.Unknown), address, 0);
    }

    private bool TryData(ulong address, AddressSpace mapped, int epoch, out DataPlace place)
    {
        bool isMapped = mapped.TryFind(epoch, address, out TraceMapping mapping);

        // A mapping of no file may be the part of a file's data that begins as zeros.
        bool isFile = isMapped && mapping.Path is not ("" or "//anon");
        string name = isFile ? FileName(mapping) : "[anon]";
        if (LoadedIn(mapped, epoch).TryFind(address, out ElfImage? loaded, out ulong imageAddress) && (!isFile || loaded.Name == name))
        {
            place = NameIn(loaded, imageAddress, address);
            return true;
        }

        foreach (ElfImage image in isFile ? ImagesOf(mapping) : [])
        {
            if (image.TryAddressAt(address - mapping.Start + mapping.FileOffset, out imageAddress))
            {
                place = NameIn(image, imageAddress, address);
                return true;
            }
        }

        place = new(new(name, Location.Unknown), address, 0);
        return isMapped;
    }

    private static DataPlace NameIn(ElfImage image, ulong imageAddress, ulong address) =>
        TryNamed(image, imageAddress, out Symbol symbol)
            ? new(new(image.Name, symbol.Name), address, address - (imageAddress - symbol.Start))
            : new(new(image.Name, Location.Unknown), address, 0);

    /// <summary>Code holds constants too.</summary>
    private static bool TryNamed(ElfImage image, ulong imageAddress, out Symbol symbol) =>
        image.DataSymbols.TryFind(imageAddress, out symbol) || image.Symbols.TryFind(imageAddress, out symbol);

    private bool TryAbsoluteData(ulong address, out DataPlace place)
    {
        foreach ((ElfImage image, ulong bias) in _images)
        {
            if ((!image.IsRelocatable || bias != 0) && TryNamed(image, address - bias, out Symbol symbol))
            {
                place = new(new(image.Name, symbol.Name), address, symbol.Start + bias);
                return true;
            }
        }

        place = default;
        return false;
    }

    private LoadedImages LoadedIn(AddressSpace mapped, int epoch)
    {
        if (!_loaded.TryGetValue((mapped, epoch), out LoadedImages? loaded))
        {
            if (_loaded.Count >= MostLoaded)
            {
                _loaded.Clear();
            }

            _loaded.Add((mapped, epoch), loaded = new(mapped.MappingsOf(epoch), ImagesOf));
        }

        return loaded;
    }

    private IEnumerable<ElfImage> ImagesOf(TraceMapping mapping)
    {
        string file = FileName(mapping);
        return _images.Where(candidate => candidate.Image.Name == file && candidate.Image.IsBuild(mapping.BuildId)).Select(candidate => candidate.Image);
    }

    private static string FileName(in TraceMapping mapping) => mapping.Path[(mapping.Path.LastIndexOf('/') + 1)..];
}
