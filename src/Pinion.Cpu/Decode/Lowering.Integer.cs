using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>Integer data processing.</content>
internal static unsafe partial class Lowering
{
    private static Op LowerInteger(A64Id id, uint word, Rec* r)
    {
        bool x = (word >> 31) != 0;
        switch (id)
        {
            case A64Id.Adr:
            case A64Id.Adrp:
                long distance = ((long)Bits.ExtractSigned(word, 5, 19) << 2) | Bits.Extract(word, 29, 2);
                r->Rd = Target(Field(word, 0));
                r->Imm = id == A64Id.Adr ? distance : distance << 12;
                return id == A64Id.Adr ? Op.Adr : Op.Adrp;
            case A64Id.AddImmediate:
            case A64Id.SubImmediate:
                r->Rd = (byte)Field(word, 0);
                r->Rn = (byte)Field(word, 5);
                r->Imm = ArithmeticImmediate(word);
                if (id == A64Id.SubImmediate)
                {
                    r->Imm = -r->Imm;
                }

                return Width(word, Op.AddImmediateW, Op.AddImmediateX);
            case A64Id.AddsImmediate:
            case A64Id.SubsImmediate:
                r->Rd = Target(Field(word, 0));
                r->Rn = (byte)Field(word, 5);
                r->Imm = ArithmeticImmediate(word);
                return id == A64Id.AddsImmediate ? Width(word, Op.AddsImmediateW, Op.AddsImmediateX)
                    : r->Rd == Pe.Discard ? Width(word, Op.CmpImmediateW, Op.CmpImmediateX)
                    : Width(word, Op.SubsImmediateW, Op.SubsImmediateX);
            case A64Id.AndImmediate:
            case A64Id.OrrImmediate:
            case A64Id.EorImmediate:
            case A64Id.AndsImmediate:
                Immediates.TryDecodeLogical(Bits.Extract(word, 22, 1), Bits.Extract(word, 10, 6), Bits.Extract(word, 16, 6), out ulong mask);
                r->Imm = (long)(x ? mask : (uint)mask);
                r->Rn = Source(Field(word, 5));
                r->Rd = id == A64Id.AndsImmediate ? Target(Field(word, 0)) : (byte)Field(word, 0);
                return id switch
                {
                    A64Id.AndImmediate => Width(word, Op.AndImmediateW, Op.AndImmediateX),
                    A64Id.OrrImmediate => Width(word, Op.OrrImmediateW, Op.OrrImmediateX),
                    A64Id.EorImmediate => Width(word, Op.EorImmediateW, Op.EorImmediateX),
                    _ => Width(word, Op.AndsImmediateW, Op.AndsImmediateX),
                };
            case A64Id.Movz:
            case A64Id.Movn:
                ulong wide = (ulong)Bits.Extract(word, 5, 16) << (int)(Bits.Extract(word, 21, 2) * 16);
                wide = id == A64Id.Movn ? ~wide : wide;
                r->Rd = Target(Field(word, 0));
                r->Imm = (long)(x ? wide : (uint)wide);
                return Op.MovImmediate;
            case A64Id.Movk:
                r->Rd = Target(Field(word, 0));
                r->Aux = Bits.Extract(word, 21, 2) * 16;
                r->Imm = (long)((ulong)Bits.Extract(word, 5, 16) << (int)r->Aux);
                return Width(word, Op.MovkW, Op.MovkX);
            case A64Id.Sbfm:
            case A64Id.Bfm:
            case A64Id.Ubfm:
                return LowerBitfield(id, word, r);
            case A64Id.Extr:
                Registers(word, r);
                r->Aux = Bits.Extract(word, 10, 6);
                return Width(word, Op.ExtrW, Op.ExtrX);
            case >= A64Id.AndShifted and <= A64Id.SubsShifted:
                return LowerShifted(id, word, r);
            case >= A64Id.AddExtended and <= A64Id.SubsExtended:
                bool flags = id is A64Id.AddsExtended or A64Id.SubsExtended;
                r->Rd = flags ? Target(Field(word, 0)) : (byte)Field(word, 0);
                r->Rn = (byte)Field(word, 5);
                r->Rm = Source(Field(word, 16));
                uint option = Bits.Extract(word, 13, 3);
                r->Aux = ((option == 3 ? 7 : option) << 8) | Bits.Extract(word, 10, 3);
                return id switch
                {
                    A64Id.AddExtended => Width(word, Op.AddExtendedW, Op.AddExtendedX),
                    A64Id.AddsExtended => Width(word, Op.AddsExtendedW, Op.AddsExtendedX),
                    A64Id.SubExtended => Width(word, Op.SubExtendedW, Op.SubExtendedX),
                    _ => Width(word, Op.SubsExtendedW, Op.SubsExtendedX),
                };
            case A64Id.CcmnRegister or A64Id.CcmpRegister or A64Id.CcmnImmediate or A64Id.CcmpImmediate:
                bool immediate = id is A64Id.CcmnImmediate or A64Id.CcmpImmediate;
                r->Rn = Source(Field(word, 5));
                r->Rm = immediate ? (byte)Field(word, 16) : Source(Field(word, 16));
                r->Imm = (long)(word & 15) << 28;
                r->Aux = Conditions.Mask(Bits.Extract(word, 12, 4));
                return id switch
                {
                    A64Id.CcmnRegister => Width(word, Op.CcmnRegisterW, Op.CcmnRegisterX),
                    A64Id.CcmpRegister => Width(word, Op.CcmpRegisterW, Op.CcmpRegisterX),
                    A64Id.CcmnImmediate => Width(word, Op.CcmnImmediateW, Op.CcmnImmediateX),
                    _ => Width(word, Op.CcmpImmediateW, Op.CcmpImmediateX),
                };
            case A64Id.Csel or A64Id.Csinc or A64Id.Csinv or A64Id.Csneg:
                Registers(word, r);
                r->Aux = Conditions.Mask(Bits.Extract(word, 12, 4));
                return id switch
                {
                    A64Id.Csel => Width(word, Op.CselW, Op.CselX),
                    A64Id.Csinc => Width(word, Op.CsincW, Op.CsincX),
                    A64Id.Csinv => Width(word, Op.CsinvW, Op.CsinvX),
                    _ => Width(word, Op.CsnegW, Op.CsnegX),
                };
        }

        Registers(word, r);
        r->Ra = Source(Field(word, 10));
        switch (id)
        {
            case A64Id.Adc:
                return Width(word, Op.AdcW, Op.AdcX);
            case A64Id.Adcs:
                return Width(word, Op.AdcsW, Op.AdcsX);
            case A64Id.Sbc:
                return Width(word, Op.SbcW, Op.SbcX);
            case A64Id.Sbcs:
                return Width(word, Op.SbcsW, Op.SbcsX);
            case A64Id.Madd:
                return Width(word, Op.MaddW, Op.MaddX);
            case A64Id.Msub:
                return Width(word, Op.MsubW, Op.MsubX);
            case A64Id.Smaddl:
                return Op.Smaddl;
            case A64Id.Smsubl:
                return Op.Smsubl;
            case A64Id.Umaddl:
                return Op.Umaddl;
            case A64Id.Umsubl:
                return Op.Umsubl;
            case A64Id.Smulh:
                return Op.Smulh;
            case A64Id.Umulh:
                return Op.Umulh;
            case A64Id.Udiv:
                return Width(word, Op.UdivW, Op.UdivX);
            case A64Id.Sdiv:
                return Width(word, Op.SdivW, Op.SdivX);
            case A64Id.Lslv:
                return Width(word, Op.LslvW, Op.LslvX);
            case A64Id.Lsrv:
                return Width(word, Op.LsrvW, Op.LsrvX);
            case A64Id.Asrv:
                return Width(word, Op.AsrvW, Op.AsrvX);
            case A64Id.Rorv:
                return Width(word, Op.RorvW, Op.RorvX);
            case A64Id.Crc32b or A64Id.Crc32h or A64Id.Crc32w or A64Id.Crc32x:
                r->Aux = 1u << (int)Bits.Extract(word, 10, 2);
                return Op.Crc32;
            case A64Id.Crc32cb or A64Id.Crc32ch or A64Id.Crc32cw or A64Id.Crc32cx:
                r->Aux = 1u << (int)Bits.Extract(word, 10, 2);
                return Op.Crc32c;
            case A64Id.Rbit:
                return Width(word, Op.RbitW, Op.RbitX);
            case A64Id.Rev16:
                return Width(word, Op.Rev16W, Op.Rev16X);
            case A64Id.RevWord:
                return Op.RevW;
            case A64Id.Rev32:
                return Op.Rev32X;
            case A64Id.RevDoubleword:
                return Op.RevX;
            case A64Id.Clz:
                return Width(word, Op.ClzW, Op.ClzX);
            case A64Id.Cls:
                return Width(word, Op.ClsW, Op.ClsX);
            default:
                return Op.Decode;
        }
    }

    private static void Registers(uint word, Rec* r)
    {
        r->Rd = Target(Field(word, 0));
        r->Rn = Source(Field(word, 5));
        r->Rm = Source(Field(word, 16));
    }

    private static long ArithmeticImmediate(uint word) => (long)Bits.Extract(word, 10, 12) << (Bits.IsSet(word, 22) ? 12 : 0);

    private static Op LowerBitfield(A64Id id, uint word, Rec* r)
    {
        bool x = (word >> 31) != 0;
        int size = x ? 64 : 32;
        int immr = (int)Bits.Extract(word, 16, 6), imms = (int)Bits.Extract(word, 10, 6);
        r->Rd = Target(Field(word, 0));
        r->Rn = Source(Field(word, 5));
        bool extract = imms >= immr;
        int width = extract ? imms - immr + 1 : imms + 1;
        ulong ones = width == 64 ? ~0UL : (1UL << width) - 1;
        switch (id)
        {
            case A64Id.Ubfm:
                r->Imm = (long)ones;
                r->Aux = (uint)(extract ? immr : size - immr);
                return extract ? Op.Ubfx : Op.Ubfiz;
            case A64Id.Sbfm:
                r->Aux = (uint)(63 - imms);
                r->Imm = extract ? 63 - imms + immr : 63 - imms - (size - immr);
                return x ? Op.SbfmX : Op.SbfmW;
            default:
                r->Aux = (uint)immr;
                r->Imm = (long)(extract ? ones : ones << (size - immr));
                if (r->Rd == Pe.Discard)
                {
                    // BFM reads its destination too; into XZR it has no effect at all.
                    return Op.Nop;
                }

                return x ? Op.BfmX : Op.BfmW;
        }
    }

    private static Op LowerShifted(A64Id id, uint word, Rec* r)
    {
        Registers(word, r);
        uint kind = Bits.Extract(word, 22, 2), amount = Bits.Extract(word, 10, 6);

        // 0: plain register, 1: LSL, 2: anything else.
        int form = amount == 0 ? 0 : kind == 0 ? 1 : 2;
        r->Aux = form == 1 ? amount : (kind << 8) | amount;
        Op Pick(Op w, Op x, Op lslW, Op lslX, Op shiftedW, Op shiftedX) => form switch
        {
            0 => Width(word, w, x),
            1 => Width(word, lslW, lslX),
            _ => Width(word, shiftedW, shiftedX),
        };
        switch (id)
        {
            case A64Id.OrrShifted when form == 0 && r->Rn == Pe.Zero:
                return Width(word, Op.MovW, Op.MovX);
            case A64Id.AndShifted:
                return Pick(Op.AndRegisterW, Op.AndRegisterX, Op.AndLslW, Op.AndLslX, Op.AndShiftedW, Op.AndShiftedX);
            case A64Id.BicShifted:
                return Pick(Op.BicRegisterW, Op.BicRegisterX, Op.BicLslW, Op.BicLslX, Op.BicShiftedW, Op.BicShiftedX);
            case A64Id.OrrShifted:
                return Pick(Op.OrrRegisterW, Op.OrrRegisterX, Op.OrrLslW, Op.OrrLslX, Op.OrrShiftedW, Op.OrrShiftedX);
            case A64Id.OrnShifted:
                return Pick(Op.OrnRegisterW, Op.OrnRegisterX, Op.OrnLslW, Op.OrnLslX, Op.OrnShiftedW, Op.OrnShiftedX);
            case A64Id.EorShifted:
                return Pick(Op.EorRegisterW, Op.EorRegisterX, Op.EorLslW, Op.EorLslX, Op.EorShiftedW, Op.EorShiftedX);
            case A64Id.EonShifted:
                return Pick(Op.EonRegisterW, Op.EonRegisterX, Op.EonLslW, Op.EonLslX, Op.EonShiftedW, Op.EonShiftedX);
            case A64Id.AddShifted:
                return Pick(Op.AddRegisterW, Op.AddRegisterX, Op.AddLslW, Op.AddLslX, Op.AddShiftedW, Op.AddShiftedX);
            case A64Id.SubShifted:
                return Pick(Op.SubRegisterW, Op.SubRegisterX, Op.SubLslW, Op.SubLslX, Op.SubShiftedW, Op.SubShiftedX);
            case A64Id.AddsShifted:
                return Pick(Op.AddsRegisterW, Op.AddsRegisterX, Op.AddsLslW, Op.AddsLslX, Op.AddsShiftedW, Op.AddsShiftedX);
            case A64Id.SubsShifted when form == 0 && r->Rd == Pe.Discard:
                return Width(word, Op.CmpRegisterW, Op.CmpRegisterX);
            case A64Id.SubsShifted:
                return Pick(Op.SubsRegisterW, Op.SubsRegisterX, Op.SubsLslW, Op.SubsLslX, Op.SubsShiftedW, Op.SubsShiftedX);
            case A64Id.AndsShifted:
                return Pick(Op.AndsRegisterW, Op.AndsRegisterX, Op.AndsShiftedW, Op.AndsShiftedX, Op.AndsShiftedW, Op.AndsShiftedX);
            default:
                return Pick(Op.BicsRegisterW, Op.BicsRegisterX, Op.BicsShiftedW, Op.BicsShiftedX, Op.BicsShiftedW, Op.BicsShiftedX);
        }
    }
}
