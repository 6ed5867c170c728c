using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <content>Loads and stores of a SIMD and FP register, an operation for each width and addressing mode.</content>
internal static unsafe partial class LoadStoreOps
{
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

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdSLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdS<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdDLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdD<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static bool LdrSimdQLiteral<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => LdrSimdQ<TMem>(s, r, Pe.PcOf(s, r) + (ulong)r->Imm);
}
