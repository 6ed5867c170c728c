using Pinion.Cli.Guests;
using Pinion.Trace;
using Pinion.Trace.Profiles;

namespace Pinion.Cli.Tests;

/// <summary>The demo on our own machine, run once for all tests.</summary>
public sealed class DemoRun : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-demo").FullName;

    public DemoRun()
    {
        Capture = Path.Combine(_directory, "capture");
        (ExitCode, Output, Error) = Run(Capture);
        Profile = ExitCode == ExitCodes.Success && TraceFile.TryRead(Capture, out SpeTrace trace, out _) ? DemoCommand.ProfileOf(trace) : null;
    }

    public string Capture { get; }

    public int ExitCode { get; }

    public string Output { get; }

    public string Error { get; }

    public Profile? Profile { get; }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    internal (int ExitCode, string Output, string Error) Run(string capture)
    {
        HostTool.Outcome outcome = HostTool.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "pinion.dll"), "demo", "--output", capture]);
        return (outcome.ExitCode, outcome.Output, outcome.Error);
    }

    internal ProfileCounts Of(string function) => Profile.ShouldNotBeNull().Rows.Single(row => row.Location.Symbol == function).Counts;
}

public sealed class DemoCommandTests(DemoRun demo) : IClassFixture<DemoRun>
{
    private const int Dram = 0xe;
    private const int SystemCache = 0xb;

    [Fact]
    public void TheDemoEndsWellAndPrintsTheProfileOfEachWorkload()
    {
        demo.ExitCode.ShouldBe(ExitCodes.Success, demo.Error);
        demo.Output.ShouldContain("DEMO-DONE");
        string profile = demo.Output[demo.Output.IndexOf('#')..];
        DemoGuestTests.Workloads.ShouldAllBe(name => profile.Contains(name));
    }

    [Fact]
    public void EveryWorkloadComputesWhatItComputesInQemu() =>
        DemoGuestTests.Results(demo.Output).ShouldBe(DemoGuestTests.Results(DemoGuestTests.RunInQemu()));

    [Fact]
    public void TheHostSeesTheRecordsThatTheGuestCounted()
    {
        long counted = demo.Output.Split('\n').Where(line => DemoGuestTests.Workloads.Any(name => line.StartsWith(name + " ", StringComparison.Ordinal)))
            .Take(DemoGuestTests.Workloads.Length)
            .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]));

        demo.Profile.ShouldNotBeNull().Total.Samples.ShouldBe(counted);
    }

    [Fact]
    public void SamplesAreAsManyAsInstructionsDividedByTheInterval()
    {
        foreach (string[] cells in demo.Output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(cells => cells.Length == 6 && DemoGuestTests.Workloads.Contains(cells[0])))
        {
            double expected = double.Parse(cells[1]) / 1025;
            double.Parse(cells[2]).ShouldBe(expected, expected * 0.02, cells[0]);
        }
    }

    [Fact]
    public void TheBufferFilledAndTheGuestServedIt() =>
        demo.Output.Split('\n').Where(line => line.StartsWith("stream_triad ", StringComparison.Ordinal)).First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[3].ShouldNotBe("0");

    [Fact]
    public void TheChaseWaitsForMemoryLongest()
    {
        ProfileCounts chase = demo.Of("chase_list");

        (chase.FromSource(Dram) + chase.FromSource(SystemCache)).ShouldBeGreaterThan(chase.Of(ProfileClass.Load) * 9 / 10);
        chase.TlbWalks.ShouldBeGreaterThan(chase.Of(ProfileClass.Load) * 9 / 10);
        Others("chase_list").ShouldAllBe(other => other.MeanTotalLatency < chase.MeanTotalLatency);
    }

    [Fact]
    public void TheBranchyWorkloadMispredictsMost()
    {
        ProfileCounts branchy = demo.Of("branchy");

        branchy.MispredictShare.ShouldNotBeNull().ShouldBeGreaterThan(0.2);
        Others("branchy").ShouldAllBe(other => other.MispredictShare < 0.02);
    }

    [Fact]
    public void OnlyTheAtomicWorkloadHasAtomics()
    {
        demo.Of("atomic_counter").Of(ProfileClass.Atomic).ShouldBeGreaterThan(demo.Of("atomic_counter").Samples / 5);
        Others("atomic_counter").ShouldAllBe(other => other.Of(ProfileClass.Atomic) == 0);
    }

    [Fact]
    public void TheStreamLoadsAndStoresAndThePolynomialDoesNeither()
    {
        ProfileCounts stream = demo.Of("stream_triad");
        ProfileCounts polynomial = demo.Of("float_poly");

        stream.Of(ProfileClass.Load).ShouldBeGreaterThan(stream.Samples / 5);
        stream.Of(ProfileClass.Store).ShouldBeGreaterThan(stream.Samples / 11);
        (polynomial.Of(ProfileClass.Load) + polynomial.Of(ProfileClass.Store)).ShouldBe(0);
    }

    [Fact]
    public void ASecondRunGivesTheSameRecordsByteForByte()
    {
        string second = demo.Capture + "-2";

        demo.Run(second).ExitCode.ShouldBe(ExitCodes.Success);

        File.ReadAllBytes(second).ShouldBe(File.ReadAllBytes(demo.Capture));
    }

    private IEnumerable<ProfileCounts> Others(string workload) => DemoGuestTests.Workloads.Where(name => name != workload).Select(demo.Of);
}
