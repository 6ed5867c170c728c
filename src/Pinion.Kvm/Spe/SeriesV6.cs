using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Kvm.Gic;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The sixth posting's interface, with accounting that avoids the posting's defects: pin the buffer and its tables while the buffer is enabled; all pages or none; what
/// is missing is reported as one number; each vCPU's maximum is charged; a VM's charge is given back to who made it.
/// </summary>
internal sealed class SeriesV6(SpeVm vm) : ISpeSeries
{
    /// <summary>Id of the one SPU that all CPUs of this host have.</summary>
    public const int SpuId = 0;

    public int HasAttr(SpeVcpu vcpu, ulong attr)
    {
        if (!vcpu.Vcpu.HasFeature(KvmVcpuFeatures.Spe))
        {
            return -Errno.ENXIO;
        }

        return attr is KvmVcpuAttributeGroup.SpeIrq or KvmVcpuAttributeGroup.SpeSpu or KvmVcpuAttributeGroup.SpeMaxBufferSize or KvmVcpuAttributeGroup.SpeInit ? 0 : -Errno.ENXIO;
    }

    public int SetAttr(SpeVcpu vcpu, ulong attr, nint address)
    {
        if (!vcpu.Vcpu.HasFeature(KvmVcpuFeatures.Spe))
        {
            return -Errno.ENODEV;
        }

        if (vcpu.Initialized)
        {
            return -Errno.EBUSY;
        }

        // Held across the check and the charge: two vCPU files may be configured at once.
        using KvmLock.Scope _ = vcpu.Vcpu.Vm.ConfigLock.Enter();
        return attr switch
        {
            KvmVcpuAttributeGroup.SpeIrq => SetInterrupt(vcpu, address),
            KvmVcpuAttributeGroup.SpeSpu => SetSpu(vcpu, address),
            KvmVcpuAttributeGroup.SpeMaxBufferSize => SetMaxBufferSize(vcpu, address),
            KvmVcpuAttributeGroup.SpeInit => Init(vcpu),
            _ => -Errno.ENXIO,
        };
    }

    public int GetAttr(SpeVcpu vcpu, ulong attr, nint address)
    {
        if (!vcpu.Vcpu.HasFeature(KvmVcpuFeatures.Spe))
        {
            return -Errno.ENODEV;
        }

        switch (attr)
        {
            case KvmVcpuAttributeGroup.SpeIrq:
                return vcpu.Interrupt is { } intid ? UserMemory.Write(address, intid) : -Errno.ENXIO;
            case KvmVcpuAttributeGroup.SpeSpu:
                return vm.Spu is { } spu ? UserMemory.Write(address, spu) : -Errno.ENXIO;
            case KvmVcpuAttributeGroup.SpeMaxBufferSize:
                return vm.MaxBufferSize is { } size ? UserMemory.Write(address, size) : -Errno.EINVAL;
            default:
                return -Errno.ENXIO;
        }
    }

    private static int SetInterrupt(SpeVcpu vcpu, nint address)
    {
        Vm machine = vcpu.Vcpu.Vm;
        if (machine.Vgic is null)
        {
            return -Errno.EINVAL;
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

    private int SetSpu(SpeVcpu vcpu, nint address)
    {
        int result = UserMemory.Read(address, out int spu);
        if (result != 0)
        {
            return result;
        }

        if (vcpu.Vcpu.Vm.HasRanOnce)
        {
            return -Errno.EBUSY;
        }

        if (vm.Spu is { } chosen)
        {
            return chosen == spu ? 0 : -Errno.EINVAL;
        }

        if (spu != SpuId)
        {
            return -Errno.ENXIO;
        }

        vm.Spu = spu;
        return 0;
    }

    /// <summary>The checks of patch 14 and 33 of the posting, in their order.</summary>
    private int SetMaxBufferSize(SpeVcpu vcpu, nint address)
    {
        int result = UserMemory.Read(address, out ulong size);
        if (result != 0)
        {
            return result;
        }

        if (vcpu.Vcpu.Vm.HasRanOnce)
        {
            return -Errno.EBUSY;
        }

        if ((size & (MemorySlot.PageSize - 1)) != 0)
        {
            return -Errno.EINVAL;
        }

        if (vm.Spu is null)
        {
            return -Errno.ENODEV;
        }

        if (vm.MaxBufferSize is { } chosen && chosen != size)
        {
            return -Errno.EINVAL;
        }

        if (!MaxBuffSize.TryEncode(size, out _))
        {
            return -Errno.EDOM;
        }

        ulong limit = MaxBuffSize.Decode(vcpu.Vcpu.Vm.Kvm.Options.SpeProfile.Pmbidr.MaxBuffSize);
        if (limit != 0 && (size == 0 || size > limit))
        {
            return -Errno.ERANGE;
        }

        // The posting charges once a VM, although every vCPU has a buffer of this size; here each vCPU's is charged, once.
        if (!vcpu.Charged)
        {
            using KvmLock.Scope _ = vm.PinLock.Enter();
            if (vm.Account.Charge(size) != 0)
            {
                return -Errno.ENOMEM;
            }

            vcpu.Charged = true;
        }

        vm.MaxBufferSize = size;
        return 0;
    }

    private int Init(SpeVcpu vcpu)
    {
        if (vcpu.Vcpu.Vm.Vgic is not { Initialized: true } vgic)
        {
            return -Errno.ENODEV;
        }

        if (vcpu.Interrupt is not { } intid || vm.Spu is null || vm.MaxBufferSize is null)
        {
            return -Errno.ENXIO;
        }

        int result = vgic.SetOwner(vcpu.Vcpu.Id, intid, vm);
        if (result != 0)
        {
            return result;
        }

        vcpu.Initialized = true;
        return 0;
    }

    public PinResult BufferEnabled(SpeVcpu vcpu, ulong pointer, ulong limit)
    {
        ulong size = limit > pointer ? limit - pointer : 0;
        if (size > LargestBuffer(vcpu))
        {
            return new PinResult(PinOutcome.Event, EventClass: PmbsrEventClass.Buffer, Mss: (ushort)PmbsrBufferStatus.LargerThanMaxBuffSize);
        }

        uint generation = vcpu.Vcpu.Vm.Slots.Generation;
        BufferWalk walk = new(vcpu.Vcpu.Vm.Slots);
        if (!walk.Walk(vcpu.Vcpu.Pe, pointer, limit))
        {
            return new PinResult(PinOutcome.Event, EventClass: walk.FaultClass, Mss: walk.FaultStatusCode);
        }

        return vm.Pin(vcpu, walk.Pages, generation, out ulong missing) switch
        {
            0 => new PinResult(PinOutcome.Committed),
            -Errno.EAGAIN => new PinResult(PinOutcome.Retry),
            -Errno.ENOMEM or -Errno.EPERM => new PinResult(PinOutcome.MissingMemory, missing),
            _ => new PinResult(PinOutcome.Event, EventClass: PmbsrEventClass.Stage2Abort, Mss: (ushort)(FaultStatus.Translation | 3)),
        };
    }

    public void BufferDisabled(SpeVcpu vcpu) => vm.Unpin(vcpu);

    /// <summary>
    /// Stage 2 is not the guest's business: its faults become external aborts, and data is lost (fourth and fifth posting; what the sixth does was not posted where it could be seen).
    /// </summary>
    public Pmbsr ToGuest(Pmbsr hardware) =>
        hardware.Ec == PmbsrEventClass.Stage2Abort
            ? new Pmbsr((hardware.Value & (Pmbsr.CollMask | Pmbsr.DlMask)) | Pmbsr.SMask | Pmbsr.EaMask | ((ulong)PmbsrEventClass.Stage1Abort << Pmbsr.EcShift) | FaultStatus.ExternalAbort)
            : hardware;

    /// <summary>Without a limit, a buffer larger than all memory cannot be backed by pages of its own; walking it would only take time.</summary>
    private ulong LargestBuffer(SpeVcpu vcpu)
    {
        if (vm.MaxBufferSize is { } size and not 0)
        {
            return size;
        }

        ulong memory = 0;
        foreach (MemorySlot slot in vcpu.Vcpu.Vm.Slots.All)
        {
            memory += slot.Bytes;
        }

        return memory;
    }
}
