using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>Loads and stores.</content>
internal static unsafe partial class Lowering
{
    /// <summary>Addressing modes in the order of <see cref="s_single"/>'s columns.</summary>
    private enum Mode
    {
        Offset,
        Indexed,
        Extended,
        Pre,
        Post,
        User,
    }

    /// <summary>Kinds of single-register transfer, in the order of <see cref="s_single"/>'s rows.</summary>
    private enum Transfer
    {
        Ldrb,
        Ldrh,
        LdrW,
        LdrX,
        LdrsbW,
        LdrsbX,
        LdrshW,
        LdrshX,
        Ldrsw,
        LdrB,
        LdrH,
        LdrS,
        LdrD,
        LdrQ,
        Strb,
        Strh,
        StrW,
        StrX,
        StrB,
        StrH,
        StrS,
        StrD,
        StrQ,
    }

    private static readonly Op[][] s_single =
    [
        [Op.LdrbOffset, Op.LdrbIndexed, Op.LdrbExtended, Op.LdrbPre, Op.LdrbPost, Op.LdrbUser],
        [Op.LdrhOffset, Op.LdrhIndexed, Op.LdrhExtended, Op.LdrhPre, Op.LdrhPost, Op.LdrhUser],
        [Op.LdrWOffset, Op.LdrWIndexed, Op.LdrWExtended, Op.LdrWPre, Op.LdrWPost, Op.LdrWUser],
        [Op.LdrXOffset, Op.LdrXIndexed, Op.LdrXExtended, Op.LdrXPre, Op.LdrXPost, Op.LdrXUser],
        [Op.LdrsbWOffset, Op.LdrsbWIndexed, Op.LdrsbWExtended, Op.LdrsbWPre, Op.LdrsbWPost, Op.LdrsbWUser],
        [Op.LdrsbXOffset, Op.LdrsbXIndexed, Op.LdrsbXExtended, Op.LdrsbXPre, Op.LdrsbXPost, Op.LdrsbXUser],
        [Op.LdrshWOffset, Op.LdrshWIndexed, Op.LdrshWExtended, Op.LdrshWPre, Op.LdrshWPost, Op.LdrshWUser],
        [Op.LdrshXOffset, Op.LdrshXIndexed, Op.LdrshXExtended, Op.LdrshXPre, Op.LdrshXPost, Op.LdrshXUser],
        [Op.LdrswOffset, Op.LdrswIndexed, Op.LdrswExtended, Op.LdrswPre, Op.LdrswPost, Op.LdrswUser],
        [Op.LdrSimdBOffset, Op.LdrSimdBIndexed, Op.LdrSimdBExtended, Op.LdrSimdBPre, Op.LdrSimdBPost],
        [Op.LdrSimdHOffset, Op.LdrSimdHIndexed, Op.LdrSimdHExtended, Op.LdrSimdHPre, Op.LdrSimdHPost],
        [Op.LdrSimdSOffset, Op.LdrSimdSIndexed, Op.LdrSimdSExtended, Op.LdrSimdSPre, Op.LdrSimdSPost],
        [Op.LdrSimdDOffset, Op.LdrSimdDIndexed, Op.LdrSimdDExtended, Op.LdrSimdDPre, Op.LdrSimdDPost],
        [Op.LdrSimdQOffset, Op.LdrSimdQIndexed, Op.LdrSimdQExtended, Op.LdrSimdQPre, Op.LdrSimdQPost],
        [Op.StrbOffset, Op.StrbIndexed, Op.StrbExtended, Op.StrbPre, Op.StrbPost, Op.StrbUser],
        [Op.StrhOffset, Op.StrhIndexed, Op.StrhExtended, Op.StrhPre, Op.StrhPost, Op.StrhUser],
        [Op.StrWOffset, Op.StrWIndexed, Op.StrWExtended, Op.StrWPre, Op.StrWPost, Op.StrWUser],
        [Op.StrXOffset, Op.StrXIndexed, Op.StrXExtended, Op.StrXPre, Op.StrXPost, Op.StrXUser],
        [Op.StrSimdBOffset, Op.StrSimdBIndexed, Op.StrSimdBExtended, Op.StrSimdBPre, Op.StrSimdBPost],
        [Op.StrSimdHOffset, Op.StrSimdHIndexed, Op.StrSimdHExtended, Op.StrSimdHPre, Op.StrSimdHPost],
        [Op.StrSimdSOffset, Op.StrSimdSIndexed, Op.StrSimdSExtended, Op.StrSimdSPre, Op.StrSimdSPost],
        [Op.StrSimdDOffset, Op.StrSimdDIndexed, Op.StrSimdDExtended, Op.StrSimdDPre, Op.StrSimdDPost],
        [Op.StrSimdQOffset, Op.StrSimdQIndexed, Op.StrSimdQExtended, Op.StrSimdQPre, Op.StrSimdQPost],
    ];

    private static Op LowerMemory(A64Id id, uint word, Rec* r)
    {
        switch (id)
        {
            case <= A64Id.Ldapr:
                return LowerExclusive(id, word, r);
            case A64Id.Cas or A64Id.Casp:
                r->Rd = Source(Field(word, 0));
                r->Rn = (byte)Field(word, 5);
                r->Rm = Source(Field(word, 16));
                r->Aux = id == A64Id.Cas ? word >> 30 : 2 + ((word >> 30) & 1);
                return id == A64Id.Cas ? Op.Cas : Op.Casp;
            case A64Id.PrfmLiteral or A64Id.Prfum or A64Id.PrfmRegister or A64Id.PrfmUnsigned:
                return Op.Nop;
            case A64Id.LdrLiteral or A64Id.LdrswLiteral or A64Id.LdrSimdLiteral:
                r->Imm = (long)Bits.ExtractSigned(word, 5, 19) * 4;
                r->Rd = id == A64Id.LdrSimdLiteral ? (byte)Field(word, 0) : Target(Field(word, 0));
                return id switch
                {
                    A64Id.LdrswLiteral => Op.LdrswLiteral,
                    A64Id.LdrLiteral => Bits.IsSet(word, 30) ? Op.LdrXLiteral : Op.LdrWLiteral,
                    _ => (word >> 30) switch
                    {
                        0 => Op.LdrSimdSLiteral,
                        1 => Op.LdrSimdDLiteral,
                        _ => Op.LdrSimdQLiteral,
                    },
                };
            case >= A64Id.Stnp and <= A64Id.LdpSimdPreIndex:
                return LowerPair(word, r);
            case >= A64Id.Ldadd and <= A64Id.Swp:
                r->Rd = Target(Field(word, 0));
                r->Rn = (byte)Field(word, 5);
                r->Rm = Source(Field(word, 16));
                r->Aux = word >> 30;
                r->Imm = Bits.Extract(word, 12, 3);
                return id == A64Id.Swp ? Op.Swp
                    : id == A64Id.Ldadd && r->Aux == 3 ? Op.LdaddX
                    : id == A64Id.Ldadd && r->Aux == 2 ? Op.LdaddW
                    : Op.AtomicUpdate;
            case >= A64Id.St4Multiple and <= A64Id.Ld4ReplicatePostIndex:
                return LowerStructure(word, r);
            default:
                return LowerSingle(word, r);
        }
    }

    private static Op LowerExclusive(A64Id id, uint word, Rec* r)
    {
        r->Aux = word >> 30;
        r->Rn = (byte)Field(word, 5);
        bool load = Bits.IsSet(word, 22);
        r->Rd = load ? Target(Field(word, 0)) : Source(Field(word, 0));
        switch (id)
        {
            case A64Id.Ldar or A64Id.Ldapr:
                r->Rd = Target(Field(word, 0));
                return Op.LoadAcquire;
            case A64Id.Stlr:
                return Op.StoreRelease;
            case A64Id.Ldxr or A64Id.Ldaxr:
                return Op.LoadExclusive;
            case A64Id.Stxr or A64Id.Stlxr:
                r->Rm = Target(Field(word, 16));
                return Op.StoreExclusive;
            case A64Id.Ldxp or A64Id.Ldaxp:
                r->Ra = Target(Field(word, 10));
                return Op.LoadExclusivePair;
            default:
                r->Rm = Target(Field(word, 16));
                r->Ra = Source(Field(word, 10));
                return Op.StoreExclusivePair;
        }
    }

    private static Op LowerSingle(uint word, Rec* r)
    {
        uint size = word >> 30, opc = Bits.Extract(word, 22, 2);
        bool simd = Bits.IsSet(word, 26);
        bool store = simd ? (opc & 1) == 0 : opc == 0;
        Transfer transfer;
        int scale;
        if (simd)
        {
            scale = (opc & 2) != 0 ? 4 : (int)size;
            transfer = (store ? Transfer.StrB : Transfer.LdrB) + scale;
        }
        else
        {
            scale = (int)size;
            transfer = opc switch
            {
                0 => Transfer.Strb + scale,
                1 => Transfer.Ldrb + scale,
                2 => size switch
                {
                    0 => Transfer.LdrsbX,
                    1 => Transfer.LdrshX,
                    _ => Transfer.Ldrsw,
                },
                _ => size == 0 ? Transfer.LdrsbW : Transfer.LdrshW,
            };
        }

        r->Rd = simd ? (byte)Field(word, 0) : store ? Source(Field(word, 0)) : Target(Field(word, 0));
        r->Rn = (byte)Field(word, 5);
        Mode mode;
        if (Bits.IsSet(word, 24))
        {
            mode = Mode.Offset;
            r->Imm = (long)Bits.Extract(word, 10, 12) << scale;
        }
        else if (Bits.IsSet(word, 21))
        {
            uint option = Bits.Extract(word, 13, 3);
            r->Rm = Source(Field(word, 16));
            r->Aux = Bits.IsSet(word, 12) ? (uint)scale : 0;
            r->Imm = option == 6 ? 1 : 0;
            mode = (option & 1) != 0 ? Mode.Indexed : Mode.Extended;
        }
        else
        {
            r->Imm = Bits.ExtractSigned(word, 12, 9);
            mode = Bits.Extract(word, 10, 2) switch
            {
                0 => Mode.Offset,
                1 => Mode.Post,
                2 => Mode.User,
                _ => Mode.Pre,
            };
        }

        return s_single[(int)transfer][(int)mode];
    }

    private static readonly Op[][] s_pair =
    [
        [Op.StpWPost, Op.StpWOffset, Op.StpWPre, Op.LdpWPost, Op.LdpWOffset, Op.LdpWPre],
        [Op.Undefined, Op.Undefined, Op.Undefined, Op.LdpswPost, Op.LdpswOffset, Op.LdpswPre],
        [Op.StpXPost, Op.StpXOffset, Op.StpXPre, Op.LdpXPost, Op.LdpXOffset, Op.LdpXPre],
        [Op.StpSimdSPost, Op.StpSimdSOffset, Op.StpSimdSPre, Op.LdpSimdSPost, Op.LdpSimdSOffset, Op.LdpSimdSPre],
        [Op.StpSimdDPost, Op.StpSimdDOffset, Op.StpSimdDPre, Op.LdpSimdDPost, Op.LdpSimdDOffset, Op.LdpSimdDPre],
        [Op.StpSimdQPost, Op.StpSimdQOffset, Op.StpSimdQPre, Op.LdpSimdQPost, Op.LdpSimdQOffset, Op.LdpSimdQPre],
    ];

    private static Op LowerPair(uint word, Rec* r)
    {
        uint opc = word >> 30;
        bool simd = Bits.IsSet(word, 26), load = Bits.IsSet(word, 22);
        int scale = simd ? 2 + (int)opc : opc == 2 ? 3 : 2;
        r->Imm = (long)Bits.ExtractSigned(word, 15, 7) << scale;
        r->Rn = (byte)Field(word, 5);
        uint t = Field(word, 0), t2 = Field(word, 10);
        r->Rd = simd ? (byte)t : load ? Target(t) : Source(t);
        r->Rm = simd ? (byte)t2 : load ? Target(t2) : Source(t2);
        int mode = Bits.Extract(word, 23, 2) switch
        {
            1 => 0,
            3 => 2,
            _ => 1,
        };
        return s_pair[(simd ? 3 : 0) + (int)opc][(load ? 3 : 0) + mode];
    }

    private static Op LowerStructure(uint word, Rec* r)
    {
        bool single = Bits.IsSet(word, 24), load = Bits.IsSet(word, 22), q = Bits.IsSet(word, 30), post = Bits.IsSet(word, 23);
        uint size = Bits.Extract(word, 10, 2);
        r->Rd = (byte)Field(word, 0);
        r->Rn = (byte)Field(word, 5);
        r->Ra = post ? (byte)1 : (byte)0;
        r->Rm = Field(word, 16) == 31 ? (byte)Pe.Zero : (byte)Field(word, 16);
        uint width = q ? 1u << 12 : 0;
        if (!single)
        {
            (uint registers, uint step) = Bits.Extract(word, 12, 4) switch
            {
                0 => (4u, 4u),
                2 => (4u, 1u),
                4 => (3u, 3u),
                6 => (3u, 1u),
                7 => (1u, 1u),
                8 => (2u, 2u),
                _ => (2u, 1u),
            };
            r->Aux = size | (registers << 4) | (step << 8) | width;
            r->Imm = registers * (q ? 16 : 8);
            return load ? Op.LoadMultiple : Op.StoreMultiple;
        }

        uint opcode = Bits.Extract(word, 13, 3);
        uint elements = (((opcode & 1) << 1) | Bits.Extract(word, 21, 1)) + 1;
        if (opcode >= 6)
        {
            r->Aux = size | (elements << 8) | width;
            r->Imm = elements << (int)size;
            return Op.LoadReplicate;
        }

        uint lane = (q ? 8u : 0) | (Bits.Extract(word, 12, 1) << 2) | size;
        uint log2 = opcode >> 1;
        if (log2 == 2 && (size & 1) != 0)
        {
            log2 = 3;
        }

        // Q:S:size numbers the lane; larger elements use fewer bits of it.
        lane = log2 switch
        {
            0 => lane,
            1 => lane >> 1,
            2 => lane >> 2,
            _ => lane >> 3,
        };
        r->Aux = log2 | (elements << 8) | width | (lane << 16);
        r->Imm = elements << (int)log2;
        return load ? Op.LoadSingle : Op.StoreSingle;
    }
}
