using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>AdvSIMD between lanes of different widths.</content>
internal static unsafe partial class Lowering
{
    private static Op LowerWidening(A64Id id, Rec* r, int size, bool scalar, bool q)
    {
        switch (id)
        {
            case A64Id.SaddlpVector or A64Id.UaddlpVector or A64Id.SadalpVector or A64Id.UadalpVector:
                r->Aux = Shape.Pack(size, (q ? 16 : 8) >> (size + 1));
                return id switch
                {
                    A64Id.SaddlpVector => Op.VSaddlp,
                    A64Id.UaddlpVector => Op.VUaddlp,
                    A64Id.SadalpVector => Op.VSadalp,
                    _ => Op.VUadalp,
                };
            case A64Id.FcvtlVector or A64Id.FcvtnVector or A64Id.FcvtxnVector or A64Id.FcvtxnScalar:
                // Bit 22 chooses between half and single, single and double; FCVTXN knows only the latter.
                size = id is A64Id.FcvtlVector or A64Id.FcvtnVector ? size - 1 : 2;
                break;
        }

        if (scalar)
        {
            r->Aux = Shape.Pack(size, 1);
        }
        else
        {
            HalfShape(r, size, q);
        }

        switch (id)
        {
            case A64Id.PmullVector when size == 3:
                r->Aux = Shape.Pack(size, 1, q ? 1 : 0);
                return Op.Pmull1Q;
            case A64Id.ShllVector:
                r->Ra = (byte)(8 << size);
                return BySize(size, Op.VUshll16B, Op.VUshll8H, Op.VUshll4S, Op.Undefined);
            case A64Id.FcvtlVector:
                return Op.Fcvtl;
            case A64Id.FcvtnVector:
                return Op.Fcvtn;
            case A64Id.FcvtxnVector or A64Id.FcvtxnScalar:
                return Op.Fcvtxn;
            case A64Id.XtnVector:
                return BySize(size, Op.VXtn16B, Op.VXtn8H, Op.VXtn4S, Op.Undefined);
            case A64Id.SqxtnVector or A64Id.SqxtnScalar:
                return Op.VSqxtn;
            case A64Id.UqxtnVector or A64Id.UqxtnScalar:
                return Op.VUqxtn;
            case A64Id.SqxtunVector or A64Id.SqxtunScalar:
                return Op.VSqxtun;
            case A64Id.SaddlVector:
                return BySize(size, Op.VSaddl16B, Op.VSaddl8H, Op.VSaddl4S, Op.Undefined);
            case A64Id.UaddlVector:
                return BySize(size, Op.VUaddl16B, Op.VUaddl8H, Op.VUaddl4S, Op.Undefined);
            case A64Id.SsublVector:
                return BySize(size, Op.VSsubl16B, Op.VSsubl8H, Op.VSsubl4S, Op.Undefined);
            case A64Id.UsublVector:
                return BySize(size, Op.VUsubl16B, Op.VUsubl8H, Op.VUsubl4S, Op.Undefined);
            case A64Id.SabdlVector:
                return Op.VSabdl;
            case A64Id.UabdlVector:
                return Op.VUabdl;
            case A64Id.SabalVector:
                return Op.VSabal;
            case A64Id.UabalVector:
                return Op.VUabal;
            case A64Id.SaddwVector:
                return BySize(size, Op.VSaddw16B, Op.VSaddw8H, Op.VSaddw4S, Op.Undefined);
            case A64Id.UaddwVector:
                return BySize(size, Op.VUaddw16B, Op.VUaddw8H, Op.VUaddw4S, Op.Undefined);
            case A64Id.SsubwVector:
                return Op.VSsubw;
            case A64Id.UsubwVector:
                return Op.VUsubw;
            case A64Id.SubhnVector:
                return Op.VSubhn;
            case A64Id.RaddhnVector:
                return Op.VRaddhn;
            case A64Id.RsubhnVector:
                return Op.VRsubhn;
            case A64Id.PmullVector:
                return Op.VPmull;
            case A64Id.SmullVector:
                return BySize(size, Op.VSmull16B, Op.VSmull8H, Op.VSmull4S, Op.Undefined);
            case A64Id.UmullVector:
                return BySize(size, Op.VUmull16B, Op.VUmull8H, Op.VUmull4S, Op.Undefined);
            case A64Id.SmlalVector:
                return BySize(size, Op.VSmlal16B, Op.VSmlal8H, Op.VSmlal4S, Op.Undefined);
            case A64Id.UmlalVector:
                return BySize(size, Op.VUmlal16B, Op.VUmlal8H, Op.VUmlal4S, Op.Undefined);
            case A64Id.SmlslVector:
                return BySize(size, Op.VSmlsl16B, Op.VSmlsl8H, Op.VSmlsl4S, Op.Undefined);
            case A64Id.UmlslVector:
                return BySize(size, Op.VUmlsl16B, Op.VUmlsl8H, Op.VUmlsl4S, Op.Undefined);
            case A64Id.AddhnVector:
                return BySize(size, Op.VAddhn16B, Op.VAddhn8H, Op.VAddhn4S, Op.Undefined);
            case A64Id.SqdmlalVector or A64Id.SqdmlalScalar:
                return Op.VSqdmlal;
            case A64Id.SqdmlslVector or A64Id.SqdmlslScalar:
                return Op.VSqdmlsl;
            case A64Id.SqdmullVector or A64Id.SqdmullScalar:
                return Op.VSqdmull;
            default:
                return Op.Decode;
        }
    }
}
