using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using Pinion.Trace.Truth;

namespace Pinion.Trace.Tests.Truth;

public sealed class TruthComparisonTests
{
    private const uint Process = 77;
    private const double Spacing = 10;

    [Fact]
    public void SamplesInProportionAreWithinAndOthersAreNot()
    {
        // 0x1000: 60 % of the operations, 0x2000: 40 %.
        TruthRow[] truth = [Row(0x1000, 6000), Row(0x2000, 4000)];
        TruthComparison fair = Compare(truth, Samples(0x1000, 600), Samples(0x2000, 400));
        fair.Executed.ShouldBe(10_000ul);
        fair.Samples.ShouldBe(1000);
        fair.OperationsPerSample.ShouldBe(10);
        fair.Loss(10).ShouldBe(0, 1e-12);
        fair.Loss(5).ShouldBe(0.5, 1e-12);
        fair.Test.ChiSquare.ShouldBe(0, 1e-9);
        fair.Test.Probability.ShouldBe(1);
        fair.Rows.ShouldAllBe(row => row.Within && row.Cause == TruthCause.None);

        TruthComparison biased = Compare(truth, Samples(0x1000, 500), Samples(0x2000, 500));
        biased.Rows.ShouldAllBe(row => !row.Within);
        biased.Test.ChiSquare.ShouldBe((100.0 * 100 / 600) + (100.0 * 100 / 400), 1e-9);
        biased.Test.DegreesOfFreedom.ShouldBe(1);
        biased.Test.Probability.ShouldBeLessThan(1e-6);
        biased.Rows[0].Bias!.Value.ShouldBe(500.0 / 600, 1e-12);
        biased.Rows[0].Deviations(1000).ShouldBe(-0.1 / Math.Sqrt(0.6 * 0.4 / 1000), 1e-9);
    }

    [Fact]
    public void RecordsThatWereNeverExecutedAreStrange()
    {
        TruthComparison comparison = Compare([Row(0x1000, 10)], Samples(0x1000, 5), Samples(0x3000, 2));
        comparison.Strange.ShouldBe(2);
        comparison.Rows[^1].Bias.ShouldBeNull();
        comparison.Rows[^1].Within.ShouldBeFalse();
        comparison.Rows[^1].Cause.ShouldBe(TruthCause.NotExecuted);
        NoteOf(comparison, "strange").ShouldStartWith("2 records");
    }

    [Fact]
    public void OneProcessCanBeComparedAlone()
    {
        TruthRow[] truth = [Row(0x1000, 10), Row(0x1000, 1000, context: 5)];
        SpeTrace trace = TraceTestData.TraceOf([.. Samples(0x1000, 5), .. Samples(0x1000, 7, process: 5)]);
        TruthComparison comparison = Compare(trace, truth, new TruthView(TruthUnit.Instruction, new HashSet<uint> { Process }));
        comparison.Executed.ShouldBe(10ul);
        comparison.Samples.ShouldBe(5);
    }

    [Fact]
    public void RareInstructionsAreTakenTogetherInTheTest()
    {
        TruthRow[] truth = [.. Enumerable.Range(0, 100).Select(i => Row(0x1000 + ((ulong)i * 4), i == 0 ? 9900ul : 1))];
        TruthComparison comparison = Compare(truth, Samples(0x1000, 990), Samples(0x1004, 10));
        comparison.Test.DegreesOfFreedom.ShouldBe(1, "the hot one, and the other 99");
    }

    [Fact]
    public void OperationsAtOneAddressAreOneRow()
    {
        TruthComparison comparison = Compare([Row(0x1000, 6, ProfileClass.Load), Row(0x1000, 4, ProfileClass.Branch)], Samples(0x1000, 5));
        TruthComparisonRow row = comparison.Rows.ShouldHaveSingleItem();
        row.Executed.ShouldBe(10ul);
        row.Samples.ShouldBe(5);
        comparison.Strange.ShouldBe(0);
    }

    [Fact]
    public void RecordsThatTellNoContextAreComparedWithAllProcesses()
    {
        SpeRecord[] anonymous = [.. Samples(0x1000, 60), .. Samples(0x2000, 40)];
        for (int i = 0; i < anonymous.Length; i++)
        {
            anonymous[i].Fields &= ~SpeFields.ContextEl1;
        }

        TruthComparison comparison = Compare(TraceTestData.TraceOf(anonymous), [Row(0x1000, 600), Row(0x2000, 400, context: 5)], new TruthView(TruthUnit.Instruction));
        comparison.IgnoresContexts.ShouldBeTrue();
        comparison.Strange.ShouldBe(0);
        comparison.Rows.ShouldAllBe(row => row.Within);
        NoteOf(comparison, "contexts").ShouldContain("no record tells a context");
    }

    [Fact]
    public void ProcessesWithoutAnyRecordAreTold()
    {
        TruthComparison comparison = Compare([Row(0x1000, 1000), Row(0x1000, 3000, context: 5)], Samples(0x1000, 100));
        NoteOf(comparison, "contexts").ShouldStartWith("1 processes have executions and no record, 75.0% of all operations");
    }

    [Fact]
    public void TheSpacingComesFromTheTruthOrElseFromTheTraceUnlessItIsGiven()
    {
        SpeTrace trace = TraceTestData.TraceOf(Samples(0x1000, 5));
        Compare(trace, [Row(0x1000, 10)], new TruthView()).Spacing.ShouldBe(Spacing);
        Compare(trace, [Row(0x1000, 10)], new TruthView(Interval: 99)).Spacing.ShouldBe(100);
        Compare(trace, [Row(0x1000, 10)], new TruthView(Contexts: new HashSet<uint> { Process, 78 }), new TruthSetting(78, 4096, false, 4097, 0, 1)).Spacing.ShouldBeNull("it changed");
        trace.Period = 1024;
        CompareFirstVersion(trace, "0,77,0x1000,10\n").Spacing.ShouldBe(1025);
    }

    [Fact]
    public void ClassesOutcomesAndLatenciesAreComparedEach()
    {
        TruthRow load = Row(0x1000, 1000, ProfileClass.Load);
        Fill(load, (SpeQuantity.L1DataAccesses, 1000), (SpeQuantity.L1DataRefills, 100), (SpeQuantity.LastLevelMisses, 10), (SpeQuantity.TlbAccesses, 1000), (SpeQuantity.TlbWalks, 20), (SpeQuantity.FromL1Data, 900), (SpeQuantity.FromDram, 100));

        // Nine in ten take 10 cycles, one takes 110: mean 20, deviation 30.
        Fill(load, (SpeQuantity.TotalLatency, 20_000), (SpeQuantity.TotalLatencySquares, (900 * 100) + (100 * 12_100)), (SpeQuantity.IssueLatency, 2000), (SpeQuantity.IssueLatencySquares, 4000));
        TruthRow branch = Row(0x1004, 1000, ProfileClass.Branch);
        Fill(branch, (SpeQuantity.NotTaken, 250), (SpeQuantity.Mispredicted, 500), (SpeQuantity.TotalLatency, 4000), (SpeQuantity.TotalLatencySquares, 16_000), (SpeQuantity.IssueLatency, 2000), (SpeQuantity.IssueLatencySquares, 4000));

        SpeRecord hit = Record(0x1000, SpeOperationClass.LoadStore, SpeOperation.GeneralLoad, SpeEvents.L1DataAccess | SpeEvents.TlbAccess, 10);
        hit.SetDataSource(SpeDataSource.L1Data);
        SpeRecord miss = Record(0x1000, SpeOperationClass.LoadStore, SpeOperation.GeneralLoad, SpeEvents.L1DataAccess | SpeEvents.TlbAccess | SpeEvents.L1DataRefill, 110);
        miss.SetDataSource(SpeDataSource.Dram);
        SpeRecord taken = Record(0x1004, SpeOperationClass.Branch, SpeOperation.BranchConditional, SpeEvents.None, 4);
        SpeTrace trace = TraceTestData.TraceOf([.. Enumerable.Repeat(hit, 90), .. Enumerable.Repeat(miss, 10), .. Enumerable.Repeat(taken, 100)]);
        TruthComparison comparison = Compare(trace, [load, branch], new TruthView(TruthUnit.Instruction));

        Dictionary<string, TruthMeasure> all = TruthMeasure.Compare(comparison.Truth, comparison.Records).ToDictionary(measure => measure.Name);
        all["load, of operations"].ShouldBe(new("load, of operations", false, 2000, 200, 0.5, 0.5, 0, 0) { Low = all["load, of operations"].Low, High = all["load, of operations"].High });
        all["L1D refills, of accesses"].Observed.ShouldBe(0.1);
        all["L1D refills, of accesses"].Within.ShouldBeTrue();
        all["last level misses, of accesses"].Expected.ShouldBe(0.01);
        all["TLB walks, of translations"].Observed.ShouldBe(0);
        all["TLB walks, of translations"].Within.ShouldBeTrue("2 % of 100 may be 0");
        all["mispredicted, of branches"].Expected.ShouldBe(0.5);
        all["mispredicted, of branches"].Within.ShouldBeFalse("half of 100 cannot be 0");
        all["not taken, of branches"].Within.ShouldBeFalse();
        all["from DRAM, of loads"].Observed.ShouldBe(0.1);
        all.ShouldNotContainKey("store, of operations", "there are none");

        TruthMeasure total = comparison.Rows.Single(row => row.Pc == 0x1000).Measures.Single(measure => measure.Name == "total latency");
        total.IsMean.ShouldBeTrue();
        total.Expected.ShouldBe(20);
        total.Observed.ShouldBe(20);
        (total.High - 20).ShouldBe(Statistics.Z99 * 30 / Math.Sqrt(100), 1e-9);
        comparison.Rows.Single(row => row.Pc == 0x1004).Measures.Single(measure => measure.Name == "total latency").Within.ShouldBeTrue("all take the same");
    }

    [Fact]
    public void WithoutTheFullModelThereIsNothingToCompareOutcomesWith()
    {
        TruthComparison comparison = Compare([Row(0x1000, 10)], Samples(0x1000, 1));
        TruthMeasure.Compare(comparison.Truth, comparison.Records).Select(measure => measure.Name).ShouldBe(["other, of operations"]);
        NoteOf(comparison, "truth").ShouldContain("--timing window:32 does not see every operation");
    }

    /// <summary>Two functions of the same size, one of which loses half of its records in different ways.</summary>
    [Theory]
    [InlineData(SampleFate.Collided, TruthCause.Collisions, "collisions")]
    [InlineData(SampleFate.Filtered, TruthCause.Filters, "filters")]
    [InlineData(SampleFate.Discarded, TruthCause.Discarded, null)]
    [InlineData(SampleFate.Lost, TruthCause.Buffer, "buffer")]
    [InlineData(SampleFate.Recorded, TruthCause.Recorder, "recorder")]
    public void WhereRecordsWereLostIsTheCause(SampleFate fate, TruthCause cause, string? note)
    {
        TruthRow whole = Row(0x1000, 10_000);
        whole.Fates[SampleFate.Recorded] = 1000;
        TruthRow halved = Row(0x2000, 10_000);
        halved.Fates[SampleFate.Recorded] = 500;
        halved.Fates[fate] += 500;
        TruthComparison comparison = Compare([whole, halved], Samples(0x1000, 1000), Samples(0x2000, 500));

        comparison.SelectsExactly.ShouldBe(true);
        comparison.Fates!.Selected.ShouldBe(2000ul);
        comparison.Rows.ShouldAllBe(row => row.Cause == cause);
        NoteOf(comparison, "outside").ShouldEndWith($"{TruthExplanation.NameOf(cause)} 2");
        if (note is not null)
        {
            NoteOf(comparison, note).ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void WhatTheIntervalItselfSelectsUnevenlyIsPhase()
    {
        TruthRow preferred = Row(0x1000, 10_000);
        preferred.Fates[SampleFate.Recorded] = 1500;
        TruthRow passed = Row(0x2000, 10_000);
        passed.Fates[SampleFate.Recorded] = 500;
        TruthComparison comparison = Compare([preferred, passed], Samples(0x1000, 1500), Samples(0x2000, 500));
        comparison.Rows.ShouldAllBe(row => row.Cause == TruthCause.Phase);
    }

    [Fact]
    public void AUnitThatSelectsTooMuchIsExplainedByNothing()
    {
        TruthRow preferred = Row(0x1000, 10_000);
        preferred.Fates[SampleFate.Recorded] = 3000;
        TruthRow passed = Row(0x2000, 10_000);
        passed.Fates[SampleFate.Recorded] = 1000;
        TruthComparison comparison = Compare([preferred, passed], Samples(0x1000, 3000), Samples(0x2000, 1000));
        comparison.SelectsExactly.ShouldBe(false);
        comparison.Rows.ShouldAllBe(row => row.Cause == TruthCause.Unexplained);
        NoteOf(comparison, "selection").ShouldBe("that is not one in 10, as the interval says");
    }

    [Fact]
    public void OfManyRowsSomeAreOutsideByChance()
    {
        // Each of 100 functions has 100 of 10,000 records, one of them 130: 3 deviations, which happens to one in 400.
        TruthRow[] truth = [.. Enumerable.Range(0, 100).Select(i => Row(0x1000 + ((ulong)i * 4), 1000))];
        TruthComparison comparison = Compare(truth, [.. truth.Select((row, i) => Samples(row.Pc, i == 7 ? 130 : 100))]);
        TruthComparisonRow outside = comparison.Rows.Single(row => !row.Within);
        outside.Samples.ShouldBe(130);
        outside.Probability.ShouldBeLessThan(0.01);
        outside.Adjusted.ShouldBeGreaterThan(0.1);
        outside.Cause.ShouldBe(TruthCause.Chance);
    }

    [Fact]
    public void AFileOfTheFirstVersionExplainsNothing()
    {
        SpeTrace trace = TraceTestData.TraceOf([.. Samples(0x1000, 1500), .. Samples(0x2000, 500)]);
        TruthComparison comparison = CompareFirstVersion(trace, "0,77,0x1000,10000\n0,77,0x2000,10000\n");
        comparison.Fates.ShouldBeNull();
        comparison.SelectsExactly.ShouldBeNull();
        comparison.Rows.ShouldAllBe(row => row.Cause == TruthCause.Unexplained);
        NoteOf(comparison, "truth").ShouldStartWith("TRUTH is of the first version");
    }

    /// <summary>A loop of so many operations, sampled each so many: the model of a unit without jitter, on one stream.</summary>
    [Theory]
    [InlineData(5, 1025, 1, "some instructions are sampled too often")]
    [InlineData(10, 1025, 2, "some instructions are sampled too often")]
    [InlineData(8, 1025, 8, "the samples walk evenly over the loop")]
    [InlineData(11, 4097, 11, "the samples walk evenly over the loop")]
    public void ALoopInStepWithTheIntervalIsFound(int loop, int spacing, int cycle, string effect)
    {
        const int Count = 2000;
        SpeRecord[] records = [.. Enumerable.Range(1, Count).Select(i => Samples(0x1000 + (4 * (((ulong)i * (ulong)spacing) % (ulong)loop)), 1)[0])];
        TruthRow[] truth = [.. Enumerable.Range(0, loop).Select(i => Row(0x1000 + (4 * (ulong)i), (ulong)(Count * spacing / loop)))];
        foreach (TruthRow row in truth)
        {
            row.Fates[SampleFate.Recorded] = (ulong)records.Count(record => record.Pc == row.Pc);
        }

        TruthComparison comparison = Compare(TraceTestData.TraceOf(records), truth, new TruthView(TruthUnit.Instruction, null, (uint)spacing - 1));
        comparison.Order.Cycle.ShouldBe(cycle);
        NoteOf(comparison, "phase").ShouldContain(effect);
        comparison.Rows.Where(row => !row.Within).ShouldAllBe(row => row.Cause == TruthCause.Phase);
    }

    [Fact]
    public void SamplesInNoOrderAreInStepWithNothing()
    {
        var random = new Random(3);
        var order = new SampleOrder();
        for (int i = 0; i < 5000; i++)
        {
            order.Add((ulong)random.Next(8));
        }

        order.Cycle.ShouldBeNull();
        order.Returning(3).ShouldBe(1.0 / 8, 0.02);
        new SampleOrder().Cycle.ShouldBeNull();
    }

    [Fact]
    public void WhatRanWhileTheUnitWasStoppedIsTold()
    {
        SpeTrace trace = TraceTestData.TraceOf(Samples(0x1000, 1));
        var summary = new TruthSummary();
        summary.Units.Add(new(0, 1000, 33, new()));
        NoteOf(Compare(trace, Written([Row(0x1000, 10)], summary), new TruthView()), "stopped").ShouldStartWith("33 operations of the whole run, for 1000 that could be selected");
    }

    [Fact]
    public void HostileNumbersDoNotOverflow()
    {
        TruthRow[] truth = [Row(0x1000, ulong.MaxValue), Row(0x2000, ulong.MaxValue)];
        foreach (TruthRow row in truth)
        {
            Fill(row, (SpeQuantity.TotalLatency, ulong.MaxValue), (SpeQuantity.TotalLatencySquares, ulong.MaxValue));
            row.Fates[SampleFate.Collided] = ulong.MaxValue;
            row.Fates[SampleFate.Recorded] = ulong.MaxValue;
        }

        TruthComparison comparison = Compare(truth, Samples(0x1000, 3));
        comparison.Executed.ShouldBe(ulong.MaxValue);
        comparison.Rows.ShouldAllBe(row => row.Expected >= 0 && row.Expected <= 1 && double.IsFinite(row.Deviations(3)));
        TruthExplanation.NotesOf(comparison).ShouldNotBeEmpty();
        comparison.Rows.SelectMany(row => row.Measures).ShouldAllBe(measure => double.IsFinite(measure.Expected));
    }

    [Fact]
    public void ATraceWithMoreAddressesThanAreKeptApartIsComparedByFunctionAndSaysSo()
    {
        const int Most = 1 << 19;
        const int More = 1000;
        SpeRecord[] records = new SpeRecord[Most + More];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = TraceTestData.Sample(0x40_0000 + ((ulong)i * 4), context: Process);
        }

        TruthComparison comparison = Compare(TraceTestData.TraceOf(records), [Row(0x40_0000, 10)], new TruthView());
        comparison.Samples.ShouldBe(records.Length);
        comparison.IsCut.ShouldBeTrue();
        comparison.Rows.ShouldHaveSingleItem().Samples.ShouldBe(records.Length);
        comparison.Strange.ShouldBe(Most - 1, "of the others nobody knows");
        TruthExplanation.NotesOf(comparison).ShouldContain(note => note.Text.StartsWith("there are more addresses than are kept apart", StringComparison.Ordinal));
    }

    [Fact]
    public void ATruthWithMoreInstructionsThanAreKeptApartIsTakenTogether()
    {
        const int Most = 1 << 19;
        const int More = 1000;
        var text = new StringBuilder("el,contextid,pc,count\n");
        for (int i = 0; i < Most + More; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"0,77,0x{0x40_0000 + (i * 4):x},1\n");
        }

        TruthComparison comparison = Compare(TraceTestData.TraceOf(Samples(0x40_0000, 5)), text.ToString(), new TruthView(TruthUnit.Instruction));
        comparison.IsCut.ShouldBeTrue();
        comparison.Rows.Count.ShouldBe(Most + 1);
        comparison.Rows[0].Location.Symbol.ShouldBe("[all others]");
        comparison.Rows[0].Executed.ShouldBe((ulong)More);
        comparison.Executed.ShouldBe((ulong)(Most + More));
    }

    private static string NoteOf(TruthComparison comparison, string kind) => TruthExplanation.NotesOf(comparison).First(note => note.Kind == kind).Text;

    private static TruthComparison Compare(TruthRow[] truth, params SpeRecord[][] samples) =>
        Compare(TraceTestData.TraceOf([.. samples.SelectMany(s => s)]), truth, new TruthView(TruthUnit.Instruction));

    private static TruthComparison Compare(SpeTrace trace, TruthRow[] truth, TruthView view, params TruthSetting[] more)
    {
        var summary = new TruthSummary { Run = new("window:32", "honest", 0, 0) };
        summary.Settings.AddRange([new(Process, (uint)Spacing - 1, false, Spacing, 0, 1), .. more]);
        return Compare(trace, Written(truth, summary), view);
    }

    private static TruthComparison CompareFirstVersion(SpeTrace trace, string rows) => Compare(trace, $"el,contextid,pc,count\n{rows}", new TruthView(TruthUnit.Instruction));

    private static TruthComparison Compare(SpeTrace trace, string truth, TruthView view)
    {
        var diagnoses = new Diagnoses();
        var comparison = TruthComparison.Make(new SampleSource(trace, new SymbolResolver(trace)), new TruthReader(new MemoryStream(Encoding.UTF8.GetBytes(truth)), diagnoses), view);
        diagnoses.List.ShouldBeEmpty();
        return comparison;
    }

    private static string Written(TruthRow[] rows, TruthSummary summary)
    {
        var text = new StringWriter();
        var writer = new TruthWriter(text, rows.Any(row => row.Sums[SpeQuantity.TotalLatency] != 0));
        foreach (TruthRow row in rows)
        {
            writer.Write(row);
        }

        writer.Finish(summary);
        return text.ToString();
    }

    private static TruthRow Row(ulong pc, ulong count, ProfileClass operationClass = ProfileClass.Other, uint context = Process)
    {
        var row = new TruthRow { ContextId = context, Pc = pc, Class = operationClass };
        Fill(row, (SpeQuantity.Operations, count));
        return row;
    }

    private static void Fill(TruthRow row, params (SpeQuantity Quantity, ulong Value)[] values)
    {
        foreach ((SpeQuantity quantity, ulong value) in values)
        {
            row.Sums.Add(quantity, value);
        }
    }

    private static SpeRecord[] Samples(ulong pc, int count, uint process = Process) => [.. Enumerable.Repeat(TraceTestData.Sample(pc, context: process), count)];

    private static SpeRecord Record(ulong pc, SpeOperationClass operationClass, byte operation, SpeEvents events, ushort total) =>
        TraceTestData.Sample(pc, operationClass: operationClass, operation: operation, events: events | SpeEvents.Retired, total: total, issue: 2, context: Process);
}
