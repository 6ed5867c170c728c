using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>What the saturating and rounding lane operations share. Intermediate values are exact, in 128 bits.</summary>
internal static unsafe class SimdSaturation
{
    /// <summary>A lane as a signed number.</summary>
    public static long S(ulong value, int size) => Lanes.Signed(value, size);

    /// <summary>SignedSatQ: clamps to the element, sets FPSR.QC when that changes the value.</summary>
    public static ulong SatS(Pe* s, Int128 value, int size)
    {
        long max = (long)(Lanes.Mask(size) >> 1);
        long min = -max - 1;
        if (value > max || value < min)
        {
            s->Fpsr |= Fpsr.Qc;
            return (ulong)(value > max ? max : min);
        }

        return (ulong)(long)value;
    }

    /// <summary>UnsignedSatQ.</summary>
    public static ulong SatU(Pe* s, Int128 value, int size)
    {
        ulong max = Lanes.Mask(size);
        if (value > max || value < 0)
        {
            s->Fpsr |= Fpsr.Qc;
            return value < 0 ? 0 : max;
        }

        return (ulong)value;
    }

    /// <summary>Right shift by 1 to 64, rounding to nearest with ties up when asked.</summary>
    public static Int128 ShiftRight(Int128 value, int count, bool rounding) => (value + (rounding ? Int128.One << (count - 1) : 0)) >> count;

    /// <summary>Shift by a signed amount from a register (SSHL and its family): left when positive.</summary>
    public static Int128 ShiftBy(Int128 value, ulong amount, bool rounding)
    {
        int shift = (sbyte)amount;
        if (shift >= 0)
        {
            // From 64 on every bit of the element is gone; what is left has to saturate by the sign.
            return shift < 64 ? value << shift : (Int128)Int128.Sign(value) << 100;
        }

        return ShiftRight(value, Math.Min(-shift, 126), rounding);
    }

    /// <summary>The product of two polynomials over {0, 1}.</summary>
    public static ulong CarrylessProduct(ulong a, ulong b)
    {
        ulong product = 0;
        for (; b != 0; b >>= 1, a <<= 1)
        {
            product ^= (b & 1) != 0 ? a : 0;
        }

        return product;
    }

    public static ulong Distance(long a, long b) => a > b ? (ulong)a - (ulong)b : (ulong)b - (ulong)a;

    public static ulong Distance(ulong a, ulong b) => a > b ? a - b : b - a;

    /// <summary>(2 * n * m, rounded if asked) taken from and added to d's upper half: SQDMULH, SQRDMLAH and SQRDMLSH.</summary>
    public static ulong DoublingHigh(Pe* s, int size, long d, long n, long m, int sign, bool rounding)
    {
        int bits = Lanes.Bits(size);
        Int128 value = ((Int128)d << bits) + (sign * 2 * (Int128)n * m) + (rounding ? Int128.One << (bits - 1) : 0);
        return SatS(s, value >> bits, size);
    }
}
