using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>AdvSIMD copies, immediates, permutations and tables.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static void AddVectorMoves(Emitter?[] emitters)
    {
        AddSized(emitters, "VDupGeneral", static size => Always((c, r) =>
        {
            c._x.MoveVector(0x6E, 0, c.Read(r->Rn, Rax), size == 3);
            c.Broadcast(0, size);
            c.Put(r);
        }));
        AddSized(emitters, "VDupElement", static size => Always((c, r) =>
        {
            c.Element(0, r->Rn, size, r->Ra);
            c.Put(r);
        }));
        AddSized(emitters, "VDupScalar", static size => Always((c, r) =>
        {
            c.LoadElement(0, NativeState.Vector(r->Rn, r->Ra << size), size);
            c.PutWhole(r->Rd, 0);
        }));
        AddSized(emitters, "VInsGeneral", static size => Always((c, r) =>
        {
            c.LoadOperand(0, r->Rd);
            c._x.Packed(InsertOf(size), 0, c.Read(r->Rn, Rax), r->Ra, size == 3);
            c.PutWhole(r->Rd, 0);
        }));
        AddSized(emitters, "VInsElement", static size => Always((c, r) =>
        {
            c.LoadOperand(0, r->Rd);
            c._x.Packed(InsertOf(size), 0, NativeState.Vector(r->Rn, r->Rm << size), r->Ra, size == 3);
            c.PutWhole(r->Rd, 0);
        }));
        AddSized(emitters, "VUmov", static size => Always((c, r) => c.ToGeneral(r, size, signed: false, wide: size == 3)));
        Add(emitters, Always(static (c, r) => c.ToGeneral(r, 0, signed: true, wide: false)), Op.VSmovWB);
        Add(emitters, Always(static (c, r) => c.ToGeneral(r, 1, signed: true, wide: false)), Op.VSmovWH);
        Add(emitters, Always(static (c, r) => c.ToGeneral(r, 0, signed: true, wide: true)), Op.VSmovXB);
        Add(emitters, Always(static (c, r) => c.ToGeneral(r, 1, signed: true, wide: true)), Op.VSmovXH);
        Add(emitters, Always(static (c, r) => c.ToGeneral(r, 2, signed: true, wide: true)), Op.VSmovXS);
        Add(emitters, Immediate(default, whole: true), Op.VMoviQ);
        Add(emitters, Immediate(default, whole: false), Op.VMoviD);
        Add(emitters, Immediate(Por, whole: true), Op.VOrrImmQ);
        Add(emitters, Immediate(Por, whole: false), Op.VOrrImmD);
        Add(emitters, Immediate(Pandn, whole: true), Op.VBicImmQ);
        Add(emitters, Immediate(Pandn, whole: false), Op.VBicImmD);
    }

    private static X64Vector InsertOf(int size) => size switch
    {
        0 => Pinsrb,
        1 => Pinsrw,
        _ => Pinsrd,
    };

    /// <summary>The immediate, operation Rd where there is one.</summary>
    private static Emitter Immediate(X64Vector operation, bool whole) => Always((c, r) =>
    {
        c.LoadImmediate(0, (ulong)r->Imm, whole);
        if (operation != default)
        {
            c.OperatePacked(operation, 0, r->Rd);
        }

        c.Put(r->Rd, 0, whole || operation == default);
    });

    /// <summary>A value in the lower half or in both.</summary>
    private void LoadImmediate(int vector, ulong value, bool whole)
    {
        if (value == 0)
        {
            Zero(vector);
        }
        else if (value == ulong.MaxValue && whole)
        {
            Ones(vector);
        }
        else
        {
            _x.Move(Rax, value);
            _x.MoveVector(0x6E, vector, Rax, true);
            if (whole)
            {
                _x.Packed(Punpcklqdq, vector, vector);
            }
        }
    }

    private void ToGeneral(Rec* r, int size, bool signed, bool wide)
    {
        X64Register to = Target(r->Rd);
        X64Memory from = NativeState.Vector(r->Rn, r->Ra << size);
        if (size >= 2 && !signed && r->Ra == 0 && IsHeld(r->Rn, 1 << size, out int host, out _))
        {
            _x.MoveVector(0x7E, host, to, wide);
        }
        else if (size == 3)
        {
            _x.Load(to, from);
        }
        else
        {
            _x.LoadNarrow(to, from, 1 << size, signed, wide);
        }

        Write(r->Rd, to);
    }

    // ---- permutations ----

    private static void AddVectorPermutations(Emitter?[] emitters)
    {
        AddSized(emitters, "VZip1x", static size => Plain2(X64Sized.ZipLow[size]));
        AddSized(emitters, "VZip2x", static size => Plain2(X64Sized.ZipHigh[size]));
        AddSized(emitters, "VUzp1x", static size => Always((c, r) => c.PutWhole(r->Rd, c.Unzip(r, size, odd: false))));
        AddSized(emitters, "VUzp2x", static size => Always((c, r) => c.PutWhole(r->Rd, c.Unzip(r, size, odd: true))));
        AddSized(emitters, "VTrn1x", static size => Always((c, r) => c.Transpose(r, size, odd: false)));
        AddSized(emitters, "VTrn2x", static size => Always((c, r) => c.Transpose(r, size, odd: true)));
        Add(emitters, Always(static (c, r) => c.PermuteLow(r)), Op.VPermute);
        AddSized(emitters, "VRev64x", static size => Always((c, r) => c.Reverse(r, 8, 1 << size)));
        AddSized(emitters, "VRev32x", static size => Always((c, r) => c.Reverse(r, 4, 1 << size)));
        AddSized(emitters, "VRev16x", static size => Always((c, r) => c.Reverse(r, 2, 1 << size)));
        Add(emitters, Always(static (c, r) =>
        {
            c.LoadOperand(0, r->Rm);
            c.OperatePacked(Palignr, 0, r->Rn, r->Ra);
            c.PutWhole(r->Rd, 0);
        }), Op.VExt16B);
        Add(emitters, Always(static (c, r) =>
        {
            c.LoadOperand(0, r->Rn, whole: false);
            c.OperatePacked(Punpcklqdq, 0, r->Rm);
            c._x.PackedShift(X64VectorShift.BytesRight, 3, 0, r->Ra);
            c.PutLow(r->Rd, 0);
        }), Op.VExt8B);
        Add(emitters, Always(static (c, r) => c.LookUp(r, 1, insert: false)), Op.VTbl1);
        Add(emitters, Always(static (c, r) => c.LookUp(r, 2, insert: false)), Op.VTbl2);
        Add(emitters, Always(static (c, r) => c.LookUp(r, r->Ra, insert: r->Aux != 0)), Op.VTable);
    }

    /// <summary>Rn operation Rm of 128 bits.</summary>
    private static Emitter Plain2(X64Vector operation) => Always((c, r) =>
    {
        int result = c.FreshVector(r->Rn, 16, out int left);
        c.CombinePacked(operation, result, left, r->Rm);
        c.Finish(r->Rd, result, whole: true);
    });

    /// <summary>The even or odd elements of Rn and Rm; answers where they are.</summary>
    private int Unzip(Rec* r, int size, bool odd)
    {
        LoadOperand(0, r->Rn);
        LoadOperand(1, r->Rm);
        Unzip(0, 1, 2, size);
        return odd ? 2 : 0;
    }

    /// <summary>The even elements of <paramref name="first"/> and <paramref name="second"/> go to the first, the odd ones to <paramref name="odd"/>. Changes both.</summary>
    private void Unzip(int first, int second, int odd, int size)
    {
        if (size < 3)
        {
            X64Memory apart = Apart(size);
            _x.Packed(Pshufb, first, apart);
            _x.Packed(Pshufb, second, apart);
        }

        CopyVector(odd, first);
        _x.Packed(Punpcklqdq, first, second);
        _x.Packed(Punpckhqdq, odd, second);
    }

    /// <summary>A shuffle that puts even elements into the lower half and odd ones into the upper.</summary>
    private X64Memory Apart(int size)
    {
        int bytes = 1 << size;
        return Bytes(i => ((i & 7) / bytes * 2 * bytes) + (i % bytes) + (i < 8 ? 0 : bytes));
    }

    /// <summary>The elements of <paramref name="first"/> and <paramref name="second"/> in turn: the lower ones go to the first, the upper ones to <paramref name="high"/>.</summary>
    private void Zip(int first, int second, int high, int size)
    {
        CopyVector(high, first);
        _x.Packed(X64Sized.ZipLow[size], first, second);
        _x.Packed(X64Sized.ZipHigh[size], high, second);
    }

    /// <summary>ZIP and UZP of 64 bits.</summary>
    private void PermuteLow(Rec* r)
    {
        int size = Shape.Size(r);
        if (r->Ra >= (int)SimdPermute.Permutation.Zip1)
        {
            LoadOperand(0, r->Rn);
            OperatePacked(X64Sized.ZipLow[size], 0, r->Rm);
        }
        else
        {
            LoadLows(r);
            _x.Packed(Pshufb, 0, Apart(size));
        }

        if ((r->Ra & 1) != 0)
        {
            _x.PackedShift(X64VectorShift.BytesRight, 3, 0, 8);
        }

        PutLow(r->Rd, 0);
    }

    /// <summary>The lower halves of Rn and Rm in XMM0.</summary>
    private void LoadLows(Rec* r)
    {
        LoadOperand(0, r->Rn, whole: false);
        OperatePacked(Punpcklqdq, 0, r->Rm);
    }

    private void Transpose(Rec* r, int size, bool odd)
    {
        // What has to move is shifted to its place; the rest comes from the other operand.
        int bits = 8 << size;
        LoadOperand(0, odd ? r->Rn : r->Rm);
        _x.PackedShift(odd ? X64VectorShift.Right : X64VectorShift.Left, size + 1, 0, bits);
        int other = odd ? r->Rm : r->Rn;
        switch (size)
        {
            case 0:
                LoadConstant(1, Lanes(odd ? 0xFF00u : 0xFF, 1));
                OperatePacked(Pand, 1, other);
                _x.Packed(Por, 0, 1);
                break;
            case 1:
                OperatePacked(Pblendw, 0, other, (byte)(odd ? 0xAA : 0x55));
                break;
            default:
                OperatePacked(Pblendw, 0, other, (byte)(odd ? 0xCC : 0x33));
                break;
        }

        Put(r);
    }

    /// <summary>REV: the order of elements within each container of <paramref name="container"/> bytes.</summary>
    private void Reverse(Rec* r, int container, int element)
    {
        LoadOperand(0, r->Rn);
        _x.Packed(Pshufb, 0, Bytes(i => (i & ~(container - 1)) + (container - element - (i & (container - 1) & ~(element - 1))) + (i & (element - 1))));
        Put(r);
    }

    /// <summary>TBL and TBX. The host's shuffle gives zero where bit 7 of an index is set: an addition that saturates sets it where an index is too large.</summary>
    private void LookUp(Rec* r, int registers, bool insert)
    {
        for (int i = 0; i < registers; i++)
        {
            LoadOperand(1, r->Rm);
            if (i != 0)
            {
                _x.Packed(Psubb, 1, Lanes((ulong)(16 * i), 0));
            }

            _x.Packed(Paddusb, 1, Lanes(0x70, 0));
            int table = i == 0 ? 2 : 3;
            LoadOperand(table, (r->Rn + i) & 31);
            _x.Packed(Pshufb, table, 1);
            if (i != 0)
            {
                _x.Packed(Por, 2, 3);
            }
        }

        if (insert)
        {
            LoadOperand(0, r->Rm);
            _x.Packed(Paddusb, 0, Lanes((ulong)(0x80 - (16 * registers)), 0));
            OperatePacked(Pblendvb, 2, r->Rd);
        }

        Put(r, 2);
    }
}
