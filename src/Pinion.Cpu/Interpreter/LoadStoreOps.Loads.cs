using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <content>Loads of a general register, an operation for each width and addressing mode, and from literals.</content>
internal static unsafe partial class LoadStoreOps
{
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
    public static bool LdrWLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrW<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrXLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrX<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrswLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => Ldrsw<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);
}
