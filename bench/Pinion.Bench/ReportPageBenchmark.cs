using System.Diagnostics;
using Microsoft.Playwright;
using Pinion.Trace;

namespace Pinion.Bench;

/// <summary><c>bench/report-page</c>: how long the page that <c>pinion report --html</c> makes of a large trace takes to open.</summary>
internal static class ReportPageBenchmark
{
    private const string Chromium = "/usr/bin/chromium";
    private const long Samples = 1_000_000;
    private const int RecordBytes = 64;

    /// <summary>All CPU workloads of so much of their size give about a million samples at one of 1024 operations.</summary>
    private const double WorkloadScale = 0.1;

    /// <summary>The last four keep the browser itself from using the network.</summary>
    private static readonly string[] s_arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    /// <summary>When the page had its first text, when all of it was there and it answered, and how long a change of the search takes until it is drawn; milliseconds.</summary>
    private sealed record Opening(double FirstPaint, double Ready, double Search);

    public static void Run(Report report, BenchmarkOptions options)
    {
        if (!File.Exists(Chromium))
        {
            Stop.Because("needs chromium: apt-get install chromium");
        }

        DirectoryInfo directory = Directory.CreateTempSubdirectory("pinion-page-bench");
        try
        {
            string trace = Trace(report, options, directory.FullName);
            string page = Path.Combine(directory.FullName, "page.html");
            var watch = Stopwatch.StartNew();
            Write(options, trace, page);
            double seconds = watch.Elapsed.TotalSeconds;
            Report.Note($"pinion report --html: {Report.Number(seconds)} s, a page of {new FileInfo(page).Length / 1e6:F2} MB");
            MeasureAsync(report, options, page).GetAwaiter().GetResult();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>A recording of a guest with two CPUs, at least as large as it is to be.</summary>
    private static string Trace(Report report, BenchmarkOptions options, string directory)
    {
        long wanted = (long)((options.Scale ?? 1) * Samples);
        string recorded = TraceBenchmark.Record(report, options, directory, WorkloadScale * (options.Scale ?? 1), cpus: 2);
        long samples = Count(recorded);
        Report.Note($"trace: {samples} samples recorded, {new FileInfo(recorded).Length / 1e6:F0} MB");
        if (samples >= wanted)
        {
            return recorded;
        }

        string large = Path.Combine(directory, "large.data");
        TraceInflater.Inflate(recorded, large, new FileInfo(recorded).Length + ((wanted - samples) * RecordBytes));
        Report.Note($"trace: repeated to {Count(large)} samples");
        return large;
    }

    private static long Count(string path)
    {
        if (!TraceFile.TryRead(path, out SpeTrace trace, out string error))
        {
            Stop.Because(error);
        }

        return RecordScan.Run(trace, () => new Counter()).Sum(counter => counter.Records);
    }

    private static void Write(BenchmarkOptions options, string trace, string page)
    {
        string cache = Path.GetDirectoryName(options.Guest.Kernel)!;
        string[] symbols = [.. Option("--kallsyms", Path.Combine(cache, "kallsyms")), .. Option("--elf", Path.Combine(cache, "bench", "bench"))];
        using var process = Process.Start("dotnet", [options.Pinion, "report", trace, "--html", page, .. symbols]);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Stop.Because($"'pinion report --html' ended with exit code {process.ExitCode}");
        }

        static string[] Option(string name, string path) => File.Exists(path) ? [name, path] : [];
    }

    private static async Task MeasureAsync(Report report, BenchmarkOptions options, string page)
    {
        var openings = new List<Opening>();
        using IPlaywright playwright = await Playwright.CreateAsync();
        for (int round = -1; round < options.Rounds; round++)
        {
            Report.Progress($"report-page: round {round + 1} of {options.Rounds}");

            // A browser for each round: nothing is compiled or cached before it. The first round is for the machine's cache of files.
            await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = s_arguments });
            Opening opening = await OpenAsync(browser, page);
            if (round >= 0)
            {
                openings.Add(opening);
            }
        }

        Sample paint = Of(opening => opening.FirstPaint);
        Sample ready = Of(opening => opening.Ready);
        Sample search = Of(opening => opening.Search);
        Report.Table(
            "In headless Chromium: ms from the start of loading; min/median/max",
            ["", "ms"],
            [["first text", Report.Spread(paint)], ["all drawn, and answers", Report.Spread(ready)], ["a search, typed to drawn", Report.Spread(search)]]);
        report.Keep("report-page, ms", "first text", paint);
        report.Keep("report-page, ms", "ready", ready);
        report.Keep("report-page, ms", "search", search);
        report.Result("opening the page, median", ready.Median / 1e3, " s", atMost: 2);

        Sample Of(Func<Opening, double> figure)
        {
            var sample = new Sample();
            openings.ForEach(opening => sample.Add(figure(opening)));
            return sample;
        }
    }

    private static async Task<Opening> OpenAsync(IBrowser browser, string path)
    {
        IPage page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1360, Height = 900 } });
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.state !== undefined", null, new() { Timeout = 120_000 });

        // The frame after the last change has been drawn when the second callback runs.
        double[] figures = await page.EvaluateAsync<double[]>(
            """
            async () => {
              const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))));
              const ready = await drawn();
              const search = document.getElementById('search');
              search.value = 'a';
              const start = performance.now();
              search.dispatchEvent(new Event('input'));
              const end = await drawn();
              const [paint] = performance.getEntriesByName('first-contentful-paint');
              return [paint.startTime, ready, end - start];
            }
            """);
        return new Opening(figures[0], figures[1], figures[2]);
    }

    private sealed class Counter : IRecordVisitor
    {
        public long Records { get; private set; }

        public void Visit(in SpeBuffer buffer, in Pinion.Arm.Spe.SpeRecord record) => Records++;
    }
}
