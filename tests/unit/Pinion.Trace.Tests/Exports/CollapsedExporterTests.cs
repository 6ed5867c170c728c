using System.Text;
using Pinion.Trace.Exports;
using static Pinion.Trace.Tests.Exports.ExportTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class CollapsedExporterTests
{
    [Fact]
    public void AStackIsProcessImageAndFunction()
    {
        Text(RequestOf(Everything())).ShouldBe(
            """
            [unknown];[unknown];[no PC] 1
            [unknown];[unknown];[unknown] 1
            bench (51);[kernel];do_one 1
            bench (51);bench;main 2
            other (60);bench;main 1
            wor:"k,2 (51);bench;main 1
            worker (51);bench;main 1

            """);
    }

    [Fact]
    public void WeightsMayBeCyclesOfLatency()
    {
        Text(RequestOf(Everything()) with { Weight = ExportWeight.Latency }).ShouldContain("bench (51);bench;main 110\n");
    }

    [Fact]
    public void NumbersAddUpToTheProfilesTotal() => ForAnyTrace((trace, total) =>
    {
        Sum(Text(RequestOf(trace))).ShouldBe(total.Samples);
        Sum(Text(RequestOf(trace) with { Weight = ExportWeight.Latency })).ShouldBe(total.TotalLatency);
    });

    private static long Sum(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..]));

    private static string Text(ExportRequest request) => Encoding.UTF8.GetString(Export(new CollapsedExporter(), request));
}
