using Pinion.Arm.Spe;
using Pinion.Trace.Html;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

public sealed class ReportModelTests
{
    private static readonly ReportLimits s_small = new() { Functions = 5, Instructions = 10, Processes = 2, Contexts = 60, Cells = 60, GatheredTimes = 500, Times = 300, Regions = 4, SharedRegions = 2, RegionCells = 50, GatheredRegions = 20 };

    [Fact]
    public void SumsEqualTheProfiles()
    {
        SampleSource source = SyntheticTrace.Make(20_000);
        Profile profile = Profile.Build(source, new ProfileOptions { Histograms = true });

        var model = ReportModel.Build(source, new HtmlReportOptions());

        Sums(model.Total).ShouldBe(Sums(profile.Total));
        foreach (ProfileRow row in profile.Rows)
        {
            int function = model.Dimensions.Functions.ToList().IndexOf(row.Location);
            var sum = new ProfileCounts();
            foreach ((int place, _, Cell cell) in model.Cells.Where(cell => FunctionOf(model, cell.Place) == function))
            {
                sum.Add(cell.Counts);
            }

            Sums(sum).ShouldBe(Sums(row.Counts), row.Location.ToString());
            for (int bucket = 0; bucket < LatencyHistogram.Buckets; bucket++)
            {
                model.Times.Where(one => one.Key.First == function && one.Key.Fourth == bucket).Sum(one => one.Value).ShouldBe(row.Counts.TotalHistogram![bucket]);
            }
        }
    }

    [Fact]
    public void ContextsTellProcessCpuClassAndLevel()
    {
        SampleSource source = SyntheticTrace.Make(5_000, cpus: 3);
        var model = ReportModel.Build(source, new HtmlReportOptions());

        Check(ProfileBy.Process, context => model.Dimensions.Processes[context.Process]);
        Check(ProfileBy.Cpu, context => model.Dimensions.Cpus[context.Cpu]);
        Check(ProfileBy.Class, context => ProfileGrouping.ClassName(context.Class));
        for (int level = 0; level < 4; level++)
        {
            SamplesWhere(context => context.Level == level).ShouldBe(model.Total.AtLevel(level));
        }

        void Check(ProfileBy by, Func<ReportContext, string> name)
        {
            foreach (ProfileRow row in Profile.Build(source, new ProfileOptions { By = by }).Rows)
            {
                SamplesWhere(context => name(context) == row.Labels[0]).ShouldBe(row.Counts.Samples, row.Labels[0]);
            }
        }

        long SamplesWhere(Func<ReportContext, bool> isMeant) => model.Cells.Where(cell => isMeant(model.Dimensions.Contexts[cell.Context])).Sum(cell => cell.Cell.Counts.Samples);
    }

    [Fact]
    public void WhatFindsNoRoomIsCountedAllTheSame()
    {
        SampleSource source = SyntheticTrace.Make(20_000, cpus: 5);

        var model = ReportModel.Build(source, new HtmlReportOptions { Limits = s_small });

        Sums(model.Total).ShouldBe(Sums(Profile.Build(source, new ProfileOptions()).Total));
        model.Times.Sum(one => one.Value).ShouldBe(model.Total.WithTotalLatency);
        model.Dimensions.Functions.Count.ShouldBe(s_small.Functions + 1);
        model.Dimensions.Functions[^1].Symbol.ShouldBe(ReportDimensions.More);
        model.Dimensions.Instructions.Count.ShouldBe(s_small.Instructions);
        model.Dimensions.Contexts.Count.ShouldBeLessThanOrEqualTo(s_small.Contexts);
        model.Dimensions.Processes.ShouldContain(ReportDimensions.More);
        model.Cells.Count.ShouldBeLessThanOrEqualTo((2 * s_small.Cells) + s_small.Contexts);
        model.Lines.Regions.Count.ShouldBeLessThanOrEqualTo(s_small.Regions + s_small.SharedRegions);
        model.Time.Count.ShouldBeLessThanOrEqualTo(32);
    }

    [Fact]
    public void ALineIsListedWithTheFunctionsAndBytesThatWereSeen()
    {
        SpeRecord load = Access(0x1000, SpeOperation.GeneralLoad, 0x8000_0048, thread: 7);
        SpeRecord store = Access(0x1000, SpeOperation.GeneralStore, 0x8000_0060, thread: 8);
        SpeRecord elsewhere = Access(0x1000, SpeOperation.GeneralStore, 0x8000_0090, thread: 8);
        SpeTrace trace = TraceTestData.TraceOf(load, store, store, elsewhere);

        ReportRegions lines = ReportModel.Build(new SampleSource(trace, new SymbolResolver(trace)), new HtmlReportOptions()).Lines;

        lines.Samples.ShouldBe(4);
        lines.Regions.ShouldBe([new(0x8000_0040, "physical", Location.Unknown, SeveralThreads: true), new(0x8000_0080, "physical", Location.Unknown, SeveralThreads: false)]);
        lines.Cells.Select(cell => (cell.Region, cell.Counts.Samples, cell.Counts.Offsets)).ShouldBe([(0, 1L, 1ul << 0x08), (0, 2L, 1ul << 0x20), (1, 1L, 1ul << 0x10)], ignoreOrder: true);
    }

    [Fact]
    public void ATraceWithoutTimestampsHasNoTime()
    {
        SpeRecord record = default;
        record.SetLatency(10, 5);
        SpeTrace trace = TraceTestData.TraceOf(record);

        var model = ReportModel.Build(new SampleSource(trace, new SymbolResolver(trace)), new HtmlReportOptions());

        model.Time.Count.ShouldBe(0);
        model.Times.Single().Key.Third.ShouldBe(TimeAxis.None);
        model.Dimensions.Functions[0].Symbol.ShouldBe("[no PC]");
    }

    [Theory]
    [InlineData(0ul, 0ul)]
    [InlineData(1000ul, 1000ul)]
    [InlineData(1000ul, 1_000_000ul)]
    [InlineData(0ul, ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 5, ulong.MaxValue)]
    public void EveryTimestampHasAPartAndCoarserPartsHoldThem(ulong first, ulong last)
    {
        var axis = TimeAxis.Over(first, last, 256);
        TimeAxis coarser = axis.Coarser();

        axis.Count.ShouldBeInRange(1, 256);
        axis.PartOf(first).ShouldBe(1);
        axis.PartOf(last).ShouldBe(axis.Count);
        foreach (ulong time in new[] { first, first + ((last - first) / 3), first + ((last - first) / 2), last })
        {
            axis.CoarserPart(axis.PartOf(time)).ShouldBe(coarser.PartOf(time));
        }
    }

    private static SpeRecord Access(ulong pc, byte operation, ulong physical, uint thread)
    {
        SpeRecord record = TraceTestData.Sample(pc, operationClass: SpeOperationClass.LoadStore, operation: operation, context: thread);
        record.SetDataVirtual(physical);
        record.SetDataPhysical(physical);
        return record;
    }

    private static int FunctionOf(ReportModel model, int place) =>
        place < model.Dimensions.Functions.Count ? place : model.Dimensions.Instructions[place - model.Dimensions.Functions.Count].Function;

    private static IEnumerable<long> Sums(ProfileCounts counts) =>
    [
        counts.Samples, counts.WithTotalLatency, counts.TotalLatency, counts.IssueLatency, counts.TranslationLatency, counts.WithTranslationLatency, counts.RemoteAccesses, counts.Mispredicted, counts.NotTaken,
        counts.L1DataRefills, counts.LastLevelMisses, counts.TlbWalks, counts.Exceptions, .. Enumerable.Range(0, ProfileCounts.DataSources).Select(counts.FromSource),
    ];
}
