using Pinion.Arm.SystemRegisters;

namespace Pinion.Kvm.Tests.Gic;

public sealed class RegisterTests
{
    [Theory]
    [InlineData(0x0000, 0x50)] // CTLR: DS, ARE
    [InlineData(0x0004, 0x0048_0007)] // TYPER: 256 interrupts, 10 bits of INTID, no LPIs
    [InlineData(0x0008, 0x4B00_343B)] // IIDR
    [InlineData(0x000C, 0)] // TYPER2
    [InlineData(0x0010, 0xFFFF_FFFF)] // STATUSR
    [InlineData(0x0080, 0)] // IGROUPR0 belongs to the redistributors
    [InlineData(0x0084, 0xFFFF_FFFF)] // IGROUPR1
    [InlineData(0x0104, 0)] // ISENABLER1
    [InlineData(0x0204, 0)] // ISPENDR1
    [InlineData(0x0304, 0)] // ISACTIVER1
    [InlineData(0x0420, 0)] // IPRIORITYR8
    [InlineData(0x0820, 0)] // ITARGETSR8
    [InlineData(0x0C08, 0xAAAA_AAAA)] // ICFGR2: edge, as KVM starts them
    [InlineData(0x0D04, 0)] // IGRPMODR1
    [InlineData(0x6100, 0)] // IROUTER32
    [InlineData(0xFFE8, 0x3B)] // PIDR2
    [InlineData(0xFFD0, 0)] // PIDR4
    [InlineData(0x1000, 0)] // nothing
    public void DistributorResetValues(uint offset, ulong value) => new TestGic().Dist(offset).ShouldBe(value);

    [Theory]
    [InlineData(0x00000, 6)] // CTLR: IR, CES
    [InlineData(0x00004, 0x4B00_043B)] // IIDR
    [InlineData(0x00010, 0)] // STATUSR
    [InlineData(0x00014, 0)] // WAKER: awake
    [InlineData(0x000C0, 0)] // SYNCR
    [InlineData(0x0FFE8, 0x3B)] // PIDR2
    [InlineData(0x10080, 0xFFFF_FFFF)] // IGROUPR0
    [InlineData(0x10100, 0x0000_FFFF)] // ISENABLER0: SGIs
    [InlineData(0x10180, 0x0000_FFFF)] // ICENABLER0
    [InlineData(0x10200, 0)] // ISPENDR0
    [InlineData(0x10300, 0)] // ISACTIVER0
    [InlineData(0x10400, 0)] // IPRIORITYR0
    [InlineData(0x10C00, 0xAAAA_AAAA)] // ICFGR0: SGIs are edges
    [InlineData(0x10C04, 0)] // ICFGR1: PPIs are levels
    public void RedistributorResetValues(uint offset, ulong value) => new TestGic().RedistRead(offset).ShouldBe(value);

    [Theory]
    [InlineData(SysRegId.ICC_SRE_EL1, 7)]
    [InlineData(SysRegId.ICC_CTLR_EL1, 0x8400)]
    [InlineData(SysRegId.ICC_PMR_EL1, 0)]
    [InlineData(SysRegId.ICC_RPR_EL1, 0xFF)]
    [InlineData(SysRegId.ICC_IGRPEN0_EL1, 0)]
    [InlineData(SysRegId.ICC_IGRPEN1_EL1, 0)]
    [InlineData(SysRegId.ICC_AP1R0_EL1, 0)]
    [InlineData(SysRegId.ICC_IAR1_EL1, 1023)]
    [InlineData(SysRegId.ICC_IAR0_EL1, 1023)]
    [InlineData(SysRegId.ICC_HPPIR1_EL1, 1023)]
    public void CpuInterfaceResetValues(SysRegId register, ulong value) => new TestGic().Icc(register).ShouldBe(value);

    [Fact]
    public void RedistributorTypesNumberTheVcpusAndMarkTheLast()
    {
        var gic = new TestGic(3);
        gic.RedistRead(0x8, 8, vcpu: 0).ShouldBe(0UL);
        gic.RedistRead(0x8, 8, vcpu: 1).ShouldBe((1UL << 32) | (1UL << 8));
        gic.RedistRead(0x8, 8, vcpu: 2).ShouldBe((2UL << 32) | (2UL << 8) | 0x10);
        gic.RedistRead(0xC, 4, vcpu: 2).ShouldBe(2UL);
        gic.RedistRead(0x8, 4, vcpu: 2).ShouldBe(0x210UL);
    }

    [Fact]
    public void PrioritiesCanBeReachedByByteAndWord()
    {
        var gic = new TestGic();
        gic.WriteDist(0x428, 0xA0908070, 4);
        gic.Dist(0x429, 1).ShouldBe(0x80UL);
        gic.WriteDist(0x42A, 0x10, 1);
        gic.Dist(0x428).ShouldBe(0xA0108070);
        gic.WriteRedist(0x1041B, 0xC0, 1);
        gic.RedistRead(0x10418).ShouldBe(0xC0000000UL);
    }

    [Theory]
    [InlineData(0x0000, 8)]
    [InlineData(0x0104, 1)]
    [InlineData(0x0104, 2)]
    [InlineData(0x0104, 8)]
    [InlineData(0x0420, 2)]
    [InlineData(0x0420, 8)]
    [InlineData(0x0C08, 1)]
    [InlineData(0x0102, 4)] // misaligned
    [InlineData(0x6104, 8)] // misaligned
    public void OtherSizesReadAsZeroAndWriteNothing(uint offset, int size)
    {
        var gic = new TestGic();
        gic.WriteDist(0x104, 0xFF);
        gic.WriteDist(0x420, 0x80808080);
        gic.WriteDist(offset, ulong.MaxValue, size);
        gic.Dist(offset, size).ShouldBe(0UL);
        gic.Dist(0x0).ShouldBe(0x50UL);
        gic.Dist(0x104).ShouldBe(0xFFUL);
        gic.Dist(0x420).ShouldBe(0x80808080UL);
        gic.Dist(0xC08).ShouldBe(0xAAAAAAAAUL);
    }

    [Fact]
    public void InterruptsThatDoNotExistReadAsZero()
    {
        var gic = new TestGic();
        gic.WriteDist(0x100 + 256 / 8, 0xFFFFFFFF);
        gic.Dist(0x100 + 256 / 8).ShouldBe(0UL);
        gic.WriteDist(0x6000 + 256 * 8, 1, 8);
        gic.Dist(0x6000 + 256 * 8, 8).ShouldBe(0UL);
    }

    [Fact]
    public void RoutersKeepThreeAffinityLevels()
    {
        var gic = new TestGic();
        gic.WriteDist(0x6100, ulong.MaxValue, 8);
        gic.Dist(0x6100, 8).ShouldBe(0xFF_FFFFUL);
        gic.Dist(0x6104, 4).ShouldBe(0UL);
        gic.WriteDist(0x6100, 0, 4);
        gic.Dist(0x6100, 8).ShouldBe(0UL);
    }

    [Fact]
    public void HowPrivateInterruptsAreTriggeredIsFixed()
    {
        var gic = new TestGic();
        gic.WriteRedist(0x10C00, 0);
        gic.WriteRedist(0x10C04, 0xFFFFFFFF);
        gic.RedistRead(0x10C00).ShouldBe(0xAAAAAAAAUL);
        gic.RedistRead(0x10C04).ShouldBe(0UL);
    }

    [Fact]
    public void WritingZeroToASetOrClearRegisterChangesNothing()
    {
        var gic = new TestGic();
        gic.WriteDist(0x104, 0xF0);
        gic.WriteDist(0x104, 0);
        gic.WriteDist(0x184, 0);
        gic.Dist(0x104).ShouldBe(0xF0UL);
        gic.WriteDist(0x184, 0x30);
        gic.Dist(0x104).ShouldBe(0xC0UL);
        gic.Dist(0x184).ShouldBe(0xC0UL);
    }

    [Fact]
    public void LpiTableRegistersKeepWhatKvmKeepsOfThem()
    {
        var gic = new TestGic();
        gic.WriteRedist(0x70, ulong.MaxValue, 8);
        gic.RedistRead(0x70, 8).ShouldBe(0x000F_FFFF_FFFF_FF9FUL);
        gic.WriteRedist(0x78, ulong.MaxValue, 8);
        gic.RedistRead(0x78, 8).ShouldBe(0x000F_FFFF_FFFF_0F80UL);
    }

    [Fact]
    public void AddressesOutsideTheFramesBelongToSomebodyElse()
    {
        var gic = new TestGic(2);
        ulong data = 0;
        gic.Gic.TryAccess(TestGic.DistributorBase - 4, 4, false, ref data, 0).ShouldBeFalse();
        gic.Gic.TryAccess(TestGic.DistributorBase + 0x10000, 4, false, ref data, 0).ShouldBeFalse();
        gic.Gic.TryAccess(TestGic.RedistributorBase + 0x40000 - 4, 4, false, ref data, 0).ShouldBeTrue();
        gic.Gic.TryAccess(TestGic.RedistributorBase + 0x40000, 4, false, ref data, 0).ShouldBeFalse();
    }

    [Fact]
    public void DebiansBootFindsWhatItLooksFor()
    {
        // The accesses a Debian 6.1 kernel makes, in its order (recorded once; QEMU's TYPER differs).
        var gic = new TestGic();
        gic.Dist(0xFFE8).ShouldBe(0x3BUL);
        int lines = (int)(gic.Dist(0x4) & 31);
        int interrupts = 32 * (lines + 1);
        gic.Dist(0xC).ShouldBe(0UL);
        gic.WriteDist(0x0, 0);
        for (int i = 32; i < interrupts; i += 32)
        {
            gic.WriteDist((uint)(0x80 + i / 8), 0xFFFFFFFF);
        }

        for (int i = 32; i < interrupts; i += 16)
        {
            gic.WriteDist((uint)(0xC00 + i / 4), 0);
        }

        for (int i = 32; i < interrupts; i += 4)
        {
            gic.WriteDist((uint)(0x400 + i), 0xA0A0A0A0);
        }

        for (int i = 32; i < interrupts; i += 32)
        {
            gic.WriteDist((uint)(0x380 + i / 8), 0xFFFFFFFF);
            gic.WriteDist((uint)(0x180 + i / 8), 0xFFFFFFFF);
        }

        gic.WriteDist(0x0, 0x37);
        gic.Dist(0x0).ShouldBe(0x52UL);
        for (int i = 32; i < interrupts; i++)
        {
            gic.WriteDist((uint)(0x6000 + i * 8), 0, 8);
        }

        gic.RedistRead(0xFFE8).ShouldBe(0x3BUL);
        (gic.RedistRead(0x8, 8) >> 32).ShouldBe(0UL);
        gic.RedistRead(0x14).ShouldBe(0UL);
        gic.WriteRedist(0x10080, 0xFFFFFFFF);
        gic.WriteRedist(0x10380, 0xFFFFFFFF);
        gic.WriteRedist(0x10180, 0xFFFF0000);
        for (uint i = 0; i < 32; i += 4)
        {
            gic.WriteRedist(0x10400 + i, 0xA0A0A0A0);
        }

        gic.WriteRedist(0x10100, 0x0000FFFF);
        (gic.Icc(SysRegId.ICC_SRE_EL1) & 1).ShouldBe(1UL);
        gic.WriteIcc(SysRegId.ICC_PMR_EL1, 0x8);
        gic.Icc(SysRegId.ICC_PMR_EL1).ShouldBe(0x8UL); // five bits: 0x8 is the lowest step
        gic.WriteIcc(SysRegId.ICC_PMR_EL1, 0xF0);
        gic.WriteIcc(SysRegId.ICC_BPR1_EL1, 0);
        gic.WriteIcc(SysRegId.ICC_CTLR_EL1, 0);
        ((gic.Icc(SysRegId.ICC_CTLR_EL1) >> 8) & 7).ShouldBe(4UL);
        gic.WriteIcc(SysRegId.ICC_AP0R0_EL1, 0);
        gic.WriteIcc(SysRegId.ICC_AP1R0_EL1, 0);
        gic.WriteIcc(SysRegId.ICC_IGRPEN1_EL1, 1);

        gic.RedistRead(0x10C04).ShouldBe(0UL);
        gic.WriteRedist(0x10100, 1u << 27);
        gic.Gic.SetPpi(0, 27, true);
        gic.Irq().ShouldBeTrue();
        gic.Ack().ShouldBe(27);
        gic.Gic.SetPpi(0, 27, false);
        gic.Eoi(27);
        gic.WriteDist(0x104, 2);
        gic.Dist(0x104).ShouldBe(2UL);
        gic.Gic.SetSpi(33, true);
        gic.Ack().ShouldBe(33);
        gic.Gic.SetSpi(33, false);
        gic.Eoi(33);
        gic.Irq().ShouldBeFalse();
    }
}
