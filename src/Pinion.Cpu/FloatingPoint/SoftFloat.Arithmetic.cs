using System.Numerics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.FloatingPoint;

// Add, multiply, divide, square root and the fused forms.
internal static unsafe partial class SoftFloat
{
    /// <summary>FPAdd.</summary>
    public static ulong Add<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => AddSub<F>(s, a, b, false);

    /// <summary>FPSub.</summary>
    public static ulong Sub<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => AddSub<F>(s, a, b, true);

    private static ulong AddSub<F>(Pe* s, ulong aBits, ulong bBits, bool subtract)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        if (a.IsNaN || b.IsNaN)
        {
            return ProcessNaNs<F>(s, a, b, aBits, bBits, fpcr);
        }

        bool bSign = b.Sign ^ subtract;
        if (a.IsInfinity || b.IsInfinity)
        {
            return a.IsInfinity && b.IsInfinity && a.Sign != bSign ? InvalidOperation<F>(s) : Signed<F>(a.IsInfinity ? a.Sign : bSign, Infinity<F>());
        }

        if (a.IsZero && b.IsZero)
        {
            return Signed<F>(a.Sign == bSign ? a.Sign : Rounding(fpcr) == FpRounding.MinusInfinity, 0);
        }

        return Sum<F>(s, a.Sign, a.Exponent, (UInt128)a.Significand << 63, bSign, b.Exponent, (UInt128)b.Significand << 63, 0, fpcr);
    }

    /// <summary>
    /// Rounds (a + b) * 2^<paramref name="scale"/>, where a term is m * 2^(e - 126) and m below 2^127. A zero term has m == 0.
    /// When the exponents are so far apart that alignment drops bits, no more than one leading bit can cancel, so the sticky bit is enough.
    /// </summary>
    private static ulong Sum<F>(Pe* s, bool aSign, int aExponent, UInt128 a, bool bSign, int bExponent, UInt128 b, int scale, uint fpcr)
        where F : struct, IFloatFormat
    {
        int exponent = a == UInt128.Zero ? bExponent : b == UInt128.Zero ? aExponent : Math.Max(aExponent, bExponent);
        a = a == UInt128.Zero ? a : ShiftRightJam(a, exponent - aExponent);
        b = b == UInt128.Zero ? b : ShiftRightJam(b, exponent - bExponent);
        bool sign = aSign;
        UInt128 sum;
        if (aSign == bSign)
        {
            sum = a + b;
        }
        else if (a >= b)
        {
            sum = a - b;
        }
        else
        {
            sum = b - a;
            sign = bSign;
        }

        FpRounding rounding = Rounding(fpcr);
        if (sum == UInt128.Zero)
        {
            return Signed<F>(rounding == FpRounding.MinusInfinity, 0);
        }

        int zeros = (int)UInt128.LeadingZeroCount(sum);
        sum <<= zeros;
        ulong significand = (ulong)(sum >> 64) | ((ulong)sum != 0 ? 1UL : 0);
        return Round<F>(s, sign, exponent + 1 - zeros + scale, significand, fpcr, rounding);
    }

    /// <summary>FPMul.</summary>
    public static ulong Mul<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => Multiply<F>(s, a, b, false);

    /// <summary>FPMulX: as FPMul, but zero times infinity is 2.</summary>
    public static ulong MulX<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => Multiply<F>(s, a, b, true);

    private static ulong Multiply<F>(Pe* s, ulong aBits, ulong bBits, bool extended)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        if (a.IsNaN || b.IsNaN)
        {
            return ProcessNaNs<F>(s, a, b, aBits, bBits, fpcr);
        }

        bool sign = a.Sign ^ b.Sign;
        if ((a.IsInfinity && b.IsZero) || (a.IsZero && b.IsInfinity))
        {
            return extended ? Signed<F>(sign, (ulong)(Bias<F>() + 1) << F.FractionBits) : InvalidOperation<F>(s);
        }

        if (a.IsInfinity || b.IsInfinity)
        {
            return Signed<F>(sign, Infinity<F>());
        }

        if (a.IsZero || b.IsZero)
        {
            return Signed<F>(sign, 0);
        }

        ulong high = Math.BigMul(a.Significand, b.Significand, out ulong low);
        int exponent = a.Exponent + b.Exponent + 1;
        if ((long)high >= 0)
        {
            high = (high << 1) | (low >> 63);
            low <<= 1;
            exponent--;
        }

        return Round<F>(s, sign, exponent, high | (low != 0 ? 1UL : 0), fpcr, Rounding(fpcr));
    }

    /// <summary>FPDiv.</summary>
    public static ulong Div<F>(Pe* s, ulong aBits, ulong bBits)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        if (a.IsNaN || b.IsNaN)
        {
            return ProcessNaNs<F>(s, a, b, aBits, bBits, fpcr);
        }

        bool sign = a.Sign ^ b.Sign;
        if ((a.IsInfinity && b.IsInfinity) || (a.IsZero && b.IsZero))
        {
            return InvalidOperation<F>(s);
        }

        if (a.IsInfinity)
        {
            return Signed<F>(sign, Infinity<F>());
        }

        if (b.IsZero)
        {
            Raise(s, Fpsr.Dzc);
            return Signed<F>(sign, Infinity<F>());
        }

        if (a.IsZero || b.IsInfinity)
        {
            return Signed<F>(sign, 0);
        }

        // The quotient lies between 2^62 and 2^64.
        (UInt128 quotient, UInt128 remainder) = UInt128.DivRem((UInt128)a.Significand << 63, b.Significand);
        ulong q = (ulong)quotient;
        int zeros = BitOperations.LeadingZeroCount(q);
        return Round<F>(s, sign, a.Exponent - b.Exponent - zeros, (q << zeros) | (remainder != UInt128.Zero ? 1UL : 0), fpcr, Rounding(fpcr));
    }

    /// <summary>FPSqrt.</summary>
    public static ulong Sqrt<F>(Pe* s, ulong bits)
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
            return Signed<F>(a.Sign, 0);
        }

        if (a.Sign)
        {
            return InvalidOperation<F>(s);
        }

        if (a.IsInfinity)
        {
            return bits;
        }

        // An even exponent and a radicand between 2^126 and 2^128 give a root with bit 63 set.
        int exponent = a.Exponent & ~1;
        UInt128 radicand = (UInt128)a.Significand << (63 + (a.Exponent & 1));
        ulong root = IntegerSqrt(radicand);
        bool inexact = (UInt128)root * root != radicand;
        return Round<F>(s, false, exponent >> 1, root | (inexact ? 1UL : 0), fpcr, Rounding(fpcr));
    }

    /// <summary>The largest integer whose square does not exceed <paramref name="n"/>, which is at least 2^126.</summary>
    private static ulong IntegerSqrt(UInt128 n)
    {
        double estimate = Math.Sqrt((double)n);
        ulong root = estimate >= 18446744073709551615.0 ? ulong.MaxValue : (ulong)estimate;

        // One Newton step takes the host's 53 correct bits to within one of the root.
        UInt128 step = (root + (n / root)) >> 1;
        root = step > ulong.MaxValue ? ulong.MaxValue : (ulong)step;
        while ((UInt128)root * root > n)
        {
            root--;
        }

        while (root != ulong.MaxValue && (UInt128)(root + 1) * (root + 1) <= n)
        {
            root++;
        }

        return root;
    }

    /// <summary>FPMulAdd: <paramref name="cBits"/> + <paramref name="aBits"/> * <paramref name="bBits"/> rounded once.</summary>
    public static ulong MulAdd<F>(Pe* s, ulong cBits, ulong aBits, ulong bBits)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts c = Unpack<F>(s, cBits, fpcr);
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        bool undefined = (a.IsInfinity && b.IsZero) || (a.IsZero && b.IsInfinity);
        if (a.IsNaN || b.IsNaN || c.IsNaN)
        {
            if (c.Kind == Kind.QuietNaN && undefined)
            {
                return InvalidOperation<F>(s);
            }

            ulong chosen =
                c.Kind == Kind.SignallingNaN ? cBits :
                a.Kind == Kind.SignallingNaN ? aBits :
                b.Kind == Kind.SignallingNaN ? bBits :
                c.IsNaN ? cBits :
                a.IsNaN ? aBits : bBits;
            return ProcessNaN<F>(s, chosen, fpcr);
        }

        bool sign = a.Sign ^ b.Sign;
        bool infinite = a.IsInfinity || b.IsInfinity;
        if (undefined || (c.IsInfinity && infinite && c.Sign != sign))
        {
            return InvalidOperation<F>(s);
        }

        if (c.IsInfinity || infinite)
        {
            return Signed<F>(c.IsInfinity ? c.Sign : sign, Infinity<F>());
        }

        bool zero = a.IsZero || b.IsZero;
        if (zero && c.IsZero)
        {
            return Signed<F>(c.Sign == sign ? sign : Rounding(fpcr) == FpRounding.MinusInfinity, 0);
        }

        return Fused<F>(s, c.Sign, c.Exponent, c.Significand, sign, zero, a, b, 0, fpcr);
    }

    private static ulong Fused<F>(Pe* s, bool cSign, int cExponent, ulong c, bool sign, bool zero, in Parts a, in Parts b, int scale, uint fpcr)
        where F : struct, IFloatFormat
    {
        UInt128 product = UInt128.Zero;
        int exponent = 0;
        if (!zero)
        {
            // Each significand ends in at least eleven zeros, so the shift loses nothing.
            ulong high = Math.BigMul(a.Significand, b.Significand, out ulong low);
            product = new UInt128(high, low) >> 1;
            exponent = a.Exponent + b.Exponent + 1;
        }

        return Sum<F>(s, cSign, cExponent, (UInt128)c << 63, sign, exponent, product, scale, fpcr);
    }

    /// <summary>FPRecipStepFused: 2 - a * b.</summary>
    public static ulong RecipStep<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => Step<F>(s, a, b, 1UL << 63, 0);

    /// <summary>FPRSqrtStepFused: (3 - a * b) / 2.</summary>
    public static ulong RSqrtStep<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => Step<F>(s, a, b, 3UL << 62, -1);

    private static ulong Step<F>(Pe* s, ulong aBits, ulong bBits, ulong constant, int scale)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        aBits ^= SignBit<F>();
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        if (a.IsNaN || b.IsNaN)
        {
            return ProcessNaNs<F>(s, a, b, aBits, bBits, fpcr);
        }

        bool sign = a.Sign ^ b.Sign;
        if ((a.IsInfinity && b.IsZero) || (a.IsZero && b.IsInfinity))
        {
            // The constant itself, 2 or 3/2.
            return Round<F>(s, false, 1 + scale, constant, fpcr, FpRounding.Zero);
        }

        if (a.IsInfinity || b.IsInfinity)
        {
            return Signed<F>(sign, Infinity<F>());
        }

        return Fused<F>(s, false, 1, constant, sign, a.IsZero || b.IsZero, a, b, scale, fpcr);
    }
}
