namespace Pinion.Arm.Spe;

/// <summary>PMSFCR_EL1, filter control (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmsfcr(ulong Value)
{
    public const ulong FeMask = 1ul << 0;
    public const ulong FtMask = 1ul << 1;
    public const ulong FlMask = 1ul << 2;
    public const ulong FnEMask = 1ul << 3;
    public const ulong FdsMask = 1ul << 4;
    public const ulong BMask = 1ul << 16;
    public const ulong LdMask = 1ul << 17;
    public const ulong StMask = 1ul << 18;
    public const ulong FpMask = 1ul << 19;
    public const ulong SimdMask = 1ul << 20;

    /// <summary>Bm, LDm, STm, FPm and SIMDm lie 32 bits above the controls they mask (FEAT_SPE_EFT).</summary>
    public const int TypeMaskShift = 32;

    /// <summary>B, LD, ST, FP and SIMD together.</summary>
    public const ulong TypesMask = BMask | LdMask | StMask | FpMask | SimdMask;

    /// <summary>Filter by event.</summary>
    public bool Fe => (Value & FeMask) != 0;

    /// <summary>Filter by operation type.</summary>
    public bool Ft => (Value & FtMask) != 0;

    /// <summary>Filter by total latency.</summary>
    public bool Fl => (Value & FlMask) != 0;

    /// <summary>Filter by the absence of events.</summary>
    public bool FnE => (Value & FnEMask) != 0;

    /// <summary>Filter loads by data source.</summary>
    public bool Fds => (Value & FdsMask) != 0;

    /// <summary>Branches are kept.</summary>
    public bool B => (Value & BMask) != 0;

    /// <summary>Loads, and atomics that return a value, are kept.</summary>
    public bool Ld => (Value & LdMask) != 0;

    /// <summary>Stores and atomics are kept.</summary>
    public bool St => (Value & StMask) != 0;

    /// <summary>Bits that hold state on an implementation with this PMSIDR_EL1.</summary>
    public static ulong ImplementedMask(Pmsidr id)
    {
        ulong mask = FeMask | FtMask | FlMask | BMask | LdMask | StMask;
        if (id.FnE)
        {
            mask |= FnEMask;
        }

        if (id.Fds)
        {
            mask |= FdsMask;
        }

        if (id.Eft)
        {
            mask |= FpMask | SimdMask | (TypesMask << TypeMaskShift);
        }

        return mask;
    }

    /// <summary>
    /// The type filter (Arm ARM D17.6.3): whether an operation with <paramref name="types"/> (a combination of <see cref="BMask"/>, <see cref="LdMask"/>,
    /// <see cref="StMask"/>, <see cref="FpMask"/>, <see cref="SimdMask"/>) passes. FT=1 that selects nothing is CONSTRAINED UNPREDICTABLE and keeps everything here.
    /// </summary>
    public bool KeepsTypes(ulong types)
    {
        if (!Ft)
        {
            return true;
        }

        ulong control = Value & TypesMask;
        ulong and = (Value >> TypeMaskShift) & TypesMask;
        if (((types ^ control) & and) != 0)
        {
            return false;
        }

        ulong or = control & ~and;
        return or == 0 || (types & or) != 0;
    }
}

/// <summary>PMSEVFR_EL1 and PMSNEVFR_EL1, event filters: bit n selects event n (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmsevfr(ulong Value)
{
    /// <summary>
    /// Bits that hold state for ID_AA64DFR0_EL1.PMSVer <paramref name="pmsVer"/> (1 = SPEv1p0); the rest is RAZ/WI. Both registers have the same.
    /// </summary>
    public static ulong ImplementedMask(int pmsVer, bool sve = false, bool sme = false)
    {
        ulong mask = pmsVer switch
        {
            <= 0 => 0,
            1 => 0xAA,
            2 => 0x8AA,
            3 or 4 => 0x8EA,
            _ => 0xF80FFE,
        };
        if (sve && pmsVer >= 2)
        {
            mask |= (ulong)(SpeEvents.PartialPredicate | SpeEvents.EmptyPredicate);
        }

        if (sme && pmsVer >= 5)
        {
            mask |= (ulong)(SpeEvents.StreamingSve | SpeEvents.Smcu);
        }

        return mask;
    }

    /// <summary>PMSEVFR_EL1: every selected event happened.</summary>
    public bool KeepsIfAll(SpeEvents events) => ((ulong)events & Value) == Value;

    /// <summary>PMSNEVFR_EL1: no selected event happened.</summary>
    public bool KeepsIfNone(SpeEvents events) => ((ulong)events & Value) == 0;
}
