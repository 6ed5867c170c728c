using Pinion.Cli.Guests;

namespace Pinion.Cli.Tests;

/// <summary>The toggling program that is committed, against the tools that built it and on machines without a profiling unit.</summary>
public sealed class ToggleGuestTests : IDisposable
{
    private const string Elf = "pinion-toggle.elf";
    private const string Toolchain = "pinion-toggle.toolchain";

    private static readonly string s_sources = Path.Combine(DemoGuestTests.RepositoryRoot(), "guests", "toggle");

    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-toggle").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void TheSourcesGiveTheCommittedBytes()
    {
        const string compiler = "aarch64-linux-gnu-gcc";
        Assert.SkipUnless(HostTool.Exists(compiler), $"needs {compiler}: apt-get install gcc-aarch64-linux-gnu");

        HostTool.Outcome outcome = HostTool.Run(Path.Combine(s_sources, "build.sh"), [_directory]);

        outcome.ExitCode.ShouldBe(0, outcome.Error);
        string committed = File.ReadAllText(Path.Combine(s_sources, Toolchain));
        string here = File.ReadAllText(Path.Combine(_directory, Toolchain));
        Assert.SkipUnless(here == committed, $"needs the tools that built the committed program: {committed.ReplaceLineEndings(", ")}here are {here.ReplaceLineEndings(", ")}");
        File.ReadAllBytes(Path.Combine(_directory, Elf)).ShouldBe(File.ReadAllBytes(Path.Combine(s_sources, Elf)));
    }

    [Fact]
    public void TheProgramIsSmall() => new FileInfo(Path.Combine(s_sources, Elf)).Length.ShouldBeLessThan(200_000);

    [Fact]
    public void WithoutAProfilingUnitItFailsAndSaysWhy()
    {
        HostTool.Outcome outcome = Run("--spe", "off");

        outcome.ExitCode.ShouldBe(ExitCodes.GuestFailed, outcome.Error);
        outcome.Output.ShouldContain("no SPE: ID_AA64DFR0_EL1.PMSVer is 0");
        outcome.Output.ShouldContain("TOGGLE-FAILED: ");
    }

    [Fact]
    public void QemuRunsItToTheSameEnd()
    {
        const string qemu = "qemu-system-aarch64";
        Assert.SkipUnless(HostTool.Exists(qemu), $"needs {qemu}: apt-get install qemu-system-arm");
        HostTool.Outcome outcome = HostTool.Run(
            "timeout", ["120", qemu, "-M", "virt,gic-version=3", "-cpu", "neoverse-n1", "-m", "256M", "-nographic", "-no-reboot", "-nic", "none", "-kernel", Path.Combine(s_sources, Elf)]);

        outcome.ExitCode.ShouldBe(0, outcome.Error);
        outcome.Output.ShouldContain("no SPE: ID_AA64DFR0_EL1.PMSVer is 0");
        outcome.Output.ShouldContain("TOGGLE-FAILED: ");
    }

    [Theory]
    [InlineData("cycles=7", 7)]
    [InlineData("quiet cycles=12 more", 12)]
    [InlineData("bicycles=7", 200)]
    [InlineData("cycles=0", 200)]
    [InlineData("cycles=99999999999999999999", 200)]
    public void TheCommandLineSaysHowManyCycles(string append, int cycles)
    {
        HostTool.Outcome outcome = Run("-p", append);

        outcome.ExitCode.ShouldBe(ExitCodes.Success, outcome.Error);
        string[] rows = [.. outcome.Output.Split('\n').Where(line => line.TrimEnd().EndsWith("0x0000000000000000", StringComparison.Ordinal))];
        rows.Select(row => int.Parse(row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])).ShouldBe([cycles, cycles], outcome.Output);
    }

    [Fact]
    public void EveryCycleHasTheSameRecordsAndNoneIsLost()
    {
        HostTool.Outcome outcome = Run("-p", "cycles=9");

        string[] heading = outcome.Output.Split('\n').Single(line => line.StartsWith("counter ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long perCycle = long.Parse(heading[^1]);
        perCycle.ShouldBeGreaterThan(10);
        foreach (string[] row in outcome.Output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(row => row.Length == 13 && row[1] == "9"))
        {
            long.Parse(row[6]).ShouldBe(9 * perCycle, outcome.Output);
            row[7].ShouldBe("0", outcome.Output);
        }
    }

    [Fact]
    public void ABufferThatFillsUpIsUsedAgainAndLosesNothing()
    {
        string[] row = Row(Run("-p", "cycles=60 buffers=16"), "16");

        int.Parse(row[8]).ShouldBeGreaterThan(5, "events: buffer full");
        row[7].ShouldBe("0", "records lost");
        row[9].ShouldBe("0", "other events");
    }

    [Fact]
    public void ABufferLargerThanTheVmmAllowsIsAnEventEachTimeAndRecordsNothing()
    {
        string[] row = Row(Run("-p", "cycles=5 buffers=4096", "--spe-max-buffer", "2M"), "4096");

        row[6].ShouldBe("0", "records");
        row[9].ShouldBe("5", "events other than a full buffer");
        row[12].ShouldBe("0x0000000000020004", "PMBSR_EL1: S, and BSC larger than PMBIDR_EL1.MaxBuffSize");
    }

    private static string[] Row(HostTool.Outcome outcome, string kib)
    {
        outcome.ExitCode.ShouldBe(ExitCodes.Success, outcome.Error);
        return outcome.Output.Split('\n').Select(line => line.Split((char[])[' ', '\r'], StringSplitOptions.RemoveEmptyEntries)).Single(row => row.Length == 13 && row[0] == kib);
    }

    private HostTool.Outcome Run(params string[] options) => HostTool.Run(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "pinion.dll"), "run", "-k", Path.Combine(s_sources, Elf), "-m", "128M", .. options.Contains("--spe-max-buffer") ? [] : new[] { "--spe-max-buffer", "64M" }, .. options]);
}
