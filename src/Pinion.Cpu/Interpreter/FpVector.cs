using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// Vectors of singles and doubles by the host's arithmetic, under the rules of <see cref="FpScalar"/> for all lanes together. <c>Imm</c> masks the upper
/// half, so one operation serves 64 and 128 bits.
/// </summary>
internal static unsafe class FpVector
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<T> Mask<T>(Rec* r) => Vector128.Create(ulong.MaxValue, (ulong)r->Imm).As<ulong, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutSums(Pe* s, Rec* r, Vector128<float> x)
    {
        Vector128<uint> infinity = Vector128.Create(0x7F80_0000u);
        x &= Mask<float>(r);
        if (s->FpFast == 0 || Vector128.EqualsAny(x.AsUInt32() & infinity, infinity))
        {
            return false;
        }

        PutAll(s, r, x);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutSums(Pe* s, Rec* r, Vector128<double> x)
    {
        Vector128<ulong> infinity = Vector128.Create(0x7FF0_0000_0000_0000ul);
        x &= Mask<double>(r);
        if (s->FpFast == 0 || Vector128.EqualsAny(x.AsUInt64() & infinity, infinity))
        {
            return false;
        }

        PutAll(s, r, x);
        return true;
    }

    /// <summary>
    /// Lanes must be at least twice the smallest normal number, or exact zeros: where <paramref name="n"/> or <paramref name="m"/>, and <paramref name="d"/>, are zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutProducts(Pe* s, Rec* r, Vector128<float> x, Vector128<float> n, Vector128<float> m, Vector128<float> d)
    {
        Vector128<float> mask = Mask<float>(r);

        // Magnitudes from 2 * 2^-126 up to the largest, moved to the bottom of the signed range so that one comparison finds the others.
        Vector128<int> moved = (x.AsInt32() & Vector128.Create(0x7FFF_FFFF)) + Vector128.Create(0x7F00_0000);
        Vector128<int> bad = Vector128.GreaterThan(moved, Vector128.Create(int.MinValue + 0x7E7F_FFFF)) & mask.AsInt32();
        if (s->FpFast == 0 || (bad != Vector128<int>.Zero && (bad & ~((IsZero(n) | IsZero(m)) & IsZero(d) & IsZero(x)).AsInt32()) != Vector128<int>.Zero))
        {
            return false;
        }

        PutAll(s, r, x & mask);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutProducts(Pe* s, Rec* r, Vector128<double> x, Vector128<double> n, Vector128<double> m, Vector128<double> d)
    {
        Vector128<double> mask = Mask<double>(r);
        Vector128<long> moved = (x.AsInt64() & Vector128.Create(long.MaxValue)) + Vector128.Create(0x7FE0_0000_0000_0000);
        Vector128<long> bad = Vector128.GreaterThan(moved, Vector128.Create(long.MinValue + 0x7FCF_FFFF_FFFF_FFFF)) & mask.AsInt64();
        if (s->FpFast == 0 || (bad != Vector128<long>.Zero && (bad & ~((IsZero(n) | IsZero(m)) & IsZero(d) & IsZero(x)).AsInt64()) != Vector128<long>.Zero))
        {
            return false;
        }

        PutAll(s, r, x & mask);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<T> IsZero<T>(Vector128<T> x) => Vector128.Equals(x, Vector128<T>.Zero);

    /// <summary>No NaN among the operands, and subnormals count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Ordered<T>(Pe* s, Vector128<T> n, Vector128<T> m) =>
        (s->Fpcr & Fpcr.Fz) == 0 && (Vector128.Equals(n, n) & Vector128.Equals(m, m)).AsUInt64() == Vector128<ulong>.AllBitsSet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutComparison<T>(Pe* s, Rec* r, Vector128<T> n, Vector128<T> m, Vector128<T> x)
    {
        if (!Ordered(s, n, m))
        {
            return false;
        }

        PutAll(s, r, x & Mask<T>(r));
        return true;
    }

    /// <summary>Chooses between operands none of which is a NaN; equal ones must have equal bits (zeros of different sign do not).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutChosen<T>(Pe* s, Rec* r, Vector128<T> n, Vector128<T> m, Vector128<T> first, Vector128<T> second)
    {
        Vector128<ulong> decided = (first | second | (Vector128.Equals(n, m) & Vector128.Equals(n.AsUInt64(), m.AsUInt64()).As<ulong, T>()) | ~Mask<T>(r)).AsUInt64();
        if ((s->Fpcr & Fpcr.Fz) != 0 || decided != Vector128<ulong>.AllBitsSet)
        {
            return false;
        }

        PutAll(s, r, Vector128.ConditionalSelect(first, n, m) & Mask<T>(r));
        return true;
    }

    [Fast("Fadd"), MethodImpl(Inline.Hot)]
    internal static bool Fadd4S(Pe* s, Rec* r) => PutSums(s, r, N<float>(s, r) + M<float>(s, r));

    [Fast("Fsub"), MethodImpl(Inline.Hot)]
    internal static bool Fsub4S(Pe* s, Rec* r) => PutSums(s, r, N<float>(s, r) - M<float>(s, r));

    [Fast("Fabd"), MethodImpl(Inline.Hot)]
    internal static bool Fabd4S(Pe* s, Rec* r) => PutSums(s, r, Vector128.Abs(N<float>(s, r) - M<float>(s, r)));

    [Fast("Fsqrt"), MethodImpl(Inline.Hot)]
    internal static bool Fsqrt4S(Pe* s, Rec* r) => PutSums(s, r, Vector128.Sqrt(N<float>(s, r) & Mask<float>(r)));

    [Fast("Fmul"), MethodImpl(Inline.Hot)]
    internal static bool Fmul4S(Pe* s, Rec* r) => PutProducts(s, r, N<float>(s, r) * M<float>(s, r), N<float>(s, r), M<float>(s, r), Vector128<float>.Zero);

    [Fast("Fdiv"), MethodImpl(Inline.Hot)]
    internal static bool Fdiv4S(Pe* s, Rec* r) => PutProducts(s, r, N<float>(s, r) / M<float>(s, r), N<float>(s, r), N<float>(s, r), Vector128<float>.Zero);

    [Fast("Fmla"), MethodImpl(Inline.Hot)]
    internal static bool Fmla4S(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(N<float>(s, r), M<float>(s, r), D<float>(s, r)), N<float>(s, r), M<float>(s, r), D<float>(s, r));

    [Fast("Fmls"), MethodImpl(Inline.Hot)]
    internal static bool Fmls4S(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(-N<float>(s, r), M<float>(s, r), D<float>(s, r)), N<float>(s, r), M<float>(s, r), D<float>(s, r));

    [Fast("Fmul"), MethodImpl(Inline.Hot)]
    internal static bool FmulElement4S(Pe* s, Rec* r) => PutProducts(s, r, N<float>(s, r) * Element<float>(s, r), N<float>(s, r), Element<float>(s, r), Vector128<float>.Zero);

    [Fast("Fmla"), MethodImpl(Inline.Hot)]
    internal static bool FmlaElement4S(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(N<float>(s, r), Element<float>(s, r), D<float>(s, r)), N<float>(s, r), Element<float>(s, r), D<float>(s, r));

    [Fast("Fmls"), MethodImpl(Inline.Hot)]
    internal static bool FmlsElement4S(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(-N<float>(s, r), Element<float>(s, r), D<float>(s, r)), N<float>(s, r), Element<float>(s, r), D<float>(s, r));

    [Fast("Fcmeq"), MethodImpl(Inline.Hot)]
    internal static bool Fcmeq4S(Pe* s, Rec* r) => PutComparison(s, r, N<float>(s, r), M<float>(s, r), Vector128.Equals(N<float>(s, r), M<float>(s, r)));

    [Fast("Fcmge"), MethodImpl(Inline.Hot)]
    internal static bool Fcmge4S(Pe* s, Rec* r) => PutComparison(s, r, N<float>(s, r), M<float>(s, r), Vector128.GreaterThanOrEqual(N<float>(s, r), M<float>(s, r)));

    [Fast("Fcmgt"), MethodImpl(Inline.Hot)]
    internal static bool Fcmgt4S(Pe* s, Rec* r) => PutComparison(s, r, N<float>(s, r), M<float>(s, r), Vector128.GreaterThan(N<float>(s, r), M<float>(s, r)));

    [Fast("Fmax"), MethodImpl(Inline.Hot)]
    internal static bool Fmax4S(Pe* s, Rec* r) => PutChosen(s, r, N<float>(s, r), M<float>(s, r), Vector128.GreaterThan(N<float>(s, r), M<float>(s, r)), Vector128.LessThan(N<float>(s, r), M<float>(s, r)));

    [Fast("Fmin"), MethodImpl(Inline.Hot)]
    internal static bool Fmin4S(Pe* s, Rec* r) => PutChosen(s, r, N<float>(s, r), M<float>(s, r), Vector128.LessThan(N<float>(s, r), M<float>(s, r)), Vector128.GreaterThan(N<float>(s, r), M<float>(s, r)));

    [Fast("Fmaxnm"), MethodImpl(Inline.Hot)]
    internal static bool Fmaxnm4S(Pe* s, Rec* r) => PutChosen(s, r, N<float>(s, r), M<float>(s, r), Vector128.GreaterThan(N<float>(s, r), M<float>(s, r)), Vector128.LessThan(N<float>(s, r), M<float>(s, r)));

    [Fast("Fminnm"), MethodImpl(Inline.Hot)]
    internal static bool Fminnm4S(Pe* s, Rec* r) => PutChosen(s, r, N<float>(s, r), M<float>(s, r), Vector128.LessThan(N<float>(s, r), M<float>(s, r)), Vector128.GreaterThan(N<float>(s, r), M<float>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void Fabs4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Abs(N<float>(s, r)) & Mask<float>(r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void Fneg4S(Pe* s, Rec* r) => PutAll(s, r, -N<float>(s, r) & Mask<float>(r));

    [Fast("Fadd"), MethodImpl(Inline.Hot)]
    internal static bool Fadd2D(Pe* s, Rec* r) => PutSums(s, r, N<double>(s, r) + M<double>(s, r));

    [Fast("Fsub"), MethodImpl(Inline.Hot)]
    internal static bool Fsub2D(Pe* s, Rec* r) => PutSums(s, r, N<double>(s, r) - M<double>(s, r));

    [Fast("Fabd"), MethodImpl(Inline.Hot)]
    internal static bool Fabd2D(Pe* s, Rec* r) => PutSums(s, r, Vector128.Abs(N<double>(s, r) - M<double>(s, r)));

    [Fast("Fsqrt"), MethodImpl(Inline.Hot)]
    internal static bool Fsqrt2D(Pe* s, Rec* r) => PutSums(s, r, Vector128.Sqrt(N<double>(s, r) & Mask<double>(r)));

    [Fast("Fmul"), MethodImpl(Inline.Hot)]
    internal static bool Fmul2D(Pe* s, Rec* r) => PutProducts(s, r, N<double>(s, r) * M<double>(s, r), N<double>(s, r), M<double>(s, r), Vector128<double>.Zero);

    [Fast("Fdiv"), MethodImpl(Inline.Hot)]
    internal static bool Fdiv2D(Pe* s, Rec* r) => PutProducts(s, r, N<double>(s, r) / M<double>(s, r), N<double>(s, r), N<double>(s, r), Vector128<double>.Zero);

    [Fast("Fmla"), MethodImpl(Inline.Hot)]
    internal static bool Fmla2D(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(N<double>(s, r), M<double>(s, r), D<double>(s, r)), N<double>(s, r), M<double>(s, r), D<double>(s, r));

    [Fast("Fmls"), MethodImpl(Inline.Hot)]
    internal static bool Fmls2D(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(-N<double>(s, r), M<double>(s, r), D<double>(s, r)), N<double>(s, r), M<double>(s, r), D<double>(s, r));

    [Fast("Fmul"), MethodImpl(Inline.Hot)]
    internal static bool FmulElement2D(Pe* s, Rec* r) => PutProducts(s, r, N<double>(s, r) * Element<double>(s, r), N<double>(s, r), Element<double>(s, r), Vector128<double>.Zero);

    [Fast("Fmla"), MethodImpl(Inline.Hot)]
    internal static bool FmlaElement2D(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(N<double>(s, r), Element<double>(s, r), D<double>(s, r)), N<double>(s, r), Element<double>(s, r), D<double>(s, r));

    [Fast("Fmls"), MethodImpl(Inline.Hot)]
    internal static bool FmlsElement2D(Pe* s, Rec* r) => PutProducts(s, r, Vector128.FusedMultiplyAdd(-N<double>(s, r), Element<double>(s, r), D<double>(s, r)), N<double>(s, r), Element<double>(s, r), D<double>(s, r));

    [Fast("Fcmeq"), MethodImpl(Inline.Hot)]
    internal static bool Fcmeq2D(Pe* s, Rec* r) => PutComparison(s, r, N<double>(s, r), M<double>(s, r), Vector128.Equals(N<double>(s, r), M<double>(s, r)));

    [Fast("Fcmge"), MethodImpl(Inline.Hot)]
    internal static bool Fcmge2D(Pe* s, Rec* r) => PutComparison(s, r, N<double>(s, r), M<double>(s, r), Vector128.GreaterThanOrEqual(N<double>(s, r), M<double>(s, r)));

    [Fast("Fcmgt"), MethodImpl(Inline.Hot)]
    internal static bool Fcmgt2D(Pe* s, Rec* r) => PutComparison(s, r, N<double>(s, r), M<double>(s, r), Vector128.GreaterThan(N<double>(s, r), M<double>(s, r)));

    [Fast("Fmax"), MethodImpl(Inline.Hot)]
    internal static bool Fmax2D(Pe* s, Rec* r) => PutChosen(s, r, N<double>(s, r), M<double>(s, r), Vector128.GreaterThan(N<double>(s, r), M<double>(s, r)), Vector128.LessThan(N<double>(s, r), M<double>(s, r)));

    [Fast("Fmin"), MethodImpl(Inline.Hot)]
    internal static bool Fmin2D(Pe* s, Rec* r) => PutChosen(s, r, N<double>(s, r), M<double>(s, r), Vector128.LessThan(N<double>(s, r), M<double>(s, r)), Vector128.GreaterThan(N<double>(s, r), M<double>(s, r)));

    [Fast("Fmaxnm"), MethodImpl(Inline.Hot)]
    internal static bool Fmaxnm2D(Pe* s, Rec* r) => PutChosen(s, r, N<double>(s, r), M<double>(s, r), Vector128.GreaterThan(N<double>(s, r), M<double>(s, r)), Vector128.LessThan(N<double>(s, r), M<double>(s, r)));

    [Fast("Fminnm"), MethodImpl(Inline.Hot)]
    internal static bool Fminnm2D(Pe* s, Rec* r) => PutChosen(s, r, N<double>(s, r), M<double>(s, r), Vector128.LessThan(N<double>(s, r), M<double>(s, r)), Vector128.GreaterThan(N<double>(s, r), M<double>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void Fabs2D(Pe* s, Rec* r) => PutAll(s, r, Vector128.Abs(N<double>(s, r)) & Mask<double>(r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void Fneg2D(Pe* s, Rec* r) => PutAll(s, r, -N<double>(s, r) & Mask<double>(r));

    // ---- conversions
    [Fast("Scvtf"), MethodImpl(Inline.Hot)]
    internal static bool Scvtf4S(Pe* s, Rec* r) => PutSums(s, r, Vector128.ConvertToSingle(N<int>(s, r)));

    [Fast("Ucvtf"), MethodImpl(Inline.Hot)]
    internal static bool Ucvtf4S(Pe* s, Rec* r) => Avx512F.VL.IsSupported && PutSums(s, r, Avx512F.VL.ConvertToVector128Single(N<uint>(s, r)));

    [Fast("Scvtf"), MethodImpl(Inline.Hot)]
    internal static bool Scvtf2D(Pe* s, Rec* r) => Avx512DQ.VL.IsSupported && PutSums(s, r, Avx512DQ.VL.ConvertToVector128Double(N<long>(s, r)));

    [Fast("Ucvtf"), MethodImpl(Inline.Hot)]
    internal static bool Ucvtf2D(Pe* s, Rec* r) => Avx512DQ.VL.IsSupported && PutSums(s, r, Avx512DQ.VL.ConvertToVector128Double(N<ulong>(s, r)));

    [Fast("FcvtSigned"), MethodImpl(Inline.Hot)]
    internal static bool Fcvtzs4S(Pe* s, Rec* r)
    {
        Vector128<float> n = N<float>(s, r) & Mask<float>(r);
        if (s->FpFast == 0 || !Vector128.LessThanAll(Vector128.Abs(n), Vector128.Create(2147483648.0f)))
        {
            return false;
        }

        PutAll(s, r, Vector128.ConvertToInt32Native(n));
        return true;
    }

    [Fast("FcvtSigned"), MethodImpl(Inline.Hot)]
    internal static bool Fcvtzs2D(Pe* s, Rec* r)
    {
        Vector128<double> n = N<double>(s, r) & Mask<double>(r);
        if (s->FpFast == 0 || !Vector128.LessThanAll(Vector128.Abs(n), Vector128.Create(9223372036854775808.0)))
        {
            return false;
        }

        PutAll(s, r, Vector128.ConvertToInt64Native(n));
        return true;
    }

    // ---- scalars in vector registers
    [Fast("Scvtf"), MethodImpl(Inline.Hot)]
    internal static bool ScvtfScalarD(Pe* s, Rec* r)
    {
        long n = *(long*)Pe.Vec(s, r->Rn);
        if (s->FpFast == 0 && (ulong)(n + (1L << 53)) > 1UL << 54)
        {
            return false;
        }

        PutAll(s, r, Vector128.CreateScalar((double)n));
        return true;
    }

    [Fast("Scvtf"), MethodImpl(Inline.Hot)]
    internal static bool ScvtfScalarS(Pe* s, Rec* r)
    {
        int n = *(int*)Pe.Vec(s, r->Rn);
        if (s->FpFast == 0 && (uint)(n + (1 << 24)) > 1U << 25)
        {
            return false;
        }

        PutAll(s, r, Vector128.CreateScalar((float)n));
        return true;
    }

    [Fast("Fabd"), MethodImpl(Inline.Hot)]
    internal static bool FabdScalarD(Pe* s, Rec* r) => PutSums(s, r, Vector128.Abs(Vector128.CreateScalar(N<double>(s, r).ToScalar() - M<double>(s, r).ToScalar())));

    [Fast("Faddp"), MethodImpl(Inline.Hot)]
    internal static bool FaddpScalarD(Pe* s, Rec* r) => PutSums(s, r, Vector128.CreateScalar(N<double>(s, r).ToScalar() + N<double>(s, r).GetElement(1)));

    [Fast("Faddp"), MethodImpl(Inline.Hot)]
    internal static bool FaddpScalarS(Pe* s, Rec* r) => PutSums(s, r, Vector128.CreateScalar(N<float>(s, r).ToScalar() + N<float>(s, r).GetElement(1)));

    [Fast("Faddp"), MethodImpl(Inline.Hot)]
    internal static bool Faddp4S(Pe* s, Rec* r) => PutSums(s, r, PairSums(N<float>(s, r), M<float>(s, r)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PairSums(Vector128<float> n, Vector128<float> m) => Sse3.IsSupported
        ? Sse3.HorizontalAdd(n, m)
        : Vector128.Create(n[0] + n[1], n[2] + n[3], m[0] + m[1], m[2] + m[3]);
}
