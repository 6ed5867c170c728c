using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>What stays pinned when the guest disables its buffer, when it is used again without looking at the tables, and when it goes.</summary>
public sealed unsafe class PinCacheTests
{
    private const ulong Page = 4096;
    private const ulong Data = 0x40_0000;
    private const ulong Va = GuestTables.Va + (16 * Page);
    private const ulong S = 1 << 17;

    private const uint Vmalle1Is = 0xD508_831F;
    private const uint Vmalle1 = 0xD508_871F;
    private const uint Aside1Is = 0xD508_8341;
    private const uint Vaae1Is = 0xD508_8361;
    private const uint Vae1Is = 0xD508_8321;
    private const uint Vaale1Is = 0xD508_83E1;
    private const uint Vale1Is = 0xD508_83A1;
    private const uint DsbIsh = 0xD503_3B9F;

    private static SpeMachine Machine(int vcpus = 1, PinCacheOptions? cache = null) =>
        new(vcpus, 0, ram: 16 << 20, new KvmOptions { SpePinCache = cache ?? PinCacheOptions.Default with { Age = TimeSpan.FromHours(1) } }, pinCache: true);

    private static GuestTables Mapped(SpeMachine machine, int pages = 16)
    {
        GuestTables tables = new(machine.Test);
        tables.Map(Va, Data, pages);
        return tables;
    }

    private static void Disable(SpeMachine machine, Vcpu? vcpu = null) => machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0, vcpu);

    /// <summary>Enables the buffer again: true where that was a hit.</summary>
    private static bool Again(SpeMachine machine, ulong from = Va, ulong to = Va + (16 * Page), Vcpu? vcpu = null)
    {
        ulong hits = machine.Vm.PinCacheStatistics.Hits;
        machine.Enable(from, to, vcpu);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        return machine.Vm.PinCacheStatistics.Hits != hits;
    }

    [Fact]
    public void ADisabledBufferStaysPinnedAndIsEnabledAgainWithoutTheHost()
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine).ShouldBeFalse();
        Disable(machine);
        machine.Test.Host.PinnedBytes.ShouldBe(20 * Page);
        machine.Vm.PinCacheStatistics.KeptBytes.ShouldBe(20 * Page);
        int steps = machine.Test.Host.Steps;
        for (int i = 0; i < 3; i++)
        {
            Again(machine).ShouldBeTrue();
            machine.WriteDone(SysRegId.PMBSR_EL1, S);
            machine.WriteDone(SysRegId.PMBSR_EL1, 0);
            Disable(machine);
        }

        machine.Test.Host.Steps.ShouldBe(steps);
        machine.Test.Host.LockedBytes.ShouldBe(20 * Page);
        machine.Vm.PinCacheStatistics.Misses.ShouldBe(1UL);
    }

    [Fact]
    public void PartOfABufferIsAHitAndALargerOneTakesItsPlace()
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine, Va + (4 * Page), Va + (8 * Page)).ShouldBeFalse();
        Disable(machine);
        Again(machine, Va + (5 * Page) + 64, Va + (6 * Page)).ShouldBeTrue();
        Disable(machine);
        Again(machine).ShouldBeFalse();
        machine.Vm.PinCacheStatistics.DroppedForLarger.ShouldBe(1UL);
        Disable(machine);
        machine.Vm.Vcpus[0].Spe.Kept.Count.ShouldBe(1);
        Again(machine, Va + (4 * Page), Va + (8 * Page)).ShouldBeTrue();
    }

    /// <summary>Each operation that may be about the buffer has its tables walked again, and no other.</summary>
    [Theory]
    [InlineData(Vmalle1Is, 0UL, false)]
    [InlineData(Vmalle1, 0UL, false)]
    [InlineData(Vaale1Is, Va + (15 * Page), false)]
    [InlineData(Vale1Is, Va, false)]
    [InlineData(Vaale1Is, Va + (64 * Page), true)]
    [InlineData(Vaale1Is, GuestTables.Va - Page, true)]
    [InlineData(Vaae1Is, GuestTables.Va + (1UL << 34), false)] // some table above may have gone
    [InlineData(Vae1Is, 0xFFFF_8000_0000_0000UL, true)] // tables of the other half
    [InlineData(Aside1Is, 0UL, true)]
    public void OnlyTlbMaintenanceThatMayBeAboutTheBufferHasItWalkedAgain(uint instruction, ulong va, bool hit)
    {
        using SpeMachine machine = Machine(vcpus: 2);
        Mapped(machine);
        foreach (Vcpu sender in machine.Vm.Vcpus)
        {
            Again(machine);
            Disable(machine);
            machine.Execute(sender, (va >> 12) & 0xFFF_FFFF_FFFF, instruction, DsbIsh);

            // Without IS it is the sender's alone.
            bool reaches = sender.Index == 0 || instruction != Vmalle1;
            ulong rewalks = machine.Vm.PinCacheStatistics.Rewalks;
            int locks = machine.Test.Host.LockCalls;
            Again(machine).ShouldBe(hit || !reaches);
            machine.Vm.PinCacheStatistics.Rewalks.ShouldBe(rewalks + (hit || !reaches ? 0UL : 1));
            machine.Test.Host.LockCalls.ShouldBe(locks); // walked, found as it was: nothing is locked again
            Disable(machine);
        }
    }

    [Fact]
    public void ABufferOfOneAsidIsWalkedAgainForAnotherAndAfterMaintenanceOfAsids()
    {
        using SpeMachine machine = Machine();
        GuestTables tables = Mapped(machine);
        tables.Entry(Va + (3 * Page)) |= 1 << 11;
        Again(machine);
        Disable(machine);
        Again(machine).ShouldBeTrue();
        Disable(machine);
        machine.Execute(machine.Vcpu, 0, Aside1Is, DsbIsh);
        Again(machine).ShouldBeFalse();
        Disable(machine);
        ulong root = machine.Vcpu.Pe.ReadRegister(SysRegId.TTBR0_EL1);
        GuestTables.Set(machine.Vcpu, SysRegId.TTBR0_EL1, root | (7UL << 48));
        Again(machine).ShouldBeFalse();
    }

    [Fact]
    public void AGlobalBufferOutlivesSwitchesOfTheAsidAndTheOtherHalf()
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine);
        Disable(machine);
        ulong root = machine.Vcpu.Pe.ReadRegister(SysRegId.TTBR0_EL1);
        GuestTables.Set(machine.Vcpu, SysRegId.TTBR0_EL1, root | (7UL << 48) | 1);
        GuestTables.Set(machine.Vcpu, SysRegId.TTBR1_EL1, 0x1234_5000);
        Again(machine).ShouldBeTrue();
    }

    [Fact]
    public void AMappingThatWasBrokenAndMadeAnewIsPinnedAnew()
    {
        using SpeMachine machine = Machine();
        GuestTables tables = Mapped(machine);
        Again(machine);
        Disable(machine);
        ulong valid = tables.Entry(Va + (2 * Page));
        tables.Entry(Va + (2 * Page)) = 0;
        machine.Execute(machine.Vcpu, (Va + (2 * Page)) >> 12, Vaale1Is, DsbIsh);
        tables.Entry(Va + (2 * Page)) = valid + (0x100 * Page);
        Again(machine).ShouldBeFalse();
        machine.Test.Host.IsLocked(machine.Test.Ram + (nint)(Data + (0x102 * Page))).ShouldBeTrue();
        machine.Test.Host.IsLocked(machine.Test.Ram + (nint)(Data + (2 * Page))).ShouldBeFalse();
        machine.Test.Host.PinnedBytes.ShouldBe(20 * Page);
    }

    [Fact]
    public void AnotherRegimeIsAnotherBuffer()
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine);
        Disable(machine);
        ulong sctlr = machine.Vcpu.Pe.ReadRegister(SysRegId.SCTLR_EL1);
        GuestTables.Set(machine.Vcpu, SysRegId.SCTLR_EL1, sctlr & ~1UL);
        machine.Enable(TestVm.RamBase + 0x8_0000, TestVm.RamBase + 0x8_0000 + Page);
        Disable(machine);
        Again(machine, TestVm.RamBase + 0x8_0000, TestVm.RamBase + 0x8_0000 + Page).ShouldBeTrue();
        Disable(machine);
        GuestTables.Set(machine.Vcpu, SysRegId.SCTLR_EL1, sctlr);
        Again(machine, TestVm.RamBase + 0x8_0000, TestVm.RamBase + 0x8_0000 + Page).ShouldBeFalse();
        Disable(machine);
        Again(machine).ShouldBeTrue();
    }

    [Fact]
    public void KeptPagesMakeRoomWhenTheLimitRefusesAnother()
    {
        using SpeMachine machine = Machine(vcpus: 2);
        Mapped(machine, pages: 64);
        machine.Test.Host.Limit = 40 * Page;
        Again(machine, Va, Va + (16 * Page));
        Disable(machine);
        Again(machine, Va + (16 * Page), Va + (32 * Page));
        Disable(machine);
        machine.Test.Host.PinnedBytes.ShouldBe((32 + 4) * Page);

        // 16 more do not fit: the least recently used go.
        Again(machine, Va + (32 * Page), Va + (48 * Page), machine.Vm.Vcpus[1]).ShouldBeFalse();
        machine.Vm.PinCacheStatistics.DroppedForLimit.ShouldBe(1UL);
        machine.Test.Host.PinnedBytes.ShouldBe((32 + 4) * Page);
        machine.Test.Host.LockedBytes.ShouldBe(machine.Vm.Spe.Account.Watermark);
        machine.Vm.Spe.Account.Watermark.ShouldBeLessThanOrEqualTo(40 * Page);
        Again(machine, Va + (16 * Page), Va + (32 * Page)).ShouldBeTrue();

        // What is enabled does not yield.
        Vcpu first = machine.Vcpu;
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0, machine.Vm.Vcpus[1]);
        machine.WriteDone(SysRegId.PMBPTR_EL1, Va, machine.Vm.Vcpus[1]);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Va + (48 * Page)) | 1, machine.Vm.Vcpus[1]).ShouldBe(0);
        machine.Vm.Vcpus[1].RunArea->ExitReason.ShouldBe(KvmExit.Rlimit);
        machine.Vm.Vcpus[1].RunArea->Rlimit.Excess.ShouldBe(((48 + 4) * Page) - machine.Vm.Spe.Account.Watermark);
        machine.Test.Host.PinnedBytes.ShouldBe((32 + 4) * Page);
        first.Spe.Buffer.ShouldNotBeNull();
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
    }

    [Fact]
    public void TheBoundIsKeptAndTheLeastRecentlyUsedGo()
    {
        using SpeMachine machine = Machine(cache: new PinCacheOptions(40 * Page, TimeSpan.FromHours(1)));
        Mapped(machine, pages: 64);
        for (ulong i = 0; i < 3; i++)
        {
            Again(machine, Va + (i * 16 * Page), Va + ((i + 1) * 16 * Page));
            Disable(machine);
        }

        machine.Vm.PinCacheStatistics.DroppedForRoom.ShouldBe(1UL);
        machine.Vm.PinCacheStatistics.KeptBytes.ShouldBe(40 * Page);
        Again(machine, Va + (16 * Page), Va + (32 * Page)).ShouldBeTrue();
        Disable(machine);
        Again(machine, Va, Va + (64 * Page)).ShouldBeFalse();
        Disable(machine);

        // Larger than the bound: not kept at all, and the smaller ones were taken over by it.
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Vm.PinCacheStatistics.KeptBytes.ShouldBe(0UL);
    }

    [Theory]
    [InlineData(MmuEvent.Unmap, false)]
    [InlineData(MmuEvent.Migrate, true)]
    [InlineData(MmuEvent.Aging, true)]
    public void MemoryThatGoesTakesKeptPagesWithoutAnEvent(MmuEvent what, bool hit)
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine);
        Disable(machine);
        machine.Vm.InvalidateRange(machine.Test.Ram + (nint)Data, Page, what);
        machine.Test.Host.PinnedBytes.ShouldBe(hit ? 20 * Page : 0);
        machine.Test.Host.LockedBytes.ShouldBe(20 * Page);
        Again(machine).ShouldBe(hit);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
    }

    [Fact]
    public void ChangesOfMemslotsHaveItWalkedAgain()
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine);
        Disable(machine);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(5, 0x8000_0000, 16 * Page, machine.Test.Ram)).ShouldBe(0);
        Again(machine).ShouldBeFalse();
        machine.Vm.PinCacheStatistics.Rewalks.ShouldBe(1UL);
        Disable(machine);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(0, 0, 0, 0)).ShouldBe(0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
    }

    [Fact]
    public void WhatIsLoggedIsNotKept()
    {
        using SpeMachine machine = Machine();
        Mapped(machine);
        Again(machine);
        Disable(machine);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(0, TestVm.RamBase, 16 << 20, machine.Test.Ram, KvmMemoryFlags.LogDirtyPages)).ShouldBe(0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Vm.PinCacheStatistics.DroppedForLog.ShouldBe(1UL);
        Again(machine).ShouldBeFalse();
        machine.Test.Host.PinnedBytes.ShouldBe(20 * Page);
        Disable(machine);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
    }

    /// <summary>Below a lowered limit nothing that is unlocked could be charged again: it stays locked until the limit allows, and VmLck stays the watermark, cache or no cache.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void VmLckDoesNotFallWhenTheLimitIsLoweredUnderIt(bool cache)
    {
        using SpeMachine machine = Machine(cache: cache ? null : PinCacheOptions.Off);
        Mapped(machine, pages: 32);
        Again(machine);
        machine.Test.Host.Limit = 5 * Page;
        Disable(machine);
        machine.Test.Host.LockedBytes.ShouldBe(20 * Page);
        machine.Vm.Spe.Account.Charged.ShouldBe(machine.Vm.Spe.Account.Watermark);

        // Another buffer is refused, and the refusal costs nothing either.
        machine.WriteDone(SysRegId.PMBPTR_EL1, Va + (16 * Page));
        machine.Write(SysRegId.PMBLIMITR_EL1, (Va + (20 * Page)) | 1).ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Rlimit);
        machine.Test.Host.LockedBytes.ShouldBe(20 * Page);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        machine.Test.Host.Limit = 40 * Page;
        machine.Vcpu.Run().ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        Disable(machine);
        machine.Test.Host.PinnedBytes.ShouldBe(cache ? 24 * Page : 0);
        machine.Test.Host.LockedBytes.ShouldBe(machine.Vm.Spe.Account.Watermark);
    }

    /// <summary>A buffer from 0 to 0 is pinned: it has no pages. It must not pass for one of all addresses.</summary>
    [Fact]
    public void ABufferWithoutPagesStandsForNoOther()
    {
        using SpeMachine machine = Machine();
        Again(machine, 0, 0).ShouldBeFalse();
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, (4 * Page) | 1);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x25UL << 26) | S | 7);
    }

    [Fact]
    public void OffMeansThatNothingIsKept()
    {
        using SpeMachine machine = Machine(cache: PinCacheOptions.Off);
        Mapped(machine);
        Again(machine);
        Disable(machine);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        Again(machine).ShouldBeFalse();
    }

    [Fact]
    public void AsPostedNothingIsKept()
    {
        using SpeMachine machine = new(1, 0, ram: 16 << 20, new KvmOptions { SpeSeries = SpeSeries.V6Rfc }, pinCache: true);
        Mapped(machine);
        machine.Enable(Va, Va + (16 * Page));
        Disable(machine);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
    }

    [Fact]
    public void ResetAndDisposeReleaseWhatWasKept()
    {
        SpeMachine machine = Machine(vcpus: 2);
        Mapped(machine);
        Again(machine);
        Disable(machine);
        Again(machine, vcpu: machine.Vm.Vcpus[1]);
        Disable(machine, machine.Vm.Vcpus[1]);
        machine.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.Spe)).ShouldBe(0);
        machine.Vcpu.Spe.Kept.ShouldBeEmpty();
        machine.Vm.PinCacheStatistics.KeptBytes.ShouldBe(20 * Page);
        machine.Dispose();
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
    }

    [Fact]
    public void WhatNobodyUsesGoes()
    {
        using SpeMachine machine = Machine(cache: PinCacheOptions.Default with { Age = TimeSpan.FromMilliseconds(1) });
        Mapped(machine);
        Again(machine);
        Disable(machine);
        while (machine.Vm.Spe.PinnedPages != 0)
        {
            Thread.Yield();
        }

        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        machine.Vm.PinCacheStatistics.DroppedForAge.ShouldBe(1UL);
        machine.Test.Host.LockedBytes.ShouldBe(20 * Page);
    }
}
