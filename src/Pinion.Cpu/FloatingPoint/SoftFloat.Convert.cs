using System.Numerics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.FloatingPoint;

// Conversions between formats, to and from integers, and rounding to integral values.
internal static unsafe partial class SoftFloat
{
    /// <summary>FPConvert. <paramref name="odd"/> is FCVTXN's rounding.</summary>
    public static ulong Convert<TFrom, TTo>(Pe* s, ulong bits, bool odd = false)
        where TFrom : struct, IFloatFormat
        where TTo : struct, IFloatFormat
    {
        // Conversions do not flush halves (FPUnpackCV, FPRoundCV).
        uint fpcr = s->Fpcr & ~Fpcr.Fz16;
        bool alternative = TTo.Bits == 16 && (fpcr & Fpcr.Ahp) != 0;
        Parts a = Unpack<TFrom>(s, bits, fpcr);
        switch (a.Kind)
        {
            case Kind.QuietNaN or Kind.SignallingNaN:
                if (a.Kind == Kind.SignallingNaN || alternative)
                {
                    Raise(s, Fpsr.Ioc);
                }

                return alternative ? Signed<TTo>(a.Sign, 0) : (fpcr & Fpcr.Dn) != 0 ? DefaultNaN<TTo>() : ConvertNaN<TFrom, TTo>(a.Sign, bits);

            case Kind.Infinity when alternative:
                Raise(s, Fpsr.Ioc);
                return Signed<TTo>(a.Sign, SignBit<TTo>() - 1);

            case Kind.Infinity:
                return Signed<TTo>(a.Sign, Infinity<TTo>());

            case Kind.Zero:
                return Signed<TTo>(a.Sign, 0);

            default:
                return Round<TTo>(s, a.Sign, a.Exponent, a.Significand, fpcr, odd ? FpRounding.Odd : Rounding(fpcr));
        }
    }

    private static ulong ConvertNaN<TFrom, TTo>(bool sign, ulong bits)
        where TFrom : struct, IFloatFormat
        where TTo : struct, IFloatFormat
    {
        ulong payload = (bits & (QuietBit<TFrom>() - 1)) << (64 - TFrom.FractionBits) >> (64 - TTo.FractionBits);
        return Signed<TTo>(sign, DefaultNaN<TTo>() | payload);
    }

    /// <summary>FPRoundInt. <paramref name="exact"/> (FRINTX) raises Inexact.</summary>
    public static ulong RoundToIntegral<F>(Pe* s, ulong bits, FpRounding rounding, bool exact)
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

        if (a.IsInfinity || a.Exponent >= F.FractionBits)
        {
            return bits;
        }

        ulong magnitude = ToInteger(a, a.Exponent, rounding, out bool inexact);
        if (inexact && exact)
        {
            Raise(s, Fpsr.Ixc);
        }

        if (magnitude == 0)
        {
            return Signed<F>(a.Sign, 0);
        }

        int zeros = BitOperations.LeadingZeroCount(magnitude);
        return Round<F>(s, a.Sign, 63 - zeros, magnitude << zeros, fpcr, FpRounding.Zero);
    }

    /// <summary>Rounds a number with the exponent <paramref name="exponent"/> (below 64) to an integer.</summary>
    private static ulong ToInteger(in Parts a, int exponent, FpRounding rounding, out bool inexact)
    {
        ulong integer;
        ulong error;
        switch (exponent)
        {
            case 63:
                (integer, error) = (a.Significand, 0);
                break;
            case >= 0:
                (integer, error) = (a.Significand >> (63 - exponent), a.Significand << (exponent + 1));
                break;
            case -1:
                (integer, error) = (0, a.Significand);
                break;
            default:
                (integer, error) = (0, 1);
                break;
        }

        inexact = error != 0;
        return RoundsUp(rounding, a.Sign, (integer & 1) != 0, error) ? integer + 1 : integer;
    }

    /// <summary>FPToFixed: to an integer of <paramref name="width"/> bits, the last <paramref name="fractionBits"/> of them behind the point; saturates.</summary>
    public static ulong ToFixed<F>(Pe* s, ulong bits, int width, bool unsigned, int fractionBits, FpRounding rounding)
        where F : struct, IFloatFormat
    {
        Parts a = Unpack<F>(s, bits, Control(s));
        if (a.IsZero)
        {
            return 0;
        }

        if (a.IsNaN)
        {
            Raise(s, Fpsr.Ioc);
            return 0;
        }

        ulong limit = unsigned ? (a.Sign ? 0 : ulong.MaxValue >> (64 - width)) : (1UL << (width - 1)) - (a.Sign ? 0UL : 1);
        ulong magnitude = 0;
        bool inexact = false;
        bool overflow = a.IsInfinity || a.Exponent + fractionBits >= 64;
        if (!overflow)
        {
            magnitude = ToInteger(a, a.Exponent + fractionBits, rounding, out inexact);
            overflow = magnitude > limit;
        }

        if (overflow)
        {
            Raise(s, Fpsr.Ioc);
            magnitude = limit;
        }
        else if (inexact)
        {
            Raise(s, Fpsr.Ixc);
        }

        ulong result = a.Sign ? 0 - magnitude : magnitude;
        return result & (ulong.MaxValue >> (64 - width));
    }

    /// <summary>FixedToFP of an integer that was extended to 64 bits.</summary>
    public static ulong FromFixed<F>(Pe* s, ulong value, bool unsigned, int fractionBits)
        where F : struct, IFloatFormat
    {
        if (value == 0)
        {
            return 0;
        }

        bool sign = !unsigned && (long)value < 0;
        ulong magnitude = sign ? 0 - value : value;
        int zeros = BitOperations.LeadingZeroCount(magnitude);
        uint fpcr = Control(s);
        return Round<F>(s, sign, 63 - zeros - fractionBits, magnitude << zeros, fpcr, Rounding(fpcr));
    }
}
