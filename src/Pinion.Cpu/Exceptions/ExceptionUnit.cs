using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Exceptions;

/// <summary>Exception entry to EL1 and return from it (Arm ARM D1.3).</summary>
internal sealed unsafe class ExceptionUnit(Pe* s, ProcessingElement owner)
{
    private readonly Pe* _s = s;

    /// <summary>Exceptions taken since the PE was made.</summary>
    public ulong Taken { get; private set; }

    /// <summary>Takes a synchronous exception; <paramref name="returnAddress"/> goes to ELR_EL1.</summary>
    public void TakeSynchronous(ulong esr, ulong far, ulong returnAddress)
    {
        _s->Sys[(int)SysRegId.ESR_EL1] = esr;
        if (Syndrome.Class(esr) is ExceptionClass.DataAbortLower or ExceptionClass.DataAbortSame or ExceptionClass.InstructionAbortLower or ExceptionClass.InstructionAbortSame
            or ExceptionClass.PcAlignment or ExceptionClass.WatchpointLower or ExceptionClass.WatchpointSame)
        {
            _s->Sys[(int)SysRegId.FAR_EL1] = far;
        }

        Enter(0x000, returnAddress);
    }

    /// <summary>Takes an IRQ or FIQ before the instruction at Pc.</summary>
    public void TakeInterrupt(bool fiq) => Enter(fiq ? 0x100u : 0x080u, _s->Pc);

    private void Enter(ulong offset, ulong returnAddress)
    {
        Taken++;
        ulong spsr = owner.GetPstate();
        ulong vector = _s->El == 0 ? 0x400UL : _s->SpSel != 0 ? 0x200UL : 0UL;
        owner.SwitchStack(1, 1);
        _s->El = 1;
        _s->SpSel = 1;
        _s->Daif = 0xF;
        _s->Il = 0;
        _s->Ss = 0;
        if ((_s->Sys[(int)SysRegId.SCTLR_EL1] & (1UL << 23)) == 0)
        {
            // SCTLR_EL1.SPAN clear: entry sets PAN.
            _s->Pan = 1;
        }

        _s->Sys[(int)SysRegId.SPSR_EL1] = spsr;
        _s->Sys[(int)SysRegId.ELR_EL1] = returnAddress;
        _s->Pc = _s->Sys[(int)SysRegId.VBAR_EL1] + vector + offset;
        _s->Leave = (int)LeaveReason.Reschedule;
        owner.ContextChanged();
    }

    /// <summary>ERET. An illegal return (to AArch32, EL2, EL3, or reserved modes) sets PSTATE.IL and stays (Arm ARM D1.4.4).</summary>
    public void Return()
    {
        ulong spsr = _s->Sys[(int)SysRegId.SPSR_EL1];
        ulong target = _s->Sys[(int)SysRegId.ELR_EL1];
        uint mode = (uint)spsr & 0x1F;
        bool stepping = owner.IsStepping;
        _s->ExclusiveValid = 0;
        _s->EventRegister = 1;
        if (mode is not (0 or 4 or 5))
        {
            // NZCV, PAN and DAIF come from the SPSR; EL and SP stay.
            _s->Nzcv = (uint)spsr & 0xF000_0000;
            _s->Pan = (byte)((spsr >> 22) & 1);
            _s->Daif = (byte)((spsr >> 6) & 0xF);
            _s->Il = 1;
        }
        else
        {
            owner.SetPstate(spsr);
        }

        _s->Pc = target;
        _s->Leave = (int)LeaveReason.Reschedule;
        owner.ContextChanged();

        // A return into code that is stepped executes one instruction of it where SPSR_EL1.SS says so (Arm ARM, DebugExceptionReturnSS).
        _s->Ss = owner.IsStepping && !stepping ? (byte)((spsr >> 21) & 1) : (byte)0;
    }
}
