using System.Globalization;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Html;

/// <summary>What filters select by; the members are indices into <see cref="ReportDimensions.Processes"/> and <see cref="ReportDimensions.Cpus"/>.</summary>
internal readonly record struct ReportContext(int Process, int Cpu, ProfileClass Class, int Level);

/// <summary>An instruction that is kept apart.</summary>
/// <param name="Function">Index into <see cref="ReportDimensions.Functions"/>.</param>
/// <param name="Place">What is known of it.</param>
internal readonly record struct ReportInstruction(int Function, CodePlace Place);

/// <summary>
/// What a page tells apart: functions, instructions, processes, CPUs and their combinations. Chosen after a <see cref="Survey"/> by number of samples, and ordered so that the same trace gives the same
/// numbers.
/// </summary>
internal sealed class ReportDimensions
{
    /// <summary>Name of what is not kept apart.</summary>
    public const string More = "[more]";

    private readonly Dictionary<ContextKey, int> _contextOfKey = [];
    private readonly Dictionary<int, int> _processOfNumber = [];
    private readonly Dictionary<int, int> _cpuOfNumber = [];
    private readonly int[] _placeOfNumber;
    private readonly int[] _functionOfNumber;

    public ReportDimensions(SampleSource source, SurveyIndex index, IReadOnlyList<Survey> surveys, ReportLimits limits)
    {
        long[] samplesByPlace = new long[index.Places.Count + 1];
        foreach (Survey survey in surveys)
        {
            for (int i = 0; i < survey.SamplesByPlace.Count; i++)
            {
                samplesByPlace[i] += survey.SamplesByPlace[i];
            }
        }

        _functionOfNumber = new int[samplesByPlace.Length];
        _placeOfNumber = new int[samplesByPlace.Length];
        Functions = ChooseFunctions(index.Places, samplesByPlace, limits.Functions);
        Instructions = ChooseInstructions(index.Places, samplesByPlace, limits.Instructions);

        var samplesByContext = surveys.SelectMany(survey => survey.SamplesByContext).GroupBy(one => one.Key).ToDictionary(group => group.Key, group => group.Sum(one => one.Value));
        var processes = samplesByContext.Keys.Select(key => key.Process).Distinct().ToDictionary(number => number, ProcessName);
        int mostProcesses = limits.Processes;
        int mostCpus = ContextKey.OtherCpu + 1;
        while (true)
        {
            Processes = Choose(samplesByContext.Select(one => (one.Key.Process, processes[one.Key.Process], one.Value)), mostProcesses, _processOfNumber);
            Cpus = Choose(samplesByContext.Select(one => (one.Key.Cpu, CpuName(one.Key.Cpu), one.Value)), mostCpus, _cpuOfNumber);
            Contexts = [.. samplesByContext.Keys.Select(ContextOf).Distinct().OrderBy(context => (context.Process, context.Cpu, context.Class, context.Level))];
            if (Contexts.Count <= limits.Contexts || (mostProcesses == 1 && mostCpus == 1))
            {
                break;
            }

            // Processes first: a machine has fewer CPUs.
            (mostProcesses, mostCpus) = mostProcesses > 1
                ? (Math.Max(1, Math.Min(mostProcesses, Processes.Count) / 2), mostCpus)
                : (1, Math.Max(1, Math.Min(mostCpus, Cpus.Count) / 2));
        }

        var numbers = Contexts.Select((context, number) => (context, number)).ToDictionary(one => one.context, one => one.number);
        foreach (ContextKey key in samplesByContext.Keys)
        {
            _contextOfKey.Add(key, numbers[ContextOf(key)]);
        }

        string ProcessName(int number)
        {
            SampleOrigin sample = number == ProcessNumbers.Rest ? default : index.Processes.SampleOf(number);
            return number == ProcessNumbers.Rest ? More : source.ProcessLabel(sample.Thread, sample.Time);
        }
    }

    /// <summary>Functions, those with most samples first; the last stands for all that are not kept apart.</summary>
    public IReadOnlyList<Location> Functions { get; }

    /// <summary>Instructions by function and address. Places are numbered so: first one for the rest of each function, then the instructions.</summary>
    public IReadOnlyList<ReportInstruction> Instructions { get; }

    public IReadOnlyList<string> Processes { get; }

    public IReadOnlyList<string> Cpus { get; }

    public IReadOnlyList<ReportContext> Contexts { get; }

    /// <summary>The function that stands for those not kept apart.</summary>
    public int OtherFunction => Functions.Count - 1;

    /// <summary>Place of a number of <see cref="CodePlaces"/>, -1 included.</summary>
    public int PlaceOf(int number) => _placeOfNumber[number + 1];

    /// <summary>Function of a number of <see cref="CodePlaces"/>, -1 included.</summary>
    public int FunctionOf(int number) => _functionOfNumber[number + 1];

    /// <summary>Number of a sample's context.</summary>
    public int ContextNumberOf(ContextKey key) =>
        _contextOfKey.TryGetValue(key, out int number) || _contextOfKey.TryGetValue(key with { Packed = key.Packed | 0xFFFF_0000 }, out number) ? number : 0;

    /// <summary>Where the function of a sample without a PC is told.</summary>
    private static Location NoPc { get; } = new(Location.Unknown, "[no PC]");

    private static string CpuName(int cpu) => cpu switch
    {
        ContextKey.NoCpu => "none",
        ContextKey.OtherCpu => More,
        _ => cpu.ToString(CultureInfo.InvariantCulture),
    };

    private ReportContext ContextOf(ContextKey key) => new(_processOfNumber[key.Process], _cpuOfNumber[key.Cpu], key.Class, key.Level);

    private List<Location> ChooseFunctions(CodePlaces places, long[] samples, int most)
    {
        var sums = new Dictionary<Location, long>();
        for (int i = 0; i < samples.Length; i++)
        {
            if (samples[i] != 0)
            {
                Location location = LocationOf(places, i);
                sums[location] = sums.GetValueOrDefault(location) + samples[i];
            }
        }

        List<Location> functions =
        [
            .. sums.OrderByDescending(one => one.Value)
                .ThenBy(one => one.Key.Image, StringComparer.Ordinal)
                .ThenBy(one => one.Key.Symbol, StringComparer.Ordinal)
                .Select(one => one.Key)
                .Take(most),
        ];
        var numbers = functions.Select((location, number) => (location, number)).ToDictionary(one => one.location, one => one.number);
        for (int i = 0; i < samples.Length; i++)
        {
            _functionOfNumber[i] = samples[i] != 0 && numbers.TryGetValue(LocationOf(places, i), out int number) ? number : functions.Count;
        }

        functions.Add(new(More, More));
        return functions;
    }

    private static Location LocationOf(CodePlaces places, int i) => i == 0 ? NoPc : places[i - 1].Location;

    private List<ReportInstruction> ChooseInstructions(CodePlaces places, long[] samples, int most)
    {
        // One file mapped at several places is one: addresses in the file are compared.
        var sums = new Dictionary<(int Function, ulong Address), (long Samples, CodePlace First)>();
        for (int i = 1; i < samples.Length; i++)
        {
            if (samples[i] != 0 && _functionOfNumber[i] != OtherFunction)
            {
                CodePlace place = places[i - 1];
                (int, ulong) key = (_functionOfNumber[i], place.ImageAddress);
                sums[key] = sums.TryGetValue(key, out (long Samples, CodePlace First) sum)
                    ? (sum.Samples + samples[i], sum.First.Pc <= place.Pc ? sum.First : place)
                    : (samples[i], place);
            }
        }

        List<ReportInstruction> instructions =
        [
            .. sums.OrderByDescending(one => one.Value.Samples)
                .ThenBy(one => one.Key)
                .Take(most)
                .OrderBy(one => one.Key)
                .Select(one => new ReportInstruction(one.Key.Function, one.Value.First)),
        ];
        var numbers = instructions.Select((one, number) => (Key: (one.Function, one.Place.ImageAddress), number)).ToDictionary(one => one.Key, one => one.number);
        for (int i = 0; i < samples.Length; i++)
        {
            _placeOfNumber[i] = i > 0 && samples[i] != 0 && numbers.TryGetValue((_functionOfNumber[i], places[i - 1].ImageAddress), out int number)
                ? Functions.Count + number
                : _functionOfNumber[i];
        }

        return instructions;
    }

    /// <summary>Names with most samples, and "[more]" for the others; fills in the index of each number's name.</summary>
    private static List<string> Choose(IEnumerable<(int Number, string Name, long Samples)> numbers, int most, Dictionary<int, int> indices)
    {
        var all = numbers.ToList();
        List<string> names =
        [
            .. all.GroupBy(one => one.Name)
                .OrderByDescending(group => group.Sum(one => one.Samples))
                .ThenBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => group.Key)
                .Where(name => name != More)
                .Take(most),
        ];
        var indexOfName = names.Select((name, index) => (name, index)).ToDictionary(one => one.name, one => one.index);
        indices.Clear();
        foreach ((int number, string name, _) in all)
        {
            indices[number] = indexOfName.GetValueOrDefault(name, names.Count);
        }

        return indices.ContainsValue(names.Count) ? [.. names, More] : names;
    }
}
