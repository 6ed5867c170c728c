using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Vmm;

namespace Pinion.Cli.Tests;

public sealed class FilterOptionsTests
{
    [Fact]
    public void EachOptionBecomesItsFilter()
    {
        SampleFilter filter = Read(classes: ["load", "atomic"], cpus: ["0", "2-4"], processes: ["bench"], levels: ["0"], function: "^mem", events: ["tlb-walk", "llc-miss"], latency: 50, time: "1.000000001,2.5").Value;

        filter.Classes.ShouldBe([ProfileClass.Load, ProfileClass.Atomic], ignoreOrder: true);
        filter.Cpus.ShouldBe([0, 2, 3, 4], ignoreOrder: true);
        filter.Processes.ShouldBe(["bench"]);
        filter.ExceptionLevels.ShouldBe([0]);
        filter.Function!.IsMatch("memcpy").ShouldBeTrue();
        filter.Events.ShouldBe(SpeEvents.TlbWalk | SpeEvents.LastLevelMiss);
        filter.MinimumLatency.ShouldBe(50);
        filter.Time.ShouldBe((1_000_000_001ul, 2_500_000_000ul));
    }

    [Fact]
    public void WithoutOptionsEverythingIsSelected() => Read().Value.ShouldBe(SampleFilter.All);

    [Theory]
    [InlineData(",3", 0ul, 3_000_000_000ul)]
    [InlineData("3,", 3_000_000_000ul, ulong.MaxValue)]
    public void EitherEndOfTheTimeMayBeLeftOut(string time, ulong from, ulong to) => Read(time: time).Value.Time.ShouldBe((from, to));

    [Fact]
    public void WhatMakesNoSenseIsRefused()
    {
        Refused(Read(classes: ["loads"]), "--class has no choice 'loads'");
        Refused(Read(events: ["x"]), "--event has no choice 'x'");
        Refused(Read(cpus: ["3-1"]), "--cpu takes numbers and ranges");
        Refused(Read(cpus: ["0-99999999"]), "--cpu takes numbers and ranges");
        Refused(Read(cpus: ["-1"]), "--cpu takes numbers and ranges");
        Refused(Read(levels: ["4"]), "--el takes Exception levels");
        Refused(Read(function: "("), "--function");
        Refused(Read(time: "5"), "--time takes two times");
        Refused(Read(time: "a,b"), "--time takes two times");
        Refused(Read(time: "0,99999999999999999999"), "--time takes two times");
        Refused(Read(latency: -1), "--min-latency is negative");
    }

    private static void Refused(Result<SampleFilter> result, string message)
    {
        Problem problem = result.Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Usage);
        problem.ToString().ShouldStartWith(message);
    }

    private static Result<SampleFilter> Read(
        string[]? classes = null, string[]? cpus = null, string[]? processes = null, string[]? levels = null, string? function = null, string[]? events = null, int latency = 0, string? time = null) =>
        FilterOptions.Read(classes ?? [], cpus ?? [], processes ?? [], levels ?? [], function, events ?? [], latency, time);
}
