using Pinion.Kvm.Locking;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Registers;

/// <summary>KVM_REG_ARM_FW: the PSCI version and the state of three workarounds.</summary>
internal static class FirmwareRegisters
{
    public const int Count = 4;

    private const int PsciVersion = 0;

    /// <summary>NOT_REQUIRED of each workaround: an interpreter does not speculate.</summary>
    private static readonly ulong[] s_workarounds = [0, 2, 3, 2];

    public static int Read(Vcpu vcpu, int index, out ulong value)
    {
        value = 0;
        if ((uint)index >= Count)
        {
            return -Errno.ENOENT;
        }

        value = index == PsciVersion ? vcpu.PsciVersion : s_workarounds[index];
        return 0;
    }

    public static int Write(Vcpu vcpu, int index, ulong value)
    {
        if ((uint)index >= Count)
        {
            return -Errno.ENOENT;
        }

        if (index != PsciVersion)
        {
            // A guest that was told less elsewhere may go on with it; it cannot be told that it is more protected than it is.
            return value <= s_workarounds[index] ? 0 : -Errno.EINVAL;
        }

        bool wants02 = vcpu.HasFeature(KvmVcpuFeatures.Psci02);
        bool valid = value switch
        {
            FirmwareFeatures.PsciVersion01 => !wants02,
            FirmwareFeatures.PsciVersion02 or FirmwareFeatures.PsciVersion10 or FirmwareFeatures.PsciVersion11 => wants02,
            _ => false,
        };
        if (!valid)
        {
            return -Errno.EINVAL;
        }

        foreach (Vcpu other in vcpu.Vm.Vcpus)
        {
            other.PsciVersion = value;
        }

        return 0;
    }

    /// <summary>KVM_REG_ARM_*_BMAP.</summary>
    /// <returns>0; -EINVAL for bits that are not offered; -EBUSY for a change after the first run.</returns>
    public static int WriteFeatures(Vm vm, int index, ulong value)
    {
        if (!FirmwareFeatures.IsSupported(index, value))
        {
            return -Errno.EINVAL;
        }

        using KvmLock.Scope _ = vm.ConfigLock.Enter();
        if (vm.HasRanOnce && value != vm.FirmwareFeatures[index])
        {
            return -Errno.EBUSY;
        }

        vm.FirmwareFeatures.Set(index, value);
        return 0;
    }
}
