using System.Security.Cryptography;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;

namespace Pinion.Fuzz.Tests;

/// <summary>
/// Guests that run wild: random words, registers and translation tables. Nothing is thrown, no memory but the guest's is touched, every run ends within its budget, and both cores
/// (and the one that observes every instruction) do the same. PINION_FUZZ_SCALE multiplies the rounds, PINION_FUZZ_SEED chooses others.
/// </summary>
public sealed class CpuFuzzTests
{
    private const int Rounds = 150;
    private const int TooLong = 60_000;

    private static readonly int s_scale = int.TryParse(Environment.GetEnvironmentVariable("PINION_FUZZ_SCALE"), out int scale) ? scale : 1;
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("PINION_FUZZ_SEED"), out int seed) ? seed : 1;

    /// <summary>What the owner of EL2 sees of a run.</summary>
    private readonly record struct Step(ExitReason Reason, ulong Pc, ulong Pstate, ulong Executed, ulong Sum);

    [Fact]
    public void BothCoresRunWildGuestsAlikeAndWithinTheirBudget()
    {
        for (int round = 0; round < Rounds * s_scale; round++)
        {
            int seed = (s_seed * 1_000_003) + round;
            var program = new CpuFuzzProgram(seed, profiles: true);
            Compare(program, seed, (EngineKind.Switch, null), (EngineKind.Threaded, null));
        }
    }

    [Fact]
    public void ObservingEveryInstructionChangesNothing()
    {
        for (int round = 0; round < Rounds / 2 * s_scale; round++)
        {
            int seed = (s_seed * 3_000_017) + round;
            var program = new CpuFuzzProgram(seed, profiles: false);
            Compare(program, seed, (EngineKind.Switch, TimingMode.Off), (EngineKind.Switch, TimingMode.Full));
        }
    }

    [Fact]
    public void BothCoresProfileAlike()
    {
        TimingMode[] modes = [TimingMode.Full, TimingMode.Before(50), TimingMode.Off];
        for (int round = 0; round < Rounds / 4 * s_scale; round++)
        {
            int seed = (s_seed * 2_000_003) + round;
            var program = new CpuFuzzProgram(seed, profiles: true);
            foreach (TimingMode mode in modes)
            {
                Compare(program, seed, (EngineKind.Switch, mode), (EngineKind.Threaded, mode));
            }
        }
    }

    private static void Compare(CpuFuzzProgram program, int seed, (EngineKind Engine, TimingMode? Timing) first, (EngineKind Engine, TimingMode? Timing) second)
    {
        (List<Step> expected, string state) = Execute(program, first.Engine, first.Timing, seed);
        (List<Step> actual, string other) = Execute(program, second.Engine, second.Timing, seed);
        for (int i = 0; i < expected.Count; i++)
        {
            actual[i].ShouldBe(expected[i], $"seed {seed}, run {i}, {first} and {second}");
        }

        other.ShouldBe(state, $"seed {seed}, {first} and {second}");
    }

    private static (List<Step> Steps, string State) Execute(CpuFuzzProgram program, EngineKind engine, TimingMode? profiling, int seed)
    {
        using var machine = new CpuFuzzMachine(engine, profiling, program);
        ProcessingElement pe = machine.Pe;
        var steps = new List<Step>();
        using var watchdog = new System.Threading.Timer(_ => Environment.FailFast($"seed {seed}, {engine}: a run does not end"), null, TooLong, Timeout.Infinite);
        foreach (ulong budget in program.Slices)
        {
            ulong before = pe.Executed;
            ExitReason reason = pe.Run(budget);
            ulong used = pe.Executed - before;
            (used <= budget).ShouldBeTrue($"seed {seed}, {engine}: {used} of {budget}");
            if (reason == ExitReason.BudgetEnded)
            {
                used.ShouldBe(budget);
            }

            steps.Add(new Step(reason, pe.Pc, pe.Pstate, pe.Executed, Sum(pe)));
            Act(pe, reason);
        }

        return (steps, State(machine));
    }

    /// <summary>Does what the owner of EL2 might.</summary>
    private static void Act(ProcessingElement pe, ExitReason reason)
    {
        switch (reason)
        {
            case ExitReason.Smc:
                pe.Pc += 4;
                break;
            case ExitReason.SystemRegister:
                if (pe.Trapped.IsRead)
                {
                    pe.SetX(pe.Trapped.Rt, 0x1234);
                }

                pe.Pc += 4;
                break;
            case ExitReason.Stage2Abort when pe.Abort.IsInstruction:
                pe.InjectException(0x8600_0010, pe.Abort.Va);
                break;
            case ExitReason.Stage2Abort:
                if (pe.Abort is { IsValid: true, IsWrite: false })
                {
                    pe.SetX(pe.Abort.Register, pe.Abort.Ipa);
                }

                pe.Pc += 4;
                break;
            case ExitReason.ProfilingInterrupt:
                pe.WriteRegister(SysRegId.PMBSR_EL1, 0);
                break;
        }
    }

    private static ulong Sum(ProcessingElement pe)
    {
        ulong sum = 0;
        for (int i = 0; i < 31; i++)
        {
            sum = (sum * 0x9E37_79B9_7F4A_7C15) ^ pe.GetX(i);
        }

        return sum ^ pe.SpEl0 ^ (pe.SpEl1 << 1);
    }

    private static unsafe string State(CpuFuzzMachine machine)
    {
        ProcessingElement pe = machine.Pe;
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < 31; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"x{i} {pe.GetX(i):x}\n");
        }

        for (int i = 0; i < 32; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"v{i} {pe.State->V[(2 * i) + 1]:x16}{pe.State->V[2 * i]:x16}\n");
        }

        foreach (SysRegInfo register in SysRegTable.All)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{register.Name} {pe.ReadRegister(register.Id):x}\n");
        }

        return text.Append(Convert.ToHexString(SHA256.HashData(machine.Memory))).ToString();
    }
}
