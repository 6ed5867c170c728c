using Pinion.Kvm.Locking;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Locking;

/// <summary>The lock-order checker: what it reports, and that it watches over every lock of this room.</summary>
public sealed class LockOrderTests
{
    [Fact]
    public void TheCheckIsOnInTheseTests() => LockOrder.Enabled.ShouldBeTrue();

    [Fact]
    public void AWrongOrderIsReportedWithBothLocksAndWhere()
    {
        using TestVm test = new();
        using (test.Vm.SlotsLock.Enter())
        {
            string said = Should.Throw<InvalidOperationException>(() => test.Vm.ConfigLock.Enter()).Message;
            said.ShouldMatch(@"Config is wanted by \w+, line \d+, while Slots \(since AWrongOrderIsReportedWithBothLocksAndWhere, line \d+\) is held");
        }

        // Nothing of it sticks.
        test.Vm.ConfigLock.Enter().Dispose();
    }

    /// <summary>Every pair of the locks of a VM, both ways round: one way is silent, the other and the same lock twice are reported.</summary>
    [Fact]
    public void OfEveryPairOneOrderIsRight()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.AddGic();
        KvmLock[] order = [test.Vm.Lock, vcpu.Mutex, test.Vm.ConfigLock, test.Vm.SlotsLock, test.Vm.Spe.PinLock, test.Vm.Vgic!.Lock, new(LockRank.Scheduler), new(LockRank.Files)];
        for (int outer = 0; outer < order.Length; outer++)
        {
            for (int inner = 0; inner < order.Length; inner++)
            {
                using (order[outer].Enter())
                {
                    KvmLock second = order[inner];
                    if (inner > outer)
                    {
                        second.Enter().Dispose();
                    }
                    else
                    {
                        Should.Throw<InvalidOperationException>(() => second.Enter());
                    }
                }
            }
        }
    }

    [Fact]
    public void ALockThatWasTriedCountsAsHeldAndHidesNoneBelowIt()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        using (test.Vm.SlotsLock.Enter())
        {
            vcpu.Mutex.TryEnter().ShouldBeTrue();
            vcpu.Mutex.TryEnter().ShouldBeFalse();
            Should.Throw<InvalidOperationException>(() => test.Vm.ConfigLock.Enter()).Message.ShouldContain("while Slots");
            test.Vm.Spe.PinLock.Enter().Dispose();
        }

        // Given back out of order: the mutex is still held.
        Should.Throw<InvalidOperationException>(() => test.Vm.Lock.Enter()).Message.ShouldContain("while Vcpu");
        vcpu.Mutex.Exit();
        test.Vm.Lock.Enter().Dispose();
        Should.Throw<InvalidOperationException>(vcpu.Mutex.Exit).Message.ShouldContain("not held");
    }

    [Fact]
    public void WaitingForTheGuestIsAnAcquisitionToo()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.AddGic();
        using (test.Vm.Vgic!.Lock.Enter())
        {
            // A guest that takes the controller's lock would never leave.
            Should.Throw<InvalidOperationException>(vcpu.InvalidateStage2).Message.ShouldContain("Guest is wanted by InvalidateStage2");
        }

        using (test.Vm.Spe.PinLock.Enter())
        {
            vcpu.InvalidateStage2();
        }

        LockOrder.EntersGuest();
        Should.Throw<InvalidOperationException>(() => test.Vm.SlotsLock.Enter()).Message.ShouldContain("Slots is wanted");
        LockOrder.LeavesGuest();
    }

    [Fact]
    public void NobodySleepsWithALockThatOthersNeed()
    {
        using TestVm test = new();
        using Sleeper sleeper = new();
        using (test.Vm.ConfigLock.Enter())
        {
            Should.Throw<InvalidOperationException>(() => sleeper.Sleep(1, () => true)).Message.ShouldContain("Sleep sleeps while Config");
        }

        Vcpu vcpu = test.AddVcpu();
        using (vcpu.Mutex.Enter())
        {
            sleeper.Sleep(1, () => true);
        }
    }

    /// <summary>The guest's own path takes the controller's lock: with a lock below it held, the check has to speak.</summary>
    [Fact]
    public void TheInterruptControllersLockIsWatched()
    {
        using TestVm test = new();
        test.AddVcpu();
        test.AddGic();
        using (new KvmLock(LockRank.Scheduler).Enter())
        {
            Should.Throw<InvalidOperationException>(() => test.Vm.IrqLine((1 << 24) | 40, true)).Message.ShouldContain("Gic is wanted by SetSpi");
            Should.Throw<InvalidOperationException>(() => test.Vm.SetUserMemoryRegion(new KvmUserspaceMemoryRegion())).Message.ShouldContain("Slots is wanted by SetUserMemoryRegion");
        }
    }
}
