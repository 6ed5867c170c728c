using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>An event that was recorded (perf_event_attr).</summary>
/// <param name="Type">PMU.</param>
/// <param name="SampleType">What samples, and the ends of other records, hold.</param>
/// <param name="Flags">Bits of the attributes.</param>
/// <param name="Period">Operations between samples, or samples a second.</param>
/// <param name="Config">config and config1 to config4, what the PMU was told.</param>
/// <param name="ClockId">clockid_t of times, where the flags say that one was chosen.</param>
internal readonly record struct PerfEvent(uint Type, PerfSample SampleType, PerfAttrFlags Flags, ulong Period, PerfEventConfig Config, uint ClockId);

/// <summary>The words of an event that its PMU gives a meaning.</summary>
internal readonly record struct PerfEventConfig(ulong Config, ulong Config1, ulong Config2, ulong Config3, ulong Config4);

/// <summary>What stands at the end of a record that is no sample, when sample_id_all is set.</summary>
/// <param name="ThreadId">Thread; 0 where unknown.</param>
/// <param name="Time">Nanoseconds; 0 where unknown, or made up by perf before the recording.</param>
/// <param name="Cpu">CPU; -1 where unknown.</param>
internal readonly record struct PerfSampleId(uint ThreadId, ulong Time, int Cpu)
{
    public static PerfSampleId None => new(0, 0, -1);
}

/// <summary>
/// The events of a perf.data file. They matter for one thing: how the end of each record is laid out, which depends on the event, and the event on an identifier in that end.
/// </summary>
internal sealed class PerfEvents
{
    private const int MostEvents = 1 << 12;
    private const int MostIds = 1 << 20;

    private readonly List<PerfEvent> _list = [];

    /// <summary>Events by identifier, those only that differ from the first in what matters here.</summary>
    private readonly Dictionary<ulong, PerfSample> _layouts = [];

    private readonly Dictionary<ulong, int> _cpus = [];
    private int _ids;

    public IReadOnlyList<PerfEvent> List => _list;

    /// <summary>Times in records are those of a clock that the user chose, and cannot be compared with converted timestamps.</summary>
    public bool HasOtherClock { get; private set; }

    /// <summary>Adds an event with its attributes and its identifiers, 8 bytes each; false where there are too many.</summary>
    public bool Add(SpeTrace trace, long position, ReadOnlySpan<byte> attr, ReadOnlySpan<byte> ids)
    {
        if (attr.Length < PerfDataFormat.SmallestAttr)
        {
            trace.Diagnoses.Add(position, $"event attributes of {attr.Length} bytes are too short");
            return true;
        }

        if (_list.Count == MostEvents)
        {
            trace.Diagnoses.Add(position, $"more than {MostEvents} events; those from here on are left out");
            return false;
        }

        PerfEvent added = Read(attr);
        _list.Add(added);
        HasOtherClock |= added.Flags.HasFlag(PerfAttrFlags.UseClockId);
        PerfSample layout = Layout(added);
        for (ulong at = 0; layout != Layout(_list[0]) && TryU64(ids, at, out ulong id) && _ids < MostIds; at += 8, _ids++)
        {
            _layouts[id] = layout;
        }

        return true;
    }

    /// <summary>Takes note of which CPU an identifier belongs to, for events that do not say so in each record.</summary>
    public void AddIndex(ulong id, uint cpu)
    {
        if (cpu <= int.MaxValue && _cpus.Count < MostIds)
        {
            _cpus[id] = (int)cpu;
        }
    }

    /// <summary>Reads the end of a record.</summary>
    public PerfSampleId SampleId(ReadOnlySpan<byte> record)
    {
        if (_list.Count == 0 || !_list[0].Flags.HasFlag(PerfAttrFlags.SampleIdAll))
        {
            return PerfSampleId.None;
        }

        PerfSample layout = Layout(_list[0]);
        if (TryId(record, layout, out ulong id) && _layouts.TryGetValue(id, out PerfSample other))
        {
            layout = other;
        }

        // From the end backwards: IDENTIFIER, CPU, STREAM_ID, ID, TIME, TID, 8 bytes each.
        ulong end = (ulong)record.Length;
        uint thread = 0;
        ulong time = 0;
        int cpu = _cpus.GetValueOrDefault(id, -1);
        end -= layout.HasFlag(PerfSample.Identifier) ? 8u : 0;
        if (layout.HasFlag(PerfSample.Cpu) && TryU32(record, end -= 8, out uint number))
        {
            cpu = number <= int.MaxValue ? (int)number : -1;
        }

        end -= layout.HasFlag(PerfSample.StreamId) ? 8u : 0;
        end -= layout.HasFlag(PerfSample.Id) ? 8u : 0;
        if (layout.HasFlag(PerfSample.Time))
        {
            TryU64(record, end -= 8, out time);
        }

        if (layout.HasFlag(PerfSample.ThreadId))
        {
            TryU32(record, end - 4, out thread);
        }

        return new(thread, HasOtherClock ? 0 : time, cpu);
    }

    private static PerfEvent Read(ReadOnlySpan<byte> attr)
    {
        TryU32(attr, 0, out uint type);
        TryU64(attr, 8, out ulong config);
        TryU64(attr, 16, out ulong period);
        TryU64(attr, 24, out ulong sampleType);
        TryU64(attr, 40, out ulong flags);
        TryU64(attr, 56, out ulong config1);
        TryU64(attr, 64, out ulong config2);
        TryU32(attr, 92, out uint clock);
        TryU64(attr, 128, out ulong config3);
        TryU64(attr, 136, out ulong config4);
        return new(type, (PerfSample)sampleType, (PerfAttrFlags)flags, period, new(config, config1, config2, config3, config4), clock);
    }

    private static PerfSample Layout(in PerfEvent of) =>
        of.SampleType & (PerfSample.ThreadId | PerfSample.Time | PerfSample.Id | PerfSample.StreamId | PerfSample.Cpu | PerfSample.Identifier);

    private static bool TryId(ReadOnlySpan<byte> record, PerfSample layout, out ulong id)
    {
        id = 0;
        ulong behind = layout.HasFlag(PerfSample.Identifier) ? 8u
            : layout.HasFlag(PerfSample.Id) ? 8u + (layout.HasFlag(PerfSample.Cpu) ? 8u : 0) + (layout.HasFlag(PerfSample.StreamId) ? 8u : 0)
            : 0;
        return behind != 0 && TryU64(record, (ulong)record.Length - behind, out id);
    }
}
