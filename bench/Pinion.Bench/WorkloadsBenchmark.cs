using System.Globalization;
using System.Text.RegularExpressions;

namespace Pinion.Bench;

/// <summary>A workload's result in one run.</summary>
/// <param name="Name">bench.c's name.</param>
/// <param name="Milliseconds">By the guest's clock.</param>
/// <param name="CpuMilliseconds">CPU time of the emulator between this line of the console and the result before, or INIT-READY.</param>
/// <param name="Checksum">Must be the same everywhere.</param>
internal sealed partial record WorkloadResult(string Name, double Milliseconds, double CpuMilliseconds, string Checksum)
{
    /// <summary>The results among <paramref name="lines"/>.</summary>
    public static IEnumerable<WorkloadResult> Read(IReadOnlyList<ConsoleLine> lines)
    {
        TimeSpan before = TimeSpan.Zero;
        foreach (ConsoleLine line in lines)
        {
            if (line.Text.StartsWith("INIT-READY", StringComparison.Ordinal))
            {
                before = line.Cpu;
            }

            Match m = Line().Match(line.Text);
            if (m.Success)
            {
                yield return new WorkloadResult(
                    m.Groups[1].Value,
                    double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture) / 1e6,
                    (line.Cpu - before).TotalMilliseconds,
                    m.Groups[3].Value);
                before = line.Cpu;
            }
        }
    }

    [GeneratedRegex(@"^RESULT name=(\S+) .*\bns=(\d+) .*\bcsum=(\S+)")]
    private static partial Regex Line();
}

/// <summary><c>bench/workloads</c>: bench.c in the guest.</summary>
internal static partial class WorkloadsBenchmark
{
    /// <summary>The workloads whose geometric mean has a target. chase_mem is not among them: it measures the host's memory.</summary>
    public static readonly string[] Cpu = ["dhry", "core", "memcpy", "copy8", "chase_l1", "branchy", "fib", "interp", "sieve", "fp", "simd", "muldiv", "atomic"];

    private static readonly string[] s_vector = ["fp", "simd"];

    private static readonly string[] s_system = ["chase_mem", "syscall", "fault", "pipe", "fork"];

    public static void Run(Report report, BenchmarkOptions options)
    {
        string[] names = options.Workloads.Length > 0 ? options.Workloads : [.. Cpu, .. s_system];
        string scale = (options.Scale ?? 1).ToString(CultureInfo.InvariantCulture);
        var machine = new MachineSpec
        {
            Kernel = options.Guest.Kernel,
            Initramfs = options.Guest.MiniInitramfs,
            CommandLine = $"{Guest.CommandLine} run=bench:-s,{scale},{string.Join(',', names)}",
        };
        IEmulator[] emulators = [options.Reference, options.Subject];
        var wall = new Dictionary<(int, string), Sample>();
        var cpu = new Dictionary<(int, string), Sample>();
        Sample[] clock = [new(), new()];
        var checksums = new Dictionary<string, string>();
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int e = 0; e < emulators.Length; e++)
            {
                Report.Progress($"workloads: round {round + 1} of {options.Rounds}, {emulators[e].Name}");
                IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(emulators[e], machine);
                report.Kernel(lines);
                foreach (WorkloadResult r in WorkloadResult.Read(lines))
                {
                    Of(wall, e, r.Name).Add(r.Milliseconds);
                    Of(cpu, e, r.Name).Add(r.CpuMilliseconds);
                    if (checksums.TryGetValue(r.Name, out string? sum) && sum != r.Checksum && Cpu.Contains(r.Name))
                    {
                        Stop.Because($"{r.Name} computed {r.Checksum} in {emulators[e].Name}, and {sum} before");
                    }

                    checksums[r.Name] = r.Checksum;
                }

                clock[e].Add(ClockRate(lines));
            }
        }

        string[] measured = [.. names.Where(n => wall.ContainsKey((1, n)) && wall.ContainsKey((0, n)))];
        if (measured.Length == 0)
        {
            Stop.Because("the guest ran no workload; was it built with aarch64-linux-gnu-gcc?");
        }

        Report.Table(
            $"Workloads in the guest, scale {scale}: ms min/median/max by the guest's clock; {emulators[0].Name}'s time over ours (above 1: we are faster), of medians, of pairs, and of CPU time (medians)",
            ["workload", emulators[0].Name, emulators[1].Name, "medians", "pairs", "CPU time"],
            measured.Select(n => new[]
            {
                n, Report.Spread(wall[(0, n)]), Report.Spread(wall[(1, n)]), Report.Number(wall[(0, n)].RatioOfMedians(wall[(1, n)])),
                Report.Number(wall[(0, n)].RatioOfPairs(wall[(1, n)])), CpuRatio(n) is double ratio ? Report.Number(ratio) : "-",
            }));
        foreach (string n in measured)
        {
            for (int e = 0; e < emulators.Length; e++)
            {
                report.Keep("ms", $"{emulators[e].Name} {n}", wall[(e, n)]);
                report.Keep("CPU ms", $"{emulators[e].Name} {n}", cpu[(e, n)]);
            }
        }

        Means("CPU", Cpu, 1.8, 1.0);
        Means("system", [.. s_system.Skip(1)], 1.2, 0.9);
        foreach (string n in s_vector.Intersect(measured))
        {
            report.Result($"{n}, of medians", wall[(0, n)].RatioOfMedians(wall[(1, n)]), "x", atLeast: options.Against is null ? 2.5 : null);
        }

        void Means(string kind, string[] workloads, double atLeast, double slowest)
        {
            string[] inMean = [.. measured.Where(workloads.Contains)];
            if (inMean.Length == 0)
            {
                return;
            }

            // A part of the workloads has a mean, but no target.
            bool hasTarget = inMean.Length == workloads.Length && options.Against is null;
            double? target = hasTarget ? atLeast : null;
            string what = $"geometric mean of {inMean.Length} {kind} workloads";
            report.Result($"{what}, of medians", Sample.GeometricMean(inMean.Select(n => wall[(0, n)].RatioOfMedians(wall[(1, n)]))), "x", atLeast: target);
            report.Result($"{what}, of pairs", Sample.GeometricMean(inMean.Select(n => wall[(0, n)].RatioOfPairs(wall[(1, n)]))), "x", atLeast: target);
            double[] ofCpuTime = [.. inMean.Select(n => CpuRatio(n)).OfType<double>()];
            if (ofCpuTime.Length == inMean.Length)
            {
                report.Result($"{what}, of CPU time", Sample.GeometricMean(ofCpuTime), "x");
            }

            string least = inMean.MinBy(n => wall[(0, n)].RatioOfMedians(wall[(1, n)]))!;
            report.Result($"slowest of the {kind} workloads, {least}, of medians", wall[(0, least)].RatioOfMedians(wall[(1, least)]), "x", atLeast: hasTarget ? slowest : null);
        }

        for (int e = 0; e < emulators.Length; e++)
        {
            report.Keep("guest clock over wall time", emulators[e].Name, clock[e]);
        }

        Report.Note($"Guest time over wall time between INIT-READY and INIT-DONE: {emulators[0].Name} {Report.Spread(clock[0])}, {emulators[1].Name} {Report.Spread(clock[1])}");
        if (clock.Any(c => Math.Abs(c.Median - 1) > 0.05))
        {
            Report.Note("WARNING: a guest's clock does not run with the wall clock: its times are not comparable (or the run is too short to tell)");
        }

        // On a busy host two lines may arrive as one: then there is no CPU time between them.
        double? CpuRatio(string n) => cpu[(0, n)].Median > 0 && cpu[(1, n)].Median > 0 ? cpu[(0, n)].RatioOfMedians(cpu[(1, n)]) : null;
    }

    private static Sample Of(Dictionary<(int, string), Sample> samples, int emulator, string name)
    {
        if (!samples.TryGetValue((emulator, name), out Sample? sample))
        {
            samples[(emulator, name)] = sample = new Sample();
        }

        return sample;
    }

    /// <summary>How much time passed in the guest, over how much passed outside. The guest gives hundredths of a second.</summary>
    private static double ClockRate(IReadOnlyList<ConsoleLine> lines)
    {
        ConsoleLine ready = lines.First(l => l.Text.StartsWith("INIT-READY", StringComparison.Ordinal));
        ConsoleLine done = lines.First(l => l.Text.StartsWith("INIT-DONE", StringComparison.Ordinal));
        return (Uptime(done) - Uptime(ready)) / (done.Wall - ready.Wall).TotalSeconds;

        static double Uptime(ConsoleLine line) => double.Parse(UptimeField().Match(line.Text).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"uptime=([0-9.]+)")]
    private static partial Regex UptimeField();
}
