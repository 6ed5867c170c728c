using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Html;

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
