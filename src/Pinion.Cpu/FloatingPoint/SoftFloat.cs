using System.Numerics;
using System.Runtime.CompilerServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.FloatingPoint;

/// <summary>
/// Floating point as the Arm ARM's shared pseudocode defines it (FPUnpack, FPRound, FPProcessNaNs and what is built on them), for any format, with
/// every FPCR mode and every FPSR flag. Values are bit patterns in the low bits of a <see cref="ulong"/>. It is what the host's
/// arithmetic falls back to, so it prefers being obviously right to being fast.
/// </summary>
internal static unsafe partial class SoftFloat
{
    private enum Kind : byte
    {
        Zero,
        Number,
        Infinity,
        QuietNaN,
        SignallingNaN,
    }

    /// <summary>A value taken apart. A number is Significand * 2^(Exponent - 63) with bit 63 of the significand set.</summary>
    private readonly struct Parts(Kind kind, bool sign, int exponent, ulong significand)
    {
        public readonly Kind Kind = kind;
        public readonly bool Sign = sign;
        public readonly int Exponent = exponent;
        public readonly ulong Significand = significand;

        public bool IsNaN => Kind >= Kind.QuietNaN;

        public bool IsInfinity => Kind == Kind.Infinity;

        public bool IsZero => Kind == Kind.Zero;
    }

    public static ulong SignBit<F>()
        where F : struct, IFloatFormat => 1UL << (F.Bits - 1);

    public static ulong QuietBit<F>()
        where F : struct, IFloatFormat => 1UL << (F.FractionBits - 1);

    /// <summary>Pattern of +infinity; also the mask of the exponent field.</summary>
    public static ulong Infinity<F>()
        where F : struct, IFloatFormat => (1UL << (F.Bits - 1)) - (1UL << F.FractionBits);

    public static ulong DefaultNaN<F>()
        where F : struct, IFloatFormat => Infinity<F>() | QuietBit<F>();

    private static int Bias<F>()
        where F : struct, IFloatFormat => (1 << (F.Bits - F.FractionBits - 2)) - 1;

    private static ulong Signed<F>(bool sign, ulong magnitude)
        where F : struct, IFloatFormat => sign ? magnitude | SignBit<F>() : magnitude;

    /// <summary>FPCR for arithmetic: the alternative half format is only of conversions' concern.</summary>
    private static uint Control(Pe* s) => s->Fpcr & ~Fpcr.Ahp;

    private static FpRounding Rounding(uint fpcr) => (FpRounding)((fpcr >> Fpcr.RModeShift) & 3);

    private static bool Flushes<F>(uint fpcr)
        where F : struct, IFloatFormat => (fpcr & (F.Bits == 16 ? Fpcr.Fz16 : Fpcr.Fz)) != 0;

    /// <summary>Accumulates exception flags in FPSR.</summary>
    public static void Raise(Pe* s, uint flags)
    {
        s->Fpsr |= flags;
        if ((flags & Fpsr.Ixc) != 0)
        {
            s->UpdateFpFast();
        }
    }

    /// <summary>FPUnpack; with AHP left in <paramref name="fpcr"/> a half of the alternative format (FPUnpackCV).</summary>
    private static Parts Unpack<F>(Pe* s, ulong bits, uint fpcr)
        where F : struct, IFloatFormat
    {
        bool sign = (bits & SignBit<F>()) != 0;
        ulong fraction = bits & ((1UL << F.FractionBits) - 1);
        int exponent = (int)((bits & Infinity<F>()) >> F.FractionBits);
        if (exponent == 0)
        {
            if (fraction == 0)
            {
                return new Parts(Kind.Zero, sign, 0, 0);
            }

            if (Flushes<F>(fpcr))
            {
                // Flushing a half input is silent.
                if (F.Bits != 16)
                {
                    Raise(s, Fpsr.Idc);
                }

                return new Parts(Kind.Zero, sign, 0, 0);
            }

            int zeros = BitOperations.LeadingZeroCount(fraction);
            return new Parts(Kind.Number, sign, 1 - Bias<F>() - F.FractionBits + 63 - zeros, fraction << zeros);
        }

        if (exponent == (int)(Infinity<F>() >> F.FractionBits) && (F.Bits != 16 || (fpcr & Fpcr.Ahp) == 0))
        {
            return new Parts(fraction == 0 ? Kind.Infinity : (fraction & QuietBit<F>()) != 0 ? Kind.QuietNaN : Kind.SignallingNaN, sign, 0, 0);
        }

        return new Parts(Kind.Number, sign, exponent - Bias<F>(), (fraction << (63 - F.FractionBits)) | (1UL << 63));
    }

    /// <summary>
    /// FPRound of significand * 2^(exponent - 63). Bit 63 of the significand is set; its bit 0 also stands for everything below it.
    /// </summary>
    private static ulong Round<F>(Pe* s, bool sign, int exponent, ulong significand, uint fpcr, FpRounding rounding)
        where F : struct, IFloatFormat
    {
        int minimum = 1 - Bias<F>();
        int biased = exponent - minimum + 1;
        if (biased <= 0)
        {
            if (Flushes<F>(fpcr))
            {
                Raise(s, Fpsr.Ufc);
                return Signed<F>(sign, 0);
            }

            significand = ShiftRightJam(significand, minimum - exponent);
            biased = 0;
        }

        ulong mantissa = significand >> (63 - F.FractionBits);
        ulong error = significand << (F.FractionBits + 1);

        // Tininess is detected before rounding.
        if (biased == 0 && error != 0)
        {
            Raise(s, Fpsr.Ufc);
        }

        if (RoundsUp(rounding, sign, (mantissa & 1) != 0, error))
        {
            mantissa++;
            if (mantissa == 1UL << F.FractionBits)
            {
                biased = 1;
            }
            else if (mantissa == 2UL << F.FractionBits)
            {
                biased++;
                mantissa >>= 1;
            }
        }
        else if (rounding == FpRounding.Odd && error != 0)
        {
            mantissa |= 1;
        }

        int top = (int)(Infinity<F>() >> F.FractionBits);
        if (F.Bits == 16 && (fpcr & Fpcr.Ahp) != 0)
        {
            if (biased > top)
            {
                Raise(s, Fpsr.Ioc);
                return Signed<F>(sign, SignBit<F>() - 1);
            }
        }
        else if (biased >= top)
        {
            Raise(s, Fpsr.Ofc | Fpsr.Ixc);
            return OverflowResult<F>(sign, rounding);
        }

        if (error != 0)
        {
            Raise(s, Fpsr.Ixc);
        }

        return Signed<F>(sign, ((ulong)biased << F.FractionBits) | (mantissa & ((1UL << F.FractionBits) - 1)));
    }

    /// <summary>Infinity, or the largest number where rounding points towards zero.</summary>
    private static ulong OverflowResult<F>(bool sign, FpRounding rounding)
        where F : struct, IFloatFormat
    {
        bool toInfinity = rounding switch
        {
            FpRounding.TieEven => true,
            FpRounding.PlusInfinity => !sign,
            FpRounding.MinusInfinity => sign,
            _ => false,
        };
        return Signed<F>(sign, toInfinity ? Infinity<F>() : Infinity<F>() - 1);
    }

    /// <summary>Whether a magnitude with the remainder <paramref name="error"/> * 2^-64 of its last place is rounded up.</summary>
    private static bool RoundsUp(FpRounding rounding, bool sign, bool odd, ulong error)
    {
        const ulong Half = 1UL << 63;
        return rounding switch
        {
            FpRounding.TieEven => error > Half || (error == Half && odd),
            FpRounding.PlusInfinity => error != 0 && !sign,
            FpRounding.MinusInfinity => error != 0 && sign,
            FpRounding.TieAway => error >= Half,
            _ => false,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ShiftRightJam(ulong value, int count) => count switch
    {
        0 => value,
        < 64 => (value >> count) | ((value << (64 - count)) != 0 ? 1UL : 0),
        _ => value != 0 ? 1UL : 0,
    };

    private static UInt128 ShiftRightJam(UInt128 value, int count) => count switch
    {
        0 => value,
        < 128 => (value >> count) | ((value << (128 - count)) != UInt128.Zero ? UInt128.One : UInt128.Zero),
        _ => value != UInt128.Zero ? UInt128.One : UInt128.Zero,
    };

    private static ulong InvalidOperation<F>(Pe* s)
        where F : struct, IFloatFormat
    {
        Raise(s, Fpsr.Ioc);
        return DefaultNaN<F>();
    }

    /// <summary>FPProcessNaN.</summary>
    private static ulong ProcessNaN<F>(Pe* s, ulong bits, uint fpcr)
        where F : struct, IFloatFormat
    {
        if ((bits & QuietBit<F>()) == 0)
        {
            Raise(s, Fpsr.Ioc);
        }

        return (fpcr & Fpcr.Dn) != 0 ? DefaultNaN<F>() : bits | QuietBit<F>();
    }

    /// <summary>FPProcessNaNs where at least one operand is a NaN: signalling before quiet, then in operand order.</summary>
    private static ulong ProcessNaNs<F>(Pe* s, in Parts a, in Parts b, ulong aBits, ulong bBits, uint fpcr)
        where F : struct, IFloatFormat
    {
        bool first = a.Kind == Kind.SignallingNaN || (b.Kind != Kind.SignallingNaN && a.IsNaN);
        return ProcessNaN<F>(s, first ? aBits : bBits, fpcr);
    }
}
