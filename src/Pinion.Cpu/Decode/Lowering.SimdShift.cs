using System.Numerics;
using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>AdvSIMD shifts by immediate and fixed-point conversions.</content>
internal static unsafe partial class Lowering
{
    private static Op LowerShift(A64Id id, uint word, Rec* r)
    {
        bool q = Bits.IsSet(word, 30);
        bool scalar = Bits.IsSet(word, 28);
        int size = BitOperations.Log2(Bits.Extract(word, 19, 4));
        int bits = 8 << size;
        int immediate = (int)Bits.Extract(word, 16, 7);
        int right = (2 * bits) - immediate;
        int left = immediate - bits;

        // Scalars are of any size here; those of popular operations are doublewords, for which the masked vector operation serves.
        r->Imm = q && !scalar ? -1 : 0;
        r->Aux = Shape.Pack(size, scalar ? 1 : (q ? 16 : 8) >> size);
        switch (id)
        {
            case A64Id.ShlVectorImmediate or A64Id.ShlScalarImmediate:
                r->Ra = (byte)left;
                return BySize(size, Op.VShl16B, Op.VShl8H, Op.VShl4S, Op.VShl2D);
            case A64Id.SqshlVectorImmediate or A64Id.SqshlScalarImmediate:
                r->Ra = (byte)left;
                return Op.VSqshlImmediate;
            case A64Id.UqshlVectorImmediate or A64Id.UqshlScalarImmediate:
                r->Ra = (byte)left;
                return Op.VUqshlImmediate;
            case A64Id.SqshluVectorImmediate or A64Id.SqshluScalarImmediate:
                r->Ra = (byte)left;
                return Op.VSqshlu;
            case A64Id.SliVectorImmediate or A64Id.SliScalarImmediate:
                r->Ra = (byte)left;
                return Op.VSli;
            case A64Id.SshllVectorImmediate:
                HalfShape(r, size, q);
                r->Ra = (byte)left;
                return BySize(size, Op.VSshll16B, Op.VSshll8H, Op.VSshll4S, Op.Undefined);
            case A64Id.UshllVectorImmediate:
                HalfShape(r, size, q);
                r->Ra = (byte)left;
                return BySize(size, Op.VUshll16B, Op.VUshll8H, Op.VUshll4S, Op.Undefined);
        }

        r->Ra = (byte)right;
        switch (id)
        {
            case A64Id.SshrVectorImmediate or A64Id.SshrScalarImmediate:
                // A shift by the whole element leaves copies of the sign, as the shift by one less does.
                r->Ra = (byte)Math.Min(right, bits - 1);
                return BySize(size, Op.VSshr16B, Op.VSshr8H, Op.VSshr4S, Op.VSshr2D);
            case A64Id.SsraVectorImmediate or A64Id.SsraScalarImmediate:
                r->Ra = (byte)Math.Min(right, bits - 1);
                return BySize(size, Op.VSsra16B, Op.VSsra8H, Op.VSsra4S, Op.VSsra2D);
            case A64Id.UshrVectorImmediate or A64Id.UshrScalarImmediate:
                if (right == bits)
                {
                    r->Imm = 0;
                    return Op.VMoviD;
                }

                return BySize(size, Op.VUshr16B, Op.VUshr8H, Op.VUshr4S, Op.VUshr2D);
            case A64Id.UsraVectorImmediate or A64Id.UsraScalarImmediate:
                return right == bits ? Op.VUsra : BySize(size, Op.VUsra16B, Op.VUsra8H, Op.VUsra4S, Op.VUsra2D);
            case A64Id.SrshrVectorImmediate or A64Id.SrshrScalarImmediate:
                return Op.VSrshr;
            case A64Id.UrshrVectorImmediate or A64Id.UrshrScalarImmediate:
                return Op.VUrshr;
            case A64Id.SrsraVectorImmediate or A64Id.SrsraScalarImmediate:
                return Op.VSrsra;
            case A64Id.UrsraVectorImmediate or A64Id.UrsraScalarImmediate:
                return Op.VUrsra;
            case A64Id.SriVectorImmediate or A64Id.SriScalarImmediate:
                return Op.VSri;
            case A64Id.ScvtfVectorFixed or A64Id.ScvtfScalarFixed:
                return Op.Scvtf;
            case A64Id.UcvtfVectorFixed or A64Id.UcvtfScalarFixed:
                return Op.Ucvtf;
            case A64Id.FcvtzsVectorFixed or A64Id.FcvtzsScalarFixed:
                return Op.FcvtSignedFixed;
            case A64Id.FcvtzuVectorFixed or A64Id.FcvtzuScalarFixed:
                return Op.FcvtUnsignedFixed;
        }

        // What is left narrows.
        if (!scalar)
        {
            HalfShape(r, size, q);
        }

        return id switch
        {
            A64Id.ShrnVectorImmediate => BySize(size, Op.VShrn16B, Op.VShrn8H, Op.VShrn4S, Op.Undefined),
            A64Id.RshrnVectorImmediate => Op.VRshrn,
            A64Id.SqshrnVectorImmediate or A64Id.SqshrnScalarImmediate => Op.VSqshrn,
            A64Id.SqrshrnVectorImmediate or A64Id.SqrshrnScalarImmediate => Op.VSqrshrn,
            A64Id.UqshrnVectorImmediate or A64Id.UqshrnScalarImmediate => Op.VUqshrn,
            A64Id.UqrshrnVectorImmediate or A64Id.UqrshrnScalarImmediate => Op.VUqrshrn,
            A64Id.SqshrunVectorImmediate or A64Id.SqshrunScalarImmediate => Op.VSqshrun,
            A64Id.SqrshrunVectorImmediate or A64Id.SqrshrunScalarImmediate => Op.VSqrshrun,
            _ => Op.Decode,
        };
    }

    /// <summary>Operands of which one side is the lower or (<paramref name="upper"/>, the "2" forms) upper half of a register.</summary>
    private static void HalfShape(Rec* r, int size, bool upper, int index = -1)
    {
        int lanes = 8 >> size;
        r->Aux = Shape.Pack(size, lanes, upper ? lanes : 0, index);
    }
}
