using System.Text.Json;
using Pinion.Cli;
using Pinion.Guest.Tests.Support;
using Pinion.Trace.Truth;

namespace Pinion.Guest.Tests;

/// <summary>
/// Every function's share of the samples has the truth in its 99 % interval, or compare-truth says what the bias is. Of many functions some are outside by chance; the report says of each whether it is farther
/// off than that, so no function may be without a cause, and those outside by chance may not be more than chance allows.
/// </summary>
public sealed class TruthTests(DebianGuest guest, RecordedWorkloads recorded)
{
    /// <summary>Shares from which a function counts as hot: with thousands of records nothing of that size is outside by chance in a run that is the same each time.</summary>
    private const double Hot = 0.01;

    /// <summary>A fixed run fails by accident where its probability is less than this.</summary>
    private const double Impossible = 1e-4;

    [Fact]
    public void FiveWorkloadsAreSampledAsTheyAreExecuted()
    {
        string bench = guest.RequireWorkloads();
        foreach (string workload in RecordedWorkloads.Workloads)
        {
            foreach (int period in RecordedWorkloads.Periods)
            {
                Comparison comparison = Compare(new Recording(workload, period), bench);
                comparison.ShouldBeSampledOnceIn(period + 1);
                comparison.ShouldAgree();
            }
        }
    }

    [Fact]
    public void ALoopInStepWithTheIntervalIsToldAndJitterBreaksTheStep()
    {
        string bench = guest.RequireWorkloads();
        Comparison fixedInterval = Compare(new Recording(RecordedWorkloads.InStep, 1024), bench);
        fixedInterval.ShouldBeSampledOnceIn(1025);
        fixedInterval.ShouldAgree();
        fixedInterval.Probability("instructionTest").ShouldBeLessThan(1e-12, fixedInterval.Report);
        fixedInterval.Note("phase").ShouldContain("a loop is in step with it", Case.Sensitive, fixedInterval.Report);
        fixedInterval.Measures().Where(measure => !measure.Within).Select(measure => measure.Name).ShouldContain("branch, of operations", fixedInterval.Report);

        Comparison instructions = Compare(new Recording(RecordedWorkloads.InStep, 1024), bench, TruthUnit.Instruction);
        List<Row> outside = [.. instructions.Rows.Where(row => !row.Within && row.Cause == "phase")];
        outside.Count.ShouldBeGreaterThanOrEqualTo(5, instructions.Report);
        outside.ShouldAllBe(row => row.Symbol == "chase");
        instructions.Rows.Where(row => !row.Within).ShouldAllBe(row => row.Cause == "phase" || row.Cause == "chance");

        Comparison jitter = Compare(new Recording(RecordedWorkloads.InStep, 1024, Jitter: true), bench);
        jitter.ShouldBeSampledOnceIn(1025);
        jitter.ShouldAgree();
        jitter.Probability("instructionTest").ShouldBeInRange(0.001, 0.999, jitter.Report);
        jitter.Notes.ShouldNotContain(note => note.Kind == "phase", jitter.Report);
        jitter.Measures().ShouldAllBe(measure => measure.Within);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(4096)]
    public void TheDemoIsSampledAsItIsExecutedWithAllItsOutcomes(int interval)
    {
        Comparison comparison = Demo("full", $"interval={interval}");
        comparison.ShouldBeSampledOnceIn(interval + 1);
        comparison.ShouldAgree();
        comparison.Note("interval").ShouldContain($"at an interval of {interval}, with jitter", Case.Sensitive, comparison.Report);
        foreach (Row row in comparison.Rows.Where(row => row.Expected >= Hot))
        {
            // Latencies and outcomes are known of every execution, so each figure of each hot function is compared; of some 80 none is farther off than one in 10,000 is.
            List<Measure> measures = comparison.Measures(row);
            measures.Count.ShouldBeGreaterThan(5, comparison.Report);
            measures.Count(measure => !measure.Within).ShouldBeLessThanOrEqualTo(1, $"{row.Symbol}\n{comparison.Report}");
            measures.Select(measure => measure.Name).ShouldContain("total latency");
        }

        comparison.Measures().Select(measure => measure.Name).ShouldContain("TLB walks, of translations", comparison.Report);
    }

    [Fact]
    public void CollisionsAreCountedAndAreTheCauseWhereSlowOperationsHideOthers()
    {
        Comparison comparison = Demo("full", "interval=1024", "--spe-in-flight", "4");
        comparison.Number("selected").ShouldBe(comparison.Number("collided") + comparison.Number("recorded"), comparison.Report);
        comparison.Number("recorded").ShouldBe(comparison.Number("samples"), comparison.Report);
        Row slow = comparison.Rows.Single(row => row.Symbol == "chase_list");
        slow.Within.ShouldBeFalse(comparison.Report);
        slow.Observed.ShouldBeLessThan(slow.Expected, comparison.Report);
        slow.Collided.ShouldBeGreaterThan(comparison.Number("collided") * 9 / 10, comparison.Report);
        comparison.Rows.Where(row => !row.Within).ShouldAllBe(row => row.Cause == "collisions");
        comparison.Note("collisions").ShouldNotBeEmpty();
    }

    [Fact]
    public void ATruthWithoutTheFullModelHasNoOutcomes()
    {
        Comparison comparison = Demo("window:32", "interval=4096 jitter=0");
        comparison.ShouldAgree();
        comparison.Note("interval").ShouldContain("without jitter", Case.Sensitive, comparison.Report);
        comparison.Note("truth").ShouldContain("--timing window:32 does not see every operation", Case.Sensitive, comparison.Report);
        comparison.Measures().Select(measure => measure.Name).ShouldNotContain("total latency", comparison.Report);
    }

    private static Comparison Demo(string timing, string append, params string[] more)
    {
        using TemporaryDirectory directory = new();
        string demo = DemoGuest.Write(directory);
        string capture = directory.File("demo.spe");
        string truth = directory.File("demo.csv");
        ProgramResult run = PinionProgram.Run(
            PinionProgram.Boot, ["run", "-k", demo, "-m", "128M", "-p", append, "--deterministic", "--timing", timing, "--spe-capture", capture, "--truth", truth, .. more]);
        run.ExitCode.ShouldBe(0, run.Report);
        return new Comparison(append, capture, truth, demo, new TruthView());
    }

    private Comparison Compare(Recording recording, string bench, TruthUnit unit = TruthUnit.Function) =>
        new(recording.Name, recorded.FileOf(recording), recorded.TruthFile, bench, new TruthView(unit, new HashSet<uint> { (uint)recorded.ProcessOf(recording) }));

    private sealed record Row(string Symbol, double Expected, double Observed, bool Within, string Cause, long Collided, JsonElement Json);

    private sealed record Measure(string Name, bool Within);

    /// <summary>What compare-truth says.</summary>
    private sealed class Comparison
    {
        private readonly JsonElement _json;

        public Comparison(string name, string trace, string truth, string program, TruthView view)
        {
            Report = $"{name}\n{Run(new CompareTruthOutput())}";
            TestContext.Current.TestOutputHelper?.WriteLine(Report);
            _json = JsonDocument.Parse(Run(new CompareTruthOutput(Json: true))).RootElement;
            Rows =
            [
                .. _json.GetProperty("rows").EnumerateArray().Select(row => new Row(
                    row.GetProperty("symbol").GetString()!,
                    row.GetProperty("expected").GetDouble(),
                    row.GetProperty("observed").GetDouble(),
                    row.GetProperty("within").GetBoolean(),
                    row.GetProperty("cause").GetString()!,
                    row.TryGetProperty("collided", out JsonElement collided) ? collided.GetInt64() : 0,
                    row)),
            ];
            Notes = [.. _json.GetProperty("notes").EnumerateArray().Select(note => new TruthNote(note.GetProperty("kind").GetString()!, note.GetProperty("text").GetString()!))];

            string Run(CompareTruthOutput shown)
            {
                using StringWriter output = new();
                using StringWriter error = new();
                CompareTruthCommand.Run(trace, truth, new SymbolFiles([program], null), view, shown, output, error).ShouldBe(ExitCodes.Success, $"{name}: {error}");
                error.ToString().ShouldBeEmpty(name);
                return output.ToString();
            }
        }

        public string Report { get; }

        public IReadOnlyList<Row> Rows { get; }

        public IReadOnlyList<TruthNote> Notes { get; }

        public long Number(string name) => _json.GetProperty(name).GetInt64();

        public double Probability(string test) => _json.GetProperty(test).GetProperty("probability").GetDouble();

        public string Note(string kind) => Notes.FirstOrDefault(note => note.Kind == kind).Text ?? "";

        public List<Measure> Measures() => Measures(_json);

        public List<Measure> Measures(Row row) => Measures(row.Json);

        /// <summary>The unit selects what its interval says, nothing collides, and every record is in the trace.</summary>
        public void ShouldBeSampledOnceIn(int spacing)
        {
            _json.GetProperty("spacing").GetDouble().ShouldBe(spacing, Report);
            double expected = Number("executed") / (double)spacing;

            // Jitter moves each selection by less than an interval; the demo enables sampling five times.
            ((double)Number("selected")).ShouldBe(expected, tolerance: 6, Report);
            Number("recorded").ShouldBe(Number("selected"), Report);
            Number("samples").ShouldBe(Number("recorded"), Report);
            Number("strange").ShouldBe(0, Report);
        }

        /// <summary>The shares are the truth's, or the report says why they are not.</summary>
        public void ShouldAgree()
        {
            Rows.ShouldNotBeEmpty(Report);
            foreach (Row row in Rows.Where(row => !row.Within))
            {
                row.Cause.ShouldBeOneOf("chance", "phase");
                Note("outside").ShouldContain(row.Cause, Case.Sensitive, Report);
                if (row.Cause == "phase")
                {
                    Note("phase").ShouldNotBeEmpty(Report);
                }
            }

            int byChance = Rows.Count(row => row.Cause == "chance");
            (byChance <= 0.01 * Rows.Count || Statistics.BinomialTail(byChance, Rows.Count, 0.01) > Impossible).ShouldBeTrue(Report);
            Rows.Where(row => row.Expected >= Hot).ShouldAllBe(row => row.Within || row.Cause == "phase");
            if (Rows.All(row => row.Cause != "phase"))
            {
                Probability("test").ShouldBeGreaterThan(Impossible, Report);
            }
        }

        private static List<Measure> Measures(JsonElement json) =>
        [
            .. json.GetProperty("measures").EnumerateArray()
                .Where(measure => measure.TryGetProperty("within", out _))
                .Select(measure => new Measure(measure.GetProperty("name").GetString()!, measure.GetProperty("within").GetBoolean())),
        ];
    }
}
