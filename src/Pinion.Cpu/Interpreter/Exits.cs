using Pinion.Arm;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>How operations leave the chain: each method sets <c>Pc</c> and <c>Leave</c> and answers false, so that an operation can return it.</summary>
internal static unsafe class Exits
{
    /// <summary>Takes a synchronous exception to EL1 at this instruction.</summary>
    public static bool Exception(Pe* s, Rec* r, ulong esr, ulong far = 0)
    {
        ulong pc = Pe.PcOf(s, r);
        s->NotRetired++;
        s->Owner.Exceptions.TakeSynchronous(esr, far, pc);
        return false;
    }

    /// <summary>The instruction is UNDEFINED here.</summary>
    public static bool Undefined(Pe* s, Rec* r) => Exception(s, r, Syndrome.Unknown);

    /// <summary>Goes on with the next instruction, after the dispatcher has looked at the state (masks, contexts, pages).</summary>
    public static bool Reschedule(Pe* s, Rec* r)
    {
        s->Pc = Pe.PcOf(s, r) + 4;
        s->Leave = (int)LeaveReason.Reschedule;
        return false;
    }

    /// <summary>The dispatcher shall execute this instruction alone, with exact counts; see <see cref="LeaveReason.ExecuteAlone"/>.</summary>
    public static bool Alone(Pe* s, Rec* r)
    {
        s->Pc = Pe.PcOf(s, r);
        s->Leave = (int)LeaveReason.ExecuteAlone;
        return false;
    }

    /// <summary>EL2 has to act; <paramref name="pc"/> is where the guest stands.</summary>
    public static bool ToHypervisor(Pe* s, ExitReason reason, ulong pc)
    {
        s->Pc = pc;
        s->Owner.SetExit(reason);
        return false;
    }
}
