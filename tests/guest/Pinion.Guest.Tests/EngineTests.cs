using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>Guests cannot tell one engine from another.</summary>
public sealed class EngineTests(DebianGuest guest)
{
    private const string Record = "run=sh:perf@record@-q@-e@arm_spe_0/ts_enable=1,pa_enable=1,jitter=1/@-c@2048@-a@-o@/tmp/d@--@bench@-s@0.001@dhry@core@fp@simd@fork;ls@-l@/tmp";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TheStatesOfABootAreTheInterpreters(int cpus)
    {
        guest.Require();
        ProgramResult run = PinionProgram.Run(PinionProgram.Session, DebianGuest.Arguments(DebianGuest.Full, "run=none", "-c", $"{cpus}", "--lockstep"));

        run.ExitCode.ShouldBe(0, run.Report);
        run.Output.ShouldContain("reboot: Power down", Case.Sensitive, run.Report);
        run.Error.ShouldContain("lockstep: 0 differences", Case.Sensitive, run.Report);
    }

    [Fact]
    public void TheStatesOfTheDemoAreTheSwitchCores()
    {
        using TemporaryDirectory directory = new();
        ProgramResult run = PinionProgram.Run(PinionProgram.Session, "run", "-k", DemoGuest.Write(directory), "-m", "128M", "--lockstep", "switch", "--lockstep-interval", "1000");

        run.ExitCode.ShouldBe(0, run.Report);
        run.Error.ShouldContain("lockstep: 0 differences", Case.Sensitive, run.Report);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void CapturesAreTheSameBytesWithEveryEngine(int cpus)
    {
        guest.RequireWorkloads();
        using TemporaryDirectory directory = new();
        (byte[] compiled, string console) = Capture("block");
        compiled.Length.ShouldBeGreaterThan(100_000);
        foreach (string engine in (string[])["interpreter", "switch"])
        {
            (byte[] other, string otherConsole) = Capture(engine);
            otherConsole.ShouldBe(console, engine);
            other.AsSpan().SequenceEqual(compiled).ShouldBeTrue($"with {engine} the captures have {compiled.Length} and {other.Length} bytes and first differ at {compiled.AsSpan().CommonPrefixLength(other)}");
        }

        (byte[] Capture, string Console) Capture(string engine)
        {
            string file = directory.File($"{engine}.spe");
            ProgramResult run = PinionProgram.Run(
                PinionProgram.Session, DebianGuest.Arguments(DebianGuest.Full, Record, ["-c", $"{cpus}", "--deterministic", "--engine", engine, "--spe-capture", file]));
            run.ExitCode.ShouldBe(0, run.Report);
            return (File.ReadAllBytes(file), run.Output);
        }
    }
}
