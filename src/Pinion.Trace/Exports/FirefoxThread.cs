using System.Globalization;
using System.Text.Json;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>A track of the Firefox Profiler.</summary>
/// <param name="Process">What tells processes apart.</param>
/// <param name="ProcessName">Name of the process.</param>
/// <param name="Thread">What tells threads apart.</param>
/// <param name="Name">Name of the thread.</param>
/// <param name="IsMain">The first thread of its process.</param>
internal sealed record FirefoxTask(string Process, string ProcessName, string Thread, string Name, bool IsMain)
{
    /// <summary>Threads that are not kept apart.</summary>
    public static FirefoxTask More { get; } = new("more", "[more]", "more", "[more]", true);

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Texts by number, shared by all threads.</summary>
internal sealed class FirefoxStrings
{
    private readonly Dictionary<string, int> _numbers = [];

    public int Number(string text)
    {
        if (!_numbers.TryGetValue(text, out int number))
        {
            _numbers.Add(text, number = _numbers.Count);
        }

        return number;
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("shared");
        json.WriteStartArray("stringArray");
        foreach (string text in _numbers.Keys)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>Images by number, shared by all threads.</summary>
internal sealed class FirefoxLibraries
{
    private readonly Dictionary<(string Name, string Path, string BuildId), int> _numbers = [];

    /// <summary>Number of the image that <paramref name="place"/> is in.</summary>
    public int Number(in CodePlace place)
    {
        var key = (place.Location.Image, place.Mapping?.Path ?? place.Location.Image, place.Mapping?.BuildId ?? place.Image?.BuildId ?? "");
        if (!_numbers.TryGetValue(key, out int number))
        {
            _numbers.Add(key, number = _numbers.Count);
        }

        return number;
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray("libs");
        foreach ((string name, string path, string buildId) in _numbers.Keys)
        {
            json.WriteStartObject();
            json.WriteString("arch", "aarch64");
            json.WriteString("name", name);
            json.WriteString("path", path);
            json.WriteString("debugName", name);
            json.WriteString("debugPath", path);
            json.WriteString("breakpadId", BreakpadId(buildId));
            json.WriteString("codeId", buildId.Length > 0 ? buildId : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A build id as Breakpad writes it: its first 16 bytes as a GUID, whose first three numbers have the other byte order, and an age of 0. Empty where there is no build id.</summary>
    private static string BreakpadId(string buildId) =>
        buildId.Length >= 32 && UInt128.TryParse(buildId.AsSpan(0, 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)
            ? $"{new Guid(Convert.FromHexString(buildId.AsSpan(0, 32))):N}0".ToUpperInvariant()
            : "";
}

/// <summary>One thread of a processed profile: its samples and the tables they refer to, which list what comes first before what comes later.</summary>
internal sealed class FirefoxThread(ISourceLines? lines, CodePlaces places, FirefoxStrings strings, FirefoxLibraries libraries)
{
    private const int LibraryType = 1;
    private const int None = -1;

    /// <summary>Numbers above are not exact in JavaScript. The kernel's addresses are; its functions have names.</summary>
    private const ulong LargestAddress = (1ul << 53) - 1;

    private const int OtherCategory = 0;
    private const int UserCategory = 1;
    private const int KernelCategory = 2;

    private readonly List<Frame> _frames = [];
    private readonly List<(int Frame, int Prefix)> _stacks = [];
    private readonly List<Function> _functions = [];
    private readonly List<(int Library, int Name)> _resources = [];
    private readonly List<(int Library, ulong Address, int Name)> _symbols = [];
    private readonly Dictionary<int, int> _stackOfPlace = [];
    private readonly Dictionary<string, int> _stackOfImage = [];
    private readonly Dictionary<Function, int> _functionNumbers = [];
    private readonly Dictionary<int, int> _resourceOfLibrary = [];
    private readonly Dictionary<(int Library, ulong Address, int Name), int> _symbolNumbers = [];

    /// <summary>Names and colours of the categories.</summary>
    public static IReadOnlyList<(string Name, string Color)> Categories { get; } = [("Other", "grey"), ("User", "yellow"), ("Kernel", "orange")];

    /// <summary>Writes the thread of <paramref name="samples"/> from <paramref name="start"/> to <paramref name="end"/>, which are in the order of their times.</summary>
    public void Write(Utf8JsonWriter json, FirefoxTask task, IReadOnlyList<TimedSample> samples, int start, int end, ulong first)
    {
        json.WriteStartObject();
        json.WriteString("processType", "default");
        json.WriteString("processName", task.ProcessName);
        json.WriteNumber("processStartupTime", 0);
        json.WriteNull("processShutdownTime");
        json.WriteNumber("registerTime", 0);
        json.WriteNull("unregisterTime");
        json.WriteStartArray("pausedRanges");
        json.WriteEndArray();
        json.WriteString("name", task.Name);
        json.WriteBoolean("isMainThread", task.IsMain);
        json.WriteString("pid", task.Process);
        json.WriteString("tid", task.Thread);
        WriteSamples(json, samples, start, end, first);
        json.WriteStartObject("markers");
        foreach (string column in (string[])["data", "name", "startTime", "endTime", "phase", "category"])
        {
            json.WriteStartArray(column);
            json.WriteEndArray();
        }

        json.WriteNumber("length", 0);
        json.WriteEndObject();
        WriteTables(json);
        json.WriteEndObject();
    }

    private void WriteSamples(Utf8JsonWriter json, IReadOnlyList<TimedSample> samples, int start, int end, ulong first)
    {
        json.WriteStartObject("samples");
        json.WriteNumber("length", end - start);
        json.WriteString("weightType", "samples");
        Column("stack", sample => json.WriteNumberValue(StackOf(sample.Place)));
        Column("time", sample => json.WriteRawValue(Milliseconds(sample.Time - first)));
        Column("weight", sample => json.WriteNumberValue(sample.Weight));
        json.WriteEndObject();

        void Column(string name, Action<TimedSample> write)
        {
            json.WriteStartArray(name);
            for (int i = start; i < end; i++)
            {
                write(samples[i]);
                json.FlushSome();
            }

            json.WriteEndArray();
        }
    }

    /// <summary>Nanoseconds as milliseconds, exactly.</summary>
    private static string Milliseconds(ulong nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000_000}.{nanoseconds % 1_000_000:000000}");

    private int StackOf(int number)
    {
        if (_stackOfPlace.TryGetValue(number, out int stack))
        {
            return stack;
        }

        CodePlace place = number < 0 ? new(new(Location.Unknown, "[no PC]"), 0, 0, null, 0, null) : places[number];
        int category = number < 0 ? OtherCategory : place.IsKernel ? KernelCategory : UserCategory;
        string image = place.Location.Image;
        bool known = image != Location.Unknown;
        if (!_stackOfImage.TryGetValue(image, out int root))
        {
            root = AddStack(new(FunctionOf(image, known ? ResourceOf(place) : None, None), category), None);
            _stackOfImage.Add(image, root);
        }

        SourceLine? line = place.Image is ElfImage elf ? lines?.Find(elf, place.ImageAddress) : null;
        int function = FunctionOf(place.Location.Symbol, known ? ResourceOf(place) : None, line is SourceLine found ? strings.Number(found.File) : None);
        bool hasAddress = known && place.ImageAddress <= LargestAddress;
        var frame = new Frame(function, category) { Address = hasAddress ? place.ImageAddress : null, Symbol = hasAddress ? SymbolOf(place) : None, Line = line?.Line ?? None };
        stack = AddStack(frame, root);
        _stackOfPlace.Add(number, stack);
        return stack;
    }

    private int AddStack(Frame frame, int prefix)
    {
        _frames.Add(frame);
        _stacks.Add((_frames.Count - 1, prefix));
        return _stacks.Count - 1;
    }

    private int FunctionOf(string name, int resource, int file)
    {
        var function = new Function(strings.Number(name), resource, file);
        return NumberOf(_functionNumbers, _functions, function);
    }

    private int ResourceOf(in CodePlace place)
    {
        int library = libraries.Number(place);
        if (!_resourceOfLibrary.TryGetValue(library, out int resource))
        {
            _resourceOfLibrary.Add(library, resource = _resources.Count);
            _resources.Add((library, strings.Number(place.Location.Image)));
        }

        return resource;
    }

    private int SymbolOf(in CodePlace place) => place.FunctionStart == 0
        ? None
        : NumberOf(_symbolNumbers, _symbols, (libraries.Number(place), place.ImageAddress - (place.Pc - place.FunctionStart), strings.Number(place.Location.Symbol)));

    private static int NumberOf<T>(Dictionary<T, int> numbers, List<T> values, T value)
        where T : notnull
    {
        if (!numbers.TryGetValue(value, out int number))
        {
            numbers.Add(value, number = values.Count);
            values.Add(value);
        }

        return number;
    }

    private void WriteTables(Utf8JsonWriter json)
    {
        WriteTable("stackTable", _stacks, ("frame", stack => json.WriteNumberValue(stack.Frame)), ("prefix", stack => OrNull(stack.Prefix)));
        WriteTable(
            "frameTable",
            _frames,
            ("address", frame => WriteAddress(json, frame.Address)),
            ("inlineDepth", _ => json.WriteNumberValue(0)),
            ("category", frame => json.WriteNumberValue(frame.Category)),
            ("subcategory", _ => json.WriteNumberValue(0)),
            ("func", frame => json.WriteNumberValue(frame.Function)),
            ("nativeSymbol", frame => OrNull(frame.Symbol)),
            ("innerWindowID", _ => json.WriteNumberValue(0)),
            ("line", frame => OrNull(frame.Line)),
            ("column", _ => json.WriteNullValue()));
        WriteTable(
            "funcTable",
            _functions,
            ("name", function => json.WriteNumberValue(function.Name)),
            ("isJS", _ => json.WriteBooleanValue(false)),
            ("relevantForJS", _ => json.WriteBooleanValue(false)),
            ("resource", function => json.WriteNumberValue(function.Resource)),
            ("fileName", function => OrNull(function.File)),
            ("lineNumber", _ => json.WriteNullValue()),
            ("columnNumber", _ => json.WriteNullValue()));
        WriteTable(
            "resourceTable",
            _resources,
            ("lib", resource => json.WriteNumberValue(resource.Library)),
            ("name", resource => json.WriteNumberValue(resource.Name)),
            ("host", _ => json.WriteNullValue()),
            ("type", _ => json.WriteNumberValue(LibraryType)));
        WriteTable(
            "nativeSymbols",
            _symbols,
            ("libIndex", symbol => json.WriteNumberValue(symbol.Library)),
            ("address", symbol => json.WriteNumberValue(symbol.Address)),
            ("name", symbol => json.WriteNumberValue(symbol.Name)),
            ("functionSize", _ => json.WriteNullValue()));

        void OrNull(int number)
        {
            if (number == None)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteNumberValue(number);
            }
        }

        void WriteTable<T>(string name, List<T> rows, params (string Name, Action<T> Write)[] columns)
        {
            json.WriteStartObject(name);
            json.WriteNumber("length", rows.Count);
            foreach ((string column, Action<T> write) in columns)
            {
                json.WriteStartArray(column);
                foreach (T row in rows)
                {
                    write(row);
                    json.FlushSome();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }
    }

    private static void WriteAddress(Utf8JsonWriter json, ulong? address)
    {
        if (address is ulong known)
        {
            json.WriteNumberValue(known);
        }
        else
        {
            json.WriteNumberValue(None);
        }
    }

    private readonly record struct Frame(int Function, int Category)
    {
        public ulong? Address { get; init; }

        public int Symbol { get; init; } = None;

        public int Line { get; init; } = None;
    }

    private readonly record struct Function(int Name, int Resource, int File);
}
