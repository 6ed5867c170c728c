namespace Pinion.Arm.Spe;

/// <summary>PMSCR_EL1, sampling control (Arm ARM D24.7); PMSCR_EL2 has the same layout with E0HSPE and E2SPE in bits 0 and 1.</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmscr(ulong Value)
{
    public const ulong E0SpeMask = 1ul << 0;
    public const ulong E1SpeMask = 1ul << 1;
    public const ulong CxMask = 1ul << 3;
    public const ulong PaMask = 1ul << 4;
    public const ulong TsMask = 1ul << 5;
    public const ulong PctMask = 3ul << 6;

    /// <summary>PCT when EL2 and ECV are absent: one bit is implemented, bit 7 is RES0.</summary>
    public const ulong PctWithoutEcvMask = 1ul << 6;

    /// <summary>Every field without FEAT_SPE_EXC, FEAT_SPE_nVM and FEAT_ECV; the rest is RES0.</summary>
    public const ulong ImplementedMask = E0SpeMask | E1SpeMask | CxMask | PaMask | TsMask | PctWithoutEcvMask;

    /// <summary>Sampling is enabled at EL0 (E0SPE; E0HSPE in PMSCR_EL2).</summary>
    public bool E0Spe => (Value & E0SpeMask) != 0;

    /// <summary>Sampling is enabled at EL1 (E1SPE; E2SPE in PMSCR_EL2).</summary>
    public bool E1Spe => (Value & E1SpeMask) != 0;

    /// <summary>Records carry CONTEXTIDR.</summary>
    public bool Cx => (Value & CxMask) != 0;

    /// <summary>Records may carry the physical data address.</summary>
    public bool Pa => (Value & PaMask) != 0;

    /// <summary>Records end with a timestamp.</summary>
    public bool Ts => (Value & TsMask) != 0;

    /// <summary>Timestamp source: 0 virtual, 1 physical, 3 physical minus CNTPOFF.</summary>
    public int Pct => (int)((Value & PctMask) >> 6);
}

/// <summary>PMSICR_EL1, the running sample interval counter (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmsicr(ulong Value)
{
    public const ulong CountMask = 0xFFFF_FFFFul;
    public const int ECountShift = 56;
    public const ulong ECountMask = 0xFFul << ECountShift;

    /// <summary>Primary counter: operations until the next selection.</summary>
    public uint Count => (uint)Value;

    /// <summary>Secondary random counter, only with PMSIDR_EL1.ERnd.</summary>
    public byte ECount => (byte)(Value >> ECountShift);

    /// <summary>Bits that hold state: bits 55:32 are RES0, and ECOUNT is too without PMSIDR_EL1.ERnd.</summary>
    public static ulong ImplementedMask(bool ernd) => ernd ? CountMask | ECountMask : CountMask;

    public static Pmsicr From(uint count, byte ecount) => new(count | ((ulong)ecount << ECountShift));
}

/// <summary>PMSIRR_EL1, sample interval reload (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmsirr(ulong Value)
{
    public const ulong RndMask = 1ul;
    public const ulong IntervalMask = 0xFFFF_FF00ul;
    public const ulong ImplementedMask = RndMask | IntervalMask;

    /// <summary>A random number is added to every interval.</summary>
    public bool Rnd => (Value & RndMask) != 0;

    /// <summary>Operations between selections: INTERVAL with its eight low bits zero. INTERVAL 0 is a software error and acts as 1 here.</summary>
    public uint Interval => (Value & IntervalMask) == 0 ? 0x100u : (uint)(Value & IntervalMask);

    /// <summary>
    /// Members of the population from one selection to the next, on average: the counter goes from the interval to 0, which takes one more (Arm ARM D17.4). Eight random bits lengthen that where there is one
    /// counter, and only move the selection where PMSIDR_EL1.ERnd (<paramref name="ernd"/>) gives them a counter of their own.
    /// </summary>
    public double MeanSpacing(bool ernd) => Interval + 1 + (Rnd && !ernd ? 127.5 : 0);
}

/// <summary>PMSLATFR_EL1, latency filter (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmslatfr(ulong Value)
{
    public const ulong MinLatMask = 0xFFFFul;

    /// <summary>Smallest total latency, in cycles, that a kept record may have.</summary>
    public ushort MinLat => (ushort)Value;

    /// <summary>Bits that hold state for counters of <paramref name="counterBits"/> (12 or 16) bits.</summary>
    public static ulong ImplementedMask(int counterBits) => (1ul << counterBits) - 1;
}
