using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Mmu;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Engine;

/// <summary>Maintenance that one PE does for another, on two threads.</summary>
public sealed class TwoPeTests
{
    private const ulong Flag = TestMachine.DataAt;
    private const ulong Va = 0x3000_0000;
    private const ulong PageA = TestMachine.DataAt + 0x1000, PageB = TestMachine.DataAt + 0x2000;
    private const ulong Budget = 400_000_000;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    private static TestMachine Make(EngineKind engine, out PageTables tables)
    {
        var m = new TestMachine(engine, pes: 2);
        // Where the guest can write them.
        tables = new PageTables(m, TestMachine.DataAt + 0x10_0000).MapAll();
        tables.Map(Va, PageA, PageTables.AccessFlag | PageTables.User | PageTables.ReadOnly);
        foreach (ProcessingElement pe in m.Pes)
        {
            tables.Enable(pe);
            pe.SetX(10, Flag);
        }

        return m;
    }

    /// <summary>Runs both PEs from their PCs to an HVC each.</summary>
    private static void RunBoth(TestMachine m)
    {
        var reasons = new ExitReason[2];
        Thread[] threads = [.. m.Pes.Select((pe, i) => new Thread(() => reasons[i] = pe.Run(Budget)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        reasons.ShouldBe([ExitReason.Hvc, ExitReason.Hvc]);
        m.Pes.ShouldAllBe(pe => pe.ExitImmediate == TestMachine.Done);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AfterTheDsbNobodyUsesTheOldTranslation(EngineKind engine)
    {
        using TestMachine m = Make(engine, out PageTables tables);
        m.Write64(PageA, 1);
        m.Write64(PageB, 2);
        ulong entry = tables.Entry(Va, 3);

        // PE 1 watches [Va] while the flag is 0, then loads it once more.
        m.Poke(TestMachine.CodeAt + 0x4000, LdrX(0, 1), AddImm(5, 5, 1), Ldar(3, 2, 10), CbzX(2, -3), LdrX(0, 1), Hvc(TestMachine.Done));

        // PE 0 lets it run a while, exchanges the page, and raises the flag when the DSB says that it may.
        m.Poke(TestMachine.CodeAt, SubsImm(7, 7, 1), BNe(-1), StrX(4, 3), DsbIsh, TlbiVae1Is(6), DsbIsh, Stlr(3, 8, 10), Hvc(TestMachine.Done));
        for (int round = 0; round < 50; round++)
        {
            m.Write64(Flag, 0);
            m.Write64(entry, (m.Read64(entry) & ~0x3000UL) | (PageA & 0x3000));
            foreach (ProcessingElement pe in m.Pes)
            {
                pe.InvalidateStage2();
            }

            m.Pes[0].Pc = TestMachine.CodeAt;
            m.Pes[0].SetX(7, (ulong)(100 + (round * 997)));
            m.Pes[0].SetX(3, entry);
            m.Pes[0].SetX(4, (m.Read64(entry) & ~0x3000UL) | (PageB & 0x3000));
            m.Pes[0].SetX(6, Va >> 12);
            m.Pes[0].SetX(8, 1);
            m.Pes[1].Pc = TestMachine.CodeAt + 0x4000;
            m.Pes[1].SetX(1, Va);
            RunBoth(m);
            m.Pes[1].GetX(0).ShouldBe(2UL);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void CodePatchedByOnePeIsSeenByTheOther(EngineKind engine)
    {
        using TestMachine m = Make(engine, out _);
        ulong routine = TestMachine.CodeAt + 0x6000;
        m.Poke(TestMachine.CodeAt + 0x4000, Blr(9), Ldar(3, 2, 10), CbzX(2, -2), Isb, Blr(9), Hvc(TestMachine.Done));
        m.Poke(TestMachine.CodeAt, SubsImm(7, 7, 1), BNe(-1), Str(2, 3, 1), DcCvau(1), DsbIsh, IcIvau(1), DsbIsh, Stlr(3, 8, 10), Hvc(TestMachine.Done));

        // Written through an alias that EL1 may write.
        PageTables tables = new(m, TestMachine.TablesAt + 0x80000);
        tables.MapAll().Map(Va, routine, PageTables.Kernel);
        foreach (ProcessingElement pe in m.Pes)
        {
            tables.Enable(pe);
        }

        for (uint round = 0; round < 50; round++)
        {
            m.Write64(Flag, 0);
            m.Poke(routine, Movz(0, 2 * round), Ret);
            m.Pes[0].Pc = TestMachine.CodeAt;
            m.Pes[0].SetX(7, 100 + (round * 997));
            m.Pes[0].SetX(1, Va);
            m.Pes[0].SetX(3, Movz(0, (2 * round) + 1));
            m.Pes[0].SetX(8, 1);
            m.Pes[1].Pc = TestMachine.CodeAt + 0x4000;
            m.Pes[1].SetX(9, routine);
            RunBoth(m);
            m.Pes[1].GetX(0).ShouldBe((2 * round) + 1);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TwoPesThatInvalidateEachOtherDoNotWaitForever(EngineKind engine)
    {
        using TestMachine m = Make(engine, out _);
        m.Load(TlbiVmalle1Is, DsbIsh, SubsImm(7, 7, 1), BNe(-3));
        foreach (ProcessingElement pe in m.Pes)
        {
            pe.Pc = TestMachine.CodeAt;
            pe.SetX(7, 3000);
        }

        RunBoth(m);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ADsbDoesNotWaitForAPeThatIsNotRunning(EngineKind engine)
    {
        using TestMachine m = Make(engine, out PageTables tables);
        m.Write64(PageA, 1);
        m.Write64(PageB, 2);
        m.Poke(TestMachine.CodeAt + 0x4000, LdrX(0, 1), Hvc(TestMachine.Done), LdrX(0, 1), Hvc(TestMachine.Done));
        m.Pes[1].Pc = TestMachine.CodeAt + 0x4000;
        m.Pes[1].SetX(1, Va);
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
        m.Pes[1].GetX(0).ShouldBe(1UL);
        tables.Map(Va, PageB, PageTables.AccessFlag | PageTables.User | PageTables.ReadOnly);
        m.Execute(TlbiVmalle1Is, DsbIsh, Isb);

        // It takes the request before it executes again.
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
        m.Pes[1].GetX(0).ShouldBe(2UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void RequestsForAPeThatDoesNotRunAreBoundedAndNotLost(EngineKind engine)
    {
        using TestMachine m = Make(engine, out PageTables tables);
        m.Write64(PageA, 1);
        m.Write64(PageB, 2);
        ulong routine = TestMachine.CodeAt + 0x6000;
        m.Poke(routine, Movz(5, 1), Ret);
        m.Poke(TestMachine.CodeAt + 0x4000, LdrX(0, 1), Blr(9), Hvc(TestMachine.Done), LdrX(0, 1), Blr(9), Hvc(TestMachine.Done));
        m.Pes[1].Pc = TestMachine.CodeAt + 0x4000;
        m.Pes[1].SetX(1, Va);
        m.Pes[1].SetX(9, routine);
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
        tables.Map(Va, PageB, PageTables.AccessFlag | PageTables.User | PageTables.ReadOnly);
        m.Poke(routine, Movz(5, 2));

        // What matters comes first; then many that do not.
        m.Pe.SetX(1, routine);
        m.Pe.SetX(2, Va >> 12);
        m.Pe.SetX(3, 0x12345);
        m.Pe.SetX(7, 5000);
        m.Execute(IcIvau(1), TlbiVae1Is(2), TlbiVae1Is(3), SubsImm(7, 7, 1), BNe(-2), DsbIsh, Isb);
        m.Pes[1].QueuedRequests.ShouldBeInRange(1, ProcessingElement.MostRequests);
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
        m.Pes[1].GetX(0).ShouldBe(2UL);
        m.Pes[1].GetX(5).ShouldBe(2UL);
        m.Pes[1].QueuedRequests.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ALocalTlbiStaysLocal(EngineKind engine)
    {
        using TestMachine m = Make(engine, out PageTables tables);
        m.Write64(PageA, 1);
        m.Write64(PageB, 2);
        m.Poke(TestMachine.CodeAt + 0x4000, LdrX(0, 1), Hvc(TestMachine.Done), LdrX(0, 1), Hvc(TestMachine.Done));
        m.Pes[1].Pc = TestMachine.CodeAt + 0x4000;
        m.Pes[1].SetX(1, Va);
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
        tables.Map(Va, PageB, PageTables.AccessFlag | PageTables.User | PageTables.ReadOnly);
        m.Execute(TlbiVmalle1, DsbIsh, Isb);
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
        m.Pes[1].GetX(0).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void SevWakesEveryPeAndSevlTheOwn(EngineKind engine)
    {
        using TestMachine m = Make(engine, out _);
        m.Poke(TestMachine.CodeAt + 0x4000, Wfe, Wfe, Hvc(TestMachine.Done));
        m.Pes[1].Pc = TestMachine.CodeAt + 0x4000;
        m.Execute(Sev, Wfe, Sevl, Wfe);
        m.Pes[1].Run().ShouldBe(ExitReason.Wfe);
        m.Pes[1].Pc.ShouldBe(TestMachine.CodeAt + 0x4008);
        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AYieldGivesTheHostsCoreAwayWhereThereAreOthers(EngineKind engine)
    {
        using var alone = new TestMachine(engine);
        alone.Execute(Yield);
        using var m = new TestMachine(engine, pes: 2);
        m.Load(Yield);
        m.Pe.Run().ShouldBe(ExitReason.Wfe);
        m.RunToEnd();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void InvalidateStage2ReturnsWhenTheOldPageIsNoLongerUsed(EngineKind engine)
    {
        using TestMachine m = Make(engine, out _);

        // PE 0 stores to a page as fast as it can. Once it was made read-only and invalidated, no store may land.
        m.Load(StrX(0, 1), AddImm(0, 0, 1), B(-2));
        ProcessingElement running = m.Pe;
        running.SetX(1, PageB);
        ExitReason reason = default;
        var thread = new Thread(() => reason = running.Run(Budget));
        thread.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref Cell(m)) > 100, 20_000).ShouldBeTrue();
        m.Protect(PageB);
        running.InvalidateStage2();
        ulong seen = Volatile.Read(ref Cell(m));
        Thread.Sleep(2);
        Volatile.Read(ref Cell(m)).ShouldBe(seen);
        thread.Join();
        reason.ShouldBe(ExitReason.Stage2Abort);
    }

    private static unsafe ref ulong Cell(TestMachine m) => ref *(ulong*)m.Host(PageB);
}
