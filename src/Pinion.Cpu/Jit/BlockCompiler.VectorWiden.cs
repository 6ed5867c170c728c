using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>AdvSIMD between lanes of different widths, of neighbours, and across lanes. Sizes are those of the narrow lanes.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static void AddVectorWidening(Emitter?[] emitters)
    {
        foreach (bool signed in (ReadOnlySpan<bool>)[false, true])
        {
            string s = signed ? "VS" : "VU";
            AddSized(emitters, s + "shll", size => Always((c, r) =>
            {
                c.Widen(0, r->Rn, r, size, signed);
                c.ShiftLeft(0, size + 1, r->Ra);
                c.PutWhole(r->Rd, 0);
            }));
            AddSized(emitters, s + "addl", size => Always((c, r) => c.SumLong(r, size, signed, X64Sized.Add)));
            AddSized(emitters, s + "subl", size => Always((c, r) => c.SumLong(r, size, signed, X64Sized.Sub)));
            AddSized(emitters, s + "addw", size => Always((c, r) => c.SumWide(r, size, signed, X64Sized.Add)));
            AddSized(emitters, s + "mull", size => Always((c, r) => c.MultiplyLong(r, size, signed, 0)));
            AddSized(emitters, s + "mlal", size => Always((c, r) => c.MultiplyLong(r, size, signed, 1)));
            AddSized(emitters, s + "mlsl", size => Always((c, r) => c.MultiplyLong(r, size, signed, -1)));
        }

        Add(emitters, Always(static (c, r) => c.SumWide(r, Shape.Size(r), signed: true, X64Sized.Sub)), Op.VSsubw);
        Add(emitters, Always(static (c, r) => c.SumWide(r, Shape.Size(r), signed: false, X64Sized.Sub)), Op.VUsubw);
        Add(emitters, Always(static (c, r) => c.MultiplyLong(r, Shape.Size(r), signed: true, 0)), Op.VSmull);
        Add(emitters, Always(static (c, r) => c.MultiplyLong(r, Shape.Size(r), signed: true, 1)), Op.VSmlal);
        Add(emitters, Always(static (c, r) => c.MultiplyLong(r, Shape.Size(r), signed: true, -1)), Op.VSmlsl);
        Add(emitters, Always(static (c, r) => c.MultiplyLong(r, Shape.Size(r), signed: false, 0)), Op.VUmull);
        Add(emitters, Always(static (c, r) => c.MultiplyLong(r, Shape.Size(r), signed: false, 1)), Op.VUmlal);
        Add(emitters, Always(static (c, r) => c.MultiplyLong(r, Shape.Size(r), signed: false, -1)), Op.VUmlsl);
        Add(emitters, Always(static (c, r) => c.DistanceLong(r, X64Sized.SignedMax, X64Sized.SignedMin, 0)), Op.VSabdl);
        Add(emitters, Always(static (c, r) => c.DistanceLong(r, X64Sized.SignedMax, X64Sized.SignedMin, 1)), Op.VSabal);
        Add(emitters, Always(static (c, r) => c.DistanceLong(r, X64Sized.UnsignedMax, X64Sized.UnsignedMin, 0)), Op.VUabdl);
        Add(emitters, Always(static (c, r) => c.DistanceLong(r, X64Sized.UnsignedMax, X64Sized.UnsignedMin, 1)), Op.VUabal);
    }

    /// <summary>The half of a register that the instruction reads, in lanes twice as wide.</summary>
    private void Widen(int vector, int register, Rec* r, int size, bool signed) =>
        OperateHalf((signed ? X64Sized.WidenSigned : X64Sized.WidenUnsigned)[size], vector, register, Shape.Part(r) != 0);

    private void SumLong(Rec* r, int size, bool signed, X64Vector[] operation)
    {
        Widen(0, r->Rn, r, size, signed);
        Widen(1, r->Rm, r, size, signed);
        _x.Packed(operation[size + 1], 0, 1);
        PutWhole(r->Rd, 0);
    }

    private void SumWide(Rec* r, int size, bool signed, X64Vector[] operation)
    {
        Widen(1, r->Rm, r, size, signed);
        LoadOperand(0, r->Rn);
        _x.Packed(operation[size + 1], 0, 1);
        PutWhole(r->Rd, 0);
    }

    private void MultiplyLong(Rec* r, int size, bool signed, int sign)
    {
        switch (size)
        {
            case 0:
                Widen(0, r->Rn, r, 0, signed);
                Widen(1, r->Rm, r, 0, signed);
                _x.Packed(Pmullw, 0, 1);
                break;
            case 1:
                LoadOperand(0, r->Rn);
                ElementOrWhole(1, r, 1);
                CopyVector(2, 0);
                _x.Packed(Pmullw, 0, 1);
                _x.Packed(signed ? Pmulhw : Pmulhuw, 2, 1);
                _x.Packed(Shape.Part(r) == 0 ? Punpcklwd : Punpckhwd, 0, 2);
                break;
            default:
                // Only the lower words of doublewords count: they are wanted in every second lane.
                Widen(0, r->Rn, r, 2, signed: false);
                if (Shape.Index(r) < 0)
                {
                    Widen(1, r->Rm, r, 2, signed: false);
                }
                else
                {
                    Element(1, r->Rm, 2, Shape.Index(r));
                }

                _x.Packed(signed ? Pmuldq : Pmuludq, 0, 1);
                break;
        }

        PutWhole(r->Rd, Accumulate(r, size + 1, sign));
    }

    /// <summary>A distance is never negative, and fits into the narrow lane.</summary>
    private void DistanceLong(Rec* r, X64Vector[] largest, X64Vector[] smallest, int sign)
    {
        int size = Shape.Size(r);
        Distance(r, largest[size], smallest[size], size);
        if (Shape.Part(r) != 0)
        {
            _x.Packed(Punpckhqdq, 0, 0);
        }

        _x.Packed(X64Sized.WidenUnsigned[size], 0, 0);
        PutWhole(r->Rd, Accumulate(r, size + 1, sign));
    }

    // ---- neighbours ----

    private static void AddVectorReductions(Emitter?[] emitters)
    {
        AddSized(emitters, "VAddp", static size => Always((c, r) => c.SumNeighbours(r, size)));
        AddSized(emitters, "VSmaxp", static size => Always((c, r) => c.Neighbours(r, X64Sized.SignedMax[size], size)));
        AddSized(emitters, "VSminp", static size => Always((c, r) => c.Neighbours(r, X64Sized.SignedMin[size], size)));
        AddSized(emitters, "VUmaxp", static size => Always((c, r) => c.Neighbours(r, X64Sized.UnsignedMax[size], size)));
        AddSized(emitters, "VUminp", static size => Always((c, r) => c.Neighbours(r, X64Sized.UnsignedMin[size], size)));
        Add(emitters, Always(static (c, r) => c.NeighboursLow(r, X64Sized.Add)), Op.VAddp);
        Add(emitters, Always(static (c, r) => c.NeighboursLow(r, X64Sized.SignedMax)), Op.VSmaxp);
        Add(emitters, Always(static (c, r) => c.NeighboursLow(r, X64Sized.SignedMin)), Op.VSminp);
        Add(emitters, Always(static (c, r) => c.NeighboursLow(r, X64Sized.UnsignedMax)), Op.VUmaxp);
        Add(emitters, Always(static (c, r) => c.NeighboursLow(r, X64Sized.UnsignedMin)), Op.VUminp);
        Add(emitters, Always(static (c, r) =>
        {
            c.LoadOperand(0, r->Rn);
            c.FoldHalves(Paddq);
            c.PutLow(r->Rd, 0);
        }), Op.VAddpScalar);
        Add(emitters, Always(static (c, r) => c.SumNeighboursLong(r, signed: true, 0)), Op.VSaddlp);
        Add(emitters, Always(static (c, r) => c.SumNeighboursLong(r, signed: false, 0)), Op.VUaddlp);
        Add(emitters, Always(static (c, r) => c.SumNeighboursLong(r, signed: true, 1)), Op.VSadalp);
        Add(emitters, Always(static (c, r) => c.SumNeighboursLong(r, signed: false, 1)), Op.VUadalp);

        Add(emitters, Always(static (c, r) => c.Reduce(r, X64Sized.Add)), Op.VAddv);
        Add(emitters, Always(static (c, r) => c.Reduce(r, X64Sized.SignedMax)), Op.VSmaxv);
        Add(emitters, Always(static (c, r) => c.Reduce(r, X64Sized.SignedMin)), Op.VSminv);
        Add(emitters, Always(static (c, r) => c.Reduce(r, X64Sized.UnsignedMax)), Op.VUmaxv);
        Add(emitters, Always(static (c, r) => c.Reduce(r, X64Sized.UnsignedMin)), Op.VUminv);
        Add(emitters, Always(static (c, r) => c.SumOfBytes(r, narrow: true)), Op.VAddvBytes);
        Add(emitters, Always(static (c, r) => c.SumOfBytes(r, narrow: false)), Op.VUaddlvBytes);
        Add(emitters, Always(static (c, r) => c.SumLongAcross(r, signed: false)), Op.VUaddlv);
        Add(emitters, Always(static (c, r) => c.SumLongAcross(r, signed: true)), Op.VSaddlv);
    }

    private void SumNeighbours(Rec* r, int size)
    {
        if (size is 1 or 2)
        {
            LoadOperand(0, r->Rn);
            OperatePacked(size == 1 ? Phaddw : Phaddd, 0, r->Rm);
            PutWhole(r->Rd, 0);
        }
        else
        {
            Neighbours(r, X64Sized.Add[size], size);
        }
    }

    private void Neighbours(Rec* r, X64Vector operation, int size)
    {
        _ = Unzip(r, size, odd: false);
        _x.Packed(operation, 0, 2);
        PutWhole(r->Rd, 0);
    }

    /// <summary>The same of 64 bits.</summary>
    private void NeighboursLow(Rec* r, X64Vector[] operation)
    {
        int size = Shape.Size(r);
        LoadLows(r);
        _x.Packed(Pshufb, 0, Apart(size));
        FoldHalves(operation[size]);
        PutLow(r->Rd, 0);
    }

    /// <summary>XMM0 operation its halves exchanged. Changes XMM1.</summary>
    private void FoldHalves(X64Vector operation)
    {
        _x.Packed(Pshufd, 1, 0, 0x4E);
        _x.Packed(operation, 0, 1);
    }

    private void SumNeighboursLong(Rec* r, bool signed, int sign)
    {
        int size = Shape.Size(r);
        LoadOperand(0, r->Rn);
        SumPairs(size, signed);
        Put(r, Accumulate(r, size + 1, sign));
    }

    /// <summary>Sums of neighbours in XMM0, in lanes twice as wide. Changes XMM1.</summary>
    private void SumPairs(int size, bool signed)
    {
        if (size == 1 && signed)
        {
            _x.Packed(Pmaddwd, 0, Lanes(1, 1));
        }
        else if (size == 0 && !signed)
        {
            _x.Packed(Pmaddubsw, 0, Lanes(1, 0));
        }
        else if (size == 0)
        {
            // The unsigned factor is the destination.
            LoadConstant(1, Lanes(1, 0));
            _x.Packed(Pmaddubsw, 1, 0);
            CopyVector(0, 1);
        }
        else if (signed)
        {
            _x.Packed(Pshufd, 1, 0, 0x0D);
            _x.Packed(Pshufd, 0, 0, 0x08);
            _x.Packed(Pmovsxdq, 1, 1);
            _x.Packed(Pmovsxdq, 0, 0);
            _x.Packed(Paddq, 0, 1);
        }
        else
        {
            CopyVector(1, 0);
            _x.PackedShift(X64VectorShift.Right, size + 1, 1, 8 << size);
            _x.Packed(Pand, 0, Lanes(ulong.MaxValue >> (64 - (8 << size)), size + 1));
            _x.Packed(X64Sized.Add[size + 1], 0, 1);
        }
    }

    // ---- across lanes ----

    /// <summary>Folds the lanes of Rn into one.</summary>
    private void Reduce(Rec* r, X64Vector[] operation)
    {
        int size = Shape.Size(r);
        LoadOperand(0, r->Rn);
        Fold(operation[size], Shape.Lanes(r) << size, size);
        KeepElement(size);
        PutWhole(r->Rd, 0);
    }

    /// <summary>Folds the lower <paramref name="bytes"/> of XMM0 into its lowest lane; the others get anything. Changes XMM1.</summary>
    private void Fold(X64Vector operation, int bytes, int size)
    {
        if (bytes == 16)
        {
            FoldHalves(operation);
        }

        if (size < 3)
        {
            _x.Packed(Pshufd, 1, 0, 0x55);
            _x.Packed(operation, 0, 1);
        }

        for (int half = 2; half >= 1 << size; half /= 2)
        {
            CopyVector(1, 0);
            _x.PackedShift(X64VectorShift.Right, 2, 1, 8 * half);
            _x.Packed(operation, 0, 1);
        }
    }

    /// <summary>Clears all but the lowest element of XMM0.</summary>
    private void KeepElement(int size)
    {
        if (size == 3)
        {
            KeepLow(0);
        }
        else
        {
            _x.Packed(Pand, 0, Constant(ulong.MaxValue >> (64 - (8 << size)), 0));
        }
    }

    private void SumOfBytes(Rec* r, bool narrow)
    {
        LoadOperand(0, r->Rn, r->Imm != 0);
        Zero(1);
        _x.Packed(Psadbw, 0, 1);
        if (r->Imm != 0)
        {
            FoldHalves(Paddd);
        }

        KeepElement(narrow ? 0 : 3);
        PutWhole(r->Rd, 0);
    }

    /// <summary>SADDLV and UADDLV, in lanes twice as wide.</summary>
    private void SumLongAcross(Rec* r, bool signed)
    {
        int size = Shape.Size(r);
        LoadOperand(0, r->Rn);
        SumPairs(size, signed);
        Fold(X64Sized.Add[size + 1], Shape.Lanes(r) << size, size + 1);
        KeepElement(size + 1);
        PutWhole(r->Rd, 0);
    }
}
