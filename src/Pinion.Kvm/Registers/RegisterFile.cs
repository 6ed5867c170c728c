using System.Buffers.Binary;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Uapi;
using static Pinion.Arm.SystemRegisters.SysRegId;

namespace Pinion.Kvm.Registers;

/// <summary>The registers of a vCPU by KVM's ids.</summary>
internal static class RegisterFile
{
    public static int Get(Vcpu vcpu, ulong id, Span<byte> value)
    {
        if ((id & RegisterId.ArchitectureMask) != RegisterId.Arm64)
        {
            return -Errno.EINVAL;
        }

        if ((id & RegisterId.GroupMask) == RegisterId.GroupCore)
        {
            return CoreRegisters.Access(vcpu.Pe, id, value, set: false);
        }

        int result = Read(vcpu, id, out ulong wide);
        if (result == 0)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, wide);
            bytes[..value.Length].CopyTo(value);
        }

        return result;
    }

    public static int Set(Vcpu vcpu, ulong id, ReadOnlySpan<byte> value)
    {
        if ((id & RegisterId.ArchitectureMask) != RegisterId.Arm64)
        {
            return -Errno.EINVAL;
        }

        if ((id & RegisterId.GroupMask) == RegisterId.GroupCore)
        {
            Span<byte> copy = stackalloc byte[16];
            value.CopyTo(copy);
            return CoreRegisters.Access(vcpu.Pe, id, copy[..value.Length], set: true);
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        value.CopyTo(bytes);
        return Write(vcpu, id, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    public static ulong[] List(Vcpu vcpu)
    {
        List<ulong> ids = [.. CoreRegisters.Ids];
        for (int i = 0; i < FirmwareRegisters.Count; i++)
        {
            ids.Add(RegisterId.Firmware(i));
        }

        for (int i = 0; i < vcpu.Vm.FirmwareFeatures.Count; i++)
        {
            ids.Add(RegisterId.FirmwareFeatures(i));
        }

        ids.AddRange([
            RegisterId.TimerCtl, RegisterId.TimerCnt, RegisterId.TimerCval,
            RegisterId.PhysicalTimerCtl, RegisterId.PhysicalTimerCnt, RegisterId.PhysicalTimerCval,
        ]);
        ids.AddRange(SystemRegisterFile.Encodings(vcpu).Select(RegisterId.System));
        for (int i = 0; i < SystemRegisterFile.CacheSelections; i++)
        {
            ids.Add(RegisterId.Ccsidr(i));
        }

        return [.. ids];
    }

    private static int Read(Vcpu vcpu, ulong id, out ulong value)
    {
        value = 0;
        ulong size = id & RegisterId.SizeMask;
        var index = (int)(id & 0xFFFF);
        switch (id & RegisterId.GroupMask)
        {
            case RegisterId.GroupFirmware when size == RegisterId.SizeU64:
                return FirmwareRegisters.Read(vcpu, index, out value);
            case RegisterId.GroupFirmwareFeatures when size == RegisterId.SizeU64 && index < vcpu.Vm.FirmwareFeatures.Count:
                value = vcpu.Vm.FirmwareFeatures[index];
                return 0;
            case RegisterId.GroupDemux when size == RegisterId.SizeU32 && index < SystemRegisterFile.CacheSelections:
                value = SystemRegisterFile.CacheSize(vcpu.Pe, index);
                return 0;
            case RegisterId.GroupSystem when size == RegisterId.SizeU64:
                if (Timer(id) is { } timer)
                {
                    value = vcpu.Pe.ReadRegister(timer);
                    return 0;
                }

                return SystemRegisterFile.Read(vcpu, (ushort)index, out value);
            default:
                return -Errno.ENOENT;
        }
    }

    private static int Write(Vcpu vcpu, ulong id, ulong value)
    {
        ulong size = id & RegisterId.SizeMask;
        var index = (int)(id & 0xFFFF);
        switch (id & RegisterId.GroupMask)
        {
            case RegisterId.GroupFirmware when size == RegisterId.SizeU64:
                return FirmwareRegisters.Write(vcpu, index, value);
            case RegisterId.GroupFirmwareFeatures when size == RegisterId.SizeU64 && index < vcpu.Vm.FirmwareFeatures.Count:
                return FirmwareRegisters.WriteFeatures(vcpu.Vm, index, value);
            case RegisterId.GroupDemux when size == RegisterId.SizeU32 && index < SystemRegisterFile.CacheSelections:
                // The geometry is the PE's own: only what is there already can be written.
                return value == SystemRegisterFile.CacheSize(vcpu.Pe, index) ? 0 : -Errno.EINVAL;
            case RegisterId.GroupSystem when size == RegisterId.SizeU64:
                if (Timer(id) is { } timer)
                {
                    vcpu.Pe.WriteRegister(timer, value);
                    return 0;
                }

                return SystemRegisterFile.Write(vcpu, (ushort)index, value);
            default:
                return -Errno.ENOENT;
        }
    }

    /// <summary>The timer registers have ids of their own; those of the virtual count and compare value are swapped, see <see cref="RegisterId.TimerCnt"/>.</summary>
    private static SysRegId? Timer(ulong id)
    {
        if (id == RegisterId.TimerCnt)
        {
            return CNTVCT_EL0;
        }

        if (id == RegisterId.TimerCval)
        {
            return CNTV_CVAL_EL0;
        }

        return id == RegisterId.TimerCtl ? CNTV_CTL_EL0
            : id == RegisterId.PhysicalTimerCtl ? CNTP_CTL_EL0
            : id == RegisterId.PhysicalTimerCnt ? CNTPCT_EL0
            : id == RegisterId.PhysicalTimerCval ? CNTP_CVAL_EL0
            : null;
    }
}
