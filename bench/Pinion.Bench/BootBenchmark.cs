namespace Pinion.Bench;

/// <summary><c>bench/boot</c>: from exec to the initramfs's ready mark.</summary>
internal static class BootBenchmark
{
    private static readonly (string Mark, string Name)[] s_marks =
    [
        ("Linux version", "first console line"),
        ("Run /init as init process", "Run /init"),
        ("INIT-START", "INIT-START"),
        ("INIT-READY", "INIT-READY"),
    ];

    public static void Run(Report report, BenchmarkOptions options)
    {
        foreach (int cpus in new[] { 1, 2 })
        {
            Run(report, options, cpus);
        }
    }

    private static void Run(Report report, BenchmarkOptions options, int cpus)
    {
        var machine = new MachineSpec
        {
            Kernel = options.Guest.Kernel,
            Initramfs = options.Guest.MiniInitramfs,
            CommandLine = $"{Guest.CommandLine} run=none",
            Cpus = cpus,
        };
        IEmulator[] emulators = [options.Reference, options.Subject];
        Sample[,] wall = new Sample[2, s_marks.Length];
        Sample[] cpu = [new(), new()];
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int e = 0; e < emulators.Length; e++)
            {
                Report.Progress($"boot: {cpus} vCPU, round {round + 1} of {options.Rounds}, {emulators[e].Name}");
                IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(emulators[e], machine);
                report.Kernel(lines);
                for (int m = 0; m < s_marks.Length; m++)
                {
                    ConsoleLine line = lines.First(l => l.Text.Contains(s_marks[m].Mark, StringComparison.Ordinal));
                    (wall[e, m] ??= new Sample()).Add(line.Wall.TotalMilliseconds);
                    if (m == s_marks.Length - 1)
                    {
                        cpu[e].Add(line.Cpu.TotalMilliseconds);
                    }
                }
            }
        }

        Sample[] labelled = [wall[0, s_marks.Length - 1], wall[1, s_marks.Length - 1]];
        List<string[]> rows = [];
        for (int m = 0; m < s_marks.Length; m++)
        {
            rows.Add(Row(s_marks[m].Name, wall[0, m], wall[1, m]));
        }

        rows.Add(Row("CPU time at INIT-READY", cpu[0], cpu[1]));
        Report.Table(
            $"Boot with {cpus} vCPU, the whole process from exec: ms min/median/max; our time over {emulators[0].Name}'s (below 1: we are faster), of medians and of pairs",
            ["until", emulators[0].Name, emulators[1].Name, "medians", "pairs"],
            rows);
        for (int e = 0; e < emulators.Length; e++)
        {
            report.Keep($"boot {cpus} vCPU, ms", emulators[e].Name, labelled[e]);
            report.Keep($"boot {cpus} vCPU, CPU ms", emulators[e].Name, cpu[e]);
        }

        // Between two of our own builds there is no target.
        double? target = options.Against is null ? 0.8 : null;
        report.Result($"boot time, {cpus} vCPU, of medians", labelled[1].RatioOfMedians(labelled[0]), "x", atMost: target);
        report.Result($"boot time, {cpus} vCPU, of pairs", labelled[1].RatioOfPairs(labelled[0]), "x", atMost: target);
        report.Result($"boot CPU time, {cpus} vCPU, of medians", cpu[1].RatioOfMedians(cpu[0]), "x");
        Report.Note("");
    }

    private static string[] Row(string name, Sample reference, Sample subject) =>
        [name, Report.Spread(reference), Report.Spread(subject), Report.Number(subject.RatioOfMedians(reference)), Report.Number(subject.RatioOfPairs(reference))];
}
