using Pinion.Trace.Exports.Pprof;
using Pinion.Trace.Symbols;
using Location = Pinion.Trace.Exports.Pprof.Location;

namespace Pinion.Trace.Exports;

/// <summary>What the samples of a pprof profile refer to, by number.</summary>
internal sealed class PprofTables
{
    private const ulong PageMask = 0xFFF;
    private const int InstructionSize = 4;

    private readonly SampleTable _table;
    private readonly ISourceLines? _lines;
    private readonly Dictionary<string, int> _textNumbers = new() { [""] = 0 };
    private readonly List<string> _texts = [""];
    private readonly List<Mapping> _mappings = [];
    private readonly List<Location> _locations = [];
    private readonly Dictionary<(string Image, string Symbol), Function> _functions = [];
    private readonly ulong[] _placeLocations;
    private readonly ulong[] _imageLocations;
    private readonly ulong[] _processLocations;

    public PprofTables(ExportRequest request, SampleTable table)
    {
        _table = table;
        _lines = request.Lines;
        ulong[] placeMappings = MakeMappings();
        _placeLocations = [.. table.Places.Select((place, index) => AddPlace(place, placeMappings[index]))];
        var images = new Dictionary<string, ulong>();
        _imageLocations = new ulong[table.Places.Count];
        for (int i = 0; i < table.Places.Count; i++)
        {
            string image = table.Places[i].Location.Image;
            if (!images.TryGetValue(image, out _imageLocations[i]))
            {
                images.Add(image, _imageLocations[i] = AddNamed(image));
            }
        }

        _processLocations = new ulong[table.Tasks.Count];
        for (int i = 0; i < table.Tasks.Count; i++)
        {
            bool same = i > 0 && table.Tasks[i].Process == table.Tasks[i - 1].Process;
            _processLocations[i] = same ? _processLocations[i - 1] : AddNamed(table.Tasks[i].Process);
        }
    }

    /// <summary>Mappings; the first is of the user's program that most samples are in, which pprof takes for the main one.</summary>
    public IReadOnlyList<Mapping> Mappings => _mappings;

    public IReadOnlyList<Location> Locations => _locations;

    public IEnumerable<Function> Functions => _functions.Values;

    public IReadOnlyList<string> Texts => _texts;

    /// <summary>Number of a text.</summary>
    public long Text(string text)
    {
        if (!_textNumbers.TryGetValue(text, out int number))
        {
            number = _texts.Count;
            _texts.Add(text);
            _textNumbers.Add(text, number);
        }

        return number;
    }

    public ulong PlaceLocation(int place) => _placeLocations[place];

    public ulong ImageLocation(int place) => _imageLocations[place];

    public ulong ProcessLocation(int task) => _processLocations[task];

    /// <summary>Makes a mapping for each that places lie in, and answers for each place the number of its own; 0 for code that belongs to no image.</summary>
    private ulong[] MakeMappings()
    {
        long[] samples = new long[_table.Places.Count];
        foreach ((SampleKey key, SampleSums sums) in _table.Rows)
        {
            samples[key.Place] += sums.Samples;
        }

        var groups = _table.Places.Select((place, index) => (Place: place, Index: index))
            .Where(one => one.Place.Location.Image != Symbols.Location.Unknown)
            .GroupBy(one => new MappingKey(one.Place))
            .OrderBy(group => group.Key.IsKernel)
            .ThenByDescending(group => group.Sum(one => samples[one.Index]))
            .ThenBy(group => group.First().Index);
        ulong[] numbers = new ulong[_table.Places.Count];
        foreach (var group in groups)
        {
            CodePlace[] places = [.. group.Select(one => one.Place)];
            Mapping mapping = MappingOf(places);
            mapping.Id = (ulong)_mappings.Count + 1;
            _mappings.Add(mapping);
            foreach ((_, int index) in group)
            {
                numbers[index] = mapping.Id;
            }
        }

        return numbers;
    }

    private Mapping MappingOf(CodePlace[] places)
    {
        CodePlace first = places[0];
        var mapping = new Mapping
        {
            Filename = Text(first.Mapping?.Path is { Length: > 0 } path ? path : first.Location.Image),
            BuildId = Text(first.Mapping?.BuildId ?? first.Image?.BuildId ?? ""),
            HasFunctions = true,
            HasFilenames = _lines is not null,
            HasLineNumbers = _lines is not null,
        };
        if (first.Mapping is TraceMapping known)
        {
            (mapping.MemoryStart, mapping.MemoryLimit, mapping.FileOffset) = (known.Start, known.Start + known.Length, known.FileOffset);
        }
        else
        {
            // The kernel, and programs that run where they were linked: what is known of the range is that the samples are in it.
            mapping.MemoryStart = places.Min(place => place.Pc) & ~PageMask;
            mapping.MemoryLimit = (places.Max(place => place.Pc) | PageMask) + 1 is ulong end and not 0 ? end : ulong.MaxValue;
        }

        return mapping;
    }

    private ulong AddPlace(CodePlace place, ulong mapping)
    {
        Function function = FunctionOf(place, out string file);
        var line = new Line { FunctionId = function.Id };
        if (file.Length > 0 && LineAt(place, place.ImageAddress) is SourceLine found && found.File == file)
        {
            line.Line_ = found.Line;
        }

        return Add(new() { MappingId = mapping, Address = place.Pc, Line = { line } });
    }

    /// <summary>A location that is no address but stands for a caller.</summary>
    private ulong AddNamed(string name) => Add(new() { Line = { new Line { FunctionId = FunctionOf(("", name), "").Id } } });

    private ulong Add(Location location)
    {
        location.Id = (ulong)_locations.Count + 1;
        _locations.Add(location);
        return location.Id;
    }

    /// <summary>A place's function, which is in the file of its first line; code inlined from another file has no line.</summary>
    private Function FunctionOf(CodePlace place, out string file)
    {
        file = place.FunctionStart == 0 ? "" : LineAt(place, place.ImageAddress - (place.Pc - place.FunctionStart))?.File ?? "";
        return FunctionOf((place.Location.Image, place.Location.Symbol), file);
    }

    private Function FunctionOf((string Image, string Symbol) key, string file)
    {
        if (!_functions.TryGetValue(key, out Function? function))
        {
            long name = Text(key.Symbol);
            function = new() { Id = (ulong)_functions.Count + 1, Name = name, SystemName = name, Filename = Text(file) };
            _functions.Add(key, function);
        }

        return function;
    }

    private SourceLine? LineAt(CodePlace place, ulong address) => place.Image is ElfImage image ? _lines?.Find(image, address) : null;

    /// <summary>Places with the same mapping have the same of these.</summary>
    private readonly record struct MappingKey(string Name, string? BuildId, ulong Start, ulong Length, ulong FileOffset, bool IsKernel)
    {
        public MappingKey(CodePlace place)
            : this(place.Mapping?.Path ?? place.Location.Image, place.Mapping?.BuildId ?? place.Image?.BuildId, place.Mapping?.Start ?? 0, place.Mapping?.Length ?? 0, place.Mapping?.FileOffset ?? 0, place.IsKernel)
        {
        }
    }
}
