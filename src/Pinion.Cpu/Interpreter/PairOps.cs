using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Loads and stores of register pairs. A pair is one access, so it is looked up once.</summary>
internal static unsafe partial class PairOps
{
    [MethodImpl(Inline.Hot)]
    private static bool LdpX<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out Vector128<ulong>* p))
        {
            return false;
        }

        ulong* q = (ulong*)p;
        ulong first = q[0], second = q[1];
        Pe.R(s)[r->Rd] = first;
        Pe.R(s)[r->Rm] = second;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdpW<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ulong* p))
        {
            return false;
        }

        ulong both = *p;
        Pe.R(s)[r->Rd] = (uint)both;
        Pe.R(s)[r->Rm] = both >> 32;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool Ldpsw<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ulong* p))
        {
            return false;
        }

        ulong both = *p;
        Pe.R(s)[r->Rd] = (ulong)(int)both;
        Pe.R(s)[r->Rm] = (ulong)((long)both >> 32);
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdpSimdS<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out ulong* p))
        {
            return false;
        }

        ulong both = *p;
        *Pe.Vec(s, r->Rd) = Vector128.CreateScalar((uint)both).AsByte();
        *Pe.Vec(s, r->Rm) = Vector128.CreateScalar((uint)(both >> 32)).AsByte();
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdpSimdD<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out Vector128<ulong>* p))
        {
            return false;
        }

        ulong* q = (ulong*)p;
        ulong first = q[0], second = q[1];
        *Pe.Vec(s, r->Rd) = Vector128.CreateScalar(first).AsByte();
        *Pe.Vec(s, r->Rm) = Vector128.CreateScalar(second).AsByte();
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool LdpSimdQ<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory
    {
        if (!TMem.Read(s, r, va, out Vector256<byte>* p))
        {
            return false;
        }

        Vector128<byte>* q = (Vector128<byte>*)p;
        Vector128<byte> first = q[0], second = q[1];
        *Pe.Vec(s, r->Rd) = first;
        *Pe.Vec(s, r->Rm) = second;
        return true;
    }

    [MethodImpl(Inline.Hot)]
    private static bool StpX<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, Vector128.Create(Pe.R(s)[r->Rd], Pe.R(s)[r->Rm]));

    [MethodImpl(Inline.Hot)]
    private static bool StpW<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, (uint)Pe.R(s)[r->Rd] | (Pe.R(s)[r->Rm] << 32));

    [MethodImpl(Inline.Hot)]
    private static bool StpSimdS<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, *(uint*)Pe.Vec(s, r->Rd) | ((ulong)*(uint*)Pe.Vec(s, r->Rm) << 32));

    [MethodImpl(Inline.Hot)]
    private static bool StpSimdD<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, Vector128.Create(*(ulong*)Pe.Vec(s, r->Rd), *(ulong*)Pe.Vec(s, r->Rm)));

    [MethodImpl(Inline.Hot)]
    private static bool StpSimdQ<TMem>(Pe* s, Rec* r, ulong va)
        where TMem : struct, IMemory => TMem.Write(s, r, va, Vector256.Create(*Pe.Vec(s, r->Rd), *Pe.Vec(s, r->Rm)));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpXOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdpX<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpXPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!LdpX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpXPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdpX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpWOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdpW<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpWPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!LdpW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpWPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdpW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpswOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldpsw<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpswPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!Ldpsw<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpswPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!Ldpsw<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdSOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdpSimdS<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdSPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!LdpSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdSPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdpSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdDOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdpSimdD<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdDPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!LdpSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdDPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdpSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdQOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdpSimdQ<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdQPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!LdpSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdpSimdQPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdpSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpXOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StpX<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpXPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!StpX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpXPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StpX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpWOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StpW<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpWPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!StpW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpWPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StpW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdSOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StpSimdS<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdSPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!StpSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdSPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StpSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdDOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StpSimdD<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdDPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!StpSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdDPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StpSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdQOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StpSimdQ<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdQPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn] + (ulong)r->Imm;
        if (!StpSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StpSimdQPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StpSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }
}
