using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <content>Branches and system instructions.</content>
internal static unsafe partial class Lowering
{
    private static readonly Op[] s_conditional =
    [
        Op.BEq, Op.BNe, Op.BCs, Op.BCc, Op.BMi, Op.BPl, Op.BVs, Op.BVc, Op.BHi, Op.BLs, Op.BGe, Op.BLt, Op.BGt, Op.BLe, Op.B, Op.B,
    ];

    private static Op LowerSystem(A64Id id, uint word, Rec* r)
    {
        switch (id)
        {
            case A64Id.B:
            case A64Id.Bl:
                r->Imm = (long)Bits.ExtractSigned(word, 0, 26) * 4;
                return id == A64Id.B ? Op.B : Op.Bl;
            case A64Id.BCond:
                r->Imm = (long)Bits.ExtractSigned(word, 5, 19) * 4;
                return s_conditional[word & 15];
            case A64Id.Cbz:
            case A64Id.Cbnz:
                r->Imm = (long)Bits.ExtractSigned(word, 5, 19) * 4;
                r->Rd = Source(Field(word, 0));
                return id == A64Id.Cbz ? Width(word, Op.CbzW, Op.CbzX) : Width(word, Op.CbnzW, Op.CbnzX);
            case A64Id.Tbz:
            case A64Id.Tbnz:
                r->Imm = (long)Bits.ExtractSigned(word, 5, 14) * 4;
                r->Rd = Source(Field(word, 0));
                r->Aux = ((word >> 31) << 5) | Bits.Extract(word, 19, 5);
                return id == A64Id.Tbz ? Op.Tbz : Op.Tbnz;
            case A64Id.Br:
            case A64Id.Ret:
                r->Rn = Source(Field(word, 5));
                return Op.Br;
            case A64Id.Blr:
                r->Rn = Source(Field(word, 5));
                return Op.Blr;
            case A64Id.Eret:
                return Op.Eret;
            case A64Id.Svc:
            case A64Id.Hvc:
            case A64Id.Smc:
            case A64Id.Brk:
                r->Imm = Bits.Extract(word, 5, 16);
                return id switch
                {
                    A64Id.Svc => Op.Svc,
                    A64Id.Hvc => Op.Hvc,
                    A64Id.Smc => Op.Smc,
                    _ => Op.Brk,
                };
            case A64Id.Wfi:
                return Op.Wfi;
            case A64Id.Wfe:
                return Op.Wfe;
            case A64Id.Sev:
                return Op.Sev;
            case A64Id.Sevl:
                return Op.Sevl;
            case A64Id.Yield:
                return Op.Yield;
            case A64Id.Nop:
            case A64Id.Esb:
            case A64Id.Csdb:
            case A64Id.Hint:
                return Op.Nop;
            case A64Id.PsbCsync:
                return Op.PsbCsync;
            case A64Id.Clrex:
                return Op.Clrex;
            case A64Id.Dsb:
                return Op.Dsb;
            case A64Id.Dmb:
                // Loads are never reordered with later accesses, nor stores with later stores: DMB LD and DMB ST need nothing.
                return (word & 0x300) is 0x100 or 0x200 ? Op.Nop : Op.Dmb;
            case A64Id.Isb:
                return Op.Isb;
            case A64Id.MsrPan:
            case A64Id.MsrSpSel:
            case A64Id.MsrDaifSet:
            case A64Id.MsrDaifClr:
                r->Imm = Bits.Extract(word, 8, 4);
                return id switch
                {
                    A64Id.MsrPan => Op.MsrPanImmediate,
                    A64Id.MsrSpSel => Op.MsrSpSelImmediate,
                    A64Id.MsrDaifSet => Op.MsrDaifSet,
                    _ => Op.MsrDaifClr,
                };
            case A64Id.Sys:
                return LowerSys(word, r);
            case A64Id.Mrs:
                return LowerMrs(word, r);
            case A64Id.MsrRegister:
                return LowerMsr(word, r);
            default:
                // UDF, HLT and DCPS without a debugger, DRPS outside debug state, SYSL.
                return Op.Undefined;
        }
    }

    private static Op LowerMrs(uint word, Rec* r)
    {
        ushort encoding = SysRegInfo.FromInstruction(word);
        r->Rd = Target(Field(word, 0));
        if (SysRegTable.Find((ushort)(encoding | 0x8000)) is not { } info || (word & (1 << 20)) == 0)
        {
            // op0 = 3, op1 = 0, CRn = 0, CRm = 1 to 7 is identification space: what is not allocated reads as zero.
            return (encoding & 0x7F80) == 0x4000 && Bits.Extract(word, 8, 4) is >= 1 and <= 7 && (word & (3 << 19)) == 3 << 19 ? Op.MrsZero : Op.Undefined;
        }

        r->Aux = (uint)info.Id;
        if (info.Behaviour == SysRegBehaviour.Plain)
        {
            if ((info.El1 & SysRegAccess.Read) == 0)
            {
                return Op.Undefined;
            }

            if (info.El0 == SysRegAccess.None)
            {
                return Op.MrsPlain;
            }

            if ((info.El0 & SysRegAccess.Read) != 0)
            {
                return Op.MrsPlainEl0;
            }
        }

        return info.Id switch
        {
            SysRegId.SP_EL0 => Op.MrsSpEl0,
            SysRegId.DAIF => Op.MrsDaif,
            SysRegId.NZCV => Op.MrsNzcv,
            SysRegId.FPCR => Op.MrsFpcr,
            SysRegId.FPSR => Op.MrsFpsr,
            SysRegId.DCZID_EL0 => Op.MrsDczid,
            _ => Op.MrsSpecial,
        };
    }

    private static Op LowerMsr(uint word, Rec* r)
    {
        ushort encoding = SysRegInfo.FromInstruction(word);
        r->Rn = Source(Field(word, 0));
        if (SysRegTable.Find((ushort)(encoding | 0x8000)) is not { } info || (word & (1 << 20)) == 0)
        {
            return Op.Undefined;
        }

        r->Aux = (uint)info.Id;
        if ((info.El1 & SysRegAccess.Write) == 0)
        {
            return Op.Undefined;
        }

        if (info.Behaviour == SysRegBehaviour.Plain && info.WriteMask == ~0UL)
        {
            if (info.El0 is SysRegAccess.None or SysRegAccess.Read)
            {
                return Op.MsrPlain;
            }

            if ((info.El0 & SysRegAccess.Write) != 0)
            {
                return Op.MsrPlainEl0;
            }
        }

        return info.Id switch
        {
            SysRegId.DAIF => Op.MsrDaif,
            SysRegId.NZCV => Op.MsrNzcv,
            SysRegId.FPCR => Op.MsrFpcr,
            SysRegId.FPSR => Op.MsrFpsr,
            _ => Op.MsrSpecial,
        };
    }

    private static Op LowerSys(uint word, Rec* r)
    {
        uint op1 = Bits.Extract(word, 16, 3), crn = Bits.Extract(word, 12, 4), crm = Bits.Extract(word, 8, 4), op2 = Bits.Extract(word, 5, 3);
        r->Rd = Source(Field(word, 0));
        switch ((crn, op1, crm, op2))
        {
            case (7, 3, 4, 1):
                return Op.DcZva;
            case (7, 3, 10, 1) or (7, 3, 11, 1) or (7, 3, 12, 1) or (7, 3, 14, 1):
                r->Imm = 1;
                return Op.DcByAddress;
            case (7, 0, 6, 1):
                return Op.DcByAddress;
            case (7, 0, 6, 2) or (7, 0, 10, 2) or (7, 0, 14, 2):
                return Op.DcBySetWay;
            case (7, 3, 5, 1):
                return Op.IcIvau;
            case (7, 0, 5, 0):
                return Op.IcAll;
            case (7, 0, 1, 0):
                r->Imm = 1;
                return Op.IcAll;
            case (7, 0, 8, 0) or (7, 0, 8, 1) or (7, 0, 8, 2) or (7, 0, 8, 3):
                r->Imm = op2;
                return Op.At;
            case (7, 0, 9, 0) or (7, 0, 9, 1):
                r->Imm = op2 | 4;
                return Op.At;
            case (8, 0, 3, _) or (8, 0, 7, _):
                r->Aux = crm == 3 ? 1u : 0;
                switch (op2)
                {
                    case 0:
                        r->Imm = (long)MaintenanceKind.TlbAll;
                        return Op.Tlbi;
                    case 1 or 3:
                        r->Imm = (long)MaintenanceKind.TlbAddress;
                        return Op.Tlbi;
                    case 5 or 7:
                        r->Imm = (long)MaintenanceKind.TlbLastLevel;
                        return Op.Tlbi;
                    case 2:
                        r->Imm = (long)MaintenanceKind.TlbAsid;
                        return Op.Tlbi;
                    default:
                        return Op.Undefined;
                }

            default:
                return Op.Undefined;
        }
    }
}
