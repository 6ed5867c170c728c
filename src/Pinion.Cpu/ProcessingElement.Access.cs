using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Who may touch which system register.</content>
public sealed unsafe partial class ProcessingElement
{
    /// <summary>Checks an access of the instruction <paramref name="r"/>; false when it was refused: an exception or an exit is under way.</summary>
    internal bool MayAccess(SysRegInfo info, Rec* r, bool read)
    {
        Pe* s = State;
        if (s->El == 0)
        {
            if (info.El0 == SysRegAccess.None || (info.Behaviour == SysRegBehaviour.Gic))
            {
                return Exits.Undefined(s, r);
            }

            if (info.El0 == SysRegAccess.Controlled)
            {
                if (!Has(info.El1, read))
                {
                    return Exits.Undefined(s, r);
                }

                if (!El0MayAccess(info.Id, read))
                {
                    return Exits.Exception(s, r, Syndrome.SystemRegister(r->Word));
                }
            }
            else if (!Has(info.El0, read))
            {
                return Exits.Undefined(s, r);
            }
        }
        else if (!Has(info.El1, read))
        {
            return Exits.Undefined(s, r);
        }

        if (info.Behaviour == SysRegBehaviour.Gic && Configuration.Gic is null)
        {
            return Exits.Undefined(s, r);
        }

        if (info.Id is >= SysRegId.PMSCR_EL1 and <= SysRegId.PMBIDR_EL1 && _spu is null)
        {
            return Exits.Undefined(s, r);
        }

        if (info.Id == SysRegId.PMSDSFR_EL1 && !_spu!.Profile.Pmsidr.Fds)
        {
            return Exits.Undefined(s, r);
        }

        if (info.Id is SysRegId.SP_EL0 && s->SpSel == 0)
        {
            return Exits.Undefined(s, r);
        }

        if (_traps[(int)info.Id] != 0 && (_traps[(int)info.Id] & (read ? 1 : 2)) != 0)
        {
            Trapped = new TrappedRegister(info.Id, read, (int)(r->Word & 31));
            return Exits.ToHypervisor(s, ExitReason.SystemRegister, Pe.PcOf(s, r));
        }

        return true;
    }

    private static bool Has(SysRegAccess access, bool read) => (access & (read ? SysRegAccess.Read : SysRegAccess.Write)) != 0;

    /// <summary>The registers that give EL0 conditional access: CNTKCTL_EL1, PMUSERENR_EL0, SCTLR_EL1, MDSCR_EL1.</summary>
    private bool El0MayAccess(SysRegId id, bool read)
    {
        ulong cntkctl = State->Sys[(int)SysRegId.CNTKCTL_EL1];
        uint user = Pmu.UserEnable;
        return id switch
        {
            SysRegId.CTR_EL0 => (State->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 15)) != 0,
            SysRegId.DAIF => (State->Sys[(int)SysRegId.SCTLR_EL1] & (1 << 9)) != 0,
            SysRegId.CNTPCT_EL0 => (cntkctl & 1) != 0,
            SysRegId.CNTVCT_EL0 => (cntkctl & 2) != 0,
            SysRegId.CNTFRQ_EL0 => (cntkctl & 3) != 0,
            SysRegId.CNTV_CTL_EL0 or SysRegId.CNTV_CVAL_EL0 or SysRegId.CNTV_TVAL_EL0 => (cntkctl & (1 << 8)) != 0,
            SysRegId.CNTP_CTL_EL0 or SysRegId.CNTP_CVAL_EL0 or SysRegId.CNTP_TVAL_EL0 => (cntkctl & (1 << 9)) != 0,
            SysRegId.MDCCSR_EL0 or SysRegId.DBGDTR_EL0 or SysRegId.DBGDTRRX_EL0 => (State->Sys[(int)SysRegId.MDSCR_EL1] & (1 << 12)) == 0,
            SysRegId.PMSWINC_EL0 => (user & 3) != 0,
            SysRegId.PMCCNTR_EL0 => (user & 1) != 0 || (read && (user & 4) != 0),
            SysRegId.PMXEVCNTR_EL0 or (>= SysRegId.PMEVCNTR0_EL0 and <= SysRegId.PMEVCNTR30_EL0) => (user & 1) != 0 || (read && (user & 8) != 0),
            SysRegId.PMSELR_EL0 => (user & 9) != 0,
            _ => (user & 1) != 0,
        };
    }

    /// <summary>Registers whose value depends on how many instructions have been executed.</summary>
    internal bool NeedsExactCounts(SysRegId id) => id switch
    {
        SysRegId.CNTPCT_EL0 or SysRegId.CNTVCT_EL0 => Configuration.Time.IsDeterministic,
        >= SysRegId.CNTP_TVAL_EL0 and <= SysRegId.CNTV_CVAL_EL0 => Configuration.Time.IsDeterministic,
        >= SysRegId.PMCR_EL0 and <= SysRegId.PMCCFILTR_EL0 => true,
        >= SysRegId.PMSCR_EL1 and <= SysRegId.PMBIDR_EL1 => true,
        _ => false,
    };

    /// <summary>SEV: sets the event register of every PE of the domain.</summary>
    internal void SendEvent()
    {
        foreach (ProcessingElement member in Configuration.Domain.Members)
        {
            member.State->EventRegister = 1;
        }
    }
}
