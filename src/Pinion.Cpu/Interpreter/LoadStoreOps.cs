using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Loads and stores of one register: addresses, and the moves between memory and a register that every addressing mode shares.</summary>
internal static unsafe partial class LoadStoreOps
{
    // ---- addresses ----

    [MethodImpl(Inline.Hot)]
    private static ulong Offset(Pe* s, Rec* r) => Pe.R(s)[r->Rn] + (ulong)r->Imm;

    /// <summary>Register offset, LSL by Aux.</summary>
    [MethodImpl(Inline.Hot)]
    private static ulong Indexed(Pe* s, Rec* r) => Pe.R(s)[r->Rn] + (Pe.R(s)[r->Rm] << (int)r->Aux);

    /// <summary>Register offset, UXTW (Imm 0) or SXTW (Imm 1), then LSL by Aux.</summary>
    [MethodImpl(Inline.Hot)]
    private static ulong Extended(Pe* s, Rec* r)
    {
        ulong index = r->Imm != 0 ? (ulong)(int)Pe.R(s)[r->Rm] : (uint)Pe.R(s)[r->Rm];
        return Pe.R(s)[r->Rn] + (index << (int)r->Aux);
    }

    [MethodImpl(Inline.Hot)]
    private static bool Ldrb<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out byte* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool Ldrh<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ushort* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrW<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out uint* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrX<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ulong* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrsbW<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out sbyte* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (uint)*p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrsbX<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out sbyte* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (ulong)*p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrshW<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out short* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (uint)*p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrshX<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out short* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (ulong)*p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool Ldrsw<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out int* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (ulong)*p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrSimdB<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out byte* p))
        {
            return false;
        }

        *Pe.Vec(s, r->Rd) = Vector128.CreateScalar(*p);
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrSimdH<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ushort* p))
        {
            return false;
        }

        *Pe.Vec(s, r->Rd) = Vector128.CreateScalar(*p).AsByte();
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrSimdS<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out uint* p))
        {
            return false;
        }

        *Pe.Vec(s, r->Rd) = Vector128.CreateScalar(*p).AsByte();
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrSimdD<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ulong* p))
        {
            return false;
        }

        *Pe.Vec(s, r->Rd) = Vector128.CreateScalar(*p).AsByte();
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdrSimdQ<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out Vector128<byte>* p))
        {
            return false;
        }

        *Pe.Vec(s, r->Rd) = *p;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool Strb<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, (byte)Pe.R(s)[r->Rd]);

    [MethodImpl(Inline.Hot)]
    private static bool Strh<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, (ushort)Pe.R(s)[r->Rd]);

    [MethodImpl(Inline.Hot)]
    private static bool StrW<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, (uint)Pe.R(s)[r->Rd]);

    [MethodImpl(Inline.Hot)]
    private static bool StrX<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, Pe.R(s)[r->Rd]);

    [MethodImpl(Inline.Hot)]
    private static bool StrSimdB<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, *(byte*)Pe.Vec(s, r->Rd));

    [MethodImpl(Inline.Hot)]
    private static bool StrSimdH<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, *(ushort*)Pe.Vec(s, r->Rd));

    [MethodImpl(Inline.Hot)]
    private static bool StrSimdS<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, *(uint*)Pe.Vec(s, r->Rd));

    [MethodImpl(Inline.Hot)]
    private static bool StrSimdD<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, *(ulong*)Pe.Vec(s, r->Rd));

    [MethodImpl(Inline.Hot)]
    private static bool StrSimdQ<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, *Pe.Vec(s, r->Rd));
}
