using System.Runtime.CompilerServices;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.FpOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// Scalar floating point by the host's arithmetic. Its results are Arm's whenever rounding is to nearest and nothing is flushed; what is left is
/// FPSR. With IXC set already (<see cref="Pe.FpFast"/>) a finite sum, or a product well above the smallest normal number, can set no other flag.
/// Everything else goes to <see cref="FpGeneral"/>.
/// </summary>
internal static unsafe class FpScalar
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SafeSum(double x) => BitConverter.DoubleToUInt64Bits(x) << 1 < 0x7FFUL << 53;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SafeSum(float x) => BitConverter.SingleToUInt32Bits(x) << 1 < 0xFFU << 24;

    /// <summary>At least twice the smallest normal number, so not tiny even before rounding; and finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SafeProduct(double x) => (BitConverter.DoubleToUInt64Bits(x) << 1) - (2UL << 53) < 0x7FDUL << 53;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SafeProduct(float x) => (BitConverter.SingleToUInt32Bits(x) << 1) - (2U << 24) < 0xFDU << 24;

    // ---- two operands
    [Fast("Fadd"), MethodImpl(Inline.Hot)]
    internal static bool FaddD(Pe* s, Rec* r)
    {
        double x = D(s, r->Rn) + D(s, r->Rm);
        if (s->FpFast == 0 || !SafeSum(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fadd"), MethodImpl(Inline.Hot)]
    internal static bool FaddS(Pe* s, Rec* r)
    {
        float x = S(s, r->Rn) + S(s, r->Rm);
        if (s->FpFast == 0 || !SafeSum(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fsub"), MethodImpl(Inline.Hot)]
    internal static bool FsubD(Pe* s, Rec* r)
    {
        double x = D(s, r->Rn) - D(s, r->Rm);
        if (s->FpFast == 0 || !SafeSum(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fsub"), MethodImpl(Inline.Hot)]
    internal static bool FsubS(Pe* s, Rec* r)
    {
        float x = S(s, r->Rn) - S(s, r->Rm);
        if (s->FpFast == 0 || !SafeSum(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fmul"), MethodImpl(Inline.Hot)]
    internal static bool FmulD(Pe* s, Rec* r)
    {
        double n = D(s, r->Rn);
        double m = D(s, r->Rm);
        double x = n * m;
        if (s->FpFast == 0 || !(SafeProduct(x) || (x == 0 && (n == 0 || m == 0))))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fmul"), MethodImpl(Inline.Hot)]
    internal static bool FmulS(Pe* s, Rec* r)
    {
        float n = S(s, r->Rn);
        float m = S(s, r->Rm);
        float x = n * m;
        if (s->FpFast == 0 || !(SafeProduct(x) || (x == 0 && (n == 0 || m == 0))))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fnmul"), MethodImpl(Inline.Hot)]
    internal static bool FnmulD(Pe* s, Rec* r)
    {
        double x = -(D(s, r->Rn) * D(s, r->Rm));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fnmul"), MethodImpl(Inline.Hot)]
    internal static bool FnmulS(Pe* s, Rec* r)
    {
        float x = -(S(s, r->Rn) * S(s, r->Rm));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fdiv"), MethodImpl(Inline.Hot)]
    internal static bool FdivD(Pe* s, Rec* r)
    {
        double n = D(s, r->Rn);
        double x = n / D(s, r->Rm);
        if (s->FpFast == 0 || !(SafeProduct(x) || (x == 0 && n == 0)))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fdiv"), MethodImpl(Inline.Hot)]
    internal static bool FdivS(Pe* s, Rec* r)
    {
        float n = S(s, r->Rn);
        float x = n / S(s, r->Rm);
        if (s->FpFast == 0 || !(SafeProduct(x) || (x == 0 && n == 0)))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    // ---- fused
    [Fast("FmaddAny"), MethodImpl(Inline.Hot)]
    internal static bool FmaddD(Pe* s, Rec* r)
    {
        double x = Math.FusedMultiplyAdd(D(s, r->Rn), D(s, r->Rm), D(s, r->Ra));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("FmaddAny"), MethodImpl(Inline.Hot)]
    internal static bool FmaddS(Pe* s, Rec* r)
    {
        float x = MathF.FusedMultiplyAdd(S(s, r->Rn), S(s, r->Rm), S(s, r->Ra));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("FmaddAny"), MethodImpl(Inline.Hot)]
    internal static bool FmsubD(Pe* s, Rec* r)
    {
        double x = Math.FusedMultiplyAdd(-D(s, r->Rn), D(s, r->Rm), D(s, r->Ra));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("FmaddAny"), MethodImpl(Inline.Hot)]
    internal static bool FmsubS(Pe* s, Rec* r)
    {
        float x = MathF.FusedMultiplyAdd(-S(s, r->Rn), S(s, r->Rm), S(s, r->Ra));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("FmaddAny"), MethodImpl(Inline.Hot)]
    internal static bool FnmaddD(Pe* s, Rec* r)
    {
        double x = Math.FusedMultiplyAdd(-D(s, r->Rn), D(s, r->Rm), -D(s, r->Ra));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("FmaddAny"), MethodImpl(Inline.Hot)]
    internal static bool FnmsubD(Pe* s, Rec* r)
    {
        double x = Math.FusedMultiplyAdd(D(s, r->Rn), D(s, r->Rm), -D(s, r->Ra));
        if (s->FpFast == 0 || !SafeProduct(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    // ---- one operand
    [Fast("Fsqrt"), MethodImpl(Inline.Hot)]
    internal static bool FsqrtD(Pe* s, Rec* r)
    {
        double x = Math.Sqrt(D(s, r->Rn));
        if (s->FpFast == 0 || !SafeSum(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Fsqrt"), MethodImpl(Inline.Hot)]
    internal static bool FsqrtS(Pe* s, Rec* r)
    {
        float x = MathF.Sqrt(S(s, r->Rn));
        if (s->FpFast == 0 || !SafeSum(x))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    internal static void FabsD(Pe* s, Rec* r) => Set(s, r->Rd, *(ulong*)Pe.Vec(s, r->Rn) & ~(1UL << 63));

    [Op, MethodImpl(Inline.Hot)]
    internal static void FabsS(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)(*(uint*)Pe.Vec(s, r->Rn) & 0x7FFF_FFFF));

    [Op, MethodImpl(Inline.Hot)]
    internal static void FnegD(Pe* s, Rec* r) => Set(s, r->Rd, *(ulong*)Pe.Vec(s, r->Rn) ^ (1UL << 63));

    [Op, MethodImpl(Inline.Hot)]
    internal static void FnegS(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)(*(uint*)Pe.Vec(s, r->Rn) ^ 0x8000_0000));

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovH(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)*(ushort*)Pe.Vec(s, r->Rn));

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovS(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)*(uint*)Pe.Vec(s, r->Rn));

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovD(Pe* s, Rec* r) => Set(s, r->Rd, *(ulong*)Pe.Vec(s, r->Rn));

    /// <summary>FMOV (scalar, immediate) of any format.</summary>
    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovImm(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)r->Imm);

    // ---- between register files
    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovToX(Pe* s, Rec* r) => s->X[r->Rd] = *(ulong*)Pe.Vec(s, r->Rn);

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovToW(Pe* s, Rec* r) => s->X[r->Rd] = *(uint*)Pe.Vec(s, r->Rn);

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovHalfToGeneral(Pe* s, Rec* r) => s->X[r->Rd] = *(ushort*)Pe.Vec(s, r->Rn);

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovFromX(Pe* s, Rec* r) => Set(s, r->Rd, s->X[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovFromW(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)(uint)s->X[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovHalfFromGeneral(Pe* s, Rec* r) => Set(s, r->Rd, (ulong)(ushort)s->X[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovTopToX(Pe* s, Rec* r) => s->X[r->Rd] = ((ulong*)Pe.Vec(s, r->Rn))[1];

    [Op, MethodImpl(Inline.Hot)]
    internal static void FmovTopFromX(Pe* s, Rec* r) => ((ulong*)Pe.Vec(s, r->Rd))[1] = s->X[r->Rn];
}
