using System.Text.Json;
using Json.Schema;
using Pinion.Trace.Exports;
using static Pinion.Trace.Tests.Exports.ExportTestData;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests.Exports;

/// <summary>speedscope's own schema and speedscope itself are the oracles, of its format and of the others that it reads.</summary>
public sealed class SpeedscopeExporterTests(SpeedscopePackage speedscope) : IClassFixture<SpeedscopePackage>
{
    [Fact]
    public void EachProcessIsAProfileOfItsStacks()
    {
        using JsonDocument json = Parse(RequestOf(Everything()));

        json.RootElement.GetProperty("profiles").EnumerateArray().Select(profile => profile.GetProperty("name").GetString()).ShouldBe(
            ["[unknown]", "bench (51)", "other (60)", "wor;\"k,2 (51)", "worker (51)"]);
        JsonElement bench = json.RootElement.GetProperty("profiles")[1];
        bench.GetProperty("endValue").GetInt64().ShouldBe(3);
        bench.GetProperty("weights").EnumerateArray().Select(weight => weight.GetInt64()).ShouldBe([1, 2]);
        bench.GetProperty("samples").EnumerateArray().Select(stack => string.Join(" > ", stack.EnumerateArray().Select(frame => NameOf(json, frame.GetInt32())))).ShouldBe(
            ["[kernel] > do_one", "bench > main"]);
        json.RootElement.GetProperty("activeProfileIndex").GetInt32().ShouldBe(1);
    }

    [Fact]
    public void TheFileIsValidByTheirSchema()
    {
        JsonSchema schema = JsonSchema.FromText(File.ReadAllText(speedscope.File("file-format-schema.json")));
        using JsonDocument good = Parse(RequestOf(Everything()));
        using JsonDocument bad = JsonDocument.Parse("""{"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": [{}]}, "profiles": []}""");

        schema.Evaluate(good.RootElement).IsValid.ShouldBeTrue();
        schema.Evaluate(bad.RootElement).IsValid.ShouldBeFalse();
    }

    [Fact]
    public void WeightsAddUpToTheProfilesTotal() => ForAnyTrace((trace, total) =>
    {
        using JsonDocument samples = Parse(RequestOf(trace));
        using JsonDocument latency = Parse(RequestOf(trace) with { Weight = ExportWeight.Latency });

        Sum(samples).ShouldBe(total.Samples);
        Sum(latency).ShouldBe(total.TotalLatency);
    });

    [Theory]
    [InlineData("speedscope")]
    [InlineData("pprof")]
    [InlineData("collapsed")]
    public void SpeedscopeShowsOurNumbers(string format)
    {
        // One process, for speedscope shows one profile of its own format at a time.
        SpeTrace trace = TraceWith(
            [
                .. Enumerable.Repeat(Sample(0x7000_0104, context: 51), 1203),
                .. Enumerable.Repeat(Sample(0xFFFF_8000_8000_0010, level: 1, context: 51), 30),
            ]);

        IReadOnlyList<string> texts = speedscope.Show("trace", Export(TraceExporters.All.Single(one => one.Name == format), trace));

        texts.ShouldContain("1,203 (98%)");
        texts.ShouldContain("30 (2.4%)");
        texts.ShouldContain("main");
        texts.ShouldContain("do_one");
    }

    private static JsonDocument Parse(ExportRequest request) => JsonDocument.Parse(Export(new SpeedscopeExporter(), request));

    private static string? NameOf(JsonDocument json, int frame) => json.RootElement.GetProperty("shared").GetProperty("frames")[frame].GetProperty("name").GetString();

    private static long Sum(JsonDocument json) => json.RootElement.GetProperty("profiles").EnumerateArray().Sum(profile =>
    {
        JsonElement weights = profile.GetProperty("weights");
        weights.GetArrayLength().ShouldBe(profile.GetProperty("samples").GetArrayLength());
        long sum = weights.EnumerateArray().Sum(weight => weight.GetInt64());
        profile.GetProperty("endValue").GetInt64().ShouldBe(sum);
        return sum;
    });
}
