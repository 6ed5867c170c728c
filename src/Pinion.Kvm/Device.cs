using Pinion.Kvm.Gic;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <summary>An in-kernel device, made by <see cref="Vm.CreateDevice"/>: configured through attributes.</summary>
public sealed class Device : IKvmFile
{
    private readonly VgicV3 _vgic;

    internal Device(Vm vm, KvmDeviceType type, VgicV3 vgic)
    {
        Vm = vm;
        Type = type;
        _vgic = vgic;
        Fd = vm.Kvm.Files.Add(this);
    }

    public Vm Vm { get; }

    public KvmDeviceType Type { get; }

    public int Fd { get; }

    /// <summary>KVM_SET_DEVICE_ATTR.</summary>
    /// <returns>0; -ENXIO for an unknown group or attribute; otherwise as the device's documentation says.</returns>
    public int SetAttr(in KvmDeviceAttr attr)
    {
        using KvmLock.Scope _ = Vm.Lock.Enter();
        return _vgic.SetAttr(attr.Group, attr.Attr, (nint)attr.Addr);
    }

    /// <summary>KVM_GET_DEVICE_ATTR.</summary>
    /// <inheritdoc cref="SetAttr" path="/returns"/>
    public int GetAttr(in KvmDeviceAttr attr)
    {
        using KvmLock.Scope _ = Vm.Lock.Enter();
        return _vgic.GetAttr(attr.Group, attr.Attr, (nint)attr.Addr);
    }

    /// <summary>KVM_HAS_DEVICE_ATTR.</summary>
    /// <returns>0 where the attribute exists, -ENXIO where not.</returns>
    public int HasAttr(in KvmDeviceAttr attr) => _vgic.HasAttr(attr.Group, attr.Attr);

    public int Ioctl(uint command, nint argument)
    {
        if (command is not (KvmIoctl.SetDeviceAttr or KvmIoctl.GetDeviceAttr or KvmIoctl.HasDeviceAttr))
        {
            return -Errno.ENOTTY;
        }

        int result = UserMemory.Read(argument, out KvmDeviceAttr attr);
        if (result != 0)
        {
            return result;
        }

        return command switch
        {
            KvmIoctl.SetDeviceAttr => SetAttr(attr),
            KvmIoctl.GetDeviceAttr => GetAttr(attr),
            _ => HasAttr(attr),
        };
    }
}
