namespace Pinion.Bench;

/// <summary><c>bench/memory</c>: what a machine takes beside its guest's RAM.</summary>
internal static class MemoryBenchmark
{
    /// <summary>A size that nothing else in the process has.</summary>
    private const int MemoryMiB = 509;

    public static void Run(Report report, BenchmarkOptions options)
    {
        foreach ((string name, string commandLine, string[] pinionOptions) in new[]
        {
            ("booted", "run=shell", (string[])["--spe", "on"]),
            ("after perf and the CPU workloads", "run=sh:perf@record@-o@/tmp/perf.data@-e@cpu-clock@--@bench@-s@0.05@cpu@sys;echo@MEASURE;sh", ["--spe", "on"]),
        })
        {
            Measure(report, options, name, new MachineSpec
            {
                Kernel = options.Guest.Kernel,
                Initramfs = options.Guest.Initramfs,
                CommandLine = $"{Guest.CommandLine} {commandLine}",
                MemoryMiB = MemoryMiB,
                PinionOptions = pinionOptions,
            });
        }
    }

    private static void Measure(Report report, BenchmarkOptions options, string name, MachineSpec machine)
    {
        List<string[]> rows = [];
        IEmulator[] emulators = [options.Reference, options.Subject];
        List<Sample> beside = [];
        List<MemoryArea> last = [];
        foreach (IEmulator emulator in emulators)
        {
            Sample total = new(), guest = new(), rest = new();
            for (int round = 0; round < options.Rounds; round++)
            {
                Report.Progress($"memory: {name}, round {round + 1} of {options.Rounds}, {emulator.Name}");
                using GuestProcess process = GuestProcess.Start(emulator, machine, keepInput: true);
                process.WaitFor(machine.CommandLine.Contains("MEASURE", StringComparison.Ordinal) ? "MEASURE" : "INIT-READY");
                report.Kernel(process.Lines);
                Thread.Sleep(TimeSpan.FromSeconds(2));
                List<MemoryArea> areas = MemoryArea.Read(process.Id);
                List<MemoryArea> ram = MemoryArea.GuestRam(areas, MemoryMiB * 1024);
                if (ram.Count == 0 || ram.Sum(a => a.SizeKiB) > (MemoryMiB + 64) * 1024)
                {
                    Stop.Because($"cannot tell which memory of {emulator.Name} is the guest's");
                }

                double pss = areas.Sum(a => a.ProportionalKiB) / 1024.0;
                double ramPss = ram.Sum(a => a.ProportionalKiB) / 1024.0;
                total.Add(pss);
                guest.Add(ramPss);
                rest.Add(pss - ramPss);
                last = [.. areas.Except(ram)];
            }

            rows.Add([emulator.Name, Report.Spread(total), Report.Spread(guest), Report.Spread(rest)]);
            report.Keep($"MiB beside guest RAM, {name}", emulator.Name, rest);
            beside.Add(rest);
        }

        Report.Table(
            $"Memory of a Debian guest with {MemoryMiB} MiB, full initramfs, 1 vCPU, {name}: proportional set size in MiB, min/median/max",
            ["", "total", "resident guest RAM", "beside guest RAM"],
            rows);
        Report.Table(
            "What is beside guest RAM in the last run of ours",
            ["", "MiB"],
            last.GroupBy(Kind).Select(g => (Name: g.Key, MiB: g.Sum(a => a.ProportionalKiB) / 1024.0)).OrderByDescending(g => g.MiB).Select(g => new[] { g.Name, Report.Number(g.MiB) }));
        report.Result($"memory beside guest RAM, {name}, over {emulators[0].Name}'s, of medians", beside[1].Median - beside[0].Median, " MiB", atMost: options.Against is null ? 50 : null);
        Report.Note("");
    }

    private static string Kind(MemoryArea area)
    {
        if (area.Name.StartsWith('['))
        {
            return area.Name == "[heap]" ? "malloc's heap (decoded pages and tables among it)" : area.Name;
        }

        if (area.Name.StartsWith("/memfd:doublemapper", StringComparison.Ordinal))
        {
            return "code of the .NET JIT";
        }

        if (area.Name.StartsWith('/'))
        {
            return "programs and libraries";
        }

        return area.Access.Contains('x') ? "anonymous, executable" : "anonymous: .NET heaps, stacks, malloc's arenas and large blocks";
    }
}
