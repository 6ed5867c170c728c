using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <summary>
/// /dev/kvm. Calls answer 0 or a value, or a negative errno, with the kernel's order of checks; they never throw for what a caller passes.
/// </summary>
public sealed class Kvm : IKvmFile, IDisposable
{
    /// <summary>KVM_API_VERSION.</summary>
    public const int ApiVersion = 12;

    /// <summary>KVM_CAP_MAX_VCPUS, and the bound of vCPU ids.</summary>
    public const int MaxVcpus = 512;

    /// <summary>KVM_CAP_ARM_VM_IPA_SIZE: the largest intermediate physical address size, in bits.</summary>
    public const int MaxIpaBits = 48;

    private const int DefaultIpaBits = 40;
    private const int MinIpaBits = 32;

    /// <summary>Opens KVM.</summary>
    public Kvm(KvmOptions? options = null)
    {
        Options = options ?? new KvmOptions();
        Fd = Files.Add(this);
    }

    public KvmOptions Options { get; }

    /// <summary>Files by the numbers that raw calls answer.</summary>
    public KvmFiles Files { get; } = new();

    public int Fd { get; }

    /// <summary>KVM_GET_API_VERSION: 12.</summary>
    public int GetApiVersion() => ApiVersion;

    /// <summary>KVM_GET_VCPU_MMAP_SIZE: bytes of a vCPU's shared area.</summary>
    public int GetVcpuMmapSize() => KvmRun.MmapSize;

    /// <summary>
    /// KVM_CREATE_VM. <paramref name="type"/> bits [7:0] are the size of intermediate physical addresses in bits, 0 for 40.
    /// </summary>
    /// <returns>0; -EINVAL for other bits set, or a size outside 32 to 48.</returns>
    public int CreateVm(ulong type, out Vm? vm)
    {
        vm = null;
        if ((type & ~0xFFUL) != 0)
        {
            return -Errno.EINVAL;
        }

        int bits = type == 0 ? DefaultIpaBits : (int)type;
        if (bits is < MinIpaBits or > MaxIpaBits)
        {
            return -Errno.EINVAL;
        }

        vm = new Vm(this, bits);
        return 0;
    }

    /// <summary>KVM_CHECK_EXTENSION. Says 0 for everything that is not implemented here, also where the kernel has it.</summary>
    public int CheckExtension(uint capability) => SpeUapi.Of(Options.SpeSeries).CheckExtension(capability, Options) ?? capability switch
    {
        KvmCapability.Irqchip
            or KvmCapability.UserMemory
            or KvmCapability.MpState
            or KvmCapability.SyncMmu
            or KvmCapability.DestroyMemoryRegionWorks
            or KvmCapability.JoinMemoryRegionsWorks
            or KvmCapability.InternalErrorData
            or KvmCapability.VcpuEvents
            or KvmCapability.OneReg
            or KvmCapability.ReadonlyMem
            or KvmCapability.ArmPsci
            or KvmCapability.DeviceCtrl
            or KvmCapability.EnableCapVm
            or KvmCapability.ArmPsci02
            or KvmCapability.CheckExtensionVm
            or KvmCapability.ArmPmuV3
            or KvmCapability.VcpuAttributes
            or KvmCapability.ImmediateExit
            or KvmCapability.ArmIrqLineLayout2
            or KvmCapability.ArmNisvToUser
            or KvmCapability.ArmInjectExtDabt
            or KvmCapability.UserMemory2 => 1,
        KvmCapability.NrVcpus => Math.Min(Environment.ProcessorCount, MaxVcpus),
        KvmCapability.NrMemslots => MemorySlots.Maximum,
        KvmCapability.MaxVcpus or KvmCapability.MaxVcpuId => MaxVcpus,
        KvmCapability.ArmVmIpaSize => MaxIpaBits,
        _ => 0,
    };

    public int Ioctl(uint command, nint argument)
    {
        switch (command)
        {
            case KvmIoctl.GetApiVersion:
                return argument == 0 ? GetApiVersion() : -Errno.EINVAL;
            case KvmIoctl.CreateVm:
                int result = CreateVm((ulong)argument, out Vm? vm);
                return result < 0 ? result : vm!.Fd;
            case KvmIoctl.CheckExtension:
                return CheckExtension((uint)argument);
            case KvmIoctl.GetVcpuMmapSize:
                return argument == 0 ? GetVcpuMmapSize() : -Errno.EINVAL;
            default:
                return -Errno.ENOTTY;
        }
    }

    public void Dispose() => Files.Remove(this);
}
