using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <content>Unprivileged loads and stores: with EL0's permissions.</content>
internal static unsafe partial class LoadStoreOps
{
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
