using System.Globalization;

namespace Pinion.Bench;

/// <summary><c>bench/smp</c>: two independent workloads on two vCPUs, beside each of them alone.</summary>
internal static class SmpBenchmark
{
    private static readonly string[] s_pair = ["dhry", "interp"];

    public static void Run(Report report, BenchmarkOptions options)
    {
        string scale = (options.Scale ?? 2).ToString(CultureInfo.InvariantCulture);
        string[] pair = options.Workloads.Length >= 2 ? options.Workloads[..2] : s_pair;
        string alone = string.Join(';', pair.Select(name => $"bench@-s@{scale}@{name}"));
        string together = string.Concat(pair.Select(name => $"bench@-s@{scale}@{name}@&@"));
        IEmulator[] emulators = [options.Reference, options.Subject];
        Sample[] throughput = [new(), new()];
        List<string[]> rows = [];
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int e = 0; e < emulators.Length; e++)
            {
                Report.Progress($"smp: round {round + 1} of {options.Rounds}, {emulators[e].Name}");
                IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(emulators[e], new MachineSpec
                {
                    Kernel = options.Guest.Kernel,
                    Initramfs = options.Guest.MiniInitramfs,
                    CommandLine = $"{Guest.CommandLine} run=sh:{alone};{together}wait",
                    Cpus = 2,
                });
                report.Kernel(lines);
                WorkloadResult[] results = [.. WorkloadResult.Read(lines)];
                if (results.Length != 2 * pair.Length)
                {
                    Stop.Because($"the guest printed {results.Length} results; its last lines:\n{string.Join('\n', lines.TakeLast(12).Select(l => l.Text))}");
                }

                // Work a second of each while the other runs, over its own alone.
                double sum = pair.Sum(name => Time(results[..2], name) / Time(results[2..], name));
                throughput[e].Add(sum);
                rows.Add([emulators[e].Name, .. pair.SelectMany(name => (string[])[Report.Number(Time(results[..2], name)), Report.Number(Time(results[2..], name))]), Report.Number(sum)]);
            }
        }

        Report.Table(
            "Workloads alone, and both at once on 2 vCPUs: ms by the guest's clock; throughput of both over that of one",
            ["", .. pair.SelectMany(name => (string[])[$"{name} alone", "with the other"]), "throughput"],
            rows);
        for (int e = 0; e < emulators.Length; e++)
        {
            report.Keep("throughput of two vCPUs over one", emulators[e].Name, throughput[e]);
        }

        report.Result("throughput of two workloads on 2 vCPUs over one, median", throughput[1].Median, "x", atLeast: 1.7);
        report.Result($"the same with {emulators[0].Name}", throughput[0].Median, "x");
    }

    private static double Time(ReadOnlySpan<WorkloadResult> results, string name)
    {
        foreach (WorkloadResult result in results)
        {
            if (result.Name == name)
            {
                return result.Milliseconds;
            }
        }

        Stop.Because($"the guest printed no result of {name}");
        return 0;
    }
}
