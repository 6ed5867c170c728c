using System.Text.Json;
using Pinion.Cli.Guests;
using Pinion.Kvm.Spe;

namespace Pinion.Cli.Tests;

/// <summary>One short comparison of every series, as JSON, for all tests.</summary>
public sealed class CompareRun
{
    public const int Cycles = 12;

    public CompareRun()
    {
        Outcome = Run("--json", "--cycles", Cycles.ToString(), "--rounds", "1");
        Rows = Outcome.ExitCode == ExitCodes.Success
            ? JsonDocument.Parse(Outcome.Output).RootElement.GetProperty("series").EnumerateArray().ToDictionary(row => row.GetProperty("name").GetString()!)
            : [];
    }

    internal HostTool.Outcome Outcome { get; }

    public Dictionary<string, JsonElement> Rows { get; }

    internal static HostTool.Outcome Run(params string[] options) => HostTool.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "pinion.dll"), "compare", .. options]);
}

public sealed class CompareCommandTests(CompareRun run) : IClassFixture<CompareRun>
{
    public static TheoryData<string> Series => [.. SpeSeriesNames.All];

    [Fact]
    public void EverySeriesIsMeasured()
    {
        run.Outcome.ExitCode.ShouldBe(ExitCodes.Success, run.Outcome.Error);
        SpeSeriesNames.All.ShouldAllBe(name => run.Rows.ContainsKey(name));
    }

    [Theory]
    [MemberData(nameof(Series))]
    public void TheProfilingUnitTakesNoStage2FaultAndNoSampleIsLost(string series)
    {
        JsonElement row = Row(series);
        row.GetProperty("stage2Faults").GetUInt64().ShouldBe(0UL);
        row.GetProperty("lost").GetUInt64().ShouldBe(0UL);
        row.GetProperty("records").GetUInt64().ShouldBeGreaterThan(2UL * CompareRun.Cycles * 10);
    }

    [Theory]
    [MemberData(nameof(Series))]
    public void BothBuffersWereToggledAndTimed(string series)
    {
        JsonElement[] buffers = [.. Row(series).GetProperty("buffers").EnumerateArray()];
        buffers.Select(buffer => buffer.GetProperty("bytes").GetUInt64()).ShouldBe([4UL << 20, 64UL << 20]);
        buffers.ShouldAllBe(buffer => buffer.GetProperty("cycles").GetInt32() == CompareRun.Cycles);
        buffers.ShouldAllBe(buffer => buffer.GetProperty("cyclesPerSecond").GetDouble() > 0 && buffer.GetProperty("toggleMicroseconds").GetDouble() > 0);
    }

    [Fact]
    public void WithoutLockedMemoryEveryEnablingOfTheThirdPostingEndsInAFaultAndLosesAllSamples()
    {
        JsonElement row = Row("v3, not locked");
        row.GetProperty("stage2Faults").GetUInt64().ShouldBe(2UL * CompareRun.Cycles);
        row.GetProperty("records").GetUInt64().ShouldBe(0UL);
        row.GetProperty("lost").GetUInt64().ShouldBe(Row("v3").GetProperty("records").GetUInt64());
        row.GetProperty("chargedBytes").GetUInt64().ShouldBe(0UL);
    }

    [Theory]
    [InlineData("v3")]
    [InlineData("v4")]
    [InlineData("v5")]
    public void TheEarlierPostingsPinAndChargeAllOfTheGuestsMemory(string series)
    {
        Row(series).GetProperty("peakPinnedBytes").GetUInt64().ShouldBe(128UL << 20);
        Row(series).GetProperty("chargedBytes").GetUInt64().ShouldBe(128UL << 20);
    }

    [Fact]
    public void TheSixthPostingPinsTheBufferAndItsTables()
    {
        JsonElement row = Row("v6, no cache");
        // 16384 pages, 32 leaf tables and the three above them.
        row.GetProperty("peakPinnedBytes").GetUInt64().ShouldBe((16384UL + 32 + 3) * 4096);
        row.GetProperty("chargedBytes").GetUInt64().ShouldBe((16384UL + 32 + 3) * 4096);
    }

    [Fact]
    public void WithThePinCacheEveryEnablingButTheFirstFindsItsPagesPinned()
    {
        Row("v6").GetProperty("pinCacheHits").GetUInt64().ShouldBeGreaterThanOrEqualTo(2UL * (CompareRun.Cycles - 1));
        Row("v6, no cache").GetProperty("pinCacheHits").GetUInt64().ShouldBe(0UL);
    }

    [Fact]
    public void WithoutATerminalTheTableIsPlainColumns()
    {
        HostTool.Outcome outcome = CompareRun.Run("--cycles", "2", "--rounds", "1", "--series", "v6");

        outcome.ExitCode.ShouldBe(ExitCodes.Success, outcome.Error);
        string[] lines = [.. outcome.Output.Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
        lines[0].ShouldStartWith("series ");
        lines.Skip(1).ShouldAllBe(line => line.StartsWith("v6"));
        outcome.Output.ShouldNotContain("\u001b");
    }

    /// <summary>Four MiB are charged at configuration; the two leaf tables and the three above them are what the limit lacks.</summary>
    [Theory]
    [InlineData("v6", 1)]
    [InlineData("v6-rfc", 5)]
    public void BelowTheLimitThePostedSeriesExitsForEachPageAndOursOnce(string series, ulong exits)
    {
        Assert.SkipUnless(HostTool.Exists("setpriv"), "needs setpriv: apt-get install util-linux");
        HostTool.Outcome outcome = HostTool.Run(
            "setpriv",
            [
                "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock", "dotnet", Path.Combine(AppContext.BaseDirectory, "pinion.dll"), "compare", "--json", "--cycles", "3", "--rounds", "1",
                "--memlock-limit", "4M", "--buffers", "4M", "--series", series,
            ]);

        outcome.ExitCode.ShouldBe(ExitCodes.Success, outcome.Error);
        JsonElement root = JsonDocument.Parse(outcome.Output).RootElement;
        root.GetProperty("memlockLimitIgnored").GetBoolean().ShouldBeFalse();
        root.GetProperty("series").EnumerateArray().Max(row => row.GetProperty("limitExits").GetUInt64()).ShouldBe(exits);
        root.GetProperty("series").EnumerateArray().ShouldAllBe(row => row.GetProperty("lost").GetUInt64() == 0);
    }

    [Theory]
    [InlineData("no series is called 'v9'", "--series", "v9")]
    [InlineData("--cycles 1 is out of range", "--cycles", "1")]
    public void AWrongOptionIsOneLineAndExitCode1(string line, params string[] options)
    {
        HostTool.Outcome outcome = CompareRun.Run(options);

        outcome.ExitCode.ShouldBe(ExitCodes.Usage);
        outcome.Error.ShouldStartWith($"pinion: {line}");
        outcome.Output.ShouldBeEmpty();
    }

    private JsonElement Row(string name)
    {
        run.Rows.ShouldContainKey(name, run.Outcome.Error);
        return run.Rows[name];
    }
}
