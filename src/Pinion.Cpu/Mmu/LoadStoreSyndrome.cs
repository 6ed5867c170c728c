namespace Pinion.Cpu.Mmu;

/// <summary>The instruction-specific syndrome of a stage 2 data abort (Arm ARM, ISS encoding for data aborts): what EL2 needs to emulate the access.</summary>
internal static class LoadStoreSyndrome
{
    /// <summary>ISV, SAS, SSE, SRT, SF and AR for a load or store of one general register without writeback; 0 for everything else, as the architecture has it.</summary>
    public static ulong Describe(uint word)
    {
        uint size = word >> 30;
        uint rt = word & 31;
        bool vector = ((word >> 26) & 1) != 0;
        uint opc = (word >> 22) & 3;
        bool acquireRelease = false;
        if ((word & 0x3B00_0000) == 0x3900_0000)
        {
            // Unsigned offset.
        }
        else if ((word & 0x3B20_0C00) is 0x3800_0000 or 0x3800_0800 or 0x3820_0800)
        {
            // Unscaled, unprivileged (no writeback), register offset.
        }
        else if ((word & 0x3FC0_0000) is 0x0880_0000 or 0x08C0_0000 && (word & 0x0020_0000) == 0)
        {
            // STLR, STLLR, LDAR, LDLAR.
            acquireRelease = (word & 0x8000) != 0;
            opc = (word >> 22) & 1;
        }
        else if ((word & 0x3FFF_FC00) == 0x38BF_C000)
        {
            // LDAPR.
            acquireRelease = true;
            opc = 1;
        }
        else if ((word & 0x3B00_0000) == 0x1800_0000 && size < 3)
        {
            // Literal: LDR of 32 and 64 bits, LDRSW.
            opc = size == 2 ? 2u : 1u;
            size = size == 1 ? 3u : 2u;
        }
        else
        {
            return 0;
        }

        if (vector || (size == 3 && opc >= 2))
        {
            return 0;
        }

        bool signExtend = opc >= 2;
        bool sixtyFour = signExtend ? opc == 2 : size == 3;
        return (1UL << 24) | ((ulong)size << 22) | (signExtend ? 1UL << 21 : 0) | ((ulong)rt << 16) | (sixtyFour ? 1UL << 15 : 0) | (acquireRelease ? 1UL << 14 : 0);
    }
}
