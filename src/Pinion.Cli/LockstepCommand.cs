using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Pinion.Cpu;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli;

/// <summary><c>pinion run --lockstep</c>: the guest runs twice at once, and the two have to agree.</summary>
internal static class LockstepCommand
{
    private const int MostDifferences = 24;

    /// <summary>Runs it: an exit code.</summary>
    public static int Run(MachineOptions options, EngineKind reference, ulong interval)
    {
        if (options.Shares.Count > 0)
        {
            return Fail(new Problem(ProblemKind.Usage, "--lockstep runs two guests, which would both write to what --share gives them", "leave --share away"));
        }

        var lockstep = new Lockstep(options, reference, interval);
        int signal = 0;
        Stopwatch watch = Stopwatch.StartNew();
        using Stream output = Console.OpenStandardOutput();
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(context, 2));
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(context, 15));
        if (!lockstep.Run(output).TryGet(out LockstepResult result, out Problem? problem))
        {
            return Fail(problem);
        }

        Write(Console.Error, result, interval, watch.Elapsed);
        return signal != 0 ? 128 + signal : result.Difference is not null ? ExitCodes.LockstepDifference : result.End.Kind == MachineEndKind.Failed ? Fail(result.End.Problem!) : ExitCodes.Success;

        void Interrupt(PosixSignalContext context, int number)
        {
            context.Cancel = true;
            signal = number;
            lockstep.Stop();
        }
    }

    private static void Write(TextWriter writer, LockstepResult result, ulong interval, TimeSpan elapsed)
    {
        writer.WriteLine(Line($"pinion: lockstep: {result.Instructions} instructions, {result.Comparisons} states compared, one every {interval} instructions of a CPU; {elapsed.TotalSeconds:F1} s"));
        if (result.Difference is not { } difference)
        {
            writer.WriteLine("pinion: lockstep: 0 differences");
            return;
        }

        writer.WriteLine($"pinion: lockstep: {difference.Summary}");
        if (difference is { Here: { } here, There: { } there })
        {
            foreach ((string name, string engine, string reference) in here.Differences(there).Take(MostDifferences))
            {
                writer.WriteLine($"  {name,-16} {engine,-18} reference {reference}");
            }
        }

        if (difference.Before is { } before)
        {
            writer.WriteLine(Line($"pinion: the state was the same after {before.Executed} instructions, at 0x{before.Pc:x}"));
        }

        if (difference.Block is { } block)
        {
            writer.WriteLine(Line($"pinion: executed since: a block at 0x{block.Address:x} of {block.Words.Count} instructions"));
            writer.WriteLine(string.Join('\n', block.Words.Select((word, i) => Line($"  0x{block.Address + ((ulong)i * 4):x}  {word:x8}"))));
            writer.WriteLine("pinion: its code (for objdump -D -b binary -m i386:x86-64, after xxd -r -p):");
            writer.WriteLine(Convert.ToHexStringLower(block.Code.Span));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int Fail(Problem problem)
    {
        Console.Error.WriteLine($"pinion: {problem}");
        return ExitCodes.For(problem);
    }
}
