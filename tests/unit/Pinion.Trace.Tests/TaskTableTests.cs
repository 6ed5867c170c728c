using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests;

public sealed class TaskTableTests
{
    private static readonly SpeBuffer s_cpu1 = new(1, -1, 0, 0, new TraceBytes(default), 0);

    [Fact]
    public void AContextPacketTellsTheThread() => new TaskTable(Trace(switches: [new(1, 7, 0)])).ThreadOf(s_cpu1, Sample(0x1000, context: 9), 100).ShouldBe(9u);

    [Fact]
    public void TheStreamOfAThreadTellsTheThread() =>
        new TaskTable(Trace()).ThreadOf(s_cpu1 with { Cpu = -1, ThreadId = 12 }, Sample(0x1000), 0).ShouldBe(12u);

    [Theory]
    [InlineData(99, null)]
    [InlineData(100, 7u)]
    [InlineData(199, 7u)]
    [InlineData(200, 8u)]
    [InlineData(5000, 8u)]
    public void OtherwiseTheLastSwitchOfTheCpuTells(ulong time, uint? thread) =>
        new TaskTable(Trace(switches: [new(1, 7, 100), new(0, 99, 150), new(1, 8, 200)])).ThreadOf(s_cpu1, Sample(0x1000), time).ShouldBe(thread);

    [Theory]
    [InlineData(99, 12u)]
    [InlineData(100, 7u)]
    [InlineData(0, 12u)]
    public void SwitchesKnowBetterThanWhatWasRecorded(ulong time, uint thread) =>
        new TaskTable(Trace(switches: [new(1, 7, 100)])).ThreadOf(s_cpu1 with { ThreadId = 12 }, Sample(0x1000), time).ShouldBe(thread);

    [Fact]
    public void WithoutATimeNoSwitchTells() => new TaskTable(Trace(switches: [new(1, 7, 100)])).ThreadOf(s_cpu1, Sample(0x1000), 0).ShouldBeNull();

    [Fact]
    public void ANameIsThatOfTheTime()
    {
        var tasks = new TaskTable(Trace(
            new TraceTask(5, 5, "sh", 5) { Time = 10 },
            new TraceTask(5, 5, "bench", 5) { Time = 30, IsExec = true },
            new TraceTask(6, 6, null, 5) { Time = 20 }));

        tasks.NameOf(5, 29).ShouldBe("sh");
        tasks.NameOf(5, 30).ShouldBe("bench");
        tasks.NameOf(5, 0).ShouldBe("bench");
        tasks.NameOf(6, 40).ShouldBe("sh", "a child is called as its parent was when it forked");
        tasks.NameOf(5, 1).ShouldBe("sh", "before the first name nothing else is known");
        tasks.NameOf(77, 40).ShouldBeNull();
    }

    [Fact]
    public void AThreadWithoutANameIsCalledAsItsProcess()
    {
        var tasks = new TaskTable(Trace(new TraceTask(5, 5, "bench", 5), new TraceTask(5, 8, null, 5)));
        tasks.ProcessOf(8).ShouldBe(5u);
        tasks.NameOf(8, 0).ShouldBe("bench");
    }

    [Fact]
    public void ACycleOfParentsEnds()
    {
        var tasks = new TaskTable(Trace(new TraceTask(1, 1, null, 2), new TraceTask(2, 2, null, 1)));
        tasks.NameOf(1, 5).ShouldBeNull();
    }

    private static SpeTrace Trace(params TraceTask[] tasks) => Trace([], tasks);

    private static SpeTrace Trace(TraceSwitch[] switches, params TraceTask[] tasks)
    {
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Switches.AddRange(switches);
        trace.Tasks.AddRange(tasks);
        return trace;
    }
}
