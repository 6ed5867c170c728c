using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// Floating-point operations in full: scalar and vector, every format, every FPCR mode. The common cases have operations of their own
/// (<see cref="FpScalar"/>, <see cref="FpVector"/>) that come here when a result is out of the ordinary.
/// </summary>
internal static unsafe class FpGeneral
{
    [Op] internal static void Fadd(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Add>>(s, r);

    [Op] internal static void Fsub(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Sub>>(s, r);

    [Op] internal static void Fabd(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.AbsoluteDifference>>(s, r);

    [Op] internal static void Fmul(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Mul>>(s, r);

    [Op] internal static void Fnmul(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.NegatedMul>>(s, r);

    [Op] internal static void Fmulx(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.MulX>>(s, r);

    [Op] internal static void Fdiv(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Div>>(s, r);

    [Op] internal static void Fmax(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Max>>(s, r);

    [Op] internal static void Fmin(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Min>>(s, r);

    [Op] internal static void Fmaxnm(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.MaxNum>>(s, r);

    [Op] internal static void Fminnm(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.MinNum>>(s, r);

    [Op] internal static void Fmla(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.MulAdd>>(s, r);

    [Op] internal static void Fmls(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.MulSub>>(s, r);

    [Op] internal static void Frecps(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RecipStep>>(s, r);

    [Op] internal static void Frsqrts(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RSqrtStep>>(s, r);

    [Op] internal static void Frecpe(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RecipEstimate>>(s, r);

    [Op] internal static void Frsqrte(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RSqrtEstimate>>(s, r);

    [Op] internal static void Frecpx(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RecipExponent>>(s, r);

    [Op] internal static void Fsqrt(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Sqrt>>(s, r);

    [Op] internal static void Fabs(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Abs>>(s, r);

    [Op] internal static void Fneg(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Neg>>(s, r);

    [Op] internal static void Fcmeq(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Equal>>(s, r);

    [Op] internal static void Fcmge(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.GreaterEqual>>(s, r);

    [Op] internal static void Fcmgt(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.Greater>>(s, r);

    [Op] internal static void Facge(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.AbsoluteGreaterEqual>>(s, r);

    [Op] internal static void Facgt(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.AbsoluteGreater>>(s, r);

    [Op] internal static void FcmeqZero(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.WithZero<FpLane.Equal>>>(s, r);

    [Op] internal static void FcmgeZero(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.WithZero<FpLane.GreaterEqual>>>(s, r);

    [Op] internal static void FcmgtZero(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.WithZero<FpLane.Greater>>>(s, r);

    [Op] internal static void FcmleZero(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.ZeroWith<FpLane.GreaterEqual>>>(s, r);

    [Op] internal static void FcmltZero(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.ZeroWith<FpLane.Greater>>>(s, r);

    /// <summary>FRINTN, FRINTP, FRINTM, FRINTZ, FRINTA and FRINTI.</summary>
    [Op] internal static void Frint(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RoundToIntegral>>(s, r);

    [Op] internal static void Frintx(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.RoundToIntegralExact>>(s, r);

    /// <summary>FCVTNS, FCVTPS, FCVTMS, FCVTZS and FCVTAS within vector registers.</summary>
    [Op] internal static void FcvtSigned(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.ToSigned>>(s, r);

    [Op] internal static void FcvtUnsigned(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.ToUnsigned>>(s, r);

    [Op] internal static void FcvtSignedFixed(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.ToSignedFixed>>(s, r);

    [Op] internal static void FcvtUnsignedFixed(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.ToUnsignedFixed>>(s, r);

    [Op] internal static void Scvtf(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.FromSigned>>(s, r);

    [Op] internal static void Ucvtf(Pe* s, Rec* r) => Lanes.Same<Float<FpLane.FromUnsigned>>(s, r);

    [Op] internal static void Faddp(Pe* s, Rec* r) => Lanes.Pairwise<Float<FpLane.Add>>(s, r);

    [Op] internal static void Fmaxp(Pe* s, Rec* r) => Lanes.Pairwise<Float<FpLane.Max>>(s, r);

    [Op] internal static void Fminp(Pe* s, Rec* r) => Lanes.Pairwise<Float<FpLane.Min>>(s, r);

    [Op] internal static void Fmaxnmp(Pe* s, Rec* r) => Lanes.Pairwise<Float<FpLane.MaxNum>>(s, r);

    [Op] internal static void Fminnmp(Pe* s, Rec* r) => Lanes.Pairwise<Float<FpLane.MinNum>>(s, r);

    [Op] internal static void Fmaxv(Pe* s, Rec* r) => Lanes.Reduce<Float<FpLane.Max>>(s, r);

    [Op] internal static void Fminv(Pe* s, Rec* r) => Lanes.Reduce<Float<FpLane.Min>>(s, r);

    [Op] internal static void Fmaxnmv(Pe* s, Rec* r) => Lanes.Reduce<Float<FpLane.MaxNum>>(s, r);

    [Op] internal static void Fminnmv(Pe* s, Rec* r) => Lanes.Reduce<Float<FpLane.MinNum>>(s, r);

    /// <summary>FCVTL: lanes to the next wider format.</summary>
    [Op] internal static void Fcvtl(Pe* s, Rec* r) => Lanes.Long<Widen>(s, r);

    /// <summary>FCVTN: lanes to the next narrower format.</summary>
    [Op] internal static void Fcvtn(Pe* s, Rec* r) => Lanes.Narrow<Narrow>(s, r);

    /// <summary>FCVTXN: doubles to singles, rounded to odd.</summary>
    [Op] internal static void Fcvtxn(Pe* s, Rec* r) => Lanes.Narrow<NarrowOdd>(s, r);

    private readonly struct Widen : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) =>
            size == 1 ? SoftFloat.Convert<Half16, Single32>(s, n) : SoftFloat.Convert<Single32, Double64>(s, n);
    }

    private readonly struct Narrow : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) =>
            size == 1 ? SoftFloat.Convert<Single32, Half16>(s, n) : SoftFloat.Convert<Double64, Single32>(s, n);
    }

    private readonly struct NarrowOdd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SoftFloat.Convert<Double64, Single32>(s, n, odd: true);
    }

    /// <summary>FCVT between scalar formats: log2 sizes of source and destination in <c>Aux</c> and <c>Ra</c>.</summary>
    [Op]
    internal static void Fcvt(Pe* s, Rec* r)
    {
        ulong n = Lanes.Get(Pe.Vec(s, r->Rn), 0, (int)r->Aux);
        ulong result = ((int)r->Aux, (int)r->Ra) switch
        {
            (1, 2) => SoftFloat.Convert<Half16, Single32>(s, n),
            (1, 3) => SoftFloat.Convert<Half16, Double64>(s, n),
            (2, 1) => SoftFloat.Convert<Single32, Half16>(s, n),
            (2, 3) => SoftFloat.Convert<Single32, Double64>(s, n),
            (3, 1) => SoftFloat.Convert<Double64, Half16>(s, n),
            _ => SoftFloat.Convert<Double64, Single32>(s, n),
        };
        SetScalar(s, r->Rd, result);
    }

    /// <summary>Writes the low bits of a V register and clears the others; <paramref name="value"/> is zero-extended.</summary>
    private static void SetScalar(Pe* s, int register, ulong value)
    {
        ulong* v = (ulong*)Pe.Vec(s, register);
        v[0] = value;
        v[1] = 0;
    }

    // FMADD, FMSUB, FNMADD and FNMSUB; Imm tells what is negated.
    public const long NegateProduct = 1;
    public const long NegateAddend = 2;

    [Op]
    internal static void FmaddAny(Pe* s, Rec* r)
    {
        int size = (int)r->Aux;
        ulong sign = 1UL << (Lanes.Bits(size) - 1);
        ulong n = Lanes.Get(Pe.Vec(s, r->Rn), 0, size) ^ ((r->Imm & NegateProduct) != 0 ? sign : 0);
        ulong m = Lanes.Get(Pe.Vec(s, r->Rm), 0, size);
        ulong a = Lanes.Get(Pe.Vec(s, r->Ra), 0, size) ^ ((r->Imm & NegateAddend) != 0 ? sign : 0);
        SetScalar(s, r->Rd, Float<FpLane.MulAdd>.Do(s, r, size, a, n, m));
    }

    // To and from general registers: Aux is the format, Ra the rounding, Imm the fraction bits with these.
    public const long SixtyFour = 0x100;
    public const long Unsigned = 0x200;

    /// <summary>FCVT*S and FCVT*U to a general register.</summary>
    [Op]
    internal static void FcvtToGeneral(Pe* s, Rec* r)
    {
        int width = (r->Imm & SixtyFour) != 0 ? 64 : 32;
        bool unsigned = (r->Imm & Unsigned) != 0;
        int fraction = (int)(r->Imm & 0xFF);
        var rounding = (FpRounding)r->Ra;
        ulong n = Lanes.Get(Pe.Vec(s, r->Rn), 0, (int)r->Aux);
        s->X[r->Rd] = r->Aux switch
        {
            1 => SoftFloat.ToFixed<Half16>(s, n, width, unsigned, fraction, rounding),
            2 => SoftFloat.ToFixed<Single32>(s, n, width, unsigned, fraction, rounding),
            _ => SoftFloat.ToFixed<Double64>(s, n, width, unsigned, fraction, rounding),
        };
    }

    /// <summary>SCVTF and UCVTF from a general register.</summary>
    [Op]
    internal static void FcvtFromGeneral(Pe* s, Rec* r)
    {
        bool unsigned = (r->Imm & Unsigned) != 0;
        int fraction = (int)(r->Imm & 0xFF);
        ulong n = s->X[r->Rn];
        if ((r->Imm & SixtyFour) == 0)
        {
            n = unsigned ? (uint)n : (ulong)(int)n;
        }

        SetScalar(s, r->Rd, r->Aux switch
        {
            1 => SoftFloat.FromFixed<Half16>(s, n, unsigned, fraction),
            2 => SoftFloat.FromFixed<Single32>(s, n, unsigned, fraction),
            _ => SoftFloat.FromFixed<Double64>(s, n, unsigned, fraction),
        });
    }

    // Comparisons: Aux is the format, Ra has these.
    public const byte Signalling = 1;
    public const byte WithZero = 2;

    /// <summary>FCMP and FCMPE.</summary>
    [Op]
    internal static void FcmpAny(Pe* s, Rec* r)
    {
        int size = (int)r->Aux;
        ulong n = Lanes.Get(Pe.Vec(s, r->Rn), 0, size);
        ulong m = (r->Ra & WithZero) != 0 ? 0 : Lanes.Get(Pe.Vec(s, r->Rm), 0, size);
        bool signal = (r->Ra & Signalling) != 0;
        FpRelation relation = size switch
        {
            1 => SoftFloat.Compare<Half16>(s, n, m, signal),
            2 => SoftFloat.Compare<Single32>(s, n, m, signal),
            _ => SoftFloat.Compare<Double64>(s, n, m, signal),
        };
        s->Nzcv = relation switch
        {
            FpRelation.Less => 0x8000_0000,
            FpRelation.Equal => 0x6000_0000,
            FpRelation.Greater => 0x2000_0000,
            _ => 0x3000_0000,
        };
    }

    /// <summary>FCCMP and FCCMPE: <c>Imm</c> has the condition's mask above the flags for when it does not hold.</summary>
    [Op]
    internal static void FccmpAny(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, (uint)(r->Imm >> 32)))
        {
            FcmpAny(s, r);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }
}
