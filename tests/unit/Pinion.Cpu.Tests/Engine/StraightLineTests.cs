using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Engine;

/// <summary>Budgets, page ends and branches into unvisited code.</summary>
public sealed class StraightLineTests
{
    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheConfiguredEngineIsUsed(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.UsesThreaded.ShouldBe(engine != EngineKind.Switch);
        m.Pe.UsesNative.ShouldBe(engine is EngineKind.Block or EngineKind.Region);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void CodeRunsOverSeveralPages(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 5000)]);
        m.RunToEnd();
        m.Pe.GetX(0).ShouldBe(5000UL);
        m.Pe.Executed.ShouldBe(5001UL);
        m.Pe.Pc.ShouldBe(TestMachine.CodeAt + (5001 * 4));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ABudgetIsUsedUpExactlyInStraightLineCode(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 5000)]);
        ulong sum = 0;
        for (ulong budget = 0; budget < 90; budget++)
        {
            m.Pe.Run(budget).ShouldBe(ExitReason.BudgetEnded);
            sum += budget;
            m.Pe.Executed.ShouldBe(sum);
            m.Pe.GetX(0).ShouldBe(sum);
            m.Pe.Pc.ShouldBe(TestMachine.CodeAt + (sum * 4));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ABudgetIsUsedUpExactlyInALoop(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(AddImm(0, 0, 1), AddImm(1, 1, 1), B(-2));
        ulong sum = 0;
        for (ulong budget = 1; budget < 40_000; budget = (budget * 3) + 1)
        {
            m.Pe.Run(budget).ShouldBe(ExitReason.BudgetEnded);
            sum += budget;
            m.Pe.Executed.ShouldBe(sum);
            m.Pe.GetX(0).ShouldBe((sum + 2) / 3);
            m.Pe.GetX(1).ShouldBe((sum + 1) / 3);
            m.Pe.Pc.ShouldBe(TestMachine.CodeAt + (sum % 3 * 4));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ALoopThatCrossesAPageCountsRight(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        ulong start = TestMachine.CodeAt + 0xFF8;
        m.Poke(start, AddImm(0, 0, 1), AddImm(1, 1, 1), AddImm(2, 2, 1), B(-3));
        m.Pe.Pc = start;
        m.Pe.Run(4 * 25_000).ShouldBe(ExitReason.BudgetEnded);
        m.Pe.GetX(0).ShouldBe(25_000UL);
        m.Pe.GetX(2).ShouldBe(25_000UL);
        m.Pe.Pc.ShouldBe(start);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void EveryPlaceInAPageCanBeBranchedTo(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Poke(TestMachine.CodeAt, [.. Enumerable.Repeat(AddImm(0, 0, 1), 1024), Hvc(TestMachine.Done)]);
        m.Poke(TestMachine.CodeAt + 0x2000, Br(9));

        // From the end to the start, so that each run begins at a place that was never executed.
        for (int i = 1024; i >= 0; i--)
        {
            m.Pe.SetX(0, 0);
            m.Pe.SetX(9, TestMachine.CodeAt + ((ulong)i * 4));
            m.Pe.Pc = TestMachine.CodeAt + 0x2000;
            m.RunToEnd();
            m.Pe.GetX(0).ShouldBe((ulong)(1024 - i));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AConditionalBranchBackOverAPageEndIsFollowed(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        ulong start = TestMachine.CodeAt + 0xFF0;
        m.Poke(start, Movz(1, 300), AddImm(0, 0, 1), Nop, Nop, SubsImm(1, 1, 1), BNe(-4), Hvc(TestMachine.Done));
        m.Pe.Pc = start;
        m.RunToEnd();
        m.Pe.GetX(0).ShouldBe(300UL);
        m.Pe.Executed.ShouldBe(1 + (300 * 5) + 1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ABudgetOfZeroExecutesNothing(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(AddImm(0, 0, 1));
        m.Pe.Run(0).ShouldBe(ExitReason.BudgetEnded);
        m.Pe.Executed.ShouldBe(0UL);
        m.Pe.GetX(0).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AKickEndsTheNextRunOnce(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(AddImm(0, 0, 1));
        m.Pe.Kick();
        m.Pe.Run().ShouldBe(ExitReason.Kicked);
        m.Pe.Executed.ShouldBe(0UL);
        m.RunToEnd();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AKickFromAnotherThreadEndsAnEndlessLoop(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(B(0));
        var kicker = new Thread(() =>
        {
            Thread.Sleep(5);
            m.Pe.Kick();
        });
        kicker.Start();
        m.Pe.Run().ShouldBe(ExitReason.Kicked);
        kicker.Join();
        m.Pe.Pc.ShouldBe(TestMachine.CodeAt);
    }
}
