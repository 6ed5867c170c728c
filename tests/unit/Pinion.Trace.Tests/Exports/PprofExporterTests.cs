using System.IO.Compression;
using Pinion.Trace.Exports;
using Pinion.Trace.Exports.Pprof;
using Pinion.Trace.Symbols;
using static Pinion.Trace.Tests.Exports.ExportTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class PprofExporterTests
{
    [Fact]
    public void AStackIsFunctionImageAndProcess()
    {
        Profile profile = Parse(Export(new PprofExporter(), Everything()));

        profile.Sample.Select(sample => string.Join(" < ", sample.LocationId.Select(id => NameOf(profile, id)))).Distinct().ShouldBe(
            [
                "[no PC] < [unknown] < [unknown]",
                "[unknown] < [unknown] < [unknown]",
                "do_one < [kernel] < bench (51)",
                "main < bench < bench (51)",
                "main < bench < other (60)",
                "main < bench < wor;\"k,2 (51)",
                "main < bench < worker (51)",
            ]);
    }

    [Fact]
    public void ALoadHasItsLatenciesAndLabels()
    {
        Profile profile = Parse(Export(new PprofExporter(), Everything()));
        Sample load = profile.Sample.Single(sample => sample.Value[1] == 100);

        load.Value.ShouldBe([1, 100, 10, 7, 1024]);
        profile.SampleType.Select(type => $"{Text(profile, type.Type)}/{Text(profile, type.Unit)}").ShouldBe(
            ["samples/count", "latency/cycles", "issue_latency/cycles", "translation_latency/cycles", "operations/count"]);
        load.Label.Select(label => $"{Text(profile, label.Key)}={Text(profile, label.Str)}").ShouldBe(["process=bench (51)", "thread=51", "cpu=0", "class=load", "data_source=DRAM", "el=0"]);
        profile.Location.Single(location => location.Id == load.LocationId[0]).Address.ShouldBe(0x7000_0100ul);
        (profile.Period, profile.DurationNanos).ShouldBe((1024, 8000));
    }

    [Fact]
    public void MappingsHoldTheirAddressesAndTheBusiestProgramIsTheFirst()
    {
        Profile profile = Parse(Export(new PprofExporter(), Everything()));

        profile.Mapping.Select(mapping => (Text(profile, mapping.Filename), mapping.MemoryStart, Text(profile, mapping.BuildId))).ShouldBe(
            [
                ("/usr/bin/bench", 0x7000_0000ul, "0123456789abcdef0123456789abcdef01234567"),
                ("/usr/bin/bench", 0x7100_0000ul, ""),
                ("[kernel]", 0xFFFF_8000_8000_0000ul, ""),
            ]);
        foreach (Pinion.Trace.Exports.Pprof.Location location in profile.Location.Where(location => location.MappingId != 0))
        {
            Mapping mapping = profile.Mapping[(int)location.MappingId - 1];
            location.Address.ShouldBeInRange(mapping.MemoryStart, mapping.MemoryLimit - 1);
        }
    }

    [Fact]
    public void LinesAreThoseOfTheFunctionsFile()
    {
        Profile profile = Parse(Export(new PprofExporter(), RequestOf(Everything()) with { Lines = new TwoFiles() }));

        profile.Function.Where(function => Text(profile, function.Name) == "main").Select(function => Text(profile, function.Filename)).ShouldBe(["src/bench.c"]);
        profile.Location.Where(location => location.Address is > 0x7000_0000 and < 0x7100_0000).Select(location => (location.Address, location.Line[0].Line_)).ShouldBe(
            [(0x7000_0100ul, 256L), (0x7000_0104ul, 0L), (0x7000_010Cul, 268L)]);
    }

    [Fact]
    public void EveryReferenceHasItsTargetAndSumsAreTheProfiles() => ForAnyTrace((trace, total) =>
    {
        Profile profile = Parse(Export(new PprofExporter(), trace));

        CheckReferences(profile);
        Sum(profile, 0).ShouldBe(total.Samples);
        Sum(profile, 1).ShouldBe(total.TotalLatency);
        Sum(profile, 2).ShouldBe(total.IssueLatency);
        Sum(profile, 3).ShouldBe(total.TranslationLatency);
        Sum(profile, 4).ShouldBe(total.Samples * 1024);
    });

    [Fact]
    public void GoToolPprofReadsItAndPrintsOurNumbers()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("trace.pprof", Export(new PprofExporter(), Everything()));

        string[] top = ExternalTool.Run("go", "golang-go", "tool", "pprof", "-top", "-nodefraction=0", path).Split('\n');
        top.ShouldContain(line => line.StartsWith("File: bench", StringComparison.Ordinal));
        top.ShouldContain("Type: samples");
        top.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ShouldContain(cells => cells.Length == 6 && cells[0] == "5" && cells[1] == "62.50%" && cells[5] == "main");
        ExternalTool.Run("go", "golang-go", "tool", "pprof", "-top", "-sample_index=latency", "-tagfocus=data_source=DRAM", path).ShouldContain("100cycles");
    }

    private static long Sum(Profile profile, int type) => profile.Sample.Sum(sample => sample.Value[type]);

    private static string Text(Profile profile, long number) => profile.StringTable[(int)number];

    private static string NameOf(Profile profile, ulong location)
    {
        ulong function = profile.Location.Single(one => one.Id == location).Line[0].FunctionId;
        return Text(profile, profile.Function.Single(one => one.Id == function).Name);
    }

    private static Profile Parse(byte[] bytes)
    {
        using var zip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        return Profile.Parser.ParseFrom(zip);
    }

    private static void CheckReferences(Profile profile)
    {
        profile.StringTable[0].ShouldBeEmpty();
        profile.StringTable.ShouldBeUnique();
        HashSet<ulong> mappings = [.. profile.Mapping.Select(mapping => mapping.Id)];
        HashSet<ulong> functions = [.. profile.Function.Select(function => function.Id)];
        HashSet<ulong> locations = [.. profile.Location.Select(location => location.Id)];
        (mappings.Count, functions.Count, locations.Count).ShouldBe((profile.Mapping.Count, profile.Function.Count, profile.Location.Count));
        profile.Location.ShouldAllBe(location => location.MappingId == 0 || mappings.Contains(location.MappingId));
        profile.Location.ShouldAllBe(location => location.Line.All(line => functions.Contains(line.FunctionId)));
        profile.Sample.ShouldAllBe(sample => sample.Value.Count == profile.SampleType.Count && sample.LocationId.All(locations.Contains));
        long[] texts =
        [
            .. profile.Function.Select(function => function.Name),
            .. profile.Mapping.Select(mapping => mapping.Filename),
            .. profile.Sample.SelectMany(sample => sample.Label).SelectMany(label => (long[])[label.Key, label.Str]),
        ];
        texts.ShouldAllBe(text => text > 0 && text < profile.StringTable.Count);
    }

    /// <summary>Line numbers that are addresses; the second instruction is inlined from a header.</summary>
    private sealed class TwoFiles : ISourceLines
    {
        public SourceLine? Find(ElfImage image, ulong address) => new(address == 0x40_0104 ? "src/inline.h" : "src/bench.c", (int)(address & 0xFFFF));
    }
}
