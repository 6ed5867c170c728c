using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Profiles;

/// <summary>How the CPUs that touch a cache line get in each other's way.</summary>
public enum SharingKind
{
    /// <summary>A CPU writes what another one reads or writes: the data is shared.</summary>
    True,

    /// <summary>CPUs touch different bytes, and one of them writes: only the line is shared.</summary>
    False,
}

/// <summary>What one CPU did to a cache line.</summary>
/// <param name="Cpu">CPU.</param>
/// <param name="Reads">Sampled loads.</param>
/// <param name="Writes">Sampled stores and atomics.</param>
/// <param name="ReadOffsets">Bit n: a load of byte n of the line.</param>
/// <param name="WriteOffsets">Bit n: a store or atomic at byte n.</param>
public sealed record LineUser(int Cpu, long Reads, long Writes, ulong ReadOffsets, ulong WriteOffsets);

/// <summary>A cache line that several CPUs touched, at least one of them with writes.</summary>
/// <param name="Address">First byte.</param>
/// <param name="IsPhysical">The address is physical; else it is virtual.</param>
/// <param name="Process">Where the address is virtual: whose; else that of the first sample.</param>
/// <param name="VirtualAddress">A virtual address of the line, for symbols; 0 where none was recorded.</param>
/// <param name="Kind">What is shared.</param>
/// <param name="Users">CPUs, busiest first.</param>
/// <param name="Samples">Sampled accesses.</param>
/// <param name="FromPeers">Sampled loads whose data came from another core's cache or another chip.</param>
/// <param name="MeanLatency">Mean total latency of the accesses in cycles; null without latencies.</param>
/// <param name="Places">Code that touched it, most samples first, at most eight.</param>
public sealed record SharedLine(
    ulong Address,
    bool IsPhysical,
    string Process,
    ulong VirtualAddress,
    SharingKind Kind,
    IReadOnlyList<LineUser> Users,
    long Samples,
    long FromPeers,
    double? MeanLatency,
    IReadOnlyList<(CodePlace Place, long Samples)> Places);

/// <summary>
/// Looks for cache lines that bounce between CPUs. A line counts by its physical address where that was recorded, and by process and virtual address elsewhere. Records hold the first byte of an access and
/// not its size, so two accesses that overlap without beginning at the same byte pass for false sharing.
/// </summary>
public sealed class Sharing
{
    /// <summary>So many lines are looked at by each thread; a trace may have as many as samples.</summary>
    public const int MostLines = 1 << 19;

    /// <summary>So many shared lines are described, those with most samples.</summary>
    public const int MostShared = 1 << 12;

    private const int LineShift = 6;
    private const int MostPlaces = 8;

    private Sharing()
    {
    }

    /// <summary>Lines, those with most samples first.</summary>
    public IReadOnlyList<SharedLine> Lines { get; private set; } = [];

    /// <summary>Lines with any sample.</summary>
    public int Touched { get; private set; }

    /// <summary>Samples of further lines, after <see cref="MostLines"/>, which were not looked at.</summary>
    public long Skipped { get; private set; }

    /// <summary>Lines that were found elsewhere, for example by a database.</summary>
    /// <param name="lines">Shared lines, in any order.</param>
    /// <param name="touched">Lines with any sample.</param>
    public static Sharing Of(IEnumerable<SharedLine> lines, int touched) => new() { Touched = touched, Lines = Sort(lines) };

    /// <summary>Looks at all loads, stores and atomics that <paramref name="filter"/> selects: first for the lines that are shared, then at what happened to those.</summary>
    public static Sharing Find(SampleSource source, SampleFilter filter)
    {
        var sharing = new Sharing();
        HashSet<GroupKey> shared = sharing.Select(SampleScan.Run(source, filter, () => new Search(source.Tasks)));
        if (shared.Count == 0)
        {
            return sharing;
        }

        // The records are read again, and what is wrong with them has been said.
        var places = new CodePlaces(source);
        var lines = new Dictionary<GroupKey, Line>();
        foreach (Gathering part in SampleScan.Run(source, filter, () => new Gathering(source.Tasks, shared, new CodePlaces.Cache(places)), report: false))
        {
            foreach ((GroupKey key, Line line) in part.Lines)
            {
                if (!lines.TryAdd(key, line))
                {
                    lines[key].Add(line);
                }
            }
        }

        sharing.Lines = Sort(lines.Where(line => line.Value.IsShared).Select(line => line.Value.Describe(line.Key, source, places)));
        return sharing;
    }

    private HashSet<GroupKey> Select(IReadOnlyList<Search> parts)
    {
        var seen = new Dictionary<GroupKey, Seen>();
        foreach (Search part in parts)
        {
            Skipped += part.Skipped;
            foreach ((GroupKey key, Seen found) in part.Lines)
            {
                ref Seen sum = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, key, out bool exists);
                sum = exists ? sum.And(found) : found;
            }
        }

        Touched = seen.Count;
        return
        [
            .. seen.Where(line => line.Value is { Several: true, Writes: true })
                .OrderByDescending(line => line.Value.Samples)
                .ThenBy(line => line.Key.A)
                .ThenBy(line => line.Key.B)
                .Take(MostShared)
                .Select(line => line.Key),
        ];
    }

    /// <summary>Offsets of a bit mask as "0x0 0x8".</summary>
    public static string Offsets(ulong mask)
    {
        var texts = new List<string>();
        for (ulong rest = mask; rest != 0; rest &= rest - 1)
        {
            texts.Add(string.Create(CultureInfo.InvariantCulture, $"0x{BitOperations.TrailingZeroCount(rest):x}"));
        }

        return texts.Count == 0 ? "-" : string.Join(' ', texts);
    }

    /// <summary>What CPUs that touched a line share.</summary>
    public static SharingKind KindOf(IReadOnlyCollection<LineUser> users) =>
        users.Any(writer => users.Any(other => other.Cpu != writer.Cpu && ((other.ReadOffsets | other.WriteOffsets) & writer.WriteOffsets) != 0)) ? SharingKind.True : SharingKind.False;

    private static IReadOnlyList<SharedLine> Sort(IEnumerable<SharedLine> lines) =>
        [.. lines.OrderByDescending(line => line.Samples).ThenBy(line => line.Address).ThenBy(line => line.Process, StringComparer.Ordinal)];

    private static bool IsFromPeer(in SpeRecord record) => record.Has(SpeFields.DataSource)
        && (SpeDataSource)record.DataSource is SpeDataSource.PeerCore or SpeDataSource.LocalCluster or SpeDataSource.PeerCluster or SpeDataSource.Remote;

    /// <summary>One CPU's accesses.</summary>
    private struct Use
    {
        public long Reads;
        public long Writes;
        public ulong ReadOffsets;
        public ulong WriteOffsets;
    }

    /// <summary>A line, as one or several threads found it.</summary>
    private sealed class Line(in SampleOrigin first, ulong virtualAddress)
    {
        private readonly SampleOrigin _first = first;
        private readonly ulong _virtualAddress = virtualAddress;
        private readonly Dictionary<int, Use> _uses = [];
        private readonly Dictionary<int, long> _places = [];
        private readonly HashSet<uint> _threads = [];
        private long _samples;
        private long _fromPeers;
        private long _withLatency;
        private long _latency;

        /// <summary>Several CPUs, one of them with writes, and not just one thread that moved.</summary>
        public bool IsShared => _uses.Count > 1 && _threads.Count != 1 && _uses.Values.Any(use => use.Writes > 0);

        public void Add(in SpeRecord record, in SampleOrigin origin, int place, ulong address)
        {
            bool writes = Writes(record);
            ulong offset = 1ul << (int)(address & ((1 << LineShift) - 1));
            ref Use use = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, origin.Cpu, out _);
            if (writes)
            {
                use.Writes++;
                use.WriteOffsets |= offset;
            }
            else
            {
                use.Reads++;
                use.ReadOffsets |= offset;
            }

            const int Few = 64;
            if (place >= 0 && (_places.Count < Few || _places.ContainsKey(place)))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_places, place, out _)++;
            }

            if (origin.Thread is uint thread && _threads.Count < Few)
            {
                _threads.Add(thread);
            }

            _samples++;
            _fromPeers += IsFromPeer(record) ? 1 : 0;
            if (record.Has(SpeFields.TotalLatency))
            {
                _withLatency++;
                _latency += record.TotalLatency;
            }
        }

        public void Add(Line other)
        {
            foreach ((int cpu, Use found) in other._uses)
            {
                ref Use use = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, cpu, out _);
                use.Reads += found.Reads;
                use.Writes += found.Writes;
                use.ReadOffsets |= found.ReadOffsets;
                use.WriteOffsets |= found.WriteOffsets;
            }

            foreach ((int place, long samples) in other._places)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_places, place, out _) += samples;
            }

            _threads.UnionWith(other._threads);
            _samples += other._samples;
            _fromPeers += other._fromPeers;
            _withLatency += other._withLatency;
            _latency += other._latency;
        }

        public SharedLine Describe(GroupKey key, SampleSource source, CodePlaces places)
        {
            LineUser[] users =
            [
                .. _uses.OrderByDescending(use => use.Value.Reads + use.Value.Writes).ThenBy(use => use.Key)
                    .Select(use => new LineUser(use.Key, use.Value.Reads, use.Value.Writes, use.Value.ReadOffsets, use.Value.WriteOffsets)),
            ];
            return new(
                key.A,
                key.B == 0,
                key.B == 1 ? "[kernel]" : source.ProcessLabel(_first.Thread, _first.Time),
                _virtualAddress,
                KindOf(users),
                users,
                _samples,
                _fromPeers,
                _withLatency == 0 ? null : (double)_latency / _withLatency,
                [.. _places.Select(place => (Place: places[place.Key], Samples: place.Value)).OrderByDescending(place => place.Samples).ThenBy(place => place.Place.Pc).Take(MostPlaces)]);
        }
    }

    /// <summary>What is enough to know whether a line is shared.</summary>
    private readonly record struct Seen(int Cpu, long Samples, bool Several, bool Writes)
    {
        public Seen And(Seen other) => new(Cpu, Samples + other.Samples, Several || other.Several || Cpu != other.Cpu, Writes || other.Writes);
    }

    /// <summary>The key of a sampled access; false for what is none, or is of no known CPU.</summary>
    private static bool TryKey(TaskTable tasks, in SpeRecord record, in SampleOrigin origin, out GroupKey key)
    {
        key = record.Has(SpeFields.Operation) && record.OperationClass == SpeOperationClass.LoadStore && origin.Cpu >= 0
            ? ProfileGrouping.Data(tasks, record, origin, LineShift)
            : GroupKey.None;
        return key != GroupKey.None;
    }

    private static bool Writes(in SpeRecord record) => record.IsStore || record.IsAtomic;

    /// <summary>The lines that one thread saw.</summary>
    private sealed class Search(TaskTable tasks) : ISampleVisitor
    {
        public Dictionary<GroupKey, Seen> Lines { get; } = [];

        public long Skipped { get; private set; }

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            if (!TryKey(tasks, record, origin, out GroupKey key))
            {
                return;
            }

            var seen = new Seen(origin.Cpu, 1, false, Writes(record));
            if (Lines.TryGetValue(key, out Seen known))
            {
                Lines[key] = known.And(seen);
            }
            else if (Lines.Count < MostLines)
            {
                Lines.Add(key, seen);
            }
            else
            {
                Skipped++;
            }
        }
    }

    /// <summary>What one thread found out about shared lines.</summary>
    private sealed class Gathering(TaskTable tasks, HashSet<GroupKey> shared, CodePlaces.Cache places) : ISampleVisitor
    {
        public Dictionary<GroupKey, Line> Lines { get; } = [];

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            if (!TryKey(tasks, record, origin, out GroupKey key) || !shared.Contains(key))
            {
                return;
            }

            if (!Lines.TryGetValue(key, out Line? line))
            {
                Lines.Add(key, line = new(origin, record.Has(SpeFields.DataVirtual) ? record.DataVirtual >> LineShift << LineShift : 0));
            }

            line.Add(record, origin, places.NumberOf(record, origin), key.B == 0 ? record.DataPhysical : record.DataVirtual);
        }
    }
}
