using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <summary>Turns an instruction word into a record: looks it up in the table of encodings, then lowers it to an operation with its operands.</summary>
internal static unsafe class Decoder
{
    /// <summary>Extensions that the ID registers advertise. What is not here is UNDEFINED.</summary>
    public const A64Feature Features = A64Feature.Base | A64Feature.Fp | A64Feature.AdvSimd | A64Feature.Crc32 | A64Feature.Lse | A64Feature.Pan
        | A64Feature.Aes | A64Feature.Pmull | A64Feature.Sha1 | A64Feature.Sha256 | A64Feature.Rdm | A64Feature.DotProd | A64Feature.Fp16 | A64Feature.Lrcpc;

    /// <summary>Decodes the record <paramref name="r"/> of the page being executed.</summary>
    public static void Decode(Pe* s, Rec* r)
    {
        long index = r - s->CodeBase;
        nint host = (nint)s->CodeBase[Rec.PerPage].Imm;
        uint word = *(uint*)(host + ((nint)index * 4));
        Fill(r, word);

        // The target of a direct branch has a record only within the page.
        Op op = (Op)r->Op;
        if (op is Op.MrsPlain or Op.MrsPlainEl0 or Op.MrsDczid or Op.MsrPlain or Op.MsrPlainEl0 && s->Owner.IsTrapped((SysRegId)r->Aux))
        {
            // The plain operations look at nothing but the EL.
            r->Op = (ushort)(op is Op.MsrPlain or Op.MsrPlainEl0 ? Op.MsrSpecial : Op.MrsSpecial);
        }
        else if (Threaded.KindOf(op) == OpKind.Branch)
        {
            long target = (index * 4) + r->Imm;
            if (target is < 0 or > 4092)
            {
                r->Op |= Rec.Alternate;
            }
        }
        else if (r->Rn == Pe.Sp && Threaded.KindOf(op) == OpKind.Memory)
        {
            r->Op |= Rec.Alternate;
        }
        else if (op is Op.DcByAddress or Op.DcBySetWay && s->Owner.Configuration.DataCaches is not null)
        {
            r->Op = (ushort)(op == Op.DcByAddress ? Op.DcLine : Op.DcSetWayTrapped);
        }

        r->Handler = Threaded.HandlerFor(s->CodeBase, (int)index);
    }

    /// <summary>Fills operation and operands of <paramref name="r"/> from <paramref name="word"/>.</summary>
    public static void Fill(Rec* r, uint word)
    {
        A64Id id = A64Decoder.Decode(word, Features);
        r->Imm = 0;
        r->Rd = r->Rn = r->Rm = r->Ra = 0;
        r->Aux = 0;
        r->Word = word;
        r->Id = (ushort)id;
        Op op = id == A64Id.Undefined ? Op.Undefined : Lowering.Lower(id, word, r);
        r->Op = (ushort)op;
    }
}
