using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pinion.Kvm.Uapi;

/// <summary>struct kvm_userspace_memory_region: a memslot. Addresses and size in bytes, page-aligned.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct KvmUserspaceMemoryRegion
{
    [FieldOffset(0)]
    public uint Slot;

    [FieldOffset(4)]
    public KvmMemoryFlags Flags;

    [FieldOffset(8)]
    public ulong GuestPhysAddr;

    /// <summary>Bytes; 0 deletes the slot.</summary>
    [FieldOffset(16)]
    public ulong MemorySize;

    [FieldOffset(24)]
    public ulong UserspaceAddr;
}

/// <summary>struct kvm_userspace_memory_region2. guest_memfd is not supported: its flag is EINVAL.</summary>
[StructLayout(LayoutKind.Explicit, Size = 160)]
public struct KvmUserspaceMemoryRegion2
{
    [FieldOffset(0)]
    public KvmUserspaceMemoryRegion Region;

    [FieldOffset(32)]
    public ulong GuestMemfdOffset;

    [FieldOffset(40)]
    public uint GuestMemfd;
}

/// <summary>Flags of a memslot.</summary>
[Flags]
public enum KvmMemoryFlags : uint
{
    None = 0,
    LogDirtyPages = 1 << 0,
    ReadOnly = 1 << 1,
    GuestMemfd = 1 << 2,
}

/// <summary>struct kvm_dirty_log.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct KvmDirtyLog
{
    [FieldOffset(0)]
    public uint Slot;

    /// <summary>Where the bitmap goes: one bit a page, rounded up to 64 pages.</summary>
    [FieldOffset(8)]
    public ulong DirtyBitmap;
}

/// <summary>struct kvm_irq_level. Irq on arm64: type in [27:24] (0 CPU, 1 SPI, 2 PPI), vCPU in [23:16] and [31:28], number in [15:0].</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct KvmIrqLevel
{
    [FieldOffset(0)]
    public uint Irq;

    [FieldOffset(4)]
    public uint Level;
}

/// <summary>struct kvm_enable_cap.</summary>
[StructLayout(LayoutKind.Explicit, Size = 104)]
public struct KvmEnableCap
{
    [FieldOffset(0)]
    public uint Cap;

    [FieldOffset(4)]
    public uint Flags;

    [FieldOffset(8)]
    public KvmEnableCapArguments Args;
}

/// <summary>The four arguments of <see cref="KvmEnableCap"/>.</summary>
[InlineArray(4)]
public struct KvmEnableCapArguments
{
    private ulong _first;
}

/// <summary>struct kvm_create_device.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
public struct KvmCreateDevice
{
    [FieldOffset(0)]
    public KvmDeviceType Type;

    /// <summary>Out: the device's file.</summary>
    [FieldOffset(4)]
    public int Fd;

    /// <summary>KVM_CREATE_DEVICE_TEST (1): only ask whether the type exists.</summary>
    [FieldOffset(8)]
    public uint Flags;

    public const uint Test = 1;
}

/// <summary>Kinds of in-kernel device.</summary>
public enum KvmDeviceType : uint
{
    ArmVgicV2 = 5,
    ArmVgicV3 = 7,
    ArmVgicIts = 8,
}

/// <summary>struct kvm_device_attr.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct KvmDeviceAttr
{
    [FieldOffset(0)]
    public uint Flags;

    [FieldOffset(4)]
    public uint Group;

    [FieldOffset(8)]
    public ulong Attr;

    /// <summary>Address of the value.</summary>
    [FieldOffset(16)]
    public ulong Addr;
}

/// <summary>struct kvm_vcpu_init.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct KvmVcpuInit
{
    [FieldOffset(0)]
    public uint Target;

    [FieldOffset(4)]
    public KvmVcpuFeatureWords Features;

    /// <summary>KVM_ARM_TARGET_GENERIC_V8.</summary>
    public const uint TargetGenericV8 = 5;
}

/// <summary>The feature words of <see cref="KvmVcpuInit"/>; only the first is in use.</summary>
[InlineArray(7)]
public struct KvmVcpuFeatureWords
{
    private uint _first;
}

/// <summary>Bits of the first feature word (KVM_ARM_VCPU_*).</summary>
[Flags]
public enum KvmVcpuFeatures : uint
{
    None = 0,
    PowerOff = 1 << 0,
    El1_32Bit = 1 << 1,
    Psci02 = 1 << 2,
    PmuV3 = 1 << 3,
    Sve = 1 << 4,
    PtrAuthAddress = 1 << 5,
    PtrAuthGeneric = 1 << 6,
    HasEl2 = 1 << 7,
    HasEl2E2H0 = 1 << 8,

    /// <summary>KVM_ARM_VCPU_SPE of the series (bit 9 expected: HAS_EL2 and HAS_EL2_E2H0 precede it).</summary>
    Spe = 1 << 9,
}

/// <summary>struct kvm_one_reg.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct KvmOneReg
{
    [FieldOffset(0)]
    public ulong Id;

    [FieldOffset(8)]
    public ulong Addr;
}

/// <summary>struct kvm_mp_state: 0 runnable, 5 stopped.</summary>
public enum KvmMpState : uint
{
    Runnable = 0,
    Stopped = 5,

    /// <summary>PSCI SYSTEM_SUSPEND; KVM has it only with KVM_CAP_ARM_SYSTEM_SUSPEND.</summary>
    Suspended = 10,
}

/// <summary>struct kvm_vcpu_events of arm64.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct KvmVcpuEvents
{
    [FieldOffset(0)]
    public byte SErrorPending;

    [FieldOffset(1)]
    public byte SErrorHasEsr;

    [FieldOffset(2)]
    public byte ExtDabtPending;

    [FieldOffset(8)]
    public ulong SErrorEsr;
}

/// <summary>Groups of device attributes on a vCPU file (KVM_ARM_VCPU_*_CTRL).</summary>
public static class KvmVcpuAttributeGroup
{
    public const uint Pmu = 0;
    public const uint Timer = 1;
    public const uint PvTime = 2;
    public const uint Spe = 3;

    public const ulong PmuIrq = 0;
    public const ulong PmuInit = 1;
    public const ulong PmuFilter = 2;
    public const ulong PmuSetPmu = 3;

    public const ulong TimerIrqVirtual = 0;
    public const ulong TimerIrqPhysical = 1;

    /// <summary>All postings.</summary>
    public const ulong SpeIrq = 0;

    /// <summary>KVM_ARM_VCPU_SPE_INIT of the third to fifth posting.</summary>
    public const ulong SpeInitV3 = 1;

    /// <summary>KVM_ARM_VCPU_SPE_STOP of the fourth and fifth posting; values are <see cref="KvmSpeStop"/>.</summary>
    public const ulong SpeStop = 2;

    public const ulong SpeSpu = 1;
    public const ulong SpeMaxBufferSize = 2;
    public const ulong SpeInit = 3;
}

/// <summary>Groups of device attributes on a VM file.</summary>
public static class KvmVmAttributeGroup
{
    /// <summary>KVM_ARM_VM_SPE_CTRL of the third posting.</summary>
    public const uint Spe = 0;

    public const ulong SpeFinalize = 0;
}

/// <summary>Values of KVM_ARM_VCPU_SPE_STOP (an int; one flag at a time).</summary>
public enum KvmSpeStop
{
    /// <summary>Only read: profiling is not stopped.</summary>
    None = 0,

    /// <summary>The guest's accesses to the unit trap: it believes that it profiles, and gets nothing.</summary>
    Trap = 1 << 0,

    /// <summary>KVM_RUN returns where the guest would profile.</summary>
    Exit = 1 << 1,

    /// <summary>Ends either.</summary>
    Resume = 1 << 2,
}

/// <summary>Flags and arguments of KVM_CAP_ARM_LOCK_USER_MEMORY_REGION. Args[0] is the memslot.</summary>
public static class KvmLockMemory
{
    /// <summary>cap.flags: lock.</summary>
    public const uint FlagsLock = 1 << 0;

    /// <summary>cap.flags: unlock.</summary>
    public const uint FlagsUnlock = 1 << 1;

    /// <summary>Args[1] of a lock, mandatory: KVM_ARM_LOCK_MEM_READ.</summary>
    public const ulong Read = 1 << 0;

    /// <summary>Args[1] of a lock: KVM_ARM_LOCK_MEM_WRITE.</summary>
    public const ulong Write = 1 << 1;

    /// <summary>Args[1] of an unlock: KVM_ARM_UNLOCK_MEM_ALL.</summary>
    public const ulong UnlockAll = 1 << 0;
}
