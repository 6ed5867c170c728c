namespace Pinion.Arm.A64;

/// <summary>
/// What a PE must have for an encoding to be allocated. Base, Fp and AdvSimd are Armv8.0; the rest are the optional features of the ID registers that the
/// table knows.
/// </summary>
[Flags]
public enum A64Feature
{
    /// <summary>Nothing: not a feature of any row.</summary>
    None = 0,

    /// <summary>The Armv8.0 base instructions.</summary>
    Base = 1 << 0,

    /// <summary>Scalar floating-point (ID_AA64PFR0_EL1.FP).</summary>
    Fp = 1 << 1,

    /// <summary>Advanced SIMD (ID_AA64PFR0_EL1.AdvSIMD).</summary>
    AdvSimd = 1 << 2,

    /// <summary>FEAT_CRC32 (ID_AA64ISAR0_EL1.CRC32).</summary>
    Crc32 = 1 << 3,

    /// <summary>FEAT_LSE (ID_AA64ISAR0_EL1.Atomic).</summary>
    Lse = 1 << 4,

    /// <summary>FEAT_PAN (ID_AA64MMFR1_EL1.PAN).</summary>
    Pan = 1 << 5,

    /// <summary>FEAT_UAO (ID_AA64MMFR2_EL1.UAO).</summary>
    Uao = 1 << 6,

    /// <summary>FEAT_AES (ID_AA64ISAR0_EL1.AES).</summary>
    Aes = 1 << 7,

    /// <summary>FEAT_PMULL, the 64 by 64 bit form of PMULL (ID_AA64ISAR0_EL1.AES = 2).</summary>
    Pmull = 1 << 8,

    /// <summary>FEAT_SHA1 (ID_AA64ISAR0_EL1.SHA1).</summary>
    Sha1 = 1 << 9,

    /// <summary>FEAT_SHA256 (ID_AA64ISAR0_EL1.SHA2).</summary>
    Sha256 = 1 << 10,

    /// <summary>FEAT_RDM (ID_AA64ISAR0_EL1.RDM).</summary>
    Rdm = 1 << 11,

    /// <summary>FEAT_DotProd (ID_AA64ISAR0_EL1.DP).</summary>
    DotProd = 1 << 12,

    /// <summary>FEAT_FP16, half-precision data processing (ID_AA64PFR0_EL1.FP = 1).</summary>
    Fp16 = 1 << 13,

    /// <summary>FEAT_LRCPC (ID_AA64ISAR1_EL1.LRCPC = 1).</summary>
    Lrcpc = 1 << 14,

    /// <summary>Every feature the table knows.</summary>
    All = (1 << 15) - 1,
}
