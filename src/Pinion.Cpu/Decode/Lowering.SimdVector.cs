using Pinion.Arm.A64;
using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>AdvSIMD with two and three registers, across lanes, and their scalar forms.</content>
internal static unsafe partial class Lowering
{
    private static bool IsHalf(A64Id id) => id
        is (>= A64Id.FmaxnmVectorHalf and <= A64Id.FminpVectorHalf)
        or (>= A64Id.FrintnVectorHalf and <= A64Id.FsqrtVectorHalf)
        or (>= A64Id.FmaxnmvVectorHalf and <= A64Id.FminvVectorHalf)
        or (>= A64Id.FmulxScalarHalf and <= A64Id.FacgtScalarHalf)
        or (>= A64Id.FcvtnsScalarHalf and <= A64Id.FrecpxScalarHalf)
        or (>= A64Id.FmaxnmpScalarHalf and <= A64Id.FminpScalarHalf);

    /// <summary>Rows whose bits 23:22 are not a size: bit 22 tells singles from doubles, or there is no choice.</summary>
    private static bool IsFloat(A64Id id) => id
        is (>= A64Id.FmaxnmVector and <= A64Id.FminpVectorHalf)
        or (>= A64Id.FcvtnVector and <= A64Id.FsqrtVectorHalf)
        or (>= A64Id.FmaxnmvVector and <= A64Id.FminvVectorHalf)
        or (>= A64Id.FmulxScalar and <= A64Id.FacgtScalarHalf)
        or (>= A64Id.FcvtxnScalar and <= A64Id.FrecpxScalarHalf)
        or (>= A64Id.FmaxnmpScalar and <= A64Id.FminpScalarHalf);

    private static Op LowerVector(A64Id id, uint word, Rec* r)
    {
        bool q = Bits.IsSet(word, 30);
        bool scalar = Bits.IsSet(word, 28);
        int size = IsHalf(id) ? 1 : IsFloat(id) ? (int)Bits.Extract(word, 22, 1) + 2 : (int)Bits.Extract(word, 22, 2);
        r->Imm = q && !scalar ? -1 : 0;
        r->Aux = Shape.Pack(size, scalar ? 1 : (q ? 16 : 8) >> size);
        Op op = IsFloat(id) ? LowerFloatVector(id, r, size, scalar, q) : LowerIntegerVector(id, r, size, q);
        return op == Op.Decode ? LowerWidening(id, r, size, scalar, q) : op;
    }

    private static Op LowerFloatVector(A64Id id, Rec* r, int size, bool scalar, bool q)
    {
        switch (id)
        {
            case A64Id.FaddVector or A64Id.FaddVectorHalf:
                return Popular(size, scalar, Op.Fadd, Op.Fadd4S, Op.Fadd2D);
            case A64Id.FsubVector or A64Id.FsubVectorHalf:
                return Popular(size, scalar, Op.Fsub, Op.Fsub4S, Op.Fsub2D);
            case A64Id.FmulVector or A64Id.FmulVectorHalf:
                return Popular(size, scalar, Op.Fmul, Op.Fmul4S, Op.Fmul2D);
            case A64Id.FdivVector or A64Id.FdivVectorHalf:
                return Popular(size, scalar, Op.Fdiv, Op.Fdiv4S, Op.Fdiv2D);
            case A64Id.FmlaVector or A64Id.FmlaVectorHalf:
                return Popular(size, scalar, Op.Fmla, Op.Fmla4S, Op.Fmla2D);
            case A64Id.FmlsVector or A64Id.FmlsVectorHalf:
                return Popular(size, scalar, Op.Fmls, Op.Fmls4S, Op.Fmls2D);
            case A64Id.FmaxVector or A64Id.FmaxVectorHalf:
                return Popular(size, scalar, Op.Fmax, Op.Fmax4S, Op.Fmax2D);
            case A64Id.FminVector or A64Id.FminVectorHalf:
                return Popular(size, scalar, Op.Fmin, Op.Fmin4S, Op.Fmin2D);
            case A64Id.FmaxnmVector or A64Id.FmaxnmVectorHalf:
                return Popular(size, scalar, Op.Fmaxnm, Op.Fmaxnm4S, Op.Fmaxnm2D);
            case A64Id.FminnmVector or A64Id.FminnmVectorHalf:
                return Popular(size, scalar, Op.Fminnm, Op.Fminnm4S, Op.Fminnm2D);
            case A64Id.FsqrtVector or A64Id.FsqrtVectorHalf:
                return Popular(size, scalar, Op.Fsqrt, Op.Fsqrt4S, Op.Fsqrt2D);
            case A64Id.FabsVector or A64Id.FabsVectorHalf:
                return Popular(size, scalar, Op.Fabs, Op.Fabs4S, Op.Fabs2D);
            case A64Id.FnegVector or A64Id.FnegVectorHalf:
                return Popular(size, scalar, Op.Fneg, Op.Fneg4S, Op.Fneg2D);
            case A64Id.FabdVector or A64Id.FabdVectorHalf or A64Id.FabdScalar or A64Id.FabdScalarHalf:
                return scalar && size == 3 ? Op.FabdScalarD : Popular(size, scalar, Op.Fabd, Op.Fabd4S, Op.Fabd2D);
            case A64Id.FcmeqVector or A64Id.FcmeqVectorHalf or A64Id.FcmeqScalar or A64Id.FcmeqScalarHalf:
                return Popular(size, scalar, Op.Fcmeq, Op.Fcmeq4S, Op.Fcmeq2D);
            case A64Id.FcmgeVector or A64Id.FcmgeVectorHalf or A64Id.FcmgeScalar or A64Id.FcmgeScalarHalf:
                return Popular(size, scalar, Op.Fcmge, Op.Fcmge4S, Op.Fcmge2D);
            case A64Id.FcmgtVector or A64Id.FcmgtVectorHalf or A64Id.FcmgtScalar or A64Id.FcmgtScalarHalf:
                return Popular(size, scalar, Op.Fcmgt, Op.Fcmgt4S, Op.Fcmgt2D);
            case A64Id.FacgeVector or A64Id.FacgeVectorHalf or A64Id.FacgeScalar or A64Id.FacgeScalarHalf:
                return Op.Facge;
            case A64Id.FacgtVector or A64Id.FacgtVectorHalf or A64Id.FacgtScalar or A64Id.FacgtScalarHalf:
                return Op.Facgt;
            case A64Id.FmulxVector or A64Id.FmulxVectorHalf or A64Id.FmulxScalar or A64Id.FmulxScalarHalf:
                return Op.Fmulx;
            case A64Id.FrecpsVector or A64Id.FrecpsVectorHalf or A64Id.FrecpsScalar or A64Id.FrecpsScalarHalf:
                return Op.Frecps;
            case A64Id.FrsqrtsVector or A64Id.FrsqrtsVectorHalf or A64Id.FrsqrtsScalar or A64Id.FrsqrtsScalarHalf:
                return Op.Frsqrts;
            case A64Id.FrecpeVector or A64Id.FrecpeVectorHalf or A64Id.FrecpeScalar or A64Id.FrecpeScalarHalf:
                return Op.Frecpe;
            case A64Id.FrsqrteVector or A64Id.FrsqrteVectorHalf or A64Id.FrsqrteScalar or A64Id.FrsqrteScalarHalf:
                return Op.Frsqrte;
            case A64Id.UrecpeVector:
                r->Aux = Shape.Pack(2, q ? 4 : 2);
                return Op.VUrecpe;
            case A64Id.UrsqrteVector:
                r->Aux = Shape.Pack(2, q ? 4 : 2);
                return Op.VUrsqrte;
            case A64Id.FrecpxScalar or A64Id.FrecpxScalarHalf:
                return Op.Frecpx;
            case A64Id.FcmeqVectorZero or A64Id.FcmeqVectorZeroHalf or A64Id.FcmeqScalarZero or A64Id.FcmeqScalarZeroHalf:
                return Op.FcmeqZero;
            case A64Id.FcmgeVectorZero or A64Id.FcmgeVectorZeroHalf or A64Id.FcmgeScalarZero or A64Id.FcmgeScalarZeroHalf:
                return Op.FcmgeZero;
            case A64Id.FcmgtVectorZero or A64Id.FcmgtVectorZeroHalf or A64Id.FcmgtScalarZero or A64Id.FcmgtScalarZeroHalf:
                return Op.FcmgtZero;
            case A64Id.FcmleVectorZero or A64Id.FcmleVectorZeroHalf or A64Id.FcmleScalarZero or A64Id.FcmleScalarZeroHalf:
                return Op.FcmleZero;
            case A64Id.FcmltVectorZero or A64Id.FcmltVectorZeroHalf or A64Id.FcmltScalarZero or A64Id.FcmltScalarZeroHalf:
                return Op.FcmltZero;
            case A64Id.FrintnVector or A64Id.FrintnVectorHalf:
                r->Ra = (byte)FpRounding.TieEven;
                return Op.Frint;
            case A64Id.FcvtnsVector or A64Id.FcvtnsVectorHalf or A64Id.FcvtnsScalar or A64Id.FcvtnsScalarHalf:
                r->Ra = (byte)FpRounding.TieEven;
                return Op.FcvtSigned;
            case A64Id.FcvtnuVector or A64Id.FcvtnuVectorHalf or A64Id.FcvtnuScalar or A64Id.FcvtnuScalarHalf:
                r->Ra = (byte)FpRounding.TieEven;
                return Op.FcvtUnsigned;
            case A64Id.FrintpVector or A64Id.FrintpVectorHalf:
                r->Ra = (byte)FpRounding.PlusInfinity;
                return Op.Frint;
            case A64Id.FcvtpsVector or A64Id.FcvtpsVectorHalf or A64Id.FcvtpsScalar or A64Id.FcvtpsScalarHalf:
                r->Ra = (byte)FpRounding.PlusInfinity;
                return Op.FcvtSigned;
            case A64Id.FcvtpuVector or A64Id.FcvtpuVectorHalf or A64Id.FcvtpuScalar or A64Id.FcvtpuScalarHalf:
                r->Ra = (byte)FpRounding.PlusInfinity;
                return Op.FcvtUnsigned;
            case A64Id.FrintmVector or A64Id.FrintmVectorHalf:
                r->Ra = (byte)FpRounding.MinusInfinity;
                return Op.Frint;
            case A64Id.FcvtmsVector or A64Id.FcvtmsVectorHalf or A64Id.FcvtmsScalar or A64Id.FcvtmsScalarHalf:
                r->Ra = (byte)FpRounding.MinusInfinity;
                return Op.FcvtSigned;
            case A64Id.FcvtmuVector or A64Id.FcvtmuVectorHalf or A64Id.FcvtmuScalar or A64Id.FcvtmuScalarHalf:
                r->Ra = (byte)FpRounding.MinusInfinity;
                return Op.FcvtUnsigned;
            case A64Id.FrintzVector or A64Id.FrintzVectorHalf:
                r->Ra = (byte)FpRounding.Zero;
                return Op.Frint;
            case A64Id.FcvtzsVector or A64Id.FcvtzsVectorHalf or A64Id.FcvtzsScalar or A64Id.FcvtzsScalarHalf:
                r->Ra = (byte)FpRounding.Zero;
                return Popular(size, scalar, Op.FcvtSigned, Op.Fcvtzs4S, Op.Fcvtzs2D);
            case A64Id.FcvtzuVector or A64Id.FcvtzuVectorHalf or A64Id.FcvtzuScalar or A64Id.FcvtzuScalarHalf:
                r->Ra = (byte)FpRounding.Zero;
                return Op.FcvtUnsigned;
            case A64Id.FrintaVector or A64Id.FrintaVectorHalf:
                r->Ra = (byte)FpRounding.TieAway;
                return Op.Frint;
            case A64Id.FcvtasVector or A64Id.FcvtasVectorHalf or A64Id.FcvtasScalar or A64Id.FcvtasScalarHalf:
                r->Ra = (byte)FpRounding.TieAway;
                return Op.FcvtSigned;
            case A64Id.FcvtauVector or A64Id.FcvtauVectorHalf or A64Id.FcvtauScalar or A64Id.FcvtauScalarHalf:
                r->Ra = (byte)FpRounding.TieAway;
                return Op.FcvtUnsigned;
            case A64Id.FrintiVector or A64Id.FrintiVectorHalf:
                r->Ra = FpLane.Current;
                return Op.Frint;
            case A64Id.FrintxVector or A64Id.FrintxVectorHalf:
                r->Ra = FpLane.Current;
                return Op.Frintx;
            case A64Id.ScvtfVector or A64Id.ScvtfVectorHalf or A64Id.ScvtfScalar or A64Id.ScvtfScalarHalf:
                return scalar ? ByFormat(size, Op.Scvtf, Op.ScvtfScalarS, Op.ScvtfScalarD) : ByFormat(size, Op.Scvtf, Op.Scvtf4S, Op.Scvtf2D);
            case A64Id.UcvtfVector or A64Id.UcvtfVectorHalf or A64Id.UcvtfScalar or A64Id.UcvtfScalarHalf:
                return Popular(size, scalar, Op.Ucvtf, Op.Ucvtf4S, Op.Ucvtf2D);
            case A64Id.FaddpVector or A64Id.FaddpVectorHalf:
                return q && size == 2 ? Op.Faddp4S : Op.Faddp;
            case A64Id.FaddpScalar or A64Id.FaddpScalarHalf:
                return ByFormat(size, Op.Faddp, Op.FaddpScalarS, Op.FaddpScalarD);
            case A64Id.FmaxpVector or A64Id.FmaxpVectorHalf or A64Id.FmaxpScalar or A64Id.FmaxpScalarHalf:
                return Op.Fmaxp;
            case A64Id.FminpVector or A64Id.FminpVectorHalf or A64Id.FminpScalar or A64Id.FminpScalarHalf:
                return Op.Fminp;
            case A64Id.FmaxnmpVector or A64Id.FmaxnmpVectorHalf or A64Id.FmaxnmpScalar or A64Id.FmaxnmpScalarHalf:
                return Op.Fmaxnmp;
            case A64Id.FminnmpVector or A64Id.FminnmpVectorHalf or A64Id.FminnmpScalar or A64Id.FminnmpScalarHalf:
                return Op.Fminnmp;
            case A64Id.FmaxvVector or A64Id.FmaxvVectorHalf:
                return Op.Fmaxv;
            case A64Id.FminvVector or A64Id.FminvVectorHalf:
                return Op.Fminv;
            case A64Id.FmaxnmvVector or A64Id.FmaxnmvVectorHalf:
                return Op.Fmaxnmv;
            case A64Id.FminnmvVector or A64Id.FminnmvVectorHalf:
                return Op.Fminnmv;
            default:
                return Op.Decode;
        }
    }

    private static Op LowerIntegerVector(A64Id id, Rec* r, int size, bool q)
    {
        switch (id)
        {
            case A64Id.AndVector:
                return Op.VAnd;
            case A64Id.BicVector:
                return Op.VBic;
            case A64Id.OrrVector:
                return Op.VOrr;
            case A64Id.OrnVector:
                return Op.VOrn;
            case A64Id.EorVector:
                return Op.VEor;
            case A64Id.BslVector:
                return Op.VBsl;
            case A64Id.BitVector:
                return Op.VBit;
            case A64Id.BifVector:
                return Op.VBif;
            case A64Id.NotVector:
                return Op.VNot;
            case A64Id.AddVector or A64Id.AddScalar:
                return BySize(size, Op.VAdd16B, Op.VAdd8H, Op.VAdd4S, Op.VAdd2D);
            case A64Id.SubVector or A64Id.SubScalar:
                return BySize(size, Op.VSub16B, Op.VSub8H, Op.VSub4S, Op.VSub2D);
            case A64Id.NegVector or A64Id.NegScalar:
                return BySize(size, Op.VNeg16B, Op.VNeg8H, Op.VNeg4S, Op.VNeg2D);
            case A64Id.AbsVector or A64Id.AbsScalar:
                return BySize(size, Op.VAbs16B, Op.VAbs8H, Op.VAbs4S, Op.VAbs2D);
            case A64Id.CmeqVector or A64Id.CmeqScalar:
                return BySize(size, Op.VCmeq16B, Op.VCmeq8H, Op.VCmeq4S, Op.VCmeq2D);
            case A64Id.CmgtVector or A64Id.CmgtScalar:
                return BySize(size, Op.VCmgt16B, Op.VCmgt8H, Op.VCmgt4S, Op.VCmgt2D);
            case A64Id.CmgeVector or A64Id.CmgeScalar:
                return BySize(size, Op.VCmge16B, Op.VCmge8H, Op.VCmge4S, Op.VCmge2D);
            case A64Id.CmhiVector or A64Id.CmhiScalar:
                return BySize(size, Op.VCmhi16B, Op.VCmhi8H, Op.VCmhi4S, Op.VCmhi2D);
            case A64Id.CmhsVector or A64Id.CmhsScalar:
                return BySize(size, Op.VCmhs16B, Op.VCmhs8H, Op.VCmhs4S, Op.VCmhs2D);
            case A64Id.CmtstVector or A64Id.CmtstScalar:
                return BySize(size, Op.VCmtst16B, Op.VCmtst8H, Op.VCmtst4S, Op.VCmtst2D);
            case A64Id.CmeqVectorZero or A64Id.CmeqScalarZero:
                return BySize(size, Op.VCmeqZero16B, Op.VCmeqZero8H, Op.VCmeqZero4S, Op.VCmeqZero2D);
            case A64Id.CmgtVectorZero or A64Id.CmgtScalarZero:
                return BySize(size, Op.VCmgtZero16B, Op.VCmgtZero8H, Op.VCmgtZero4S, Op.VCmgtZero2D);
            case A64Id.CmgeVectorZero or A64Id.CmgeScalarZero:
                return BySize(size, Op.VCmgeZero16B, Op.VCmgeZero8H, Op.VCmgeZero4S, Op.VCmgeZero2D);
            case A64Id.CmleVectorZero or A64Id.CmleScalarZero:
                return BySize(size, Op.VCmleZero16B, Op.VCmleZero8H, Op.VCmleZero4S, Op.VCmleZero2D);
            case A64Id.CmltVectorZero or A64Id.CmltScalarZero:
                return BySize(size, Op.VCmltZero16B, Op.VCmltZero8H, Op.VCmltZero4S, Op.VCmltZero2D);
            case A64Id.MulVector:
                return BySize(size, Op.VMul16B, Op.VMul8H, Op.VMul4S, Op.Undefined);
            case A64Id.MlaVector:
                return BySize(size, Op.VMla16B, Op.VMla8H, Op.VMla4S, Op.Undefined);
            case A64Id.MlsVector:
                return BySize(size, Op.VMls16B, Op.VMls8H, Op.VMls4S, Op.Undefined);
            case A64Id.SmaxVector:
                return BySize(size, Op.VSmax16B, Op.VSmax8H, Op.VSmax4S, Op.Undefined);
            case A64Id.SminVector:
                return BySize(size, Op.VSmin16B, Op.VSmin8H, Op.VSmin4S, Op.Undefined);
            case A64Id.UmaxVector:
                return BySize(size, Op.VUmax16B, Op.VUmax8H, Op.VUmax4S, Op.Undefined);
            case A64Id.UminVector:
                return BySize(size, Op.VUmin16B, Op.VUmin8H, Op.VUmin4S, Op.Undefined);
            case A64Id.AddpVector:
                return q ? BySize(size, Op.VAddp16B, Op.VAddp8H, Op.VAddp4S, Op.VAddp2D) : Op.VAddp;
            case A64Id.AddpScalar:
                return Op.VAddpScalar;
            case A64Id.SmaxpVector:
                return q ? BySize(size, Op.VSmaxp16B, Op.VSmaxp8H, Op.VSmaxp4S, Op.Undefined) : Op.VSmaxp;
            case A64Id.SminpVector:
                return q ? BySize(size, Op.VSminp16B, Op.VSminp8H, Op.VSminp4S, Op.Undefined) : Op.VSminp;
            case A64Id.UmaxpVector:
                return q ? BySize(size, Op.VUmaxp16B, Op.VUmaxp8H, Op.VUmaxp4S, Op.Undefined) : Op.VUmaxp;
            case A64Id.UminpVector:
                return q ? BySize(size, Op.VUminp16B, Op.VUminp8H, Op.VUminp4S, Op.Undefined) : Op.VUminp;
            case A64Id.ShaddVector:
                return Op.VShadd;
            case A64Id.UhaddVector:
                return Op.VUhadd;
            case A64Id.SrhaddVector:
                return Op.VSrhadd;
            case A64Id.UrhaddVector:
                return Op.VUrhadd;
            case A64Id.ShsubVector:
                return Op.VShsub;
            case A64Id.UhsubVector:
                return Op.VUhsub;
            case A64Id.SabdVector:
                return Op.VSabd;
            case A64Id.UabdVector:
                return Op.VUabd;
            case A64Id.SabaVector:
                return Op.VSaba;
            case A64Id.UabaVector:
                return Op.VUaba;
            case A64Id.PmulVector:
                return Op.VPmul;
            case A64Id.ClsVector:
                return Op.VCls;
            case A64Id.ClzVector:
                return Op.VClz;
            case A64Id.CntVector:
                return Op.VCnt16B;
            case A64Id.RbitVector:
                r->Aux = Shape.Pack(0, q ? 16 : 8);
                return Op.VRbit;
            case A64Id.AddvVector:
                return size == 0 ? Op.VAddvBytes : Op.VAddv;
            case A64Id.SmaxvVector:
                return Op.VSmaxv;
            case A64Id.SminvVector:
                return Op.VSminv;
            case A64Id.UmaxvVector:
                return Op.VUmaxv;
            case A64Id.UminvVector:
                return Op.VUminv;
            case A64Id.SaddlvVector:
                return Op.VSaddlv;
            case A64Id.UaddlvVector:
                return size == 0 ? Op.VUaddlvBytes : Op.VUaddlv;
            case A64Id.SdotVector:
                r->Aux = Shape.Pack(2, q ? 4 : 2);
                return Op.VSdot;
            case A64Id.UdotVector:
                r->Aux = Shape.Pack(2, q ? 4 : 2);
                return Op.VUdot;
            case A64Id.SqaddVector or A64Id.SqaddScalar:
                return Op.VSqadd;
            case A64Id.UqaddVector or A64Id.UqaddScalar:
                return Op.VUqadd;
            case A64Id.SqsubVector or A64Id.SqsubScalar:
                return Op.VSqsub;
            case A64Id.UqsubVector or A64Id.UqsubScalar:
                return Op.VUqsub;
            case A64Id.SshlVector or A64Id.SshlScalar:
                return size == 2 ? Op.VSshl4S : Op.VSshl;
            case A64Id.UshlVector or A64Id.UshlScalar:
                return BySize(size, Op.VUshl, Op.VUshl, Op.VUshl4S, Op.VUshl2D);
            case A64Id.SrshlVector or A64Id.SrshlScalar:
                return Op.VSrshl;
            case A64Id.UrshlVector or A64Id.UrshlScalar:
                return Op.VUrshl;
            case A64Id.SqshlVector or A64Id.SqshlScalar:
                return Op.VSqshl;
            case A64Id.UqshlVector or A64Id.UqshlScalar:
                return Op.VUqshl;
            case A64Id.SqrshlVector or A64Id.SqrshlScalar:
                return Op.VSqrshl;
            case A64Id.UqrshlVector or A64Id.UqrshlScalar:
                return Op.VUqrshl;
            case A64Id.SuqaddVector or A64Id.SuqaddScalar:
                return Op.VSuqadd;
            case A64Id.UsqaddVector or A64Id.UsqaddScalar:
                return Op.VUsqadd;
            case A64Id.SqabsVector or A64Id.SqabsScalar:
                return Op.VSqabs;
            case A64Id.SqnegVector or A64Id.SqnegScalar:
                return Op.VSqneg;
            case A64Id.SqdmulhVector or A64Id.SqdmulhScalar:
                return Op.VSqdmulh;
            case A64Id.SqrdmulhVector or A64Id.SqrdmulhScalar:
                return Op.VSqrdmulh;
            case A64Id.SqrdmlahVector or A64Id.SqrdmlahScalar:
                return Op.VSqrdmlah;
            case A64Id.SqrdmlshVector or A64Id.SqrdmlshScalar:
                return Op.VSqrdmlsh;
            case A64Id.Rev64Vector:
                return BySize(size, Op.VRev64x16B, Op.VRev64x8H, Op.VRev64x4S, Op.Undefined);
            case A64Id.Rev32Vector:
                return BySize(size, Op.VRev32x16B, Op.VRev32x8H, Op.Undefined, Op.Undefined);
            case A64Id.Rev16Vector:
                return Op.VRev16x16B;
            default:
                return Op.Decode;
        }
    }
}
