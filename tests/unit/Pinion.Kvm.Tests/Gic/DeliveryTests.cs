using Pinion.Arm.SystemRegisters;

namespace Pinion.Kvm.Tests.Gic;

public sealed class DeliveryTests
{
    private const int Timer = 27;

    [Fact]
    public void APpiRaisesTheIrqLineOfItsVcpuOnly()
    {
        TestGic gic = new TestGic(2).On();
        gic.EnablePpi(Timer, vcpu: 1);
        gic.Gic.SetPpi(1, Timer, true).ShouldBe(0);
        gic.Irq(0).ShouldBeFalse();
        gic.Irq(1).ShouldBeTrue();
        gic.Fiq(1).ShouldBeFalse();
    }

    [Fact]
    public void AcknowledgingLowersTheLineAndMakesTheInterruptActive()
    {
        TestGic gic = new TestGic().On();
        gic.EnablePpi(Timer);
        gic.Gic.SetPpi(0, Timer, true);
        gic.Ack().ShouldBe(Timer);
        gic.Irq().ShouldBeFalse();
        gic.RedistRead(0x10300).ShouldBe(1UL << Timer);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0xA0UL);
    }

    [Fact]
    public void ALevelInterruptIsPendingAgainAfterEndOfInterruptWhileItsLineIsHigh()
    {
        TestGic gic = new TestGic().On();
        gic.EnablePpi(Timer);
        gic.Gic.SetPpi(0, Timer, true);
        gic.Ack().ShouldBe(Timer);
        gic.RedistRead(0x10200).ShouldBe(1UL << Timer);
        gic.Eoi(Timer);
        gic.Irq().ShouldBeTrue();
        gic.Ack().ShouldBe(Timer);
        gic.Gic.SetPpi(0, Timer, false);
        gic.Eoi(Timer);
        gic.Irq().ShouldBeFalse();
        gic.Ack().ShouldBe(1023);
    }

    [Fact]
    public void ALevelInterruptWhoseLineFallsBeforeItIsTakenIsGone()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.Gic.SetSpi(40, true);
        gic.Irq().ShouldBeTrue();
        gic.Gic.SetSpi(40, false);
        gic.Irq().ShouldBeFalse();
        gic.Ack().ShouldBe(1023);
    }

    [Fact]
    public void AnEdgeStaysPendingAfterItsLineFalls()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, edge: true);
        gic.Gic.SetSpi(40, true);
        gic.Gic.SetSpi(40, false);
        gic.Irq().ShouldBeTrue();
        gic.Ack().ShouldBe(40);
        gic.Eoi(40);
        gic.Irq().ShouldBeFalse();
    }

    [Fact]
    public void AnEdgeDuringServiceIsDeliveredOnceMore()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, edge: true);
        gic.Gic.SetSpi(40, true);
        gic.Ack().ShouldBe(40);
        gic.Gic.SetSpi(40, true);
        gic.Irq().ShouldBeFalse();
        gic.Eoi(40);
        gic.Irq().ShouldBeTrue();
        gic.Ack().ShouldBe(40);
        gic.Eoi(40);
        gic.Ack().ShouldBe(1023);
    }

    [Fact]
    public void WritingIspendrPendsALevelInterruptUntilItIsTaken()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.WriteDist(0x204, 1 << 8);
        gic.Ack().ShouldBe(40);
        gic.Eoi(40);
        gic.Irq().ShouldBeFalse();
    }

    [Fact]
    public void WritingIcpendrDoesNotHideALineThatIsHigh()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.Gic.SetSpi(40, true);
        gic.WriteDist(0x284, 1 << 8);
        gic.Dist(0x204).ShouldBe(1UL << 8);
        gic.Irq().ShouldBeTrue();
    }

    [Fact]
    public void WritingIcpendrTakesAnEdgeBack()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, edge: true);
        gic.Gic.SetSpi(40, true);
        gic.WriteDist(0x284, 1 << 8);
        gic.Irq().ShouldBeFalse();
    }

    [Fact]
    public void ADisabledInterruptIsPendingButNotSignalled()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.WriteDist(0x184, 1 << 8);
        gic.Gic.SetSpi(40, true);
        gic.Dist(0x204).ShouldBe(1UL << 8);
        gic.Irq().ShouldBeFalse();
        gic.WriteDist(0x104, 1 << 8);
        gic.Irq().ShouldBeTrue();
    }

    [Fact]
    public void NothingIsSignalledWhileTheDistributorIsDisabled()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.Gic.SetSpi(40, true);
        gic.WriteDist(0x0, 0x10);
        gic.Irq().ShouldBeFalse();
        gic.Ack().ShouldBe(1023);
        gic.WriteDist(0x0, 0x12);
        gic.Irq().ShouldBeTrue();
    }

    [Fact]
    public void NothingIsSignalledWhileTheGroupIsDisabledAtTheCpuInterface()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.Gic.SetSpi(40, true);
        gic.WriteIcc(SysRegId.ICC_IGRPEN1_EL1, 0);
        gic.Irq().ShouldBeFalse();
        gic.Icc(SysRegId.ICC_HPPIR1_EL1).ShouldBe(1023UL);
        gic.Ack().ShouldBe(1023);
    }

    [Fact]
    public void AnSpiGoesWhereIrouterSays()
    {
        TestGic gic = new TestGic(2).On();
        gic.EnableSpi(40, vcpu: 0);
        gic.Gic.SetSpi(40, true);
        gic.Irq(0).ShouldBeTrue();
        gic.WriteDist(0x6000 + 40 * 8, 1, 8);
        gic.Irq(0).ShouldBeFalse();
        gic.Irq(1).ShouldBeTrue();
        gic.WriteDist(0x6000 + 40 * 8, 5, 4);
        gic.Irq(1).ShouldBeFalse();
    }

    [Fact]
    public void AnActiveSpiIsNotSignalledAnywhereElse()
    {
        TestGic gic = new TestGic(2).On();
        gic.EnableSpi(40, vcpu: 0);
        gic.Gic.SetSpi(40, true);
        gic.Ack(0).ShouldBe(40);
        gic.WriteDist(0x6000 + 40 * 8, 1, 8);
        gic.Irq(1).ShouldBeFalse();
        gic.Eoi(40, 0);
        gic.Irq(0).ShouldBeFalse();
        gic.Irq(1).ShouldBeTrue();
    }

    [Fact]
    public void Group0IsSignalledAsFiqAndTakenThroughIar0()
    {
        TestGic gic = new TestGic().On();
        gic.WriteIcc(SysRegId.ICC_IGRPEN0_EL1, 1);
        gic.EnableSpi(40);
        gic.WriteDist(0x84, ~(1UL << 8) & 0xFFFFFFFF);
        gic.Gic.SetSpi(40, true);
        gic.Fiq().ShouldBeTrue();
        gic.Irq().ShouldBeFalse();
        gic.Ack().ShouldBe(1023);
        gic.Icc(SysRegId.ICC_HPPIR0_EL1).ShouldBe(40UL);
        gic.Icc(SysRegId.ICC_IAR0_EL1).ShouldBe(40UL);
        gic.Icc(SysRegId.ICC_AP0R0_EL1).ShouldBe(1UL << (0xA0 >> 3));
        gic.Gic.SetSpi(40, false);
        gic.Eoi(40); // the other group's register: ignored
        gic.Icc(SysRegId.ICC_AP0R0_EL1).ShouldNotBe(0UL);
        gic.WriteIcc(SysRegId.ICC_EOIR0_EL1, 40);
        gic.Icc(SysRegId.ICC_AP0R0_EL1).ShouldBe(0UL);
        gic.Dist(0x304).ShouldBe(0UL);
    }

    [Fact]
    public void InEoiMode1OnlyDirDeactivates()
    {
        TestGic gic = new TestGic().On();
        gic.WriteIcc(SysRegId.ICC_CTLR_EL1, 2);
        gic.EnablePpi(Timer);
        gic.Gic.SetPpi(0, Timer, true);
        gic.Ack().ShouldBe(Timer);
        gic.Eoi(Timer);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0xFFUL);
        gic.RedistRead(0x10300).ShouldBe(1UL << Timer);
        gic.Irq().ShouldBeFalse();
        gic.WriteIcc(SysRegId.ICC_DIR_EL1, Timer);
        gic.RedistRead(0x10300).ShouldBe(0UL);
        gic.Irq().ShouldBeTrue();
    }

    [Fact]
    public void InEoiMode0DirIsIgnored()
    {
        TestGic gic = new TestGic().On();
        gic.EnablePpi(Timer);
        gic.Gic.SetPpi(0, Timer, true);
        gic.Ack().ShouldBe(Timer);
        gic.WriteIcc(SysRegId.ICC_DIR_EL1, Timer);
        gic.RedistRead(0x10300).ShouldBe(1UL << Timer);
    }

    [Fact]
    public void EndOfInterruptOfASpuriousOneChangesNothing()
    {
        TestGic gic = new TestGic().On();
        gic.EnablePpi(Timer);
        gic.Gic.SetPpi(0, Timer, true);
        gic.Ack().ShouldBe(Timer);
        gic.Eoi(1023);
        gic.Icc(SysRegId.ICC_RPR_EL1).ShouldBe(0xA0UL);
    }

    [Fact]
    public void ClearingTheActiveStateByMmioLetsTheInterruptInAgain()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.Gic.SetSpi(40, true);
        gic.WriteDist(0x304, 1 << 8);
        gic.Irq().ShouldBeFalse();
        gic.WriteDist(0x384, 1 << 8);
        gic.Irq().ShouldBeTrue();
    }

    [Fact]
    public void AnSgiReachesTheTargetsOfItsList()
    {
        TestGic gic = new TestGic(4).On();
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (5UL << 24) | 0b1010);
        new[] { gic.Irq(0), gic.Irq(1), gic.Irq(2), gic.Irq(3) }.ShouldBe([false, true, false, true]);
        gic.Ack(1).ShouldBe(5);
        gic.Eoi(5, 1);
        gic.Irq(1).ShouldBeFalse();
        gic.Irq(3).ShouldBeTrue();
    }

    [Fact]
    public void AnSgiCanTargetItsSender()
    {
        TestGic gic = new TestGic(2).On();
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (3UL << 24) | 1);
        gic.Irq(0).ShouldBeTrue();
        gic.Ack(0).ShouldBe(3);
    }

    [Fact]
    public void ABroadcastSgiReachesAllButItsSender()
    {
        TestGic gic = new TestGic(4).On();
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (1UL << 40) | (2UL << 24), 2);
        new[] { gic.Irq(0), gic.Irq(1), gic.Irq(2), gic.Irq(3) }.ShouldBe([true, true, false, true]);
    }

    [Fact]
    public void SgisOfOtherClustersReachNobodyHere()
    {
        TestGic gic = new TestGic(4).On();
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (1UL << 16) | 0xFFFF);
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (1UL << 32) | 0xFFFF);
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (1UL << 48) | 0xFFFF);
        gic.LineChanges.ShouldBe(0);
    }

    [Fact]
    public void ClustersOfSixteenAreReachedThroughAff1()
    {
        TestGic gic = new TestGic(18).On();
        gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (1UL << 16) | 0b10);
        gic.Irq(17).ShouldBeTrue();
        gic.Irq(1).ShouldBeFalse();
    }

    [Fact]
    public void Group0SgiRegistersDoNotRaiseGroup1Sgis()
    {
        TestGic gic = new TestGic(2).On();
        gic.WriteIcc(SysRegId.ICC_IGRPEN0_EL1, 1, 1);
        gic.WriteIcc(SysRegId.ICC_SGI0R_EL1, 0b10);
        gic.WriteIcc(SysRegId.ICC_ASGI1R_EL1, 0b10);
        gic.LineChanges.ShouldBe(0);
        gic.WriteRedist(0x10080, 0xFFFFFFFE, vcpu: 1);
        gic.WriteIcc(SysRegId.ICC_SGI0R_EL1, 0b10);
        gic.Fiq(1).ShouldBeTrue();
    }

    [Fact]
    public void TheHostHearsOfALineOnlyWhenItChanges()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.EnableSpi(41);
        gic.Gic.SetSpi(40, true);
        gic.Gic.SetSpi(41, true);
        gic.Gic.SetSpi(40, true);
        gic.Gic.SetSpi(40, false);
        gic.LineChanges.ShouldBe(1);
        gic.Gic.SetSpi(41, false);
        gic.LineChanges.ShouldBe(2);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(32)]
    [InlineData(-1)]
    public void OnlyPpisHaveAPpiLine(int intid) => new TestGic().Gic.SetPpi(0, intid, true).ShouldBe(-22);

    [Theory]
    [InlineData(31)]
    [InlineData(256)]
    [InlineData(1020)]
    public void OnlySpisThatExistHaveAnSpiLine(int intid) => new TestGic().Gic.SetSpi(intid, true).ShouldBe(-22);

    [Fact]
    public void ALineHasOneOwner()
    {
        var gic = new TestGic();
        var timer = new object();
        gic.Gic.SetOwner(0, 27, timer).ShouldBe(0);
        gic.Gic.SetOwner(0, 27, timer).ShouldBe(0);
        gic.Gic.SetOwner(0, 27, new object()).ShouldBe(-17);
        gic.Gic.SetOwner(0, 3, timer).ShouldBe(-22);
        new TestGic(initialize: false).Gic.SetOwner(0, 27, timer).ShouldBe(-11);
    }
}
