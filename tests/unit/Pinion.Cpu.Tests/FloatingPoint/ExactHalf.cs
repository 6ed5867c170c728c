using System.Numerics;
using Pinion.Cpu.FloatingPoint;

namespace Pinion.Cpu.Tests.FloatingPoint;

/// <summary>
/// Half precision by exact rational arithmetic: the finite halves are a sorted list of multiples of 2^-24, and rounding is a search in it. Shares
/// nothing with the implementation.
/// </summary>
internal static class ExactHalf
{
    /// <summary>Magnitude of every non-negative finite half, times 2^24, by its bits.</summary>
    private static readonly BigInteger[] s_magnitudes = [.. Enumerable.Range(0, 0x7C00).Select(MagnitudeOf)];

    private static BigInteger MagnitudeOf(int bits)
    {
        int exponent = bits >> 10;
        int fraction = bits & 0x3FF;
        return exponent == 0 ? fraction : new BigInteger(0x400 + fraction) << (exponent - 1);
    }

    /// <summary>Numerator of a finite half over 2^24.</summary>
    public static BigInteger Numerator(ushort bits) => (bits & 0x8000) != 0 ? -s_magnitudes[bits & 0x7FFF] : s_magnitudes[bits & 0x7FFF];

    public static bool IsFinite(ushort bits) => (bits & 0x7C00) != 0x7C00;

    /// <summary>Rounds numerator / denominator, which is not zero, and tells the flags.</summary>
    public static (ushort Bits, uint Flags) Round(BigInteger numerator, BigInteger denominator, FpRounding rounding)
    {
        bool negative = numerator.Sign * denominator.Sign < 0;
        numerator = BigInteger.Abs(numerator) << 24;
        denominator = BigInteger.Abs(denominator);
        int low = Search(numerator, denominator);
        ushort sign = (ushort)(negative ? 0x8000 : 0);
        BigInteger below = s_magnitudes[low] * denominator;
        if (below == numerator)
        {
            return ((ushort)(sign | low), 0);
        }

        // The value that would follow the largest half decides about ties at the top.
        BigInteger above = (low == 0x7BFF ? new BigInteger(65536) << 24 : s_magnitudes[low + 1]) * denominator;
        int twice = (numerator + numerator).CompareTo(below + above);
        bool up = rounding switch
        {
            FpRounding.TieEven => twice > 0 || (twice == 0 && (low & 1) != 0),
            FpRounding.PlusInfinity => !negative,
            FpRounding.MinusInfinity => negative,
            _ => false,
        };
        uint flags = Fpsr.Ixc;
        bool tiny = numerator < s_magnitudes[0x400] * denominator;
        bool beyond = numerator >= above;
        if (tiny)
        {
            flags |= Fpsr.Ufc;
        }

        // Overflow is a matter of the result with unlimited exponent.
        if (low == 0x7BFF && (up || beyond))
        {
            flags |= Fpsr.Ofc;
        }

        return ((ushort)(sign | (low + (up ? 1 : 0))), flags);
    }

    private static int Search(BigInteger numerator, BigInteger denominator)
    {
        int low = 0;
        int high = s_magnitudes.Length;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (s_magnitudes[middle] * denominator <= numerator)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
