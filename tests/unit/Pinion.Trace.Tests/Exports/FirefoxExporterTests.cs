using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Exports;
using Pinion.Trace.Symbols;
using static Pinion.Trace.Tests.Exports.ExportTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class FirefoxExporterTests
{
    [Fact]
    public void ThreadsHaveTheirSamplesAtTheirTimes()
    {
        using JsonDocument json = Parse(RequestOf(Everything()));

        json.RootElement.GetProperty("threads").EnumerateArray().Select(thread => (
            thread.GetProperty("processName").GetString(),
            thread.GetProperty("name").GetString(),
            thread.GetProperty("pid").GetString(),
            thread.GetProperty("tid").GetString(),
            thread.GetProperty("isMainThread").GetBoolean(),
            string.Join(' ', thread.GetProperty("samples").GetProperty("time").EnumerateArray().Select(time => time.GetRawText())))).ShouldBe(
            [
                ("bench", "bench", "51", "51", true, "0.000000 0.001000 0.003000"),
                ("bench", "wor;\"k,2", "51", "52", false, "0.002000 0.008000"),
                ("other", "other", "60", "60", true, "0.000500"),
                ("[unknown]", "CPU 0", "cpus", "0", false, "0.004000"),
                ("[unknown]", "CPU 1", "cpus", "1", false, "0.003001"),
            ]);
    }

    [Fact]
    public void AStackIsImageAndFunctionWithAddressAndLine()
    {
        using JsonDocument json = Parse(RequestOf(Everything()) with { Lines = new Lines() });
        JsonElement thread = json.RootElement.GetProperty("threads")[0];

        FirefoxProfile.StackAt(json, thread, 0).ShouldBe(["bench", "main"]);
        JsonElement frames = thread.GetProperty("frameTable");
        (frames.GetProperty("address")[0].GetInt64(), frames.GetProperty("address")[1].GetInt64()).ShouldBe((-1, 0x40_0100));
        frames.GetProperty("line")[1].GetInt32().ShouldBe(12);
        FirefoxProfile.Text(json, thread.GetProperty("funcTable").GetProperty("fileName")[1]).ShouldBe("src/bench.c");
        json.RootElement.GetProperty("libs")[0].GetProperty("breakpadId").GetString().ShouldBe("67452301AB89EFCD0123456789ABCDEF0");
    }

    [Fact]
    public void EveryTableIsWholeAndWeightsAddUpToTheProfilesTotal() => ForAnyTrace((trace, total) =>
    {
        using JsonDocument samples = Parse(RequestOf(trace));
        using JsonDocument latency = Parse(RequestOf(trace) with { Weight = ExportWeight.Latency });

        FirefoxProfile.Check(samples).ShouldBe(total.Samples);
        FirefoxProfile.Check(latency).ShouldBe(total.TotalLatency);
    });

    [Fact]
    public void MadeUpTimesAreSaid()
    {
        SpeRecord record = default;
        record.SetPc(0x10, 0);
        var notes = new List<string>();

        using JsonDocument json = Parse(RequestOf(TraceWith([record, record])) with { Note = notes.Add });

        notes.ShouldBe(["2 samples have no time; each is 1 ns after the sample before it"]);
    }

    [Fact]
    public void MoreSamplesThanFitShareTheirTimesAndLoseNothing()
    {
        var notes = new List<string>();
        var samples = new TimedSamples(most: 100);
        for (int i = 0; i < 1000; i++)
        {
            samples.Add(new(i % 2, i % 3, (ulong)(1000 - i), 1));
        }

        IReadOnlyList<TimedSample> merged = samples.Finish(RequestOf(Everything()) with { Note = notes.Add });

        merged.Count.ShouldBeInRange(50, 100);
        merged.Sum(sample => sample.Weight).ShouldBe(1000);
        merged.ShouldBe(merged.Order());
        merged.ShouldBeUnique();
        merged.ShouldAllBe(sample => sample.Time % samples.Resolution == 0);
        notes.Single().ShouldContain("those of 0.064 us in the same place are one");
    }

    [Fact]
    public void HowFarTimesAreMergedDoesNotDependOnTheOrderOfSamples()
    {
        TimedSample[] samples = [.. Enumerable.Range(0, 1000).Select(i => new TimedSample(0, i % 7, (ulong)(i * i), 1))];

        Merge(samples).ShouldBe(Merge([.. samples.Reverse()]));

        static IReadOnlyList<TimedSample> Merge(TimedSample[] samples)
        {
            var merged = new TimedSamples(most: 100);
            foreach (TimedSample sample in samples)
            {
                merged.Add(sample);
            }

            return merged.Finish(RequestOf(Everything()));
        }
    }

    private static JsonDocument Parse(ExportRequest request) => JsonDocument.Parse(Export(new FirefoxExporter(), request));

    private sealed class Lines : ISourceLines
    {
        public SourceLine? Find(ElfImage image, ulong address) => new("src/bench.c", 12);
    }
}
