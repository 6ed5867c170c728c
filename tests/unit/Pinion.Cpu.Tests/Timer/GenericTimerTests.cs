using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Timer;

public sealed class GenericTimerTests
{
    private const ulong Enable = 1, Mask = 2, Status = 4;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Engine, and which of the two timers.</summary>
    public static TheoryData<EngineKind, bool> Timers => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from physical in new[] { false, true }
        select (engine, physical));

    private static (SysRegId Control, SysRegId Compare, SysRegId Value, SysRegId Count) Registers(bool physical) => physical
        ? (SysRegId.CNTP_CTL_EL0, SysRegId.CNTP_CVAL_EL0, SysRegId.CNTP_TVAL_EL0, SysRegId.CNTPCT_EL0)
        : (SysRegId.CNTV_CTL_EL0, SysRegId.CNTV_CVAL_EL0, SysRegId.CNTV_TVAL_EL0, SysRegId.CNTVCT_EL0);

    private static bool Line(TestMachine m, bool physical) => physical ? m.PhysicalTimerLine : m.VirtualTimerLine;

    [Theory]
    [MemberData(nameof(Timers))]
    public void TheLineFollowsEnableMaskAndTheCount(EngineKind engine, bool physical)
    {
        using var m = new TestMachine(engine);
        (SysRegId control, SysRegId compare, _, _) = Registers(physical);
        m.Time.Now = 1000;
        foreach (ulong bits in (ulong[])[0, 1, 2, 3])
        {
            foreach (ulong value in (ulong[])[0, 999, 1000, 1001, ulong.MaxValue])
            {
                m.Pe.SetX(1, bits);
                m.Pe.SetX(2, value);
                m.Execute(Msr(compare, 2), Msr(control, 1), Mrs(3, control), Mrs(4, compare));
                bool met = value <= 1000;
                Line(m, physical).ShouldBe(bits == Enable && met);
                Line(m, !physical).ShouldBeFalse();
                m.Pe.GetX(3).ShouldBe(bits | ((bits & Enable) != 0 && met ? Status : 0));
                m.Pe.GetX(4).ShouldBe(value);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Timers))]
    public void TvalIsSignedAndRelative(EngineKind engine, bool physical)
    {
        using var m = new TestMachine(engine);
        (_, SysRegId compare, SysRegId tval, SysRegId count) = Registers(physical);
        m.Time.Now = 0x1_0000_0000;
        m.Pe.SetX(1, 100);
        m.Execute(Msr(tval, 1), Mrs(2, compare), Mrs(3, tval), Mrs(4, count));
        m.Pe.GetX(2).ShouldBe(0x1_0000_0064UL);
        m.Pe.GetX(3).ShouldBe(100UL);
        m.Pe.GetX(4).ShouldBe(0x1_0000_0000UL);
        m.Time.Now += 150;
        m.Execute(Mrs(3, tval));
        m.Pe.GetX(3).ShouldBe(0xFFFF_FFCEUL);
        m.Pe.SetX(1, 0xFFFF_FFFF);
        m.Execute(Msr(tval, 1), Mrs(2, compare));
        m.Pe.GetX(2).ShouldBe(m.Time.Now - 1);
    }

    [Theory]
    [MemberData(nameof(Timers))]
    public void ADueTimerInterruptsALoop(EngineKind engine, bool physical)
    {
        using var m = new TestMachine(engine) { WireInterrupts = true };
        (SysRegId control, SysRegId compare, _, _) = Registers(physical);
        m.Pe.WriteRegister(compare, 5000);
        m.Pe.WriteRegister(control, Enable);
        m.Pe.NextTimerDeadline.ShouldBe(5000UL);
        m.Load(B(0));
        m.Pe.Pstate = 5;
        m.Time.Now = 4999;
        m.Pe.Run(1).ShouldBe(ExitReason.BudgetEnded);
        Line(m, physical).ShouldBeFalse();
        m.Time.Now = 5000;
        m.RunToException().Vector.ShouldBe(5);
        Line(m, physical).ShouldBeTrue();
        m.Pe.NextTimerDeadline.ShouldBe(ulong.MaxValue);
        m.Pe.WriteRegister(control, Enable | Mask);
        Line(m, physical).ShouldBeFalse();
        m.Pe.ReadRegister(control).ShouldBe(Enable | Mask | Status);
    }

    [Fact]
    public void PollingAfterASleepRaisesTheLine()
    {
        using var m = new TestMachine(EngineKind.Auto);
        m.Pe.WriteRegister(SysRegId.CNTV_CVAL_EL0, 2000);
        m.Pe.WriteRegister(SysRegId.CNTV_CTL_EL0, Enable);
        m.Time.Now = 2000;
        m.VirtualTimerLine.ShouldBeFalse();
        m.Pe.PollTimers();
        m.VirtualTimerLine.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheOffsetMovesTheVirtualTimerOnly(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Time.Now = 10_000;

        // KVM_REG_ARM_TIMER_CNT: EL2 sets the virtual count.
        m.Pe.WriteRegister(SysRegId.CNTVCT_EL0, 100);
        m.Pe.WriteRegister(SysRegId.CNTV_CVAL_EL0, 150);
        m.Pe.WriteRegister(SysRegId.CNTV_CTL_EL0, Enable);
        m.Pe.NextTimerDeadline.ShouldBe(10_050UL);
        m.Time.Now += 20;
        m.Execute(Mrs(0, SysRegId.CNTVCT_EL0), Mrs(1, SysRegId.CNTPCT_EL0), Mrs(2, SysRegId.CNTV_TVAL_EL0));
        m.Pe.GetX(0).ShouldBe(120UL);
        m.Pe.GetX(1).ShouldBe(10_020UL);
        m.Pe.GetX(2).ShouldBe(30UL);
        m.Time.Now = 10_050;
        m.Pe.PollTimers();
        m.VirtualTimerLine.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithDeterministicTimeTheInterruptComesAtItsInstruction(EngineKind engine)
    {
        for (ulong deadline = 1; deadline < 400; deadline += 7)
        {
            using var m = new TestMachine(engine, deterministic: true) { WireInterrupts = true };
            m.Time.Now = 0;
            m.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 500)]);
            m.Pe.Pstate = 5;
            m.Pe.WriteRegister(SysRegId.CNTV_CVAL_EL0, deadline);
            m.Pe.WriteRegister(SysRegId.CNTV_CTL_EL0, Enable);
            TakenException e = m.RunToException();
            e.Vector.ShouldBe(5);
            m.Pe.GetX(0).ShouldBe(deadline);
            e.Elr.ShouldBe(TestMachine.CodeAt + (deadline * 4));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithDeterministicTimeTheCountIsThatOfInstructions(EngineKind engine)
    {
        using var m = new TestMachine(engine, deterministic: true);
        m.Load([Mrs(0, SysRegId.CNTVCT_EL0), .. Enumerable.Repeat(Nop, 300), Mrs(1, SysRegId.CNTVCT_EL0), Mrs(2, SysRegId.CNTPCT_EL0)]);
        m.RunToEnd();
        (m.Pe.GetX(1) - m.Pe.GetX(0)).ShouldBe(301UL);
        (m.Pe.GetX(2) - m.Pe.GetX(1)).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheFrequencyIsTheTimeSources(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Execute(Mrs(0, SysRegId.CNTFRQ_EL0));
        m.Pe.GetX(0).ShouldBe(62_500_000UL);
        m.Fault(Msr(SysRegId.CNTFRQ_EL0, 0)).Esr.ShouldBe(0x0200_0000UL);
        m.Pe.Pstate = 5;
        m.Fault(Msr(SysRegId.CNTVCT_EL0, 0)).Esr.ShouldBe(0x0200_0000UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ResetTurnsTimersOff(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.CNTV_CVAL_EL0, 0);
        m.Pe.WriteRegister(SysRegId.CNTV_CTL_EL0, Enable);
        m.VirtualTimerLine.ShouldBeTrue();
        m.Pe.Reset();
        m.VirtualTimerLine.ShouldBeFalse();
        m.Pe.ReadRegister(SysRegId.CNTV_CTL_EL0).ShouldBe(0UL);
        m.Pe.Pstate.ShouldBe(0x3C5UL);
    }
}
