using System.Numerics;

namespace Pinion.Arm.A64;

/// <summary>Immediates that the architecture expands by a rule.</summary>
public static class Immediates
{
    /// <summary>
    /// DecodeBitMasks() of the Arm ARM for a logical immediate: the bit pattern that N:imms:immr stands for, replicated to 64 bits. False when the encoding is
    /// reserved. A 32-bit instruction uses the low half (and has N = 0).
    /// </summary>
    public static bool TryDecodeLogical(uint n, uint imms, uint immr, out ulong mask)
    {
        if (!TryElementSize(n, imms, out int size) || (imms & (uint)(size - 1)) == (uint)(size - 1))
        {
            mask = 0;
            return false;
        }

        mask = Replicate(RotateRight(Ones((int)(imms & (uint)(size - 1)) + 1), (int)immr & (size - 1), size), size);
        return true;
    }

    /// <summary>
    /// DecodeBitMasks() for SBFM, BFM and UBFM: <paramref name="wmask"/> takes the rotated source, <paramref name="tmask"/> the bits at or below the top of
    /// the field. False when N:imms is reserved. A 32-bit instruction uses the low halves.
    /// </summary>
    public static bool TryDecodeBitfield(uint n, uint imms, uint immr, out ulong wmask, out ulong tmask)
    {
        if (!TryElementSize(n, imms, out int size))
        {
            wmask = 0;
            tmask = 0;
            return false;
        }

        int s = (int)imms & (size - 1);
        int r = (int)immr & (size - 1);
        wmask = Replicate(RotateRight(Ones(s + 1), r, size), size);
        tmask = Replicate(Ones(((s - r) & (size - 1)) + 1), size);
        return true;
    }

    /// <summary>AdvSIMDExpandImm(): the 64 bits that op:cmode:imm8 stands for. For FMOV (cmode 1111) they are two singles or one double.</summary>
    public static ulong AdvSimdExpandImm(uint op, uint cmode, uint imm8)
    {
        ulong imm = imm8;
        switch (cmode >> 1)
        {
            case 0:
            case 1:
            case 2:
            case 3:
                return Replicate(imm << (8 * (int)(cmode >> 1)), 32);
            case 4:
            case 5:
                return Replicate(imm << (8 * (int)((cmode >> 1) & 1)), 16);
            case 6:
                return Replicate((cmode & 1) == 0 ? (imm << 8) | 0xFF : (imm << 16) | 0xFFFF, 32);
            default:
                if ((cmode & 1) != 0)
                {
                    return op == 0 ? Replicate(VfpExpandImm32(imm8), 32) : VfpExpandImm64(imm8);
                }

                return op == 0 ? Replicate(imm, 8) : ByteMask(imm8);
        }
    }

    /// <summary>VFPExpandImm() for half precision, as the bits of the value.</summary>
    public static ushort VfpExpandImm16(uint imm8) =>
        (ushort)(((imm8 & 0x80) << 8) | ((imm8 & 0x40) != 0 ? 0x3000u : 0x4000u) | ((imm8 & 0x3F) << 6));

    /// <summary>VFPExpandImm() for single precision, as the bits of the value.</summary>
    public static uint VfpExpandImm32(uint imm8) =>
        ((imm8 & 0x80) << 24) | ((imm8 & 0x40) != 0 ? 0x3E00_0000u : 0x4000_0000u) | ((imm8 & 0x3F) << 19);

    /// <summary>VFPExpandImm() for double precision, as the bits of the value.</summary>
    public static ulong VfpExpandImm64(uint imm8) =>
        ((ulong)(imm8 & 0x80) << 56) | ((imm8 & 0x40) != 0 ? 0x3FC0_0000_0000_0000UL : 0x4000_0000_0000_0000UL) | ((ulong)(imm8 & 0x3F) << 48);

    /// <summary>Copies the low <paramref name="size"/> bits (a power of two, up to 64) of <paramref name="value"/> over 64 bits.</summary>
    public static ulong Replicate(ulong value, int size)
    {
        for (int width = size; width < 64; width *= 2)
        {
            value |= value << width;
        }

        return value;
    }

    private static bool TryElementSize(uint n, uint imms, out int size)
    {
        uint length = (n << 6) | (~imms & 0x3F);
        size = length < 2 ? 0 : 1 << BitOperations.Log2(length);
        return size != 0;
    }

    private static ulong Ones(int count) => count == 64 ? ulong.MaxValue : (1UL << count) - 1;

    private static ulong RotateRight(ulong value, int by, int size) =>
        by == 0 ? value : ((value >> by) | (value << (size - by))) & Ones(size);

    private static ulong ByteMask(uint imm8)
    {
        ulong mask = 0;
        for (int i = 0; i < 8; i++)
        {
            mask |= (imm8 & (1u << i)) != 0 ? 0xFFUL << (8 * i) : 0;
        }

        return mask;
    }
}
