using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Software step (Arm ARM D2.12): what a guest's debuggers step programs with.</content>
public sealed unsafe partial class ProcessingElement
{
    private const ulong StepEnable = 1, KernelDebugEnable = 1 << 13, OsLock = 2;

    // ISV, and the fault status of a debug exception; EX tells that a load-exclusive was stepped.
    private const ulong StepIss = (1 << 24) | 0x22, SteppedExclusive = 1 << 6;

    private bool _stepping;

    /// <summary>MDSCR_EL1.SS is set, and debug exceptions are enabled at the current EL.</summary>
    internal bool IsStepping => _stepping;

    private bool StepIsEnabled()
    {
        ulong control = State->Sys[(int)SysRegId.MDSCR_EL1];
        return (control & StepEnable) != 0 && (State->Sys[(int)SysRegId.OSLSR_EL1] & OsLock) == 0
            && (State->El == 0 || ((control & KernelDebugEnable) != 0 && (State->Daif & 8) == 0));
    }

    /// <summary>With PSTATE.SS set executes one instruction and clears it, else takes the exception that the instruction before made pending.</summary>
    private void ExecuteStep()
    {
        Pe* s = State;
        if (s->Ss == 0)
        {
            // The monitor was cleared by the return that began the step, so if it is set now, the one instruction did that.
            ulong iss = StepIss | (s->ExclusiveValid != 0 ? SteppedExclusive : 0);
            Exceptions.TakeSynchronous(Syndrome.Of(s->El == 0 ? ExceptionClass.SoftwareStepLower : ExceptionClass.SoftwareStepSame, iss), 0, s->Pc);
            return;
        }

        ulong taken = Exceptions.Taken;
        Execute(1);
        if (s->Leave == (int)LeaveReason.ExecuteAlone)
        {
            ExecuteAlone();
        }

        if (Exceptions.Taken == taken)
        {
            s->Ss = 0;
        }
    }
}
