using Pinion.Trace.Symbols;

namespace Pinion.Trace.Samples;

/// <summary>Where a record comes from and whose it is.</summary>
/// <param name="Cpu">CPU; -1 where the stream belongs to a thread.</param>
/// <param name="Thread">Thread; null where nothing tells.</param>
/// <param name="Time">Nanoseconds of the traced kernel's clock; 0 where unknown.</param>
/// <param name="Space">What the process had mapped at the time, for <see cref="SymbolResolver.Find"/>; the kernel's addresses need none.</param>
public readonly record struct SampleOrigin(int Cpu, uint? Thread, ulong Time, int Space)
{
    /// <summary>Number of the thread's name at the time, for <see cref="TaskTable.NameText"/>; 0 where the trace does not tell.</summary>
    public int Name { get; init; }
}

/// <summary>A trace with all that is needed to say whose its records are and where they fell: the input of profiles, reports, exports and the store.</summary>
public sealed class SampleSource
{
    private readonly object _lock = new();

    public SampleSource(SpeTrace trace, SymbolResolver resolver)
    {
        Trace = trace;
        Resolver = resolver;
        Tasks = new(trace);
    }

    public SpeTrace Trace { get; }

    /// <summary>Symbols; while several threads run, ask through <see cref="Find"/> and <see cref="SpaceAt"/>.</summary>
    public SymbolResolver Resolver { get; }

    public TaskTable Tasks { get; }

    /// <summary>As <see cref="SymbolResolver.Find"/>, for several threads.</summary>
    public CodePlace Find(ulong pc, int space)
    {
        lock (_lock)
        {
            return Resolver.Find(pc, space);
        }
    }

    /// <summary>As <see cref="SymbolResolver.SpaceAt(uint?, ulong)"/>, for several threads; a time of 0 is unknown, and means the last.</summary>
    public int SpaceAt(uint? thread, ulong time, out (ulong From, ulong Until) holds)
    {
        lock (_lock)
        {
            return Resolver.SpaceAt(thread, time == 0 ? ulong.MaxValue : time, out holds);
        }
    }

    /// <summary>"name (pid)" of a thread's process; "[unknown]" without a thread.</summary>
    public string ProcessLabel(uint? thread, ulong time) => thread is not uint known
        ? Location.Unknown
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Tasks.NameOf(known, time) ?? "?"} ({Tasks.ProcessOf(known)})");
}
