using System.Runtime.CompilerServices;
using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>System instructions: register moves, exceptions, hints, barriers, maintenance.</summary>
internal static unsafe partial class SystemOps
{
    [Op]
    public static bool Undefined(Pe* s, Rec* r) => Exits.Undefined(s, r);

    // ---- exception generation and return ----

    [Op]
    public static bool Svc(Pe* s, Rec* r)
    {
        // SVC returns behind itself, and it retires; a debugger has stepped it.
        s->Ss = 0;
        s->Owner.Exceptions.TakeSynchronous(Syndrome.Of(ExceptionClass.Svc64, (ulong)r->Imm), 0, Pe.PcOf(s, r) + 4);
        return false;
    }

    [Op]
    public static bool Hvc(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Owner.ExitImmediate = (ushort)r->Imm;
        return Exits.ToHypervisor(s, ExitReason.Hvc, Pe.PcOf(s, r) + 4);
    }

    [Op]
    public static bool Smc(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Owner.ExitImmediate = (ushort)r->Imm;
        return Exits.ToHypervisor(s, ExitReason.Smc, Pe.PcOf(s, r));
    }

    [Op]
    public static bool Brk(Pe* s, Rec* r) => Exits.Exception(s, r, Syndrome.Of(ExceptionClass.Brk64, (ulong)r->Imm));

    [Op]
    public static bool Eret(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Owner.Exceptions.Return();
        return false;
    }

    // ---- hints ----

    [Op, MethodImpl(Inline.Hot)]
    public static void Nop(Pe* s, Rec* r)
    {
    }

    [Op]
    public static bool Wfi(Pe* s, Rec* r)
    {
        if (Volatile.Read(ref s->InterruptLines) != 0)
        {
            return Exits.Reschedule(s, r);
        }

        // Only a WFI that would wait is trapped.
        return s->El == 0 && (s->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 16)) == 0
            ? Exits.Exception(s, r, Syndrome.Of(ExceptionClass.WfiWfe, WaitIss))
            : Exits.ToHypervisor(s, ExitReason.Wfi, Pe.PcOf(s, r) + 4);
    }

    /// <summary>ISS of a trapped WFI; bit 0 makes it a WFE. For A64 CV is 1 and COND 0b1110.</summary>
    private const ulong WaitIss = 0x1E << 20;

    [Op]
    public static bool Wfe(Pe* s, Rec* r)
    {
        if (s->EventRegister != 0)
        {
            s->EventRegister = 0;
            return true;
        }

        if (s->El == 0 && (s->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 18)) == 0)
        {
            return Exits.Exception(s, r, Syndrome.Of(ExceptionClass.WfiWfe, WaitIss | 1));
        }

        return Exits.ToHypervisor(s, ExitReason.Wfe, Pe.PcOf(s, r) + 4);
    }

    [Op]
    public static void Sevl(Pe* s, Rec* r) => s->EventRegister = 1;

    /// <summary>Waits for the records of all samples before it: what is executed alone does.</summary>
    [Op]
    public static bool PsbCsync(Pe* s, Rec* r) => s->Owner.Spu is null || s->Owner.IsAlone || Exits.Alone(s, r);

    [Op]
    public static void Sev(Pe* s, Rec* r) => s->Owner.SendEvent();

    /// <summary>Spinning guests give the host's core away: with fewer cores than PEs, the one that is waited for may need it.</summary>
    [Op]
    public static bool Yield(Pe* s, Rec* r) => s->Smp == 0 || Exits.ToHypervisor(s, ExitReason.Wfe, Pe.PcOf(s, r) + 4);

    // ---- barriers ----

    [Op, MethodImpl(Inline.Hot)]
    public static void Dmb(Pe* s, Rec* r)
    {
        // x86 orders everything but a store before a later load.
        if (s->Smp != 0)
        {
            Interlocked.MemoryBarrier();
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void Dsb(Pe* s, Rec* r)
    {
        if (s->Smp != 0)
        {
            DsbShared(s);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DsbShared(Pe* s)
    {
        Interlocked.MemoryBarrier();
        if (s->MaintenancePending != 0)
        {
            s->MaintenancePending = 0;
            ProcessingElement owner = s->Owner;
            owner.Configuration.Domain.WaitForAll(owner);
        }
    }

    [Op, MethodImpl(Inline.Hot)]
    public static bool Isb(Pe* s, Rec* r) => s->CodeStale == 0 || Exits.Reschedule(s, r);

    [Op]
    public static void Clrex(Pe* s, Rec* r) => s->ExclusiveValid = 0;

    // ---- PSTATE ----

    [Op]
    public static bool MsrDaifSet(Pe* s, Rec* r)
    {
        if (s->El == 0 && !DaifAllowed(s))
        {
            return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
        }

        s->Daif |= (byte)r->Imm;
        return true;
    }

    [Op]
    public static bool MsrDaifClr(Pe* s, Rec* r)
    {
        if (s->El == 0 && !DaifAllowed(s))
        {
            return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
        }

        s->Daif &= (byte)~r->Imm;
        return Unmasked(s, r);
    }

    /// <summary>What was masked may be due now: an interrupt, or software step.</summary>
    private static bool Unmasked(Pe* s, Rec* r)
    {
        if ((s->Sys[(int)SysRegId.MDSCR_EL1] & 1) != 0)
        {
            s->Owner.ContextChanged();
            return Exits.Reschedule(s, r);
        }

        return Volatile.Read(ref s->InterruptLines) == 0 || Exits.Reschedule(s, r);
    }

    private static bool DaifAllowed(Pe* s) => (s->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 9)) != 0;

    [Op]
    public static bool MsrPanImmediate(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Pan = (byte)(r->Imm & 1);
        s->Owner.Mmu.SelectContext();
        return true;
    }

    [Op]
    public static bool MsrSpSelImmediate(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Owner.WriteSystemRegister(SysRegId.SPSel, (ulong)r->Imm & 1);
        return true;
    }

    // ---- MRS and MSR ----

    /// <summary>Storage that EL1 alone may read.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static bool MrsPlain(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        Pe.R(s)[r->Rd] = s->Sys[r->Aux];
        return true;
    }

    /// <summary>Storage that EL0 may read too.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static void MrsPlainEl0(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = s->Sys[r->Aux];

    [Op, MethodImpl(Inline.Hot)]
    public static bool MsrPlain(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        s->Sys[r->Aux] = Pe.R(s)[r->Rn];
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void MsrPlainEl0(Pe* s, Rec* r) => s->Sys[r->Aux] = Pe.R(s)[r->Rn];

    /// <summary>The kernel's current task: SP_EL0 while SP_EL1 is selected.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static bool MrsSpEl0(Pe* s, Rec* r)
    {
        if (s->SpSel == 0)
        {
            // At EL0, and at EL1 while SP_EL0 is the stack pointer, the access is UNDEFINED.
            return Exits.Undefined(s, r);
        }

        Pe.R(s)[r->Rd] = s->Sys[(int)SysRegId.SP_EL0];
        return true;
    }

    /// <summary>Kernels read it before they clear a page.</summary>
    [Op]
    public static void MrsDczid(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = s->Owner.ReadSystemRegister(SysRegId.DCZID_EL0);

    [Op, MethodImpl(Inline.Hot)]
    public static bool MrsDaif(Pe* s, Rec* r)
    {
        if (s->El == 0 && !DaifAllowed(s))
        {
            return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
        }

        Pe.R(s)[r->Rd] = (ulong)s->Daif << 6;
        return true;
    }

    [Op]
    public static bool MsrDaif(Pe* s, Rec* r)
    {
        if (s->El == 0 && !DaifAllowed(s))
        {
            return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
        }

        s->Daif = (byte)((Pe.R(s)[r->Rn] >> 6) & 15);
        return Unmasked(s, r);
    }

    [Op]
    public static void MrsNzcv(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = s->Nzcv;

    [Op]
    public static void MsrNzcv(Pe* s, Rec* r) => s->Nzcv = (uint)Pe.R(s)[r->Rn];

    [Op]
    public static void MrsFpcr(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = s->Fpcr;

    [Op]
    public static void MrsFpsr(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = s->Fpsr;

    [Op]
    public static void MsrFpcr(Pe* s, Rec* r) => s->Owner.WriteSystemRegister(SysRegId.FPCR, Pe.R(s)[r->Rn]);

    [Op]
    public static void MsrFpsr(Pe* s, Rec* r) => s->Owner.WriteSystemRegister(SysRegId.FPSR, Pe.R(s)[r->Rn]);

    /// <summary>Every other MRS: checks, traps, effects.</summary>
    [Op]
    public static bool MrsSpecial(Pe* s, Rec* r)
    {
        ProcessingElement owner = s->Owner;
        SysRegInfo info = SysRegTable.Get((SysRegId)r->Aux);
        if (!owner.MayAccess(info, r, read: true))
        {
            return false;
        }

        if (owner.NeedsExactCounts(info.Id) && !owner.IsAlone)
        {
            return Exits.Alone(s, r);
        }

        Pe.R(s)[r->Rd] = info.Behaviour == SysRegBehaviour.Gic ? owner.Configuration.Gic!.Read(info.Id) : owner.ReadSystemRegister(info.Id);
        return true;
    }

    /// <summary>Every other MSR. The dispatcher looks at everything afterwards.</summary>
    [Op]
    public static bool MsrSpecial(Pe* s, Rec* r)
    {
        ProcessingElement owner = s->Owner;
        SysRegInfo info = SysRegTable.Get((SysRegId)r->Aux);
        if (!owner.MayAccess(info, r, read: false))
        {
            return false;
        }

        if (owner.NeedsExactCounts(info.Id) && !owner.IsAlone)
        {
            return Exits.Alone(s, r);
        }

        ulong value = Pe.R(s)[r->Rn];
        if (info.Behaviour == SysRegBehaviour.Gic)
        {
            owner.Configuration.Gic!.Write(info.Id, value);
        }
        else
        {
            owner.WriteSystemRegister(info.Id, value);
        }

        return Exits.Reschedule(s, r);
    }

    /// <summary>Reserved identification space reads as zero.</summary>
    [Op]
    public static bool MrsZero(Pe* s, Rec* r)
    {
        if (s->El == 0)
        {
            return Exits.Undefined(s, r);
        }

        Pe.R(s)[r->Rd] = 0;
        return true;
    }
}
