using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>Numbers of a posting that user space sees. No two postings had the same, so they belong to the series and not to KVM.</summary>
internal sealed record SpeUapi
{
    /// <summary>The third posting, on 5.10.</summary>
    private static readonly SpeUapi s_v3 = new() { Capability = 191, FeatureBit = 7, Features = 8, OnAllCpusOnly = true, HasVmAttributes = true };

    /// <summary>The fourth posting, on 5.14.</summary>
    private static readonly SpeUapi s_v4 = new() { Capability = 208, FeatureBit = 7, Features = 8, LockMemory = 206, SupportedCpus = 207 };

    /// <summary>The fifth posting, on 5.16: 206 had been taken meanwhile.</summary>
    private static readonly SpeUapi s_v5 = new() { Capability = 208, FeatureBit = 7, Features = 8, LockMemory = 207 };

    /// <summary>The sixth posting, on 6.18, whose VM files have device attributes of mainline's own.</summary>
    private static readonly SpeUapi s_v6 = new() { Capability = KvmCapability.ArmSpe, FeatureBit = 9, Features = 10, HasVmAttributes = true, TrapsIdentification = true };

    /// <summary>KVM_CAP_ARM_SPE.</summary>
    public required uint Capability { get; init; }

    /// <summary>KVM_ARM_VCPU_SPE: bit of the first feature word of struct kvm_vcpu_init.</summary>
    public required int FeatureBit { get; init; }

    /// <summary>KVM_VCPU_MAX_FEATURES: bits from here on are -ENOENT.</summary>
    public required int Features { get; init; }

    /// <summary>KVM_CAP_ARM_LOCK_USER_MEMORY_REGION, where there is one.</summary>
    public uint? LockMemory { get; init; }

    /// <summary>KVM_CAP_ARM_VCPU_SUPPORTED_CPUS, where there is one.</summary>
    public uint? SupportedCpus { get; init; }

    /// <summary>VM files know {SET,GET,HAS}_DEVICE_ATTR at all.</summary>
    public bool HasVmAttributes { get; init; }

    /// <summary>Accesses to PMBIDR_EL1 and PMSIDR_EL1 trap; else the guest sees the hardware's.</summary>
    public bool TrapsIdentification { get; init; }

    /// <summary>Profiling is offered only where every CPU of the host has it (a system-wide CPU capability).</summary>
    public bool OnAllCpusOnly { get; init; }

    public static SpeUapi Of(SpeSeries series) => series switch
    {
        SpeSeries.V3 => s_v3,
        SpeSeries.V4 => s_v4,
        SpeSeries.V5 => s_v5,
        _ => s_v6,
    };

    /// <summary>KVM_CHECK_EXTENSION of the series' own capabilities; null for others.</summary>
    public int? CheckExtension(uint capability, KvmOptions options) =>
        capability == Capability ? (IsSupported(options) ? 1 : 0)
        : capability == LockMemory || capability == SupportedCpus ? 1
        : null;

    /// <summary>Virtual machines may have profiling here.</summary>
    public bool IsSupported(KvmOptions options) => !OnAllCpusOnly || options.SpeCpus is null || options.SpeCpus.Contains(options.HostCpus.Possible);

    /// <summary>Features as user space names them, with <see cref="KvmVcpuFeatures.Spe"/> in its place of this room's own. Bits that name nothing stay.</summary>
    public KvmVcpuFeatures FromUser(uint word)
    {
        uint own = (uint)KvmVcpuFeatures.Spe;
        uint theirs = 1u << FeatureBit;
        return (KvmVcpuFeatures)((word & ~(own | theirs)) | ((word & theirs) != 0 ? own : 0));
    }
}
