using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>AdvSIMD by element.</content>
internal static unsafe partial class Lowering
{
    private static Op LowerElement(A64Id id, uint word, Rec* r)
    {
        bool q = Bits.IsSet(word, 30);
        bool scalar = Bits.IsSet(word, 28);
        int size = id switch
        {
            A64Id.SdotElement or A64Id.UdotElement => 2,
            (>= A64Id.FmlaElement and <= A64Id.FmulxElement) or (>= A64Id.FmlaScalarElement and <= A64Id.FmulxScalarElement) => (int)Bits.Extract(word, 22, 1) + 2,
            (>= A64Id.FmlaElementHalf and <= A64Id.FmulxElementHalf) or >= A64Id.FmlaScalarElementHalf => 1,
            _ => (int)Bits.Extract(word, 22, 2),
        };

        // H:L:M of halfwords, H:L of words, H of doublewords; M is the register's top bit where the index does not need it.
        uint h = Bits.Extract(word, 11, 1), l = Bits.Extract(word, 21, 1), m = Bits.Extract(word, 20, 1);
        int index = (int)(size switch
        {
            1 => (h << 2) | (l << 1) | m,
            2 => (h << 1) | l,
            _ => h,
        });
        if (size == 1)
        {
            r->Rm &= 15;
        }

        r->Imm = q && !scalar ? -1 : 0;
        r->Ra = (byte)index;
        r->Aux = Shape.Pack(size, scalar ? 1 : (q ? 16 : 8) >> size, 0, index);
        switch (id)
        {
            case A64Id.MulElement:
                return size == 1 ? Op.VMulElement8H : Op.VMulElement4S;
            case A64Id.MlaElement:
                return size == 1 ? Op.VMlaElement8H : Op.VMlaElement4S;
            case A64Id.MlsElement:
                return size == 1 ? Op.VMlsElement8H : Op.VMlsElement4S;
            case A64Id.SdotElement:
                return Op.VSdot;
            case A64Id.UdotElement:
                return Op.VUdot;
            case A64Id.SqdmulhElement or A64Id.SqdmulhScalarElement:
                return Op.VSqdmulh;
            case A64Id.SqrdmulhElement or A64Id.SqrdmulhScalarElement:
                return Op.VSqrdmulh;
            case A64Id.SqrdmlahElement or A64Id.SqrdmlahScalarElement:
                return Op.VSqrdmlah;
            case A64Id.SqrdmlshElement or A64Id.SqrdmlshScalarElement:
                return Op.VSqrdmlsh;
            case A64Id.FmlaElement or A64Id.FmlaElementHalf or A64Id.FmlaScalarElement or A64Id.FmlaScalarElementHalf:
                return Popular(size, scalar, Op.Fmla, Op.FmlaElement4S, Op.FmlaElement2D);
            case A64Id.FmlsElement or A64Id.FmlsElementHalf or A64Id.FmlsScalarElement or A64Id.FmlsScalarElementHalf:
                return Popular(size, scalar, Op.Fmls, Op.FmlsElement4S, Op.FmlsElement2D);
            case A64Id.FmulElement or A64Id.FmulElementHalf or A64Id.FmulScalarElement or A64Id.FmulScalarElementHalf:
                return Popular(size, scalar, Op.Fmul, Op.FmulElement4S, Op.FmulElement2D);
            case A64Id.FmulxElement or A64Id.FmulxElementHalf or A64Id.FmulxScalarElement or A64Id.FmulxScalarElementHalf:
                return Op.Fmulx;
        }

        // What is left is long.
        if (!scalar)
        {
            HalfShape(r, size, q, index);
        }

        return id switch
        {
            A64Id.SmlalElement => Op.VSmlal,
            A64Id.SmlslElement => Op.VSmlsl,
            A64Id.SmullElement => Op.VSmull,
            A64Id.UmlalElement => Op.VUmlal,
            A64Id.UmlslElement => Op.VUmlsl,
            A64Id.UmullElement => Op.VUmull,
            A64Id.SqdmlalElement or A64Id.SqdmlalScalarElement => Op.VSqdmlal,
            A64Id.SqdmlslElement or A64Id.SqdmlslScalarElement => Op.VSqdmlsl,
            A64Id.SqdmullElement or A64Id.SqdmullScalarElement => Op.VSqdmull,
            _ => Op.Decode,
        };
    }

    /// <summary>The host's form of an FP operation where there is one. A doubleword scalar is the lower lane of a masked vector; a word is not.</summary>
    private static Op Popular(int size, bool scalar, Op general, Op singles, Op doubles) => size switch
    {
        3 => doubles,
        2 when !scalar => singles,
        _ => general,
    };
}
