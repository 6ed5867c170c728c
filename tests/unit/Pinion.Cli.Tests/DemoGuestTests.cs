using System.Text.RegularExpressions;
using Pinion.Cli.Guests;

namespace Pinion.Cli.Tests;

/// <summary>The demo program that is committed, against the tools that built it and against QEMU.</summary>
public sealed class DemoGuestTests : IDisposable
{
    internal static readonly string[] Workloads = ["stream_triad", "chase_list", "branchy", "float_poly", "atomic_counter"];

    private static readonly string s_sources = Path.Combine(RepositoryRoot(), "guests", "demo");

    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-demo").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void TheSourcesGiveTheCommittedBytes()
    {
        const string compiler = "aarch64-linux-gnu-gcc";
        Assert.SkipUnless(HostTool.Exists(compiler), $"needs {compiler}: apt-get install gcc-aarch64-linux-gnu");

        HostTool.Outcome outcome = HostTool.Run(Path.Combine(s_sources, "build.sh"), [_directory]);

        outcome.ExitCode.ShouldBe(0, outcome.Error);
        string committed = File.ReadAllText(Path.Combine(s_sources, "pinion-demo.toolchain"));
        string here = File.ReadAllText(Path.Combine(_directory, "pinion-demo.toolchain"));
        Assert.SkipUnless(here == committed, $"needs the tools that built the committed program: {committed.ReplaceLineEndings(", ")}here are {here.ReplaceLineEndings(", ")}");
        File.ReadAllBytes(Path.Combine(_directory, "pinion-demo.elf")).ShouldBe(File.ReadAllBytes(Path.Combine(s_sources, "pinion-demo.elf")));
    }

    [Fact]
    public void TheProgramIsSmallAndItsSymbolsNameTheWorkloads()
    {
        Assert.SkipUnless(HostTool.Exists("readelf"), "needs readelf: apt-get install binutils");
        string elf = Path.Combine(s_sources, "pinion-demo.elf");

        string symbols = HostTool.Run("readelf", ["-sW", elf]).Output;

        new FileInfo(elf).Length.ShouldBeLessThan(200_000);
        Workloads.ShouldAllBe(name => Regex.IsMatch(symbols, $@"ffff8000\w+ +[1-9]\d* FUNC .* {name}\n"));
    }

    [Theory]
    [InlineData("interval=4096 jitter=0", 4096)]
    [InlineData("quiet interval=512", 512)]
    [InlineData("interval=1000", 1024)]
    [InlineData("interval=0 jitter=2", 1024)]
    [InlineData("interval=99999999999999999999", 1024)]
    public void TheCommandLineSaysHowOftenItSamples(string append, int interval)
    {
        HostTool.Outcome outcome = HostTool.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "pinion.dll"), "run", "-k", Path.Combine(s_sources, "pinion-demo.elf"), "-m", "128M", "--timing", "off", "-p", append]);

        outcome.ExitCode.ShouldBe(0, outcome.Error);
        outcome.Output.ShouldContain($"a sample every {interval} operations");
        Regex.Match(outcome.Output, @"^chase_list +(\d+) +(\d+) ", RegexOptions.Multiline).Groups[2].Value.ShouldBe($"{8_000_000 / (interval + 1)}");
    }

    [Fact]
    public void WithoutSpeTheProgramSaysSoAndRunsEveryWorkload()
    {
        string console = RunInQemu();

        console.ShouldContain("no SPE");
        console.ShouldContain("DEMO-DONE");
        Results(console).Keys.ShouldBe(Workloads, ignoreOrder: true);
    }

    /// <summary>What QEMU's machine prints, as the oracle for ours.</summary>
    internal static string RunInQemu()
    {
        const string qemu = "qemu-system-aarch64";
        Assert.SkipUnless(HostTool.Exists(qemu), $"needs {qemu}: apt-get install qemu-system-arm");
        HostTool.Outcome outcome = HostTool.Run(
            "timeout",
            ["120", qemu, "-M", "virt,gic-version=3", "-cpu", "neoverse-n1", "-m", "256M", "-nographic", "-no-reboot", "-nic", "none", "-kernel", Path.Combine(s_sources, "pinion-demo.elf")]);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        return outcome.Output;
    }

    /// <summary>The last column of the demo's table: what each workload computed.</summary>
    internal static Dictionary<string, string> Results(string console) =>
        Regex.Matches(console, @"^(\w+) +(?:\d+|-) +(?:\d+|-) +\d+ +\d+  (0x[0-9a-f]{16})\r?$", RegexOptions.Multiline)
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    internal static string RepositoryRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Pinion.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
