using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>
/// Floating point in vectors, and those scalar operations that are vectors of one lane. A register that is used in part is first repeated in all of the host's, so that the lanes that do not count raise nothing and fail
/// no check of their own.
/// </content>
internal sealed unsafe partial class BlockCompiler
{
    private const byte EqualTo = 0;
    private const byte LessThan = 1;
    private const byte LessOrEqualTo = 2;
    private const byte UnorderedWith = 3;
    private const byte NotLessThan = 5;
    private const byte EqualToOrUnordered = 8;

    private delegate void LanesEmitter(BlockCompiler c, Rec* r, FloatLanes lanes);

    /// <summary>Singles or doubles, and the bytes of all lanes together.</summary>
    private readonly record struct FloatLanes(bool Wide, int Bytes)
    {
        public byte Prefix => PackedPrefix(Wide);
    }

    private static void AddFloatVector(Emitter?[] emitters)
    {
        AddLanes(emitters, static (c, r, lanes) => c.Arithmetic(r, lanes, AddCode, FloatCheck.Sum), Op.Fadd, Op.Fadd4S, Op.Fadd2D);
        AddLanes(emitters, static (c, r, lanes) => c.Arithmetic(r, lanes, SubtractCode, FloatCheck.Sum), Op.Fsub, Op.Fsub4S, Op.Fsub2D);
        AddLanes(emitters, static (c, r, lanes) => c.Arithmetic(r, lanes, SubtractCode, FloatCheck.Sum, magnitude: true), Op.Fabd, Op.Fabd4S, Op.Fabd2D, Op.FabdScalarD);
        AddLanes(emitters, static (c, r, lanes) => c.Arithmetic(r, lanes, MultiplyCode, FloatCheck.Product), Op.Fmul, Op.Fmul4S, Op.Fmul2D, Op.FmulElement4S, Op.FmulElement2D);
        AddLanes(emitters, static (c, r, lanes) => c.Arithmetic(r, lanes, DivideCode, FloatCheck.Product), Op.Fdiv, Op.Fdiv4S, Op.Fdiv2D);
        AddLanes(emitters, static (c, r, lanes) => c.SquareRoot(r, lanes), Op.Fsqrt, Op.Fsqrt4S, Op.Fsqrt2D);
        AddLanes(emitters, static (c, r, lanes) => c.Extremum(r, lanes, MaximumCode), Op.Fmax, Op.Fmax4S, Op.Fmax2D, Op.Fmaxnm, Op.Fmaxnm4S, Op.Fmaxnm2D);
        AddLanes(emitters, static (c, r, lanes) => c.Extremum(r, lanes, MinimumCode), Op.Fmin, Op.Fmin4S, Op.Fmin2D, Op.Fminnm, Op.Fminnm4S, Op.Fminnm2D);
        AddLanes(emitters, static (c, r, lanes) => c.ChangeSign(r, lanes, AndCode, Magnitude(lanes)), Op.Fabs, Op.Fabs4S, Op.Fabs2D);
        AddLanes(emitters, static (c, r, lanes) => c.ChangeSign(r, lanes, XorCode, lanes.Wide ? FloatConstant.SignD : FloatConstant.SignS), Op.Fneg, Op.Fneg4S, Op.Fneg2D);
        AddLanes(emitters, static (c, r, lanes) => c.AddPairs(r, lanes), Op.Faddp, Op.Faddp4S, Op.FaddpScalarD, Op.FaddpScalarS);

        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rn, r->Rm, EqualTo), Op.Fcmeq, Op.Fcmeq4S, Op.Fcmeq2D);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rm, r->Rn, LessOrEqualTo), Op.Fcmge, Op.Fcmge4S, Op.Fcmge2D);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rm, r->Rn, LessThan), Op.Fcmgt, Op.Fcmgt4S, Op.Fcmgt2D);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rm, r->Rn, LessOrEqualTo, magnitudes: true), Op.Facge);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rm, r->Rn, LessThan, magnitudes: true), Op.Facgt);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rn, Zeros, EqualTo), Op.FcmeqZero);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, Zeros, r->Rn, LessOrEqualTo), Op.FcmgeZero);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, Zeros, r->Rn, LessThan), Op.FcmgtZero);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rn, Zeros, LessOrEqualTo), Op.FcmleZero);
        AddLanes(emitters, static (c, r, lanes) => c.CompareLanes(r, lanes, r->Rn, Zeros, LessThan), Op.FcmltZero);

        AddLanes(emitters, static (c, r, lanes) => c.FromIntegers(r, lanes, unsigned: false), Op.Scvtf4S, Op.Scvtf2D, Op.ScvtfScalarD, Op.ScvtfScalarS);
        AddLanes(emitters, static (c, r, lanes) => c.FromIntegers(r, lanes, unsigned: true), Op.Ucvtf4S, Op.Ucvtf2D);
        Add(emitters, static (c, _, r) => c.MultiplyAddLanes(r, 0xB8), Op.Fmla, Op.Fmla4S, Op.Fmla2D, Op.FmlaElement4S, Op.FmlaElement2D);
        Add(emitters, static (c, _, r) => c.MultiplyAddLanes(r, 0xBC), Op.Fmls, Op.Fmls4S, Op.Fmls2D, Op.FmlsElement4S, Op.FmlsElement2D);
        Add(emitters, static (c, _, r) => c.Round(r, Silently), Op.Frint, Op.FrintmD, Op.FrintpD, Op.FrintzD, Op.FrintnD);
        Add(emitters, static (c, _, r) => c.Round(r, 0), Op.Frintx);
        Add(emitters, static (c, _, r) => c.ToIntegers(r, unsigned: false), Op.FcvtSigned, Op.Fcvtzs4S, Op.Fcvtzs2D);
        Add(emitters, static (c, _, r) => c.ToIntegers(r, unsigned: true), Op.FcvtUnsigned);
        Add(emitters, static (c, _, r) => c.WidenLanes(r), Op.Fcvtl);
        Add(emitters, static (c, _, r) => c.NarrowLanes(r), Op.Fcvtn);
    }

    private static void AddLanes(Emitter?[] emitters, LanesEmitter emit, params ReadOnlySpan<Op> operations) => Add(
        emitters,
        (c, _, r) =>
        {
            if (!TryLanes(r, out FloatLanes lanes))
            {
                return false;
            }

            emit(c, r, lanes);
            return true;
        },
        operations);

    private static bool TryLanes(Rec* r, out FloatLanes lanes)
    {
        int size = Shape.Size(r);
        lanes = new(size == 3, Shape.Lanes(r) << size);
        return size >= 2;
    }

    private static FloatConstant Magnitude(FloatLanes lanes) => lanes.Wide ? FloatConstant.MagnitudeD : FloatConstant.MagnitudeS;

    // ---- operands and results ----

    /// <summary>A guest register, its lanes repeated to 16 bytes.</summary>
    private void LoadLanes(int to, int register, int bytes)
    {
        switch (bytes)
        {
            case 16:
                LoadVectorPart(to, register, 16);
                break;
            case 8:
                // movddup.
                Operate(0xF2, 0x12, to, register, 8);
                break;
            default:
                // pshufd.
                OperateWith(0x66, 0x70, to, register, 0);
                break;
        }
    }

    private int TakeLanes(int register, int bytes)
    {
        int to = FreshVector();
        LoadLanes(to, register, bytes);
        return to;
    }

    /// <summary>A host register for a result, and in <paramref name="first"/> one with the lanes of a guest register: the one that holds it, or that of the result.</summary>
    private int FreshLanes(int register, int bytes, out int first)
    {
        if (bytes == 16)
        {
            return FreshVector(register, 16, out first);
        }

        first = TakeLanes(register, bytes);
        return first;
    }

    /// <summary>A host register with the lanes of a guest register, or with zeros for <see cref="Zeros"/>: the one that holds it, or <paramref name="scratch"/>.</summary>
    private int ReadLanes(int register, int scratch, int bytes)
    {
        if (register == Zeros)
        {
            _x.Vector(0, XorCode, scratch, scratch);
            return scratch;
        }

        if (bytes == 16 && IsHeld(register, 16, out int host, out _))
        {
            return host;
        }

        LoadLanes(scratch, register, bytes);
        return scratch;
    }

    /// <summary>In place of a register: zeros.</summary>
    private const int Zeros = -2;

    /// <summary>The second operand in a host register: Rm, or the element of it that the instruction names.</summary>
    private int ReadSecond(Rec* r, FloatLanes lanes, int scratch)
    {
        int index = Shape.Index(r);
        if (index < 0)
        {
            return ReadLanes(r->Rm, scratch, lanes.Bytes);
        }

        OperateWith(0x66, 0x70, scratch, r->Rm, (byte)(lanes.Wide ? index == 0 ? 0x44 : 0xEE : index * 0x55));
        return scratch;
    }

    /// <summary><see cref="Combine"/> with the second operand.</summary>
    private void CombineSecond(Rec* r, FloatLanes lanes, byte opcode, int to, int first)
    {
        if (Shape.Index(r) < 0 && lanes.Bytes == 16)
        {
            Combine(lanes.Prefix, opcode, to, first, r->Rm, 16);
        }
        else
        {
            _x.Avx(lanes.Prefix, opcode, to, first, ReadSecond(r, lanes, 0));
        }
    }

    private void WriteLanes(int register, int host, int bytes)
    {
        ClearAbove(host, host, bytes);
        WriteVector(register, host, bytes);
    }

    /// <summary>Slow where the sign of any lane of <paramref name="lanes"/> is set.</summary>
    private void SlowIfAny(int lanes, bool wide)
    {
        // movmskpd or movmskps.
        _x.Vector(PackedPrefix(wide), 0x50, (int)Rax, lanes);
        _x.Test(Rax, Rax, false);
        SlowIf(X64Condition.NotEqual);
    }

    /// <summary>As <see cref="Check(int, bool, FloatCheck)"/> for all lanes.</summary>
    private void Check(int result, FloatLanes lanes, FloatCheck check)
    {
        if (check == FloatCheck.Sum)
        {
            _x.Avx(lanes.Prefix, CompareCode, 0, result, result, UnorderedWith);
        }
        else
        {
            CombineConstant(0, AndCode, 0, result, Magnitude(lanes));
            OperateConstant(0, 0x28, 1, lanes.Wide ? FloatConstant.NormalD : FloatConstant.NormalS);
            _x.Avx(lanes.Prefix, CompareCode, 0, 0, 1, EqualToOrUnordered);
        }

        SlowIfAny(0, lanes.Wide);
    }

    // ---- arithmetic ----

    private void Arithmetic(Rec* r, FloatLanes lanes, byte opcode, FloatCheck check, bool magnitude = false)
    {
        NeedHostArithmetic();
        LoseFlags();
        int result = FreshLanes(r->Rn, lanes.Bytes, out int first);
        CombineSecond(r, lanes, opcode, result, first);
        Check(result, lanes, check);
        if (magnitude)
        {
            OperateConstant(0, AndCode, result, Magnitude(lanes));
        }

        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    private void SquareRoot(Rec* r, FloatLanes lanes)
    {
        NeedHostArithmetic();
        LoseFlags();
        int result = TakeLanes(r->Rn, lanes.Bytes);
        _x.Vector(lanes.Prefix, SquareRootCode, result, result);
        Check(result, lanes, FloatCheck.Sum);
        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    /// <summary>As <see cref="Extremum(Rec*, bool, byte)"/> for all lanes.</summary>
    private void Extremum(Rec* r, FloatLanes lanes, byte opcode)
    {
        NeedHostArithmetic();
        LoseFlags();
        int result = TakeLanes(r->Rn, lanes.Bytes);
        int second = ReadLanes(r->Rm, 1, lanes.Bytes);
        _x.Avx(lanes.Prefix, CompareCode, 0, result, second, UnorderedWith);
        SlowIfAny(0, lanes.Wide);
        _x.Avx(lanes.Prefix, opcode, 0, second, result);
        _x.Avx(lanes.Prefix, opcode, result, result, second);
        _x.Vector(0, opcode == MaximumCode ? AndCode : OrCode, result, 0);
        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    private void ChangeSign(Rec* r, FloatLanes lanes, byte opcode, FloatConstant constant)
    {
        int result = FreshLanes(r->Rn, lanes.Bytes, out int first);
        CombineConstant(0, opcode, result, first, constant);
        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    /// <summary>FMLA and FMLS.</summary>
    private bool MultiplyAddLanes(Rec* r, byte opcode)
    {
        if (!TryLanes(r, out FloatLanes lanes))
        {
            return false;
        }

        NeedHostArithmetic();
        LoseFlags();
        int result = TakeLanes(r->Rd, lanes.Bytes);
        int first = ReadLanes(r->Rn, 1, lanes.Bytes);
        if (Shape.Index(r) < 0 && lanes.Bytes == 16)
        {
            Fuse(opcode, result, first, r->Rm, lanes.Wide, 16);
        }
        else
        {
            _x.Fused(opcode, result, first, ReadSecond(r, lanes, 0), lanes.Wide);
        }

        Check(result, lanes, FloatCheck.Product);
        WriteLanes(r->Rd, result, lanes.Bytes);
        return true;
    }

    private void AddPairs(Rec* r, FloatLanes lanes)
    {
        NeedHostArithmetic();
        LoseFlags();
        int result;
        int lane = BytesOf(lanes.Wide);
        if (lanes.Bytes == lane)
        {
            // A scalar: both lanes of Rn.
            result = TakeVector(r->Rn, lane);
            _x.Vector(ScalarPrefix(lanes.Wide), AddCode, result, NativeState.Vector(r->Rn, lane));
            Check(result, lanes.Wide, FloatCheck.Sum);
            WriteVector(r->Rd, result, lane);
            return;
        }

        // haddps or haddpd.
        byte prefix = lanes.Wide ? (byte)0x66 : (byte)0xF2;
        result = TakeVector(r->Rn, lanes.Bytes);
        if (lanes.Bytes == 16)
        {
            Operate(prefix, 0x7C, result, r->Rm, 16);
        }
        else
        {
            // movhps.
            _x.Vector(0, 0x16, result, NativeState.Vector(r->Rm));
            _x.Vector(prefix, 0x7C, result, result);
        }

        Check(result, lanes, FloatCheck.Sum);
        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    // ---- comparisons ----

    /// <summary>All ones where <paramref name="left"/> compares so with <paramref name="right"/>. The host raises what Arm does: for every NaN unless it is equality that is asked for.</summary>
    private void CompareLanes(Rec* r, FloatLanes lanes, int left, int right, byte relation, bool magnitudes = false)
    {
        NeedHostArithmetic();
        int result = FreshVector();
        if (magnitudes)
        {
            LoadLanes(result, left, lanes.Bytes);
            LoadLanes(0, right, lanes.Bytes);
            OperateConstant(0, AndCode, result, Magnitude(lanes));
            OperateConstant(0, AndCode, 0, Magnitude(lanes));
            _x.Vector(lanes.Prefix, CompareCode, result, 0, relation);
        }
        else
        {
            if (left == Zeros)
            {
                _x.Vector(0, XorCode, result, result);
            }
            else
            {
                LoadLanes(result, left, lanes.Bytes);
            }

            if (right != Zeros && lanes.Bytes == 16)
            {
                OperateWith(lanes.Prefix, CompareCode, result, right, relation);
            }
            else
            {
                _x.Vector(lanes.Prefix, CompareCode, result, ReadLanes(right, 0, lanes.Bytes), relation);
            }
        }

        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    // ---- conversions ----

    /// <summary>FRINTN and the like; none for what rounds ties away.</summary>
    private bool Round(Rec* r, byte silently)
    {
        if (!TryRounding(r->Ra, out byte rounding) || !TryLanes(r, out FloatLanes lanes))
        {
            return false;
        }

        NeedHostArithmetic();
        if (lanes.Bytes == BytesOf(lanes.Wide))
        {
            int number = TakeVector(r->Rn, lanes.Bytes);
            RoundTo(number, number, lanes.Wide, (byte)(rounding | silently));
            WriteVector(r->Rd, number, lanes.Bytes);
            return true;
        }

        int result = TakeLanes(r->Rn, lanes.Bytes);
        RoundLanesTo(result, result, lanes.Wide, (byte)(rounding | silently));
        WriteLanes(r->Rd, result, lanes.Bytes);
        return true;
    }

    /// <summary>roundpd or roundps.</summary>
    private void RoundLanesTo(int to, int from, bool wide, byte rounding) => _x.Vector3A(0x66, wide ? (byte)0x09 : (byte)0x08, to, from, rounding);

    /// <summary>SCVTF and UCVTF without fraction bits.</summary>
    private void FromIntegers(Rec* r, FloatLanes lanes, bool unsigned)
    {
        NeedHostArithmetic();
        if (lanes.Wide)
        {
            FromLongs(r, lanes, unsigned);
            return;
        }

        int result = TakeLanes(r->Rn, lanes.Bytes);
        if (unsigned)
        {
            // Both halves are exact, and so is the upper one times 2^16: their sum is rounded once.
            _x.Vector(0, 0x28, 0, result);
            _x.Vector(0x66, 0x72, 2, result, 16);
            _x.Vector(0x66, 0x72, 6, 0, 16);
            _x.Vector(0x66, 0x72, 2, 0, 16);
            _x.Vector(0, 0x5B, result, result);
            _x.Vector(0, 0x5B, 0, 0);
            OperateConstant(0, MultiplyCode, result, FloatConstant.TwoTo16S);
            _x.Vector(0, AddCode, result, 0);
        }
        else
        {
            _x.Vector(0, 0x5B, result, result);
        }

        WriteLanes(r->Rd, result, lanes.Bytes);
    }

    private void FromLongs(Rec* r, FloatLanes lanes, bool unsigned)
    {
        if (unsigned)
        {
            LoseFlags();
        }

        int result = FreshVector();
        for (int at = lanes.Bytes - 8; at >= 0; at -= 8)
        {
            int to = at == 0 ? result : 0;
            LoadHalf(Rax, r->Rn, at);
            if (unsigned)
            {
                _x.Test(Rax, Rax, true);
                SlowIf(X64Condition.Sign);
            }

            _x.Vector(0, XorCode, to, to);
            _x.Convert(0xF2, 0x2A, to, (int)Rax, wide: true);
        }

        if (lanes.Bytes == 16)
        {
            // unpcklpd.
            _x.Vector(0x66, 0x14, result, 0);
        }

        WriteVector(r->Rd, result, lanes.Bytes);
    }

    /// <summary>A half of a guest register in a general register of the host.</summary>
    private void LoadHalf(X64Register to, int register, int at)
    {
        if (at == 0)
        {
            LoadNumber(to, register, wide: true);
        }
        else
        {
            _x.Load(to, NativeState.Vector(register, at));
        }
    }

    /// <summary>FCVTNS, FCVTNU, FCVTPS, ... FCVTZU within vector registers.</summary>
    private bool ToIntegers(Rec* r, bool unsigned)
    {
        if (!TryRounding(r->Ra, out byte rounding) || !TryLanes(r, out FloatLanes lanes))
        {
            return false;
        }

        NeedHostArithmetic();
        LoseFlags();
        if (lanes.Wide)
        {
            ToLongs(r, lanes, unsigned, rounding);
            return true;
        }

        int result = FreshVector();
        int from = ReadLanes(r->Rn, 1, lanes.Bytes);
        if (unsigned)
        {
            // As for one number: nothing may be inexact before it is known that all fit.
            RoundLanesTo(2, from, false, (byte)(rounding | Silently));
            OperateConstant(0, 0x28, 0, FloatConstant.TwoTo31S);
            _x.Avx(0, CompareCode, 0, 2, 0, NotLessThan);
            SlowIfAny(0, false);
            ToWords(result, 2);
            SlowIfAny(result, false);
            RoundLanesTo(2, from, false, rounding);
        }
        else if (rounding == TowardsZero)
        {
            ToWords(result, from);
            SlowIfIndefinite(result);
        }
        else
        {
            RoundLanesTo(2, from, false, (byte)(rounding | Silently));
            ToWords(result, 2);
            SlowIfIndefinite(result);
            RoundLanesTo(2, from, false, rounding);
        }

        WriteLanes(r->Rd, result, lanes.Bytes);
        return true;
    }

    /// <summary>cvttps2dq.</summary>
    private void ToWords(int to, int from) => _x.Vector(0xF3, 0x5B, to, from);

    private void SlowIfIndefinite(int words)
    {
        // pcmpeqd.
        CombineConstant(0x66, 0x76, 0, words, FloatConstant.SignS);
        SlowIfAny(0, false);
    }

    private int ReadUpper(int register, int scratch)
    {
        _x.Vector(PrefixOfMove(8), 0x10, scratch, NativeState.Vector(register, 8));
        return scratch;
    }

    private void ToLongs(Rec* r, FloatLanes lanes, bool unsigned, byte rounding)
    {
        for (int at = lanes.Bytes - 8; at >= 0; at -= 8)
        {
            int from = at == 0 ? ReadVector(r->Rn, 0, 8) : ReadUpper(r->Rn, 0);
            ToInteger(at == 0 ? Rax : Rdx, from, wide: true, to64: true, unsigned, rounding);
        }

        int result = FreshVector();
        _x.MoveVector(0x6E, result, Rax, wide: true);
        if (lanes.Bytes == 16)
        {
            // punpcklqdq.
            _x.MoveVector(0x6E, 0, Rdx, wide: true);
            _x.Vector(0x66, 0x6C, result, 0);
        }

        WriteVector(r->Rd, result, lanes.Bytes);
    }

    /// <summary>FCVTL of singles.</summary>
    private bool WidenLanes(Rec* r)
    {
        if (Shape.Size(r) != 2)
        {
            return false;
        }

        NeedHostArithmetic();
        int result = FreshVector();
        _x.Vector(0, 0x5A, result, NativeState.Vector(r->Rn, 4 * Shape.Part(r)));
        WriteVector(r->Rd, result, 16);
        return true;
    }

    /// <summary>FCVTN to singles.</summary>
    private bool NarrowLanes(Rec* r)
    {
        if (Shape.Size(r) != 2)
        {
            return false;
        }

        NeedHostArithmetic();
        LoseFlags();
        int narrow = Shape.Part(r) == 0 ? FreshVector() : 2;
        Operate(0x66, 0x5A, narrow, r->Rn, 16);
        Check(narrow, new FloatLanes(false, 16), FloatCheck.Product);
        if (Shape.Part(r) == 0)
        {
            WriteVector(r->Rd, narrow, 8);
            return true;
        }

        // movlhps.
        int result = TakeVector(r->Rd, 8);
        _x.Vector(0, 0x16, result, narrow);
        WriteVector(r->Rd, result, 16);
        return true;
    }
}
