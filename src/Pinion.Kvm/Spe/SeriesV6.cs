using Pinion.Kvm.Locking;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The sixth posting with accounting that avoids its defects: the buffer is walked first and all of it is pinned or none; what is missing is reported as one number; each vCPU's maximum is
/// charged; user space may decline; what the guest disables stays pinned for a while (<see cref="PinCache"/>).
/// </summary>
internal sealed class SeriesV6(SpeVm vm) : SixthSeries(vm)
{
    private readonly SpeVm _vm = vm;

    public override bool ChargesFirst => true;

    public override bool TakesRefusals => true;

    protected override int ChargeMaximum(SpeVcpu vcpu, ulong size, bool again)
    {
        if (vcpu.Charged)
        {
            return 0;
        }

        using KvmLock.Scope _ = _vm.PinLock.Enter();
        vcpu.Charged = _vm.Account.Charge(size) == 0;
        return vcpu.Charged ? 0 : -Errno.ENOMEM;
    }

    protected override bool Reuse(SpeVcpu vcpu, ulong pointer, ulong limit) => _vm.Reuse(vcpu, pointer, limit);

    protected override PinResult Pin(SpeVcpu vcpu, ulong pointer, ulong limit, bool walked, ulong sequence)
    {
        if (!walked)
        {
            return EventOf(vcpu.Walk);
        }

        int error = _vm.Pin(vcpu, pointer, limit, sequence, out ulong missing);
        return ResultOf(error, missing);
    }
}
