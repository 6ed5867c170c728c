using System.Text.RegularExpressions;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Samples;

/// <summary>Which samples are looked at; what is null or 0 does not select.</summary>
public sealed record SampleFilter
{
    /// <summary>Every sample.</summary>
    public static SampleFilter All { get; } = new();

    public IReadOnlySet<ProfileClass>? Classes { get; init; }

    /// <summary>CPU numbers.</summary>
    public IReadOnlySet<int>? Cpus { get; init; }

    /// <summary>Processes by number, or by the name of the thread at the time (Linux's comm).</summary>
    public IReadOnlySet<string>? Processes { get; init; }

    /// <summary>Exception levels of the sampled operation.</summary>
    public IReadOnlySet<int>? ExceptionLevels { get; init; }

    /// <summary>Functions whose name this matches. Give it a time-out: it comes from a user.</summary>
    public Regex? Function { get; init; }

    /// <summary>Cycles of total latency, at least.</summary>
    public int MinimumLatency { get; init; }

    /// <summary>Nanoseconds of the traced kernel's clock, from (inclusive) and to (exclusive); records without a time are left out.</summary>
    public (ulong From, ulong To)? Time { get; init; }

    /// <summary>Events of which each must be set.</summary>
    public SpeEvents Events { get; init; }

    /// <summary>Selects everything.</summary>
    public bool IsEmpty => this == All;

    /// <summary>Whether what the record alone tells is selected.</summary>
    internal bool Selects(in SpeRecord record) =>
        (Classes is null || Classes.Contains(ProfileCounts.Classify(record)))
        && (ExceptionLevels is null || (record.Has(SpeFields.Pc) && ExceptionLevels.Contains(record.ExceptionLevel)))
        && (MinimumLatency == 0 || (record.Has(SpeFields.TotalLatency) && record.TotalLatency >= MinimumLatency))
        && (Events == SpeEvents.None || (record.Has(SpeFields.Events) && (record.Events & Events) == Events));

    /// <summary>Whether where it comes from is selected, but for processes and functions, which are looked up once and remembered.</summary>
    internal bool Selects(in SampleOrigin origin) =>
        (Cpus is null || Cpus.Contains(origin.Cpu))
        && (Time is not (ulong from, ulong to) || (origin.Time != 0 && origin.Time >= from && origin.Time < to));

    internal bool SelectsProcess(SampleSource source, uint? thread, ulong time) => thread is uint known
        && (Processes!.Contains(source.Tasks.ProcessOf(known).ToString(System.Globalization.CultureInfo.InvariantCulture))
            || (source.Tasks.NameOf(known, time) is string name && Processes.Contains(name)));

    internal bool SelectsFunction(in CodePlace place) => SelectsFunction(place.Location.Symbol);

    /// <summary>Whether a function of this name is selected; a name that takes the expression too long is not.</summary>
    public bool SelectsFunction(string name)
    {
        try
        {
            return Function is null || Function.IsMatch(name);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
