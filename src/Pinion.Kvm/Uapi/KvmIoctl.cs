namespace Pinion.Kvm.Uapi;

/// <summary>Request numbers of KVM's ioctls on arm64 (linux/kvm.h). Numbers repeat between kinds of file: decode by file, then number.</summary>
public static class KvmIoctl
{
    public const uint GetApiVersion = 0x0000_AE00;
    public const uint CreateVm = 0x0000_AE01;
    public const uint CheckExtension = 0x0000_AE03;
    public const uint GetVcpuMmapSize = 0x0000_AE04;

    public const uint CreateVcpu = 0x0000_AE41;
    public const uint GetDirtyLog = 0x4010_AE42;
    public const uint SetUserMemoryRegion = 0x4020_AE46;
    public const uint SetUserMemoryRegion2 = 0x40A0_AE49;
    public const uint CreateIrqchip = 0x0000_AE60;
    public const uint IrqLine = 0x4008_AE61;
    public const uint EnableCap = 0x4068_AEA3;
    public const uint ArmPreferredTarget = 0x8020_AEAF;
    public const uint CreateDevice = 0xC00C_AEE0;

    public const uint Run = 0x0000_AE80;
    public const uint GetMpState = 0x8004_AE98;
    public const uint SetMpState = 0x4004_AE99;
    public const uint GetVcpuEvents = 0x8040_AE9F;
    public const uint SetVcpuEvents = 0x4040_AEA0;
    public const uint GetOneReg = 0x4010_AEAB;
    public const uint SetOneReg = 0x4010_AEAC;
    public const uint ArmVcpuInit = 0x4020_AEAE;
    public const uint GetRegList = 0xC008_AEB0;
    public const uint ArmVcpuFinalize = 0x4004_AEC2;

    /// <summary>KVM_ARM_VCPU_SUPPORTED_CPUS of the SPE series' fourth posting.</summary>
    public const uint ArmVcpuSupportedCpus = 0x4008_AEC5;

    public const uint SetDeviceAttr = 0x4018_AEE1;
    public const uint GetDeviceAttr = 0x4018_AEE2;
    public const uint HasDeviceAttr = 0x4018_AEE3;
}
