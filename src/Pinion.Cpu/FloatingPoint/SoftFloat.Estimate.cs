using System.Numerics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.FloatingPoint;

// The estimates, whose every bit the architecture fixes.
internal static unsafe partial class SoftFloat
{
    /// <summary>FPRecipEstimate.</summary>
    public static ulong RecipEstimate<F>(Pe* s, ulong bits)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, bits, fpcr);
        if (a.IsNaN)
        {
            return ProcessNaN<F>(s, bits, fpcr);
        }

        if (a.IsInfinity)
        {
            return Signed<F>(a.Sign, 0);
        }

        if (a.IsZero)
        {
            Raise(s, Fpsr.Dzc);
            return Signed<F>(a.Sign, Infinity<F>());
        }

        // Below 2^-(bias + 1) the reciprocal overflows; from 2^(bias - 1) on it is subnormal.
        if (a.Exponent < -(Bias<F>() + 1))
        {
            Raise(s, Fpsr.Ofc | Fpsr.Ixc);
            return OverflowResult<F>(a.Sign, Rounding(fpcr));
        }

        if (Flushes<F>(fpcr) && a.Exponent >= Bias<F>() - 1)
        {
            Raise(s, Fpsr.Ufc);
            return Signed<F>(a.Sign, 0);
        }

        // 1.xxx has an estimate in [0.5, 1), so the exponent is one less than the negated one.
        ulong mantissa = (ulong)RecipEstimate((int)(a.Significand >> 55)) << (F.FractionBits - 8);
        int biased = Bias<F>() - 1 - a.Exponent;
        if (biased <= 0)
        {
            mantissa >>= 1 - biased;
            biased = 0;
        }

        return Signed<F>(a.Sign, ((ulong)biased << F.FractionBits) | (mantissa & ((1UL << F.FractionBits) - 1)));
    }

    /// <summary>RecipEstimate: 256 to 511 (0.5 to 1) gives 256 to 511 (1 to 2).</summary>
    private static int RecipEstimate(int a) => (((1 << 19) / ((a * 2) + 1)) + 1) / 2;

    /// <summary>FPRSqrtEstimate.</summary>
    public static ulong RSqrtEstimate<F>(Pe* s, ulong bits)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, bits, fpcr);
        if (a.IsNaN)
        {
            return ProcessNaN<F>(s, bits, fpcr);
        }

        if (a.IsZero)
        {
            Raise(s, Fpsr.Dzc);
            return Signed<F>(a.Sign, Infinity<F>());
        }

        if (a.Sign)
        {
            return InvalidOperation<F>(s);
        }

        if (a.IsInfinity)
        {
            return 0;
        }

        // The operand is scaled by an even power of two into [0.25, 1).
        int scaled = (int)(a.Significand >> ((a.Exponent & 1) != 0 ? 55 : 56));
        int biased = ((3 * Bias<F>()) - 1 - (a.Exponent + Bias<F>())) >> 1;
        ulong mantissa = (ulong)RSqrtEstimate(scaled) & 0xFF;
        return ((ulong)biased << F.FractionBits) | (mantissa << (F.FractionBits - 8));
    }

    /// <summary>RecipSqrtEstimate: 128 to 511 (0.25 to 1) gives 256 to 511 (1 to 2).</summary>
    private static int RSqrtEstimate(int a)
    {
        a = a < 256 ? (a * 2) + 1 : (a | 1) * 2;
        int b = 512;
        while ((long)a * (b + 1) * (b + 1) < 1 << 28)
        {
            b++;
        }

        return (b + 1) / 2;
    }

    /// <summary>FPRecpX.</summary>
    public static ulong RecipExponent<F>(Pe* s, ulong bits)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, bits, fpcr);
        if (a.IsNaN)
        {
            return ProcessNaN<F>(s, bits, fpcr);
        }

        ulong field = bits & Infinity<F>();
        return Signed<F>(a.Sign, field == 0 ? Infinity<F>() - (1UL << F.FractionBits) : field ^ Infinity<F>());
    }

    /// <summary>UnsignedRecipEstimate (URECPE).</summary>
    public static uint UnsignedRecipEstimate(uint a) => (int)a >= 0 ? uint.MaxValue : (uint)RecipEstimate((int)(a >> 23)) << 23;

    /// <summary>UnsignedRSqrtEstimate (URSQRTE).</summary>
    public static uint UnsignedRSqrtEstimate(uint a) => a >> 30 == 0 ? uint.MaxValue : (uint)RSqrtEstimate((int)(a >> 23)) << 23;
}
