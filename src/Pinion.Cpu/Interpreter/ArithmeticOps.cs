using System.Runtime.CompilerServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Addition, subtraction and logic in all operand forms, and the instructions that read or set NZCV.</summary>
internal static unsafe partial class ArithmeticOps
{
    // ---- operands ----

    /// <summary>Rm shifted: Aux is the kind (LSL, LSR, ASR, ROR) in bits 9:8 and the amount below.</summary>
    [MethodImpl(Inline.Hot)]
    private static ulong ShiftedX(Pe* s, Rec* r)
    {
        ulong m = Pe.R(s)[r->Rm];
        int amount = (int)(r->Aux & 63);
        return (r->Aux >> 8) switch
        {
            0 => m << amount,
            1 => m >> amount,
            2 => (ulong)((long)m >> amount),
            _ => (m >> amount) | (m << -amount),
        };
    }

    [MethodImpl(Inline.Hot)]
    private static uint ShiftedW(Pe* s, Rec* r)
    {
        uint m = (uint)Pe.R(s)[r->Rm];
        int amount = (int)(r->Aux & 31);
        return (r->Aux >> 8) switch
        {
            0 => m << amount,
            1 => m >> amount,
            2 => (uint)((int)m >> amount),
            _ => (m >> amount) | (m << -amount),
        };
    }

    /// <summary>Rm extended: Aux is the option in bits 10:8 and the left shift below.</summary>
    [MethodImpl(Inline.Hot)]
    private static ulong ExtendedX(Pe* s, Rec* r)
    {
        ulong m = Pe.R(s)[r->Rm];
        ulong extended = (r->Aux >> 8) switch
        {
            0 => (byte)m,
            1 => (ushort)m,
            2 => (uint)m,
            4 => (ulong)(sbyte)m,
            5 => (ulong)(short)m,
            6 => (ulong)(int)m,
            _ => m,
        };
        return extended << (int)(r->Aux & 7);
    }

    [MethodImpl(Inline.Hot)]
    private static uint ExtendedW(Pe* s, Rec* r) => (uint)ExtendedX(s, r);

    // ---- flags ----

    [MethodImpl(Inline.Hot)]
    private static ulong AddFlagsX(Pe* s, ulong a, ulong b)
    {
        ulong sum = a + b;
        s->NF = (long)sum;
        s->ZF = sum;
        s->CF = sum < a ? 1UL : 0UL;
        s->VF = (long)((sum ^ a) & (sum ^ b));
        return sum;
    }

    [MethodImpl(Inline.Hot)]
    private static ulong AddFlagsW(Pe* s, uint a, uint b)
    {
        uint sum = a + b;
        s->NF = (int)sum;
        s->ZF = sum;
        s->CF = sum < a ? 1UL : 0UL;
        s->VF = (int)((sum ^ a) & (sum ^ b));
        return sum;
    }

    [MethodImpl(Inline.Hot)]
    private static ulong SubFlagsX(Pe* s, ulong a, ulong b)
    {
        ulong difference = a - b;
        s->NF = (long)difference;
        s->ZF = difference;
        s->CF = a >= b ? 1UL : 0UL;
        s->VF = (long)((a ^ b) & (a ^ difference));
        return difference;
    }

    [MethodImpl(Inline.Hot)]
    private static ulong SubFlagsW(Pe* s, uint a, uint b)
    {
        uint difference = a - b;
        s->NF = (int)difference;
        s->ZF = difference;
        s->CF = a >= b ? 1UL : 0UL;
        s->VF = (int)((a ^ b) & (a ^ difference));
        return difference;
    }

    [MethodImpl(Inline.Hot)]
    private static ulong AndFlagsX(Pe* s, ulong result)
    {
        s->NF = (long)result;
        s->ZF = result;
        s->CF = 0;
        s->VF = 0;
        return result;
    }

    [MethodImpl(Inline.Hot)]
    private static ulong AndFlagsW(Pe* s, uint result)
    {
        s->NF = (int)result;
        s->ZF = result;
        s->CF = 0;
        s->VF = 0;
        return result;
    }

    private static ulong AddCarryFlagsX(Pe* s, ulong a, ulong b)
    {
        ulong partial = a + b;
        ulong sum = partial + s->CF;
        s->NF = (long)sum;
        s->ZF = sum;
        s->VF = (long)((sum ^ a) & (sum ^ b));
        s->CF = partial < a || sum < partial ? 1UL : 0UL;
        return sum;
    }

    private static ulong AddCarryFlagsW(Pe* s, uint a, uint b)
    {
        ulong wide = (ulong)a + b + s->CF;
        uint sum = (uint)wide;
        s->NF = (int)sum;
        s->ZF = sum;
        s->VF = (int)((sum ^ a) & (sum ^ b));
        s->CF = wide >> 32;
        return sum;
    }

    // ---- add and subtract ----

    [Op, MethodImpl(Inline.Hot)]
    public static void AddImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void AddImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] + (uint)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void AddRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void AddRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] + (uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void SubRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] - Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void SubRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] - (uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void AddLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + (Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] + ((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] - (Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] - ((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] + ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] - ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] - ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddExtendedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + ExtendedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddExtendedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] + ExtendedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubExtendedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] - ExtendedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubExtendedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] - ExtendedW(s, r);

    // ---- add and subtract, setting flags ----

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsX(s, Pe.R(s)[r->Rn], (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsX(s, Pe.R(s)[r->Rn], (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsX(s, Pe.R(s)[r->Rn], ShiftedX(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsW(s, (uint)Pe.R(s)[r->Rn], ShiftedW(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsX(s, Pe.R(s)[r->Rn], ShiftedX(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsW(s, (uint)Pe.R(s)[r->Rn], ShiftedW(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsExtendedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsX(s, Pe.R(s)[r->Rn], ExtendedX(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void AddsExtendedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddFlagsW(s, (uint)Pe.R(s)[r->Rn], ExtendedW(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsExtendedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsX(s, Pe.R(s)[r->Rn], ExtendedX(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void SubsExtendedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SubFlagsW(s, (uint)Pe.R(s)[r->Rn], ExtendedW(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void CmpImmediateX(Pe* s, Rec* r) => SubFlagsX(s, Pe.R(s)[r->Rn], (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void CmpImmediateW(Pe* s, Rec* r) => SubFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void CmpRegisterX(Pe* s, Rec* r) => SubFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void CmpRegisterW(Pe* s, Rec* r) => SubFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm]);

    // ---- with carry ----

    [Op, MethodImpl(Inline.Hot)]
    public static void AdcX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + Pe.R(s)[r->Rm] + s->CF;

    [Op, MethodImpl(Inline.Hot)]
    public static void AdcW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)(Pe.R(s)[r->Rn] + Pe.R(s)[r->Rm] + s->CF);

    [Op, MethodImpl(Inline.Hot)]
    public static void SbcX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] + ~Pe.R(s)[r->Rm] + s->CF;

    [Op, MethodImpl(Inline.Hot)]
    public static void SbcW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)(Pe.R(s)[r->Rn] + ~Pe.R(s)[r->Rm] + s->CF);

    [Op]
    public static void AdcsX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddCarryFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]);

    [Op]
    public static void AdcsW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddCarryFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm]);

    [Op]
    public static void SbcsX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddCarryFlagsX(s, Pe.R(s)[r->Rn], ~Pe.R(s)[r->Rm]);

    [Op]
    public static void SbcsW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AddCarryFlagsW(s, (uint)Pe.R(s)[r->Rn], ~(uint)Pe.R(s)[r->Rm]);

    // ---- logic ----

    [Op, MethodImpl(Inline.Hot)]
    public static void AndImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void AndImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & (uint)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | (uint)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void EorImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void EorImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ (uint)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void AndRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void AndRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & (uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | (uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void EorRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void EorRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ (uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void BicRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & ~Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void BicRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & ~(uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void OrnRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | ~Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void OrnRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | ~(uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void EonRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ ~Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void EonRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ ~(uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void AndLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & (Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & ((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | (Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | ((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void EorLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ (Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void EorLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ ((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void BicLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & ~(Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void BicLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & ~((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrnLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | ~(Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrnLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | ~((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void EonLslX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ ~(Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void EonLslW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ ~((uint)Pe.R(s)[r->Rm] << (int)r->Aux);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrrShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void EorShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void EorShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void BicShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] & ~ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void BicShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] & ~ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrnShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] | ~ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void OrnShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] | ~ShiftedW(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void EonShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] ^ ~ShiftedX(s, r);

    [Op, MethodImpl(Inline.Hot)]
    public static void EonShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] ^ ~ShiftedW(s, r);

    // ---- logic, setting flags ----

    [Op, MethodImpl(Inline.Hot)]
    public static void AndsImmediateX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsX(s, Pe.R(s)[r->Rn] & (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndsImmediateW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsW(s, (uint)Pe.R(s)[r->Rn] & (uint)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndsRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsX(s, Pe.R(s)[r->Rn] & Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndsRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsW(s, (uint)Pe.R(s)[r->Rn] & (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void BicsRegisterX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsX(s, Pe.R(s)[r->Rn] & ~Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void BicsRegisterW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsW(s, (uint)Pe.R(s)[r->Rn] & ~(uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void AndsShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsX(s, Pe.R(s)[r->Rn] & ShiftedX(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void AndsShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsW(s, (uint)Pe.R(s)[r->Rn] & ShiftedW(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void BicsShiftedX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsX(s, Pe.R(s)[r->Rn] & ~ShiftedX(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static void BicsShiftedW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = AndFlagsW(s, (uint)Pe.R(s)[r->Rn] & ~ShiftedW(s, r));

    // ---- conditional select and compare: Aux is the mask of the condition ----

    [Op, MethodImpl(Inline.Hot)]
    public static void CselX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void CselW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)(Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void CsincX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : Pe.R(s)[r->Rm] + 1;

    [Op, MethodImpl(Inline.Hot)]
    public static void CsincW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)(Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : Pe.R(s)[r->Rm] + 1);

    [Op, MethodImpl(Inline.Hot)]
    public static void CsinvX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : ~Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void CsinvW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)(Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : ~Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void CsnegX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : 0 - Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void CsnegW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)(Conditions.Holds(s, r->Aux) ? Pe.R(s)[r->Rn] : 0 - Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmpImmediateX(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            SubFlagsX(s, Pe.R(s)[r->Rn], r->Rm);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmpImmediateW(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            SubFlagsW(s, (uint)Pe.R(s)[r->Rn], r->Rm);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmpRegisterX(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            SubFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmpRegisterW(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            SubFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm]);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmnImmediateX(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            AddFlagsX(s, Pe.R(s)[r->Rn], r->Rm);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmnImmediateW(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            AddFlagsW(s, (uint)Pe.R(s)[r->Rn], r->Rm);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmnRegisterX(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            AddFlagsX(s, Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void CcmnRegisterW(Pe* s, Rec* r)
    {
        if (Conditions.Holds(s, r->Aux))
        {
            AddFlagsW(s, (uint)Pe.R(s)[r->Rn], (uint)Pe.R(s)[r->Rm]);
        }
        else
        {
            s->Nzcv = (uint)r->Imm;
        }
    }
}
