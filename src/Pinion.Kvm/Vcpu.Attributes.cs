using Pinion.Kvm.Locking;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>Device attributes of a vCPU: PMU, timer, stolen time, SPE.</content>
public sealed unsafe partial class Vcpu
{
    private int? _pmuInterrupt;
    private bool _pmuReady;

    /// <summary>
    /// KVM_SET_DEVICE_ATTR. Groups are in <see cref="KvmVcpuAttributeGroup"/>.
    /// </summary>
    /// <returns>0; -ENXIO for an unknown group or attribute; -EFAULT for a bad address; otherwise as KVM's documentation of the group says.</returns>
    public int SetAttr(in KvmDeviceAttr attr)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        return attr.Group switch
        {
            KvmVcpuAttributeGroup.Pmu => SetPmuAttr(attr),
            KvmVcpuAttributeGroup.Timer => SetTimerAttr(attr),
            KvmVcpuAttributeGroup.Spe => Vm.Spe.Series.SetAttr(Spe, attr.Attr, (nint)attr.Addr),
            _ => -Errno.ENXIO,
        };
    }

    /// <summary>KVM_GET_DEVICE_ATTR.</summary>
    /// <inheritdoc cref="SetAttr" path="/returns"/>
    public int GetAttr(in KvmDeviceAttr attr)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        return attr.Group switch
        {
            KvmVcpuAttributeGroup.Pmu => GetPmuAttr(attr),
            KvmVcpuAttributeGroup.Timer => attr.Attr switch
            {
                KvmVcpuAttributeGroup.TimerIrqVirtual => UserMemory.Write((nint)attr.Addr, Vm.TimerInterrupts.Virtual),
                KvmVcpuAttributeGroup.TimerIrqPhysical => UserMemory.Write((nint)attr.Addr, Vm.TimerInterrupts.Physical),
                _ => -Errno.ENXIO,
            },
            KvmVcpuAttributeGroup.Spe => Vm.Spe.Series.GetAttr(Spe, attr.Attr, (nint)attr.Addr),
            _ => -Errno.ENXIO,
        };
    }

    /// <summary>KVM_HAS_DEVICE_ATTR.</summary>
    /// <returns>0 where the attribute exists, -ENXIO where not.</returns>
    public int HasAttr(in KvmDeviceAttr attr)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        return attr.Group switch
        {
            KvmVcpuAttributeGroup.Pmu => HasFeature(KvmVcpuFeatures.PmuV3) && attr.Attr is KvmVcpuAttributeGroup.PmuIrq or KvmVcpuAttributeGroup.PmuInit ? 0 : -Errno.ENXIO,
            KvmVcpuAttributeGroup.Timer => attr.Attr is KvmVcpuAttributeGroup.TimerIrqVirtual or KvmVcpuAttributeGroup.TimerIrqPhysical ? 0 : -Errno.ENXIO,
            KvmVcpuAttributeGroup.Spe => Vm.Spe.Series.HasAttr(Spe, attr.Attr),
            _ => -Errno.ENXIO,
        };
    }

    /// <summary>kvm_arm_pmu_v3_set_attr.</summary>
    private int SetPmuAttr(in KvmDeviceAttr attr)
    {
        if (!HasFeature(KvmVcpuFeatures.PmuV3))
        {
            return -Errno.ENODEV;
        }

        if (_pmuReady)
        {
            return -Errno.EBUSY;
        }

        using KvmLock.Scope _ = Vm.ConfigLock.Enter();
        switch (attr.Attr)
        {
            case KvmVcpuAttributeGroup.PmuIrq:
                return SetPmuInterrupt((nint)attr.Addr);
            case KvmVcpuAttributeGroup.PmuInit:
                if (Vm.Vgic is { } vgic)
                {
                    if (!vgic.Initialized)
                    {
                        return -Errno.ENODEV;
                    }

                    if (_pmuInterrupt is not { } line)
                    {
                        return -Errno.ENXIO;
                    }

                    int result = vgic.SetOwner(Id, line, this);
                    if (result != 0)
                    {
                        return result;
                    }
                }

                _pmuReady = true;
                return 0;
            default:
                return -Errno.ENXIO;
        }
    }

    private int SetPmuInterrupt(nint address)
    {
        if (Vm.Vgic is null)
        {
            return -Errno.EINVAL;
        }

        int result = UserMemory.Read(address, out int intid);
        if (result != 0)
        {
            return result;
        }

        bool isPpi = intid is >= 16 and <= 31;
        if (!isPpi && intid is < 32 or > 1019)
        {
            return -Errno.EINVAL;
        }

        // A PPI has one number on all vCPUs; an SPI is one vCPU's alone.
        foreach (Vcpu other in Vm.Vcpus)
        {
            if (other._pmuInterrupt is { } chosen && (chosen == intid) != isPpi)
            {
                return -Errno.EINVAL;
            }
        }

        if (_pmuInterrupt is not null)
        {
            return -Errno.EBUSY;
        }

        _pmuInterrupt = intid;
        return 0;
    }

    private int GetPmuAttr(in KvmDeviceAttr attr)
    {
        if (attr.Attr != KvmVcpuAttributeGroup.PmuIrq)
        {
            return -Errno.ENXIO;
        }

        if (Vm.Vgic is null)
        {
            return -Errno.EINVAL;
        }

        if (!HasFeature(KvmVcpuFeatures.PmuV3))
        {
            return -Errno.ENODEV;
        }

        return _pmuInterrupt is { } intid ? UserMemory.Write((nint)attr.Addr, intid) : -Errno.ENXIO;
    }

    /// <summary>kvm_arm_timer_set_attr.</summary>
    private int SetTimerAttr(in KvmDeviceAttr attr)
    {
        if (Vm.Vgic is null)
        {
            return -Errno.EINVAL;
        }

        int result = UserMemory.Read((nint)attr.Addr, out int intid);
        if (result != 0)
        {
            return result;
        }

        if (intid is < 16 or > 31)
        {
            return -Errno.EINVAL;
        }

        using KvmLock.Scope _ = Vm.ConfigLock.Enter();
        if (Vm.HasRanOnce)
        {
            return -Errno.EBUSY;
        }

        switch (attr.Attr)
        {
            case KvmVcpuAttributeGroup.TimerIrqVirtual:
                Vm.TimerInterrupts.Virtual = intid;
                return 0;
            case KvmVcpuAttributeGroup.TimerIrqPhysical:
                Vm.TimerInterrupts.Physical = intid;
                return 0;
            default:
                return -Errno.ENXIO;
        }
    }
}
