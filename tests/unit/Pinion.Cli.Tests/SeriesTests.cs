using Pinion.Cli.Guests;
using Pinion.Kvm.Spe;

namespace Pinion.Cli.Tests;

/// <summary>The demo guest under each posting of the SPE series, set up as the series wants it.</summary>
public sealed class SeriesTests : IDisposable
{
    private const string SmallLimit = "8388608:8388608";

    private static readonly string s_pinion = Path.Combine(AppContext.BaseDirectory, "pinion.dll");
    private static readonly string s_elf = Path.Combine(DemoGuestTests.RepositoryRoot(), "guests", "demo", "pinion-demo.elf");

    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-series").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>How a series keeps the buffer mapped is nothing that the guest's records could tell.</summary>
    [Fact]
    public void EverySeriesRecordsTheSame()
    {
        byte[]? first = null;
        foreach (string series in SpeSeriesNames.All)
        {
            string capture = Path.Combine(_directory, series);
            HostTool.Outcome outcome = HostTool.Run("dotnet", [s_pinion, .. Arguments(series), "--deterministic", "--spe-capture", capture]);
            outcome.ExitCode.ShouldBe(ExitCodes.Success, outcome.Error);
            outcome.Output.ShouldContain("DEMO-DONE");
            byte[] records = File.ReadAllBytes(capture);
            records.Length.ShouldBeGreaterThan(1_000_000);
            (first ??= records).AsSpan().SequenceEqual(records).ShouldBeTrue(series);
        }
    }

    [Theory]
    [InlineData("v3", "raise", "and may not be raised beyond 8192 KiB; raise the hard limit")]
    [InlineData("v4", "raise", "and may not be raised beyond 8192 KiB; raise the hard limit")]
    [InlineData("v5", "keep", "the limit is 8192 KiB; run with --memlock raise")]
    public void WhereTheLimitRefusesTheReportSaysThatItIsTheGuestsMemory(string series, string policy, string advice)
    {
        string[] without = ["--bounding-set=-ipc_lock,-sys_resource", "--inh-caps=-ipc_lock,-sys_resource", "prlimit", $"--memlock={SmallLimit}"];
        Assert.SkipUnless(HostTool.Exists("setpriv") && HostTool.Exists("prlimit"), "needs setpriv and prlimit: apt-get install util-linux");
        Assert.SkipUnless(HostTool.Run("setpriv", [.. without, "true"]).ExitCode == 0, "needs to drop capabilities (CAP_SETPCAP) and to set a limit of locked memory");

        HostTool.Outcome outcome = HostTool.Run("setpriv", [.. without, "dotnet", s_pinion, .. Arguments(series), "--memlock", policy]);

        outcome.ExitCode.ShouldBe(ExitCodes.HostResource);
        outcome.Error.ShouldContain("the guest's memory, which this SPE series keeps locked, needs 131072 KiB more of locked memory");
        outcome.Error.ShouldContain(advice);
    }

    private static string[] Arguments(string series) => ["run", "--kernel", s_elf, "--memory", "128M", "--timing", "off", "--spe-series", series];
}
