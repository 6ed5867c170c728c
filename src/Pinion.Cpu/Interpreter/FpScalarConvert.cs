using System.Runtime.CompilerServices;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.FpOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Scalar conversions and roundings by the host, under the rules of <see cref="FpScalar"/>. An exact conversion raises nothing in any mode.</summary>
internal static unsafe class FpScalarConvert
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo31 = 2147483648.0;

    // ---- to integers, towards zero. In range, the host's conversion is the same on all hosts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ToX(Pe* s, Rec* r, double x)
    {
        // Written so that a NaN fails.
        if (!(x > -TwoTo63 && x < TwoTo63))
        {
            return false;
        }

        long integer = double.ConvertToIntegerNative<long>(x);
        if (s->FpFast == 0 && integer != x)
        {
            return false;
        }

        s->X[r->Rd] = (ulong)integer;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ToW(Pe* s, Rec* r, double x)
    {
        if (!(x > -TwoTo31 && x < TwoTo31))
        {
            return false;
        }

        int integer = double.ConvertToIntegerNative<int>(x);
        if (s->FpFast == 0 && integer != x)
        {
            return false;
        }

        s->X[r->Rd] = (uint)integer;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ToUnsignedW(Pe* s, Rec* r, double x)
    {
        if (!(x >= 0 && x < 2 * TwoTo31))
        {
            return false;
        }

        long integer = double.ConvertToIntegerNative<long>(x);
        if (s->FpFast == 0 && integer != x)
        {
            return false;
        }

        s->X[r->Rd] = (ulong)integer;
        return true;
    }

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzsXD(Pe* s, Rec* r) => ToX(s, r, D(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzsXS(Pe* s, Rec* r) => ToX(s, r, S(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzsWD(Pe* s, Rec* r) => ToW(s, r, D(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzsWS(Pe* s, Rec* r) => ToW(s, r, S(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzuXD(Pe* s, Rec* r) => D(s, r->Rn) >= 0 && ToX(s, r, D(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzuXS(Pe* s, Rec* r) => S(s, r->Rn) >= 0 && ToX(s, r, S(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzuWD(Pe* s, Rec* r) => ToUnsignedW(s, r, D(s, r->Rn));

    [Fast("FcvtToGeneral"), MethodImpl(Inline.Hot)]
    internal static bool FcvtzuWS(Pe* s, Rec* r) => ToUnsignedW(s, r, S(s, r->Rn));

    // ---- from integers
    [Op, MethodImpl(Inline.Hot)]
    internal static void ScvtfDW(Pe* s, Rec* r) => Set(s, r->Rd, (double)(int)s->X[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    internal static void UcvtfDW(Pe* s, Rec* r) => Set(s, r->Rd, (double)(long)(uint)s->X[r->Rn]);

    [Fast("FcvtFromGeneral"), MethodImpl(Inline.Hot)]
    internal static bool ScvtfDX(Pe* s, Rec* r) => FromX(s, r, (long)s->X[r->Rn]);

    [Fast("FcvtFromGeneral"), MethodImpl(Inline.Hot)]
    internal static bool UcvtfDX(Pe* s, Rec* r) => (long)s->X[r->Rn] >= 0 && FromX(s, r, (long)s->X[r->Rn]);

    [Fast("FcvtFromGeneral"), MethodImpl(Inline.Hot)]
    internal static bool ScvtfSW(Pe* s, Rec* r) => FromXToSingle(s, r, (int)s->X[r->Rn]);

    [Fast("FcvtFromGeneral"), MethodImpl(Inline.Hot)]
    internal static bool UcvtfSW(Pe* s, Rec* r) => FromXToSingle(s, r, (uint)s->X[r->Rn]);

    [Fast("FcvtFromGeneral"), MethodImpl(Inline.Hot)]
    internal static bool ScvtfSX(Pe* s, Rec* r) => FromXToSingle(s, r, (long)s->X[r->Rn]);

    [Fast("FcvtFromGeneral"), MethodImpl(Inline.Hot)]
    internal static bool UcvtfSX(Pe* s, Rec* r) => (long)s->X[r->Rn] >= 0 && FromXToSingle(s, r, (long)s->X[r->Rn]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool FromX(Pe* s, Rec* r, long integer)
    {
        // Up to 2^53 it is exact.
        if (s->FpFast == 0 && (ulong)(integer + (1L << 53)) > 1UL << 54)
        {
            return false;
        }

        Set(s, r->Rd, (double)integer);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool FromXToSingle(Pe* s, Rec* r, long integer)
    {
        if (s->FpFast == 0 && (ulong)(integer + (1L << 24)) > 1UL << 25)
        {
            return false;
        }

        Set(s, r->Rd, (float)integer);
        return true;
    }

    // ---- between formats
    [Fast("Fcvt"), MethodImpl(Inline.Hot)]
    internal static bool FcvtDS(Pe* s, Rec* r)
    {
        uint bits = *(uint*)Pe.Vec(s, r->Rn);

        // Zeros and normal numbers widen exactly.
        if ((bits << 1) - (1u << 24) >= 0xFEu << 24 && bits << 1 != 0)
        {
            return false;
        }

        Set(s, r->Rd, (double)BitConverter.UInt32BitsToSingle(bits));
        return true;
    }

    [Fast("Fcvt"), MethodImpl(Inline.Hot)]
    internal static bool FcvtSD(Pe* s, Rec* r)
    {
        double n = D(s, r->Rn);
        float x = (float)n;
        if (s->FpFast == 0 || ((BitConverter.SingleToUInt32Bits(x) << 1) - (2U << 24) >= 0xFDU << 24 && n != 0))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    // ---- to integral values: never inexact, so only subnormals (they may be flushed), infinities and NaNs are out of the ordinary
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Ordinary(double x)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(x) << 1;
        return bits - (1UL << 53) < 0x7FEUL << 53 || bits == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SetIfOrdinary(Pe* s, Rec* r, double n, double x)
    {
        if (!Ordinary(n))
        {
            return false;
        }

        Set(s, r->Rd, x);
        return true;
    }

    [Fast("Frint"), MethodImpl(Inline.Hot)]
    internal static bool FrintmD(Pe* s, Rec* r) => SetIfOrdinary(s, r, D(s, r->Rn), Math.Floor(D(s, r->Rn)));

    [Fast("Frint"), MethodImpl(Inline.Hot)]
    internal static bool FrintpD(Pe* s, Rec* r) => SetIfOrdinary(s, r, D(s, r->Rn), Math.Ceiling(D(s, r->Rn)));

    [Fast("Frint"), MethodImpl(Inline.Hot)]
    internal static bool FrintzD(Pe* s, Rec* r) => SetIfOrdinary(s, r, D(s, r->Rn), Math.Truncate(D(s, r->Rn)));

    [Fast("Frint"), MethodImpl(Inline.Hot)]
    internal static bool FrintnD(Pe* s, Rec* r) => SetIfOrdinary(s, r, D(s, r->Rn), Math.Round(D(s, r->Rn)));
}
