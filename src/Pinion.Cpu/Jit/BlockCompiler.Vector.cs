using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>AdvSIMD integer arithmetic, logic and comparisons.</content>
internal sealed unsafe partial class BlockCompiler
{
    private delegate void Body(BlockCompiler c, Rec* r);

    private static void AddVector(Emitter?[] emitters)
    {
        AddVectorLogic(emitters);
        AddVectorArithmetic(emitters);
        AddVectorComparisons(emitters);
        AddVectorLanes(emitters);
        AddVectorSaturating(emitters);
        AddVectorShifts(emitters);
        AddVectorMoves(emitters);
        AddVectorPermutations(emitters);
        AddVectorWidening(emitters);
        AddVectorReductions(emitters);
        AddVectorMemory(emitters);
        AddVectorCrypto(emitters);
    }

    /// <summary>Adds the operations of a family whose names tell their size: those there are.</summary>
    private static void AddSized(Emitter?[] emitters, string family, Func<int, Emitter> make, int sizes = 3)
    {
        ReadOnlySpan<string> arrangements = ["16B", "8H", "4S", "2D"];
        for (int size = 0; size <= sizes; size++)
        {
            if (Enum.TryParse(family + arrangements[size], out Op op))
            {
                emitters[(int)op] = make(size);
            }
        }
    }

    private static Emitter Always(Body body) => (c, _, r) =>
    {
        body(c, r);
        return true;
    };

    /// <summary>For operations of any shape: narrow scalars are left to the interpreter, and elements above <paramref name="largest"/>.</summary>
    private static Emitter Shaped(Body body, int largest = 2) => (c, _, r) =>
    {
        if (Shape.Size(r) > largest || Shape.Lanes(r) << Shape.Size(r) < 8)
        {
            return false;
        }

        body(c, r);
        return true;
    };

    /// <summary>Rn operation Rm.</summary>
    private static Emitter Plain(X64Vector operation) => Always((c, r) =>
    {
        int result = c.FreshVector(r->Rn, 16, out int left);
        c.CombinePacked(operation, result, left, r->Rm);
        c.Finish(r->Rd, result, r->Imm != 0);
    });

    // ---- logic ----

    private static void AddVectorLogic(Emitter?[] emitters)
    {
        Add(emitters, Plain(Pand), Op.VAnd);
        Add(emitters, Plain(Por), Op.VOrr);
        Add(emitters, Plain(Pxor), Op.VEor);
        Add(emitters, Always(static (c, r) => c.AndNot(r)), Op.VBic);
        Add(emitters, Always(static (c, r) => c.OrNot(r)), Op.VOrn);
        Add(emitters, Always(static (c, r) => c.Not(r)), Op.VNot);
        Add(emitters, Always(static (c, r) => c.Choose(r, r->Rn, r->Rm, r->Rd)), Op.VBsl);
        Add(emitters, Always(static (c, r) => c.Choose(r, r->Rn, r->Rd, r->Rm)), Op.VBit);
        Add(emitters, Always(static (c, r) => c.Choose(r, r->Rd, r->Rn, r->Rm)), Op.VBif);
    }

    private void AndNot(Rec* r)
    {
        LoadOperand(0, r->Rm);
        OperatePacked(Pandn, 0, r->Rn);
        Put(r);
    }

    private void OrNot(Rec* r)
    {
        Ones(0);
        OperatePacked(Pxor, 0, r->Rm);
        OperatePacked(Por, 0, r->Rn);
        Put(r);
    }

    private void Not(Rec* r)
    {
        Ones(0);
        OperatePacked(Pxor, 0, r->Rn);
        Put(r);
    }

    /// <summary>Bits of <paramref name="set"/> where <paramref name="mask"/> has ones, of <paramref name="clear"/> elsewhere.</summary>
    private void Choose(Rec* r, int set, int clear, int mask)
    {
        LoadOperand(0, set);
        OperatePacked(Pxor, 0, clear);
        OperatePacked(Pand, 0, mask);
        OperatePacked(Pxor, 0, clear);
        Put(r);
    }

    // ---- sums and products ----

    private static void AddVectorArithmetic(Emitter?[] emitters)
    {
        AddSized(emitters, "VAdd", static size => Plain(X64Sized.Add[size]));
        AddSized(emitters, "VSub", static size => Plain(X64Sized.Sub[size]));
        AddSized(emitters, "VSmax", static size => Plain(X64Sized.SignedMax[size]));
        AddSized(emitters, "VSmin", static size => Plain(X64Sized.SignedMin[size]));
        AddSized(emitters, "VUmax", static size => Plain(X64Sized.UnsignedMax[size]));
        AddSized(emitters, "VUmin", static size => Plain(X64Sized.UnsignedMin[size]));
        AddSized(emitters, "VNeg", static size => Always((c, r) =>
        {
            c.Zero(0);
            c.OperatePacked(X64Sized.Sub[size], 0, r->Rn);
            c.Put(r);
        }));
        AddSized(emitters, "VAbs", static size => Always((c, r) => c.Absolute(r, size)));
        AddSized(emitters, "VMul", static size => Multiplying(size, 0, element: false));
        AddSized(emitters, "VMla", static size => Multiplying(size, 1, element: false));
        AddSized(emitters, "VMls", static size => Multiplying(size, -1, element: false));
        AddSized(emitters, "VMulElement", static size => Multiplying(size, 0, element: true));
        AddSized(emitters, "VMlaElement", static size => Multiplying(size, 1, element: true));
        AddSized(emitters, "VMlsElement", static size => Multiplying(size, -1, element: true));
    }

    private void Absolute(Rec* r, int size)
    {
        if (size < 3)
        {
            OperatePacked(X64Sized.Absolute[size], 0, r->Rn);
        }
        else
        {
            LoadOperand(0, r->Rn);
            SignsOf(1, 0);
            _x.Packed(Pxor, 0, 1);
            _x.Packed(Psubq, 0, 1);
        }

        Put(r);
    }

    /// <summary>MUL, MLA (<paramref name="sign"/> 1) and MLS (-1).</summary>
    private static Emitter Multiplying(int size, int sign, bool element) => Always((c, r) =>
    {
        if (element)
        {
            c.Element(0, r->Rm, size, r->Ra);
            c.OperatePacked(size == 1 ? Pmullw : Pmulld, 0, r->Rn);
        }
        else
        {
            c.Product(r, size);
        }

        int result = c.FreshVector();
        if (sign > 0)
        {
            c.CombinePacked(X64Sized.Add[size], result, 0, r->Rd);
        }
        else if (sign < 0)
        {
            c.LoadOperand(result, r->Rd);
            c._x.Packed(X64Sized.Sub[size], result, 0);
        }
        else
        {
            c.CopyVector(result, 0);
        }

        c.Finish(r->Rd, result, r->Imm != 0);
    });

    private void Product(Rec* r, int size)
    {
        LoadOperand(0, r->Rn);
        if (size != 0)
        {
            OperatePacked(size == 1 ? Pmullw : Pmulld, 0, r->Rm);
            return;
        }

        LoadOperand(1, r->Rm);
        CopyVector(2, 0);
        CopyVector(3, 1);
        _x.PackedShift(X64VectorShift.Right, 1, 2, 8);
        _x.PackedShift(X64VectorShift.Right, 1, 3, 8);
        _x.Packed(Pmullw, 0, 1);
        _x.Packed(Pmullw, 2, 3);
        _x.PackedShift(X64VectorShift.Left, 1, 2, 8);
        _x.Packed(Pand, 0, Lanes(0xFF, 1));
        _x.Packed(Por, 0, 2);
    }

    /// <summary>Adds XMM0 to Rd, or subtracts it; answers where the result is. Changes XMM1.</summary>
    private int Accumulate(Rec* r, int size, int sign)
    {
        switch (sign)
        {
            case 0:
                return 0;
            case 1:
                OperatePacked(X64Sized.Add[size], 0, r->Rd);
                return 0;
            default:
                LoadOperand(1, r->Rd);
                _x.Packed(X64Sized.Sub[size], 1, 0);
                return 1;
        }
    }

    // ---- comparisons ----

    private static void AddVectorComparisons(Emitter?[] emitters)
    {
        // Doublewords are compared by SSE4.2 only.
        int sizes = Sse42.IsSupported ? 3 : 2;
        AddSized(emitters, "VCmeq", static size => Plain(X64Sized.Equal[size]));
        AddSized(emitters, "VCmgt", static size => Plain(X64Sized.Greater[size]), sizes);
        AddSized(emitters, "VCmge", static size => Always((c, r) => c.GreaterOrEqual(r, size, X64Sized.SignedMax)), sizes);
        AddSized(emitters, "VCmhs", static size => Always((c, r) => c.GreaterOrEqual(r, size, X64Sized.UnsignedMax)), sizes);
        AddSized(emitters, "VCmhi", static size => Always((c, r) => c.Higher(r, size)), sizes);
        AddSized(emitters, "VCmtst", static size => Always((c, r) =>
        {
            c.LoadOperand(0, r->Rn);
            c.OperatePacked(Pand, 0, r->Rm);
            c.Zero(1);
            c._x.Packed(X64Sized.Equal[size], 0, 1);
            c.Invert(0, 1);
            c.Put(r);
        }));
        AddSized(emitters, "VCmeqZero", static size => BelowZero(X64Sized.Equal[size], invert: false));
        AddSized(emitters, "VCmltZero", static size => BelowZero(X64Sized.Greater[size], invert: false), sizes);
        AddSized(emitters, "VCmgeZero", static size => BelowZero(X64Sized.Greater[size], invert: true), sizes);
        AddSized(emitters, "VCmgtZero", static size => AboveZero(X64Sized.Greater[size], invert: false), sizes);
        AddSized(emitters, "VCmleZero", static size => AboveZero(X64Sized.Greater[size], invert: true), sizes);
    }

    /// <summary>CMGE and CMHS: what is not less is the larger.</summary>
    private void GreaterOrEqual(Rec* r, int size, X64Vector[] largest)
    {
        if (size < 3)
        {
            LoadOperand(0, r->Rn);
            OperatePacked(largest[size], 0, r->Rm);
            OperatePacked(X64Sized.Equal[size], 0, r->Rn);
        }
        else
        {
            LoadOperand(0, r->Rm);
            LoadOperand(1, r->Rn);
            CompareDoublewords(unsigned: largest == X64Sized.UnsignedMax);
            Invert(0, 1);
        }

        Put(r);
    }

    private void Higher(Rec* r, int size)
    {
        LoadOperand(0, r->Rn);
        if (size < 3)
        {
            OperatePacked(X64Sized.UnsignedMin[size], 0, r->Rm);
            OperatePacked(X64Sized.Equal[size], 0, r->Rn);
            Invert(0, 1);
        }
        else
        {
            LoadOperand(1, r->Rm);
            CompareDoublewords(unsigned: true);
        }

        Put(r);
    }

    /// <summary>XMM0 &gt; XMM1.</summary>
    private void CompareDoublewords(bool unsigned)
    {
        if (unsigned)
        {
            LoadConstant(2, Lanes(1ul << 63, 3));
            _x.Packed(Pxor, 0, 2);
            _x.Packed(Pxor, 1, 2);
        }

        _x.Packed(Pcmpgtq, 0, 1);
    }

    /// <summary>Zero operation Rn.</summary>
    private static Emitter BelowZero(X64Vector operation, bool invert) => Always((c, r) =>
    {
        c.Zero(0);
        c.OperatePacked(operation, 0, r->Rn);
        if (invert)
        {
            c.Invert(0, 1);
        }

        c.Put(r);
    });

    /// <summary>Rn operation zero.</summary>
    private static Emitter AboveZero(X64Vector operation, bool invert) => Always((c, r) =>
    {
        c.LoadOperand(0, r->Rn);
        c.Zero(1);
        c._x.Packed(operation, 0, 1);
        if (invert)
        {
            c.Invert(0, 1);
        }

        c.Put(r);
    });

    // ---- operations of any shape ----

    private static void AddVectorLanes(Emitter?[] emitters)
    {
        Add(emitters, Always(static (c, r) => c.CountBits(r)), Op.VCnt16B);
        Add(emitters, Shaped(static (c, r) => c.ReverseBits(r)), Op.VRbit);
        Add(emitters, Shaped(static (c, r) => c.Distance(r, X64Sized.UnsignedMax, X64Sized.UnsignedMin, 0)), Op.VUabd);
        Add(emitters, Shaped(static (c, r) => c.Distance(r, X64Sized.SignedMax, X64Sized.SignedMin, 0)), Op.VSabd);
        Add(emitters, Shaped(static (c, r) => c.Distance(r, X64Sized.UnsignedMax, X64Sized.UnsignedMin, 1)), Op.VUaba);
        Add(emitters, Shaped(static (c, r) => c.Distance(r, X64Sized.SignedMax, X64Sized.SignedMin, 1)), Op.VSaba);
        Add(emitters, Shaped(static (c, r) => c.Halving(r, signed: false, subtract: false)), Op.VUhadd);
        Add(emitters, Shaped(static (c, r) => c.Halving(r, signed: true, subtract: false)), Op.VShadd);
        Add(emitters, Shaped(static (c, r) => c.Halving(r, signed: false, subtract: true)), Op.VUhsub);
        Add(emitters, Shaped(static (c, r) => c.Halving(r, signed: true, subtract: true)), Op.VShsub);
        Add(emitters, Shaped(static (c, r) => c.HalvingRounded(r, signed: false)), Op.VUrhadd);
        Add(emitters, Shaped(static (c, r) => c.HalvingRounded(r, signed: true)), Op.VSrhadd);
        Add(emitters, Shaped(static (c, r) => c.DotProduct(r, signed: false)), Op.VUdot);
        Add(emitters, Shaped(static (c, r) => c.DotProduct(r, signed: true)), Op.VSdot);
    }

    /// <summary>CNT, by nibbles.</summary>
    private void CountBits(Rec* r)
    {
        LoadNibbles(r);
        LoadConstant(2, Bytes(static i => int.PopCount(i)));
        CopyVector(3, 2);
        _x.Packed(Pshufb, 2, 0);
        _x.Packed(Pshufb, 3, 1);
        _x.Packed(Paddb, 2, 3);
        Put(r, 2);
    }

    private void ReverseBits(Rec* r)
    {
        LoadNibbles(r);
        LoadConstant(2, Bytes(static i => Reversed(i) << 4));
        LoadConstant(3, Bytes(Reversed));
        _x.Packed(Pshufb, 2, 0);
        _x.Packed(Pshufb, 3, 1);
        _x.Packed(Por, 2, 3);
        Put(r, 2);

        static int Reversed(int i) => ((i & 1) << 3) | ((i & 2) << 1) | ((i & 4) >> 1) | (i >> 3);
    }

    /// <summary>Lower nibbles of Rn in XMM0, upper ones in XMM1.</summary>
    private void LoadNibbles(Rec* r)
    {
        LoadOperand(0, r->Rn);
        CopyVector(1, 0);
        _x.PackedShift(X64VectorShift.Right, 1, 1, 4);
        LoadConstant(2, Lanes(15, 0));
        _x.Packed(Pand, 0, 2);
        _x.Packed(Pand, 1, 2);
    }

    private void Distance(Rec* r, X64Vector[] largest, X64Vector[] smallest, int sign)
    {
        int size = Shape.Size(r);
        Distance(r, largest[size], smallest[size], size);
        Put(r, Accumulate(r, size, sign));
    }

    private void Distance(Rec* r, X64Vector largest, X64Vector smallest, int size)
    {
        LoadOperand(0, r->Rn);
        CopyVector(1, 0);
        OperatePacked(largest, 0, r->Rm);
        OperatePacked(smallest, 1, r->Rm);
        _x.Packed(X64Sized.Sub[size], 0, 1);
    }

    /// <summary>(n + m) / 2 is what both have and half of what one has; (n - m) / 2 is half of what one has without what only m has.</summary>
    private void Halving(Rec* r, bool signed, bool subtract)
    {
        int size = Shape.Size(r);
        LoadOperand(0, r->Rn);
        CopyVector(1, 0);
        OperatePacked(Pxor, 0, r->Rm);
        OperatePacked(subtract ? Pandn : Pand, 1, r->Rm);
        ShiftRight(0, size, 1, signed, 2);
        _x.Packed(subtract ? X64Sized.Sub[size] : X64Sized.Add[size], 0, 1);
        Put(r);
    }

    /// <summary>(n + m + 1) / 2 is what any has without half of what one has.</summary>
    private void HalvingRounded(Rec* r, bool signed)
    {
        int size = Shape.Size(r);
        LoadOperand(0, r->Rn);
        if (!signed && size < 2)
        {
            OperatePacked(size == 0 ? Pavgb : Pavgw, 0, r->Rm);
            Put(r);
            return;
        }

        CopyVector(1, 0);
        OperatePacked(Pxor, 0, r->Rm);
        OperatePacked(Por, 1, r->Rm);
        ShiftRight(0, size, 1, signed, 2);
        _x.Packed(X64Sized.Sub[size], 1, 0);
        Put(r, 1);
    }

    private void DotProduct(Rec* r, bool signed)
    {
        LoadOperand(0, r->Rn);
        ElementOrWhole(1, r, 2);
        CopyVector(2, 0);
        CopyVector(3, 1);

        // Even bytes, then odd ones, as halfwords.
        _x.PackedShift(X64VectorShift.Left, 1, 0, 8);
        _x.PackedShift(X64VectorShift.Left, 1, 1, 8);
        for (int vector = 0; vector < 4; vector++)
        {
            _x.PackedShift(signed ? X64VectorShift.RightSigned : X64VectorShift.Right, 1, vector, 8);
        }

        _x.Packed(Pmaddwd, 0, 1);
        _x.Packed(Pmaddwd, 2, 3);
        _x.Packed(Paddd, 0, 2);
        OperatePacked(Paddd, 0, r->Rd);
        Put(r);
    }

    // ---- saturation ----

    private static void AddVectorSaturating(Emitter?[] emitters)
    {
        Add(emitters, Shaped(static (c, r) => c.SaturatingSum(r, Paddsb, Paddsw, X64Sized.Add)), Op.VSqadd);
        Add(emitters, Shaped(static (c, r) => c.SaturatingSum(r, Psubsb, Psubsw, X64Sized.Sub)), Op.VSqsub);
        Add(emitters, Shaped(static (c, r) => c.SaturatingUnsigned(r, subtract: false)), Op.VUqadd);
        Add(emitters, Shaped(static (c, r) => c.SaturatingUnsigned(r, subtract: true)), Op.VUqsub);
        Add(emitters, Shaped(static (c, r) => c.SaturatingAbsolute(r, negate: false)), Op.VSqabs);
        Add(emitters, Shaped(static (c, r) => c.SaturatingAbsolute(r, negate: true)), Op.VSqneg);
        Add(emitters, Shaped(static (c, r) => c.DoublingHigh(r, rounded: false)), Op.VSqdmulh);
        Add(emitters, Shaped(static (c, r) => c.DoublingHigh(r, rounded: true)), Op.VSqrdmulh);
    }

    /// <summary>Sets FPSR.QC where the two vectors differ; changes the first. The host's flags must be lost already.</summary>
    private void NoteSaturation(int vector, int other)
    {
        _x.Packed(Pcmpeqb, vector, other);
        _x.Packed(Pmovmskb, (int)Rax, vector);
        _x.Alu(X64Alu.Cmp, Rax, 0xFFFF, false);
        X64Patch none = _x.Jump(X64Condition.Equal);
        _x.Alu(X64Alu.Or, NativeState.Fpsr, (int)FloatingPoint.Fpsr.Qc, false);
        _x.Bind(none);
    }

    /// <summary>Rn and Rm in XMM0 and XMM1, zero where the instruction does not look, for that never saturates.</summary>
    private void LoadBoth(Rec* r)
    {
        LoseFlags();
        LoadOperand(0, r->Rn, r->Imm != 0);
        LoadOperand(1, r->Rm, r->Imm != 0);
    }

    private void SaturatingSum(Rec* r, X64Vector bytes, X64Vector halfwords, X64Vector[] wrapping)
    {
        int size = Shape.Size(r);
        LoadBoth(r);
        CopyVector(2, 0);
        _x.Packed(wrapping[size], 2, 1);
        if (size < 2)
        {
            _x.Packed(size == 0 ? bytes : halfwords, 0, 1);
            NoteSaturation(2, 0);
            Put(r);
            return;
        }

        // A sum overflows where its sign is neither operand's; a difference where the signs differ and its own is not the first's.
        CopyVector(3, 2);
        _x.Packed(Pxor, 3, 0);
        _x.Packed(Pxor, 1, wrapping == X64Sized.Add ? 2 : 0);
        _x.Packed(Pand, 3, 1);
        _x.PackedShift(X64VectorShift.RightSigned, 2, 3, 31);
        _x.PackedShift(X64VectorShift.RightSigned, 2, 0, 31);
        _x.Packed(Pxor, 0, Lanes(int.MaxValue, 2));
        _x.Packed(Pxor, 0, 2);
        _x.Packed(Pand, 0, 3);
        _x.Packed(Pxor, 0, 2);
        NoteSaturation(2, 0);
        Put(r);
    }

    /// <summary>What can be added without wrapping is the complement of what is there; what can be subtracted is that itself.</summary>
    private void SaturatingUnsigned(Rec* r, bool subtract)
    {
        int size = Shape.Size(r);
        LoadBoth(r);
        CopyVector(2, 0);
        if (!subtract)
        {
            Invert(2, 3);
        }

        _x.Packed(X64Sized.UnsignedMin[size], 2, 1);
        _x.Packed(subtract ? X64Sized.Sub[size] : X64Sized.Add[size], 0, 2);
        NoteSaturation(2, 1);
        Put(r);
    }

    private void SaturatingAbsolute(Rec* r, bool negate)
    {
        int size = Shape.Size(r);
        LoseFlags();
        LoadOperand(1, r->Rn, r->Imm != 0);
        if (negate)
        {
            Zero(0);
            _x.Packed(X64Sized.Sub[size], 0, 1);
        }
        else
        {
            _x.Packed(X64Sized.Absolute[size], 0, 1);
        }

        SaturateSmallest(size);
        Put(r, 1);
    }

    /// <summary>What came out as the most negative number was to be positive. Result in XMM1.</summary>
    private void SaturateSmallest(int size)
    {
        LoadConstant(1, Lanes(1ul << ((8 << size) - 1), size));
        _x.Packed(X64Sized.Equal[size], 1, 0);
        _x.Packed(Pxor, 1, 0);
        NoteSaturation(0, 1);
    }

    /// <summary>SQDMULH and SQRDMULH.</summary>
    private void DoublingHigh(Rec* r, bool rounded)
    {
        LoseFlags();
        LoadOperand(0, r->Rn, r->Imm != 0);
        ElementOrWhole(1, r, Shape.Size(r));
        if (Shape.Size(r) == 2)
        {
            DoublingHighOfWords(rounded);
        }
        else if (rounded)
        {
            _x.Packed(Pmulhrsw, 0, 1);
        }
        else
        {
            CopyVector(2, 0);
            _x.Packed(Pmulhw, 0, 1);
            _x.Packed(Pmullw, 2, 1);
            _x.PackedShift(X64VectorShift.Left, 1, 0, 1);
            _x.PackedShift(X64VectorShift.Right, 1, 2, 15);
            _x.Packed(Por, 0, 2);
        }

        SaturateSmallest(Shape.Size(r));
        Put(r, 1);
    }

    /// <summary>Even and odd lanes of XMM0 and XMM1 apart.</summary>
    private void DoublingHighOfWords(bool rounded)
    {
        _x.Packed(Pshufd, 2, 0, 0xF5);
        _x.Packed(Pshufd, 3, 1, 0xF5);
        _x.Packed(Pmuldq, 0, 1);
        _x.Packed(Pmuldq, 2, 3);
        if (rounded)
        {
            LoadConstant(3, Lanes(1 << 30, 3));
            _x.Packed(Paddq, 0, 3);
            _x.Packed(Paddq, 2, 3);
        }

        _x.PackedShift(X64VectorShift.Right, 3, 0, 31);
        _x.PackedShift(X64VectorShift.Right, 3, 2, 31);
        _x.PackedShift(X64VectorShift.Left, 3, 2, 32);
        _x.Packed(Pblendw, 0, 2, 0xCC);
    }
}
