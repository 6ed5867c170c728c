using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;
using static Pinion.Kvm.Tests.Spe.Early.EarlyMachine;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>KVM_CAP_ARM_LOCK_USER_MEMORY_REGION of the fourth and fifth posting.</summary>
public sealed unsafe class LockMemoryTests
{
    private const ulong Both = KvmLockMemory.Read | KvmLockMemory.Write;
    private const uint None = 9;

    /// <summary>Memslots of the tests beside 0, which is all of RAM.</summary>
    private static EarlyMachine Machine(SpeSeries series, bool configured = false)
    {
        EarlyMachine machine = new(series, configured: configured);
        nint ram = machine.Test.Ram;
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, ram, KvmMemoryFlags.ReadOnly)).ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(2, 0x9000_0000, 4 * Page, ram, KvmMemoryFlags.LogDirtyPages)).ShouldBe(0);
        return machine;
    }

    /// <summary>Each line breaks one rule, or two that are checked one after the other: then the first answers.</summary>
    [Theory]
    [InlineData(0u, 0UL, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(3u, 0UL, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(4u, 0UL, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(5u, 0UL, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, 0UL, Both, 1UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, 0UL, Both, 0UL, 1UL, -Errno.EINVAL)]
    [InlineData(2u, 0UL, 1UL, 0UL, 1UL, -Errno.EINVAL)]
    [InlineData(1u, 32767UL, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, 0x1_0000_0000UL, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, 0UL, KvmLockMemory.Write, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, 0UL, 0UL, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, (ulong)None, Both, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(1u, 1UL, Both, 0UL, 0UL, -Errno.EPERM)]
    [InlineData(1u, 2UL, Both, 0UL, 0UL, -Errno.EPERM)]
    [InlineData(1u, 1UL, KvmLockMemory.Read, 0UL, 0UL, 0)]
    [InlineData(1u, 2UL, KvmLockMemory.Read, 0UL, 0UL, 0)]
    [InlineData(1u, 0UL, Both, 0UL, 0UL, 0)]
    [InlineData(1u, 0UL, 0xFFFF_FFFF_FFFF_FFFFUL, 0UL, 0UL, 0)] // unknown bits are not looked at
    [InlineData(2u, 32767UL, 0UL, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(2u, (ulong)None, 0UL, 0UL, 0UL, -Errno.EINVAL)]
    [InlineData(2u, 32767UL, KvmLockMemory.UnlockAll, 0UL, 0UL, 0)] // all: the slot is not looked at
    public void ACallIsCheckedInThePostingsOrder(uint flags, ulong slot, ulong how, ulong third, ulong fourth, int expected)
    {
        foreach (SpeSeries series in (SpeSeries[])[SpeSeries.V4, SpeSeries.V5])
        {
            using EarlyMachine machine = Machine(series);
            machine.EnableCap(flags, slot, how, third, fourth).ShouldBe(expected);
            machine.Vm.Slots.All.ToArray().Any(s => s.IsLocked).ShouldBe(expected == 0 && flags == KvmLockMemory.FlagsLock);
        }
    }

    [Fact]
    public void OtherCapabilitiesKeepTheirRules()
    {
        using EarlyMachine machine = Machine(SpeSeries.V4);
        machine.Vm.EnableCap(new KvmEnableCap { Cap = KvmCapability.ArmNisvToUser, Flags = 1 }).ShouldBe(-Errno.EINVAL);
        machine.Vm.EnableCap(new KvmEnableCap { Cap = KvmCapability.ArmNisvToUser }).ShouldBe(0);
        foreach (SpeSeries series in (SpeSeries[])[SpeSeries.V3, SpeSeries.V6])
        {
            using TestVm test = new(options: new KvmOptions { SpeSeries = series });
            KvmEnableCap cap = new() { Cap = 206 };
            cap.Args[1] = Both;
            test.Vm.EnableCap(cap with { Flags = 1 }).ShouldBe(-Errno.EINVAL);
            test.Vm.EnableCap(cap with { Flags = 1, Cap = 207 }).ShouldBe(-Errno.EINVAL);
        }
    }

    /// <summary>A vCPU inside a call is found after the arguments' form, and before the memslot is looked for.</summary>
    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void ABusyVcpuIsEbusyBeforeTheMemslotIsLookedAt(SpeSeries series)
    {
        using EarlyMachine machine = Machine(series);
        WhileBusy(machine.Vcpu, () =>
        {
            machine.Lock().ShouldBe(-Errno.EBUSY);
            machine.Lock(None).ShouldBe(-Errno.EBUSY);
            machine.Lock(1).ShouldBe(-Errno.EBUSY); // before EPERM
            machine.Lock(32767).ShouldBe(-Errno.EINVAL);
            machine.Lock(0, KvmLockMemory.Write).ShouldBe(-Errno.EINVAL);
            machine.Unlock(None).ShouldBe(-Errno.EINVAL);
            machine.UnlockAll().ShouldBe(0);
        });
        machine.Lock().ShouldBe(0);
    }

    [Theory]
    [InlineData(SpeSeries.V4, -Errno.EBUSY, -Errno.EBUSY, -Errno.EBUSY)]
    [InlineData(SpeSeries.V5, 0, -Errno.EINVAL, -Errno.EPERM)]
    public void AfterAVcpuHasRunOnlyTheFifthPostingLocks(SpeSeries series, int expected, int missing, int readOnly)
    {
        using EarlyMachine machine = Machine(series, configured: true);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Lock(None).ShouldBe(missing);
        machine.Lock(1).ShouldBe(readOnly);
        machine.Lock(32767).ShouldBe(-Errno.EINVAL);
        machine.Lock().ShouldBe(expected);
    }

    [Theory]
    [InlineData(SpeSeries.V4, 0)]
    [InlineData(SpeSeries.V5, -Errno.EINVAL)]
    public void LocksDoNotNest(SpeSeries series, int notLocked)
    {
        using EarlyMachine machine = Machine(series);
        machine.Unlock().ShouldBe(notLocked);
        machine.Unlock(1).ShouldBe(notLocked);
        machine.Lock().ShouldBe(0);
        machine.Lock().ShouldBe(-Errno.EBUSY);
        machine.Lock(0, KvmLockMemory.Read).ShouldBe(-Errno.EBUSY);
        machine.Lock(1, KvmLockMemory.Read).ShouldBe(0);
        machine.Lock(1).ShouldBe(-Errno.EPERM); // before EBUSY
        machine.Unlock().ShouldBe(0);
        machine.Unlock().ShouldBe(notLocked);
        machine.Lock().ShouldBe(0);
        machine.UnlockAll().ShouldBe(0);
        machine.Unlock().ShouldBe(notLocked);
        machine.Unlock(1).ShouldBe(notLocked);
        machine.UnlockAll().ShouldBe(0);
    }

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void ALockPinsChargesAndMapsTheWholeMemslot(SpeSeries series)
    {
        using EarlyMachine machine = new(series);
        machine.Lock().ShouldBe(0);
        machine.Test.Host.PinnedBytes.ShouldBe(machine.Test.RamSize);
        machine.Test.Host.LockedBytes.ShouldBe(machine.Test.RamSize);
        for (ulong page = 0; page < machine.Slot.Pages; page++)
        {
            machine.Slot.IsMappedWritable(page).ShouldBeTrue();
        }

        machine.Unlock().ShouldBe(0);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
    }

    /// <summary>Whatever keeps a page from being pinned is ENOMEM, and nothing stays behind.</summary>
    [Theory]
    [InlineData("limit")]
    [InlineData("host")]
    [InlineData("hole")]
    [InlineData("fault")]
    [InlineData("unreadable")]
    [InlineData("unwritable")]
    public void WhatCannotBePinnedIsEnomemAndLeavesNothing(string why)
    {
        foreach (SpeSeries series in (SpeSeries[])[SpeSeries.V4, SpeSeries.V5])
        {
            using EarlyMachine machine = new(series);
            DeterministicHostMemory host = machine.Test.Host;
            nint ram = machine.Test.Ram;
            nint end = ram + (nint)machine.Test.RamSize;
            nint middle = ram + (nint)(8 * Page);
            HostMapping good = new(ram, middle, true, true);
            switch (why)
            {
                case "limit":
                    host.Limit = machine.Test.RamSize - Page;
                    break;
                case "host":
                    host.FailLock = (_, _) => Errno.EAGAIN;
                    break;
                case "fault":
                    host.FailLock = (_, _) => Errno.EFAULT;
                    break;
                case "hole":
                    machine.Mappings.Mappings = [good, new(middle + (nint)Page, end, true, true)];
                    break;
                case "unreadable":
                    machine.Mappings.Mappings = [good, new(middle, end, false, false)];
                    break;
                case "unwritable":
                    machine.Mappings.Mappings = [good, new(middle, end, true, false)];
                    break;
            }

            machine.Lock().ShouldBe(-Errno.ENOMEM);
            machine.Slot.IsLocked.ShouldBeFalse();
            machine.Slot.IsMapped(0).ShouldBeFalse();
            machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.None);
            host.LockedBytes.ShouldBe(0UL);

            // For reading only, what cannot be written will do.
            machine.Lock(0, KvmLockMemory.Read).ShouldBe(why == "unwritable" ? 0 : -Errno.ENOMEM);

            host.Limit = ulong.MaxValue;
            host.FailLock = null;
            machine.Mappings.Mappings = null;
            machine.Lock().ShouldBe(why == "unwritable" ? -Errno.EBUSY : 0);
        }
    }

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void MappingsThatChangeMeanwhileAreEagainAndLeaveNothing(SpeSeries series)
    {
        using EarlyMachine machine = new(series);
        nint ram = machine.Test.Ram;
        nint end = ram + (nint)machine.Test.RamSize;
        machine.Mappings.Mappings = [new(ram, end, true, true)];
        machine.Test.Host.FailLock = (_, _) =>
        {
            machine.Mappings.Mappings = [new(ram, end, true, false)];
            return 0;
        };
        machine.Lock().ShouldBe(-Errno.EAGAIN);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
        machine.Slot.IsLocked.ShouldBeFalse();

        // That mlock itself divides a mapping, and marks it, is no change.
        machine.Mappings.Mappings = [new(ram, end, true, true)];
        machine.Test.Host.FailLock = (_, _) =>
        {
            machine.Mappings.Mappings = [new(ram, ram + (nint)Page, true, true, Locked: true), new(ram + (nint)Page, end, true, true)];
            return 0;
        };
        machine.Lock().ShouldBe(0);
    }

    /// <summary>Two memslots with the same memory: it stays locked, charged once, until both are unlocked.</summary>
    [Fact]
    public void MemoryOfTwoMemslotsIsLockedUntilBothAreUnlocked()
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram + (nint)Page)).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        machine.Lock(1).ShouldBe(0);
        machine.Test.Host.LockedBytes.ShouldBe(machine.Test.RamSize);
        machine.Unlock().ShouldBe(0);
        machine.Test.Host.LockedBytes.ShouldBe(4 * Page);
        machine.Test.Host.IsLocked(machine.Test.Ram).ShouldBeFalse();
        machine.Test.Host.IsLocked(machine.Test.Ram + (nint)Page).ShouldBeTrue();
        machine.Unlock(1).ShouldBe(0);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
    }

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void TheVmsEndUnlocksEverything(SpeSeries series)
    {
        EarlyMachine machine = new(series);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram)).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        machine.Lock(1).ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Reinit().ShouldBe(0); // leaves maintenance pending
        machine.Dispose();
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
    }

    /// <summary>The unit writes a locked buffer without a fault; without a lock it faults on a page that no CPU touched, and KVM shows an external abort.</summary>
    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void TheUnitFaultsOnWhatIsNotLocked(SpeSeries series)
    {
        using EarlyMachine locked = new(series);
        locked.Lock().ShouldBe(0);
        locked.Profile();
        locked.Spe.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
        locked.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(0UL);
        locked.Test.Word(BufferOffset).ShouldNotBe(0UL);

        using EarlyMachine without = new(series);
        without.Profile();
        without.Spe.Read(SysRegId.PMBSR_EL1).ShouldBe((0x24UL << 26) | S | Ea | 0x10);
        without.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(1UL);
        without.Test.Word(BufferOffset).ShouldBe(0UL);
    }

    /// <summary>A lock for reading maps for reading, and only a write of the guest's CPU upgrades a page.</summary>
    [Fact]
    public void AReadOnlyLockIsUpgradedByTheGuestsWrite()
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Lock(0, KvmLockMemory.Read).ShouldBe(0);
        machine.Profile(); // its code was read from memory that is locked for reading
        machine.Slot.IsMappedWritable(BufferOffset / Page).ShouldBeFalse();
        machine.Slot.IsMappedWritable(2).ShouldBeFalse();
        machine.Spe.Read(SysRegId.PMBSR_EL1).ShouldBe((0x24UL << 26) | S | Ea | 0x10);

        machine.Store(BufferAddress);
        machine.Slot.IsMappedWritable(BufferOffset / Page).ShouldBeTrue();
        machine.Slot.IsMappedWritable((BufferOffset / Page) + 1).ShouldBeFalse();
        machine.Spe.WriteDone(SysRegId.PMBSR_EL1, 0);
        machine.Profile();
        machine.Spe.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
        machine.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(1UL);
    }

    /// <summary>What the host does to pages that may not move leaves them mapped; memory that goes is gone.</summary>
    [Theory]
    [InlineData(MmuEvent.ProtectionPage, true)]
    [InlineData(MmuEvent.Migrate, true)]
    [InlineData(MmuEvent.Aging, true)]
    [InlineData(MmuEvent.Unmap, false)]
    [InlineData(MmuEvent.Clear, false)]
    public void TheHostsEventsLeaveLockedPagesMapped(MmuEvent what, bool stays)
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        nint other = machine.Test.Ram + 0x8_0000;
        machine.Lock().ShouldBe(0);
        machine.Vm.InvalidateRange(other, 2 * Page, what);
        machine.Slot.IsMapped(0x80).ShouldBe(stays);
        machine.Slot.IsMapped(0x81).ShouldBe(stays);
        machine.Slot.IsMapped(0x82).ShouldBeTrue();
        machine.Unlock().ShouldBe(0);
        machine.Lock().ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Unlock().ShouldBe(0);
        machine.Slot.IsMapped(0x80).ShouldBeTrue();
        machine.Vm.InvalidateRange(other, 2 * Page, what);
        machine.Slot.IsMapped(0x80).ShouldBeFalse();
    }

    private const uint Logged = (uint)KvmMemoryFlags.LogDirtyPages;

    /// <summary>What may be done to a memslot: not locked, locked for reading, locked for writing.</summary>
    [Theory]
    [InlineData("same", 0, 0, 0)]
    [InlineData("delete", 0, -Errno.EBUSY, -Errno.EBUSY)]
    [InlineData("move", 0, -Errno.EBUSY, -Errno.EBUSY)]
    [InlineData("move and log", 0, -Errno.EBUSY, -Errno.EBUSY)]
    [InlineData("move out of range", -Errno.EFAULT, -Errno.EBUSY, -Errno.EBUSY)]
    [InlineData("move over another", -Errno.EEXIST, -Errno.EEXIST, -Errno.EEXIST)]
    [InlineData("other size", -Errno.EINVAL, -Errno.EINVAL, -Errno.EINVAL)]
    [InlineData("unknown flag", -Errno.EINVAL, -Errno.EINVAL, -Errno.EINVAL)]
    [InlineData("log", 0, 0, -Errno.EBUSY)]
    public void ALockedMemslotMayOnlyBeginToBeLogged(string what, int free, int read, int write)
    {
        foreach (SpeSeries series in (SpeSeries[])[SpeSeries.V4, SpeSeries.V5])
        {
            foreach ((ulong how, int expected) in ((ulong, int)[])[(0, free), (KvmLockMemory.Read, read), (Both, write)])
            {
                using EarlyMachine machine = new(series);
                nint hva = machine.Test.Ram + 0x8_0000;
                machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, hva)).ShouldBe(0);
                if (how != 0)
                {
                    machine.Lock(1, how).ShouldBe(0);
                }

                machine.Vm.SetUserMemoryRegion(what switch
                {
                    "delete" => TestVm.Region(1, 0, 0, 0),
                    "move" => TestVm.Region(1, 0x9000_0000, 4 * Page, hva),
                    "move and log" => TestVm.Region(1, 0x9000_0000, 4 * Page, hva, KvmMemoryFlags.LogDirtyPages),
                    "move out of range" => TestVm.Region(1, 1UL << 40, 4 * Page, hva),
                    "move over another" => TestVm.Region(1, TestVm.RamBase, 4 * Page, hva),
                    "other size" => TestVm.Region(1, 0x8000_0000, 8 * Page, hva),
                    "unknown flag" => TestVm.Region(1, 0x8000_0000, 4 * Page, hva, (KvmMemoryFlags)8),
                    "log" => TestVm.Region(1, 0x8000_0000, 4 * Page, hva, KvmMemoryFlags.LogDirtyPages),
                    _ => TestVm.Region(1, 0x8000_0000, 4 * Page, hva),
                }).ShouldBe(expected);
            }
        }
    }

    [Fact]
    public void TheLockSurvivesThatLoggingBeginsAndItCannotEnd()
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Lock(0, KvmLockMemory.Read).ShouldBe(0);
        KvmUserspaceMemoryRegion logged = TestVm.Region(0, TestVm.RamBase, machine.Test.RamSize, machine.Test.Ram, (KvmMemoryFlags)Logged);
        machine.Vm.SetUserMemoryRegion(logged).ShouldBe(0);
        machine.Slot.Lock.ShouldBe(MemorySlotLock.Read);
        machine.Slot.IsMapped(0).ShouldBeTrue();
        machine.Vm.SetUserMemoryRegion(logged with { Flags = 0 }).ShouldBe(-Errno.EBUSY);
        machine.Store(BufferAddress);
        machine.Slot.IsDirty(BufferOffset / Page).ShouldBeTrue();
        machine.Unlock().ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(logged with { Flags = 0 }).ShouldBe(0);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
    }

    /// <summary>Two threads lock and unlock while vCPUs run and are reset: every answer is one that is documented, and at the end nothing is locked.</summary>
    [Fact]
    public void LocksFromTwoThreadsBesideRunningVcpusLeaveNothing()
    {
        using EarlyMachine machine = new(SpeSeries.V5, vcpus: 2);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram + 0x8_0000)).ShouldBe(0);
        List<int> unexpected = [];
        Thread[] threads =
        [
            .. Enumerable.Range(0, 2).Select(seed => new Thread(() =>
            {
                Random random = new(seed);
                for (int i = 0; i < 300; i++)
                {
                    ulong slot = (ulong)random.Next(2);
                    KvmEnableCap cap = new() { Cap = 207, Flags = (uint)random.Next(1, 3) };
                    cap.Args[0] = slot;
                    cap.Args[1] = cap.Flags == 1 ? Both : 0;
                    int result = machine.Vm.EnableCap(cap);
                    if (result != 0 && result != (cap.Flags == 1 ? -Errno.EBUSY : -Errno.EINVAL))
                    {
                        lock (unexpected)
                        {
                            unexpected.Add(result);
                        }
                    }
                }
            })),
            .. machine.Vm.Vcpus.Select(vcpu => new Thread(() =>
            {
                for (int i = 0; i < 300; i++)
                {
                    machine.RunOnce(vcpu);
                    if (i % 16 == 0)
                    {
                        machine.Reinit(vcpu);
                    }
                }
            })),
        ];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        unexpected.ShouldBeEmpty();
        machine.UnlockAll().ShouldBe(0);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.None);
    }
}
