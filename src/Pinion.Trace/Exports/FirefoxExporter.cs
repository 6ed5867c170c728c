using System.Globalization;
using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>A profile in the processed format of the Firefox Profiler: the samples of each thread over time, with image and function as stack. Times count from the first sample.</summary>
public sealed class FirefoxExporter : ITraceExporter
{
    /// <summary>The version of the format that is written; profilers read it and turn it into their own.</summary>
    public const int FormatVersion = 56;

    /// <summary>More than a browser shows with ease.</summary>
    private const int MostSamples = 1 << 20;

    /// <summary>Each thread is a track on the page. A file may have as many as samples; those beyond share one.</summary>
    private const int MostThreads = 4096;

    /// <summary>The version of the format inside Firefox that corresponds.</summary>
    private const int GeckoVersion = 31;

    /// <inheritdoc/>
    public string Name => "firefox";

    /// <inheritdoc/>
    public string Description => "threads over time for profiler.firefox.com";

    /// <inheritdoc/>
    public bool IsText => true;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        var clock = new SampleClock();
        Gathering found = SampleScan.Run(request.Source, request.Filter, () => new Gathering(request, clock), threads: 1).SingleOrDefault() ?? new(request, clock);
        clock.Report(request);
        IReadOnlyList<TimedSample> samples = found.Samples.Finish(request);
        if (found.SharedThreads)
        {
            request.Note(string.Create(CultureInfo.InvariantCulture, $"the trace has more than {MostThreads} threads; the others are one"));
        }

        ulong first = samples.Count == 0 ? 0 : samples.Min(sample => sample.Time);
        ulong last = samples.Count == 0 ? 0 : samples.Max(sample => sample.Time);
        var strings = new FirefoxStrings();
        var libraries = new FirefoxLibraries();
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        WriteMeta(json, request, samples.Count == 0 ? 0 : (double)(last - first) / samples.Count / 1e6);
        json.WriteStartArray("threads");
        for (int start = 0, end; start < samples.Count; start = end)
        {
            int thread = samples[start].Thread;
            for (end = start + 1; end < samples.Count && samples[end].Thread == thread; end++)
            {
            }

            new FirefoxThread(request.Lines, found.Places, strings, libraries).Write(json, found.Threads[thread], samples, start, end, first);
        }

        json.WriteEndArray();
        libraries.Write(json);
        strings.Write(json);
        json.WriteEndObject();
    }

    private static void WriteMeta(Utf8JsonWriter json, ExportRequest request, double milliseconds)
    {
        const double Shortest = 1e-6;
        json.WriteStartObject("meta");
        json.WriteNumber("version", GeckoVersion);
        json.WriteNumber("preprocessedProfileVersion", FormatVersion);
        json.WriteNumber("interval", Math.Max(milliseconds, Shortest));
        json.WriteNumber("startTime", 0);
        json.WriteNumber("processType", 0);
        json.WriteNumber("stackwalk", 0);
        json.WriteBoolean("debug", false);
        json.WriteString("product", request.FileName.Length > 0 ? request.FileName : "trace");
        json.WriteString("importedFrom", "Pinion");
        json.WriteString("oscpu", "aarch64");
        json.WriteBoolean("symbolicated", true);
        json.WriteBoolean("usesOnlyOneStackType", true);
        json.WriteBoolean("sourceCodeIsNotOnSearchfox", true);
        json.WriteStartObject("sampleUnits");
        json.WriteString("time", "ms");
        json.WriteString("eventDelay", "ms");
        json.WriteString("threadCPUDelta", "ns");
        json.WriteEndObject();
        json.WriteStartArray("categories");
        foreach ((string name, string color) in FirefoxThread.Categories)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("color", color);
            json.WriteStartArray("subcategories");
            json.WriteStringValue("Other");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("markerSchema");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The samples of a trace, each with the number of its thread and of its place.</summary>
    private sealed class Gathering(ExportRequest request, SampleClock clock) : ISampleVisitor
    {
        private readonly Dictionary<(uint? Thread, int Cpu), int> _numbers = [];
        private readonly List<FirefoxTask> _threads = [];
        private CodePlaces.Cache? _cache;

        public CodePlaces Places { get; } = new(request.Source);

        public TimedSamples Samples { get; } = new(MostSamples);

        public IReadOnlyList<FirefoxTask> Threads => _threads;

        public bool SharedThreads { get; private set; }

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            long weight = SampleSums.Of(record).Of(request.Weight);
            ulong time = clock.TimeOf(origin);
            if (weight > 0)
            {
                Samples.Add(new(ThreadOf(origin), (_cache ??= new(Places)).NumberOf(record, origin), time, weight));
            }
        }

        /// <summary>Number of a sample's thread; of its CPU, where nobody knows the thread.</summary>
        private int ThreadOf(in SampleOrigin origin)
        {
            (uint?, int) key = (origin.Thread, origin.Thread is null ? origin.Cpu : 0);
            if (_numbers.TryGetValue(key, out int number))
            {
                return number;
            }

            if (_threads.Count < MostThreads)
            {
                _numbers.Add(key, number = _threads.Count);
                _threads.Add(TaskOf(origin));
                return number;
            }

            if (!SharedThreads)
            {
                SharedThreads = true;
                _threads.Add(FirefoxTask.More);
            }

            return MostThreads;
        }

        private FirefoxTask TaskOf(in SampleOrigin origin)
        {
            if (origin.Thread is not uint thread)
            {
                return new("cpus", "[unknown]", FirefoxTask.Number(origin.Cpu), string.Create(CultureInfo.InvariantCulture, $"CPU {origin.Cpu}"), false);
            }

            TaskTable tasks = request.Source.Tasks;
            uint process = tasks.ProcessOf(thread);
            return new(FirefoxTask.Number(process), tasks.NameOf(process, 0) ?? "?", FirefoxTask.Number(thread), tasks.NameOf(thread, 0) ?? "?", process == thread);
        }
    }
}
