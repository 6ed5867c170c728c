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
