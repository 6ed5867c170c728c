using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Exceptions;

public sealed class SynchronousExceptionTests
{
    private const ulong El0 = 0;
    private const ulong El1t = 4;
    private const ulong El1h = 5;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Engine, PSTATE before, first of the four vectors that apply.</summary>
    public static TheoryData<EngineKind, ulong, int> Origins => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from origin in new[] { (El0, 8), (El1t, 0), (El1h, 4) }
        select (engine, origin.Item1, origin.Item2));

    private static TestMachine Starting(EngineKind engine, ulong pstate)
    {
        var m = new TestMachine(engine);
        m.Pe.Pstate = pstate;
        return m;
    }

    [Theory]
    [MemberData(nameof(Origins))]
    public void SvcReturnsBehindItself(EngineKind engine, ulong mode, int vector)
    {
        using TestMachine m = Starting(engine, 0x6000_0000 | mode);
        TakenException e = m.Fault(Nop, Svc(0xABCD));
        e.Vector.ShouldBe(vector);
        e.Esr.ShouldBe(0x5600_ABCDUL);
        e.Elr.ShouldBe(TestMachine.CodeAt + 8);
        e.Spsr.ShouldBe(0x6000_0000 | mode);
        m.Pe.Pstate.ShouldBe(0x6000_0000 | (1UL << 22) | 0x3C0 | El1h);
    }

    [Theory]
    [MemberData(nameof(Origins))]
    public void BrkReturnsToItself(EngineKind engine, ulong mode, int vector)
    {
        using TestMachine m = Starting(engine, mode);
        TakenException e = m.Fault(Nop, Brk(0x1234));
        e.Vector.ShouldBe(vector);
        e.Esr.ShouldBe(0xF200_1234UL);
        e.Elr.ShouldBe(TestMachine.CodeAt + 4);
    }

    public static TheoryData<EngineKind, ulong, uint> UndefinedWords => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from word in new (ulong Mode, uint Word)[]
        {
            (El1h, Udf(0)),
            (El1h, Udf(0xFFFF)),
            (El1h, 0xFFFF_FFFF),
            (El1h, Hlt(0)),
            (El1h, 0xD4A00001), // DCPS1
            (El1h, 0xD6BF03E0), // DRPS
            (El1h, 0x5AC0_1800), // PACIA space, no pointer authentication
            (El1h, 0x0420_0000), // ADD (SVE)
            (El1h, 0xD500_407F), // MSR UAO, #0
            (El1h, Mrs(0, SysRegId.OSLAR_EL1)),
            (El1h, Msr(SysRegId.MIDR_EL1, 0)),
            (El1h, Msr(SysRegId.CurrentEL, 0)),
            (El1h, Mrs(0, SysRegId.SP_EL1)),
            (El1h, Mrs(0, SysRegId.PMSCR_EL1)),
            (El1h, Mrs(0, SysRegId.ICC_PMR_EL1)),
            (El1h, Sys(4, 8, 7, 0)), // TLBI ALLE2
            (El1h, Sys(0, 8, 1, 0)), // TLBI VMALLE1OS
            (El1t, Mrs(0, SysRegId.SP_EL0)),
            (El1t, Msr(SysRegId.SP_EL0, 0)),
            (El0, Hvc(0)),
            (El0, Smc(0)),
            (El0, Eret),
            (El0, MsrPan(1)),
            (El0, MsrSpSel(1)),
            (El0, TlbiVmalle1),
            (El0, IcIallu),
            (El0, DcIvac(0)),
            (El0, DcCsw(0)),
            (El0, At(0, 0)),
            (El0, Mrs(0, SysRegId.MIDR_EL1)),
            (El0, 0xD538_0700), // MRS of reserved identification space
        }
        select (engine, word.Mode, word.Word));

    [Theory]
    [MemberData(nameof(UndefinedWords))]
    public void AnUndefinedInstructionHasAnUnknownReason(EngineKind engine, ulong mode, uint word)
    {
        using TestMachine m = Starting(engine, mode);
        TakenException e = m.Fault(word);
        e.Esr.ShouldBe(0x0200_0000UL);
        e.Elr.ShouldBe(TestMachine.CodeAt);
        e.Spsr.ShouldBe(mode);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void HvcLeavesBehindItselfAndSmcAtIt(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Poke(TestMachine.CodeAt, Nop, Hvc(0x4321), Smc(0x8765));
        m.Pe.Run().ShouldBe(ExitReason.Hvc);
        m.Pe.ExitImmediate.ShouldBe((ushort)0x4321);
        m.Pe.Pc.ShouldBe(TestMachine.CodeAt + 8);
        m.Pe.Run().ShouldBe(ExitReason.Smc);
        m.Pe.ExitImmediate.ShouldBe((ushort)0x8765);
        m.Pe.Pc.ShouldBe(TestMachine.CodeAt + 8);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AMisalignedPcFaultsWithItsAddress(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        TakenException e = m.Fault([.. Mov(9, TestMachine.CodeAt + 0x102), Br(9)]);
        e.Vector.ShouldBe(4);
        e.Esr.ShouldBe(0x8A00_0000UL);
        e.Far.ShouldBe(TestMachine.CodeAt + 0x102);
        e.Elr.ShouldBe(TestMachine.CodeAt + 0x102);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, El1h, 3)]
    [InlineData(EngineKind.Threaded, El1t, 3)]
    [InlineData(EngineKind.Threaded, El0, 4)]
    [InlineData(EngineKind.Switch, El1h, 3)]
    [InlineData(EngineKind.Switch, El1t, 3)]
    [InlineData(EngineKind.Switch, El0, 4)]
    public void AMisalignedSpFaultsOnlyAsABaseAndWhereSctlrSaysSo(EngineKind engine, ulong mode, int bit)
    {
        using TestMachine m = Starting(engine, mode);
        void SetSp(ulong value)
        {
            if (mode == El1h)
            {
                m.Pe.SpEl1 = value;
            }
            else
            {
                m.Pe.SpEl0 = value;
            }
        }

        new PageTables(m, rootLevel: 0).MapAll().Enable(sctlr: 1 | (1UL << 23) | (1UL << bit));
        SetSp(TestMachine.DataAt + 8);

        // Arithmetic, and SP as data, are free; PRFM does not check.
        m.Load(AddImm(0, Sp, 0), 0xF98003E0, AddImm(Sp, Sp, 8), LdrX(1, Sp), SubImm(Sp, Sp, 8), LdrX(1, Sp));
        TakenException e = m.RunToException();
        e.Esr.ShouldBe(0x9A00_0000UL);
        e.Elr.ShouldBe(TestMachine.CodeAt + 20);

        // The other level's bit has no say.
        m.Pe.Pstate = mode;
        new PageTables(m).MapAll().Enable(sctlr: 1 | (1UL << 23) | (1UL << (7 - bit)));
        SetSp(TestMachine.DataAt + 8);
        m.Load(LdrX(1, Sp), Svc(0));
        m.RunToException().Class.ShouldBe(0x15);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void EntryTakesSpEl1AndEretGivesTheOldOneBack(EngineKind engine)
    {
        using TestMachine m = Starting(engine, El0);
        m.Pe.SpEl0 = 0x1000;
        m.Pe.SpEl1 = 0x2000;
        m.Fault(AddImm(Sp, Sp, 16), Svc(0));
        m.Pe.SpEl0.ShouldBe(0x1010UL);
        m.Pe.SpEl1.ShouldBe(0x2000UL);
        m.Pe.ReadRegister(SysRegId.SP_EL0).ShouldBe(0x1010UL);
        m.Poke(TestMachine.VectorsAt + 0x404, AddImm(1, Sp, 0), AddImm(Sp, Sp, 32), Eret);
        m.Poke(TestMachine.CodeAt + 8, AddImm(2, Sp, 0), Svc(1));
        m.RunToException().Esr.ShouldBe(0x5600_0001UL);
        m.Pe.GetX(1).ShouldBe(0x2000UL);
        m.Pe.GetX(2).ShouldBe(0x1010UL);
        m.Pe.SpEl1.ShouldBe(0x2020UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void SpselChoosesTheStackPointer(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SpEl0 = 0x1000;
        m.Pe.SpEl1 = 0x2000;
        m.Execute(AddImm(0, Sp, 0), MsrSpSel(0), AddImm(1, Sp, 0), AddImm(Sp, Sp, 1), Mrs(3, SysRegId.SPSel), MsrSpSel(1), AddImm(2, Sp, 0), Mrs(4, SysRegId.SPSel), Mrs(5, SysRegId.SP_EL0));
        m.Pe.GetX(0).ShouldBe(0x2000UL);
        m.Pe.GetX(1).ShouldBe(0x1000UL);
        m.Pe.GetX(2).ShouldBe(0x2000UL);
        m.Pe.GetX(3).ShouldBe(0UL);
        m.Pe.GetX(4).ShouldBe(1UL);
        m.Pe.GetX(5).ShouldBe(0x1001UL);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, 0, 1)]
    [InlineData(EngineKind.Threaded, 1, 0)]
    [InlineData(EngineKind.Switch, 0, 1)]
    [InlineData(EngineKind.Switch, 1, 0)]
    public void EntrySetsPanUnlessSpanIsSet(EngineKind engine, uint span, uint pan)
    {
        using TestMachine m = Starting(engine, El0);
        m.Pe.WriteRegister(SysRegId.SCTLR_EL1, (ulong)span << 23);
        TakenException e = m.Fault(Svc(0));
        ((m.Pe.Pstate >> 22) & 1).ShouldBe(pan);
        ((e.Spsr >> 22) & 1).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ExceptionsNest(EngineKind engine)
    {
        using TestMachine m = Starting(engine, El0);
        m.Poke(TestMachine.VectorsAt + 0x400, Svc(2));
        TakenException e = m.Fault(Svc(1));
        e.Vector.ShouldBe(4);
        e.Esr.ShouldBe(0x5600_0002UL);
        e.Elr.ShouldBe(TestMachine.VectorsAt + 0x404);
        e.Spsr.ShouldBe((1UL << 22) | 0x3C0 | El1h);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnUnfetchableVectorUsesUpTheBudget(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.VBAR_EL1, 0xFFFF_0000_0000_0000);
        m.Load(Svc(0));
        m.Pe.Run(5000).ShouldBe(ExitReason.BudgetEnded);
        m.Pe.Executed.ShouldBe(5000UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnInjectedExceptionLooksLikeATakenOne(EngineKind engine)
    {
        using TestMachine m = Starting(engine, El0);
        m.Load(Nop);
        m.Pe.InjectException(0x9200_0010, 0x1234);
        TakenException e = m.RunToException();
        e.ShouldBe(new TakenException(8, 0x9200_0010, 0x1234, TestMachine.CodeAt, El0));
    }
}
