using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;
using static Pinion.Kvm.Tests.Spe.Early.EarlyMachine;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>The deferred maintenance of locked memslots (fourth posting, patches 4 to 6; fifth posting, patch 7).</summary>
public sealed class PendingOperationTests
{
    private const PendingOperation AfterLock = PendingOperation.FlushDcache | PendingOperation.SanitiseTags;

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void TheFirstRunDoesWhatALockLeftTagsBeforeCaches(SpeSeries series)
    {
        using EarlyMachine machine = new(series, vcpus: 2);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram)).ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(2, 0x9000_0000, 4 * Page, machine.Test.Ram)).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        machine.Lock(2).ShouldBe(0);
        machine.Caches.Calls.ShouldBeEmpty();
        machine.Vm.PendingOperations.Pending.ShouldBe(AfterLock);
        machine.RunOnce(machine.Vm.Vcpus[1]).ShouldBe(-Errno.EINTR);
        machine.Caches.Calls.ShouldBe(["tags 0", "tags 2", "dcache 0", "dcache 2"]);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Caches.Calls.Count.ShouldBe(4);
    }

    /// <summary>Before what the first run checks: a run that is refused has done it all the same. A vCPU that was never initialised has not.</summary>
    [Fact]
    public void ItIsDoneBeforeTheFirstRunsChecks()
    {
        using EarlyMachine machine = new(SpeSeries.V4, configured: false);
        machine.Vm.CreateVcpu(1, out Vcpu? raw).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        raw!.Run().ShouldBe(-Errno.ENOEXEC);
        machine.Caches.Calls.ShouldBeEmpty();
        machine.RunOnce().ShouldBe(-Errno.EPERM);
        machine.Caches.Calls.ShouldBe(["tags 0", "dcache 0"]);
        machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.None);
    }

    [Fact]
    public void AFailureKeepsEverythingForTheNextRun()
    {
        using EarlyMachine machine = new(SpeSeries.V5, vcpus: 2);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram)).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        machine.Lock(1).ShouldBe(0);
        int failures = 2;
        machine.Caches.OnTags = slot => slot.Id == 1 && failures-- > 0 ? Errno.EFAULT : 0;
        machine.RunOnce().ShouldBe(-Errno.EFAULT);
        machine.RunOnce(machine.Vm.Vcpus[1]).ShouldBe(-Errno.EFAULT);
        machine.Vm.PendingOperations.Pending.ShouldBe(AfterLock);
        machine.Caches.Calls.ShouldBe(["tags 0", "tags 1", "tags 0", "tags 1"]);
        machine.Vm.HasRanOnce.ShouldBeFalse();
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Caches.Calls[4..].ShouldBe(["tags 0", "tags 1", "dcache 0", "dcache 1"]);
        machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.None);
    }

    /// <summary>Of two vCPUs that run at once one does it, and the other does not enter the guest before it is done.</summary>
    [Fact]
    public void OfTwoRunnersTheSecondWaitsAndFindsNothing()
    {
        using EarlyMachine machine = new(SpeSeries.V4, vcpus: 2);
        machine.Lock().ShouldBe(0);
        int second = 1;
        Thread? other = null;
        machine.Caches.OnClean = () =>
        {
            other ??= StartAndBlock(() => second = machine.RunOnce(machine.Vm.Vcpus[1]));
            second.ShouldBe(1);
        };
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        other!.Join();
        second.ShouldBe(-Errno.EINTR);
        machine.Caches.Calls.ShouldBe(["tags 0", "dcache 0"]);
    }

    /// <summary>The lock that the posted flush forgot: nothing changes under the maintenance.</summary>
    [Fact]
    public void AMemslotCannotBeUnlockedMeanwhile()
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Lock().ShouldBe(0);
        int unlocked = 1;
        Thread? other = null;
        machine.Caches.OnClean = () =>
        {
            other = StartAndBlock(() => unlocked = machine.Unlock());
            machine.Slot.IsLocked.ShouldBeTrue();
        };
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        other!.Join();
        unlocked.ShouldBe(0);
    }

    /// <summary>A vCPU is reset: locked memslots keep their mapping and wait for their maintenance, the others are mapped anew by faults.</summary>
    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void AResetSetsTheBitsForLockedMemslotsAndUnmapsTheOthers(SpeSeries series)
    {
        using EarlyMachine machine = new(series, vcpus: 2);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram + 0x8_0000)).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        machine.Reinit().ShouldBe(0); // it has not run
        machine.Vm.PendingOperations.Pending.ShouldBe(AfterLock);
        machine.Store(0x8000_1000);
        MemorySlot other = machine.Vm.Slots.ById(1)!;
        other.IsMapped(1).ShouldBeTrue();
        machine.Caches.Calls.Clear();

        machine.Reinit().ShouldBe(0);
        other.IsMapped(1).ShouldBeFalse();
        machine.Slot.IsMapped(5).ShouldBeTrue();
        machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.FlushDcache | PendingOperation.InvalidateIcache);
        machine.RunOnce(machine.Vm.Vcpus[1]).ShouldBe(-Errno.EINTR);
        machine.Caches.Calls.ShouldBe(["dcache 0", "icache"]);
    }

    [Fact]
    public void AResetWithoutLockedMemslotsLeavesNothingPending()
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Store(BufferAddress);
        machine.Reinit().ShouldBe(0);
        machine.Slot.IsMapped(BufferOffset / Page).ShouldBeFalse();
        machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.None);
    }

    /// <summary>Unlocked before anything ran: the fifth posting takes the memslot from stage 2, and forgets what was pending with the last lock. The fourth does neither.</summary>
    [Theory]
    [InlineData(SpeSeries.V4, true)]
    [InlineData(SpeSeries.V5, false)]
    public void UnlockingBeforeARun(SpeSeries series, bool stays)
    {
        foreach (bool all in (bool[])[false, true])
        {
            using EarlyMachine machine = new(series);
            machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram)).ShouldBe(0);
            machine.Lock().ShouldBe(0);
            machine.Lock(1).ShouldBe(0);
            if (!all)
            {
                machine.Unlock(1).ShouldBe(0);
                machine.Vm.Slots.ById(1)!.IsMapped(0).ShouldBe(stays);
                machine.Slot.IsMapped(0).ShouldBeTrue();
                machine.Vm.PendingOperations.Pending.ShouldBe(AfterLock);
                machine.Unlock().ShouldBe(0);
            }
            else
            {
                machine.UnlockAll().ShouldBe(0);
                machine.Vm.Slots.ById(1)!.IsMapped(0).ShouldBe(stays);
            }

            machine.Slot.IsMapped(0).ShouldBe(stays);
            machine.Vm.PendingOperations.Pending.ShouldBe(stays ? AfterLock : PendingOperation.None);
            machine.RunOnce().ShouldBe(-Errno.EINTR);
            machine.Caches.Calls.ShouldBeEmpty();
            machine.Vm.PendingOperations.Pending.ShouldBe(PendingOperation.None);
        }
    }

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void UnlockingAfterARunKeepsTheMapping(SpeSeries series)
    {
        using EarlyMachine machine = new(series);
        machine.Lock().ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Unlock().ShouldBe(0);
        machine.Slot.IsMappedWritable(7).ShouldBeTrue();
    }
}
