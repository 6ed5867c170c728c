using System.Text;
using System.Text.Json;
using Pinion.Trace.Exports;
using static Pinion.Trace.Tests.Exports.ExportTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class CsvExporterTests
{
    /// <summary>Reads a file of comma-separated values with Python's csv module and prints it as JSON.</summary>
    private const string Reader = "import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8'), strict=True))))";

    [Fact]
    public void ALoadHasAllItsColumns()
    {
        string[] lines = Text(Everything()).Split("\r\n");

        lines[0].ShouldBe(string.Join(',', CsvExporter.Columns));
        lines[1].ShouldBe(
            "0,51,bench,51,1000,1000,0x70000100,0,bench,main,0x0,,,load,LD GP-REG,0x2,RETIRED,100,10,7,14,DRAM,0xffff1234,0x88001234,,");
        lines.Length.ShouldBe(10);
        lines[^1].ShouldBeEmpty();
    }

    [Fact]
    public void ARecordWithNothingHasEmptyFields() => Text(Everything()).Split("\r\n")[8].ShouldBe("1,,,,,,,,,,,,,none,,0x0,,,,,,,,,,");

    [Fact]
    public void AnotherProgramReadsEveryField()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("samples.csv", Export(new CsvExporter(), Everything()));

        using JsonDocument rows = JsonDocument.Parse(ExternalTool.Run("python3", "python3", "-c", Reader, path));

        rows.RootElement.GetArrayLength().ShouldBe(8);
        rows.RootElement.EnumerateArray().Select(row => row.GetProperty("process_name").GetString()).ShouldContain("wor;\"k,2");
        rows.RootElement.EnumerateArray().ShouldAllBe(row => row.EnumerateObject().Count() == CsvExporter.Columns.Count);
    }

    [Fact]
    public void EverySampleIsALineAndLatenciesAddUp() => ForAnyTrace((trace, total) =>
    {
        string[][] rows = [.. Text(trace).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Replace("\"wor;\"\"k,2\"", "", StringComparison.Ordinal).Split(','))];
        rows.Length.ShouldBe((int)total.Samples);
        int column = CsvExporter.Columns.ToList().IndexOf("total_latency");
        rows.Sum(row => row[column].Length == 0 ? 0 : long.Parse(row[column])).ShouldBe(total.TotalLatency);
    });

    private static string Text(SpeTrace trace) => Encoding.UTF8.GetString(Export(new CsvExporter(), trace));
}
