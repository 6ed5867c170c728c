using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Between windows the model sees nothing, so a line that no cache of the model has may have been brought unobserved. Such a line counts as found where the instruction's
/// other misses are found, as long as those are lines that the model knew; an instruction that meets only unknown lines gets them from DRAM.
/// </summary>
internal sealed class UnobservedLines
{
    private const int Entries = 1024;
    private const int InstructionShift = 2;
    private const int Sure = 3;

    private readonly Instruction[] _instructions = new Instruction[Entries];

    /// <summary>Where the line that the instruction at <paramref name="pc"/> missed in L1 counts as found, when the caches say <paramref name="source"/>.</summary>
    public SpeDataSource Judge(ulong pc, SpeDataSource source)
    {
        ref Instruction instruction = ref _instructions[(pc >> InstructionShift) & (Entries - 1)];
        if (instruction.Pc != pc)
        {
            instruction = new Instruction { Pc = pc };
        }

        if (source != SpeDataSource.Dram)
        {
            instruction.Known = source;
            instruction.Confidence = Math.Min(instruction.Confidence + 1, Sure);
            return source;
        }

        if (instruction.Confidence == 0)
        {
            return source;
        }

        instruction.Confidence--;
        return instruction.Known;
    }

    private struct Instruction
    {
        public ulong Pc;
        public int Confidence;
        public SpeDataSource Known;
    }
}
