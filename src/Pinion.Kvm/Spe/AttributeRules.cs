using Pinion.Kvm.Gic;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// KVM_ARM_VCPU_SPE_IRQ and KVM_ARM_VCPU_SPE_INIT, which every posting has: what they do is the same, which errors they answer in which order is not.
/// </summary>
internal sealed record AttributeRules
{
    /// <summary>The third posting.</summary>
    public static AttributeRules V3 { get; } = new() { NoController = Errno.ENXIO, ControllerNotReady = Errno.ENODEV, OwnerConflict = Errno.ENXIO };

    /// <summary>The fourth and fifth posting. Their check of the number lets anything pass, by returning an error as a truth value; here it is what it says.</summary>
    public static AttributeRules V4 { get; } = new() { NoController = Errno.ENXIO, SetBeforeCopy = true, ControllerNotReady = Errno.ENXIO, OwnerConflict = Errno.ENXIO };

    /// <summary>The sixth posting; what a vCPU still needs for INIT it finds out itself.</summary>
    public static AttributeRules V6 { get; } = new() { NoController = Errno.EINVAL, ControllerNotReady = Errno.ENODEV, OwnerConflict = Errno.EEXIST };

    /// <summary>IRQ without an interrupt controller in this room.</summary>
    public required int NoController { get; init; }

    /// <summary>IRQ: that it is set already is found before its value is looked at, not after it was found right.</summary>
    public bool SetBeforeCopy { get; init; }

    /// <summary>INIT before the interrupt controller is initialised.</summary>
    public required int ControllerNotReady { get; init; }

    /// <summary>INIT where the interrupt is another device's.</summary>
    public required int OwnerConflict { get; init; }

    /// <summary>Sets the INTID of PMBIRQ: a PPI, the same on all vCPUs. Caller holds the configuration lock.</summary>
    public int SetInterrupt(SpeVcpu vcpu, nint address)
    {
        Vm machine = vcpu.Vcpu.Vm;
        if (machine.Vgic is null)
        {
            return -NoController;
        }

        if (SetBeforeCopy && vcpu.Interrupt is not null)
        {
            return -Errno.EBUSY;
        }

        int result = UserMemory.Read(address, out int intid);
        if (result != 0)
        {
            return result;
        }

        if (intid is < 16 or > 31 || machine.Vcpus.Any(other => other.Spe.Interrupt is { } chosen && chosen != intid))
        {
            return -Errno.EINVAL;
        }

        if (vcpu.Interrupt is not null)
        {
            return -Errno.EBUSY;
        }

        vcpu.Interrupt = intid;
        return 0;
    }

    public static int GetInterrupt(SpeVcpu vcpu, nint address) => vcpu.Interrupt is { } intid ? UserMemory.Write(address, intid) : -Errno.ENXIO;

    /// <summary>Makes the interrupt this unit's, once. Caller holds the configuration lock.</summary>
    public int Init(SpeVcpu vcpu)
    {
        if (vcpu.Interrupt is not { } intid)
        {
            return -Errno.ENXIO;
        }

        if (vcpu.Vcpu.Vm.Vgic is not { Initialized: true } vgic)
        {
            return -ControllerNotReady;
        }

        if (vcpu.Initialized)
        {
            return -Errno.EBUSY;
        }

        if (vgic.SetOwner(vcpu.Vcpu.Id, intid, vcpu.Vm) != 0)
        {
            return -OwnerConflict;
        }

        vcpu.Initialized = true;
        return 0;
    }
}
