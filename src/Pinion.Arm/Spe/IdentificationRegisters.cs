namespace Pinion.Arm.Spe;

/// <summary>PMSIDR_EL1, what the sampling half of the unit implements (Arm ARM D24.7). Read-only.</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmsidr(ulong Value)
{
    private static ReadOnlySpan<ushort> Intervals => [256, 0, 512, 768, 1024, 1536, 2048, 3072, 4096];

    public bool Fe => Bit(0);

    public bool Ft => Bit(1);

    public bool Fl => Bit(2);

    /// <summary>The population is architectural instructions; micro-operations when false.</summary>
    public bool ArchInst => Bit(3);

    /// <summary>Loads carry a data source packet.</summary>
    public bool Lds => Bit(4);

    /// <summary>Randomness comes from a second counter, PMSICR_EL1.ECOUNT.</summary>
    public bool ERnd => Bit(5);

    /// <summary>PMSNEVFR_EL1 exists.</summary>
    public bool FnE => Bit(6);

    /// <summary>PMSDSFR_EL1 exists.</summary>
    public bool Fds => Bit(7);

    /// <summary>Recommended minimum interval in operations; 0 for a reserved encoding.</summary>
    public int MinimumInterval
    {
        get
        {
            int encoded = (int)(Value >> 8) & 15;
            return encoded < Intervals.Length ? Intervals[encoded] : 0;
        }
    }

    /// <summary>Largest record in bytes.</summary>
    public int MaxRecordSize => 1 << ((int)(Value >> 12) & 15);

    /// <summary>Width of the latency counters in bits: 12 or 16; 0 for a reserved encoding.</summary>
    public int CounterBits => ((int)(Value >> 16) & 15) switch
    {
        2 => 12,
        3 => 16,
        _ => 0,
    };

    /// <summary>Record format; 0 is the only one defined.</summary>
    public int Format => (int)(Value >> 20) & 15;

    /// <summary>Records carry the previous branch target.</summary>
    public bool Pbt => Bit(24);

    /// <summary>Branch records tell calls and returns.</summary>
    public bool Crr => Bit(25);

    /// <summary>The type filter has floating-point and SIMD, and masks.</summary>
    public bool Eft => Bit(26);

    /// <summary>"Other" records tell floating-point and SIMD.</summary>
    public bool Fpf => Bit(27);

    private bool Bit(int n) => ((Value >> n) & 1) != 0;
}

/// <summary>PMBIDR_EL1, what the buffer half of the unit implements (Arm ARM D24.7). Read-only.</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmbidr(ulong Value)
{
    public const ulong AlignMask = 0xF;
    public const ulong PMask = 1ul << 4;
    public const ulong FMask = 1ul << 5;
    public const int EaShift = 8;
    public const int MaxBuffSizeShift = 32;
    public const ulong MaxBuffSizeMask = 0xFFFFul << MaxBuffSizeShift;

    /// <summary>Alignment of records and of PMBPTR_EL1 in bytes.</summary>
    public int Alignment => 1 << (int)(Value & AlignMask);

    /// <summary>The buffer is owned by a higher Exception level or another Security state. Computed at each read, never stored.</summary>
    public bool P => (Value & PMask) != 0;

    /// <summary>The unit manages the Access flag and dirty state as other accesses do.</summary>
    public bool F => (Value & FMask) != 0;

    /// <summary>External aborts: 0 not described, 1 ignored, 2 SError.</summary>
    public int Ea => (int)(Value >> EaShift) & 15;

    /// <summary>The encoded largest buffer (<see cref="Spe.MaxBuffSize"/>); 0 in hardware.</summary>
    public ushort MaxBuffSize => (ushort)(Value >> MaxBuffSizeShift);

    public Pmbidr WithP(bool p) => new(p ? Value | PMask : Value & ~PMask);

    public Pmbidr WithMaxBuffSize(ushort field) => new((Value & ~MaxBuffSizeMask) | ((ulong)field << MaxBuffSizeShift));
}

/// <summary>
/// The 16-bit encoding of PMBIDR_EL1.MaxBuffSize: mantissa in bits 8:0, exponent in 13:9, bits 15:14 reserved (Arm ARM D24.7; KVM SPE series v6 14/35).
/// </summary>
public static class MaxBuffSize
{
    /// <summary>The largest size with an encoding, in bytes: 2^52 - 2^42.</summary>
    public const ulong Largest = 1023ul << 42;

    private const int GranuleShift = 12;
    private const uint ImplicitOne = 0x200;
    private const int ExponentShift = 9;

    /// <summary>Bytes that <paramref name="field"/> stands for; 0 means no limit. Reserved bits are ignored.</summary>
    public static ulong Decode(ushort field)
    {
        uint mantissa = field & (ImplicitOne - 1);
        int exponent = (field >> ExponentShift) & 0x1F;
        return exponent == 0 ? (ulong)mantissa << GranuleShift : (ulong)(ImplicitOne | mantissa) << (exponent + GranuleShift - 1);
    }

    /// <summary>Encodes <paramref name="bytes"/>; false where no encoding stands for exactly that many.</summary>
    public static bool TryEncode(ulong bytes, out ushort field)
    {
        field = 0;
        ulong pages = bytes >> GranuleShift;
        if (bytes > Largest)
        {
            return false;
        }

        int exponent = pages < ImplicitOne ? 0 : System.Numerics.BitOperations.Log2(pages) - ExponentShift + 1;
        ulong mantissa = exponent == 0 ? pages : pages >> (exponent - 1);
        var candidate = (ushort)((uint)(exponent << ExponentShift) | (uint)(mantissa & (ImplicitOne - 1)));
        if (Decode(candidate) != bytes)
        {
            return false;
        }

        field = candidate;
        return true;
    }
}
