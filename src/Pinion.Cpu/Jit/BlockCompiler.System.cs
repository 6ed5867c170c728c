using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>Register moves, barriers and what else of the system kernels do often. Whatever may be trapped, UNDEFINED or noticed by somebody goes to the interpreter.</content>
internal sealed unsafe partial class BlockCompiler
{
    private const int ZeroLine = 64;

    private static void AddSystem(Emitter?[] emitters)
    {
        Add(emitters, static (c, op, r) => c.ReadRegister(op, r), Op.MrsPlain, Op.MrsPlainEl0, Op.MrsSpEl0, Op.MrsDaif, Op.MrsNzcv, Op.MrsFpcr, Op.MrsDczid);
        Add(emitters, static (c, op, r) => c.WriteRegister(op, r), Op.MsrPlain, Op.MsrPlainEl0, Op.MsrDaif, Op.MsrDaifSet, Op.MsrDaifClr, Op.MsrNzcv);
        Add(emitters, static (c, op, r) => c.Synchronize(op, r), Op.Dmb, Op.Dsb, Op.Isb, Op.Clrex, Op.Yield);
        Add(emitters, static (c, op, r) => c.ZeroBlock(r), Op.DcZva);
    }

    private bool ReadRegister(Op op, Rec* r)
    {
        LoseFlags();
        switch (op)
        {
            case Op.MrsPlain:
                OnlyEl1();
                _x.Load(Rax, NativeState.Register((SysRegId)r->Aux));
                break;
            case Op.MrsPlainEl0:
                _x.Load(Rax, NativeState.Register((SysRegId)r->Aux));
                break;
            case Op.MrsSpEl0:
                _x.CompareByte(NativeState.SpSel, 0);
                SlowIf(X64Condition.Equal);
                _x.Load(Rax, NativeState.Register(SysRegId.SP_EL0));
                break;
            case Op.MrsDaif:
                OnlyEl1();
                _x.LoadNarrow(Rax, NativeState.Daif, 1, signed: false, wide: false);
                _x.Shift(X64Shift.Shl, Rax, 6, false);
                break;
            case Op.MrsDczid:
                // At EL0 SCTLR_EL1.DZE has a say.
                OnlyEl1();
                _x.Load(Rax, NativeState.Register(SysRegId.DCZID_EL0));
                break;
            case Op.MrsNzcv:
                // NZ are bits 15:14 of what is kept, C is bit 8, V bit 0.
                _x.LoadNarrow(Rax, NativeState.Flags, 2, signed: false, wide: false);
                _x.Move(Rcx, Rax);
                _x.Move(Rdx, Rax);
                _x.Alu(X64Alu.And, Rax, 0xC000, false);
                _x.Shift(X64Shift.Shl, Rax, 16, false);
                _x.Alu(X64Alu.And, Rcx, 0x100, false);
                _x.Shift(X64Shift.Shl, Rcx, 21, false);
                _x.Alu(X64Alu.And, Rdx, 1, false);
                _x.Shift(X64Shift.Shl, Rdx, 28, false);
                _x.Alu(X64Alu.Or, Rax, Rcx, false);
                _x.Alu(X64Alu.Or, Rax, Rdx, false);
                break;
            default:
                _x.Load(Rax, NativeState.Fpcr, wide: false);
                break;
        }

        Write(r->Rd, Rax);
        return true;
    }

    private bool WriteRegister(Op op, Rec* r)
    {
        LoseFlags();
        switch (op)
        {
            case Op.MsrPlain:
                OnlyEl1();
                _x.Store(NativeState.Register((SysRegId)r->Aux), Read(r->Rn, Rax));
                break;
            case Op.MsrPlainEl0:
                _x.Store(NativeState.Register((SysRegId)r->Aux), Read(r->Rn, Rax));
                break;
            case Op.MsrDaifSet:
                OnlyEl1();
                _x.AluByte(X64Alu.Or, NativeState.Daif, (byte)r->Imm);
                break;
            case Op.MsrDaifClr:
                OnlyEl1();
                NothingDue();
                _x.AluByte(X64Alu.And, NativeState.Daif, (byte)~r->Imm);
                break;
            case Op.MsrDaif:
                OnlyEl1();
                NothingDue();
                Load(Rax, r->Rn);
                _x.Shift(X64Shift.Shr, Rax, 6, false);
                _x.Alu(X64Alu.And, Rax, 15, false);
                _x.StoreNarrow(NativeState.Daif, Rax, 1);
                break;
            default:
                Load(Rax, r->Rn);
                _x.Move(Rcx, Rax);
                _x.Move(Rdx, Rax);
                _x.Shift(X64Shift.Shr, Rax, 16, false);
                _x.Alu(X64Alu.And, Rax, 0xC000, false);
                _x.Shift(X64Shift.Shr, Rcx, 21, false);
                _x.Alu(X64Alu.And, Rcx, 0x100, false);
                _x.Shift(X64Shift.Shr, Rdx, 28, false);
                _x.Alu(X64Alu.And, Rdx, 1, false);
                _x.Alu(X64Alu.Or, Rax, Rcx, false);
                _x.Alu(X64Alu.Or, Rax, Rdx, false);
                _x.StoreNarrow(NativeState.Flags, Rax, 2);
                break;
        }

        return true;
    }

    private bool Synchronize(Op op, Rec* r)
    {
        LoseFlags();
        switch (op)
        {
            case Op.Isb:
                _x.CompareByte(NativeState.CodeStale, 0);
                SlowIf(X64Condition.NotEqual);
                break;
            case Op.Clrex:
                _x.StoreByte(NativeState.ExclusiveValid, 0);
                break;
            case Op.Yield:
                _x.CompareByte(NativeState.Smp, 0);
                SlowIf(X64Condition.NotEqual);
                break;
            case Op.Dsb:
                _x.CompareByte(NativeState.MaintenancePending, 0);
                SlowIf(X64Condition.NotEqual);
                BarrierIfShared();
                break;
            default:
                // CRm<1:0> is 1 for loads and 2 for stores, and the host orders those by itself.
                if (((r->Word >> 8) & 3) == 3)
                {
                    BarrierIfShared();
                }

                break;
        }

        return true;
    }

    /// <summary>DC ZVA.</summary>
    private bool ZeroBlock(Rec* r)
    {
        LoseFlags();
        _x.CompareByte(NativeState.El, 0);
        SlowIf(X64Condition.Equal);
        Load(Rax, r->Rd);
        _x.Alu(X64Alu.And, Rax, -ZeroLine, true);
        Translate(write: true, ZeroLine);
        _x.Vector(0, 0x57, 0, 0);
        for (int at = 0; at < ZeroLine; at += 16)
        {
            _x.Vector(0, 0x11, 0, new X64Memory(Rax, at));
        }

        return true;
    }

    private void OnlyEl1()
    {
        _x.CompareByte(NativeState.El, 0);
        SlowIf(X64Condition.Equal);
    }

    /// <summary>Unmasking changes nothing while no interrupt waits and software step is off.</summary>
    private void NothingDue()
    {
        _x.TestByte(NativeState.Register(SysRegId.MDSCR_EL1), 1);
        SlowIf(X64Condition.NotEqual);
        _x.CompareByte(NativeState.InterruptLines, 0);
        SlowIf(X64Condition.NotEqual);
    }

    private void BarrierIfShared()
    {
        _x.CompareByte(NativeState.Smp, 0);
        X64Patch alone = _x.Jump(X64Condition.Equal);
        _x.Barrier();
        _x.Bind(alone);
    }
}
