using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Html;

/// <summary>Samples of one place in one context.</summary>
internal sealed class Cell
{
    public ProfileCounts Counts { get; } = new();

    /// <summary>Largest total latency, in cycles.</summary>
    public int Maximum { get; set; }
}

/// <summary>Samples of a cache line or page, of one function in one context.</summary>
internal struct RegionCell
{
    public long Samples;
    public long WithTotalLatency;
    public long TotalLatency;

    /// <summary>Bytes of the line at which accesses began, a bit for each; of a page, its 64 parts.</summary>
    public ulong Offsets;

    public void Add(in RegionCell other)
    {
        Samples += other.Samples;
        WithTotalLatency += other.WithTotalLatency;
        TotalLatency += other.TotalLatency;
        Offsets |= other.Offsets;
    }
}

/// <summary>Second pass over a trace: counts what the page shows.</summary>
internal sealed class Cube(SurveyIndex index, ReportDimensions dimensions, TimeAxis time, HashSet<int> lineSlots, HashSet<int> pageSlots, ReportLimits limits) : ISampleVisitor
{
    private const int LineOffsetShift = 0;
    private const int PageOffsetShift = 6;

    private readonly CodePlaces.Cache _places = new(index.Places);
    private readonly ProcessNumbers.Cache _processes = new(index.Processes);

    /// <summary>By place and context.</summary>
    public BoundedCube<Cell> Cells { get; } = new(limits.Cells);

    /// <summary>Samples by function, context, time and bucket of total latency; only those with a total latency.</summary>
    public BoundedCube<long> Times { get; } = new(limits.GatheredTimes);

    public RegionCube Lines { get; } = new(index.Lines, lineSlots, LineOffsetShift, limits);

    public RegionCube Pages { get; } = new(index.Pages, pageSlots, PageOffsetShift, limits);

    /// <summary>Something found no room, and what it was depends on the order of the scan.</summary>
    public bool Overflowed => Cells.IsTooLarge || Times.IsTooLarge || Lines.Overflowed || Pages.Overflowed;

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        int number = _places.NumberOf(record, origin);
        int function = dimensions.FunctionOf(number);
        int context = dimensions.ContextNumberOf(ContextKey.Of(record, origin, _processes));
        Cell cell = Cells.At(new(dimensions.PlaceOf(number), 0, context), new(function, 0, context), new(dimensions.OtherFunction, 0, context)) ??= new();
        cell.Counts.Add(record);
        if (record.Has(SpeFields.TotalLatency))
        {
            cell.Maximum = Math.Max(cell.Maximum, record.TotalLatency);
            int bucket = LatencyHistogram.BucketOf(record.TotalLatency);
            int part = record.Has(SpeFields.Timestamp) ? time.PartOf(record.Timestamp) : TimeAxis.None;
            Times.At(new(function, context, part, bucket), new(function, context, TimeAxis.None, bucket), new(dimensions.OtherFunction, context, TimeAxis.None, bucket))++;
        }

        Lines.Add(record, origin, function, context);
        Pages.Add(record, origin, function, context);
    }

    public void Add(Cube other)
    {
        foreach ((CubeKey key, Cell cell) in other.Cells.All)
        {
            Cell sum = Cells.At(key) ??= new();
            sum.Counts.Add(cell.Counts);
            sum.Maximum = Math.Max(sum.Maximum, cell.Maximum);
        }

        foreach ((CubeKey key, long samples) in other.Times.All)
        {
            Times.At(key) += samples;
        }

        Lines.Add(other.Lines);
        Pages.Add(other.Pages);
    }
}

/// <summary>A cache line or page.</summary>
/// <param name="Key">Address and space.</param>
/// <param name="Address">Lowest virtual address at which it was accessed; 0 where none was recorded.</param>
/// <param name="Sample">Where the earliest such access is from.</param>
/// <param name="SeveralThreads">More than one thread accessed it.</param>
internal readonly record struct GatheredRegion(GroupKey Key, ulong Address, SampleOrigin Sample, bool SeveralThreads)
{
    /// <summary>Both together; which comes first makes no difference.</summary>
    public GatheredRegion And(in GatheredRegion other) => Order.CompareTo(other.Order) <= 0
        ? this with { SeveralThreads = IsSeveral(other) }
        : other with { SeveralThreads = IsSeveral(other) };

    private (ulong Address, uint Thread, ulong Time) Order => (Address, Sample.Thread ?? uint.MaxValue, Sample.Time);

    private bool IsSeveral(in GatheredRegion other) => SeveralThreads || other.SeveralThreads || Sample.Thread != other.Sample.Thread;
}

/// <summary>Samples of the cache lines, or pages, that a <see cref="RegionSketch"/> has chosen, and perhaps of others that share their slots.</summary>
internal sealed class RegionCube(ProfileGrouping grouping, HashSet<int> slots, int offsetShift, ReportLimits limits)
{
    private const int Offsets = 64;

    private readonly Dictionary<GroupKey, int> _numbers = [];
    private readonly List<GatheredRegion> _regions = [];

    /// <summary>By region, function and context.</summary>
    public BoundedCube<RegionCell> Cells { get; } = new(limits.RegionCells);

    public IReadOnlyList<GatheredRegion> Regions => _regions;

    public bool Overflowed => Cells.IsTooLarge || _regions.Count > limits.GatheredRegions;

    /// <summary>Samples with a data address.</summary>
    public long Samples { get; private set; }

    public void Add(in SpeRecord record, in SampleOrigin origin, int function, int context)
    {
        GroupKey region = grouping.KeyOf(record, origin);
        if (region == GroupKey.None)
        {
            return;
        }

        Samples++;
        if (!slots.Contains(RegionSketch.SlotOf(region)) || _regions.Count > limits.GatheredRegions)
        {
            return;
        }

        ulong seen = record.Has(SpeFields.DataVirtual) ? record.DataVirtual : 0;
        var key = new CubeKey(NumberOf(new(region, seen, origin, false)), function, context);
        if (Cells.Takes(key))
        {
            ulong address = record.Has(SpeFields.DataPhysical) ? record.DataPhysical : record.DataVirtual;
            var cell = new RegionCell { Samples = 1, Offsets = 1ul << (int)((address >> offsetShift) % Offsets) };
            if (record.Has(SpeFields.TotalLatency))
            {
                (cell.WithTotalLatency, cell.TotalLatency) = (1, record.TotalLatency);
            }

            Cells.At(key).Add(cell);
        }
    }

    public void Add(RegionCube other)
    {
        foreach ((CubeKey key, RegionCell cell) in other.Cells.All)
        {
            int number = NumberOf(other._regions[key.Upper]);
            Cells.At(new(number, key.Third, key.Fourth)).Add(cell);
        }

        Samples += other.Samples;
    }

    private int NumberOf(in GatheredRegion region)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, region.Key, out bool known);
        if (known)
        {
            _regions[number] = _regions[number].And(region);
        }
        else
        {
            number = _regions.Count;
            _regions.Add(region);
        }

        return number;
    }
}
