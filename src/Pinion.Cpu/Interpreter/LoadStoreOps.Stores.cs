using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <content>Stores of a general register, an operation for each width and addressing mode.</content>
internal static unsafe partial class LoadStoreOps
{
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
}
