using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Truth;

/// <summary>What is compared: shares of functions, or of single instructions.</summary>
public enum TruthUnit
{
    Function,
    Instruction,
}

/// <summary>Brings together the executions and the records of each function or instruction, in bounded memory whatever the files hold.</summary>
internal sealed class TruthJoin
{
    /// <summary>So many addresses of records are kept apart; further ones are only counted by function.</summary>
    private const int MostPlaces = 1 << 19;

    /// <summary>So many functions or instructions are kept apart; further ones are taken together.</summary>
    private const int MostRows = 1 << 19;

    /// <summary>So many instructions are kept for the test over instructions.</summary>
    private const int MostInstructions = 1 << 22;

    private static readonly (Location, ulong) s_rest = (new(Location.Unknown, "[all others]"), 0);

    private readonly SampleSource _source;
    private readonly TruthUnit _unit;
    private readonly IReadOnlySet<uint>? _only;
    private readonly bool _outcomes;
    private readonly Dictionary<Place, Sampled> _places = [];
    private readonly Dictionary<Location, TruthTally> _overflow = [];
    private readonly Dictionary<(Location Location, ulong Pc), Row> _rows = [];
    private readonly Dictionary<uint, (ulong Executed, bool Recorded)> _contexts = [];
    private readonly List<(ulong Executed, long Records)> _instructions = [];

    /// <summary>Reads both to their ends.</summary>
    public TruthJoin(SampleSource source, TruthReader truth, TruthUnit unit, IReadOnlySet<uint>? only)
    {
        _source = source;
        _unit = unit;
        _only = only;
        _outcomes = truth.Summary.HasOutcomes;
        Truth = new(_outcomes);
        Records = new(_outcomes);
        ReadRecords();
        ReadTruth(truth);
        AddLeftOver();
    }

    /// <summary>All executions compared.</summary>
    public TruthTally Truth { get; }

    /// <summary>All records compared.</summary>
    public TruthTally Records { get; }

    /// <summary>In which order the records come.</summary>
    public SampleOrder Order { get; } = new();

    /// <summary>Records that tell no context. Where that is all of them, contexts are not told apart.</summary>
    public long WithoutContext { get; private set; }

    /// <summary>No record tells a context, so every record is compared with every execution.</summary>
    public bool IgnoresContexts { get; private set; }

    /// <summary>Records of addresses that were never executed.</summary>
    public long Strange { get; private set; }

    /// <summary>There were more instructions or functions than are kept apart.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Functions or instructions.</summary>
    public IEnumerable<(Location Location, ulong Pc, TruthTally Truth, TruthTally? Records)> Rows => _rows.Select(row => (row.Key.Location, row.Key.Pc, row.Value.Truth, row.Value.Records));

    /// <summary>Executions and records of single instructions; null where there are too many.</summary>
    public IReadOnlyList<(ulong Executed, long Records)>? Instructions => _instructions.Count < MostInstructions ? _instructions : null;

    /// <summary>Contexts that executed something, and have no record: their executions.</summary>
    public IEnumerable<(uint ContextId, ulong Executed)> Unrecorded => IgnoresContexts ? [] : _contexts.Where(context => !context.Value.Recorded).Select(context => (context.Key, context.Value.Executed));

    private void ReadRecords()
    {
        foreach (Gathering part in SampleScan.Run(_source, SampleFilter.All, () => new Gathering(this)))
        {
            part.Flush();
            Order.Add(part.Order);
            WithoutContext += part.WithoutContext;
        }

        long all = _places.Values.Sum(place => (long)place.Tally.Operations) + _overflow.Values.Sum(tally => (long)tally.Operations);
        IgnoresContexts = all > 0 && WithoutContext == all;
    }

    private void ReadTruth(TruthReader truth)
    {
        var row = new TruthRow();
        while (truth.TryRead(row))
        {
            if (_only?.Contains(row.ContextId) == false)
            {
                continue;
            }

            Truth.Add(row);
            bool isSampled = _places.TryGetValue(new Place(row.El, IgnoresContexts ? Place.NoContext : row.ContextId, row.Pc), out Sampled? sampled);
            TruthTally? records = isSampled && !sampled!.Joined ? sampled.Tally : null;
            Row to = RowOf(_source.Resolver.Resolve(row.Pc, row.ContextId), row.Pc);
            to.Truth.Add(row);
            if (records is not null)
            {
                sampled!.Joined = true;
                to.Add(records);
                Records.Add(records);
            }

            ref (ulong Executed, bool Recorded) context = ref CollectionsMarshal.GetValueRefOrAddDefault(_contexts, row.ContextId, out _);
            context.Executed = SpeSums.Saturate(context.Executed, row.Count);
            context.Recorded |= isSampled;
            if (_instructions.Count < MostInstructions)
            {
                _instructions.Add((row.Count, (long)(records?.Operations ?? 0)));
            }
        }
    }

    /// <summary>Adds records that no execution goes with, and those of which only the function is known.</summary>
    private void AddLeftOver()
    {
        foreach ((Place place, Sampled sampled) in _places)
        {
            if (!sampled.Joined)
            {
                RowOf(_source.Resolver.Resolve(place.Pc, place.Thread), place.Pc).Add(sampled.Tally);
                Records.Add(sampled.Tally);
                Strange += (long)sampled.Tally.Operations;
            }
        }

        foreach ((Location location, TruthTally tally) in _overflow)
        {
            RowOf(location, 0).Add(tally);
            Records.Add(tally);
            IsCut = true;
        }
    }

    private Row RowOf(Location location, ulong pc)
    {
        (Location, ulong) key = (location, _unit == TruthUnit.Function ? 0 : pc);
        if (!_rows.TryGetValue(key, out Row? row))
        {
            if (_rows.Count >= MostRows)
            {
                IsCut = true;
                key = s_rest;
                if (_rows.TryGetValue(key, out row))
                {
                    return row;
                }
            }

            _rows.Add(key, row = new(new(_outcomes)));
        }

        return row;
    }

    private void Merge(Dictionary<Place, TruthTally> places)
    {
        lock (_places)
        {
            foreach ((Place place, TruthTally tally) in places)
            {
                if (_places.TryGetValue(place, out Sampled? known))
                {
                    known.Tally.Add(tally);
                }
                else if (_places.Count < MostPlaces)
                {
                    _places.Add(place, new(tally));
                }
                else
                {
                    Location location = _source.Resolver.Resolve(place.Pc, place.Thread);
                    if (!_overflow.TryGetValue(location, out TruthTally? sum))
                    {
                        _overflow.Add(location, sum = new(_outcomes));
                    }

                    sum.Add(tally);
                }
            }
        }
    }

    private readonly record struct Place(int El, long Context, ulong Pc)
    {
        public const long NoContext = -1;

        public uint? Thread => Context == NoContext ? null : (uint)Context;
    }

    private sealed class Sampled(TruthTally tally)
    {
        public TruthTally Tally => tally;

        public bool Joined { get; set; }
    }

    private sealed class Row(TruthTally truth)
    {
        public TruthTally Truth => truth;

        public TruthTally? Records { get; private set; }

        public void Add(TruthTally records) => (Records ??= new(truth.Sums.HasOutcomes)).Add(records);
    }

    /// <summary>Records by address, of one thread of the scan.</summary>
    private sealed class Gathering(TruthJoin join) : ISampleVisitor
    {
        private const int MostKept = 1 << 14;

        private readonly Dictionary<Place, TruthTally> _tallies = [];

        public SampleOrder Order { get; } = new();

        public long WithoutContext { get; private set; }

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            if (!record.Has(SpeFields.Pc) || (origin.Thread is uint thread && join._only?.Contains(thread) == false))
            {
                return;
            }

            WithoutContext += origin.Thread is null ? 1 : 0;
            Order.Add(record.Pc);
            ref TruthTally? tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_tallies, new Place(record.ExceptionLevel, origin.Thread ?? Place.NoContext, record.Pc), out _);
            (tally ??= new(join._outcomes)).Add(record);
            if (_tallies.Count >= MostKept)
            {
                Flush();
            }
        }

        public void Flush()
        {
            join.Merge(_tallies);
            _tallies.Clear();
        }
    }
}
