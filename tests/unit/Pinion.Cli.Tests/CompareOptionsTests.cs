using Pinion.Cli.Compare;
using Pinion.Kvm.Spe;
using Pinion.Vmm;

namespace Pinion.Cli.Tests;

public sealed class CompareOptionsTests
{
    [Fact]
    public void WithoutOptionsEverySeriesIsComparedOnTheTogglingGuest()
    {
        CompareOptions options = CompareOptions.Read("toggle", null, "4M,64M", null, null, null).Value;
        options.Guest.ShouldBe(CompareOptions.Toggle);
        options.Series.Select(row => row.Series.Name()).Distinct().ShouldBe(SpeSeriesNames.All);
        options.Series.Select(row => row.Label).ShouldBeUnique();
        options.MemlockLimit.ShouldBeNull();
    }

    [Fact]
    public void RowsComeInTheOrderInWhichSeriesAreNamed() =>
        CompareOptions.Read("debian", "v6, v4", "1M", 10, 2, "64K").Value.ShouldSatisfyAllConditions(
            options => options.Series.Select(row => row.Series).Distinct().ShouldBe([SpeSeries.V6, SpeSeries.V4]),
            options => options.Cycles.ShouldBe(10),
            options => options.Rounds.ShouldBe(2),
            options => options.MemlockLimit.ShouldBe(64UL << 10));

    [Theory]
    [InlineData("windows", null, null, null, null, "--guest has no choice 'windows'; there are: toggle, debian")]
    [InlineData("toggle", "v6,v6", null, null, null, "--series names v6 twice; give each series once")]
    [InlineData("toggle", null, 1, null, null, "--cycles 1 is out of range; give 2 to 1000000")]
    [InlineData("toggle", null, 1000001, null, null, "--cycles 1000001 is out of range; give 2 to 1000000")]
    [InlineData("toggle", null, null, 0, null, "--rounds 0 is out of range; give 1 to 100")]
    [InlineData("toggle", null, null, null, "much", "'much' is not a size; give --memlock-limit a number with K, M or G, for example 512M")]
    public void AWrongValueIsOneLineThatSaysWhatThereIs(string guest, string? series, int? cycles, int? rounds, string? limit, string line)
    {
        Problem problem = CompareOptions.Read(guest, series, "4M,64M", cycles, rounds, limit).Problem.ShouldNotBeNull();
        problem.ToString().ShouldBe(line);
        ExitCodes.For(problem).ShouldBe(ExitCodes.Usage);
    }

    [Theory]
    [InlineData("big", "'big' is not a size; give --buffers a number with K, M or G, for example 512M")]
    [InlineData("3M", "--buffers has no use for '3M'; give powers of two from 16K to 64M, each once, separated by commas")]
    [InlineData("8K", "--buffers has no use for '8K'; give powers of two from 16K to 64M, each once, separated by commas")]
    [InlineData("128M", "--buffers has no use for '128M'; give powers of two from 16K to 64M, each once, separated by commas")]
    [InlineData("1M,1M", "--buffers has no use for '1M'; give powers of two from 16K to 64M, each once, separated by commas")]
    [InlineData("1M,2M,4M,8M,16M", "--buffers names 5 sizes; give 4 at most")]
    public void BuffersOfNoUseAreRefused(string buffers, string line) =>
        CompareOptions.Read("toggle", null, buffers, null, null, null).Problem.ShouldNotBeNull().ToString().ShouldBe(line);

    [Fact]
    public void AnUnknownSeriesIsAnsweredWithAllThatThereAre()
    {
        Problem problem = CompareOptions.Read("toggle", "v6,v9", "4M,64M", null, null, null).Problem.ShouldNotBeNull();
        problem.Message.ShouldBe("no series is called 'v9'");
        SpeSeriesNames.All.ShouldAllBe(name => problem.Advice.Contains(name));
    }
}
