using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>Integer data processing.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static void AddInteger(Emitter?[] emitters)
    {
        string[] families =
        [
            "Nop", "MovImmediate", "MovX", "MovW", "Movk", "Adr", "Add", "Sub", "Cmp", "Adc", "Sbc", "Csel", "Csinc", "Csinv", "Csneg", "Ccm", "And", "Orr", "Eor", "Bic", "Orn", "Eon", "Ubf", "Sbfm", "Bfm", "Extr",
            "Madd", "Msub", "Smaddl", "Umaddl", "Smsubl", "Umsubl", "Umulh", "Smulh", "Udiv", "Sdiv", "Lslv", "Lsrv", "Asrv", "Rorv", "RevX", "RevW", "Rev32X", "RbitX", "RbitW", "ClzX", "ClzW",
        ];
        for (Op op = 0; op < Op.Count; op++)
        {
            string name = op.ToString();
            if (Array.Exists(families, family => name.StartsWith(family, StringComparison.Ordinal)))
            {
                Add(emitters, static (c, op, r) => c.TryInteger(op, r), op);
            }
        }
    }

    /// <summary>Emits an integer instruction; false where <paramref name="op"/> is none that has code.</summary>
    private bool TryInteger(Op op, Rec* r)
    {
        switch (op)
        {
            case Op.Nop:
                return true;
            case Op.MovImmediate:
                MoveConstant(r->Rd, (ulong)r->Imm);
                return true;
            case Op.MovX:
                Write(r->Rd, Copy(r->Rd, r->Rm, true));
                return true;
            case Op.MovW:
                Write(r->Rd, Copy(r->Rd, r->Rm, false));
                return true;
            case Op.MovkX or Op.MovkW:
                Movk(r, op == Op.MovkX);
                return true;
            case Op.Adr:
                X64Register target = Target(r->Rd);
                _x.Load(target, NativeState.CodeVa);
                _x.Lea(target, new X64Memory(target, (int)(((_start + _index) * 4) + r->Imm)));
                Write(r->Rd, target);
                return true;
            case Op.Adrp:
                target = Target(r->Rd);
                _x.Move(Rcx, (ulong)r->Imm);
                _x.Load(target, NativeState.CodeVa);
                _x.Lea(target, new X64Memory(target, Rcx, 0, 0));
                Write(r->Rd, target);
                return true;

            case Op.AddImmediateX or Op.AddImmediateW:
                Sum(r->Rd, new X64Memory(Read(r->Rn, Rax), (int)r->Imm), op == Op.AddImmediateX);
                return true;
            case Op.AddRegisterX or Op.AddRegisterW:
                Sum(r->Rd, new X64Memory(Read(r->Rn, Rax), Read(r->Rm, Rcx), 0, 0), op == Op.AddRegisterX);
                return true;
            case Op.AddLslX or Op.AddLslW when r->Aux <= 3:
                Sum(r->Rd, new X64Memory(Read(r->Rn, Rax), Read(r->Rm, Rcx), (int)r->Aux, 0), op == Op.AddLslX);
                return true;
            case Op.SubRegisterX or Op.SubRegisterW:
                Binary(X64Alu.Sub, r->Rd, r->Rn, r->Rm, op == Op.SubRegisterX);
                return true;
            case Op.AddLslX or Op.AddLslW:
                BinaryWithRcx(X64Alu.Add, r, ShiftLeft(r, op == Op.AddLslX), op == Op.AddLslX);
                return true;
            case Op.SubLslX or Op.SubLslW:
                BinaryWithRcx(X64Alu.Sub, r, ShiftLeft(r, op == Op.SubLslX), op == Op.SubLslX);
                return true;
            case Op.AddShiftedX or Op.AddShiftedW:
                BinaryWithRcx(X64Alu.Add, r, Shifted(r, op == Op.AddShiftedX), op == Op.AddShiftedX);
                return true;
            case Op.SubShiftedX or Op.SubShiftedW:
                BinaryWithRcx(X64Alu.Sub, r, Shifted(r, op == Op.SubShiftedX), op == Op.SubShiftedX);
                return true;
            case Op.AddExtendedX or Op.AddExtendedW:
                BinaryWithRcx(X64Alu.Add, r, Extended(r), op == Op.AddExtendedX);
                return true;
            case Op.SubExtendedX or Op.SubExtendedW:
                BinaryWithRcx(X64Alu.Sub, r, Extended(r), op == Op.SubExtendedX);
                return true;

            case Op.AddsImmediateX or Op.AddsImmediateW:
                BinaryWithConstant(X64Alu.Add, r, op == Op.AddsImmediateX, HostFlags.Arm);
                return true;
            case Op.SubsImmediateX or Op.SubsImmediateW:
                BinaryWithConstant(X64Alu.Sub, r, op == Op.SubsImmediateX, HostFlags.Borrow);
                return true;
            case Op.AddsRegisterX or Op.AddsRegisterW:
                Binary(X64Alu.Add, r->Rd, r->Rn, r->Rm, op == Op.AddsRegisterX, HostFlags.Arm);
                return true;
            case Op.SubsRegisterX or Op.SubsRegisterW:
                Binary(X64Alu.Sub, r->Rd, r->Rn, r->Rm, op == Op.SubsRegisterX, HostFlags.Borrow);
                return true;
            case Op.AddsLslX or Op.AddsLslW:
                BinaryWithRcx(X64Alu.Add, r, ShiftLeft(r, op == Op.AddsLslX), op == Op.AddsLslX, HostFlags.Arm);
                return true;
            case Op.SubsLslX or Op.SubsLslW:
                BinaryWithRcx(X64Alu.Sub, r, ShiftLeft(r, op == Op.SubsLslX), op == Op.SubsLslX, HostFlags.Borrow);
                return true;
            case Op.AddsShiftedX or Op.AddsShiftedW:
                BinaryWithRcx(X64Alu.Add, r, Shifted(r, op == Op.AddsShiftedX), op == Op.AddsShiftedX, HostFlags.Arm);
                return true;
            case Op.SubsShiftedX or Op.SubsShiftedW:
                BinaryWithRcx(X64Alu.Sub, r, Shifted(r, op == Op.SubsShiftedX), op == Op.SubsShiftedX, HostFlags.Borrow);
                return true;
            case Op.AddsExtendedX or Op.AddsExtendedW:
                BinaryWithRcx(X64Alu.Add, r, Extended(r), op == Op.AddsExtendedX, HostFlags.Arm);
                return true;
            case Op.SubsExtendedX or Op.SubsExtendedW:
                BinaryWithRcx(X64Alu.Sub, r, Extended(r), op == Op.SubsExtendedX, HostFlags.Borrow);
                return true;
            case Op.CmpImmediateX or Op.CmpImmediateW:
                _x.Alu(X64Alu.Cmp, Read(r->Rn, Rax), (int)r->Imm, op == Op.CmpImmediateX);
                SetFlags(HostFlags.Borrow);
                return true;
            case Op.CmpRegisterX or Op.CmpRegisterW:
                Compare(r, op == Op.CmpRegisterX);
                return true;
            case Op.AdcX or Op.AdcW or Op.AdcsX or Op.AdcsW:
                Carrying(X64Alu.Adc, r, op is Op.AdcX or Op.AdcsX, HostFlags.Arm, op is Op.AdcsX or Op.AdcsW);
                return true;
            case Op.SbcX or Op.SbcW or Op.SbcsX or Op.SbcsW:
                Carrying(X64Alu.Sbb, r, op is Op.SbcX or Op.SbcsX, HostFlags.Borrow, op is Op.SbcsX or Op.SbcsW);
                return true;

            case Op.CselX or Op.CselW or Op.CsincX or Op.CsincW or Op.CsinvX or Op.CsinvW or Op.CsnegX or Op.CsnegW:
                Select(op, r);
                return true;
            case Op.CcmpImmediateX or Op.CcmpImmediateW or Op.CcmpRegisterX or Op.CcmpRegisterW
                or Op.CcmnImmediateX or Op.CcmnImmediateW or Op.CcmnRegisterX or Op.CcmnRegisterW:
                ConditionalCompare(op, r);
                return true;
        }

        return TryLogic(op, r) || TryBitsAndProducts(op, r);
    }

    private bool TryLogic(Op op, Rec* r)
    {
        switch (op)
        {
            case Op.AndImmediateX or Op.AndImmediateW:
                BinaryWithConstant(X64Alu.And, r, op == Op.AndImmediateX);
                return true;
            case Op.OrrImmediateX or Op.OrrImmediateW:
                BinaryWithConstant(X64Alu.Or, r, op == Op.OrrImmediateX);
                return true;
            case Op.EorImmediateX or Op.EorImmediateW:
                BinaryWithConstant(X64Alu.Xor, r, op == Op.EorImmediateX);
                return true;
            case Op.AndsImmediateX or Op.AndsImmediateW:
                BinaryWithConstant(X64Alu.And, r, op == Op.AndsImmediateX, HostFlags.Arm);
                return true;
            case Op.AndRegisterX or Op.AndRegisterW:
                Binary(X64Alu.And, r->Rd, r->Rn, r->Rm, op == Op.AndRegisterX);
                return true;
            case Op.OrrRegisterX or Op.OrrRegisterW:
                Binary(X64Alu.Or, r->Rd, r->Rn, r->Rm, op == Op.OrrRegisterX);
                return true;
            case Op.EorRegisterX or Op.EorRegisterW:
                Binary(X64Alu.Xor, r->Rd, r->Rn, r->Rm, op == Op.EorRegisterX);
                return true;
            case Op.AndsRegisterX or Op.AndsRegisterW:
                Binary(X64Alu.And, r->Rd, r->Rn, r->Rm, op == Op.AndsRegisterX, HostFlags.Arm);
                return true;
            case Op.BicRegisterX or Op.BicRegisterW or Op.BicsRegisterX or Op.BicsRegisterW:
                BinaryWithRcx(X64Alu.And, r, Inverted(r), op is Op.BicRegisterX or Op.BicsRegisterX, op is Op.BicsRegisterX or Op.BicsRegisterW ? HostFlags.Arm : HostFlags.None);
                return true;
            case Op.OrnRegisterX or Op.OrnRegisterW:
                BinaryWithRcx(X64Alu.Or, r, Inverted(r), op == Op.OrnRegisterX);
                return true;
            case Op.EonRegisterX or Op.EonRegisterW:
                BinaryWithRcx(X64Alu.Xor, r, Inverted(r), op == Op.EonRegisterX);
                return true;
            case Op.AndLslX or Op.AndLslW:
                BinaryWithRcx(X64Alu.And, r, ShiftLeft(r, op == Op.AndLslX), op == Op.AndLslX);
                return true;
            case Op.OrrLslX or Op.OrrLslW:
                BinaryWithRcx(X64Alu.Or, r, ShiftLeft(r, op == Op.OrrLslX), op == Op.OrrLslX);
                return true;
            case Op.EorLslX or Op.EorLslW:
                BinaryWithRcx(X64Alu.Xor, r, ShiftLeft(r, op == Op.EorLslX), op == Op.EorLslX);
                return true;
            case Op.BicLslX or Op.BicLslW:
                BinaryWithRcx(X64Alu.And, r, Invert(ShiftLeft(r, op == Op.BicLslX)), op == Op.BicLslX);
                return true;
            case Op.OrnLslX or Op.OrnLslW:
                BinaryWithRcx(X64Alu.Or, r, Invert(ShiftLeft(r, op == Op.OrnLslX)), op == Op.OrnLslX);
                return true;
            case Op.EonLslX or Op.EonLslW:
                BinaryWithRcx(X64Alu.Xor, r, Invert(ShiftLeft(r, op == Op.EonLslX)), op == Op.EonLslX);
                return true;
            case Op.AndShiftedX or Op.AndShiftedW:
                BinaryWithRcx(X64Alu.And, r, Shifted(r, op == Op.AndShiftedX), op == Op.AndShiftedX);
                return true;
            case Op.OrrShiftedX or Op.OrrShiftedW:
                BinaryWithRcx(X64Alu.Or, r, Shifted(r, op == Op.OrrShiftedX), op == Op.OrrShiftedX);
                return true;
            case Op.EorShiftedX or Op.EorShiftedW:
                BinaryWithRcx(X64Alu.Xor, r, Shifted(r, op == Op.EorShiftedX), op == Op.EorShiftedX);
                return true;
            case Op.BicShiftedX or Op.BicShiftedW:
                BinaryWithRcx(X64Alu.And, r, Invert(Shifted(r, op == Op.BicShiftedX)), op == Op.BicShiftedX);
                return true;
            case Op.OrnShiftedX or Op.OrnShiftedW:
                BinaryWithRcx(X64Alu.Or, r, Invert(Shifted(r, op == Op.OrnShiftedX)), op == Op.OrnShiftedX);
                return true;
            case Op.EonShiftedX or Op.EonShiftedW:
                BinaryWithRcx(X64Alu.Xor, r, Invert(Shifted(r, op == Op.EonShiftedX)), op == Op.EonShiftedX);
                return true;
            case Op.AndsShiftedX or Op.AndsShiftedW:
                BinaryWithRcx(X64Alu.And, r, Shifted(r, op == Op.AndsShiftedX), op == Op.AndsShiftedX, HostFlags.Arm);
                return true;
            case Op.BicsShiftedX or Op.BicsShiftedW:
                BinaryWithRcx(X64Alu.And, r, Invert(Shifted(r, op == Op.BicsShiftedX)), op == Op.BicsShiftedX, HostFlags.Arm);
                return true;
            default:
                return false;
        }
    }

    private bool TryBitsAndProducts(Op op, Rec* r)
    {
        switch (op)
        {
            case Op.Ubfx:
                Extract(r);
                return true;
            case Op.Ubfiz:
                LoseFlags();
                X64Register to = Copy(r->Rd, r->Rn, true);
                Mask(to, (ulong)r->Imm);
                ShiftBy(X64Shift.Shl, to, (int)r->Aux, true);
                Write(r->Rd, to);
                return true;
            case Op.SbfmX or Op.SbfmW:
                ExtractSigned(r, op == Op.SbfmX);
                return true;
            case Op.BfmX or Op.BfmW:
                Insert(r, op == Op.BfmX);
                return true;
            case Op.ExtrX or Op.ExtrW:
                LoseFlags();
                Load(Rax, r->Rm, op == Op.ExtrX);
                if (r->Aux != 0)
                {
                    _x.ShiftRightDouble(Rax, Read(r->Rn, Rcx), (int)r->Aux, op == Op.ExtrX);
                }

                Write(r->Rd, Rax);
                return true;
            case Op.MaddX or Op.MaddW or Op.MsubX or Op.MsubW:
                LoseFlags();
                bool wide = op is Op.MaddX or Op.MsubX;
                Load(Rax, r->Rn, wide);
                _x.Multiply(Rax, Read(r->Rm, Rcx), wide);
                Accumulate(r, op is Op.MsubX or Op.MsubW, wide);
                return true;
            case Op.Smaddl or Op.Umaddl or Op.Smsubl or Op.Umsubl:
                LoseFlags();
                bool signed = op is Op.Smaddl or Op.Smsubl;
                _x.Extend(Rax, Read(r->Rn, Rax), 4, signed, wide: true);
                _x.Extend(Rcx, Read(r->Rm, Rcx), 4, signed, wide: true);
                _x.Multiply(Rax, Rcx, true);
                Accumulate(r, op is Op.Smsubl or Op.Umsubl, true);
                return true;
            case Op.Umulh or Op.Smulh:
                LoseFlags();
                Load(Rax, r->Rn);
                _x.MultiplyHigh(Read(r->Rm, Rcx), op == Op.Smulh);
                Write(r->Rd, Rdx);
                return true;
            case Op.UdivX or Op.UdivW or Op.SdivX or Op.SdivW:
                Divide(r, op is Op.SdivX or Op.SdivW, op is Op.UdivX or Op.SdivX);
                return true;
            case Op.LslvX or Op.LslvW:
                VariableShift(X64Shift.Shl, r, op == Op.LslvX);
                return true;
            case Op.LsrvX or Op.LsrvW:
                VariableShift(X64Shift.Shr, r, op == Op.LsrvX);
                return true;
            case Op.AsrvX or Op.AsrvW:
                VariableShift(X64Shift.Sar, r, op == Op.AsrvX);
                return true;
            case Op.RorvX or Op.RorvW:
                VariableShift(X64Shift.Ror, r, op == Op.RorvX);
                return true;
            case Op.RevX or Op.RevW:
                to = Copy(r->Rd, r->Rn, op == Op.RevX);
                _x.ByteSwap(to, op == Op.RevX);
                Write(r->Rd, to);
                return true;
            case Op.Rev32X:
                LoseFlags();
                to = Copy(r->Rd, r->Rn, true);
                _x.ByteSwap(to, true);
                _x.Shift(X64Shift.Ror, to, 32, true);
                Write(r->Rd, to);
                return true;
            case Op.RbitX or Op.RbitW:
                ReverseBits(r, op == Op.RbitX);
                return true;
            case Op.ClzX or Op.ClzW:
                LoseFlags();
                to = Target(r->Rd);
                _x.CountLeadingZeros(to, Read(r->Rn, Rax), op == Op.ClzX);
                Write(r->Rd, to);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Exchanges neighbouring bits, pairs and nibbles, and then the order of the bytes.</summary>
    private void ReverseBits(Rec* r, bool wide)
    {
        LoseFlags();
        Load(Rax, r->Rn);
        foreach ((int shift, ulong mask) in ((int, ulong)[])[(1, 0x5555_5555_5555_5555), (2, 0x3333_3333_3333_3333), (4, 0x0F0F_0F0F_0F0F_0F0F)])
        {
            _x.Move(Rdx, wide ? mask : (uint)mask);
            _x.Move(Rcx, Rax, wide);
            _x.Shift(X64Shift.Shr, Rcx, shift, wide);
            _x.Alu(X64Alu.And, Rcx, Rdx, wide);
            _x.Alu(X64Alu.And, Rax, Rdx, wide);
            _x.Shift(X64Shift.Shl, Rax, shift, wide);
            _x.Alu(X64Alu.Or, Rax, Rcx, wide);
        }

        _x.ByteSwap(Rax, wide);
        Write(r->Rd, Rax);
    }

    // ---- operands ----

    /// <summary>Copies guest register <paramref name="from"/> to where the result for <paramref name="register"/> is computed, and answers that.</summary>
    private X64Register Copy(int register, int from, bool wide)
    {
        X64Register to = Target(register);
        Load(to, from, wide);
        return to;
    }

    private void MoveConstant(int register, ulong value)
    {
        X64Register to = Target(register);
        _x.Move(to, value);
        Write(register, to);
    }

    /// <summary>Rm, shifted left by Aux, in RCX.</summary>
    private X64Register ShiftLeft(Rec* r, bool wide)
    {
        LoseFlags();
        Load(Rcx, r->Rm, wide);
        ShiftBy(X64Shift.Shl, Rcx, (int)r->Aux, wide);
        return Rcx;
    }

    /// <summary>Rm, shifted as Aux says, in RCX.</summary>
    private X64Register Shifted(Rec* r, bool wide)
    {
        LoseFlags();
        Load(Rcx, r->Rm, wide);
        X64Shift shift = (r->Aux >> 8) switch
        {
            0 => X64Shift.Shl,
            1 => X64Shift.Shr,
            2 => X64Shift.Sar,
            _ => X64Shift.Ror,
        };
        ShiftBy(shift, Rcx, (int)(r->Aux & (wide ? 63u : 31u)), wide);
        return Rcx;
    }

    /// <summary>Rm, extended and shifted as Aux says, in RCX.</summary>
    private X64Register Extended(Rec* r)
    {
        LoseFlags();
        uint option = r->Aux >> 8;
        X64Register from = Read(r->Rm, Rcx);
        if ((option & 3) == 3)
        {
            _x.Move(Rcx, from);
        }
        else
        {
            _x.Extend(Rcx, from, 1 << (int)(option & 3), (option & 4) != 0, wide: true);
        }

        ShiftBy(X64Shift.Shl, Rcx, (int)(r->Aux & 7), true);
        return Rcx;
    }

    private X64Register Inverted(Rec* r)
    {
        Load(Rcx, r->Rm);
        return Invert(Rcx);
    }

    /// <summary>NOT leaves the flags alone.</summary>
    private X64Register Invert(X64Register register)
    {
        _x.Not(register, true);
        return register;
    }

    private void ShiftBy(X64Shift shift, X64Register register, int amount, bool wide)
    {
        if (amount != 0)
        {
            _x.Shift(shift, register, amount, wide);
        }
    }

    private void Mask(X64Register register, ulong mask)
    {
        switch (mask)
        {
            case ulong.MaxValue:
                break;
            case 0xFF:
                _x.Extend(register, register, 1, signed: false, wide: false);
                break;
            case 0xFFFF:
                _x.Extend(register, register, 2, signed: false, wide: false);
                break;
            case 0xFFFF_FFFF:
                _x.Move(register, register, wide: false);
                break;
            case <= int.MaxValue:
                _x.Alu(X64Alu.And, register, (int)mask, false);
                break;
            default:
                X64Register scratch = register == Rdx ? Rcx : Rdx;
                _x.Move(scratch, mask);
                _x.Alu(X64Alu.And, register, scratch, true);
                break;
        }
    }

    // ---- sums ----

    /// <summary>An addition that leaves the flags alone.</summary>
    private void Sum(int rd, in X64Memory sum, bool wide)
    {
        X64Register to = Target(rd);
        _x.Lea(to, sum, wide);
        Write(rd, to);
    }

    /// <summary>Before the instruction's own operation: the host's flags are lost, or they are what the instruction sets.</summary>
    private void Flags(HostFlags set)
    {
        if (set == HostFlags.None)
        {
            LoseFlags();
        }
        else
        {
            SetFlags(set);
        }
    }

    private void Binary(X64Alu operation, int rd, int rn, int rm, bool wide, HostFlags set = HostFlags.None)
    {
        Flags(set);
        X64Register to = rd == Pe.Discard ? Rax : Target(rd);
        if (NativeState.IsPinned(rm, out X64Register other))
        {
            if (other == to && !(NativeState.IsPinned(rn, out X64Register same) && same == to))
            {
                if (operation != X64Alu.Sub)
                {
                    // The other way round is the same.
                    _x.Alu(operation, to, Read(rn, Rax), wide);
                }
                else
                {
                    Load(Rax, rn, wide);
                    _x.Alu(operation, Rax, other, wide);
                    _x.Move(to, Rax);
                }

                return;
            }

            Begin(to, rn, wide);
            _x.Alu(operation, to, other, wide);
        }
        else
        {
            Begin(to, rn, wide);
            _x.Alu(operation, to, NativeState.Slot(rm), wide);
        }

        Write(rd, to);
    }

    /// <summary>As <see cref="Binary"/> with the second operand in RCX.</summary>
    private void BinaryWithRcx(X64Alu operation, Rec* r, X64Register rcx, bool wide, HostFlags set = HostFlags.None)
    {
        Flags(set);
        X64Register to = r->Rd == Pe.Discard ? Rax : Target(r->Rd);
        Begin(to, r->Rn, wide);
        _x.Alu(operation, to, rcx, wide);
        Write(r->Rd, to);
    }

    private void BinaryWithConstant(X64Alu operation, Rec* r, bool wide, HostFlags set = HostFlags.None)
    {
        Flags(set);
        X64Register to = r->Rd == Pe.Discard ? Rax : Target(r->Rd);
        Begin(to, r->Rn, wide);
        if (!wide || r->Imm == (int)r->Imm)
        {
            _x.Alu(operation, to, (int)r->Imm, wide);
        }
        else
        {
            _x.Move(Rcx, (ulong)r->Imm);
            _x.Alu(operation, to, Rcx, true);
        }

        Write(r->Rd, to);
    }

    /// <summary>The first operand, where the result will be. What computes 32 bits clears the rest by itself.</summary>
    private void Begin(X64Register to, int rn, bool wide)
    {
        if (!(NativeState.IsPinned(rn, out X64Register host) && host == to))
        {
            Load(to, rn, wide);
        }
    }

    private void Compare(Rec* r, bool wide)
    {
        SetFlags(HostFlags.Borrow);
        X64Register left = Read(r->Rn, Rax, wide);
        if (NativeState.IsPinned(r->Rm, out X64Register right))
        {
            _x.Alu(X64Alu.Cmp, left, right, wide);
        }
        else
        {
            _x.Alu(X64Alu.Cmp, left, NativeState.Slot(r->Rm), wide);
        }
    }

    /// <summary>ADC and SBC. Their sum ends in RAX, because the carry must survive what prepares it.</summary>
    private void Carrying(X64Alu operation, Rec* r, bool wide, HostFlags carry, bool sets)
    {
        FlushFlagsIf(!sets);
        NeedCarry(carry);
        Load(Rax, r->Rn, wide);
        Load(Rcx, r->Rm, wide);
        _x.Alu(operation, Rax, Rcx, wide);
        Write(r->Rd, Rax);
        if (sets)
        {
            SetFlags(carry);
        }
        else
        {
            _flags = HostFlags.None;
        }
    }

    private void FlushFlagsIf(bool needed)
    {
        if (needed)
        {
            FlushFlags();
        }
    }

    // ---- conditions ----

    private void Select(Op op, Rec* r)
    {
        bool wide = op is Op.CselX or Op.CsincX or Op.CsinvX or Op.CsnegX;
        uint condition = (r->Word >> 12) & 15;
        if (condition >= 14)
        {
            Write(r->Rd, Copy(r->Rd, r->Rn, wide));
            return;
        }

        NeedFlags();
        X64Condition holds = ConditionOf(condition);

        // Nothing below touches the flags.
        Load(Rax, r->Rm, wide);
        if (op is Op.CsinvX or Op.CsinvW or Op.CsnegX or Op.CsnegW)
        {
            _x.Not(Rax, wide);
        }

        if (op is Op.CsincX or Op.CsincW or Op.CsnegX or Op.CsnegW)
        {
            _x.Lea(Rax, new X64Memory(Rax, 1), wide);
        }

        _x.MoveIf(holds, Rax, Read(r->Rn, Rcx), wide);
        Write(r->Rd, Rax);
    }

    private void ConditionalCompare(Op op, Rec* r)
    {
        bool wide = op is Op.CcmpImmediateX or Op.CcmpRegisterX or Op.CcmnImmediateX or Op.CcmnRegisterX;
        bool add = op is Op.CcmnImmediateX or Op.CcmnImmediateW or Op.CcmnRegisterX or Op.CcmnRegisterW;
        bool immediate = op is Op.CcmpImmediateX or Op.CcmpImmediateW or Op.CcmnImmediateX or Op.CcmnImmediateW;
        uint condition = (r->Word >> 12) & 15;
        X64Patch? otherwise = null;
        if (condition < 14)
        {
            NeedFlags();
            otherwise = _x.Jump(Opposite(ConditionOf(condition)));
        }

        Load(Rax, r->Rn, wide);
        if (immediate)
        {
            _x.Alu(add ? X64Alu.Add : X64Alu.Cmp, Rax, r->Rm, wide);
        }
        else
        {
            _x.Alu(add ? X64Alu.Add : X64Alu.Cmp, Rax, Read(r->Rm, Rcx, wide), wide);
        }

        if (!add)
        {
            _x.ComplementCarry();
        }

        if (otherwise is X64Patch jump)
        {
            X64Patch done = _x.Jump();
            _x.Bind(jump);

            _x.Move(Rax, NativeFlagsOf((uint)r->Imm >> 28));
            _x.AddAl(0x7F);
            _x.FlagsFromAh();
            _x.Bind(done);
        }

        SetFlags(HostFlags.Arm);
    }

    /// <summary>NZCV, bits 3 to 0, in the form of <see cref="Pe.NativeFlags"/>.</summary>
    private static uint NativeFlagsOf(uint nzcv) => ((nzcv & 8) << 12) | ((nzcv & 4) << 12) | ((nzcv & 2) << 7) | (nzcv & 1);

    // ---- bit fields, products ----

    private void Movk(Rec* r, bool wide)
    {
        LoseFlags();
        X64Register to = Copy(r->Rd, r->Rd, wide);
        ulong hole = ~(0xFFFFul << (int)r->Aux);
        if (!wide || (long)hole == (int)hole)
        {
            _x.Alu(X64Alu.And, to, (int)hole, wide);
        }
        else
        {
            _x.Move(Rcx, hole);
            _x.Alu(X64Alu.And, to, Rcx, true);
        }

        if (!wide || r->Imm == (int)r->Imm)
        {
            _x.Alu(X64Alu.Or, to, (int)r->Imm, wide);
        }
        else
        {
            _x.Move(Rcx, (ulong)r->Imm);
            _x.Alu(X64Alu.Or, to, Rcx, true);
        }

        Write(r->Rd, to);
    }

    private void Extract(Rec* r)
    {
        LoseFlags();
        X64Register to = Copy(r->Rd, r->Rn, true);
        ShiftBy(X64Shift.Shr, to, (int)r->Aux, true);
        if ((ulong)r->Imm != ulong.MaxValue >> (int)r->Aux)
        {
            Mask(to, (ulong)r->Imm);
        }

        Write(r->Rd, to);
    }

    private void ExtractSigned(Rec* r, bool wide)
    {
        X64Register to = Target(r->Rd);
        if (r->Aux == (uint)r->Imm && r->Aux is 32 or 48 or 56)
        {
            _x.Extend(to, Read(r->Rn, Rax), (64 - (int)r->Aux) / 8, signed: true, wide);
        }
        else
        {
            LoseFlags();
            Load(to, r->Rn);
            ShiftBy(X64Shift.Shl, to, (int)r->Aux, true);
            ShiftBy(X64Shift.Sar, to, (int)r->Imm, true);
            if (!wide)
            {
                _x.Move(to, to, wide: false);
            }
        }

        Write(r->Rd, to);
    }

    private void Insert(Rec* r, bool wide)
    {
        LoseFlags();
        Load(Rcx, r->Rn, wide);
        ShiftBy(X64Shift.Ror, Rcx, (int)r->Aux, wide);
        _x.Move(Rdx, wide ? (ulong)r->Imm : (uint)r->Imm);
        _x.Alu(X64Alu.And, Rcx, Rdx, wide);
        _x.Not(Rdx, wide);
        X64Register to = Copy(r->Rd, r->Rd, wide);
        _x.Alu(X64Alu.And, to, Rdx, wide);
        _x.Alu(X64Alu.Or, to, Rcx, wide);
        Write(r->Rd, to);
    }

    /// <summary>Ra plus or minus the product in RAX.</summary>
    private void Accumulate(Rec* r, bool subtract, bool wide)
    {
        if (subtract)
        {
            Load(Rcx, r->Ra, wide);
            _x.Alu(X64Alu.Sub, Rcx, Rax, wide);
            Write(r->Rd, Rcx);
            return;
        }

        if (r->Ra != Pe.Zero)
        {
            _x.Alu(X64Alu.Add, Rax, Read(r->Ra, Rcx, wide), wide);
        }

        Write(r->Rd, Rax);
    }

    private void Divide(Rec* r, bool signed, bool wide)
    {
        // The host traps on zero, and on the one quotient that does not fit.
        LoseFlags();
        Load(Rcx, r->Rm, wide);
        _x.Test(Rcx, Rcx, wide);
        SlowIf(X64Condition.Equal);
        if (signed)
        {
            _x.Alu(X64Alu.Cmp, Rcx, -1, wide);
            SlowIf(X64Condition.Equal);
        }

        Load(Rax, r->Rn, wide);
        if (signed)
        {
            _x.SignIntoRdx(wide);
        }
        else
        {
            _x.Move(Rdx, 0ul);
        }

        _x.Divide(Rcx, signed, wide);
        Write(r->Rd, Rax);
    }

    private void VariableShift(X64Shift shift, Rec* r, bool wide)
    {
        LoseFlags();
        Load(Rcx, r->Rm, wide);
        X64Register to = Copy(r->Rd, r->Rn, wide);
        _x.ShiftByCl(shift, to, wide);
        Write(r->Rd, to);
    }
}
