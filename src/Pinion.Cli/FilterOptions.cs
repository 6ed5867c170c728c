using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>Which samples the commands that read traces look at.</summary>
internal sealed class FilterOptions
{
    private static readonly (string Name, ProfileClass Class)[] s_classes =
    [
        ("load", ProfileClass.Load),
        ("store", ProfileClass.Store),
        ("atomic", ProfileClass.Atomic),
        ("branch", ProfileClass.Branch),
        ("fp", ProfileClass.FpSimd),
        ("other", ProfileClass.Other),
        ("none", ProfileClass.None),
    ];

    private static readonly (string Name, SpeEvents Event)[] s_events =
    [
        ("exception", SpeEvents.Exception),
        ("retired", SpeEvents.Retired),
        ("l1d-access", SpeEvents.L1DataAccess),
        ("l1d-refill", SpeEvents.L1DataRefill),
        ("tlb-access", SpeEvents.TlbAccess),
        ("tlb-walk", SpeEvents.TlbWalk),
        ("not-taken", SpeEvents.NotTaken),
        ("mispredicted", SpeEvents.Mispredicted),
        ("llc-access", SpeEvents.LastLevelAccess),
        ("llc-miss", SpeEvents.LastLevelMiss),
        ("remote", SpeEvents.RemoteAccess),
        ("alignment", SpeEvents.Alignment),
    ];

    private readonly Option<string[]> _class = Make<string[]>("--class", "CLASS,...", $"Only samples of these kinds of operation: {string.Join(", ", s_classes.Select(c => c.Name))}.", []);
    private readonly Option<string[]> _cpu = Make<string[]>("--cpu", "N,...", "Only samples of these CPUs; 0-3 is a range.", []);
    private readonly Option<string[]> _process = Make<string[]>("--process", "NAME|ID,...", "Only samples of these processes, by number or by name.", []);
    private readonly Option<string[]> _level = Make<string[]>("--el", "N,...", "Only samples at these Exception levels: 0 is user space, 1 the kernel.", []);
    private readonly Option<string?> _function = Make<string?>("--function", "REGEX", "Only samples in functions whose name this regular expression finds.", null);
    private readonly Option<string[]> _event = Make<string[]>("--event", "EVENT,...", $"Only samples that have all these events: {string.Join(", ", s_events.Select(e => e.Name))}.", []);
    private readonly Option<int> _latency = Make("--min-latency", "CYCLES", "Only samples with at least this total latency.", 0);
    private readonly Option<string?> _time = Make<string?>("--time", "FROM,TO", "Only samples from a time (inclusive) to another (exclusive), in seconds of the traced clock, as perf prints them; either may be left out.", null);

    public void AddTo(Command command)
    {
        command.Options.Add(_class);
        command.Options.Add(_cpu);
        command.Options.Add(_process);
        command.Options.Add(_level);
        command.Options.Add(_function);
        command.Options.Add(_event);
        command.Options.Add(_latency);
        command.Options.Add(_time);
    }

    /// <summary>The filter that was asked for.</summary>
    public Result<SampleFilter> Read(ParseResult parsed) => Read(
        Split(parsed.GetValue(_class)),
        Split(parsed.GetValue(_cpu)),
        Split(parsed.GetValue(_process)),
        Split(parsed.GetValue(_level)),
        parsed.GetValue(_function),
        Split(parsed.GetValue(_event)),
        parsed.GetValue(_latency),
        parsed.GetValue(_time));

    /// <summary>A filter from texts as they were typed.</summary>
    internal static Result<SampleFilter> Read(string[] classes, string[] cpus, string[] processes, string[] levels, string? function, string[] events, int latency, string? time)
    {
        var chosenClasses = new HashSet<ProfileClass>();
        foreach (string name in classes)
        {
            int found = Array.FindIndex(s_classes, c => c.Name == name);
            if (found < 0)
            {
                return new Problem(ProblemKind.Usage, $"--class has no choice '{name}'", $"there are: {string.Join(", ", s_classes.Select(c => c.Name))}");
            }

            chosenClasses.Add(s_classes[found].Class);
        }

        SpeEvents chosenEvents = SpeEvents.None;
        foreach (string name in events)
        {
            int found = Array.FindIndex(s_events, e => e.Name == name);
            if (found < 0)
            {
                return new Problem(ProblemKind.Usage, $"--event has no choice '{name}'", $"there are: {string.Join(", ", s_events.Select(e => e.Name))}");
            }

            chosenEvents |= s_events[found].Event;
        }

        if (!TryNumbers(cpus, 1 << 16, out HashSet<int> chosenCpus))
        {
            return new Problem(ProblemKind.Usage, $"--cpu takes numbers and ranges, not '{string.Join(',', cpus)}'", "for example --cpu 0,2-3");
        }

        if (!TryNumbers(levels, 4, out HashSet<int> chosenLevels))
        {
            return new Problem(ProblemKind.Usage, $"--el takes Exception levels, 0 to 3, not '{string.Join(',', levels)}'", "user space is --el 0");
        }

        if (latency < 0)
        {
            return new Problem(ProblemKind.Usage, "--min-latency is negative", "give cycles");
        }

        Regex? pattern = null;
        if (function is not null)
        {
            try
            {
                pattern = new Regex(function, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            }
            catch (ArgumentException e)
            {
                return new Problem(ProblemKind.Usage, $"--function: {e.Message}", "give a regular expression, such as '^memcpy'");
            }
        }

        (ulong, ulong)? chosenTime = null;
        if (time is not null)
        {
            string[] ends = time.Split(',');
            if (ends.Length != 2 || !TrySeconds(ends[0], 0, out ulong from) || !TrySeconds(ends[1], ulong.MaxValue, out ulong to))
            {
                return new Problem(ProblemKind.Usage, $"--time takes two times in seconds, not '{time}'", "for example --time 12.5,13");
            }

            chosenTime = (from, to);
        }

        return new SampleFilter
        {
            Classes = chosenClasses.Count > 0 ? chosenClasses : null,
            Cpus = chosenCpus.Count > 0 ? chosenCpus : null,
            Processes = processes.Length > 0 ? processes.ToHashSet(StringComparer.Ordinal) : null,
            ExceptionLevels = chosenLevels.Count > 0 ? chosenLevels : null,
            Function = pattern,
            Events = chosenEvents,
            MinimumLatency = latency,
            Time = chosenTime,
        };
    }

    private static Option<T> Make<T>(string name, string help, string description, T otherwise) =>
        new(name) { HelpName = help, Description = description, DefaultValueFactory = _ => otherwise };

    private static string[] Split(string[]? values) =>
        [.. (values ?? []).SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static bool TryNumbers(string[] texts, int limit, out HashSet<int> numbers)
    {
        numbers = [];
        foreach (string text in texts)
        {
            string[] ends = text.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last < first || last >= limit)
            {
                return false;
            }

            numbers.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return true;
    }

    /// <summary>Nanoseconds of a text in seconds. Decimal, because a double does not hold nanoseconds of a clock that has run for months.</summary>
    private static bool TrySeconds(string text, ulong otherwise, out ulong nanoseconds)
    {
        nanoseconds = otherwise;
        if (text.Trim().Length == 0)
        {
            return true;
        }

        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out decimal seconds)
            || seconds > 18_000_000_000m)
        {
            return false;
        }

        nanoseconds = (ulong)(seconds * 1_000_000_000m);
        return true;
    }
}
