namespace Pinion.Kvm.Psci;

/// <summary>PSCI function identifiers (Arm DEN0022) and the 0.1 ones that KVM chose (asm/kvm.h).</summary>
internal static class PsciFunction
{
    public const uint Version = 0x8400_0000;
    public const uint CpuSuspend32 = 0x8400_0001;
    public const uint CpuOff = 0x8400_0002;
    public const uint CpuOn32 = 0x8400_0003;
    public const uint AffinityInfo32 = 0x8400_0004;
    public const uint MigrateInfoType = 0x8400_0006;
    public const uint SystemOff = 0x8400_0008;
    public const uint SystemReset = 0x8400_0009;
    public const uint Features = 0x8400_000A;
    public const uint SystemReset2_32 = 0x8400_0012;
    public const uint CpuSuspend64 = 0xC400_0001;
    public const uint CpuOn64 = 0xC400_0003;
    public const uint AffinityInfo64 = 0xC400_0004;
    public const uint SystemReset2_64 = 0xC400_0012;

    public const uint CpuSuspendV01 = 0x95C1_BA5E;
    public const uint CpuOffV01 = 0x95C1_BA5F;
    public const uint CpuOnV01 = 0x95C1_BA60;

    public const ulong Success = 0;
    public const ulong NotSupported = unchecked((ulong)-1);
    public const ulong InvalidParameters = unchecked((ulong)-2);
    public const ulong AlreadyOn = unchecked((ulong)-4);
    public const ulong InternalFailure = unchecked((ulong)-6);

    public const ulong AffinityOn = 0;
    public const ulong AffinityOff = 1;

    /// <summary>MIGRATE_INFO_TYPE: no trusted OS that would have to migrate.</summary>
    public const ulong NoTrustedOs = 2;
}
