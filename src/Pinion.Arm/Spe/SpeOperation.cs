namespace Pinion.Arm.Spe;

/// <summary>Class of an Operation type packet: the two low bits of its header (0x48, 0x49, 0x4A; Arm ARM D18.2.7).</summary>
public enum SpeOperationClass : byte
{
    Other = 0,
    LoadStore = 1,
    Branch = 2,

    /// <summary>No class is defined for header 0x4B.</summary>
    Reserved = 3,
}

/// <summary>Payloads of Operation type packets, in the order of the class they belong to (Arm ARM D18.2.7).</summary>
public static class SpeOperation
{
    // Class Other.
    public const byte Other = 0x00;

    /// <summary>Conditional select or compare.</summary>
    public const byte OtherConditional = 0x01;

    /// <summary>Floating-point; only with PMSIDR_EL1.FPF.</summary>
    public const byte OtherFloatingPoint = 0x02;

    /// <summary>Advanced SIMD; only with PMSIDR_EL1.FPF.</summary>
    public const byte OtherAdvancedSimd = 0x04;

    // Class LoadStore: bit 0 tells stores (and atomics without a result).
    public const byte Store = 0x01;
    public const byte GeneralLoad = 0x00;
    public const byte GeneralStore = 0x01;
    public const byte SimdFpLoad = 0x04;
    public const byte SimdFpStore = 0x05;
    public const byte UnspecifiedLoad = 0x10;

    /// <summary>For example DC ZVA.</summary>
    public const byte UnspecifiedStore = 0x11;

    public const byte TagLoad = 0x14;
    public const byte TagStore = 0x15;
    public const byte CopyRead = 0x20;
    public const byte CopyWrite = 0x21;
    public const byte MemorySet = 0x25;

    /// <summary>MRS that FEAT_NV2 turned into a load; the store is MSR.</summary>
    public const byte NestedRead = 0x30;

    public const byte NestedWrite = 0x31;

    private const byte ExtendedBit = 0x02;
    private const byte AtomicBit = 0x04;
    private const byte ExclusiveBit = 0x08;
    private const byte AcquireReleaseBit = 0x10;

    // Class Branch.
    public const byte BranchDirect = 0x00;
    public const byte BranchConditional = 0x01;
    public const byte BranchIndirect = 0x02;

    /// <summary>Call (branch with link); only with PMSIDR_EL1.CRR, as the two below, of which one is then always present.</summary>
    public const byte BranchCall = 0x08;

    public const byte BranchReturn = 0x10;
    public const byte BranchNeitherCallNorReturn = 0x18;

    /// <summary>Payload of an exclusive, acquire/release or atomic load or store; <paramref name="store"/> also for atomics without a result.</summary>
    public static byte Extended(bool store, bool atomic = false, bool exclusive = false, bool acquireRelease = false) => (byte)(
        ExtendedBit
        | (store ? Store : 0)
        | (atomic ? AtomicBit : 0)
        | (exclusive ? ExclusiveBit : 0)
        | (acquireRelease ? AcquireReleaseBit : 0));

    /// <summary>Load/store payload of the extended form (exclusive, acquire/release, atomic).</summary>
    public static bool IsExtended(byte payload) => (payload & 0xE2) == ExtendedBit;

    /// <summary>Load/store payload of an atomic read-modify-write.</summary>
    public static bool IsAtomic(byte payload) => IsExtended(payload) && (payload & AtomicBit) != 0;

    public static bool IsExclusive(byte payload) => IsExtended(payload) && (payload & ExclusiveBit) != 0;

    public static bool IsAcquireRelease(byte payload) => IsExtended(payload) && (payload & AcquireReleaseBit) != 0;

    /// <summary>Load/store payload of an SVE or SME access.</summary>
    public static bool IsSveLoadStore(byte payload) => (payload & 0x0A) == 0x08;

    /// <summary>Load/store payload of a SIMD and floating-point register access (SVE ones have their own form from SPEv1p1).</summary>
    public static bool IsSimdFpLoadStore(byte payload) => (payload & 0xFE) == SimdFpLoad;

    /// <summary>"Other" payload of an SVE operation.</summary>
    public static bool IsSveOther(byte payload) => (payload & 0x89) == 0x08;

    /// <summary>"Other" payload of an SME operation.</summary>
    public static bool IsSmeOther(byte payload) => (payload & 0x89) == 0x88;

    /// <summary>Vector length in bits of an SVE payload of either class: 32 to 4096.</summary>
    public static int SveVectorLength(byte payload) => 32 << ((payload >> 4) & 7);
}

/// <summary>Payload of a Data source packet on Neoverse N1 and the other cores with Arm's common encoding.</summary>
public enum SpeDataSource : ushort
{
    L1Data = 0x0,
    L2 = 0x8,

    /// <summary>Another core of the same cluster.</summary>
    PeerCore = 0x9,

    LocalCluster = 0xA,
    SystemCache = 0xB,
    PeerCluster = 0xC,

    /// <summary>Another chip.</summary>
    Remote = 0xD,

    Dram = 0xE,
}
