namespace Pinion.Trace.Symbols;

/// <summary>Where a sampled address belongs to.</summary>
/// <param name="Image">Image: a file's name, "[kernel]", or "[unknown]".</param>
/// <param name="Symbol">Function, or "[unknown]".</param>
public readonly record struct Location(string Image, string Symbol)
{
    public const string Unknown = "[unknown]";
}

/// <summary>
/// Finds functions and variables: kernel addresses in the kernel's symbols, user addresses through what their process had mapped at the time, in the ELF files at hand. For one thread at a time.
/// </summary>
public sealed partial class SymbolResolver
{
    /// <summary>An address space that nobody's is.</summary>
    public const int NoSpace = -1;

    /// <summary>A file may have as many addresses as it has records.</summary>
    private const int MostKnown = 1 << 18;

    /// <summary>A child that has not called exec still runs in what its parent mapped. The number of steps is bounded because a file may hold a cycle.</summary>
    private const int MostGenerations = 16;

    private readonly List<SymbolTable> _kernel = [];
    private readonly List<(ElfImage Image, ulong Bias)> _images = [];
    private readonly AddressSpaces _spaces;
    private readonly Dictionary<uint, uint> _processOfThread = [];
    private readonly Dictionary<uint, (uint Process, ulong Time)> _parents = [];
    private readonly List<(uint Process, ulong Time)> _handles = [];
    private readonly Dictionary<(uint Process, int Epoch), int> _handleOf = [];
    private readonly Dictionary<(ulong Pc, int Space), CodePlace> _known = [];

    public SymbolResolver(SpeTrace trace)
    {
        _spaces = new(trace);
        foreach (TraceTask task in trace.Tasks)
        {
            if (task.ThreadId == task.ProcessId)
            {
                _processOfThread.Remove(task.ThreadId);
            }
            else
            {
                _processOfThread[task.ThreadId] = task.ProcessId;
            }

            if (task.ParentProcessId != task.ProcessId)
            {
                _parents[task.ProcessId] = (task.ParentProcessId, task.Time == 0 ? ulong.MaxValue : task.Time);
            }
        }
    }

    /// <summary>Adds symbols of the kernel, at the addresses it runs at.</summary>
    /// <param name="symbols">Functions.</param>
    /// <param name="data">Variables, where they are known.</param>
    public void AddKernel(SymbolTable symbols, SymbolTable? data = null)
    {
        _kernel.Add(symbols);
        if (data is not null)
        {
            _kernelData.Add(data);
        }

        _known.Clear();
    }

    /// <summary>Adds an ELF file, which is found by its name through mappings, and at the addresses in it plus <paramref name="bias"/> without any.</summary>
    public void AddImage(ElfImage image, ulong bias = 0)
    {
        _images.Add((image, bias));
        _known.Clear();
        _loaded.Clear();
    }

    /// <summary>The kernel's symbol tables.</summary>
    public IReadOnlyList<SymbolTable> Kernel => _kernel;

    /// <summary>In the kernel's half of the address space.</summary>
    public static bool IsKernel(ulong address) => (address >> 55) != 0;

    /// <summary>Process (thread group) of a thread; the thread's own number where nothing is known.</summary>
    public uint ProcessOf(uint threadId) => _processOfThread.GetValueOrDefault(threadId, threadId);

    /// <summary>Finds the function at <paramref name="pc"/> of thread <paramref name="threadId"/> (null where the record does not tell) as things were last.</summary>
    public Location Resolve(ulong pc, uint? threadId) => Find(pc, SpaceAt(threadId, ulong.MaxValue)).Location;

    /// <summary>A number for what the process of <paramref name="threadId"/> had mapped at <paramref name="time"/>; the same number means the same mappings.</summary>
    /// <param name="threadId">Thread; null where the record does not tell.</param>
    /// <param name="time">Nanoseconds of the traced kernel's clock; ulong.MaxValue: as things were last.</param>
    public int SpaceAt(uint? threadId, ulong time) => SpaceAt(threadId, time, out _);

    /// <inheritdoc cref="SpaceAt(uint?, ulong)"/>
    /// <param name="holds">From when (inclusive) to when (exclusive) the answer is the same.</param>
    public int SpaceAt(uint? threadId, ulong time, out (ulong From, ulong Until) holds)
    {
        holds = (0, ulong.MaxValue);
        if (threadId is not uint thread)
        {
            return NoSpace;
        }

        uint process = ProcessOf(thread);
        int epoch = 0;
        if (_spaces.TryGet(process, out AddressSpace space))
        {
            epoch = space.EpochAt(time);
            holds = space.BoundsOf(epoch);
        }
        else if (!_parents.ContainsKey(process))
        {
            // Nothing is known of it, and a file may have as many of these as it has records.
            return NoSpace;
        }

        if (!_handleOf.TryGetValue((process, epoch), out int handle))
        {
            handle = _handles.Count;
            _handles.Add((process, time));
            _handleOf.Add((process, epoch), handle);
        }

        return handle;
    }

    /// <summary>Finds what is at <paramref name="pc"/> in an address space of <see cref="SpaceAt"/>.</summary>
    public CodePlace Find(ulong pc, int space)
    {
        bool kernel = IsKernel(pc);
        space = kernel ? NoSpace : space;
        if (_known.TryGetValue((pc, space), out CodePlace place))
        {
            return place;
        }

        place = kernel ? FindKernel(pc) : FindUser(pc, space);
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        _known[(pc, space)] = place;
        return place;
    }

    private CodePlace FindKernel(ulong pc)
    {
        foreach (SymbolTable table in _kernel)
        {
            if (table.TryFind(pc, out Symbol symbol))
            {
                // The kernel's own file has source lines, if it lies where this kernel runs.
                bool isHere = TryAbsolute(pc, null, out CodePlace file) && file.FunctionStart == symbol.Start;
                return new(new(table.Name, symbol.Name), pc, symbol.Start, isHere ? file.Image : null, isHere ? file.ImageAddress : pc, null);
            }
        }

        return TryAbsolute(pc, null, out CodePlace place) ? place : new(new("[kernel]", Location.Unknown), pc, 0, null, pc, null);
    }

    private CodePlace FindUser(ulong pc, int space)
    {
        if (!TryMapping(pc, space, out TraceMapping mapping))
        {
            return TryAbsolute(pc, null, out CodePlace place) ? place : new(new(Location.Unknown, Location.Unknown), pc, 0, null, pc, null);
        }

        string file = FileName(mapping);
        CodePlace? unnamed = null;
        foreach ((ElfImage image, _) in _images)
        {
            if (image.Name == file && image.IsBuild(mapping.BuildId) && image.TryAddressAt(pc - mapping.Start + mapping.FileOffset, out ulong address))
            {
                if (image.Symbols.TryFind(address, out Symbol symbol))
                {
                    return new(new(file, symbol.Name), pc, pc - (address - symbol.Start), image, address, mapping);
                }

                unnamed ??= new(new(file, Location.Unknown), pc, 0, image, address, mapping);
            }
        }

        return TryAbsolute(pc, file, out CodePlace absolute)
            ? absolute with { Mapping = mapping }
            : unnamed ?? new(new(file.Length > 0 ? file : "[anon]", Location.Unknown), pc, 0, null, pc, mapping);
    }

    private bool TryMapping(ulong pc, int space, out TraceMapping mapping)
    {
        foreach ((AddressSpace mapped, int epoch) in SpacesOf(space))
        {
            if (mapped.TryFind(epoch, pc, out mapping))
            {
                return true;
            }
        }

        return _spaces.Anybody.TryFind(0, pc, out mapping);
    }

    /// <summary>Where what a process has mapped may be found, nearest first: in its own address space and, until it calls execve, in its parent's as it was at the fork.</summary>
    private IEnumerable<(AddressSpace Mapped, int Epoch)> SpacesOf(int space)
    {
        if (space < 0)
        {
            yield break;
        }

        (uint process, ulong time) = _handles[space];
        for (int generation = 0; generation < MostGenerations; generation++)
        {
            if (_spaces.TryGet(process, out AddressSpace mapped))
            {
                int epoch = mapped.EpochAt(time);
                yield return (mapped, epoch);
                if (mapped.IsItsOwn(epoch))
                {
                    break;
                }
            }

            if (!_parents.TryGetValue(process, out (uint Process, ulong Time) parent))
            {
                break;
            }

            (process, time) = (parent.Process, Math.Min(time, parent.Time));
        }
    }

    /// <summary>Looks where programs lie that are not moved when they are loaded; in the file called <paramref name="only"/>, or in any.</summary>
    private bool TryAbsolute(ulong pc, string? only, out CodePlace place)
    {
        foreach ((ElfImage image, ulong bias) in _images)
        {
            if ((!image.IsRelocatable || bias != 0) && (only is null || image.Name == only) && image.Symbols.TryFind(pc - bias, out Symbol symbol))
            {
                place = new(new(image.Name, symbol.Name), pc, symbol.Start + bias, image, pc - bias, null);
                return true;
            }
        }

        place = default;
        return false;
    }
}
