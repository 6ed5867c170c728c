using Pinion.Arm.Spe;
using Pinion.Trace.Symbols;
using Pinion.Trace.Truth;

namespace Pinion.Trace.Tests;

public sealed class TruthTests
{
    private const uint Process = 77;

    /// <summary>Quantiles from printed tables of the distribution.</summary>
    [Theory]
    [InlineData(3.841459, 1, 0.05)]
    [InlineData(6.634897, 1, 0.01)]
    [InlineData(18.307038, 10, 0.05)]
    [InlineData(2.155856, 10, 0.995)]
    [InlineData(124.342113, 100, 0.05)]
    [InlineData(77.929465, 100, 0.95)]
    [InlineData(1074.679, 1000, 0.05)]
    [InlineData(0, 5, 1)]
    public void TheTailOfChiSquareIsAsPrinted(double value, int degrees, double tail) => Statistics.ChiSquareTail(value, degrees).ShouldBe(tail, 2e-6);

    [Theory]
    [InlineData(5, 10, 1.959964, 0.2366, 0.7634)]
    [InlineData(0, 10, 1.959964, 0, 0.2775)]
    [InlineData(10, 10, 1.959964, 0.7225, 1)]
    [InlineData(0, 0, 1.959964, 0, 1)]
    public void TheIntervalIsWilsons(double hits, double trials, double z, double low, double high)
    {
        (double from, double to) = Statistics.WilsonInterval(hits, trials, z);
        from.ShouldBe(low, 1e-4);
        to.ShouldBe(high, 1e-4);
    }

    [Fact]
    public void ATableIsReadAndBadLinesAreDiagnosedWithTheirOffset()
    {
        var diagnoses = new Diagnoses();
        List<TruthRow> rows = TruthTable.Read(new StringReader("el,contextid,pc,count\n0,77,0x1000,5\n0,77,1000,5\n1,0,0xffff800008000000,9\n2,0,0x0,1\n0,0,0x0,1,2\n"), diagnoses);
        rows.ShouldBe([new(0, 77, 0x1000, 5), new(1, 0, 0xFFFF_8000_0800_0000, 9)]);
        diagnoses.List.Select(d => d.Offset).ShouldBe([36L, 73L, 83L]);

        var empty = new Diagnoses();
        TruthTable.Read(new StringReader("pc,count\n"), empty).ShouldBeEmpty();
        empty.Count.ShouldBe(1);
    }

    [Fact]
    public void SamplesInProportionAreWithinAndOthersAreNot()
    {
        // 0x1000: 60 % of the operations, 0x2000: 40 %.
        TruthRow[] truth = [new(0, Process, 0x1000, 6000), new(0, Process, 0x2000, 4000)];
        TruthComparison fair = Compare(truth, Samples(0x1000, 600), Samples(0x2000, 400));
        fair.Executed.ShouldBe(10_000ul);
        fair.Samples.ShouldBe(1000);
        fair.OperationsPerSample.ShouldBe(10);
        fair.Loss(10).ShouldBe(0, 1e-12);
        fair.Loss(5).ShouldBe(0.5, 1e-12);
        fair.ChiSquare.ShouldBe(0, 1e-9);
        fair.Probability.ShouldBe(1);
        fair.Rows.ShouldAllBe(row => row.Within);

        TruthComparison biased = Compare(truth, Samples(0x1000, 500), Samples(0x2000, 500));
        biased.Rows.ShouldAllBe(row => !row.Within);
        biased.ChiSquare.ShouldBe((100.0 * 100 / 600) + (100.0 * 100 / 400), 1e-9);
        biased.DegreesOfFreedom.ShouldBe(1);
        biased.Probability.ShouldBeLessThan(1e-6);
        biased.Rows[0].Bias!.Value.ShouldBe(500.0 / 600, 1e-12);
        biased.Rows[0].Deviations(1000).ShouldBe(-0.1 / Math.Sqrt(0.6 * 0.4 / 1000), 1e-9);
    }

    [Fact]
    public void RecordsThatWereNeverExecutedAreStrange()
    {
        TruthComparison comparison = Compare([new(0, Process, 0x1000, 10)], Samples(0x1000, 5), Samples(0x3000, 2));
        comparison.Strange.ShouldBe(2);
        comparison.Rows[^1].Bias.ShouldBeNull();
        comparison.Rows[^1].Within.ShouldBeFalse();
    }

    [Fact]
    public void OneProcessCanBeComparedAlone()
    {
        TruthRow[] truth = [new(0, Process, 0x1000, 10), new(0, 5, 0x1000, 1000)];
        SpeTrace trace = TraceTestData.TraceOf([.. Samples(0x1000, 5), .. Samples(0x1000, 7, process: 5)]);
        TruthComparison comparison = TruthComparison.Make(trace, truth, new SymbolResolver(trace), TruthUnit.Instruction, new HashSet<uint> { Process });
        comparison.Executed.ShouldBe(10ul);
        comparison.Samples.ShouldBe(5);
    }

    [Fact]
    public void RareInstructionsAreTakenTogetherInTheTest()
    {
        TruthRow[] truth = [.. Enumerable.Range(0, 100).Select(i => new TruthRow(0, Process, 0x1000 + ((ulong)i * 4), i == 0 ? 9900ul : 1))];
        TruthComparison comparison = Compare(truth, Samples(0x1000, 990), Samples(0x1004, 10));
        comparison.DegreesOfFreedom.ShouldBe(1, "the hot one, and the other 99");
    }

    private static TruthComparison Compare(TruthRow[] truth, params SpeRecord[][] samples)
    {
        SpeTrace trace = TraceTestData.TraceOf([.. samples.SelectMany(s => s)]);
        return TruthComparison.Make(trace, truth, new SymbolResolver(trace), TruthUnit.Instruction);
    }

    private static SpeRecord[] Samples(ulong pc, int count, uint process = Process)
    {
        SpeRecord record = default;
        record.SetPc(pc, 0);
        record.SetContextEl1(process);
        record.SetOperation(SpeOperationClass.Other, 0);
        record.SetEvents(SpeEvents.Retired);
        record.SetLatency(3, 2);
        record.SetTimestamp(1);
        return [.. Enumerable.Repeat(record, count)];
    }
}
