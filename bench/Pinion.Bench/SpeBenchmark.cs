using System.Globalization;

namespace Pinion.Bench;

/// <summary><c>bench/spe</c>: the same workloads without a profiling unit, with an idle one, and under <c>perf record -e arm_spe_0// -c 4096</c>.</summary>
internal static class SpeBenchmark
{
    private const int Period = 4096;

    /// <summary>A machine, and whether its workloads are recorded.</summary>
    private sealed record Case(string Name, string[] Options, bool Recorded);

    private static readonly Case[] s_cases =
    [
        new("no SPE", ["--spe", "off"], Recorded: false),
        new("SPE idle", ["--spe", "on"], Recorded: false),
        new("recorded", ["--spe", "on"], Recorded: true),
        new("--timing off", ["--spe", "on", "--timing", "off"], Recorded: true),
        new("--timing full", ["--spe", "on", "--timing", "full"], Recorded: true),
    ];

    public static void Run(Report report, BenchmarkOptions options)
    {
        string[] names = options.Workloads.Length > 0 ? options.Workloads : WorkloadsBenchmark.Cpu;
        string scale = (options.Scale ?? 0.2).ToString(CultureInfo.InvariantCulture);
        string bench = $"bench@-s@{scale}@{string.Join('@', names)}";
        var times = new Dictionary<(Case, string), Sample>();
        var captured = new Dictionary<Case, string>();
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (Case c in s_cases)
            {
                Report.Progress($"spe: round {round + 1} of {options.Rounds}, {c.Name}");
                IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(options.Subject, new MachineSpec
                {
                    Kernel = options.Guest.Kernel,
                    Initramfs = options.Guest.Initramfs,
                    CommandLine = $"{Guest.CommandLine} run=sh:{(c.Recorded ? $"perf@record@-o@/tmp/perf.data@-e@arm_spe_0//@-c@{Period}@--@{bench}" : bench)}",
                    PinionOptions = c.Options,
                });
                report.Kernel(lines);
                if (c.Recorded)
                {
                    // "[ perf record: Captured and wrote 13.402 MB /tmp/perf.data ]": without it nothing was recorded, and nothing is measured.
                    captured[c] = lines.FirstOrDefault(l => l.Text.Contains("Captured and wrote", StringComparison.Ordinal))?.Text.Split("wrote ")[1].Split(" /")[0] ?? "";
                    if (captured[c].Length == 0)
                    {
                        Stop.Because($"perf recorded nothing ({c.Name}):\n{string.Join('\n', lines.TakeLast(12).Select(l => l.Text))}");
                    }
                }

                foreach (WorkloadResult r in WorkloadResult.Read(lines))
                {
                    if (!times.TryGetValue((c, r.Name), out Sample? sample))
                    {
                        times[(c, r.Name)] = sample = new Sample();
                    }

                    sample.Add(r.Milliseconds);
                }
            }
        }

        string[] measured = [.. names.Where(n => s_cases.All(c => times.ContainsKey((c, n))))];
        if (measured.Length == 0)
        {
            Stop.Because("the guest ran no workload; was it built with aarch64-linux-gnu-gcc?");
        }

        Report.Table(
            $"Workloads at scale {scale}, by the guest's clock; recorded: perf record -e arm_spe_0// -c {Period}, all operations of user and kernel, default timing unless named: ms min/median/max",
            ["workload", .. s_cases.Select(c => c.Name)],
            measured.Select(n => (string[])[n, .. s_cases.Select(c => Report.Spread(times[(c, n)]))]));
        Report.Table(
            "Slower than without SPE, %, of medians",
            ["workload", .. s_cases.Skip(1).Select(c => c.Name)],
            measured.Select(n => (string[])[n, .. s_cases.Skip(1).Select(c => Report.Number((times[(c, n)].RatioOfMedians(times[(s_cases[0], n)]) - 1) * 100))]));
        foreach (Case c in s_cases)
        {
            foreach (string n in measured)
            {
                report.Keep("SPE, ms", $"{c.Name} {n}", times[(c, n)]);
            }
        }

        Report.Note($"captured in the last round: {string.Join(", ", captured.Select(p => $"{p.Key.Name} {p.Value}"))}");
        Slowdown("SPE idle over no SPE", s_cases[1], s_cases[0], null);
        Slowdown("recorded over SPE idle", s_cases[2], s_cases[1], 30);
        Slowdown("recorded over no SPE", s_cases[2], s_cases[0], 30);
        Slowdown("recorded with --timing off over no SPE", s_cases[3], s_cases[0], null);
        Slowdown("recorded with --timing full over no SPE", s_cases[4], s_cases[0], null);

        void Slowdown(string what, Case slow, Case fast, double? atMost)
        {
            Result("medians", n => times[(slow, n)].RatioOfMedians(times[(fast, n)]));
            Result("pairs", n => times[(slow, n)].RatioOfPairs(times[(fast, n)]));

            void Result(string of, Func<string, double> ratio) =>
                report.Result($"{what}, geometric mean, of {of}", (Sample.GeometricMean(measured.Select(ratio)) - 1) * 100, " % slower", atMost: atMost);
        }
    }
}
