using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>
/// Scalar floating point by the host's arithmetic, which is Arm's as long as FPCR asks for nothing special. The exceptions collect in MXCSR, and become FPSR's when the interpreter runs. What differs goes to the
/// interpreter, which starts from the same operands; whatever the host has raised by then, Arm raises as well:
/// <list type="bullet">
/// <item>which NaN is the result, and the default NaN's sign;</item>
/// <item>tininess, which Arm detects before rounding and the host after it: results that may have been rounded up to the smallest normal number. A sum that is tiny is exact;</item>
/// <item>integers that do not fit, which Arm saturates.</item>
/// </list>
/// </content>
internal sealed unsafe partial class BlockCompiler
{
    private const byte AddCode = 0x58;
    private const byte MultiplyCode = 0x59;
    private const byte SubtractCode = 0x5C;
    private const byte MinimumCode = 0x5D;
    private const byte DivideCode = 0x5E;
    private const byte MaximumCode = 0x5F;
    private const byte SquareRootCode = 0x51;
    private const byte AndCode = 0x54;
    private const byte OrCode = 0x56;
    private const byte XorCode = 0x57;
    private const byte CompareCode = 0xC2;

    /// <summary>In the immediate byte of a rounding: it is never inexact.</summary>
    private const byte Silently = 8;

    private const byte TowardsZero = 3;

    private delegate void FloatEmitter(BlockCompiler c, Rec* r, bool wide);

    /// <summary>What a result is checked for before it is written.</summary>
    private enum FloatCheck
    {
        /// <summary>A NaN.</summary>
        Sum,

        /// <summary>A NaN, or the smallest normal number.</summary>
        Product,
    }

    private static void AddFloat(Emitter?[] emitters)
    {
        AddScalar(emitters, Op.FaddD, Op.FaddS, static (c, r, wide) => c.Arithmetic(r, wide, AddCode, FloatCheck.Sum, commutes: true));
        AddScalar(emitters, Op.FsubD, Op.FsubS, static (c, r, wide) => c.Arithmetic(r, wide, SubtractCode, FloatCheck.Sum));
        AddScalar(emitters, Op.FmulD, Op.FmulS, static (c, r, wide) => c.Arithmetic(r, wide, MultiplyCode, FloatCheck.Product, commutes: true));
        AddScalar(emitters, Op.FnmulD, Op.FnmulS, static (c, r, wide) => c.Arithmetic(r, wide, MultiplyCode, FloatCheck.Product, commutes: true, negate: true));
        AddScalar(emitters, Op.FdivD, Op.FdivS, static (c, r, wide) => c.Arithmetic(r, wide, DivideCode, FloatCheck.Product));
        AddScalar(emitters, Op.FsqrtD, Op.FsqrtS, static (c, r, wide) => c.SquareRoot(r, wide));
        AddScalar(emitters, Op.FmaxD, Op.FmaxS, static (c, r, wide) => c.Extremum(r, wide, MaximumCode));
        AddScalar(emitters, Op.FmaxnmD, Op.FmaxnmS, static (c, r, wide) => c.Extremum(r, wide, MaximumCode));
        AddScalar(emitters, Op.FminD, Op.FminS, static (c, r, wide) => c.Extremum(r, wide, MinimumCode));
        AddScalar(emitters, Op.FminnmD, Op.FminnmS, static (c, r, wide) => c.Extremum(r, wide, MinimumCode));
        AddScalar(emitters, Op.FabsD, Op.FabsS, static (c, r, wide) => c.ChangeSign(r, wide, AndCode, wide ? FloatConstant.MagnitudeD : FloatConstant.MagnitudeS));
        AddScalar(emitters, Op.FnegD, Op.FnegS, static (c, r, wide) => c.ChangeSign(r, wide, XorCode, wide ? FloatConstant.ScalarSignD : FloatConstant.ScalarSignS));
        AddScalar(emitters, Op.FmovD, Op.FmovS, static (c, r, wide) => c.WriteVector(r->Rd, c.TakeVector(r->Rn, BytesOf(wide)), BytesOf(wide)));
        AddScalar(emitters, Op.FcmpD, Op.FcmpS, static (c, r, wide) => c.CompareNumbers(r, wide));
        AddScalar(emitters, Op.FcmpZeroD, Op.FcmpZeroS, static (c, r, wide) => c.CompareNumbers(r, wide));
        AddScalar(emitters, Op.FccmpD, Op.FccmpS, static (c, r, wide) => c.ConditionalCompareNumbers(r, wide));
        AddScalar(emitters, Op.FmovToX, Op.FmovToW, static (c, r, wide) => c.MoveToGeneral(r, wide));
        AddScalar(emitters, Op.FmovFromX, Op.FmovFromW, static (c, r, wide) => c.MoveFromGeneral(r, wide));

        Add(emitters, static (c, _, r) => c.MoveNumber(r), Op.FmovImm);
        Add(emitters, static (c, _, r) => c.MoveTopToGeneral(r), Op.FmovTopToX);
        Add(emitters, static (c, _, r) => c.MoveTopFromGeneral(r), Op.FmovTopFromX);
        Add(emitters, static (c, _, r) => c.SelectNumber(r), Op.Fcsel);
        Add(emitters, static (c, _, r) => c.MultiplyAdd(r), Op.FmaddD, Op.FmaddS, Op.FmsubD, Op.FmsubS, Op.FnmaddD, Op.FnmsubD, Op.FmaddAny);
        Add(emitters, static (c, _, r) => c.FromInteger(r), Op.ScvtfDX, Op.ScvtfDW, Op.UcvtfDX, Op.UcvtfDW, Op.ScvtfSX, Op.ScvtfSW, Op.UcvtfSX, Op.UcvtfSW);
        Add(emitters, static (c, _, r) => c.ToInteger(r),
            Op.FcvtzsXD, Op.FcvtzsWD, Op.FcvtzuXD, Op.FcvtzuWD, Op.FcvtzsXS, Op.FcvtzsWS, Op.FcvtzuXS, Op.FcvtzuWS, Op.FcvtToGeneral);
        Add(emitters, static (c, _, r) => c.Widen(r), Op.FcvtDS);
        Add(emitters, static (c, _, r) => c.Narrow(r), Op.FcvtSD);
    }

    private static void AddScalar(Emitter?[] emitters, Op doubles, Op singles, FloatEmitter emit)
    {
        emitters[(int)doubles] = (c, _, r) => Emit(c, r, true);
        emitters[(int)singles] = (c, _, r) => Emit(c, r, false);

        bool Emit(BlockCompiler c, Rec* r, bool wide)
        {
            emit(c, r, wide);
            return true;
        }
    }

    private static int BytesOf(bool wide) => wide ? 8 : 4;

    /// <summary>sd or ss.</summary>
    private static byte ScalarPrefix(bool wide) => wide ? (byte)0xF2 : (byte)0xF3;

    /// <summary>pd or ps; also of what compares scalars.</summary>
    private static byte PackedPrefix(bool wide) => wide ? (byte)0x66 : (byte)0;

    // ---- the host's arithmetic, or none ----

    /// <summary>
    /// From here to the next label the host's arithmetic is Arm's, for only an instruction that the interpreter executes can change FPCR; where it is not, the interpreter executes everything up to there. The flags may
    /// be lost.
    /// </summary>
    private void NeedHostArithmetic()
    {
        if (_hostArithmetic)
        {
            return;
        }

        LoseFlags();
        _x.CompareByte(NativeState.FpHost, 0);
        _guards.Add((_x.Jump(X64Condition.Equal), _index));
        _hostArithmetic = true;
    }

    private void EmitGuarded()
    {
        int next = 0;
        while (next < _guards.Count)
        {
            int index = _guards[next].Index;
            do
            {
                for (; next < _guards.Count && _guards[next].Index == index; next++)
                {
                    _x.Bind(_guards[next].Jump);
                }

                CallStep(At(index), _length - index - 1);
                index++;
            }
            while (index < _length && !_isTarget[index]);
            if (index < _length)
            {
                LoadHeld(_carried[index]);
                _x.Bind(_x.Jump(), _labels[index]);
            }
            else
            {
                FallOut();
            }
        }
    }

    // ---- results ----

    private void Check(int result, bool wide, FloatCheck check)
    {
        if (check == FloatCheck.Sum)
        {
            _x.Vector(PackedPrefix(wide), 0x2E, result, result);
            SlowIf(X64Condition.Parity);
            return;
        }

        // Unordered is also equal.
        CombineConstant(0, AndCode, 0, result, wide ? FloatConstant.MagnitudeD : FloatConstant.MagnitudeS);
        OperateConstant(PackedPrefix(wide), 0x2E, 0, wide ? FloatConstant.NormalD : FloatConstant.NormalS);
        SlowIf(X64Condition.Equal);
    }

    private void Arithmetic(Rec* r, bool wide, byte opcode, FloatCheck check, bool commutes = false, bool negate = false)
    {
        NeedHostArithmetic();
        LoseFlags();
        int bytes = BytesOf(wide);
        bool exchange = commutes && !IsHeld(r->Rn, bytes) && IsHeld(r->Rm, bytes);
        int result = FreshVector(exchange ? r->Rm : r->Rn, bytes, out int first);
        Combine(ScalarPrefix(wide), opcode, result, first, exchange ? r->Rn : r->Rm, bytes);
        Check(result, wide, check);
        if (negate)
        {
            OperateConstant(0, XorCode, result, wide ? FloatConstant.ScalarSignD : FloatConstant.ScalarSignS);
        }

        WriteVector(r->Rd, result, bytes);
    }

    private void SquareRoot(Rec* r, bool wide)
    {
        NeedHostArithmetic();
        LoseFlags();
        int result = TakeVector(r->Rn, BytesOf(wide));
        _x.Vector(ScalarPrefix(wide), SquareRootCode, result, result);
        Check(result, wide, FloatCheck.Sum);
        WriteVector(r->Rd, result, BytesOf(wide));
    }

    /// <summary>
    /// FMIN and FMAX, and FMINNM and FMAXNM, which differ only for NaNs. Of two zeros the host gives the second, so it is asked both ways: "and" of the signs is the greater zero, "or" the lesser.
    /// </summary>
    private void Extremum(Rec* r, bool wide, byte opcode)
    {
        NeedHostArithmetic();
        LoseFlags();
        int bytes = BytesOf(wide);
        int result = TakeVector(r->Rn, bytes);
        LoadVectorPart(0, r->Rm, bytes);
        _x.Vector(PackedPrefix(wide), 0x2E, result, 0);
        SlowIf(X64Condition.Parity);
        _x.Avx(ScalarPrefix(wide), opcode, 1, 0, result);
        _x.Avx(ScalarPrefix(wide), opcode, result, result, 0);
        _x.Vector(0, opcode == MaximumCode ? AndCode : OrCode, result, 1);
        WriteVector(r->Rd, result, bytes);
    }

    private void ChangeSign(Rec* r, bool wide, byte opcode, FloatConstant constant)
    {
        int result = FreshVector(r->Rn, BytesOf(wide), out int first);
        CombineConstant(0, opcode, result, first, constant);
        WriteVector(r->Rd, result, BytesOf(wide));
    }

    /// <summary>FMADD, FMSUB, FNMADD and FNMSUB.</summary>
    private bool MultiplyAdd(Rec* r)
    {
        if (r->Aux < 2)
        {
            return false;
        }

        NeedHostArithmetic();
        LoseFlags();
        bool wide = r->Aux == 3;
        byte opcode = r->Imm switch
        {
            0 => 0xB9,
            FpGeneral.NegateProduct => 0xBD,
            FpGeneral.NegateAddend => 0xBB,
            _ => 0xBF,
        };
        int result = TakeVector(r->Ra, BytesOf(wide));
        Fuse(opcode, result, ReadVector(r->Rn, 0, BytesOf(wide)), r->Rm, wide, BytesOf(wide));
        Check(result, wide, FloatCheck.Product);
        WriteVector(r->Rd, result, BytesOf(wide));
        return true;
    }

    private void Fuse(byte opcode, int to, int first, int second, bool wide, int bytes)
    {
        if (IsHeld(second, bytes, out int host, out _))
        {
            _x.Fused(opcode, to, first, host, wide);
        }
        else
        {
            _x.Fused(opcode, to, first, NativeState.Vector(second), wide);
        }
    }

    // ---- moves ----

    private bool MoveNumber(Rec* r)
    {
        int to = FreshVector();
        ulong value = (ulong)r->Imm;
        if (value == 0)
        {
            _x.Vector(0, XorCode, to, to);
        }
        else
        {
            _x.Move(Rax, value);
            _x.MoveVector(0x6E, to, Rax, wide: true);
        }

        WriteVector(r->Rd, to, value <= uint.MaxValue ? 4 : 8);
        return true;
    }

    private void MoveToGeneral(Rec* r, bool wide)
    {
        X64Register to = Target(r->Rd);
        LoadNumber(to, r->Rn, wide);
        Write(r->Rd, to);
    }

    /// <summary>The bits of a number in a general register of the host.</summary>
    private void LoadNumber(X64Register to, int register, bool wide)
    {
        if (IsHeld(register, BytesOf(wide), out int host, out _))
        {
            _x.MoveVector(0x7E, host, to, wide);
        }
        else
        {
            _x.Load(to, NativeState.Vector(register), wide);
        }
    }

    private void MoveFromGeneral(Rec* r, bool wide)
    {
        int to = FreshVector();
        _x.MoveVector(0x6E, to, Read(r->Rn, Rax), wide);
        WriteVector(r->Rd, to, BytesOf(wide));
    }

    private bool MoveTopToGeneral(Rec* r)
    {
        X64Register to = Target(r->Rd);
        _x.Load(to, NativeState.Vector(r->Rn, 8));
        Write(r->Rd, to);
        return true;
    }

    private bool MoveTopFromGeneral(Rec* r)
    {
        int result = TakeVector(r->Rd, 16);
        _x.InsertUpper(result, Read(r->Rn, Rax));
        WriteVector(r->Rd, result, 16);
        return true;
    }

    // ---- comparisons ----

    private void CompareNumbers(Rec* r, bool wide)
    {
        NeedHostArithmetic();

        // Some conditions are one of the host's only when the operands are exchanged.
        bool exchange = _index + 1 < _length && FollowingCondition(At(_index + 1)) is >= 2 and <= 5 or 8 or 9;
        EmitCompare(r, wide, exchange);
        SetFlags(exchange ? HostFlags.CompareExchanged : HostFlags.Compare);
    }

    /// <summary>The condition that an instruction asks for; 14 where it asks for none.</summary>
    private static uint FollowingCondition(Rec* r) => OpOf(r) switch
    {
        Op.Fcsel or Op.CselX or Op.CselW or Op.CsincX or Op.CsincW or Op.CsinvX or Op.CsinvW or Op.CsnegX or Op.CsnegW => (r->Word >> 12) & 15,
        Op.Decode => 14,
        _ => (r->Word & 0xFF00_0010) == 0x5400_0000 ? r->Word & 15 : 14,
    };

    private void EmitCompare(Rec* r, bool wide, bool exchange)
    {
        byte opcode = (r->Ra & FpGeneral.Signalling) != 0 ? (byte)0x2F : (byte)0x2E;
        int bytes = BytesOf(wide);
        if ((r->Ra & FpGeneral.WithZero) == 0)
        {
            Operate(PackedPrefix(wide), opcode, ReadVector(exchange ? r->Rm : r->Rn, 0, bytes), exchange ? r->Rn : r->Rm, bytes);
            return;
        }

        _x.Vector(0, XorCode, 1, 1);
        if (exchange)
        {
            Operate(PackedPrefix(wide), opcode, 1, r->Rn, bytes);
        }
        else
        {
            _x.Vector(PackedPrefix(wide), opcode, ReadVector(r->Rn, 0, bytes), 1);
        }
    }

    /// <summary><see cref="ConditionOf"/> after a comparison of numbers. Where it takes two of the host's conditions, those are made one, and the flags are lost.</summary>
    private X64Condition ConditionOfCompare(uint condition)
    {
        bool exchanged = _flags == HostFlags.CompareExchanged;
        (X64Condition first, X64Condition? second, bool opposite) = condition switch
        {
            0 or 1 => (X64Condition.Equal, (X64Condition?)X64Condition.NotParity, condition == 1),
            2 or 3 or 4 or 5 => exchanged ? (X64Condition.Above, null, condition is 2 or 5) : (X64Condition.Below, X64Condition.NotEqual, condition is 2 or 5),
            6 or 7 => (X64Condition.Parity, null, condition == 7),
            8 or 9 => exchanged ? (X64Condition.AboveOrEqual, null, condition == 8) : (X64Condition.BelowOrEqual, X64Condition.NotParity, condition == 8),
            10 or 11 => exchanged ? (X64Condition.BelowOrEqual, X64Condition.NotParity, condition == 11) : (X64Condition.AboveOrEqual, null, condition == 11),
            _ => exchanged ? (X64Condition.Below, X64Condition.NotEqual, condition == 13) : (X64Condition.Above, null, condition == 13),
        };
        if (second is X64Condition other)
        {
            LoseFlags();
            _x.Set(first, Rax);
            _x.Set(other, Rcx);
            _x.TestBytes(Rax, Rcx);
            first = X64Condition.NotEqual;
        }

        return opposite ? Opposite(first) : first;
    }

    private void ConditionalCompareNumbers(Rec* r, bool wide)
    {
        NeedHostArithmetic();
        uint condition = (r->Word >> 12) & 15;
        X64Patch? otherwise = null;
        if (condition < 14)
        {
            NeedFlags();
            otherwise = _x.Jump(Opposite(ConditionOf(condition)));
        }

        EmitCompare(r, wide, exchange: false);
        SetFlags(HostFlags.Compare);
        LoseFlags();
        if (otherwise is X64Patch jump)
        {
            X64Patch done = _x.Jump();
            _x.Bind(jump);
            _x.Move(Rax, NativeFlagsOf((uint)r->Imm >> 28));
            _x.StoreNarrow(NativeState.Flags, Rax, 2);
            _x.Bind(done);
        }
    }

    private bool SelectNumber(Rec* r)
    {
        bool wide = r->Imm == -1;
        if (!wide && r->Imm != uint.MaxValue)
        {
            return false;
        }

        uint condition = (r->Word >> 12) & 15;
        if (condition >= 14)
        {
            WriteVector(r->Rd, TakeVector(r->Rn, BytesOf(wide)), BytesOf(wide));
            return true;
        }

        NeedFlags();
        X64Condition holds = ConditionOf(condition);

        // Nothing below touches the flags.
        LoadNumber(Rax, r->Rm, wide);
        LoadNumber(Rcx, r->Rn, wide);
        _x.MoveIf(holds, Rax, Rcx, wide);
        int to = FreshVector();
        _x.MoveVector(0x6E, to, Rax, wide);
        WriteVector(r->Rd, to, BytesOf(wide));
        return true;
    }

    // ---- conversions ----

    /// <summary>SCVTF and UCVTF from a general register.</summary>
    private bool FromInteger(Rec* r)
    {
        bool wide = r->Aux == 3;
        bool from64 = (r->Imm & FpGeneral.SixtyFour) != 0;
        bool unsigned = (r->Imm & FpGeneral.Unsigned) != 0;
        if (!wide || from64)
        {
            // It may be inexact.
            NeedHostArithmetic();
        }

        if (unsigned && from64)
        {
            LoseFlags();
        }

        X64Register from = Read(r->Rn, Rax);
        if (unsigned && from64)
        {
            _x.Test(from, from, true);
            SlowIf(X64Condition.Sign);
        }
        else if (unsigned)
        {
            _x.Move(Rax, from, wide: false);
            from = Rax;
        }

        int to = FreshVector();
        _x.Vector(0, XorCode, to, to);
        _x.Convert(ScalarPrefix(wide), 0x2A, to, (int)from, from64 || unsigned);
        WriteVector(r->Rd, to, BytesOf(wide));
        return true;
    }

    /// <summary>The immediate byte of the host's rounding; false where it has none such.</summary>
    private static bool TryRounding(int rounding, out byte value)
    {
        value = (FpRounding)rounding switch
        {
            FpRounding.TieEven => 0,
            FpRounding.MinusInfinity => 1,
            FpRounding.PlusInfinity => 2,
            FpRounding.Zero => TowardsZero,
            (FpRounding)FpLane.Current => 4,
            _ => 0xFF,
        };
        return value != 0xFF;
    }

    /// <summary>FCVTNS, FCVTNU, FCVTPS, ... FCVTZU to a general register.</summary>
    private bool ToInteger(Rec* r)
    {
        if (r->Aux < 2 || (r->Imm & 0xFF) != 0 || !TryRounding(r->Ra, out byte rounding))
        {
            return false;
        }

        NeedHostArithmetic();
        LoseFlags();
        bool wide = r->Aux == 3;
        int from = ReadVector(r->Rn, 0, BytesOf(wide));
        ToInteger(Rax, from, wide, (r->Imm & FpGeneral.SixtyFour) != 0, (r->Imm & FpGeneral.Unsigned) != 0, rounding);
        Write(r->Rd, Rax);
        return true;
    }

    /// <summary>Converts a number to an integer of 32 or 64 bits; slow where it does not fit. Nothing may be inexact before that is known: a result that saturates is not. Changes RCX and XMM1.</summary>
    private void ToInteger(X64Register to, int from, bool wide, bool to64, bool unsigned, byte rounding)
    {
        if (!unsigned && rounding == TowardsZero)
        {
            _x.Convert(ScalarPrefix(wide), 0x2C, (int)to, from, to64);
            SlowIfIndefinite(to, to64);
            return;
        }

        if (unsigned && to64)
        {
            // What is that large fits, but not by the host's conversion. A NaN fails below.
            OperateConstant(PackedPrefix(wide), 0x2E, from, wide ? FloatConstant.TwoTo63D : FloatConstant.TwoTo63S);
            SlowIf(X64Condition.AboveOrEqual);
        }

        RoundTo(1, from, wide, (byte)(rounding | Silently));
        _x.Convert(ScalarPrefix(wide), 0x2C, (int)to, 1, to64 || unsigned);
        if (!unsigned)
        {
            SlowIfIndefinite(to, to64);
        }
        else if (to64)
        {
            _x.Test(to, to, true);
            SlowIf(X64Condition.Sign);
        }
        else
        {
            _x.Move(Rcx, to, wide: false);
            _x.Alu(X64Alu.Cmp, Rcx, to, true);
            SlowIf(X64Condition.NotEqual);
        }

        RoundTo(1, from, wide, rounding);
    }

    /// <summary>What the host gives where there is no result is the one number from which 1 cannot be subtracted.</summary>
    private void SlowIfIndefinite(X64Register result, bool wide)
    {
        _x.Alu(X64Alu.Cmp, result, 1, wide);
        SlowIf(X64Condition.Overflow);
    }

    /// <summary>roundsd or roundss. What is above the number stays.</summary>
    private void RoundTo(int to, int from, bool wide, byte rounding) => _x.Vector3A(0x66, wide ? (byte)0x0B : (byte)0x0A, to, from, rounding);

    /// <summary>A NaN becomes what Arm makes of it.</summary>
    private bool Widen(Rec* r)
    {
        NeedHostArithmetic();
        int to = TakeVector(r->Rn, 4);
        _x.Vector(0xF3, 0x5A, to, to);
        WriteVector(r->Rd, to, 8);
        return true;
    }

    private bool Narrow(Rec* r)
    {
        NeedHostArithmetic();
        LoseFlags();
        int to = FreshVector();
        _x.Vector(0, XorCode, to, to);
        Operate(0xF2, 0x5A, to, r->Rn, 8);
        Check(to, false, FloatCheck.Product);
        WriteVector(r->Rd, to, 4);
        return true;
    }
}
