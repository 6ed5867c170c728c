using System.Numerics;
using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>AdvSIMD copies, permutations, table lookups and immediates.</content>
internal static unsafe partial class Lowering
{
    private static Op BySize(int size, Op b, Op h, Op s, Op d) => size switch
    {
        0 => b,
        1 => h,
        2 => s,
        _ => d,
    };

    private static Op LowerMove(A64Id id, uint word, Rec* r)
    {
        bool q = Bits.IsSet(word, 30);
        r->Imm = q ? -1 : 0;
        if (id is A64Id.DupScalar or (>= A64Id.DupElement and <= A64Id.InsElement))
        {
            return LowerCopy(id, word, r, q);
        }

        switch (id)
        {
            case >= A64Id.Uzp1Vector and <= A64Id.Zip2Vector:
                return LowerPermute(id, word, r, q);
            case A64Id.ExtVector:
                r->Ra = (byte)Bits.Extract(word, 11, 4);
                return q ? Op.VExt16B : Op.VExt8B;
            case A64Id.TblVector or A64Id.TbxVector:
                r->Ra = (byte)(Bits.Extract(word, 13, 2) + 1);
                r->Aux = id == A64Id.TbxVector ? 1u : 0;
                return (id, r->Ra) switch
                {
                    (A64Id.TblVector, 1) => Op.VTbl1,
                    (A64Id.TblVector, 2) => Op.VTbl2,
                    _ => Op.VTable,
                };
        }

        // Modified immediates.
        uint imm8 = (Bits.Extract(word, 16, 3) << 5) | Bits.Extract(word, 5, 5);
        ulong imm = id == A64Id.FmovVectorImmediateHalf
            ? Immediates.Replicate(Immediates.VfpExpandImm16(imm8), 16)
            : Immediates.AdvSimdExpandImm(Bits.Extract(word, 29, 1), Bits.Extract(word, 12, 4), imm8);
        r->Imm = (long)(id == A64Id.MvniVector ? ~imm : imm);
        return id switch
        {
            A64Id.OrrVectorImmediate => q ? Op.VOrrImmQ : Op.VOrrImmD,
            A64Id.BicVectorImmediate => q ? Op.VBicImmQ : Op.VBicImmD,
            _ => q ? Op.VMoviQ : Op.VMoviD,
        };
    }

    private static Op LowerCopy(A64Id id, uint word, Rec* r, bool q)
    {
        uint imm5 = Bits.Extract(word, 16, 5);
        int size = BitOperations.TrailingZeroCount(imm5);
        r->Ra = (byte)(imm5 >> (size + 1));
        switch (id)
        {
            case A64Id.DupElement:
                return BySize(size, Op.VDupElement16B, Op.VDupElement8H, Op.VDupElement4S, Op.VDupElement2D);
            case A64Id.DupScalar:
                return BySize(size, Op.VDupScalar16B, Op.VDupScalar8H, Op.VDupScalar4S, Op.VDupScalar2D);
            case A64Id.DupGeneral:
                r->Rn = Source(r->Rn);
                return BySize(size, Op.VDupGeneral16B, Op.VDupGeneral8H, Op.VDupGeneral4S, Op.VDupGeneral2D);
            case A64Id.InsGeneral:
                r->Rn = Source(r->Rn);
                return BySize(size, Op.VInsGeneral16B, Op.VInsGeneral8H, Op.VInsGeneral4S, Op.VInsGeneral2D);
            case A64Id.InsElement:
                r->Rm = (byte)(Bits.Extract(word, 11, 4) >> size);
                return BySize(size, Op.VInsElement16B, Op.VInsElement8H, Op.VInsElement4S, Op.VInsElement2D);
            case A64Id.Umov:
                r->Rd = Target(r->Rd);
                return BySize(size, Op.VUmov16B, Op.VUmov8H, Op.VUmov4S, Op.VUmov2D);
            default:
                r->Rd = Target(r->Rd);
                return q ? BySize(size, Op.VSmovXB, Op.VSmovXH, Op.VSmovXS, Op.Undefined) : BySize(size, Op.VSmovWB, Op.VSmovWH, Op.Undefined, Op.Undefined);
        }
    }

    private static Op LowerPermute(A64Id id, uint word, Rec* r, bool q)
    {
        int size = (int)Bits.Extract(word, 22, 2);
        r->Aux = Shape.Pack(size, (q ? 16 : 8) >> size);
        r->Ra = (byte)(id switch
        {
            A64Id.Uzp1Vector => SimdPermute.Permutation.Uzp1,
            A64Id.Uzp2Vector => SimdPermute.Permutation.Uzp2,
            A64Id.Zip1Vector => SimdPermute.Permutation.Zip1,
            A64Id.Zip2Vector => SimdPermute.Permutation.Zip2,
            A64Id.Trn1Vector => SimdPermute.Permutation.Trn1,
            _ => SimdPermute.Permutation.Trn2,
        });

        // Of two doublewords, all three permutations are the same.
        return (id, q) switch
        {
            (A64Id.Zip1Vector, true) => BySize(size, Op.VZip1x16B, Op.VZip1x8H, Op.VZip1x4S, Op.VZip1x2D),
            (A64Id.Zip2Vector, true) => BySize(size, Op.VZip2x16B, Op.VZip2x8H, Op.VZip2x4S, Op.VZip2x2D),
            (A64Id.Uzp1Vector, true) => BySize(size, Op.VUzp1x16B, Op.VUzp1x8H, Op.VUzp1x4S, Op.VZip1x2D),
            (A64Id.Uzp2Vector, true) => BySize(size, Op.VUzp2x16B, Op.VUzp2x8H, Op.VUzp2x4S, Op.VZip2x2D),
            (A64Id.Trn1Vector, _) => BySize(size, Op.VTrn1x16B, Op.VTrn1x8H, Op.VTrn1x4S, Op.VZip1x2D),
            (A64Id.Trn2Vector, _) => BySize(size, Op.VTrn2x16B, Op.VTrn2x8H, Op.VTrn2x4S, Op.VZip2x2D),
            _ => Op.VPermute,
        };
    }
}
