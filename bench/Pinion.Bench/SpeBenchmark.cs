using System.Globalization;

namespace Pinion.Bench;

/// <summary><c>bench/spe</c>: the same workloads without a profiling unit, with an idle one, and under <c>perf record -e arm_spe_0// -c 4096</c>.</summary>
internal static class SpeBenchmark
{
    private const int Period = 4096;
    private const int ShortPeriod = 1024;

    /// <summary>perf's file is in the guest's memory.</summary>
    private const int MemoryMiB = 4096;

    /// <summary>A machine, the period that its workloads are recorded with, and how much slower than without a profiling unit they may be. Without a period they are not recorded.</summary>
    private sealed record Case(string Name, string[] Options, int? Period = null, double? AtMost = null);

    private static readonly Case s_without = new("no SPE", ["--spe", "off"]);

    private static readonly Case s_idle = new("SPE idle", ["--spe", "on"]);

    private static readonly Case s_recorded = new("recorded", ["--spe", "on"], Period, 35);

    private static readonly Case[] s_off =
    [
        new("off", ["--spe", "on", "--timing", "off"], Period, 12),
        new($"off, {ShortPeriod}", ["--spe", "on", "--timing", "off"], ShortPeriod, 50),
    ];

    public static void Run(Report report, BenchmarkOptions options)
    {
        string[] names = options.Workloads.Length > 0 ? options.Workloads : WorkloadsBenchmark.Cpu;
        string scale = (options.Scale ?? 1).ToString(CultureInfo.InvariantCulture);
        Case[] timings = [.. options.Timings.Select(t => new Case(t, ["--spe", "on", "--timing", t], Period))];
        Case[] cases = [s_without, s_idle, s_recorded, .. s_off, .. timings];

        // The first one runs twice: perf's start counts into the CPU time until the first result, which is dropped. At scale 1 each runs for a second or two, so that what is measured is recording and
        // not the runtime, which compiles the observing core's handlers when they are first used: some 0.5 s once.
        string bench = $"bench@-s@{scale}@{names[0]}@{string.Join('@', names)}";
        var times = new Dictionary<(Case, string), Sample>();
        var cpuTimes = new Dictionary<(Case, string), Sample>();
        var captured = new Dictionary<Case, string>();
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (Case c in cases)
            {
                Report.Progress($"spe: round {round + 1} of {options.Rounds}, {c.Name}");
                IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(options.Subject, new MachineSpec
                {
                    Kernel = options.Guest.Kernel,
                    Initramfs = options.Guest.Initramfs,
                    CommandLine = $"{Guest.CommandLine} run=sh:{(c.Period is int period ? $"perf@record@-o@/tmp/perf.data@-e@arm_spe_0//@-c@{period}@--@{bench}" : bench)}",
                    MemoryMiB = MemoryMiB,
                    PinionOptions = c.Options,
                });
                report.Kernel(lines);
                if (c.Period is not null)
                {
                    // "[ perf record: Captured and wrote 13.402 MB /tmp/perf.data ]": without it nothing was recorded, and nothing is measured.
                    captured[c] = lines.FirstOrDefault(l => l.Text.Contains("Captured and wrote", StringComparison.Ordinal))?.Text.Split("wrote ")[1].Split(" /")[0] ?? "";
                    if (captured[c].Length == 0)
                    {
                        Stop.Because($"perf recorded nothing ({c.Name}):\n{string.Join('\n', lines.TakeLast(12).Select(l => l.Text))}");
                    }
                }

                foreach (WorkloadResult r in WorkloadResult.Read(lines).Skip(1))
                {
                    Add(times, (c, r.Name), r.Milliseconds);
                    Add(cpuTimes, (c, r.Name), r.CpuMilliseconds);
                }
            }
        }

        string[] measured = [.. names.Where(n => cases.All(c => times.ContainsKey((c, n))))];
        if (measured.Length == 0)
        {
            Stop.Because("the guest ran no workload; was it built with aarch64-linux-gnu-gcc?");
        }

        Report.Table(
            $"Workloads at scale {scale}, by the guest's clock; recorded: perf record -e arm_spe_0// -c {Period} or as named, all operations of user and kernel, --timing as named, or the default: ms min/median/max",
            ["workload", .. cases.Select(c => c.Name)],
            measured.Select(n => (string[])[n, .. cases.Select(c => Report.Spread(times[(c, n)]))]));
        Report.Table(
            "Slower than without SPE, %, of medians",
            ["workload", .. cases.Skip(1).Select(c => c.Name)],
            measured.Select(n => (string[])[n, .. cases.Skip(1).Select(c => Report.Number((times[(c, n)].RatioOfMedians(times[(s_without, n)]) - 1) * 100))]));
        Report.Table(
            "The same in CPU time of the emulator's process: ms, medians",
            ["workload", .. cases.Select(c => c.Name)],
            measured.Select(n => (string[])[n, .. cases.Select(c => Report.Number(cpuTimes[(c, n)].Median))]));
        foreach (Case c in cases)
        {
            foreach (string n in measured)
            {
                report.Keep("SPE, ms", $"{c.Name} {n}", times[(c, n)]);
                report.Keep("SPE, CPU ms", $"{c.Name} {n}", cpuTimes[(c, n)]);
            }
        }

        Report.Note($"captured in the last round: {string.Join(", ", captured.Select(p => $"{p.Key.Name} {p.Value}"))}");
        Slowdown("SPE idle over no SPE", s_idle, s_without, null);
        Slowdown("recorded over SPE idle", s_recorded, s_idle, null);
        Slowdown("recorded over no SPE", s_recorded, s_without, s_recorded.AtMost);
        foreach (Case c in (Case[])[.. s_off, .. timings])
        {
            Slowdown($"recorded with --timing {c.Name} over no SPE", c, s_without, c.AtMost);
        }

        void Slowdown(string what, Case slow, Case fast, double? atMost)
        {
            Result("medians", n => times[(slow, n)].RatioOfMedians(times[(fast, n)]));
            Result("pairs", n => times[(slow, n)].RatioOfPairs(times[(fast, n)]));

            // Of the sum: on a busy host two lines of the console may arrive as one, and one of them gets the time of both.
            double cpu = measured.Sum(n => cpuTimes[(slow, n)].Median) / measured.Sum(n => cpuTimes[(fast, n)].Median);
            report.Result($"{what}, CPU time of all", (cpu - 1) * 100, " % more");

            void Result(string of, Func<string, double> ratio) =>
                report.Result($"{what}, geometric mean, of {of}", (Sample.GeometricMean(measured.Select(ratio)) - 1) * 100, " % slower", atMost: atMost);
        }

        static void Add(Dictionary<(Case, string), Sample> samples, (Case, string) key, double value)
        {
            if (!samples.TryGetValue(key, out Sample? sample))
            {
                samples[key] = sample = new Sample();
            }

            sample.Add(value);
        }
    }
}
