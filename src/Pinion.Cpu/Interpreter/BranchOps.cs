using System.Runtime.CompilerServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Branches. Conditional ones have an operation for each condition, so that the host predicts each apart.</summary>
internal static unsafe partial class BranchOps
{
    [Branch, MethodImpl(Inline.Hot)]
    public static bool B(Pe* s, Rec* r) => true;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool Bl(Pe* s, Rec* r)
    {
        Pe.R(s)[30] = Pe.PcOf(s, r) + 4;
        return true;
    }

    [Indirect, MethodImpl(Inline.Hot)]
    public static ulong Br(Pe* s, Rec* r) => Pe.R(s)[r->Rn];

    [Indirect, MethodImpl(Inline.Hot)]
    public static ulong Blr(Pe* s, Rec* r)
    {
        ulong target = Pe.R(s)[r->Rn];
        Pe.R(s)[30] = Pe.PcOf(s, r) + 4;
        return target;
    }

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BEq(Pe* s, Rec* r) => s->ZF == 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BNe(Pe* s, Rec* r) => s->ZF != 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BCs(Pe* s, Rec* r) => s->CF != 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BCc(Pe* s, Rec* r) => s->CF == 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BMi(Pe* s, Rec* r) => s->NF < 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BPl(Pe* s, Rec* r) => s->NF >= 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BVs(Pe* s, Rec* r) => s->VF < 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BVc(Pe* s, Rec* r) => s->VF >= 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BHi(Pe* s, Rec* r) => s->CF != 0 && s->ZF != 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BLs(Pe* s, Rec* r) => s->CF == 0 || s->ZF == 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BGe(Pe* s, Rec* r) => (s->NF ^ s->VF) >= 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BLt(Pe* s, Rec* r) => (s->NF ^ s->VF) < 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BGt(Pe* s, Rec* r) => s->ZF != 0 && (s->NF ^ s->VF) >= 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool BLe(Pe* s, Rec* r) => s->ZF == 0 || (s->NF ^ s->VF) < 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool CbzX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] == 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool CbzW(Pe* s, Rec* r) => (uint)Pe.R(s)[r->Rd] == 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool CbnzX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] != 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool CbnzW(Pe* s, Rec* r) => (uint)Pe.R(s)[r->Rd] != 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool Tbz(Pe* s, Rec* r) => ((Pe.R(s)[r->Rd] >> (int)r->Aux) & 1) == 0;

    [Branch, MethodImpl(Inline.Hot)]
    public static bool Tbnz(Pe* s, Rec* r) => ((Pe.R(s)[r->Rd] >> (int)r->Aux) & 1) != 0;
}
