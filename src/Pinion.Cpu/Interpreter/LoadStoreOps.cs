using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Loads and stores of one register, by width and addressing mode.</summary>
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

    // ---- moves between memory and a register ----

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

    // ---- one operation for each width and addressing mode ----

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrbOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrb<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrbIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrb<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrbExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrb<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrbPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!Ldrb<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrbPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!Ldrb<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrhOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrh<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrhIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrh<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrhExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrh<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrhPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!Ldrh<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrhPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!Ldrh<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrWOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrW<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrWIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrW<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrWExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrW<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrWPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrWPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrX<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrX<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrX<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbWOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrsbW<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbWIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrsbW<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbWExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrsbW<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbWPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrsbW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbWPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrsbW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbXOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrsbX<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbXIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrsbX<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbXExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrsbX<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbXPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrsbX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrsbXPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrsbX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshWOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrshW<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshWIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrshW<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshWExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrshW<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshWPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrshW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshWPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrshW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshXOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrshX<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshXIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrshX<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshXExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrshX<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshXPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrshX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrshXPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrshX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrsw<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrsw<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrsw<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!Ldrsw<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!Ldrsw<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdBOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdB<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdBIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdB<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdBExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdB<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdBPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrSimdB<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdBPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrSimdB<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdHOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdH<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdHIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdH<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdHExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdH<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdHPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrSimdH<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdHPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrSimdH<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdS<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdS<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdS<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdD<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdD<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdD<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdQ<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdQ<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdQ<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!LdrSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!LdrSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrbOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Strb<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrbIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Strb<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrbExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Strb<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrbPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!Strb<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrbPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!Strb<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrhOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Strh<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrhIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Strh<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrhExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Strh<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrhPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!Strh<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrhPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!Strh<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrWOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrW<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrWIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrW<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrWExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrW<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrWPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrWPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrW<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrXOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrX<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrXIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrX<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrXExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrX<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrXPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrXPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrX<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdBOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdB<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdBIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdB<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdBExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdB<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdBPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrSimdB<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdBPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrSimdB<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdHOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdH<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdHIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdH<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdHExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdH<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdHPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrSimdH<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdHPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrSimdH<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdSOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdS<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdSIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdS<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdSExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdS<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdSPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdSPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrSimdS<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdDOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdD<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdDIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdD<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdDExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdD<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdDPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdDPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrSimdD<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdQOffset<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdQ<TMem>(s, r, Offset(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdQIndexed<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdQ<TMem>(s, r, Indexed(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdQExtended<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => StrSimdQ<TMem>(s, r, Extended(s, r));

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdQPre<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Offset(s, r);
        if (!StrSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrSimdQPost<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (!StrSimdQ<TMem>(s, r, va))
        {
            return false;
        }

        Pe.R(s)[r->Rn] = va + (ulong)r->Imm;
        return true;
    }

    // ---- literals ----

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrWLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrW<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrX<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrsw<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdS<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdD<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdQ<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    // ---- with EL0's permissions ----

    [Op]
    public static bool LdrbUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out byte* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [Op]
    public static bool LdrhUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out ushort* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [Op]
    public static bool LdrWUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out uint* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [Op]
    public static bool LdrXUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out ulong* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = *p;
        return true;
    }

    [Op]
    public static bool LdrsbWUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out sbyte* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (uint)*p;
        return true;
    }

    [Op]
    public static bool LdrsbXUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out sbyte* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (ulong)*p;
        return true;
    }

    [Op]
    public static bool LdrshWUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out short* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (uint)*p;
        return true;
    }

    [Op]
    public static bool LdrshXUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out short* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (ulong)*p;
        return true;
    }

    [Op]
    public static bool LdrswUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.ReadUser(s, r, Offset(s, r), out int* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = (ulong)*p;
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrbUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => TMem.WriteUser(s, r, Offset(s, r), (byte)Pe.R(s)[r->Rd]);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrhUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => TMem.WriteUser(s, r, Offset(s, r), (ushort)Pe.R(s)[r->Rd]);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrWUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => TMem.WriteUser(s, r, Offset(s, r), (uint)Pe.R(s)[r->Rd]);

    [Op, MethodImpl(Inline.Hot)]
    public static bool StrXUser<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => TMem.WriteUser(s, r, Offset(s, r), Pe.R(s)[r->Rd]);
}
