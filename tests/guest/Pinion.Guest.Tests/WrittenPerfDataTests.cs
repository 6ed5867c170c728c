using Pinion.Cli.Guests;
using Pinion.Guest.Tests.Support;
using Pinion.Trace.Symbols;

namespace Pinion.Guest.Tests;

/// <summary>perf.data files that Pinion writes, in the host's perf: it complains of nothing and counts what Pinion counts.</summary>
public sealed class WrittenPerfDataTests(DebianGuest guest, RecordedTraces recorded) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("task")]
    [InlineData("cpus")]
    [InlineData("memory")]
    public void ARecordingOfTheGuestsIsRewritten(string name)
    {
        HostPerf.Require();
        Recordings recordings = recorded.Of("honest", guest);
        string file = name switch
        {
            "task" => recordings.Task,
            "cpus" => recordings.Cpus,
            _ => recordings.Memory,
        };

        CheckDebian(file, metadata: null);
    }

    [Fact]
    public void ACaptureOfTheHostsKnowsTheKernelsFunctionsAndTheThreadsNumbers()
    {
        HostPerf.Require();

        CheckDebian(recorded.Of("honest", guest).Capture, metadata: null);
    }

    [Fact]
    public void ACaptureOfTheHostsGetsProcessesFromARecordingOfTheSameRun()
    {
        HostPerf.Require();
        Recordings recordings = recorded.Of("honest", guest);

        OwnCounts counts = CheckDebian(recordings.Capture, recordings.Cpus);

        counts.Functions.Where(function => function.Key.Command == "bench" && function.Key.Symbol != Location.Unknown).Sum(function => function.Value).ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void ACaptureOfTheDemoHasNoThreadsAndIsTakenAllTheSame()
    {
        HostPerf.Require();
        string demo = DemoGuest.Write(_directory);
        string capture = _directory.File("demo.spe");
        ProgramResult run = PinionProgram.Run(PinionProgram.Boot, "demo", "--output", capture);
        run.ExitCode.ShouldBe(0, run.Report);

        // Symbols around the program: perf has a name for everything then.
        Check(capture, null, demo, _directory.Write("kallsyms", "ffff800040200000 T program\nffff800040240000 T behind\n"));
    }

    private OwnCounts CheckDebian(string file, string? metadata) =>
        Check(file, metadata, guest.RequireWorkloads(), Path.Combine(GuestCache.DefaultDirectory(), "debian", "kallsyms"));

    private OwnCounts Check(string file, string? metadata, string program, string kallsyms)
    {
        string written = _directory.File("written.data");
        string[] more = metadata is null ? [] : ["--metadata", metadata];
        ProgramResult export = PinionProgram.Run(PinionProgram.Boot, ["export", file, "--to", "perf.data", "-o", written, "--kallsyms", kallsyms, .. more]);
        export.ExitCode.ShouldBe(0, export.Report);
        export.Error.ShouldBeEmpty();
        Directory.CreateDirectory(_directory.File("root/bin"));
        File.Copy(program, _directory.File("root/bin/bench"), overwrite: true);
        var perf = new HostPerf.Reader(written, _directory.File("root"), kallsyms);

        OwnCounts ours = OwnCounts.Of(file, metadata, program, kallsyms);

        int total = ours.Functions.Values.Sum();
        TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(file)}: {total} samples of {ours.Functions.Count} functions; {string.Join(", ", ours.Levels.Select(level => $"{level.Key} {level.Value}"))}");
        total.ShouldBeGreaterThan(1000);
        Sorted(perf.ScriptFunctions()).ShouldBe(Sorted(ours.Functions));
        Sorted(perf.ReportCommands()).ShouldBe(Sorted(ours.Functions.GroupBy(function => function.Key.Command).ToDictionary(group => group.Key, group => group.Sum(function => function.Value))));
        Sorted(perf.MemoryLevels()).ShouldBe(Sorted(ours.Levels));
        return ours;
    }

    /// <summary>Lines that say what differs. perf stretches _init, the only symbol of its section, over the stubs behind it, which have none.</summary>
    private static string[] Sorted<T>(Dictionary<T, int> counts)
        where T : notnull =>
    [
        .. counts.GroupBy(count => $"{count.Key}".Replace("_init)", "[unknown])", StringComparison.Ordinal)).Select(group => $"{group.Key}: {group.Sum(count => count.Value)}").Order(StringComparer.Ordinal),
    ];
}
