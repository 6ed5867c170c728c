using System.Diagnostics;

namespace Pinion.Bench;

/// <summary><c>bench/idle</c>: a guest that waits at its shell.</summary>
internal static class IdleBenchmark
{
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    public static void Run(Report report, BenchmarkOptions options)
    {
        IEmulator[] emulators = [options.Reference, options.Subject];
        List<string[]> rows = [];
        foreach (int cpus in new[] { 1, 4 })
        {
            Sample[] share = [new(), new()];
            for (int round = 0; round < options.Rounds; round++)
            {
                for (int e = 0; e < emulators.Length; e++)
                {
                    Report.Progress($"idle: {cpus} vCPU, round {round + 1} of {options.Rounds}, {emulators[e].Name}");
                    using GuestProcess process = GuestProcess.Start(
                        emulators[e],
                        new MachineSpec
                        {
                            Kernel = options.Guest.Kernel,
                            Initramfs = options.Guest.MiniInitramfs,
                            CommandLine = $"{Guest.CommandLine} run=shell",
                            Cpus = cpus,
                            PinionOptions = ["--spe", "on"],
                        },
                        keepInput: true);
                    process.WaitFor("INIT-READY");
                    report.Kernel(process.Lines);
                    Thread.Sleep(s_settle);
                    Stopwatch watch = Stopwatch.StartNew();
                    TimeSpan? before = ProcessClock.Read(process.Id);
                    Thread.Sleep(s_window);
                    TimeSpan? after = ProcessClock.Read(process.Id);
                    if (after - before is not TimeSpan used)
                    {
                        Stop.Because($"{emulators[e].Name} ended while its guest was idle:\n{process.Errors}");
                        return;
                    }

                    share[e].Add(used / watch.Elapsed * 100);
                }
            }

            rows.Add([$"{cpus} vCPU", Report.Spread(share[0]), Report.Spread(share[1])]);
            for (int e = 0; e < emulators.Length; e++)
            {
                report.Keep($"idle {cpus} vCPU, % of a CPU", emulators[e].Name, share[e]);
            }

            report.Result($"idle guest, {cpus} vCPU, median", share[1].Median, " % of a CPU", atMost: 3);
        }

        Report.Note("");
        Report.Table($"Idle guest at its shell, {s_window.TotalSeconds} s: % of a CPU, min/median/max", ["", emulators[0].Name, emulators[1].Name], rows);
    }
}
