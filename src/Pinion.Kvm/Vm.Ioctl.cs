using System.Runtime.InteropServices;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>The raw entry.</content>
public sealed partial class Vm
{
    public int Ioctl(uint command, nint argument)
    {
        int result;
        switch (command)
        {
            case KvmIoctl.CheckExtension:
                return CheckExtension((uint)argument);
            case KvmIoctl.CreateVcpu:
                // The number is an int in the kernel's own call: anything beyond is out of range.
                if ((ulong)argument > uint.MaxValue)
                {
                    return -Errno.EINVAL;
                }

                result = CreateVcpu((uint)argument, out Vcpu? vcpu);
                return result < 0 ? result : vcpu!.Fd;
            case KvmIoctl.SetUserMemoryRegion:
                result = UserMemory.Read(argument, out KvmUserspaceMemoryRegion region);
                return result < 0 ? result : SetUserMemoryRegion(region);
            case KvmIoctl.SetUserMemoryRegion2:
                result = UserMemory.Read(argument, out KvmUserspaceMemoryRegion2 region2);
                return result < 0 ? result : SetUserMemoryRegion2(region2);
            case KvmIoctl.GetDirtyLog:
                return GetDirtyLog(argument);
            case KvmIoctl.CreateDevice:
                return CreateDevice(argument);
            case KvmIoctl.ArmPreferredTarget:
                PreferredTarget(out KvmVcpuInit init);
                return UserMemory.Write(argument, init);
            case KvmIoctl.IrqLine:
                result = UserMemory.Read(argument, out KvmIrqLevel line);
                return result < 0 ? result : IrqLine(line.Irq, line.Level != 0);
            case KvmIoctl.EnableCap:
                result = UserMemory.Read(argument, out KvmEnableCap cap);
                return result < 0 ? result : EnableCap(cap);
            case KvmIoctl.CreateIrqchip:
                // The old way to a GICv2, which this host does not have.
                return -Errno.ENODEV;
            case KvmIoctl.SetDeviceAttr:
            case KvmIoctl.GetDeviceAttr:
            case KvmIoctl.HasDeviceAttr:
                if (!Spe.Uapi.HasVmAttributes)
                {
                    return -Errno.ENOTTY;
                }

                result = UserMemory.Read(argument, out KvmDeviceAttr attr);
                if (result < 0)
                {
                    return result;
                }

                return command switch
                {
                    KvmIoctl.SetDeviceAttr => SetAttr(attr),
                    KvmIoctl.GetDeviceAttr => GetAttr(attr),
                    _ => HasAttr(attr),
                };
            default:
                return -Errno.ENOTTY;
        }
    }

    private int CreateDevice(nint argument)
    {
        int result = UserMemory.Read(argument, out KvmCreateDevice create);
        if (result < 0)
        {
            return result;
        }

        result = CreateDevice(create.Type, (create.Flags & KvmCreateDevice.Test) != 0, out Device? device);
        if (result < 0 || device is null)
        {
            return result;
        }

        create.Fd = device.Fd;
        return UserMemory.Write(argument, create);
    }

    private int GetDirtyLog(nint argument)
    {
        int result = UserMemory.Read(argument, out KvmDirtyLog log);
        if (result < 0)
        {
            return result;
        }

        int words;
        using (SlotsLock.Enter())
        {
            result = FindLogged(log.Slot, out MemorySlot? logged);
            if (result < 0)
            {
                return result;
            }

            words = logged!.Dirty!.Length;
        }

        ulong[] bitmap = new ulong[words];
        result = GetDirtyLog(log.Slot, bitmap);
        return result < 0 ? result : UserMemory.Write((nint)log.DirtyBitmap, MemoryMarshal.AsBytes<ulong>(bitmap));
    }
}
