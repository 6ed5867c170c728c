using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>A floating-point operation on one lane, for any format.</summary>
internal unsafe interface IFloatLane
{
    static abstract ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
        where F : struct, IFloatFormat;
}

/// <summary>Makes a lane operation of a floating-point one: the element size chooses the format.</summary>
internal readonly unsafe struct Float<T> : ILane
    where T : struct, IFloatLane
{
    public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => size switch
    {
        1 => T.Do<Half16>(s, r, d, n, m),
        2 => T.Do<Single32>(s, r, d, n, m),
        _ => T.Do<Double64>(s, r, d, n, m),
    };
}

/// <summary>The floating-point operations that exist both on scalars and on vectors.</summary>
internal static unsafe class FpLane
{
    /// <summary>Rounding as <c>Ra</c> gives it; <see cref="Current"/> stands for FPCR's.</summary>
    public const byte Current = 7;

    private static FpRounding Rounding(Pe* s, Rec* r) => r->Ra == Current ? (FpRounding)((s->Fpcr >> Fpcr.RModeShift) & 3) : (FpRounding)r->Ra;

    public readonly struct Add : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Add<F>(s, n, m);
    }

    public readonly struct Sub : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Sub<F>(s, n, m);
    }

    public readonly struct AbsoluteDifference : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Sub<F>(s, n, m) & ~SoftFloat.SignBit<F>();
    }

    public readonly struct Mul : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Mul<F>(s, n, m);
    }

    public readonly struct NegatedMul : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Mul<F>(s, n, m) ^ SoftFloat.SignBit<F>();
    }

    public readonly struct MulX : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.MulX<F>(s, n, m);
    }

    public readonly struct Div : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Div<F>(s, n, m);
    }

    public readonly struct Max : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Max<F>(s, n, m);
    }

    public readonly struct Min : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Min<F>(s, n, m);
    }

    public readonly struct MaxNum : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.MaxNum<F>(s, n, m);
    }

    public readonly struct MinNum : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.MinNum<F>(s, n, m);
    }

    /// <summary>d + n * m.</summary>
    public readonly struct MulAdd : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.MulAdd<F>(s, d, n, m);
    }

    /// <summary>d - n * m.</summary>
    public readonly struct MulSub : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.MulAdd<F>(s, d, n ^ SoftFloat.SignBit<F>(), m);
    }

    public readonly struct RecipStep : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RecipStep<F>(s, n, m);
    }

    public readonly struct RSqrtStep : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RSqrtStep<F>(s, n, m);
    }

    public readonly struct RecipEstimate : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RecipEstimate<F>(s, n);
    }

    public readonly struct RSqrtEstimate : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RSqrtEstimate<F>(s, n);
    }

    public readonly struct RecipExponent : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RecipExponent<F>(s, n);
    }

    public readonly struct Sqrt : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Sqrt<F>(s, n);
    }

    public readonly struct Abs : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => n & ~SoftFloat.SignBit<F>();
    }

    public readonly struct Neg : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => n ^ SoftFloat.SignBit<F>();
    }

    public readonly struct Equal : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Compare<F>(s, n, m, false) == FpRelation.Equal ? ulong.MaxValue : 0;
    }

    public readonly struct GreaterEqual : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Compare<F>(s, n, m, true) is FpRelation.Equal or FpRelation.Greater ? ulong.MaxValue : 0;
    }

    public readonly struct Greater : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.Compare<F>(s, n, m, true) == FpRelation.Greater ? ulong.MaxValue : 0;
    }

    public readonly struct AbsoluteGreaterEqual : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => GreaterEqual.Do<F>(s, r, d, n & ~SoftFloat.SignBit<F>(), m & ~SoftFloat.SignBit<F>());
    }

    public readonly struct AbsoluteGreater : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => Greater.Do<F>(s, r, d, n & ~SoftFloat.SignBit<F>(), m & ~SoftFloat.SignBit<F>());
    }

    /// <summary>Compares with +0, in the operand order of <typeparamref name="T"/>.</summary>
    public readonly struct WithZero<T> : IFloatLane
        where T : struct, IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => T.Do<F>(s, r, d, n, 0);
    }

    /// <summary>Compares +0 with n: "less than zero" is "zero greater".</summary>
    public readonly struct ZeroWith<T> : IFloatLane
        where T : struct, IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => T.Do<F>(s, r, d, 0, n);
    }

    public readonly struct RoundToIntegral : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RoundToIntegral<F>(s, n, Rounding(s, r), false);
    }

    /// <summary>FRINTX.</summary>
    public readonly struct RoundToIntegralExact : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.RoundToIntegral<F>(s, n, Rounding(s, r), true);
    }

    /// <summary>To an integer of the lane's width.</summary>
    public readonly struct ToSigned : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.ToFixed<F>(s, n, F.Bits, false, 0, Rounding(s, r));
    }

    public readonly struct ToUnsigned : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.ToFixed<F>(s, n, F.Bits, true, 0, Rounding(s, r));
    }

    /// <summary>To a fixed-point number with <c>Ra</c> fraction bits, towards zero.</summary>
    public readonly struct ToSignedFixed : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.ToFixed<F>(s, n, F.Bits, false, r->Ra, FpRounding.Zero);
    }

    public readonly struct ToUnsignedFixed : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.ToFixed<F>(s, n, F.Bits, true, r->Ra, FpRounding.Zero);
    }

    /// <summary>From a number of the lane's width with <c>Ra</c> fraction bits.</summary>
    public readonly struct FromSigned : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.FromFixed<F>(s, (ulong)((long)(n << (64 - F.Bits)) >> (64 - F.Bits)), false, r->Ra);
    }

    public readonly struct FromUnsigned : IFloatLane
    {
        public static ulong Do<F>(Pe* s, Rec* r, ulong d, ulong n, ulong m)
            where F : struct, IFloatFormat => SoftFloat.FromFixed<F>(s, n, true, r->Ra);
    }
}
