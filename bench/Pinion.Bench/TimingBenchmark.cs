using System.Diagnostics;
using System.Globalization;

namespace Pinion.Bench;

/// <summary><c>bench/timing</c>: how much of the exact timing model a window of N operations keeps, and what it costs.</summary>
internal static class TimingBenchmark
{
    private const int Period = 4096;
    private const string Exact = "full";

    private static readonly string[] s_modes = [Exact, "off", .. new[] { 16, 32, 64, 128, 256, 512, 1024, 2048 }.Select(n => $"window:{n}")];

    private static readonly string[] s_workloads = ["dhry", "core", "chase_l1", "chase_mem", "branchy", "interp", "sieve", "memcpy", "simd", "pipe", "fork", "fault"];

    public static void Run(Report report, BenchmarkOptions options)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pinion-timing-");
        try
        {
            string scale = (options.Scale ?? 0.01).ToString(CultureInfo.InvariantCulture);
            string[] names = options.Workloads.Length > 0 ? options.Workloads : s_workloads;
            Compare(report, options, $"Debian guest, {string.Join(' ', names)} at scale {scale}, a sample every {Period} operations", (mode, capture) => RunDebian(report, options, scale, names, mode, capture));
            Compare(report, options, "Demo guest, a sample every 1024 operations", (mode, capture) => RunDemo(options, mode, capture));
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        void Compare(Report report, BenchmarkOptions options, string title, Func<string, string, double> run)
        {
            TimingFidelity? exact = null;
            List<string[]> rows = [];
            var cost = s_modes.ToDictionary(mode => mode, _ => new Sample());
            foreach (string mode in s_modes)
            {
                Report.Progress($"timing: {mode}");
                string capture = Path.Combine(directory.FullName, "capture");
                cost[mode].Add(run(mode, capture));
                TimingFidelity trace = TimingFidelity.Read(capture);
                exact ??= trace;
                if (trace.SameInstructions(exact) < 100)
                {
                    Stop.Because($"--timing {mode} sampled other instructions than --timing {Exact}: the runs were not the same");
                }

                (double whole, double byPage) = trace.SourceDistance(exact);
                (double latency, double latencyByPage) = trace.LatencyDistance(exact);
                rows.Add(
                [
                    mode,
                    Report.Number(trace.SameSource(exact)),
                    $"{Report.Number(whole)} {Report.Number(byPage)}",
                    Report.Number(trace.MeanLatency),
                    $"{Report.Number(latency)} {Report.Number(latencyByPage)}",
                    Report.Number(trace.SamePrediction(exact)),
                    Report.Number(trace.MispredictShare),
                    Report.Number(trace.MispredictDistance(exact).ByPage),
                ]);
            }

            for (int round = 1; round < options.Rounds; round++)
            {
                foreach (string mode in s_modes.Where(m => m != Exact))
                {
                    Report.Progress($"timing: round {round + 1} of {options.Rounds}, {mode}");
                    cost[mode].Add(run(mode, Path.Combine(directory.FullName, "capture")));
                }
            }

            foreach (string mode in s_modes)
            {
                report.Keep($"CPU ms, {title}", mode, cost[mode]);
            }

            Report.Table(
                $"{title}: {exact!.Samples} samples. Distances: total variation from {Exact} in %, of the whole and the mean over pages of code; CPU s min/median/max",
                ["--timing", "same source %", "source distance", "mean latency", "latency distance", "same prediction %", "mispredicted %", "by page", "CPU s"],
                rows.Select((row, i) => (string[])[.. row, Report.Spread(cost[s_modes[i]])]));
        }
    }

    /// <summary>Records the workloads in the guest: CPU seconds of the whole run.</summary>
    private static double RunDebian(Report report, BenchmarkOptions options, string scale, string[] names, string mode, string capture)
    {
        IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(options.Subject, new MachineSpec
        {
            Kernel = options.Guest.Kernel,
            Initramfs = options.Guest.Initramfs,
            CommandLine = $"{Guest.CommandLine} run=sh:perf@record@-q@-o@/dev/null@-e@arm_spe_0//@-c@{Period}@--@bench@-s@{scale}@{string.Join('@', names)}",
            PinionOptions = ["--deterministic", "--timing", mode, "--spe-capture", capture],
        });
        report.Kernel(lines);
        return lines[^1].Cpu.TotalSeconds;
    }

    private static double RunDemo(BenchmarkOptions options, string mode, string capture)
    {
        using Process? process = Process.Start(new ProcessStartInfo("dotnet", [options.Pinion, "demo", "--timing", mode, "--output", capture]) { RedirectStandardOutput = true });

        // Its clock is gone with it, so what it had used when it printed last has to do.
        TimeSpan cpu = default;
        while (process!.StandardOutput.ReadLine() is not null)
        {
            cpu = ProcessClock.Read(process.Id) ?? cpu;
        }

        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Stop.Because($"pinion demo --timing {mode} ended with code {process.ExitCode}");
        }

        return cpu.TotalSeconds;
    }
}
