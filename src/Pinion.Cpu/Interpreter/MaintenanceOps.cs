using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Cache, TLB and address translation instructions (the SYS space). Rd is the register operand.</summary>
internal static unsafe partial class MaintenanceOps
{
    // ---- data cache ----

    /// <summary>DC ZVA: 64 bytes of zero (DCZID_EL0.BS is 4).</summary>
    [Op]
    public static bool DcZva<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (s->El == 0 && (s->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 14)) == 0)
        {
            // Only the last try may take the exception: see IMemory.
            return typeof(TMem) == typeof(SlowMemory) && Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
        }

        if (!TMem.LocateBytes(s, r, Pe.R(s)[r->Rd] & ~63UL, 64, out byte* p))
        {
            return false;
        }

        Vector256<byte>* q = (Vector256<byte>*)p;
        q[0] = default;
        q[1] = default;
        return true;
    }

    /// <summary>
    /// DC CIVAC, CVAC, CVAU, CVAP (Imm 1: reads suffice) and DC IVAC (Imm 0: EL1, and needs write permission): caches are coherent here, so only the checks remain.
    /// </summary>
    [Op]
    public static bool DcByAddress(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            if (r->Imm == 0)
            {
                return Exits.Undefined(s, r);
            }

            if ((s->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 26)) == 0)
            {
                return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
            }
        }

        return s->Owner.CacheMaintenanceAllowed(r, Pe.R(s)[r->Rd], write: r->Imm == 0);
    }

    /// <summary>DC ISW, CSW, CISW: by set and way.</summary>
    [Op]
    public static bool DcBySetWay(Pe* s, Rec* r) => s->El != 0 || Exits.Undefined(s, r);

    // ---- instruction cache ----

    [Op]
    public static bool IcIvau(Pe* s, Rec* r)
    {
        if (s->El == 0 && (s->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 26)) == 0)
        {
            return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
        }

        ProcessingElement owner = s->Owner;
        ulong va = Pe.R(s)[r->Rd];
        if (!owner.CacheMaintenanceAllowed(r, va))
        {
            return false;
        }

        if (owner.Mmu.TryPhysical(va, out ulong pa))
        {
            owner.Code.InvalidateLine(pa);
            s->CodeDropped = 1;
            Share(s, new MaintenanceRequest(MaintenanceKind.CodeLine, pa));
        }

        return true;
    }

    /// <summary>IC IALLU (Imm 0) and IALLUIS (Imm 1).</summary>
    [Op]
    public static bool IcAll(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Owner.Code.InvalidateAll();
        s->CodeDropped = 1;
        if (r->Imm != 0)
        {
            Share(s, new MaintenanceRequest(MaintenanceKind.CodeAll, 0));
        }

        return true;
    }

    // ---- TLB: Imm is the kind, Aux 1 for the inner shareable forms ----

    [Op]
    public static bool Tlbi(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        var kind = (MaintenanceKind)r->Imm;
        ulong argument = kind is MaintenanceKind.TlbAddress or MaintenanceKind.TlbLastLevel ? (ulong)((long)(Pe.R(s)[r->Rd] << 20) >> 8) : Pe.R(s)[r->Rd];
        var request = new MaintenanceRequest(kind, argument);
        s->Owner.Perform(request);
        if (r->Aux != 0)
        {
            Share(s, request);
        }

        return true;
    }

    private static void Share(Pe* s, MaintenanceRequest request)
    {
        if (s->Smp != 0)
        {
            ProcessingElement owner = s->Owner;
            owner.Configuration.Domain.Broadcast(owner, request);
            s->MaintenancePending = 1;
        }
    }

    // ---- AT: Imm bit 0 write, bit 1 EL0, bit 2 with PAN ----

    [Op]
    public static bool At(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        bool write = (r->Imm & 1) != 0, user = (r->Imm & 2) != 0, pan = (r->Imm & 4) != 0 && s->Pan != 0;
        Stage1Result t = s->Owner.Mmu.Walk(Pe.R(s)[r->Rd], new Stage1Access(write ? MemoryAccess.Write : MemoryAccess.Read, !user, pan));
        ulong par;
        if (t.Faulted || t.Stage2OnWalk)
        {
            uint status = t.Stage2OnWalk ? FaultStatus.ExternalAbortOnWalk | (uint)t.Level : t.Status;
            par = 1 | ((ulong)status << 1) | (1UL << 11);
        }
        else
        {
            ulong sh = t.IsDevice || t.Attributes == 0x44 ? 2UL : t.Shareability;
            par = ((ulong)t.Attributes << 56) | (t.Ipa & 0x0000_FFFF_FFFF_F000) | (1UL << 11) | (1UL << 9) | (sh << 7);
        }

        s->Sys[(int)SysRegId.PAR_EL1] = par;
        return true;
    }
}
