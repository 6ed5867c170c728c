namespace Pinion.Kvm.Gic;

/// <summary>What a register of a frame is.</summary>
internal enum VgicRegister : byte
{
    ReadZero,
    ReadOnes,
    DistributorControl,
    Group,
    SetEnable,
    ClearEnable,
    SetPending,
    ClearPending,
    SetActive,
    ClearActive,
    Priority,
    Configuration,
    Router,
    Identification,
    RedistributorControl,
    RedistributorImplementer,
    RedistributorType,
    PropertyBase,
    PendingBase,
}

/// <summary>A run of registers in a frame.</summary>
/// <param name="Offset">First byte, from the frame's base.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sizes">Access sizes that work, in bytes, ORed; others are RAZ/WI.</param>
/// <param name="Register">What is there.</param>
/// <param name="BitsPerInterrupt">Distributor registers indexed by INTID: width of a field; 0 elsewhere.</param>
internal readonly record struct VgicRegion(uint Offset, uint Length, int Sizes, VgicRegister Register, int BitsPerInterrupt = 0);

/// <summary>
/// The register maps of KVM's GICv3: distributor, and the two frames of a redistributor (GIC architecture specification, chapter 12; access sizes as KVM has them).
/// </summary>
internal static class VgicRegisters
{
    /// <summary>Size of the distributor, bytes.</summary>
    public const ulong DistributorSize = 0x10000;

    /// <summary>Size of one redistributor, bytes: RD_base and SGI_base.</summary>
    public const ulong RedistributorSize = 0x20000;

    private const uint SgiBase = 0x10000;
    private const int Byte = 1;
    private const int Word = 4;
    private const int Double = 8;

    public static readonly VgicRegion[] Distributor =
    [
        new(0x0000, 16, Word, VgicRegister.DistributorControl),
        new(0x0010, 4, Word, VgicRegister.ReadOnes),
        .. ByInterrupt(0x0080, VgicRegister.Group, 1, Word),
        .. ByInterrupt(0x0100, VgicRegister.SetEnable, 1, Word),
        .. ByInterrupt(0x0180, VgicRegister.ClearEnable, 1, Word),
        .. ByInterrupt(0x0200, VgicRegister.SetPending, 1, Word),
        .. ByInterrupt(0x0280, VgicRegister.ClearPending, 1, Word),
        .. ByInterrupt(0x0300, VgicRegister.SetActive, 1, Word),
        .. ByInterrupt(0x0380, VgicRegister.ClearActive, 1, Word),
        .. ByInterrupt(0x0400, VgicRegister.Priority, 8, Word | Byte),
        .. ByInterrupt(0x0800, VgicRegister.ReadZero, 8, Word | Byte),
        .. ByInterrupt(0x0C00, VgicRegister.Configuration, 2, Word),
        .. ByInterrupt(0x0D00, VgicRegister.ReadZero, 1, Word),
        .. ByInterrupt(0x6000, VgicRegister.Router, 64, Double | Word),
        new(0xFFD0, 48, Word, VgicRegister.Identification),
    ];

    public static readonly VgicRegion[] Redistributor =
    [
        new(0x0000, 4, Word, VgicRegister.RedistributorControl),
        new(0x0004, 4, Word, VgicRegister.RedistributorImplementer),
        new(0x0008, 8, Double | Word, VgicRegister.RedistributorType),
        new(0x0010, 4, Word, VgicRegister.ReadZero), // STATUSR
        new(0x0014, 4, Word, VgicRegister.ReadZero), // WAKER: never asleep
        new(0x0070, 8, Double | Word, VgicRegister.PropertyBase),
        new(0x0078, 8, Double | Word, VgicRegister.PendingBase),
        new(0x00A0, 8, Double | Word, VgicRegister.ReadZero), // INVLPIR
        new(0x00B0, 8, Double | Word, VgicRegister.ReadZero), // INVALLR
        new(0x00C0, 4, Word, VgicRegister.ReadZero), // SYNCR: never busy
        new(0xFFD0, 48, Word, VgicRegister.Identification),
        new(SgiBase + 0x0080, 4, Word, VgicRegister.Group),
        new(SgiBase + 0x0100, 4, Word, VgicRegister.SetEnable),
        new(SgiBase + 0x0180, 4, Word, VgicRegister.ClearEnable),
        new(SgiBase + 0x0200, 4, Word, VgicRegister.SetPending),
        new(SgiBase + 0x0280, 4, Word, VgicRegister.ClearPending),
        new(SgiBase + 0x0300, 4, Word, VgicRegister.SetActive),
        new(SgiBase + 0x0380, 4, Word, VgicRegister.ClearActive),
        new(SgiBase + 0x0400, 32, Word | Byte, VgicRegister.Priority),
        new(SgiBase + 0x0C00, 8, Word, VgicRegister.Configuration),
        new(SgiBase + 0x0D00, 4, Word, VgicRegister.ReadZero), // IGRPMODR0
        new(SgiBase + 0x0E00, 4, Word, VgicRegister.ReadZero), // NSACR
    ];

    /// <summary>
    /// Finds the registers that an access of <paramref name="size"/> bytes at <paramref name="offset"/> reaches: aligned, of a size that works, and
    /// not of an interrupt beyond <paramref name="interrupts"/>.
    /// </summary>
    public static bool TryFind(VgicRegion[] frame, uint offset, int size, int interrupts, out VgicRegion region)
    {
        foreach (VgicRegion candidate in frame)
        {
            if (offset - candidate.Offset < candidate.Length)
            {
                region = candidate;
                return (candidate.Sizes & size) != 0
                    && (offset & (uint)(size - 1)) == 0
                    && (candidate.BitsPerInterrupt == 0 || Intid(candidate, offset) < interrupts);
            }
        }

        region = default;
        return false;
    }

    /// <summary>The interrupt whose field begins at <paramref name="offset"/>, or whose field holds that byte.</summary>
    public static int Intid(in VgicRegion region, uint offset) => (int)((offset - region.Offset) * 8) / region.BitsPerInterrupt;

    // Fields of SGIs and PPIs are RAZ/WI in the distributor: with affinity routing they live in the redistributors.
    private static VgicRegion[] ByInterrupt(uint offset, VgicRegister register, int bits, int sizes)
        => [new(offset, (uint)(1024 * bits / 8), sizes, register, bits)];
}
