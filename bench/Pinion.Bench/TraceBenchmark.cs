using System.Diagnostics;
using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace;

namespace Pinion.Bench;

/// <summary><c>bench/trace</c>: decoding and reporting a large perf.data of the Debian guest, beside perf.</summary>
internal static class TraceBenchmark
{
    private const long Unit = 256L << 20;

    /// <summary>Counts, and looks at what it counts.</summary>
    private sealed class Counter : IRecordVisitor
    {
        public long Records { get; private set; }

        public ulong Sum { get; private set; }

        public void Visit(in SpeBuffer buffer, in SpeRecord record)
        {
            Records++;
            Sum += record.PcPayload ^ record.DataVirtual ^ record.TotalLatency ^ (ulong)record.Events;
        }
    }

    public static void Run(Report report, BenchmarkOptions options)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pinion-trace-bench");
        try
        {
            string trace = Record(report, options, directory.FullName);
            string large = Path.Combine(directory.FullName, "large.data");
            TraceInflater.Inflate(trace, large, (long)((options.Scale ?? 1) * Unit));
            Report.Note($"trace: {new FileInfo(large).Length / 1e6:F0} MB, from a recording of {new FileInfo(trace).Length / 1e6:F1} MB");
            Decode(report, options, large);
            Programs(report, options, large);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>A recording of workloads in the guest, brought out through a share.</summary>
    /// <param name="report">Where the guest's kernel is noted.</param>
    /// <param name="options">What the user asked for.</param>
    /// <param name="directory">The share, on the host.</param>
    /// <param name="scale">Work of each workload, as a part of its full size.</param>
    /// <param name="cpus">CPUs of the guest; all of them are recorded where there are several.</param>
    public static string Record(Report report, BenchmarkOptions options, string directory, double scale = 0.05, int cpus = 1)
    {
        Report.Progress("trace: recording in the guest");
        string workloads = string.Join('@', options.Workloads.Length > 0 ? options.Workloads : WorkloadsBenchmark.Cpu);
        string whom = cpus > 1 ? "@-a" : "";
        string size = scale.ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<ConsoleLine> lines = GuestProcess.RunToEnd(options.Subject, new MachineSpec
        {
            Kernel = options.Guest.Kernel,
            Initramfs = options.Guest.Initramfs,
            CommandLine = $"{Guest.CommandLine} share=out:/mnt run=sh:perf@record{whom}@-o@/mnt/perf.data@-e@arm_spe_0/ts_enable=1,pa_enable=1/@-c@1024@--@bench@-s@{size}@{workloads}",
            Cpus = cpus,
            PinionOptions = ["--spe", "on", "--share", $"{directory}:out"],
        });
        report.Kernel(lines);
        string trace = Path.Combine(directory, "perf.data");
        if (!File.Exists(trace) || !lines.Any(line => line.Text.Contains("Captured and wrote", StringComparison.Ordinal)))
        {
            Stop.Because($"the guest recorded nothing:\n{string.Join('\n', lines.TakeLast(12).Select(l => l.Text))}");
        }

        return trace;
    }

    /// <summary>Records a second in this process, on one thread and on two.</summary>
    private static void Decode(Report report, BenchmarkOptions options, string large)
    {
        var rates = new Dictionary<int, Sample> { [1] = new(), [2] = new() };
        long records = 0;
        for (int round = -1; round < options.Rounds; round++)
        {
            foreach ((int threads, Sample rate) in rates)
            {
                Report.Progress($"trace: decoding, round {round + 1} of {options.Rounds}, {threads} threads");
                if (!TraceFile.TryRead(large, out SpeTrace trace, out string error))
                {
                    Stop.Because(error);
                }

                var watch = Stopwatch.StartNew();
                records = RecordScan.Run(trace, () => new Counter(), threads).Sum(counter => counter.Records);
                if (round >= 0)
                {
                    // The first one is for the runtime's compiler.
                    rate.Add(records / watch.Elapsed.TotalSeconds / 1e6);
                }
            }
        }

        Report.Note($"{records} records; million a second: one thread {Report.Spread(rates[1])}, two {Report.Spread(rates[2])}");
        report.Keep("trace, million records a second", "1 thread", rates[1]);
        report.Keep("trace, million records a second", "2 threads", rates[2]);
        report.Result("decoding on one thread, median", rates[1].Median, " million records/s", atLeast: 5);
        report.Result("decoding on two threads over one, of pairs", rates[2].RatioOfPairs(rates[1]), "x", atLeast: 1.7);
    }

    /// <summary>Whole processes, in turns.</summary>
    private static void Programs(Report report, BenchmarkOptions options, string large)
    {
        (string Name, string[] Command)[] programs =
        [
            ("perf report", ["perf", "report", "--itrace=i1i", "--stdio", "-i", large]),
            ("pinion report", ["dotnet", options.Pinion, "report", large]),
            ("perf report -D", ["perf", "report", "-D", "-i", large]),
            ("pinion decode", ["dotnet", options.Pinion, "decode", large]),
        ];
        var times = programs.ToDictionary(p => p.Name, _ => new Sample());
        var memory = programs.ToDictionary(p => p.Name, _ => new Sample());
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach ((string name, string[] command) in programs)
            {
                Report.Progress($"trace: round {round + 1} of {options.Rounds}, {name}");
                (double seconds, double megabytes) = WholeProcess.Time(command);
                times[name].Add(seconds);
                memory[name].Add(megabytes);
            }
        }

        Report.Table(
            "Whole processes, output to nowhere: s, and largest resident memory in MB; min/median/max",
            ["program", "s", "MB"],
            programs.Select(p => (string[])[p.Name, Report.Spread(times[p.Name]), Report.Spread(memory[p.Name])]));
        foreach ((string name, _) in programs)
        {
            report.Keep("trace, s", name, times[name]);
            report.Keep("trace, MB", name, memory[name]);
        }

        report.Result("perf report over pinion report, of pairs", times["perf report"].RatioOfPairs(times["pinion report"]), "x", atLeast: 3);
        report.Result("perf report -D over pinion decode, of pairs", times["perf report -D"].RatioOfPairs(times["pinion decode"]), "x", atLeast: 10);
        report.Result("pinion report, largest resident memory", memory["pinion report"].Max, " MB", atMost: 500);
        report.Result("pinion decode, largest resident memory", memory["pinion decode"].Max, " MB", atMost: 500);
    }
}
