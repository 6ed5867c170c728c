using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Html;

/// <summary>A cache line or page.</summary>
/// <param name="Address">First byte.</param>
/// <param name="Space">"physical", "[kernel]", or whose virtual address it is.</param>
/// <param name="Variable">What lies at the lowest address that was seen: "image:variable+0x8", or a region such as "[heap]".</param>
/// <param name="SeveralThreads">More than one thread accessed it.</param>
internal readonly record struct ReportRegion(ulong Address, string Space, string Variable, bool SeveralThreads);

/// <summary>Samples of a region, a function and a context.</summary>
/// <param name="Region">Index.</param>
/// <param name="Function">Index.</param>
/// <param name="Context">Index.</param>
/// <param name="Counts">Sums.</param>
internal readonly record struct ReportRegionCell(int Region, int Function, int Context, RegionCell Counts);

/// <summary>Cache lines, or pages: those with most samples, and those that several CPUs share.</summary>
/// <param name="Regions">By number of samples, falling.</param>
/// <param name="Cells">Their samples.</param>
/// <param name="Samples">Samples with a data address, in these or others.</param>
internal sealed record ReportRegions(IReadOnlyList<ReportRegion> Regions, IReadOnlyList<ReportRegionCell> Cells, long Samples);

/// <summary>The numbers of a page.</summary>
internal sealed class ReportModel
{
    private ReportModel(SampleSource source, SurveyIndex index, ReportDimensions dimensions, Cube cube, TimeAxis time, ReportLimits limits)
    {
        Dimensions = dimensions;
        Cells = [.. cube.Cells.Ordered.Select(one => (one.Key.Upper, one.Key.Fourth, one.Value))];
        (Time, Times) = Coarsen(time, [.. cube.Times.Ordered], limits.Times);
        Lines = Choose(source, cube.Lines, index.Lines, dimensions, limits);
        Pages = Choose(source, cube.Pages, index.Pages, dimensions, limits);
        foreach ((_, _, Cell cell) in Cells)
        {
            Total.Add(cell.Counts);
        }
    }

    public ReportDimensions Dimensions { get; }

    /// <summary>Samples of each place in each context.</summary>
    public IReadOnlyList<(int Place, int Context, Cell Cell)> Cells { get; }

    public TimeAxis Time { get; }

    /// <summary>Samples by function, context, part of <see cref="Time"/> and bucket of total latency.</summary>
    public IReadOnlyList<KeyValuePair<CubeKey, long>> Times { get; }

    public ReportRegions Lines { get; }

    public ReportRegions Pages { get; }

    /// <summary>All samples.</summary>
    public ProfileCounts Total { get; } = new();

    /// <summary>Counts what a page shows of a trace. Damage inside the records is added to the trace's diagnoses.</summary>
    public static ReportModel Build(SampleSource source, HtmlReportOptions options) =>
        TryBuild(source, options, threads: 0) ?? TryBuild(source, options, threads: 1)!;

    /// <summary>
    /// Null where several threads found more than there is room for: what is left out depends on their speed then, and one thread has to do it. A page must be the same every time.
    /// </summary>
    private static ReportModel? TryBuild(SampleSource source, HtmlReportOptions options, int threads)
    {
        const int MostParts = 256;
        ReportLimits limits = options.Limits;
        var index = new SurveyIndex(source);
        IReadOnlyList<Survey> surveys = SampleScan.Run(source, options.Filter, () => new Survey(index), threads, report: threads != 1);
        if (threads != 1 && (index.Overflowed || surveys.Any(survey => survey.Overflowed)))
        {
            return null;
        }

        var dimensions = new ReportDimensions(source, index, surveys, limits);
        var time = TimeAxis.Over(surveys.Min(survey => (ulong?)survey.First) ?? ulong.MaxValue, surveys.Max(survey => (ulong?)survey.Last) ?? 0, MostParts);
        var lines = new RegionSketch();
        var pages = new RegionSketch();
        foreach (Survey survey in surveys)
        {
            lines.Add(survey.Lines);
            pages.Add(survey.Pages);
        }

        HashSet<int> lineSlots = lines.Choose(limits.Regions, limits.SharedRegions);
        HashSet<int> pageSlots = pages.Choose(limits.Regions, 0);
        Cube Make() => new(index, dimensions, time, lineSlots, pageSlots, limits);
        var cube = Make();
        foreach (Cube part in SampleScan.Run(source, options.Filter, Make, threads, report: false))
        {
            if (threads != 1 && part.Overflowed)
            {
                return null;
            }

            cube.Add(part);
        }

        return threads != 1 && cube.Overflowed ? null : new(source, index, dimensions, cube, time, limits);
    }

    private static (TimeAxis Time, List<KeyValuePair<CubeKey, long>> Times) Coarsen(TimeAxis time, List<KeyValuePair<CubeKey, long>> times, int most)
    {
        const int FewestParts = 32;
        while (times.Count > most && time.Count > FewestParts)
        {
            times =
            [
                .. times.GroupBy(one => new CubeKey(one.Key.First, one.Key.Second, time.CoarserPart(one.Key.Third), one.Key.Fourth))
                    .Select(group => new KeyValuePair<CubeKey, long>(group.Key, group.Sum(one => one.Value)))
                    .OrderBy(one => one.Key),
            ];
            time = time.Coarser();
        }

        return (time, times);
    }

    private static ReportRegions Choose(SampleSource source, RegionCube cube, ProfileGrouping grouping, ReportDimensions dimensions, ReportLimits limits)
    {
        List<IGrouping<int, KeyValuePair<CubeKey, RegionCell>>> ordered =
        [
            .. cube.Cells.Ordered.GroupBy(cell => cell.Key.Upper)
                .OrderByDescending(region => region.Sum(cell => cell.Value.Samples))
                .ThenBy(region => cube.Regions[region.Key].Key.A)
                .ThenBy(region => cube.Regions[region.Key].Key.B),
        ];
        IEnumerable<IGrouping<int, KeyValuePair<CubeKey, RegionCell>>> shared = ordered.Skip(limits.Regions).Where(IsShared).Take(limits.SharedRegions);
        ordered = [.. ordered.Take(limits.Regions), .. shared];
        return new(
            [.. ordered.Select(region => Describe(cube.Regions[region.Key]))],
            [.. ordered.SelectMany((region, number) => region.Select(cell => new ReportRegionCell(number, cell.Key.Third, cell.Key.Fourth, cell.Value)))],
            cube.Samples);

        ReportRegion Describe(GatheredRegion region) => new(
            region.Key.A,
            grouping.LabelOf(region.Key, region.Sample).First,
            region.Address == 0 ? Location.Unknown : source.Resolver.FindData(region.Address, region.Sample.Space).Label(),
            region.SeveralThreads);

        bool IsShared(IGrouping<int, KeyValuePair<CubeKey, RegionCell>> cells)
        {
            if (!cube.Regions[cells.Key].SeveralThreads)
            {
                return false;
            }

            IEnumerable<ReportContext> contexts = cells.Select(cell => dimensions.Contexts[cell.Key.Fourth]);
            return contexts.Select(context => context.Cpu).Distinct().Skip(1).Any() && contexts.Any(context => context.Class is ProfileClass.Store or ProfileClass.Atomic);
        }
    }
}
