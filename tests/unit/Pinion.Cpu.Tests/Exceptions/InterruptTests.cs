using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Exceptions;

public sealed class InterruptTests
{
    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Engine, PSTATE, FIQ, whether it is taken, vector.</summary>
    public static TheoryData<EngineKind, ulong, bool, bool, int> Masks => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from mode in new (ulong Mode, int First)[] { (0UL, 8), (4UL, 0), (5UL, 4) }
        from daif in new ulong[] { 0, 0x040, 0x080, 0x0C0, 0x300 }
        from fiq in new[] { false, true }
        select (engine, daif | mode.Mode, fiq, (daif & (fiq ? 0x40UL : 0x80)) == 0, mode.First + (fiq ? 2 : 1)));

    [Theory]
    [MemberData(nameof(Masks))]
    public void AnInterruptIsTakenUnlessItIsMasked(EngineKind engine, ulong pstate, bool fiq, bool taken, int vector)
    {
        using var m = new TestMachine(engine);
        m.Load(AddImm(0, 0, 1), Svc(1));
        m.Pe.Pstate = pstate;
        m.Pe.SetInterrupt(fiq, true);
        TakenException e = m.RunToException();
        e.Vector.ShouldBe(taken ? vector : vector & ~3);
        e.Elr.ShouldBe(TestMachine.CodeAt + (taken ? 0UL : 8));
        e.Spsr.ShouldBe(pstate);
        m.Pe.GetX(0).ShouldBe(taken ? 0UL : 1);
        (m.Pe.Pstate & 0x3CF).ShouldBe(0x3C5UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void FiqGoesFirst(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(Nop);
        m.Pe.Pstate = 5;
        m.Pe.SetInterrupt(false, true);
        m.Pe.SetInterrupt(true, true);
        m.RunToException().Vector.ShouldBe(6);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, "daifclr")]
    [InlineData(EngineKind.Threaded, "daif")]
    [InlineData(EngineKind.Threaded, "eret")]
    [InlineData(EngineKind.Switch, "daifclr")]
    [InlineData(EngineKind.Switch, "daif")]
    [InlineData(EngineKind.Switch, "eret")]
    public void UnmaskingTakesWhatIsPendingBeforeTheNextInstruction(EngineKind engine, string how)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetInterrupt(false, true);
        m.Pe.WriteRegister(SysRegId.ELR_EL1, TestMachine.CodeAt + 8);
        m.Pe.WriteRegister(SysRegId.SPSR_EL1, 0x345);
        m.Pe.SetX(9, 0x340);
        m.Load(Nop, how switch { "daifclr" => MsrDaifClr(2), "daif" => Msr(SysRegId.DAIF, 9), _ => Eret }, AddImm(0, 0, 1));
        TakenException e = m.RunToException();
        e.Vector.ShouldBe(5);
        e.Elr.ShouldBe(TestMachine.CodeAt + 8);
        e.Spsr.ShouldBe(0x345UL);
        m.Pe.GetX(0).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ALineThatFellIsNotTaken(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetInterrupt(false, true);
        m.Pe.SetInterrupt(false, false);
        m.Pe.InterruptPending.ShouldBeFalse();
        m.Execute(MsrDaifClr(15), Nop);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnInterruptFromAnotherThreadEndsALoop(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(B(0));
        m.Pe.Pstate = 5;
        var thread = new Thread(() =>
        {
            Thread.Sleep(3);
            m.Pe.SetInterrupt(false, true);
        });
        thread.Start();
        m.RunToException(ulong.MaxValue).Vector.ShouldBe(5);
        thread.Join();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void IsrShowsTheLinesMaskedOrNot(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetInterrupt(false, true);
        m.Execute(Mrs(0, SysRegId.ISR_EL1));
        m.Pe.GetX(0).ShouldBe(0x80UL);
        m.Pe.SetInterrupt(true, true);
        m.Execute(Mrs(0, SysRegId.ISR_EL1));
        m.Pe.GetX(0).ShouldBe(0xC0UL);
        m.Pe.SetInterrupt(false, false);
        m.Execute(Mrs(0, SysRegId.ISR_EL1));
        m.Pe.GetX(0).ShouldBe(0x40UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WfiWaitsUnlessALineIsUp(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load(Wfi, AddImm(0, 0, 1));
        m.Pe.Run().ShouldBe(ExitReason.Wfi);
        m.Pe.Pc.ShouldBe(TestMachine.CodeAt + 4);

        // A masked interrupt ends the wait too.
        m.Pe.SetInterrupt(false, true);
        m.Execute(Wfi, AddImm(0, 0, 1));
        m.Pe.GetX(0).ShouldBe(1UL);
    }

    /// <summary>Engine, instruction, bit of SCTLR_EL1 that lets EL0 use it, ISS of the trap.</summary>
    public static TheoryData<EngineKind, uint, int, uint> Waits => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from wait in new (uint, int, uint)[] { (Wfi, 16, 0x1E0_0000), (Wfe, 18, 0x1E0_0001) }
        select (engine, wait.Item1, wait.Item2, wait.Item3));

    [Theory]
    [MemberData(nameof(Waits))]
    public void AWaitAtEl0IsTrappedWhereSctlrSaysSo(EngineKind engine, uint word, int bit, uint iss)
    {
        using var m = new TestMachine(engine);
        m.Pe.Pstate = 0;
        TakenException e = m.Fault(word);
        e.Esr.ShouldBe(0x0600_0000 | (ulong)iss);
        e.Elr.ShouldBe(TestMachine.CodeAt);
        m.Pe.WriteRegister(SysRegId.SCTLR_EL1, 1UL << bit);
        m.Pe.Pstate = 0;
        m.Load(word, Svc(1));
        m.Pe.Run().ShouldBe(word == Wfi ? ExitReason.Wfi : ExitReason.Wfe);
        m.Pe.Pc.ShouldBe(TestMachine.CodeAt + 4);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, Wfi)]
    [InlineData(EngineKind.Threaded, Wfe)]
    [InlineData(EngineKind.Switch, Wfi)]
    [InlineData(EngineKind.Switch, Wfe)]
    public void AWaitThatWouldNotWaitIsNotTrapped(EngineKind engine, uint word)
    {
        using var m = new TestMachine(engine);
        m.Pe.Pstate = 0x3C0;
        m.Pe.SetInterrupt(false, true);
        m.Fault(Sevl, word, Svc(1)).Class.ShouldBe(0x15);
    }
}
