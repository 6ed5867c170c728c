using System.CommandLine;

namespace Pinion.Bench;

/// <summary>Measures Pinion, beside QEMU where QEMU can do the same. <c>bench/run</c> builds and starts it.</summary>
public static class Program
{
    /// <summary>Runs a benchmark: 0 when it was measured (whatever came out), 1 when it could not be.</summary>
    public static int Main(string[] args)
    {
        var root = new RootCommand("Measure Pinion beside QEMU: both run the same kernel, initramfs and command line, in turns. Targets are printed beside the figures; nothing fails because of them.");
        Add("workloads", "CPU workloads of bench.c in the Debian guest, by the guest's own clock.", (report, o) => WorkloadsBenchmark.Run(report, o));
        Add("boot", "Time from exec to the initramfs's INIT-READY.", (report, o) => BootBenchmark.Run(report, o));
        Add("smp", "Throughput of two independent workloads on two vCPUs, beside one.", (report, o) => SmpBenchmark.Run(report, o));
        Add("spe", "What recording with SPE costs the recorded program.", (report, o) => SpeBenchmark.Run(report, o));
        Add("pin", "What enabling and disabling a profiling buffer costs beside its traps, pinned anew, kept pinned, and as posted, beside mlock and munlock of the same pages.", (report, o) => PinBenchmark.Run(report, o));
        Add("timing", "What a window of N operations keeps of the exact timing model, by pairs of records of deterministic runs, and what it costs.", (report, o) => TimingBenchmark.Run(report, o));
        Add("memory", "Resident memory beside guest RAM of a booted guest.", (report, o) => MemoryBenchmark.Run(report, o));
        Add("idle", "Share of a CPU that an idle guest takes.", (report, o) => IdleBenchmark.Run(report, o));
        Add("trace", "Decoding and reporting a perf.data of 256 MB (times --scale), beside perf.", (report, o) => TraceBenchmark.Run(report, o));
        Add("trace-memory", "Largest resident memory of the commands that read traces, for traces of 4 GB (times --scale): recorded, and made to be hard.", (report, o) => TraceMemoryBenchmark.Run(report, o));
        Add("report-page", "Time until the page of a trace of a million samples (times --scale) is drawn and answers in headless Chromium.", (report, o) => ReportPageBenchmark.Run(report, o));
        Add("store", "Storing a million samples (times --scale) in PostgreSQL and SQLite, and asking them.", (report, o) => StoreBenchmark.Run(report, o));
        Add("all", "All of them.", (report, o) =>
        {
            WorkloadsBenchmark.Run(report, o);
            BootBenchmark.Run(report, o);
            SmpBenchmark.Run(report, o);
            SpeBenchmark.Run(report, o);
            MemoryBenchmark.Run(report, o);
            IdleBenchmark.Run(report, o);
            TraceBenchmark.Run(report, o);
        });
        return root.Parse(args).Invoke();

        void Add(string name, string description, Action<Report, BenchmarkOptions> run)
        {
            var options = new OptionSet();
            var command = new Command(name, description);
            foreach (Option option in options.All)
            {
                command.Options.Add(option);
            }

            command.SetAction(parsed =>
            {
                BenchmarkOptions o = options.Read(parsed);
                var report = new Report(name, o);
                report.WriteHost();
                run(report, o);
                report.WriteEnd();
                return 0;
            });
            root.Subcommands.Add(command);
        }
    }
}
