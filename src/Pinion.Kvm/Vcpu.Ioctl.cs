using System.Runtime.InteropServices;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>The raw entry.</content>
public sealed unsafe partial class Vcpu
{
    public int Ioctl(uint command, nint argument)
    {
        int result;
        switch (command)
        {
            case KvmIoctl.Run:
                return argument == 0 ? Run() : -Errno.EINVAL;
            case KvmIoctl.ArmVcpuInit:
                result = UserMemory.Read(argument, out KvmVcpuInit init);
                return result < 0 ? result : Init(init);
            case KvmIoctl.GetOneReg:
            case KvmIoctl.SetOneReg:
                return OneReg(argument, set: command == KvmIoctl.SetOneReg);
            case KvmIoctl.GetRegList:
                return GetRegList(argument);
            case KvmIoctl.GetMpState:
                GetMpState(out KvmMpState current);
                return UserMemory.Write(argument, (uint)current);
            case KvmIoctl.SetMpState:
                result = UserMemory.Read(argument, out uint state);
                return result < 0 ? result : SetMpState((KvmMpState)state);
            case KvmIoctl.GetVcpuEvents:
                GetEvents(out KvmVcpuEvents pending);
                return UserMemory.Write(argument, pending);
            case KvmIoctl.SetVcpuEvents:
                result = UserMemory.Read(argument, out KvmVcpuEvents events);
                return result < 0 ? result : SetEvents(events);
            case KvmIoctl.SetDeviceAttr:
            case KvmIoctl.GetDeviceAttr:
            case KvmIoctl.HasDeviceAttr:
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
            case KvmIoctl.ArmVcpuFinalize:
                // Only SVE needs it, and there is none.
                result = UserMemory.Read(argument, out uint _);
                return result < 0 ? result : !_initialized ? -Errno.ENOEXEC : -Errno.EINVAL;
            case KvmIoctl.ArmVcpuSupportedCpus when Vm.Spe.Uapi.SupportedCpus is not null:
                return SetSupportedCpus(argument);
            default:
                return -Errno.ENOTTY;
        }
    }

    private int OneReg(nint argument, bool set)
    {
        if (!_initialized)
        {
            return -Errno.ENOEXEC;
        }

        int result = UserMemory.Read(argument, out KvmOneReg reg);
        if (result < 0)
        {
            return result;
        }

        // Values are at most 16 bytes here (V registers); ids that claim more are no registers of this CPU.
        int size = RegisterId.SizeOf(reg.Id);
        if (size > 16)
        {
            return (reg.Id & RegisterId.GroupMask) == RegisterId.GroupCore ? -Errno.EINVAL : -Errno.ENOENT;
        }

        Span<byte> value = stackalloc byte[size];
        if (set)
        {
            result = UserMemory.Read((nint)reg.Addr, value);
            return result < 0 ? result : SetOneReg(reg.Id, value);
        }

        result = GetOneReg(reg.Id, value);
        return result < 0 ? result : UserMemory.Write((nint)reg.Addr, value);
    }

    private int GetRegList(nint argument)
    {
        if (!_initialized)
        {
            return -Errno.ENOEXEC;
        }

        int result = UserMemory.Read(argument, out ulong room);
        if (result < 0)
        {
            return result;
        }

        ulong[] ids = GetRegList();
        result = UserMemory.Write(argument, (ulong)ids.Length);
        if (result < 0)
        {
            return result;
        }

        return room < (ulong)ids.Length ? -Errno.E2BIG : UserMemory.Write(argument + 8, MemoryMarshal.AsBytes<ulong>(ids));
    }
}
