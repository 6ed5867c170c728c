using Pinion.Arm.A64;
using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>Scalar floating point.</content>
internal static unsafe partial class Lowering
{
    static partial void LowerFloatingPoint(A64Id id, uint word, Rec* r, ref Op op)
    {
        r->Rd = (byte)Field(word, 0);
        r->Rn = (byte)Field(word, 5);
        r->Rm = (byte)Field(word, 16);
        op = id switch
        {
            < A64Id.ScvtfFixed => Op.Decode,
            <= A64Id.Fnmsub => LowerScalar(id, word, r),
            >= A64Id.Aese => LowerCrypto(id, word, r),
            >= A64Id.SqdmlalScalarElement or (>= A64Id.SmlalElement and <= A64Id.FmulxElementHalf) => LowerElement(id, word, r),
            (>= A64Id.SshrScalarImmediate and <= A64Id.FcvtzuScalarFixed) or (>= A64Id.SshrVectorImmediate and <= A64Id.FcvtzuVectorFixed) => LowerShift(id, word, r),
            A64Id.DupScalar or (>= A64Id.DupElement and <= A64Id.FmovVectorImmediateDouble) => LowerMove(id, word, r),
            _ => LowerVector(id, word, r),
        };
    }

    /// <summary>log2 of the size in bytes of the scalar format in bits 23:22.</summary>
    private static int FormatOf(uint field) => field switch
    {
        0 => 2,
        1 => 3,
        _ => 1,
    };

    private static Op ByFormat(int size, Op half, Op single, Op @double) => size switch
    {
        1 => half,
        2 => single,
        _ => @double,
    };

    private static Op LowerScalar(A64Id id, uint word, Rec* r)
    {
        int size = FormatOf(Bits.Extract(word, 22, 2));
        Op Format(Op general, Op single, Op @double) => ByFormat(size, general, single, @double);
        switch (id)
        {
            case <= A64Id.UcvtfGeneral:
                return LowerConversion(id, word, r, size);
            case A64Id.FmovToGeneral:
                r->Rd = Target(r->Rd);
                return Format(Op.FmovHalfToGeneral, Op.FmovToW, Op.FmovToX);
            case A64Id.FmovFromGeneral:
                r->Rn = Source(r->Rn);
                return Format(Op.FmovHalfFromGeneral, Op.FmovFromW, Op.FmovFromX);
            case A64Id.FmovTopToGeneral:
                r->Rd = Target(r->Rd);
                return Op.FmovTopToX;
            case A64Id.FmovTopFromGeneral:
                r->Rn = Source(r->Rn);
                return Op.FmovTopFromX;
            case A64Id.FmovImmediate:
                uint imm8 = Bits.Extract(word, 13, 8);
                r->Imm = size switch
                {
                    1 => Immediates.VfpExpandImm16(imm8),
                    2 => Immediates.VfpExpandImm32(imm8),
                    _ => (long)Immediates.VfpExpandImm64(imm8),
                };
                return Op.FmovImm;
            case A64Id.Fcvt:
                r->Aux = (uint)size;
                r->Ra = (byte)FormatOf(Bits.Extract(word, 15, 2));
                return (size, r->Ra) switch
                {
                    (2, 3) => Op.FcvtDS,
                    (3, 2) => Op.FcvtSD,
                    _ => Op.Fcvt,
                };
            case A64Id.Fcmp or A64Id.FcmpZero or A64Id.Fcmpe or A64Id.FcmpeZero:
                bool zero = id is A64Id.FcmpZero or A64Id.FcmpeZero;
                r->Aux = (uint)size;
                r->Ra = (byte)((id is A64Id.Fcmpe or A64Id.FcmpeZero ? FpGeneral.Signalling : 0) | (zero ? FpGeneral.WithZero : 0));
                return zero ? Format(Op.FcmpAny, Op.FcmpZeroS, Op.FcmpZeroD) : Format(Op.FcmpAny, Op.FcmpS, Op.FcmpD);
            case A64Id.Fccmp or A64Id.Fccmpe:
                r->Aux = (uint)size;
                r->Ra = id == A64Id.Fccmpe ? FpGeneral.Signalling : (byte)0;
                r->Imm = ((long)Conditions.Mask(Bits.Extract(word, 12, 4)) << 32) | ((long)(word & 15) << 28);
                return Format(Op.FccmpAny, Op.FccmpS, Op.FccmpD);
            case A64Id.Fcsel:
                r->Imm = (long)Lanes.Mask(size);
                r->Aux = Conditions.Mask(Bits.Extract(word, 12, 4));
                return Op.Fcsel;
            case A64Id.Fmadd or A64Id.Fmsub or A64Id.Fnmadd or A64Id.Fnmsub:
                r->Aux = (uint)size;
                r->Ra = (byte)Field(word, 10);
                r->Imm = (id is A64Id.Fmsub or A64Id.Fnmadd ? FpGeneral.NegateProduct : 0) | (id is A64Id.Fnmadd or A64Id.Fnmsub ? FpGeneral.NegateAddend : 0);
                return id switch
                {
                    A64Id.Fmadd => Format(Op.FmaddAny, Op.FmaddS, Op.FmaddD),
                    A64Id.Fmsub => Format(Op.FmaddAny, Op.FmsubS, Op.FmsubD),
                    A64Id.Fnmadd => Format(Op.FmaddAny, Op.FmaddAny, Op.FnmaddD),
                    _ => Format(Op.FmaddAny, Op.FmaddAny, Op.FnmsubD),
                };
        }

        r->Aux = Shape.Pack(size, 1);
        switch (id)
        {
            case A64Id.FmovRegister:
                return Format(Op.FmovH, Op.FmovS, Op.FmovD);
            case A64Id.Fabs:
                return Format(Op.Fabs, Op.FabsS, Op.FabsD);
            case A64Id.Fneg:
                return Format(Op.Fneg, Op.FnegS, Op.FnegD);
            case A64Id.Fsqrt:
                return Format(Op.Fsqrt, Op.FsqrtS, Op.FsqrtD);
            case A64Id.Frintn:
                r->Ra = (byte)FpRounding.TieEven;
                return Format(Op.Frint, Op.Frint, Op.FrintnD);
            case A64Id.Frintp:
                r->Ra = (byte)FpRounding.PlusInfinity;
                return Format(Op.Frint, Op.Frint, Op.FrintpD);
            case A64Id.Frintm:
                r->Ra = (byte)FpRounding.MinusInfinity;
                return Format(Op.Frint, Op.Frint, Op.FrintmD);
            case A64Id.Frintz:
                r->Ra = (byte)FpRounding.Zero;
                return Format(Op.Frint, Op.Frint, Op.FrintzD);
            case A64Id.Frinta:
                r->Ra = (byte)FpRounding.TieAway;
                return Op.Frint;
            case A64Id.Frintx:
                r->Ra = FpLane.Current;
                return Op.Frintx;
            case A64Id.Frinti:
                r->Ra = FpLane.Current;
                return Op.Frint;
            case A64Id.Fmul:
                return Format(Op.Fmul, Op.FmulS, Op.FmulD);
            case A64Id.Fdiv:
                return Format(Op.Fdiv, Op.FdivS, Op.FdivD);
            case A64Id.Fadd:
                return Format(Op.Fadd, Op.FaddS, Op.FaddD);
            case A64Id.Fsub:
                return Format(Op.Fsub, Op.FsubS, Op.FsubD);
            case A64Id.Fmax:
                return Format(Op.Fmax, Op.FmaxS, Op.FmaxD);
            case A64Id.Fmin:
                return Format(Op.Fmin, Op.FminS, Op.FminD);
            case A64Id.Fmaxnm:
                return Format(Op.Fmaxnm, Op.FmaxnmS, Op.FmaxnmD);
            case A64Id.Fminnm:
                return Format(Op.Fminnm, Op.FminnmS, Op.FminnmD);
            case A64Id.Fnmul:
                return Format(Op.Fnmul, Op.FnmulS, Op.FnmulD);
            default:
                return Op.Decode;
        }
    }

    /// <summary>Conversions between FP and general registers.</summary>
    private static Op LowerConversion(A64Id id, uint word, Rec* r, int size)
    {
        bool x = (word >> 31) != 0;
        bool unsigned = (word & (1 << 16)) != 0;
        bool isFixed = id <= A64Id.FcvtzuFixed;
        bool fromGeneral = id is A64Id.ScvtfFixed or A64Id.UcvtfFixed or A64Id.ScvtfGeneral or A64Id.UcvtfGeneral;
        r->Aux = (uint)size;
        r->Imm = (x ? FpGeneral.SixtyFour : 0) | (unsigned ? FpGeneral.Unsigned : 0) | (isFixed ? 64 - Bits.Extract(word, 10, 6) : 0);
        if (fromGeneral)
        {
            r->Rn = Source(r->Rn);
            return (isFixed || size == 1, size == 3, x, unsigned) switch
            {
                (true, _, _, _) => Op.FcvtFromGeneral,
                (_, true, true, false) => Op.ScvtfDX,
                (_, true, true, true) => Op.UcvtfDX,
                (_, true, false, false) => Op.ScvtfDW,
                (_, true, false, true) => Op.UcvtfDW,
                (_, false, true, false) => Op.ScvtfSX,
                (_, false, true, true) => Op.UcvtfSX,
                (_, false, false, false) => Op.ScvtfSW,
                (_, false, false, true) => Op.UcvtfSW,
            };
        }

        r->Rd = Target(r->Rd);
        r->Ra = (byte)(id switch
        {
            A64Id.FcvtnsGeneral or A64Id.FcvtnuGeneral => FpRounding.TieEven,
            A64Id.FcvtasGeneral or A64Id.FcvtauGeneral => FpRounding.TieAway,
            A64Id.FcvtpsGeneral or A64Id.FcvtpuGeneral => FpRounding.PlusInfinity,
            A64Id.FcvtmsGeneral or A64Id.FcvtmuGeneral => FpRounding.MinusInfinity,
            _ => FpRounding.Zero,
        });
        return (id is not (A64Id.FcvtzsGeneral or A64Id.FcvtzuGeneral) || size == 1, size == 3, x, unsigned) switch
        {
            (true, _, _, _) => Op.FcvtToGeneral,
            (_, true, true, false) => Op.FcvtzsXD,
            (_, true, true, true) => Op.FcvtzuXD,
            (_, true, false, false) => Op.FcvtzsWD,
            (_, true, false, true) => Op.FcvtzuWD,
            (_, false, true, false) => Op.FcvtzsXS,
            (_, false, true, true) => Op.FcvtzuXS,
            (_, false, false, false) => Op.FcvtzsWS,
            (_, false, false, true) => Op.FcvtzuWS,
        };
    }
}
