using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Exceptions;

public sealed class SoftwareStepTests
{
    private const ulong Ss = 1 << 21;
    private const ulong Kde = 1 << 13;
    private const ulong Target = TestMachine.CodeAt + 0x800;
    private const ulong LowerEsr = (0x32UL << 26) | (1 << 25) | (1 << 24) | 0x22;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>A machine about to return by ERET to <paramref name="words"/> with this SPSR, MDSCR_EL1.SS being set.</summary>
    private static TestMachine Stepping(EngineKind engine, ulong spsr, ulong mdscr, params uint[] words)
    {
        var m = new TestMachine(engine);
        m.Poke(Target, words);
        m.Pe.WriteRegister(SysRegId.OSLAR_EL1, 0);
        m.Pe.WriteRegister(SysRegId.MDSCR_EL1, mdscr | 1);
        m.Pe.WriteRegister(SysRegId.SPSR_EL1, spsr);
        m.Pe.WriteRegister(SysRegId.ELR_EL1, Target);
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Load(Eret);
        return m;
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void OneInstructionIsExecutedAtEl0(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, Ss, 0, AddImm(0, 0, 1), AddImm(0, 0, 1));
        TakenException e = m.RunToException();
        e.Vector.ShouldBe(8);
        e.Esr.ShouldBe(LowerEsr);
        e.Elr.ShouldBe(Target + 4);
        e.Spsr.ShouldBe(0UL);
        m.Pe.GetX(0).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithSpsrSsClearNothingIsExecuted(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, 0, 0, AddImm(0, 0, 1));
        TakenException e = m.RunToException();
        e.Esr.ShouldBe(LowerEsr);
        e.Elr.ShouldBe(Target);
        m.Pe.GetX(0).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ABranchIsSteppedToItsTarget(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, Ss, 0, B(5));
        m.RunToException().Elr.ShouldBe(Target + 20);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ALoadExclusiveIsToldApart(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, Ss, 0, Ldxr(3, 0, 1));
        m.RunToException().Esr.ShouldBe(LowerEsr | (1 << 6));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnSvcIsSteppedByItsExceptionAndAFaultIsNotStepped(EngineKind engine)
    {
        using TestMachine svc = Stepping(engine, Ss, 0, Svc(3));
        TakenException e = svc.RunToException();
        e.Class.ShouldBe(0x15);
        e.Spsr.ShouldBe(0UL);
        e.Elr.ShouldBe(Target + 4);
        using TestMachine fault = Stepping(engine, Ss, 0, Udf(0));
        e = fault.RunToException();
        e.Class.ShouldBe(0);
        e.Spsr.ShouldBe(Ss);
        e.Elr.ShouldBe(Target);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnInterruptComesFirstAndKeepsTheStep(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, Ss, 0, AddImm(0, 0, 1));
        m.Pe.SetInterrupt(false, true);
        TakenException e = m.RunToException();
        e.Vector.ShouldBe(9);
        e.Spsr.ShouldBe(Ss);
        m.Pe.SetInterrupt(false, false);
        m.Poke(TestMachine.VectorsAt + 0x484, Eret);
        e = m.RunToException();
        e.Esr.ShouldBe(LowerEsr);
        m.Pe.GetX(0).ShouldBe(1UL);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, Kde, 0x005, true)]
    [InlineData(EngineKind.Threaded, Kde, 0x205, false)]
    [InlineData(EngineKind.Threaded, 0, 0x005, false)]
    [InlineData(EngineKind.Switch, Kde, 0x005, true)]
    [InlineData(EngineKind.Switch, Kde, 0x205, false)]
    [InlineData(EngineKind.Switch, 0, 0x005, false)]
    public void El1IsSteppedWithKdeAndDebugUnmasked(EngineKind engine, ulong mdscr, ulong pstate, bool steps)
    {
        using TestMachine m = Stepping(engine, Ss | pstate, mdscr, AddImm(0, 0, 1), AddImm(0, 0, 1), Svc(1));
        TakenException e = m.RunToException();
        if (steps)
        {
            e.Vector.ShouldBe(4);
            e.Esr.ShouldBe((0x33UL << 26) | (1 << 25) | (1 << 24) | 0x22);
            e.Elr.ShouldBe(Target + 4);
        }
        else
        {
            e.Class.ShouldBe(0x15);
            e.Spsr.ShouldBe(pstate);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheOsLockKeepsStepsAway(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, Ss, 0, AddImm(0, 0, 1), Svc(1));
        m.Pe.WriteRegister(SysRegId.OSLAR_EL1, 1);
        m.RunToException().Class.ShouldBe(0x15);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void UnmaskingDebugBeginsToStep(EngineKind engine)
    {
        using TestMachine m = Stepping(engine, 0x205, Kde, AddImm(0, 0, 1), MsrDaifClr(8), AddImm(0, 0, 1));
        TakenException e = m.RunToException();
        e.Class.ShouldBe(0x33);
        e.Elr.ShouldBe(Target + 8);
        m.Pe.GetX(0).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ADebuggerSeesEachInstructionOnce(EngineKind engine)
    {
        // A hundred turns of four instructions, and the SVC, which steps itself.
        using TestMachine m = Stepping(engine, Ss, 0, LdrX(3, 1), AddImm(0, 0, 1), SubsImm(2, 2, 1), BNe(-3), Svc(0x44));
        m.Pe.SetX(2, 100);

        // The handler counts, sets SPSR_EL1.SS again and returns; it lets an SVC out.
        m.Poke(TestMachine.VectorsAt + 0x400, Mrs(9, SysRegId.ESR_EL1), 0xD35AFD29 /* LSR X9, X9, #26 */, SubsImm(9, 9, 0x32), BNe(6), AddImm(10, 10, 1), Mrs(9, SysRegId.SPSR_EL1), 0xB26B0129 /* ORR X9, X9, #1 << 21 */, Msr(SysRegId.SPSR_EL1, 9), Eret, Hvc(8));
        TakenException e = m.RunToException();
        e.Iss.ShouldBe(0x44u);
        m.Pe.GetX(0).ShouldBe(100UL);
        m.Pe.GetX(10).ShouldBe(400UL);
    }
}
