using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>AdvSIMD shifts, and what narrows.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static void AddVectorShifts(Emitter?[] emitters)
    {
        AddSized(emitters, "VShl", static size => Always((c, r) =>
        {
            c.LoadOperand(0, r->Rn);
            c.ShiftLeft(0, size, r->Ra);
            c.Put(r);
        }));
        AddSized(emitters, "VUshr", static size => Shifting(size, signed: false, 0));
        AddSized(emitters, "VSshr", static size => Shifting(size, signed: true, 0));
        AddSized(emitters, "VUsra", static size => Shifting(size, signed: false, 1));
        AddSized(emitters, "VSsra", static size => Shifting(size, signed: true, 1));
        Add(emitters, Always(static (c, r) =>
        {
            // By the whole element: nothing is added.
            c.LoadOperand(0, r->Rd);
            c.Put(r);
        }), Op.VUsra);
        Add(emitters, Shaped(static (c, r) => c.ShiftRounded(r, signed: false, 0), largest: 3), Op.VUrshr);
        Add(emitters, Shaped(static (c, r) => c.ShiftRounded(r, signed: true, 0), largest: 3), Op.VSrshr);
        Add(emitters, Shaped(static (c, r) => c.ShiftRounded(r, signed: false, 1), largest: 3), Op.VUrsra);
        Add(emitters, Shaped(static (c, r) => c.ShiftRounded(r, signed: true, 1), largest: 3), Op.VSrsra);
        Add(emitters, Shaped(static (c, r) => c.ShiftInsert(r, left: true), largest: 3), Op.VSli);
        Add(emitters, Shaped(static (c, r) => c.ShiftInsert(r, left: false), largest: 3), Op.VSri);
        if (Avx2.IsSupported)
        {
            Add(emitters, Always(static (c, r) => c.ShiftByRegister(r, 2, signed: false)), Op.VUshl4S);
            Add(emitters, Always(static (c, r) => c.ShiftByRegister(r, 3, signed: false)), Op.VUshl2D);
            Add(emitters, Always(static (c, r) => c.ShiftByRegister(r, 2, signed: true)), Op.VSshl4S);
            Add(emitters, static (c, _, r) =>
            {
                if (Shape.Size(r) != 3)
                {
                    return false;
                }

                c.ShiftByRegister(r, 3, signed: true);
                return true;
            }, Op.VSshl);
        }

        AddNarrowing(emitters);
    }

    private static void AddNarrowing(Emitter?[] emitters)
    {
        AddSized(emitters, "VXtn", static size => Always((c, r) => c.ShiftNarrow(r, size, 0)));
        AddSized(emitters, "VShrn", static size => Always((c, r) => c.ShiftNarrow(r, size, r->Ra)));
        AddSized(emitters, "VAddhn", static size => Always((c, r) => c.SumNarrow(r, size, X64Sized.Add, rounded: false)));
        Add(emitters, Always(static (c, r) => c.SumNarrow(r, Shape.Size(r), X64Sized.Sub, rounded: false)), Op.VSubhn);
        Add(emitters, Always(static (c, r) => c.SumNarrow(r, Shape.Size(r), X64Sized.Add, rounded: true)), Op.VRaddhn);
        Add(emitters, Always(static (c, r) => c.SumNarrow(r, Shape.Size(r), X64Sized.Sub, rounded: true)), Op.VRsubhn);
        Add(emitters, Always(static (c, r) =>
        {
            // Where the rounding wraps, only bits are lost that the narrow lane would not hold.
            int size = Shape.Size(r);
            c.LoadOperand(0, r->Rn);
            c._x.Packed(X64Sized.Add[size + 1], 0, c.Lanes(1ul << (r->Ra - 1), size + 1));
            c._x.PackedShift(X64VectorShift.Right, size + 1, 0, r->Ra);
            c.PutNarrow(r, 0, size);
        }), Op.VRshrn);
        Add(emitters, SaturatingNarrow(fromSigned: true, toSigned: true, shift: false, rounded: false), Op.VSqxtn);
        Add(emitters, SaturatingNarrow(fromSigned: false, toSigned: false, shift: false, rounded: false), Op.VUqxtn);
        Add(emitters, SaturatingNarrow(fromSigned: true, toSigned: false, shift: false, rounded: false), Op.VSqxtun);
        Add(emitters, SaturatingNarrow(fromSigned: true, toSigned: true, shift: true, rounded: false), Op.VSqshrn);
        Add(emitters, SaturatingNarrow(fromSigned: false, toSigned: false, shift: true, rounded: false), Op.VUqshrn);
        Add(emitters, SaturatingNarrow(fromSigned: true, toSigned: false, shift: true, rounded: false), Op.VSqshrun);
        Add(emitters, SaturatingNarrow(fromSigned: true, toSigned: true, shift: true, rounded: true), Op.VSqrshrn);
        Add(emitters, SaturatingNarrow(fromSigned: false, toSigned: false, shift: true, rounded: true), Op.VUqrshrn);
        Add(emitters, SaturatingNarrow(fromSigned: true, toSigned: false, shift: true, rounded: true), Op.VSqrshrun);
    }

    // ---- shifts by immediates: the host has none of bytes, and no arithmetic one of doublewords ----

    private void ShiftLeft(int vector, int size, int amount)
    {
        if (amount == 0)
        {
            return;
        }

        _x.PackedShift(X64VectorShift.Left, Math.Max(size, 1), vector, amount);
        if (size == 0)
        {
            _x.Packed(Pand, vector, Lanes(0xFFul << amount, 0));
        }
    }

    /// <summary>By up to the whole element; changes <paramref name="scratch"/>.</summary>
    private void ShiftRight(int vector, int size, int amount, bool signed, int scratch)
    {
        amount = signed ? Math.Min(amount, (8 << size) - 1) : amount;
        if (size == 0)
        {
            _x.PackedShift(X64VectorShift.Right, 1, vector, amount);
            _x.Packed(Pand, vector, Lanes(0xFFul >> amount, 0));
            if (signed)
            {
                // What was the sign becomes one again.
                LoadConstant(scratch, Lanes(0x80ul >> amount, 0));
                _x.Packed(Pxor, vector, scratch);
                _x.Packed(Psubb, vector, scratch);
            }
        }
        else if (size == 3 && signed)
        {
            SignsOf(scratch, vector);
            _x.Packed(Pxor, vector, scratch);
            _x.PackedShift(X64VectorShift.Right, 3, vector, amount);
            _x.Packed(Pxor, vector, scratch);
        }
        else
        {
            _x.PackedShift(signed ? X64VectorShift.RightSigned : X64VectorShift.Right, size, vector, amount);
        }
    }

    /// <summary>USHR, SSHR, and (<paramref name="sign"/> 1) USRA and SSRA.</summary>
    private static Emitter Shifting(int size, bool signed, int sign) => Always((c, r) =>
    {
        c.LoadOperand(0, r->Rn);
        c.ShiftRight(0, size, r->Ra, signed, 1);
        c.Put(r, c.Accumulate(r, size, sign));
    });

    private void ShiftRounded(Rec* r, bool signed, int sign)
    {
        int size = Shape.Size(r);
        LoadOperand(0, r->Rn);
        ShiftRightRounded(size, r->Ra, signed);
        Put(r, Accumulate(r, size, sign));
    }

    /// <summary>XMM0 by up to the whole element; the last bit shifted out is added. Changes XMM1 and XMM2.</summary>
    private void ShiftRightRounded(int size, int amount, bool signed)
    {
        CopyVector(1, 0);
        _x.PackedShift(X64VectorShift.Right, Math.Max(size, 1), 1, amount - 1);
        _x.Packed(Pand, 1, Lanes(1, size));
        ShiftRight(0, size, amount, signed, 2);
        _x.Packed(X64Sized.Add[size], 0, 1);
    }

    /// <summary>SLI and SRI.</summary>
    private void ShiftInsert(Rec* r, bool left)
    {
        int size = Shape.Size(r);
        int amount = r->Ra;
        ulong all = ulong.MaxValue >> (64 - (8 << size));
        ulong mask = left ? all << amount : amount == 64 ? 0 : all >> amount;
        LoadOperand(0, r->Rn);
        _x.PackedShift(left ? X64VectorShift.Left : X64VectorShift.Right, Math.Max(size, 1), 0, amount);
        LoadConstant(1, Lanes(mask, size));
        _x.Packed(Pand, 0, 1);
        OperatePacked(Pandn, 1, r->Rd);
        _x.Packed(Por, 0, 1);
        Put(r);
    }

    /// <summary>
    /// USHL and SSHL of words and doublewords: by the low byte of each lane of Rm, to the right where that is negative. The host's counts are unsigned, and from the element's size on shift everything out.
    /// </summary>
    private void ShiftByRegister(Rec* r, int size, bool signed)
    {
        bool wide = size == 3;
        LoadOperand(1, r->Rn);
        LoadOperand(2, r->Rm);
        Zero(3);
        _x.Packed(X64Sized.Sub[size], 3, 2);
        X64Memory lowByte = Lanes(0xFF, size);
        _x.Packed(Pand, 2, lowByte);
        _x.Packed(Pand, 3, lowByte);
        _x.PackedVex(Vpsllv, 2, 1, 2, wide);
        if (!signed)
        {
            _x.PackedVex(Vpsrlv, 1, 1, 3, wide);
            _x.Packed(Por, 1, 2);
            Put(r, 1);
            return;
        }

        if (wide)
        {
            SignsOf(0, 1);
            _x.Packed(Pxor, 1, 0);
            _x.PackedVex(Vpsrlv, 1, 1, 3, wide);
            _x.Packed(Pxor, 1, 0);
        }
        else
        {
            _x.PackedVex(Vpsrav, 1, 1, 3, wide);
        }

        // By the sign of the amount.
        LoadOperand(0, r->Rm);
        _x.PackedShift(X64VectorShift.Left, size, 0, (8 << size) - 8);
        _x.Packed(wide ? Blendvpd : Blendvps, 2, 1);
        Put(r, 2);
    }

    // ---- narrowing; size is that of the narrow lanes ----

    private void ShiftNarrow(Rec* r, int size, int amount)
    {
        LoadOperand(0, r->Rn);
        if (amount != 0)
        {
            _x.PackedShift(X64VectorShift.Right, size + 1, 0, amount);
        }

        PutNarrow(r, 0, size);
    }

    /// <summary>ADDHN, SUBHN and, rounded, RADDHN and RSUBHN.</summary>
    private void SumNarrow(Rec* r, int size, X64Vector[] operation, bool rounded)
    {
        int bits = 8 << size;
        LoadOperand(0, r->Rn);
        OperatePacked(operation[size + 1], 0, r->Rm);
        if (rounded)
        {
            _x.Packed(X64Sized.Add[size + 1], 0, Lanes(1ul << (bits - 1), size + 1));
        }

        _x.PackedShift(X64VectorShift.Right, size + 1, 0, bits);
        PutNarrow(r, 0, size);
    }

    /// <summary>Writes the lower halves of the lanes of <paramref name="vector"/> to a half of Rd: the lower clears the upper, the upper keeps the lower.</summary>
    private void PutNarrow(Rec* r, int vector, int size)
    {
        int bytes = 1 << size;
        _x.Packed(Pshufb, vector, Bytes(i => i < 8 ? (i / bytes * 2 * bytes) + (i % bytes) : 0x80));
        if (Shape.Part(r) == 0)
        {
            PutWhole(r->Rd, vector);
            return;
        }

        int whole = vector + 1;
        LoadOperand(whole, r->Rd, whole: false);
        _x.Packed(Punpcklqdq, whole, vector);
        PutWhole(r->Rd, whole);
    }

    /// <summary>The saturating narrowing operations, to bytes and halfwords.</summary>
    private static Emitter SaturatingNarrow(bool fromSigned, bool toSigned, bool shift, bool rounded) => (c, _, r) =>
    {
        if (Shape.Size(r) > 1 || Shape.Lanes(r) == 1)
        {
            return false;
        }

        c.SaturateNarrow(r, fromSigned, toSigned, shift ? r->Ra : 0, rounded);
        return true;
    };

    private void SaturateNarrow(Rec* r, bool fromSigned, bool toSigned, int amount, bool rounded)
    {
        int size = Shape.Size(r);
        int wide = size + 1;
        LoseFlags();
        LoadOperand(0, r->Rn);
        if (rounded)
        {
            ShiftRightRounded(wide, amount, fromSigned);
        }
        else if (amount != 0)
        {
            ShiftRight(0, wide, amount, fromSigned, 1);
        }

        int bits = (8 << size) - (toSigned ? 1 : 0);
        ulong largest = (1ul << bits) - 1;
        CopyVector(1, 0);
        if (fromSigned)
        {
            _x.Packed(X64Sized.SignedMin[wide], 1, Lanes(largest, wide));
            _x.Packed(X64Sized.SignedMax[wide], 1, Lanes(toSigned ? ~largest : 0, wide));
        }
        else
        {
            _x.Packed(X64Sized.UnsignedMin[wide], 1, Lanes(largest, wide));
        }

        NoteSaturation(0, 1);
        PutNarrow(r, 1, size);
    }
}
