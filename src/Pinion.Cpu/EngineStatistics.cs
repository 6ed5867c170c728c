using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Jit;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <summary>What an engine did.</summary>
/// <param name="Executed">Instructions in all.</param>
/// <param name="Compiled">Those of them that compiled code executed.</param>
/// <param name="Stepped">Those of <paramref name="Compiled"/> that it had the interpreter execute.</param>
/// <param name="Entries">Times that compiled code was entered from the dispatcher.</param>
/// <param name="Blocks">Blocks compiled.</param>
/// <param name="Regions">Those of them that were compiled again because much time is spent there.</param>
/// <param name="BlockInstructions">Instructions in them.</param>
/// <param name="CodeBytes">Bytes of code that are in use.</param>
/// <param name="Flushes">Times that all code was dropped to make room.</param>
/// <param name="Wanderers">Loads and stores that were found to go from page to page.</param>
/// <param name="BlockTime">Time spent in compiling blocks.</param>
/// <param name="RegionTime">Time spent in compiling regions.</param>
/// <param name="ObservingTime">Time spent in compiling what observes.</param>
/// <param name="Left">Times that compiled code was left, by <see cref="LeaveReason"/>.</param>
/// <param name="SiteMisses">Loads and stores whose site did not know the page.</param>
/// <param name="Observing">Instructions with observing code.</param>
/// <param name="Marked">Samples that compiled code marked, and went on.</param>
/// <param name="Foretold">Those of them whose operation told all before it was executed.</param>
/// <param name="Aside">Batches of samples whose records a thread of its own made.</param>
/// <param name="SteppedMost">The operations that compiled code left to the interpreter, most frequent first.</param>
public sealed record EngineStatistics(
    ulong Executed,
    ulong Compiled,
    ulong Stepped,
    long Entries,
    long Blocks,
    long Regions,
    long BlockInstructions,
    long CodeBytes,
    long Flushes,
    long Wanderers,
    TimeSpan BlockTime,
    TimeSpan RegionTime,
    TimeSpan ObservingTime,
    IReadOnlyList<long> Left,
    ulong SiteMisses,
    long Observing,
    long Marked,
    long Foretold,
    long Aside,
    IReadOnlyList<(string Operation, ulong Times)> SteppedMost)
{
    internal static unsafe EngineStatistics Of(NativeCode? native, Pe* state, Recorder? recorder, ulong executed)
    {
        if (native is null)
        {
            return new(executed, 0, 0, 0, 0, 0, 0, 0, 0, 0, default, default, default, [], 0, 0, 0, 0, 0, []);
        }

        ulong stepped = 0;
        var most = new List<(string Operation, ulong Times)>();
        for (int op = 0; op < (int)Op.Count; op++)
        {
            ulong times = native.Steps[op];
            stepped += times;
            if (times != 0)
            {
                most.Add((((Op)op).ToString(), times));
            }
        }

        most.Sort((left, right) => right.Times.CompareTo(left.Times));
        return new(
            executed,
            (ulong)native.Executed,
            stepped,
            native.Entries,
            native.Blocks,
            native.Regions,
            native.Instructions,
            native.Bytes,
            native.Flushes,
            native.Wanderers,
            native.BlockTime,
            native.RegionTime,
            native.ObservingTime,
            native.Left,
            state->SiteMisses,
            native.ObservedInstructions,
            native.Marked,
            recorder?.Foretold ?? 0,
            recorder?.Aside ?? 0,
            most);
    }
}
