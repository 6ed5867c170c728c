using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Pinion.Cpu;
using Pinion.Vmm;
using Pinion.Vmm.Devices.Console;
using Pinion.Vmm.Run;

namespace Pinion.Cli;

/// <summary><c>pinion run</c>: boots a guest.</summary>
public static class RunCommand
{
    private const string Keys = "pinion: Ctrl-A x leaves, Ctrl-A h shows this, Ctrl-A a sends Ctrl-A";

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        RunOptions options = new();
        var command = new Command(
            "run",
            """
            Boot an arm64 guest; its console is this terminal (Ctrl-A x leaves, Ctrl-A h helps).

            Exit codes: 0 the guest powered off, or you left with Ctrl-A x; 1 an option is wrong or a file cannot be opened; 2 a kernel, initrd or device tree is corrupt;
            3 the guest failed or asked for a reset, as a kernel does that panics; 4 the host refused memory or another resource; 5 --lockstep found a difference; 130 or 143 ended by SIGINT or SIGTERM.
            """);
        foreach (Option option in options.All)
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            if (!options.ToMachine(parsed).TryGet(out MachineOptions machine, out Problem? problem))
            {
                return Fail(problem);
            }

            if (machine.DumpDtb is not null)
            {
                return Dump(machine);
            }

            if (!options.Lockstep(parsed).TryGet(out (EngineKind Reference, ulong Interval)? lockstep, out problem))
            {
                return Fail(problem);
            }

            if (lockstep is { } comparison)
            {
                return LockstepCommand.Run(machine, comparison.Reference, comparison.Interval);
            }

            return Run(machine, options.Capture(parsed), options.Statistics(parsed), machine.Kaslr ? null : options.KernelSymbols(parsed), options.Truth(parsed));
        });
        return command;
    }

    /// <summary>
    /// Runs a machine on this terminal, with a copy of its profiling records in <paramref name="capture"/> if that is not null: an exit code. The symbols of the guest's kernel, in
    /// the format of /proc/kallsyms, go with the records where <paramref name="kernelSymbols"/> names them; what the records were sampled from is counted into <paramref name="truth"/>.
    /// </summary>
    public static int Run(MachineOptions options, string? capture, bool statistics, string? kernelSymbols = null, string? truth = null)
    {
        // Out of range, the machine says so; but the sink is made first.
        using CaptureSink? sink = capture is null ? null : new CaptureSink(Math.Clamp(options.Cpus, 1, 8));
        using TruthFile? counts = truth is null ? null : new TruthFile(Math.Clamp(options.Cpus, 1, 8), options.Spu.OperationsPerCycleInFlight);
        options = options with { RecordSink = sink, Truth = counts?.Counts, Report = line => Console.Error.WriteLine($"pinion: {line}") };
        int code = Run(options, m => sink?.Open(capture!, m.Identity, kernelSymbols) ?? counts?.Open(truth!), statistics);
        if (counts?.Write() is Problem unwritten)
        {
            int failure = Fail(unwritten);
            code = code == ExitCodes.Success ? failure : code;
        }

        sink?.Dispose();
        if (sink?.Error is string error)
        {
            Console.Error.WriteLine($"pinion: {error}");
            return code == ExitCodes.Success ? ExitCodes.HostResource : code;
        }

        return code;
    }

    private static int Run(MachineOptions options, Func<Machine, Problem?> prepare, bool statistics)
    {
        using Stream output = Console.OpenStandardOutput();
        ConsoleInput? input = null;
        if (!Machine.Create(options, output, () => input?.OnTaken()).TryGet(out Machine machine, out Problem? problem))
        {
            return Fail(problem);
        }

        using (machine)
        {
            problem = prepare(machine);
            if (problem is not null)
            {
                return Fail(problem);
            }

            Stopwatch watch = Stopwatch.StartNew();
            MachineEnd end;
            int signal = 0;
            using (PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Interrupt(c, 2)))
            using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Interrupt(c, 15)))
            using (HostTerminal? raw = HostTerminal.Open())
            using (input = new ConsoleInput(escapes: raw is not null))
            {
                input.Start(bytes => machine.Type(bytes.Span), () => machine.PendingInput, OnKey);
                end = machine.Run();
            }

            if (statistics)
            {
                RunStatistics.Write(Console.Error, machine, watch.Elapsed);
            }

            return signal != 0 ? 128 + signal : Finish(end);

            void Interrupt(PosixSignalContext context, int number)
            {
                context.Cancel = true;
                signal = number;
                machine.Stop();
            }

            void OnKey(ConsoleCommand command)
            {
                if (command == ConsoleCommand.Leave)
                {
                    machine.Stop();
                }
                else
                {
                    Console.Error.WriteLine(Keys);
                }
            }
        }
    }

    private static int Dump(MachineOptions options) => Machine.DumpDeviceTree(options) is Problem problem ? Fail(problem) : ExitCodes.Success;

    private static int Finish(MachineEnd end)
    {
        switch (end.Kind)
        {
            case MachineEndKind.Failed:
                return Fail(end.Problem!);

            case MachineEndKind.Reset:
                Console.Error.WriteLine("pinion: the guest asked for a reset; run it again to restart it");
                return ExitCodes.GuestFailed;

            default:
                return ExitCodes.Success;
        }
    }

    private static int Fail(Problem problem)
    {
        Console.Error.WriteLine($"pinion: {problem}");
        return ExitCodes.For(problem);
    }
}
