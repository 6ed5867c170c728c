using Pinion.Cpu;
using Pinion.Cpu.Mmu;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Which addresses of which translation regime a buffer has: what the pages found for it depend on beside the tables themselves. MAIR_EL1 is no part of it, nor are permission bits that do not
/// apply to the profiling unit.
/// </summary>
/// <param name="Enabled">SCTLR_EL1.M.</param>
/// <param name="Tcr">TCR_EL1.</param>
/// <param name="Root">TTBR1_EL1 or TTBR0_EL1 without ASID and CnP.</param>
/// <param name="Asid">Of the half that TCR_EL1.A1 says; counts only where a leaf is not global.</param>
/// <param name="Start">First page, sign-extended from bit 55.</param>
/// <param name="Last">Last page.</param>
internal readonly record struct BufferKey(bool Enabled, ulong Tcr, ulong Root, ushort Asid, ulong Start, ulong Last)
{
    private const ulong InPage = 4095;

    /// <summary>Of an address range in the present regime.</summary>
    public static BufferKey Of(ProcessingElement pe, ulong pointer, ulong limit)
    {
        if (limit <= pointer)
        {
            // A buffer without pages has no last address: it is part of none, and none is part of it.
            return new BufferKey(false, 0, 0, 0, Start: ulong.MaxValue, Last: 0);
        }

        TranslationRegime regime = BufferWalk.RegimeOf(pe);
        ulong start = Extended(pointer & ~InPage);
        ulong asids = (regime.Tcr & (1UL << 22)) != 0 ? regime.Ttbr1 : regime.Ttbr0;
        return new BufferKey(
            (regime.Sctlr & 1) != 0,
            regime.Tcr,
            (start >> 63 != 0 ? regime.Ttbr1 : regime.Ttbr0) & 0x0000_FFFF_FFFF_FFFE,
            (ushort)(asids >> 48),
            start,
            Extended((limit - 1) & ~InPage));
    }

    /// <summary>What was found for this was found for <paramref name="other"/> too.</summary>
    public bool Contains(in BufferKey other, bool notGlobal) =>
        Enabled == other.Enabled
        && (!Enabled || (Tcr == other.Tcr && Root == other.Root && (!notGlobal || Asid == other.Asid)))
        && Start <= other.Start && other.Last <= Last && other.Start <= other.Last;

    private static ulong Extended(ulong va) => (ulong)((long)(va << 8) >> 8);
}
