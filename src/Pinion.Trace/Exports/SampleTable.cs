using System.Globalization;
using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>What the rows of a <see cref="SampleTable"/> keep apart.</summary>
[Flags]
internal enum SampleDetail
{
    /// <summary>Functions are always kept apart.</summary>
    None = 0,
    Process = 1,
    Thread = 2,
    Cpu = 4,
    Class = 8,
    DataSource = 16,
    Level = 32,

    /// <summary>Instructions of a function.</summary>
    Address = 64,
    All = 127,
}

/// <summary>Sums over samples.</summary>
internal record struct SampleSums(long Samples, long TotalLatency, long IssueLatency, long TranslationLatency)
{
    public static SampleSums operator +(SampleSums left, SampleSums right) =>
        new(left.Samples + right.Samples, left.TotalLatency + right.TotalLatency, left.IssueLatency + right.IssueLatency, left.TranslationLatency + right.TranslationLatency);

    public static SampleSums Of(in SpeRecord record) => new(
        1,
        record.Has(SpeFields.TotalLatency) ? record.TotalLatency : 0,
        record.Has(SpeFields.IssueLatency) ? record.IssueLatency : 0,
        record.Has(SpeFields.TranslationLatency) ? record.TranslationLatency : 0);

    public readonly long Of(ExportWeight weight) => weight == ExportWeight.Latency ? TotalLatency : Samples;
}

/// <summary>Whose samples are.</summary>
/// <param name="Process">"name (pid)", or "[unknown]".</param>
/// <param name="Thread">Thread; null where unknown or not kept apart.</param>
internal readonly record struct SampleTask(string Process, uint? Thread) : IComparable<SampleTask>
{
    public int CompareTo(SampleTask other)
    {
        int order = string.CompareOrdinal(Process, other.Process);
        return order != 0 ? order : Nullable.Compare(Thread, other.Thread);
    }
}

/// <summary>What the samples of a row have in common, as numbers.</summary>
/// <param name="Task">Index for <see cref="SampleTable.Tasks"/>.</param>
/// <param name="Place">Index for <see cref="SampleTable.Places"/>.</param>
/// <param name="Cpu">CPU; -1 where unknown or not kept apart.</param>
/// <param name="Class">Class; null where not kept apart.</param>
/// <param name="DataSource">Data source; -1 where there is none or it is not kept apart.</param>
/// <param name="Level">Exception level; -1 where unknown or not kept apart.</param>
internal readonly record struct SampleKey(int Task, int Place, int Cpu, ProfileClass? Class, int DataSource, int Level) : IComparable<SampleKey>
{
    public int CompareTo(SampleKey other)
    {
        int order = Task.CompareTo(other.Task);
        order = order != 0 ? order : Place.CompareTo(other.Place);
        order = order != 0 ? order : Cpu.CompareTo(other.Cpu);
        order = order != 0 ? order : Nullable.Compare(Class, other.Class);
        order = order != 0 ? order : DataSource.CompareTo(other.DataSource);
        return order != 0 ? order : Level.CompareTo(other.Level);
    }
}

/// <summary>
/// The samples of a trace, summed up by whose they are, where they fell and what they are. Rows come in an order that the samples alone decide, however many threads decode. A trace may have as many
/// kinds of samples as samples: where there are more than <see cref="MostRows"/>, kinds are merged, for all samples alike, until they fit, and a note says which.
/// </summary>
internal sealed class SampleTable
{
    public const int MostRows = 1 << 19;

    /// <summary>Threads under the names they had. Where there are more, processes are not kept apart.</summary>
    private const int MostTasks = 1 << 18;

    private static readonly (SampleDetail Detail, string Name)[] s_leastTellingFirst =
    [
        (SampleDetail.DataSource, "data sources"),
        (SampleDetail.Level, "exception levels"),
        (SampleDetail.Class, "classes"),
        (SampleDetail.Cpu, "CPUs"),
        (SampleDetail.Address, "addresses"),
        (SampleDetail.Process | SampleDetail.Thread, "processes"),
    ];

    private readonly object _lock = new();
    private readonly SampleSource _source;
    private readonly CodePlaces _places;
    private readonly List<(uint? Thread, ulong Time)> _tasks = [];
    private readonly Dictionary<(uint? Thread, int Name), int> _taskNumbers = [];
    private readonly Dictionary<Location, int> _functions = [];
    private readonly int _mostRows;
    private Dictionary<SampleKey, SampleSums> _rows = [];
    private volatile SampleDetail _kept;
    private ulong _firstTime = ulong.MaxValue;
    private ulong _lastTime;

    private SampleTable(SampleSource source, SampleDetail detail, int mostRows)
    {
        _source = source;
        _places = new(source);
        _kept = detail;
        _mostRows = mostRows;
    }

    /// <summary>Rows in order.</summary>
    public IReadOnlyList<(SampleKey Key, SampleSums Sums)> Rows { get; private set; } = [];

    /// <summary>Tasks in order: by process, then by thread.</summary>
    public IReadOnlyList<SampleTask> Tasks { get; private set; } = [];

    /// <summary>Places in order: by image, function, address.</summary>
    public IReadOnlyList<CodePlace> Places { get; private set; } = [];

    /// <summary>All rows together.</summary>
    public SampleSums Total { get; private set; }

    /// <summary>Nanoseconds from the first to the last sample; 0 where the trace has no time.</summary>
    public ulong Duration => _lastTime > _firstTime ? _lastTime - _firstTime : 0;

    /// <summary>Sums up the samples of <paramref name="request"/>.</summary>
    /// <param name="request">Which samples; gets the notes.</param>
    /// <param name="detail">What the rows keep apart.</param>
    /// <param name="mostRows">At most so many rows.</param>
    public static SampleTable Build(ExportRequest request, SampleDetail detail, int mostRows = MostRows)
    {
        var table = new SampleTable(request.Source, detail, mostRows);
        foreach (Gathering part in SampleScan.Run(request.Source, request.Filter, () => new Gathering(table)))
        {
            part.Flush();
        }

        if (table._places.Count > CodePlaces.MostPlaces)
        {
            // Which addresses kept a number of their own was a matter of chance.
            table._kept &= ~SampleDetail.Address;
        }

        string[] merged = [.. s_leastTellingFirst.Where(one => (detail & one.Detail & ~table._kept) != 0).Select(one => one.Name)];
        if (merged.Length > 0)
        {
            request.Note(string.Create(CultureInfo.InvariantCulture, $"the trace has more kinds of samples than the output may hold: {string.Join(", ", merged)} are not kept apart"));
        }

        table.Finish();
        return table;
    }

    private void Merge(Dictionary<SampleKey, SampleSums> rows, ulong firstTime, ulong lastTime)
    {
        lock (_lock)
        {
            foreach ((SampleKey key, SampleSums sums) in rows)
            {
                Add(_rows, Coarse(key), sums);
                while (_rows.Count > _mostRows && TryCoarsen())
                {
                }
            }

            _firstTime = Math.Min(_firstTime, firstTime);
            _lastTime = Math.Max(_lastTime, lastTime);
        }
    }

    /// <summary>Number of a thread under the name it has; -1 where processes are not kept apart.</summary>
    private int TaskNumber(in SampleOrigin origin)
    {
        lock (_lock)
        {
            if (!_taskNumbers.TryGetValue((origin.Thread, origin.Name), out int number))
            {
                if (_tasks.Count >= MostTasks)
                {
                    _kept &= ~(SampleDetail.Process | SampleDetail.Thread);
                    return -1;
                }

                number = _tasks.Count;
                _tasks.Add((origin.Thread, origin.Time));
                _taskNumbers.Add((origin.Thread, origin.Name), number);
            }

            return number;
        }
    }

    private bool TryCoarsen()
    {
        SampleDetail merged = s_leastTellingFirst.Select(one => one.Detail & _kept).FirstOrDefault(detail => detail != SampleDetail.None);
        if (merged == SampleDetail.None)
        {
            return false;
        }

        _kept &= ~merged;
        Dictionary<SampleKey, SampleSums> rows = new(_rows.Count);
        foreach ((SampleKey key, SampleSums sums) in _rows)
        {
            Add(rows, Coarse(key), sums);
        }

        _rows = rows;
        return true;
    }

    private SampleKey Coarse(in SampleKey key) => new(
        Kept(SampleDetail.Process) ? key.Task : -1,
        Kept(SampleDetail.Address) ? key.Place : FunctionOf(key.Place),
        Kept(SampleDetail.Cpu) ? key.Cpu : -1,
        Kept(SampleDetail.Class) ? key.Class : null,
        Kept(SampleDetail.DataSource) ? key.DataSource : -1,
        Kept(SampleDetail.Level) ? key.Level : -1);

    private bool Kept(SampleDetail detail) => (_kept & detail) != 0;

    /// <summary>Number of some place in the same function.</summary>
    private int FunctionOf(int place)
    {
        if (place < 0)
        {
            return place;
        }

        Location location = _places[place].Location;
        if (!_functions.TryGetValue(location, out int number))
        {
            _functions.Add(location, number = place);
        }

        return number;
    }

    private static void Add(Dictionary<SampleKey, SampleSums> rows, in SampleKey key, in SampleSums sums)
    {
        ref SampleSums sum = ref CollectionsMarshal.GetValueRefOrAddDefault(rows, key, out _);
        sum += sums;
    }

    /// <summary>Puts texts to the numbers, and orders by them: numbers were given out by whoever came first.</summary>
    private void Finish()
    {
        var places = new Dictionary<int, CodePlace>();
        var tasks = new Dictionary<int, SampleTask>();
        foreach (SampleKey key in _rows.Keys.Select(key => Coarse(key)))
        {
            places.TryAdd(key.Place, PlaceOf(key.Place));
            tasks.TryAdd(key.Task, TaskOf(key.Task));
        }

        Dictionary<int, int> placeRanks = Rank(places, CodePlaceOrder.Compare, out IReadOnlyList<CodePlace> orderedPlaces);
        Dictionary<int, int> taskRanks = Rank(tasks, (left, right) => left.CompareTo(right), out IReadOnlyList<SampleTask> orderedTasks);
        (Places, Tasks) = (orderedPlaces, orderedTasks);
        var rows = new Dictionary<SampleKey, SampleSums>(_rows.Count);
        foreach ((SampleKey key, SampleSums sums) in _rows)
        {
            SampleKey coarse = Coarse(key);
            Add(rows, coarse with { Place = placeRanks[coarse.Place], Task = taskRanks[coarse.Task] }, sums);
            Total += sums;
        }

        Rows = [.. rows.OrderBy(row => row.Key).Select(row => (row.Key, row.Value))];
        _rows = [];
    }

    private CodePlace PlaceOf(int number)
    {
        if (number < 0)
        {
            return new(new(Location.Unknown, "[no PC]"), 0, 0, null, 0, null);
        }

        CodePlace place = _places[number];
        return Kept(SampleDetail.Address) ? place : new(place.Location, 0, 0, null, 0, null);
    }

    private SampleTask TaskOf(int number) => number < 0
        ? new("[all]", null)
        : new(_source.ProcessLabel(_tasks[number].Thread, _tasks[number].Time), Kept(SampleDetail.Thread) ? _tasks[number].Thread : null);

    private static Dictionary<int, int> Rank<T>(Dictionary<int, T> values, Comparison<T> compare, out IReadOnlyList<T> ordered)
    {
        var distinct = new List<T>();
        var ranks = new Dictionary<int, int>(values.Count);
        foreach ((int number, T value) in values.OrderBy(value => value.Value, Comparer<T>.Create(compare)))
        {
            if (distinct.Count == 0 || compare(distinct[^1], value) != 0)
            {
                distinct.Add(value);
            }

            ranks.Add(number, distinct.Count - 1);
        }

        ordered = distinct;
        return ranks;
    }

    /// <summary>What one thread found.</summary>
    private sealed class Gathering(SampleTable table) : ISampleVisitor
    {
        private const int MostGathered = 1 << 16;

        private readonly CodePlaces.Cache _places = new(table._places);
        private readonly Dictionary<SampleKey, SampleSums> _rows = new(4096);
        private readonly Dictionary<(uint? Thread, int Name), int> _tasks = [];
        private ulong _firstTime = ulong.MaxValue;
        private ulong _lastTime;

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            SampleDetail kept = table._kept;
            var key = new SampleKey(
                (kept & SampleDetail.Process) != 0 ? TaskNumber(origin) : -1,
                _places.NumberOf(record, origin),
                (kept & SampleDetail.Cpu) != 0 ? origin.Cpu : -1,
                (kept & SampleDetail.Class) != 0 ? ProfileCounts.Classify(record) : null,
                (kept & SampleDetail.DataSource) != 0 && record.Has(SpeFields.DataSource) ? record.DataSource : -1,
                (kept & SampleDetail.Level) != 0 && record.Has(SpeFields.Pc) ? record.ExceptionLevel : -1);
            Add(_rows, key, SampleSums.Of(record));
            if (origin.Time != 0)
            {
                _firstTime = Math.Min(_firstTime, origin.Time);
                _lastTime = Math.Max(_lastTime, origin.Time);
            }

            if (_rows.Count >= MostGathered || _tasks.Count >= MostGathered)
            {
                Flush();
            }
        }

        public void Flush()
        {
            table.Merge(_rows, _firstTime, _lastTime);
            _rows.Clear();
            _tasks.Clear();
        }

        private int TaskNumber(in SampleOrigin origin)
        {
            if (!_tasks.TryGetValue((origin.Thread, origin.Name), out int number))
            {
                _tasks.Add((origin.Thread, origin.Name), number = table.TaskNumber(origin));
            }

            return number;
        }
    }
}
