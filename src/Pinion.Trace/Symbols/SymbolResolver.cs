namespace Pinion.Trace.Symbols;

/// <summary>Where a sampled address belongs to.</summary>
/// <param name="Image">Image: a file's name, "[kernel]", or "[unknown]".</param>
/// <param name="Symbol">Function, or "[unknown]".</param>
public readonly record struct Location(string Image, string Symbol)
{
    public const string Unknown = "[unknown]";
}

/// <summary>Finds functions: kernel addresses in the kernel's symbols, user addresses through the mappings of their process in the ELF files at hand.</summary>
public sealed class SymbolResolver
{
    /// <summary>A file may have as many addresses as it has records.</summary>
    private const int MostKnown = 1 << 18;

    private readonly List<SymbolTable> _kernel = [];
    private readonly List<(ElfImage Image, ulong Bias)> _images = [];
    private readonly List<TraceMapping> _mappings;
    private readonly Dictionary<uint, uint> _processOfThread = [];
    private readonly Dictionary<uint, uint> _parents = [];
    private readonly Dictionary<(ulong Pc, uint Process), Location> _known = [];

    public SymbolResolver(SpeTrace trace)
    {
        // The newest mapping wins, so they are searched from the last one.
        _mappings = [.. Enumerable.Reverse(trace.Mappings)];
        foreach (TraceTask task in trace.Tasks)
        {
            _processOfThread[task.ThreadId] = task.ProcessId;
            if (task.ParentProcessId != task.ProcessId)
            {
                _parents[task.ProcessId] = task.ParentProcessId;
            }
        }
    }

    /// <summary>Adds symbols of the kernel, at the addresses it runs at.</summary>
    public void AddKernel(SymbolTable symbols)
    {
        _kernel.Add(symbols);
        _known.Clear();
    }

    /// <summary>Adds an ELF file, which is found by its name through mappings, and at the addresses in it plus <paramref name="bias"/> without any.</summary>
    public void AddImage(ElfImage image, ulong bias = 0)
    {
        _images.Add((image, bias));
        _known.Clear();
    }

    /// <summary>Finds the function at <paramref name="pc"/> of thread <paramref name="threadId"/> (null where the record does not tell).</summary>
    public Location Resolve(ulong pc, uint? threadId)
    {
        uint process = threadId is uint thread ? _processOfThread.GetValueOrDefault(thread, thread) : uint.MaxValue;
        if (_known.TryGetValue((pc, process), out Location location))
        {
            return location;
        }

        location = IsKernel(pc) ? ResolveKernel(pc) : ResolveUser(pc, process, threadId is not null);
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        _known[(pc, process)] = location;
        return location;
    }

    private static bool IsKernel(ulong address) => (address >> 55) != 0;

    private Location ResolveKernel(ulong pc)
    {
        foreach (SymbolTable table in _kernel)
        {
            if (table.TryFind(pc, out string? name))
            {
                return new(table.Name, name);
            }
        }

        return TryAbsolute(pc, out Location location) ? location : new("[kernel]", Location.Unknown);
    }

    private Location ResolveUser(ulong pc, uint process, bool processKnown)
    {
        if (TryMapping(pc, process, processKnown, out TraceMapping mapping))
        {
            string file = mapping.Path[(mapping.Path.LastIndexOf('/') + 1)..];
            foreach ((ElfImage image, _) in _images)
            {
                if (image.Name == file && image.TryAddressAt(pc - mapping.Start + mapping.FileOffset, out ulong address)
                    && image.Symbols.TryFind(address, out string? name))
                {
                    return new(file, name);
                }
            }

            return TryAbsolute(pc, out Location absolute) && absolute.Image == file ? absolute : new(file.Length > 0 ? file : "[anon]", Location.Unknown);
        }

        return TryAbsolute(pc, out Location location) ? location : new(Location.Unknown, Location.Unknown);
    }

    private bool TryMapping(ulong pc, uint process, bool processKnown, out TraceMapping mapping)
    {
        // A child that has not called exec still runs in what its parent mapped. The number of steps is bounded because a file may hold a cycle.
        for (int generation = 0; processKnown && generation < 16; generation++)
        {
            foreach (TraceMapping candidate in _mappings)
            {
                if (candidate.ProcessId == process && candidate.Contains(pc))
                {
                    mapping = candidate;
                    return true;
                }
            }

            processKnown = _parents.TryGetValue(process, out process);
        }

        foreach (TraceMapping candidate in _mappings)
        {
            if (candidate.ProcessId != uint.MaxValue && candidate.Contains(pc))
            {
                mapping = candidate;
                return true;
            }
        }

        mapping = default;
        return false;
    }

    private bool TryAbsolute(ulong pc, out Location location)
    {
        foreach ((ElfImage image, ulong bias) in _images)
        {
            if ((!image.IsRelocatable || bias != 0) && image.Symbols.TryFind(pc - bias, out string? name))
            {
                location = new(image.Name, name);
                return true;
            }
        }

        location = default;
        return false;
    }
}
