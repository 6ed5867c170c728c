using Pinion.Trace;
using Pinion.Trace.Capture;
using Pinion.Trace.Store;
using Pinion.Trace.Store.Tests;

namespace Pinion.Bench;

/// <summary><c>bench/store</c>: storing a million samples in PostgreSQL and in an SQLite file, and asking them, beside reporting the trace itself. Whole processes, on a server of the benchmark's own.</summary>
internal static class StoreBenchmark
{
    private const long Unit = 1_000_000;
    private const int Cpus = 4;

    private static readonly string[] s_questions = ["--by function", "--by instruction", "--by process", "--by cacheline", "--by function --latency", "--sharing"];

    public static void Run(Report report, BenchmarkOptions options)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pinion-store-bench");
        using PostgresServer? server = PostgresServer.TryStart();
        try
        {
            string trace = Path.Combine(directory.FullName, "trace.spe");
            long samples = Record(options, directory.FullName, trace);
            Report.Note($"trace: {samples} samples, {new FileInfo(trace).Length / 1e6:F0} MB, the demo guest's over and over");
            if (server is null)
            {
                Report.Note(PostgresServer.Missing);
            }

            foreach ((string name, string? database) in ((string, string?)[])
                [("SQLite", Path.Combine(directory.FullName, "runs.sqlite")), ("PostgreSQL", server?.Url(server.CreateDatabase()))])
            {
                if (database is not null)
                {
                    Store(report, options, trace, samples, name, database);
                }
            }

            Ask(report, options, trace, directory.FullName, server);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The demo guest's records, repeated up to the wanted number and spread over some CPUs; answers how many there are.</summary>
    private static long Record(BenchmarkOptions options, string directory, string trace)
    {
        Report.Progress("store: recording the demo guest");
        string demo = Path.Combine(directory, "demo.spe");
        WholeProcess.Time(["dotnet", options.Pinion, "demo", "--output", demo]);
        if (!TraceFile.TryRead(demo, out SpeTrace recorded, out string error)
            || !CaptureWriter.TryCreate(trace, new(recorded.Midr, recorded.Pmsidr, 1_000_000_000, Cpus, 1), out CaptureWriter? writer, out error))
        {
            Stop.Because(error);
            return 0;
        }

        long once = RecordScan.Run(recorded, () => new Counter()).Sum(counter => counter.Records);
        long samples = 0;
        using (writer)
        {
            for (int copy = 0; samples < (long)((options.Scale ?? 1) * Unit); copy++, samples += once)
            {
                foreach (SpeBuffer buffer in recorded.Buffers)
                {
                    writer.Append(copy % Cpus, buffer.Bytes.Span);
                }
            }
        }

        return samples;
    }

    private static void Store(Report report, BenchmarkOptions options, string trace, long samples, string name, string database)
    {
        var rates = new Sample();
        var memory = new Sample();
        for (int round = 0; round < options.Rounds; round++)
        {
            Report.Progress($"store: {name}, round {round + 1} of {options.Rounds}");
            string run = $"round {round}";
            (double seconds, double megabytes) = WholeProcess.Time(["dotnet", options.Pinion, "store", trace, "--name", run], (StoreLocation.Variable, database));
            rates.Add(samples / seconds / 1e3);
            memory.Add(megabytes);
            if (round + 1 < options.Rounds)
            {
                WholeProcess.Time(["dotnet", options.Pinion, "query", "--run", run, "--delete"], (StoreLocation.Variable, database));
            }
        }

        Report.Note($"pinion store to {name}: {Report.Spread(rates)} thousand rows/s, {Report.Spread(memory)} MB resident");
        report.Keep("store, thousand rows a second", name, rates);
        report.Keep("store, MB", name, memory);
    }

    private static void Ask(Report report, BenchmarkOptions options, string trace, string directory, PostgresServer? server)
    {
        (string Name, string? Database)[] programs = [("report", null), ("query, SQLite", Path.Combine(directory, "runs.sqlite")), .. server is null ? [] : ((string, string?)[])[("query, PostgreSQL", server.Url("test_1"))]];
        var rows = new List<string[]>();
        foreach (string question in s_questions)
        {
            var times = programs.Select(_ => new Sample()).ToArray();
            for (int round = 0; round < options.Rounds; round++)
            {
                for (int i = 0; i < programs.Length; i++)
                {
                    Report.Progress($"store: {programs[i].Name} {question}, round {round + 1} of {options.Rounds}");
                    string[] command = programs[i].Database is null ? ["report", trace] : ["query"];
                    times[i].Add(WholeProcess.Time(["dotnet", options.Pinion, .. command, .. question.Split(' ')], (StoreLocation.Variable, programs[i].Database ?? "")).Seconds);
                }
            }

            for (int i = 0; i < programs.Length; i++)
            {
                report.Keep($"{programs[i].Name}, s", question, times[i]);
            }

            rows.Add([question, .. times.Select(Report.Spread)]);
        }

        Report.Table("Whole processes, output to nowhere: s; min/median/max", ["question", .. programs.Select(p => p.Name)], rows);
    }

    private sealed class Counter : IRecordVisitor
    {
        public long Records { get; private set; }

        public void Visit(in SpeBuffer buffer, in Pinion.Arm.Spe.SpeRecord record) => Records++;
    }
}
