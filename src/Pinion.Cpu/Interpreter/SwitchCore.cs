using System.Runtime.CompilerServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// One instruction at a time, without tail calls: portable, the oracle of the threaded core, and what observation and exact positions use.
/// </summary>
internal static unsafe partial class SwitchCore
{
    /// <summary>
    /// Executes the record of the instruction at <c>Pc</c>. True: <c>Pc</c> is the next instruction. False: the instruction left, <c>Pc</c> and <c>Leave</c> tell how.
    /// </summary>
    public static bool Step(Pe* s, Rec* r) => Execute(s, r);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Next(Pe* s)
    {
        s->Pc += 4;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Jump(Pe* s, ulong target)
    {
        s->Pc = target;
        return true;
    }
}
