using System.Runtime.InteropServices;

namespace Pinion.Kvm.Uapi;

/// <summary>Why KVM_RUN returned (kvm_run.exit_reason).</summary>
public enum KvmExit : uint
{
    Unknown = 0,
    Hypercall = 3,
    Debug = 4,
    Mmio = 6,
    FailEntry = 9,
    Intr = 10,
    InternalError = 17,
    SystemEvent = 24,
    ArmNisv = 28,

    /// <summary>KVM_EXIT_RLIMIT of the SPE series, patch 32 of the sixth posting.</summary>
    Rlimit = 41,
}

/// <summary>kvm_run.system_event.type.</summary>
public enum KvmSystemEvent : uint
{
    Shutdown = 1,
    Reset = 2,
    Crash = 3,
}

/// <summary>
/// struct kvm_run: the page a VMM shares with a vCPU. Field names are KVM's; the union starts at byte 32.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public unsafe struct KvmRun
{
    /// <summary>sizeof(struct kvm_run).</summary>
    public const int Size = 2352;

    /// <summary>KVM_GET_VCPU_MMAP_SIZE: this page and the coalesced MMIO page.</summary>
    public const int MmapSize = 8192;

    [FieldOffset(0)]
    public byte RequestInterruptWindow;

    /// <summary>In: 1 has the next KVM_RUN return -EINTR after it completed a pending MMIO access.</summary>
    [FieldOffset(1)]
    public byte ImmediateExit;

    [FieldOffset(8)]
    public KvmExit ExitReason;

    [FieldOffset(14)]
    public ushort Flags;

    [FieldOffset(32)]
    public KvmRunMmio Mmio;

    [FieldOffset(32)]
    public KvmRunFailEntry FailEntry;

    [FieldOffset(32)]
    public KvmRunEvent Internal;

    [FieldOffset(32)]
    public KvmRunEvent SystemEvent;

    [FieldOffset(32)]
    public KvmRunNisv ArmNisv;

    [FieldOffset(32)]
    public KvmRunRlimit Rlimit;

    /// <summary>The union as raw bytes.</summary>
    [FieldOffset(32)]
    public fixed byte Union[256];
}

/// <summary>KVM_EXIT_MMIO.</summary>
[StructLayout(LayoutKind.Explicit)]
public unsafe struct KvmRunMmio
{
    [FieldOffset(0)]
    public ulong PhysAddr;

    /// <summary>What is written; for a read, where the VMM puts the answer. Little endian.</summary>
    [FieldOffset(8)]
    public fixed byte Data[8];

    [FieldOffset(8)]
    public ulong Value;

    [FieldOffset(16)]
    public uint Len;

    [FieldOffset(20)]
    public byte IsWrite;
}

/// <summary>KVM_EXIT_FAIL_ENTRY.</summary>
[StructLayout(LayoutKind.Explicit)]
public struct KvmRunFailEntry
{
    [FieldOffset(0)]
    public ulong HardwareEntryFailureReason;

    [FieldOffset(8)]
    public uint Cpu;

    /// <summary>KVM_EXIT_FAIL_ENTRY_CPU_UNSUPPORTED.</summary>
    public const ulong CpuUnsupported = 1;

    /// <summary>KVM_EXIT_FAIL_ENTRY_SPE of the fourth and fifth posting (the same number: mainline's is younger).</summary>
    public const ulong Spe = 1;
}

/// <summary>KVM_EXIT_INTERNAL_ERROR (type is the suberror) and KVM_EXIT_SYSTEM_EVENT.</summary>
[StructLayout(LayoutKind.Explicit)]
public unsafe struct KvmRunEvent
{
    [FieldOffset(0)]
    public uint Type;

    [FieldOffset(4)]
    public uint NData;

    [FieldOffset(8)]
    public fixed ulong Data[16];

    /// <summary>KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2, in Data[0].</summary>
    public const ulong ResetFlagPsciReset2 = 1;
}

/// <summary>KVM_EXIT_ARM_NISV.</summary>
[StructLayout(LayoutKind.Explicit)]
public struct KvmRunNisv
{
    [FieldOffset(0)]
    public ulong EsrIss;

    [FieldOffset(8)]
    public ulong FaultIpa;
}

/// <summary>KVM_EXIT_RLIMIT: a limit keeps the guest's profiling buffer from being pinned.</summary>
[StructLayout(LayoutKind.Explicit)]
public struct KvmRunRlimit
{
    /// <summary>Bytes that are missing.</summary>
    [FieldOffset(0)]
    public ulong Excess;

    /// <summary>Which limit; RLIMIT_MEMLOCK is 8.</summary>
    [FieldOffset(8)]
    public byte RlimitId;

    /// <summary>
    /// Not in the postings. Out: <see cref="MayDecline"/> where the next KVM_RUN understands <see cref="Decline"/>. In: <see cref="Decline"/> has it do without the memory. Zero from a kernel that
    /// does not know the field.
    /// </summary>
    [FieldOffset(9)]
    public byte Flags;

    public const byte Memlock = 8;

    /// <summary>User space may set <see cref="Decline"/>.</summary>
    public const byte MayDecline = 1 << 0;

    /// <summary>User space will not raise the limit: the guest's profiling session ends with a buffer management event, and the guest goes on.</summary>
    public const byte Decline = 1 << 1;
}
