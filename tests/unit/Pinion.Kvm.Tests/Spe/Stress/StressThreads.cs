using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Stress;

/// <summary>
/// The same machine with a thread for each vCPU and one for the VMM. What a thread cannot know of the others it leaves out; what must hold at any moment is looked at with the pin lock held.
/// </summary>
internal sealed class StressThreads(int seed, SpeSeries series, bool cached)
{
    private const ulong Page = StressMachine.Page;

    private readonly StressMachine _machine = new(series, 0, cached);
    private readonly Random _failure = new(seed);
    private volatile bool _done;
    private Exception? _trouble;
    private ulong _watermark;
    private ulong _mostUnpaid;
    private int _pinned, _refused, _faulted, _lost, _changes;

    public string Summary => $"{series.Name()}{(cached ? " with pin cache" : "")}, seed {seed}: {_pinned} times pinned, {_refused} refused, {_faulted} faulted, {_lost} lost, {_changes} changes by the VMM, {_mostUnpaid} bytes unpaid at most";

    /// <summary>Runs <paramref name="operations"/> register writes on each vCPU.</summary>
    public void Perform(ulong operations)
    {
        _machine.Host.FailLock = (_, _) => _failure.Next(64) switch { 0 => Errno.ENOMEM, 1 => Errno.EAGAIN, 2 => Errno.EFAULT, _ => 0 };
        Thread[] guests = [.. Enumerable.Range(0, StressMachine.VcpuCount).Select(index => Begin(() => Guest(index, operations)))];
        Thread vmm = Begin(Vmm);
        foreach (Thread guest in guests)
        {
            guest.Join(TimeSpan.FromMinutes(20)).ShouldBeTrue("a vCPU is stuck");
        }

        _done = true;
        vmm.Join(TimeSpan.FromMinutes(1)).ShouldBeTrue("the VMM is stuck");
        if (_trouble is not null)
        {
            throw new InvalidOperationException($"seed {seed}: {_trouble.Message}", _trouble);
        }

        _machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        _machine.Vm.Spe.Account.Locked.ShouldBe(_machine.Host.PinnedBytes);
        (cached || _machine.Host.PinnedBytes == 0).ShouldBeTrue("no buffer is enabled, and pages are locked");
        _machine.Host.LockedBytes.ShouldBe(_machine.Vm.Spe.Account.Watermark);
        _machine.Dispose();
        _machine.Host.LeftBehind.ShouldBe(0UL, "locked when the VM was gone");

        // How often the threads meet is the host's choice; that they ran at all is not.
        (_pinned > 0 && _changes > 0).ShouldBeTrue(Summary);
    }

    private Thread Begin(Action work)
    {
        Thread thread = new(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _trouble, e, null);
                _done = true;
            }
        });
        thread.Start();
        return thread;
    }

    /// <summary>A guest's driver: stop, acknowledge, program, go; on a space of its own or one whose tables another vCPU uses.</summary>
    private void Guest(int index, ulong operations)
    {
        Random random = new((seed * 16) + index);
        PinModel tables = new(0) { SlotHome = StressMachine.SlotHomes[0] };
        int leafTable = StressMachine.LeafTableOf(index);
        if (leafTable >= 0)
        {
            // Half of what the leaf tables map lies in the slot that comes and goes. Both users of the shared one write the same.
            tables.Leaves[leafTable] = [.. Enumerable.Range(0, StressMachine.Leaves).Select(i => new Leaf(LeafKind.Page, i % 16 < 8
                ? StressMachine.Data + (((ulong)i + ((ulong)leafTable * 4)) * Page)
                : StressMachine.SlotHomes[0] + ((ulong)(i % StressMachine.SlotPages) * Page)))];
            for (int i = 0; i < StressMachine.Leaves; i++)
            {
                _machine.WriteLeaf(leafTable, i, tables.Leaves[leafTable][i]);
            }
        }

        ulong from = StressMachine.BaseOf(_machine.SpaceOf[index]);
        for (ulong done = 0; done < operations && !_done;)
        {
            ulong pointer = from + ((ulong)random.Next(StressMachine.Leaves - 9) * Page);
            done += Write(index, SysRegId.PMBPTR_EL1, pointer);
            for (int resizes = random.Next(3); resizes >= 0; resizes--)
            {
                ulong limit = (pointer + ((ulong)random.Next(1, 10) * Page)) | 1;
                done += Write(index, SysRegId.PMBLIMITR_EL1, limit);
                if (_machine.Get(index, SysRegId.PMBSR_EL1) != 0)
                {
                    Interlocked.Increment(ref _faulted);
                    break;
                }

                Interlocked.Increment(ref _pinned);
                Expectation expected = tables.Enable(index, _machine.SpaceOf[index], pointer, limit, [], ulong.MaxValue, 0);
                if (!Check(expected.Pages.Keys))
                {
                    // A buffer is there, or its guest is told.
                    Write(index, SysRegId.None, 0);
                    (_machine.Get(index, SysRegId.PMBSR_EL1) & Pmbsr.SMask).ShouldNotBe(0UL, "the buffer is not locked, and its guest hears nothing");
                    Interlocked.Increment(ref _lost);
                }
            }

            done += Write(index, SysRegId.PMBLIMITR_EL1, 0);
            done += Write(index, SysRegId.PMBSR_EL1, 0);
        }

        Write(index, SysRegId.PMBLIMITR_EL1, 0);
        Write(index, SysRegId.PMBSR_EL1, 0);
    }

    /// <summary>One MSR, and the VMM's answers to the limit on the way: how many KVM_RUNs it took.</summary>
    private ulong Write(int index, SysRegId id, ulong value)
    {
        _machine.Start(index, id, value);
        ulong runs = 1;
        while (_machine.Run(index, out ulong excess) == RunEnd.Limit)
        {
            runs++;
            Interlocked.Increment(ref _refused);
            using KvmLock.Scope _ = _machine.Vm.Spe.PinLock.Enter();
            if (_machine.Host.Limit != ulong.MaxValue)
            {
                _machine.Host.Limit = Math.Max(_machine.Host.Limit, _machine.Host.LockedBytes) + excess;
            }
        }

        return runs;
    }

    private void Vmm()
    {
        Random random = new(seed);
        while (!_done)
        {
            switch (random.Next(5))
            {
                case 0:
                    _machine.DeleteSlot();
                    break;
                case 1:
                    using (_machine.Vm.Spe.PinLock.Enter())
                    {
                        // Never below what is charged: VmLck then equals the watermark at any moment.
                        _machine.Host.Limit = _machine.Host.LockedBytes + ((ulong)random.Next(8) * Page);
                    }

                    break;
                case 2:
                    // Pages that go and come back at once, under the very buffers.
                    ulong gpa = random.Next(2) == 0 ? StressMachine.Data + ((ulong)random.Next(StressMachine.DataPages) * Page) : StressMachine.SlotHomes[0];
                    _machine.Invalidate(gpa, 2 * Page, random.Next(4) == 0 ? MmuEvent.Unmap : MmuEvent.Aging);
                    break;
                default:
                    _machine.PutSlot(StressMachine.SlotHomes[0], random.Next(4) == 0 ? KvmMemoryFlags.LogDirtyPages : 0);
                    break;
            }

            Check([]);
            _changes++;
            Thread.SpinWait(random.Next(2000));
        }
    }

    /// <summary>What holds at any moment. Answers whether <paramref name="needed"/> is locked.</summary>
    private bool Check(IEnumerable<ulong> needed)
    {
        using KvmLock.Scope _ = _machine.Vm.Spe.PinLock.Enter();
        LockedMemory account = _machine.Vm.Spe.Account;
        // The posting's defect: a page that was joined before it was paid for stays pinned, and nobody ever pays.
        ulong unpaid = (ulong)_machine.Vm.Spe.Pages.UnpaidCount * Page;
        (series == SpeSeries.V6Rfc || unpaid == 0).ShouldBeTrue("a page is pinned that nobody paid for");
        _mostUnpaid = Math.Max(_mostUnpaid, unpaid);
        _machine.Host.PinnedBytes.ShouldBe(account.Locked - unpaid, "L = page x distinct pinned pages");
        account.Locked.ShouldBeLessThanOrEqualTo(account.Watermark + unpaid, "L <= W");
        account.Watermark.ShouldBeGreaterThanOrEqualTo(_watermark, "W never falls");
        _machine.Host.LockedBytes.ShouldBe(account.Watermark, "VmLck = W");
        _watermark = account.Watermark;
        HashSet<ulong> pages = [.. needed];
        return unpaid != 0 || _machine.Universe(StressMachine.SlotHomes[0]).All(page => !pages.Contains(page.Gpa) || _machine.Host.IsLocked(page.Host));
    }
}
