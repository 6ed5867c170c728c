using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The sixth posting as it was posted (patch 33), defects included: the maximum is charged for the first vCPU that sets it; pages are pinned and counted one by one, in the order of the walk, so
/// that the excess is never more than a page; a refused page ends the attempt, what was pinned is given up, and the next attempt begins anew; the excess is forgotten when user space is told.
/// </summary>
/// <remarks>
/// A page over the watermark is pinned before it is paid for. Here it is not locked with the host until it is: VmLck stays the watermark, as the kernel's does. A second vCPU that joins such a
/// page before the first gives it up keeps it, and nobody ever pays: more is then pinned than was charged.
/// </remarks>
internal sealed class SeriesV6Rfc(SpeVm vm) : SixthSeries(vm)
{
    private readonly SpeVm _vm = vm;
    private readonly HostRuns _page = new();
    private readonly HostRuns _taken = new();

    public override bool ChargesFirst => false;

    public override bool TakesRefusals => false;

    /// <summary>The second vCPU's identical value is answered before the posting gets to the charge.</summary>
    protected override int ChargeMaximum(SpeVcpu vcpu, ulong size, bool again)
    {
        if (again)
        {
            return 0;
        }

        using KvmLock.Scope _ = _vm.PinLock.Enter();
        return _vm.Account.Charge(size) == 0 ? 0 : -Errno.ENOMEM;
    }

    protected override PinResult Pin(SpeVcpu vcpu, ulong pointer, ulong limit, bool walked, ulong sequence)
    {
        int error = 0;
        HashSet<ulong> seen = [];
        using (_vm.PinLock.Enter())
        {
            vcpu.Pinning = new PinnedBuffer(vcpu);
        }

        foreach (PageRun run in vcpu.Walk.Touched)
        {
            for (ulong gpa = run.Gpa; gpa < run.End && error == 0; gpa += MemorySlot.PageSize)
            {
                // Bit 0: for writing.
                if (!seen.Contains(gpa | 1) && seen.Add(gpa | (run.Writable ? 1UL : 0)))
                {
                    error = PinPage(vcpu, new PageRun(gpa, MemorySlot.PageSize, run.Writable), sequence);
                }
            }
        }

        if (error == 0 && walked)
        {
            return _vm.PublishPinning(vcpu) ? new PinResult(PinOutcome.Committed) : new PinResult(PinOutcome.Retry);
        }

        if (error == -Errno.ENOMEM)
        {
            _vm.AtStep?.Invoke(PinStep.Unpaid);
        }

        _vm.DropPinning(vcpu);
        return error == 0 ? EventOf(vcpu.Walk) : ResultOf(error, vcpu.Excess);
    }

    /// <summary>kvm_spe_pin_gpa: joins a page that is pinned; pins, counts and only then charges one that is not.</summary>
    private int PinPage(SpeVcpu vcpu, PageRun page, ulong sequence)
    {
        using KvmLock.Scope _ = _vm.PinLock.Enter();
        if (vcpu.Pinning is not { } buffer || _vm.Sequence != sequence)
        {
            return -Errno.EAGAIN;
        }

        LockedMemory account = _vm.Account;
        _page.Clear();
        _vm.Pages.Join(page, _page);
        buffer.Runs.Add(page);
        _vm.Vm.Stage2.Map(page.Gpa, page.Bytes, page.Writable);
        if (_page.Bytes == 0)
        {
            return 0;
        }

        // kvm_spe_add_locked_mem.
        ulong before = account.Locked;
        account.Locked += page.Bytes;
        if (before >= account.Watermark)
        {
            vcpu.Excess = page.Bytes;
        }
        else if (account.Locked > account.Watermark)
        {
            vcpu.Excess = account.Locked - account.Watermark;
        }

        // kvm_spe_account_locked_mem.
        if (vcpu.Excess != 0)
        {
            if (account.Charge(vcpu.Excess) != 0)
            {
                _vm.Pages.MarkUnpaid(page.Gpa);
                return -Errno.ENOMEM;
            }

            vcpu.Excess = 0;
        }

        int error = account.Hold(_page);
        if (error != 0)
        {
            _vm.Pages.MarkUnpaid(page.Gpa);
            vcpu.Excess = error is -Errno.ENOMEM or -Errno.EPERM ? page.Bytes : 0;
            return error == -Errno.EPERM ? -Errno.ENOMEM : error;
        }

        return 0;
    }
}
