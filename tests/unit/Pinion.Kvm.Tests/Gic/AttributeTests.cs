namespace Pinion.Kvm.Tests.Gic;

public sealed class AttributeTests
{
    private const int ENOENT = -2;
    private const int ENXIO = -6;
    private const int E2BIG = -7;
    private const int EFAULT = -14;
    private const int EBUSY = -16;
    private const int EEXIST = -17;
    private const int EINVAL = -22;

    private const uint Addr = 0;
    private const uint Dist = 1;
    private const uint NrIrqs = 3;
    private const uint Ctrl = 4;
    private const uint Redist = 5;
    private const uint Sysregs = 6;
    private const uint Level = 7;

    private const ulong Pmr = (3 << 14) | (4 << 7) | (6 << 3);
    private const ulong CtlrEl1 = (3 << 14) | (12 << 7) | (12 << 3) | 4;
    private const ulong Sre = (3 << 14) | (12 << 7) | (12 << 3) | 5;
    private const ulong Ap1R0 = (3 << 14) | (12 << 7) | (9 << 3);

    [Theory]
    [InlineData(Addr, 2, 0)]
    [InlineData(Addr, 3, 0)]
    [InlineData(Addr, 5, 0)]
    [InlineData(Addr, 0, ENXIO)]
    [InlineData(Addr, 1, ENXIO)]
    [InlineData(Addr, 4, ENXIO)]
    [InlineData(NrIrqs, 0, 0)]
    [InlineData(NrIrqs, 8, 0)]
    [InlineData(Ctrl, 0, 0)]
    [InlineData(Ctrl, 3, 0)]
    [InlineData(Ctrl, 1, ENXIO)]
    [InlineData(Level, 0, 0)]
    [InlineData(Level, 8, 0)]
    [InlineData(Level, 1 << 10, ENXIO)]
    [InlineData(2, 0, ENXIO)]
    [InlineData(8, 0, ENXIO)]
    [InlineData(9, 0, ENXIO)]
    [InlineData(Dist, 0x0, 0)]
    [InlineData(Dist, 0xFFE8, 0)]
    [InlineData(Dist, 0x1000, ENXIO)]
    [InlineData(Dist, 0x2, ENXIO)]
    [InlineData(Redist, 0x10100, 0)]
    [InlineData(Redist, 0x20000, ENXIO)]
    [InlineData(Redist, 0x1_0000_0000, EINVAL)] // no such affinity
    [InlineData(Sysregs, Pmr, 0)]
    [InlineData(Sysregs, Sre, 0)]
    [InlineData(Sysregs, 0, ENXIO)]
    public void HasAttributesAsGenuineKvm(uint group, ulong attr, int result) => new TestGic().Gic.HasAttr(group, attr).ShouldBe(result);

    [Theory]
    [InlineData(0x0800_0000, 0)]
    [InlineData(0x0800_1000, EINVAL)] // alignment
    [InlineData(0xFFFF_FFFF_FFFF_0000, EINVAL)] // wraps, and that is looked at before the size of memory
    [InlineData(0x100_0000_0000, E2BIG)]
    [InlineData(0xFF_FFFF_0000, 0)]
    public void DistributorAddressIsChecked(ulong address, int result)
    {
        var gic = new TestGic(initialize: false);
        gic.SetAttr(Addr, 2, address).ShouldBe(result);
        gic.GetAttr(Addr, 2, out ulong now).ShouldBe(0);
        now.ShouldBe(result == 0 ? address : ulong.MaxValue);
    }

    [Fact]
    public void AnAddressIsSetOnce()
    {
        var gic = new TestGic(initialize: false);
        gic.SetAttr(Addr, 2, TestGic.DistributorBase).ShouldBe(0);
        gic.SetAttr(Addr, 2, 0x123).ShouldBe(EEXIST);
        gic.SetAttr(Addr, 3, TestGic.RedistributorBase).ShouldBe(0);
        gic.SetAttr(Addr, 3, TestGic.RedistributorBase).ShouldBe(EEXIST);
        gic.Get(Addr, 3).ShouldBe(TestGic.RedistributorBase);
    }

    [Theory]
    [InlineData(Addr, 2)]
    [InlineData(Addr, 3)]
    [InlineData(Addr, 5)]
    [InlineData(Addr, 99)]
    [InlineData(NrIrqs, 0)]
    [InlineData(Dist, 0)]
    [InlineData(Redist, 0x10100)]
    [InlineData(Sysregs, Pmr)]
    [InlineData(Level, 0)]
    public void SettingFromNullIsEfault(uint group, ulong attr) => new TestGic().Gic.SetAttr(group, attr, 0).ShouldBe(EFAULT);

    [Theory]
    [InlineData(Addr, 2)]
    [InlineData(Addr, 5)]
    [InlineData(NrIrqs, 0)]
    [InlineData(Dist, 0)]
    [InlineData(Sysregs, Pmr)]
    public void GettingToNullIsEfault(uint group, ulong attr) => new TestGic().Gic.GetAttr(group, attr, 0).ShouldBe(EFAULT);

    [Fact]
    public void AddressTypesOfOtherControllersAreEnxio()
    {
        var gic = new TestGic(initialize: false);
        gic.SetAttr(Addr, 0, 0).ShouldBe(ENXIO);
        gic.GetAttr(Addr, 4, out _).ShouldBe(ENXIO);
    }

    [Theory]
    [InlineData(32, EINVAL)]
    [InlineData(63, EINVAL)]
    [InlineData(64, 0)]
    [InlineData(65, EINVAL)]
    [InlineData(288, 0)]
    [InlineData(992, 0)]
    [InlineData(1024, EINVAL)]
    public void TheNumberOfInterruptsIsChecked(uint count, int result)
    {
        var gic = new TestGic(initialize: false);
        gic.SetAttr(NrIrqs, 0, count).ShouldBe(result);
        gic.Get(NrIrqs, 0).ShouldBe(result == 0 ? count : 32);
    }

    [Fact]
    public void TheNumberOfInterruptsIsSetOnceAndFrozenByInit()
    {
        var gic = new TestGic(initialize: false);
        gic.SetAttr(NrIrqs, 0, 64).ShouldBe(0);
        gic.SetAttr(NrIrqs, 0, 96).ShouldBe(EBUSY);
        gic.SetAttr(NrIrqs, 0, 33).ShouldBe(EINVAL);
        var initialized = new TestGic();
        initialized.SetAttr(NrIrqs, 0, 64).ShouldBe(EBUSY);
        initialized.Get(NrIrqs, 0).ShouldBe(256UL);
    }

    [Fact]
    public void ReadingTheNumberOfInterruptsWritesFourBytes()
    {
        new TestGic().GetAttr(NrIrqs, 0, out ulong value, seed: ulong.MaxValue).ShouldBe(0);
        value.ShouldBe(0xFFFF_FFFF_0000_0100UL);
    }

    [Fact]
    public void InitIsIdempotentAndClosesTheDoorForVcpus()
    {
        var gic = new TestGic(initialize: false);
        gic.Gic.Initialized.ShouldBeFalse();
        gic.SetAttr(Ctrl, 0, 0).ShouldBe(0);
        gic.SetAttr(Ctrl, 0, 0).ShouldBe(0);
        gic.Gic.Initialized.ShouldBeTrue();
        gic.Gic.AddVcpu(7).ShouldBe(EBUSY);
    }

    [Fact]
    public void InitWhileAVcpuIsBeingMadeIsEbusy()
    {
        var gic = new TestGic(initialize: false) { VcpuCount = 2 };
        gic.SetAttr(Ctrl, 0, 0).ShouldBe(EBUSY);
    }

    [Fact]
    public void SavingPendingTablesNeedsAnInitializedControllerAndStoppedVcpus()
    {
        var gic = new TestGic(initialize: false);
        gic.SetAttr(Ctrl, 3, 0).ShouldBe(ENXIO);
        gic.SetAttr(Ctrl, 0, 0).ShouldBe(0);
        gic.SetAttr(Ctrl, 3, 0).ShouldBe(0);
        gic.VcpuRuns = true;
        gic.SetAttr(Ctrl, 3, 0).ShouldBe(EBUSY);
        gic.SetAttr(Ctrl, 1, 0).ShouldBe(ENXIO);
        gic.GetAttr(Ctrl, 0, out _).ShouldBe(ENXIO);
    }

    [Theory]
    [InlineData(Dist, 0x0)]
    [InlineData(Redist, 0x10100)]
    [InlineData(Sysregs, Pmr)]
    [InlineData(Level, 32)]
    public void RegistersAreEbusyBeforeInitAndWhileAVcpuRuns(uint group, ulong attr)
    {
        var gic = new TestGic(initialize: false);
        gic.GetAttr(group, attr, out _).ShouldBe(EBUSY);
        gic.SetAttr(group, attr, 0).ShouldBe(EBUSY);
        var running = new TestGic { VcpuRuns = true };
        running.GetAttr(group, attr, out _).ShouldBe(EBUSY);
    }

    [Fact]
    public void RegistersOfAVcpuThatIsNotThereAreEinval()
    {
        var gic = new TestGic(2);
        gic.GetAttr(Redist, (1UL << 32) | 0x10100, out _).ShouldBe(0);
        gic.GetAttr(Redist, (2UL << 32) | 0x10100, out _).ShouldBe(EINVAL);
        gic.GetAttr(Redist, (1UL << 40) | 0x10100, out _).ShouldBe(EINVAL);
        gic.GetAttr(Dist, 99UL << 32, out _).ShouldBe(0);
        new TestGic(0, initialize: false).GetAttr(Dist, 0, out _).ShouldBe(EINVAL);
    }

    [Fact]
    public void UnknownRegistersReadAsZeroAndTakeAnyValue()
    {
        var gic = new TestGic();
        gic.SetAttr(Dist, 0x1000, 5).ShouldBe(0);
        gic.GetAttr(Dist, 0x1000, out ulong value, seed: 0).ShouldBe(0);
        value.ShouldBe(0UL);
        gic.GetAttr(Sysregs, 0, out _).ShouldBe(ENOENT);
    }

    [Theory]
    [InlineData(0x4B00_343B, 0)]
    [InlineData(0x4B00_243B, 0)]
    [InlineData(0x4B00_143B, EINVAL)]
    [InlineData(0x4B00_443B, EINVAL)]
    [InlineData(0x4300_343B, EINVAL)]
    public void TheImplementationRevisionCanBeLowered(uint iidr, int result)
    {
        var gic = new TestGic();
        gic.SetAttr(Dist, 0x8, iidr).ShouldBe(result);
        gic.Get(Dist, 0x8).ShouldBe(result == 0 ? iidr : 0x4B00343BUL);
        gic.RedistRead(0x0).ShouldBe(iidr == 0x4B00243B ? 0UL : 6UL);
    }

    [Theory]
    [InlineData(0x8400, 0)]
    [InlineData(0x8403, 0)]
    [InlineData(0x8300, 0)] // fewer bits of priority
    [InlineData(0x8500, EINVAL)] // more
    [InlineData(0x8C00, EINVAL)] // longer INTIDs
    [InlineData(0x0400, EINVAL)] // A3V
    [InlineData(0xC400, EINVAL)] // SEIS
    public void TheSavedControlRegisterMustFit(ulong value, int result)
    {
        var gic = new TestGic();
        gic.SetAttr(Sysregs, CtlrEl1, value).ShouldBe(result);
        gic.Get(Sysregs, CtlrEl1).ShouldBe(result == 0 ? value : 0x8400UL);
    }

    [Fact]
    public void SystemRegistersHaveTheirOwnErrors()
    {
        var gic = new TestGic();
        gic.SetAttr(Sysregs, Sre, 0).ShouldBe(EINVAL);
        gic.SetAttr(Sysregs, Sre, 7).ShouldBe(0);
        gic.Get(Sysregs, Sre).ShouldBe(7UL);
        gic.SetAttr(Sysregs, Ap1R0, 0x10).ShouldBe(0);
        gic.Get(Sysregs, Ap1R0).ShouldBe(0x10UL);
        gic.SetAttr(Sysregs, Ap1R0 + 1, 0).ShouldBe(EINVAL);
        gic.GetAttr(Sysregs, Ap1R0 + 1, out _).ShouldBe(EINVAL);
    }

    [Fact]
    public void LevelInfoIsByThirtyTwoAndHasOneKind()
    {
        var gic = new TestGic();
        gic.GetAttr(Level, 5, out _).ShouldBe(EINVAL);
        gic.GetAttr(Level, 1 << 10, out _).ShouldBe(EINVAL);
        gic.GetAttr(Level, 32, out _).ShouldBe(0);
    }

    [Fact]
    public void RegionsFollowOneAnother()
    {
        var gic = new TestGic(3, initialize: false);
        ulong Region(ulong index, ulong start, ulong count, ulong flags = 0) => (count << 52) | start | (flags << 12) | index;
        gic.SetAttr(Addr, 5, Region(0, 0x100000, 0)).ShouldBe(EINVAL);
        gic.SetAttr(Addr, 5, Region(0, 0x100000, 2, 1)).ShouldBe(EINVAL);
        gic.SetAttr(Addr, 5, Region(1, 0x100000, 2)).ShouldBe(EINVAL);
        gic.SetAttr(Addr, 5, Region(0, 0x100000, 2)).ShouldBe(0);
        gic.SetAttr(Addr, 5, Region(1, 0x120000, 2)).ShouldBe(EINVAL); // overlap
        gic.SetAttr(Addr, 5, Region(2, 0x200000, 2)).ShouldBe(EINVAL); // a gap in the indices
        gic.SetAttr(Addr, 3, 0x400000).ShouldBe(EINVAL); // the old way, mixed in
        gic.Gic.MapResources().ShouldBe(ENXIO);
        gic.SetAttr(Addr, 5, Region(1, 0x200000, 1)).ShouldBe(0);
        gic.GetAttr(Addr, 5, out ulong value, seed: 1).ShouldBe(0);
        value.ShouldBe(Region(1, 0x200000, 1));
        gic.GetAttr(Addr, 5, out _, seed: 2).ShouldBe(ENOENT);
        gic.Gic.MapResources().ShouldBe(ENXIO); // no distributor yet
        gic.SetAttr(Addr, 2, 0x1000000).ShouldBe(0);
        gic.Gic.MapResources().ShouldBe(EBUSY);
        gic.SetAttr(Ctrl, 0, 0).ShouldBe(0);
        gic.Gic.MapResources().ShouldBe(0);
        ulong data = 0;
        gic.Gic.TryAccess(0x200008, 8, false, ref data, 0).ShouldBeTrue();
        data.ShouldBe((2UL << 32) | (2UL << 8) | 0x10);
        gic.Gic.TryAccess(0x120008, 8, false, ref data, 0).ShouldBeTrue();
        data.ShouldBe((1UL << 32) | (1UL << 8) | 0x10); // the next region is not contiguous
    }

    [Fact]
    public void FramesMayNotOverlap()
    {
        var gic = new TestGic(2, initialize: false);
        gic.SetAttr(Addr, 2, 0x8000000).ShouldBe(0);
        gic.SetAttr(Addr, 3, 0x7FF0000).ShouldBe(EINVAL);
        gic.SetAttr(Addr, 3, 0x7FC0000).ShouldBe(0);
        var late = new TestGic(2, initialize: false);
        late.SetAttr(Addr, 3, 0x8000000).ShouldBe(0);
        late.SetAttr(Addr, 2, 0x8010000).ShouldBe(0);
        late.SetAttr(Ctrl, 0, 0).ShouldBe(0);
        late.Gic.MapResources().ShouldBe(EINVAL);
    }

    [Fact]
    public void VcpusMadeAfterTheRegionGetTheirFrame()
    {
        var gic = new TestGic(0, initialize: false);
        gic.SetAttr(Addr, 3, TestGic.RedistributorBase).ShouldBe(0);
        gic.VcpuCount = 2;
        gic.Gic.AddVcpu(0).ShouldBe(0);
        gic.Gic.AddVcpu(1).ShouldBe(0);
        gic.Gic.AddVcpu(1).ShouldBe(EEXIST);
        gic.SetAttr(Ctrl, 0, 0).ShouldBe(0);
        gic.RedistRead(0x8, 4, vcpu: 1).ShouldBe(0x110UL);
    }

    [Fact]
    public void WhatIsSavedCanBeRestoredElsewhere()
    {
        TestGic from = new TestGic(2).On();
        from.EnableSpi(40, priority: 0x80, vcpu: 1);
        from.EnableSpi(41, edge: true, priority: 0x90);
        from.EnableSpi(70);
        from.EnablePpi(27, 0x70, vcpu: 1);
        from.Gic.SetPpi(1, 27, true);
        from.Gic.SetSpi(40, true);
        from.Gic.SetSpi(41, true);
        from.Gic.SetSpi(70, true);
        from.Ack(1).ShouldBe(27);
        from.Ack(0).ShouldBe(41);
        from.Gic.SetSpi(41, true);

        var to = new TestGic(2);
        ulong[] sysregs = [Pmr, CtlrEl1, Sre, Ap1R0, (3 << 14) | (12 << 7) | (8 << 3) | 3, (3 << 14) | (12 << 7) | (8 << 3) | 4,
            (3 << 14) | (12 << 7) | (12 << 3) | 3, (3 << 14) | (12 << 7) | (12 << 3) | 6, (3 << 14) | (12 << 7) | (12 << 3) | 7];
        for (ulong vcpu = 0; vcpu < 2; vcpu++)
        {
            foreach (uint offset in (uint[])[0x10080, 0x10100, 0x10200, 0x10300, 0x10C00, 0x10C04, .. Enumerable.Range(0, 8).Select(i => (uint)(0x10400 + i * 4))])
            {
                to.SetAttr(Redist, (vcpu << 32) | offset, from.Get(Redist, (vcpu << 32) | offset)).ShouldBe(0);
            }

            to.SetAttr(Level, vcpu << 32, from.Get(Level, vcpu << 32)).ShouldBe(0);
            foreach (ulong register in sysregs)
            {
                to.SetAttr(Sysregs, (vcpu << 32) | register, from.Get(Sysregs, (vcpu << 32) | register)).ShouldBe(0);
            }
        }

        for (int i = 32; i < 256; i += 32)
        {
            foreach (int block in (int[])[0x80, 0x100, 0x200, 0x300])
            {
                to.SetAttr(Dist, (ulong)(block + i / 8), from.Get(Dist, (ulong)(block + i / 8))).ShouldBe(0);
            }

            to.SetAttr(Level, (ulong)i, from.Get(Level, (ulong)i)).ShouldBe(0);
            to.SetAttr(Dist, (ulong)(0xC00 + i / 4), from.Get(Dist, (ulong)(0xC00 + i / 4))).ShouldBe(0);
            to.SetAttr(Dist, (ulong)(0xC04 + i / 4), from.Get(Dist, (ulong)(0xC04 + i / 4))).ShouldBe(0);
        }

        for (int i = 32; i < 256; i++)
        {
            if (i % 4 == 0)
            {
                to.SetAttr(Dist, (ulong)(0x400 + i), from.Get(Dist, (ulong)(0x400 + i))).ShouldBe(0);
            }

            to.SetAttr(Dist, (ulong)(0x6000 + i * 8), from.Get(Dist, (ulong)(0x6000 + i * 8))).ShouldBe(0);
        }

        to.SetAttr(Dist, 0, from.Get(Dist, 0)).ShouldBe(0);

        foreach (TestGic gic in (TestGic[])[from, to])
        {
            gic.Irq(0).ShouldBeFalse(); // 41 runs at 0x90, 70 waits at 0xA0
            gic.Irq(1).ShouldBeFalse(); // 27 runs at 0x70, 40 waits at 0x80
            gic.Eoi(27, 1);
            gic.Ack(1).ShouldBe(27); // its line is still high
            gic.Gic.SetPpi(1, 27, false);
            gic.Eoi(27, 1);
            gic.Ack(1).ShouldBe(40);
            gic.Eoi(41);
            gic.Ack(0).ShouldBe(41); // the edge during service
            gic.Eoi(41);
            gic.Ack(0).ShouldBe(70);
        }
    }

    [Fact]
    public void RestoringThePendingRegisterSetsAndClears()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40, edge: true);
        gic.SetAttr(Dist, 0x204, 1 << 8).ShouldBe(0);
        gic.Irq().ShouldBeTrue();
        gic.SetAttr(Dist, 0x284, 1 << 8).ShouldBe(0); // ICPENDR: ignored, reads as zero
        gic.Get(Dist, 0x284).ShouldBe(0UL);
        gic.Irq().ShouldBeTrue();
        gic.SetAttr(Dist, 0x204, 0).ShouldBe(0);
        gic.Irq().ShouldBeFalse();
    }

    [Fact]
    public void SavedPendingStateIsTheLatchWithoutTheLine()
    {
        TestGic gic = new TestGic().On();
        gic.EnableSpi(40);
        gic.Gic.SetSpi(40, true);
        gic.Dist(0x204).ShouldBe(1UL << 8);
        gic.Get(Dist, 0x204).ShouldBe(0UL);
        gic.Get(Level, 32).ShouldBe(1UL << 8);
    }
}
