using Pinion.Trace.Exports;

namespace Pinion.Bench;

/// <summary><c>bench/trace-memory</c>: what the commands that read traces take of memory for a trace that is larger than they may take.</summary>
internal static class TraceMemoryBenchmark
{
    private const long Unit = 4L << 30;

    /// <summary>Exit code of a command whose file was not whole.</summary>
    private const int DamagedFile = 2;

    public static void Run(Report report, BenchmarkOptions options)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pinion-trace-memory");
        try
        {
            long size = (long)((options.Scale ?? 1) * Unit);
            string large = Path.Combine(directory.FullName, "large.data");
            string recording = TraceBenchmark.Record(report, options, directory.FullName);
            TraceInflater.Inflate(recording, large, size);
            Measure(report, options, "recorded", large);
            HostileTraces.WriteScattered(large, size);
            Measure(report, options, "scattered", large);
            HostileTraces.WriteCrumbs(large, size);
            Measure(report, options, "crumbs", large);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void Measure(Report report, BenchmarkOptions options, string name, string trace)
    {
        List<string[]> rows = [];
        var memory = new Sample();
        string page = trace + ".html";
        foreach (string[] command in (string[][])
        [
            ["decode"],
            ["report"],
            ["report", "--latency"],
            ["report", "--by", "instruction", "--json"],
            ["report", "--by", "address", "--json"],
            ["report", "--by", "cacheline", "--json"],
            ["report", "--by", "process", "--json"],
            ["report", "--sharing"],
            ["report", "--html", page],
            .. TraceExporters.All.Select(format => (string[])["export", "--to", format.Name]),
        ])
        {
            string text = string.Join(' ', command.Select(word => word == page ? "PAGE" : word));
            Report.Progress($"trace-memory: {name}, {text}");
            (double seconds, double megabytes) = WholeProcess.Time(["dotnet", options.Pinion, command[0], trace, .. command[1..]], name == "crumbs" ? [0, DamagedFile] : [0]);
            rows.Add([text, Report.Number(seconds), Report.Number(megabytes)]);
            memory.Add(megabytes);
            File.Delete(page);
        }

        Report.Table($"{name}: {new FileInfo(trace).Length / 1e6:F0} MB; whole processes, output to nowhere", ["pinion", "s", "largest resident memory, MB"], rows);
        report.Keep("trace-memory, MB", name, memory);
        report.Result($"{name}, largest resident memory of all", memory.Max, " MB", atMost: 500);
    }
}
