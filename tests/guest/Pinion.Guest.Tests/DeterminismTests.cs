using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>With --deterministic a run depends on its inputs alone.</summary>
public sealed class DeterminismTests(DebianGuest guest)
{
    private const string Record = "run=sh:perf@record@-q@-e@arm_spe_0/ts_enable=1,pa_enable=1,jitter=1/@-c@2048@-a@-o@/tmp/d@--@bench@-s@0.001@dhry@core@fork;ls@-l@/tmp";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void CapturesAreIdenticalAlsoUnderLoad(int cpus)
    {
        guest.RequireWorkloads();
        using TemporaryDirectory directory = new();
        (byte[] quiet, string quietConsole) = Capture(directory.File("quiet.spe"), cpus);
        quiet.Length.ShouldBeGreaterThan(100_000);

        // One busy process for each processor and one more: the guest's threads are put aside again and again.
        List<HostProgram> load = [.. Enumerable.Range(0, Environment.ProcessorCount + 1).Select(_ => new HostProgram("/bin/sh", ["-c", "while :; do :; done"]))];
        try
        {
            (byte[] loaded, string loadedConsole) = Capture(directory.File("loaded.spe"), cpus);
            loadedConsole.ShouldBe(quietConsole);
            loaded.AsSpan().SequenceEqual(quiet).ShouldBeTrue($"the captures have {quiet.Length} and {loaded.Length} bytes and first differ at {quiet.AsSpan().CommonPrefixLength(loaded)}");
        }
        finally
        {
            load.ForEach(l => l.Dispose());
        }
    }

    [Fact]
    public void CountingTheTruthChangesNothing()
    {
        using TemporaryDirectory directory = new();
        string demo = DemoGuest.Write(directory);
        string[] arguments = ["run", "-k", demo, "-m", "128M", "--deterministic", "--spe-capture"];
        ProgramResult without = PinionProgram.Run(PinionProgram.Boot, [.. arguments, directory.File("without.spe")]);
        ProgramResult with = PinionProgram.Run(PinionProgram.Boot, [.. arguments, directory.File("with.spe"), "--truth", directory.File("truth.csv")]);

        without.ExitCode.ShouldBe(0, without.Report);
        with.ExitCode.ShouldBe(0, with.Report);
        with.Output.ShouldBe(without.Output);
        byte[] expected = File.ReadAllBytes(directory.File("without.spe"));
        expected.Length.ShouldBeGreaterThan(100_000);
        File.ReadAllBytes(directory.File("with.spe")).AsSpan().SequenceEqual(expected).ShouldBeTrue();
        File.ReadAllLines(directory.File("truth.csv")).Length.ShouldBeGreaterThan(100);
    }

    private static (byte[] Capture, string Console) Capture(string file, int cpus)
    {
        ProgramResult run = PinionProgram.Run(
            PinionProgram.Session, DebianGuest.Arguments(DebianGuest.Full, Record, ["-c", $"{cpus}", "--deterministic", "--spe-capture", file]));
        run.ExitCode.ShouldBe(0, run.Report);
        return (File.ReadAllBytes(file), run.Output);
    }
}
