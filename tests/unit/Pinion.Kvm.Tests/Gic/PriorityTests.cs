using Pinion.Arm.SystemRegisters;

namespace Pinion.Kvm.Tests.Gic;

public sealed class PriorityTests
{
    [Fact]
    public void TheLowestPriorityValueIsTakenFirstThenTheLowestIntid()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(50, edge: true, priority: 0x80);
        gic.EnableSpi(40, edge: true, priority: 0xA0);
        gic.EnableSpi(60, edge: true, priority: 0x80);
        foreach (int intid in (int[])[40, 60, 50])
        {
            gic.Gic.SetSpi(intid, true);
        }

        var order = new List<int>();
        while (gic.Ack() is var intid and not 1023)
        {
            order.Add(intid);
            gic.Eoi(intid);
        }

        order.ShouldBe([50, 60, 40]);
    }

    [Fact]
    public void OnlyFiveBitsOfPriorityAreKept()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, priority: 0xA7);
        gic.Dist(0x428, 1).ShouldBe(0xA0UL);
        gic.WriteIcc(SysRegId.ICC_PMR_EL1, 0xFF);
        gic.Icc(SysRegId.ICC_PMR_EL1).ShouldBe(0xF8UL);
    }

    [Theory]
    [InlineData(0xA0, false)]
    [InlineData(0xA8, true)]
    [InlineData(0x00, false)]
    [InlineData(0xF8, true)]
    public void TheMaskLetsHigherPrioritiesThroughOnly(byte mask, bool signalled)
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, priority: 0xA0);
        gic.WriteIcc(SysRegId.ICC_PMR_EL1, mask);
        gic.Gic.SetSpi(40, true);
        gic.Irq().ShouldBe(signalled);
        gic.Icc(SysRegId.ICC_HPPIR1_EL1).ShouldBe(40UL);
    }

    [Fact]
    public void AHigherPriorityPreemptsAndTheRunningPriorityReturns()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, edge: true, priority: 0xA0);
        gic.EnableSpi(41, edge: true, priority: 0x40);
        gic.Gic.SetSpi(40, true);
        gic.Ack().ShouldBe(40);
        gic.Gic.SetSpi(41, true);
        gic.Irq().ShouldBeTrue();
        gic.Ack().ShouldBe(41);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0x40UL);
        gic.Icc(SysRegId.ICC_AP1R0_EL1).ShouldBe((1UL << (0xA0 >> 3)) | (1UL << (0x40 >> 3)));
        gic.Eoi(41);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0xA0UL);
        gic.Eoi(40);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0xFFUL);
    }

    [Fact]
    public void TheSamePriorityDoesNotPreempt()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, edge: true);
        gic.EnableSpi(41, edge: true);
        gic.Gic.SetSpi(41, true);
        gic.Ack().ShouldBe(41);
        gic.Gic.SetSpi(40, true);
        gic.Irq().ShouldBeFalse();
        gic.Eoi(41);
        gic.Irq().ShouldBeTrue();
    }

    [Theory]
    [InlineData(3, 0x98, true)] // groups of 8
    [InlineData(4, 0x98, true)] // 0x90 is a group of its own
    [InlineData(5, 0x98, true)] // 0x80 against 0xA0
    [InlineData(6, 0x98, false)] // 0x80 against 0x80
    [InlineData(7, 0x08, true)]
    [InlineData(7, 0x88, false)]
    public void TheBinaryPointDecidesWhatPreempts(int bpr1, byte priority, bool preempts)
    {
        TestGic gic = new TestGic().On();
        gic.WriteIcc(SysRegId.ICC_BPR1_EL1, (ulong)bpr1);
        gic.EnableSpi(40, edge: true, priority: 0xA0);
        gic.EnableSpi(41, edge: true, priority: priority);
        gic.Gic.SetSpi(40, true);
        gic.Ack().ShouldBe(40);
        gic.Gic.SetSpi(41, true);
        gic.Irq().ShouldBe(preempts);
    }

    [Fact]
    public void TheRunningPriorityIsTheGroupPriority()
    {
        TestGic gic = new TestGic().On();
        gic.WriteIcc(SysRegId.ICC_BPR1_EL1, 6);
        gic.EnableSpi(40, edge: true, priority: 0xA8);
        gic.Gic.SetSpi(40, true);
        gic.Ack().ShouldBe(40);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0x80UL);
    }

    [Fact]
    public void BinaryPointsHaveALowestValue()
    {
        var gic = new TestGic();
        gic.Icc(SysRegId.ICC_BPR0_EL1).ShouldBe(2UL);
        gic.Icc(SysRegId.ICC_BPR1_EL1).ShouldBe(3UL);
        gic.WriteIcc(SysRegId.ICC_BPR0_EL1, 0);
        gic.WriteIcc(SysRegId.ICC_BPR1_EL1, 0);
        gic.Icc(SysRegId.ICC_BPR0_EL1).ShouldBe(2UL);
        gic.Icc(SysRegId.ICC_BPR1_EL1).ShouldBe(3UL);
        gic.WriteIcc(SysRegId.ICC_BPR0_EL1, 7);
        gic.Icc(SysRegId.ICC_BPR0_EL1).ShouldBe(7UL);
    }

    [Fact]
    public void WithACommonBinaryPointBpr1FollowsBpr0AndIgnoresWrites()
    {
        var gic = new TestGic();
        gic.WriteIcc(SysRegId.ICC_CTLR_EL1, 1);
        gic.WriteIcc(SysRegId.ICC_BPR0_EL1, 4);
        gic.WriteIcc(SysRegId.ICC_BPR1_EL1, 7);
        gic.Icc(SysRegId.ICC_BPR1_EL1).ShouldBe(5UL);
        gic.WriteIcc(SysRegId.ICC_BPR0_EL1, 7);
        gic.Icc(SysRegId.ICC_BPR1_EL1).ShouldBe(7UL);
        gic.WriteIcc(SysRegId.ICC_CTLR_EL1, 0);
        gic.Icc(SysRegId.ICC_BPR1_EL1).ShouldBe(3UL);
    }

    [Theory]
    [InlineData(5, false)] // groups of 64: 0x80 against 0x80
    [InlineData(4, true)] // groups of 32: 0x80 against 0xA0
    public void WithACommonBinaryPointGroup1PreemptsByBpr0(int bpr0, bool preempts)
    {
        TestGic gic = new TestGic().On();
        gic.WriteIcc(SysRegId.ICC_CTLR_EL1, 1);
        gic.WriteIcc(SysRegId.ICC_BPR0_EL1, (ulong)bpr0);
        gic.EnableSpi(40, edge: true, priority: 0xA0);
        gic.EnableSpi(41, edge: true, priority: 0x88);
        gic.Gic.SetSpi(40, true);
        gic.Ack().ShouldBe(40);
        gic.Gic.SetSpi(41, true);
        gic.Irq().ShouldBe(preempts);
    }
}
