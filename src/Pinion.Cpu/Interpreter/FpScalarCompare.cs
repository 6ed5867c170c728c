using System.Runtime.CompilerServices;
using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.FpOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Scalar comparisons and choices by the host. They raise nothing unless a NaN is among the operands.</summary>
internal static unsafe class FpScalarCompare
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SetFlags(Pe* s, double n, double m)
    {
        bool notLess = n >= m;
        if ((!notLess && !(n < m)) || (s->Fpcr & Fpcr.Fz) != 0)
        {
            return false;
        }

        ulong carry = notLess ? 1UL : 0;
        s->CF = carry;
        s->NF = (long)carry - 1;
        s->ZF = n == m ? 0UL : 1UL;
        s->VF = 0;
        return true;
    }

    [Fast("FcmpAny"), MethodImpl(Inline.Hot)]
    internal static bool FcmpD(Pe* s, Rec* r) => SetFlags(s, D(s, r->Rn), D(s, r->Rm));

    [Fast("FcmpAny"), MethodImpl(Inline.Hot)]
    internal static bool FcmpS(Pe* s, Rec* r) => SetFlags(s, S(s, r->Rn), S(s, r->Rm));

    [Fast("FcmpAny"), MethodImpl(Inline.Hot)]
    internal static bool FcmpZeroD(Pe* s, Rec* r) => SetFlags(s, D(s, r->Rn), 0);

    [Fast("FcmpAny"), MethodImpl(Inline.Hot)]
    internal static bool FcmpZeroS(Pe* s, Rec* r) => SetFlags(s, S(s, r->Rn), 0);

    [Fast("FccmpAny"), MethodImpl(Inline.Hot)]
    internal static bool FccmpD(Pe* s, Rec* r) => Conditions.Holds(s, (uint)(r->Imm >> 32)) && SetFlags(s, D(s, r->Rn), D(s, r->Rm));

    [Fast("FccmpAny"), MethodImpl(Inline.Hot)]
    internal static bool FccmpS(Pe* s, Rec* r) => Conditions.Holds(s, (uint)(r->Imm >> 32)) && SetFlags(s, S(s, r->Rn), S(s, r->Rm));

    /// <summary>FCSEL of any format: <c>Imm</c> masks the element, <c>Aux</c> is the condition's mask.</summary>
    [Op, MethodImpl(Inline.Hot)]
    internal static void Fcsel(Pe* s, Rec* r) => Set(s, r->Rd, *(ulong*)Pe.Vec(s, Conditions.Holds(s, r->Aux) ? r->Rn : r->Rm) & (ulong)r->Imm);

    // ---- minimum and maximum of ordered, different operands (or equal bits)
    [Fast("Fmax"), MethodImpl(Inline.Hot)]
    internal static bool FmaxD(Pe* s, Rec* r) => Pick(s, r, D(s, r->Rn), D(s, r->Rm));

    [Fast("Fmaxnm"), MethodImpl(Inline.Hot)]
    internal static bool FmaxnmD(Pe* s, Rec* r) => Pick(s, r, D(s, r->Rn), D(s, r->Rm));

    [Fast("Fmin"), MethodImpl(Inline.Hot)]
    internal static bool FminD(Pe* s, Rec* r) => Pick(s, r, -D(s, r->Rn), -D(s, r->Rm));

    [Fast("Fminnm"), MethodImpl(Inline.Hot)]
    internal static bool FminnmD(Pe* s, Rec* r) => Pick(s, r, -D(s, r->Rn), -D(s, r->Rm));

    [Fast("Fmax"), MethodImpl(Inline.Hot)]
    internal static bool FmaxS(Pe* s, Rec* r) => Pick(s, r, S(s, r->Rn), S(s, r->Rm));

    [Fast("Fmaxnm"), MethodImpl(Inline.Hot)]
    internal static bool FmaxnmS(Pe* s, Rec* r) => Pick(s, r, S(s, r->Rn), S(s, r->Rm));

    [Fast("Fmin"), MethodImpl(Inline.Hot)]
    internal static bool FminS(Pe* s, Rec* r) => Pick(s, r, -S(s, r->Rn), -S(s, r->Rm));

    [Fast("Fminnm"), MethodImpl(Inline.Hot)]
    internal static bool FminnmS(Pe* s, Rec* r) => Pick(s, r, -S(s, r->Rn), -S(s, r->Rm));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Pick(Pe* s, Rec* r, double n, double m)
    {
        if (!(n > m || n < m) || (s->Fpcr & Fpcr.Fz) != 0)
        {
            return false;
        }

        Set(s, r->Rd, D(s, n > m ? r->Rn : r->Rm));
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Pick(Pe* s, Rec* r, float n, float m)
    {
        if (!(n > m || n < m) || (s->Fpcr & Fpcr.Fz) != 0)
        {
            return false;
        }

        Set(s, r->Rd, S(s, n > m ? r->Rn : r->Rm));
        return true;
    }
}
