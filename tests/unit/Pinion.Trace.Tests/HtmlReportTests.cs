using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pinion.Trace.Html;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

public sealed partial class HtmlReportTests
{
    private const string Hostile = "</script><img/src=x/onerror=alert(1)>";

    [Fact]
    public void TheSameTraceGivesTheSameBytes()
    {
        byte[] first = Write(SyntheticTrace.Make(30_000, cpus: 4), new());

        Write(SyntheticTrace.Make(30_000, cpus: 4), new()).ShouldBe(first);
    }

    [Fact]
    public void ATraceThatDoesNotFitGivesTheSameBytesToo()
    {
        var options = new HtmlReportOptions { Limits = new() { Functions = 4, Instructions = 6, Contexts = 10, Cells = 40, GatheredTimes = 200, RegionCells = 30, GatheredRegions = 10 } };
        byte[] first = Write(SyntheticTrace.Make(30_000, cpus: 4), options);

        Write(SyntheticTrace.Make(30_000, cpus: 4), options).ShouldBe(first);
    }

    [Fact]
    public void NamesOfTheTraceAndTheFileAreNeverMarkup()
    {
        string page = Text(SyntheticTrace.Make(500, names: [Hostile], functions: [Hostile, "{{scripts}}"]), new() { Title = Hostile });

        page.ShouldNotContain("<img");
        page.ShouldContain("<title>&lt;/script&gt;&lt;img/src=x/onerror=alert(1)&gt;");
        JsonElement json = Unpack(page).Json;
        json.GetProperty("functions").EnumerateArray().Select(name => name.GetString()).ShouldContain(Hostile);
        json.GetProperty("processes").EnumerateArray().Select(name => name.GetString()).ShouldContain(name => name!.StartsWith("</script>", StringComparison.Ordinal));
    }

    [Fact]
    public void ThePolicyAllowsWhatIsInThePageAndNothingElse()
    {
        string page = Text(SyntheticTrace.Make(500), new());
        string policy = Policy().Match(page).Groups[1].Value;

        policy.ShouldStartWith("default-src 'none'; ");
        policy.ShouldNotContain("unsafe");
        policy.ShouldNotContain("http");
        string[] scripts = [.. Scripts().Matches(page).Select(match => match.Groups[1].Value)];
        scripts.Length.ShouldBeGreaterThan(1);
        foreach (string content in scripts.Append(Style().Match(page).Groups[1].Value))
        {
            policy.ShouldContain($"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'");
        }

        Address().Matches(page).ShouldBeEmpty();
        page.ShouldNotContain(" style=");
    }

    [Fact]
    public void ThePackedColumnsHoldTheModelsNumbers()
    {
        SampleSource source = SyntheticTrace.Make(5_000);
        var model = ReportModel.Build(source, new());

        (JsonElement json, byte[] columns) = Unpack(Text(source, new()));

        json.GetProperty("period").GetUInt64().ShouldBe(SyntheticTrace.Period);
        int at = 0;
        foreach (JsonElement table in json.GetProperty("tables").EnumerateArray())
        {
            var read = new Dictionary<string, long[]>();
            int column = 0;
            foreach (JsonElement name in table.GetProperty("columns").EnumerateArray())
            {
                read[name.GetString()!] = Column(columns, ref at, table.GetProperty("rows").GetInt32(), column++ < table.GetProperty("keys").GetInt32());
            }

            if (table.GetProperty("name").GetString() == "cells")
            {
                read["place"].Zip(read["context"]).ShouldBe(model.Cells.Select(cell => ((long)cell.Place, (long)cell.Context)));
                read["latency"].ShouldBe(model.Cells.Select(cell => cell.Cell.Counts.TotalLatency));
                read["samples"].Sum().ShouldBe(5_000);
            }
        }

        at.ShouldBe(columns.Length);
    }

    [Fact]
    public void DamageIsToldOnce()
    {
        byte[] bytes = [.. TraceTestData.Fixed(TraceTestData.Sample(0x1000)), 0xFF, 0xFF, .. TraceTestData.Fixed(TraceTestData.Sample(0x1000))];
        SpeTrace trace = TraceFile.Parse(bytes);

        JsonElement json = Unpack(Text(new SampleSource(trace, new SymbolResolver(trace)), new())).Json;

        trace.Diagnoses.Count.ShouldBe(1);
        json.GetProperty("diagnosisCount").GetInt64().ShouldBe(1);
        json.GetProperty("diagnoses")[0].GetString().ShouldBe(trace.Diagnoses.List[0].ToString());
    }

    [Fact]
    public void LossesAndFactsOfTheRecordingAreInThePage()
    {
        SampleSource source = SyntheticTrace.Make(100);
        source.Trace.Losses.AddRange([new(0, 1, "truncated"), new(1, 2, "truncated"), new(0, 3, "collision")]);
        source.Trace.Facts.Add(new("host name", "debian"));

        JsonElement json = Unpack(Text(source, new())).Json;

        json.GetProperty("losses").GetRawText().ShouldBe("""[["collision","1"],["truncated","2"]]""");
        json.GetProperty("facts").GetRawText().ShouldContain("""["host name","debian"]""");
    }

    [Fact]
    public void AFilteredPageHoldsThoseSamplesOnlyAndSaysSo()
    {
        SampleSource source = SyntheticTrace.Make(5_000);
        var filter = new SampleFilter { Classes = new HashSet<ProfileClass> { ProfileClass.Branch } };

        var model = ReportModel.Build(source, new() { Filter = filter });

        model.Total.Samples.ShouldBe(Profile.Build(source, new ProfileOptions()).Total.Of(ProfileClass.Branch));
        Unpack(Text(source, new() { Filter = filter })).Json.GetProperty("filtered").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public void LongNamesAreCut()
    {
        string name = new('x', 10_000);

        JsonElement json = Unpack(Text(SyntheticTrace.Make(500, functions: [name]), new())).Json;

        json.GetProperty("functions").EnumerateArray().Max(function => function.GetString()!.Length).ShouldBe(301);
    }

    [Fact]
    public void AnEmptyTraceGivesAPage()
    {
        SpeTrace trace = TraceFile.Parse(Array.Empty<byte>());

        Unpack(Text(new SampleSource(trace, new SymbolResolver(trace)), new())).Json.GetProperty("time").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    /// <summary>PINION_PAGE_INPUTS sets how many.</summary>
    [Fact]
    public void AnyBytesGiveAPage()
    {
        int inputs = int.TryParse(Environment.GetEnvironmentVariable("PINION_PAGE_INPUTS"), out int asked) ? asked : 200;
        TraceBytes file = SyntheticTrace.Make(400).Trace.Source;
        byte[] whole = file.Span(0, (int)file.Length).ToArray();
        for (int seed = 0; seed < inputs; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = whole[..random.Next(1, whole.Length + 1)];
            for (int i = random.Next(60); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            SpeTrace trace = TraceFile.Parse(bytes);
            string page = Text(new SampleSource(trace, new SymbolResolver(trace)), new());

            Unpack(page).Json.GetProperty("tables").GetArrayLength().ShouldBe(10, $"seed {seed}");
        }
    }

    private static byte[] Write(SampleSource source, HtmlReportOptions options)
    {
        using var stream = new MemoryStream();
        HtmlReport.Write(source, options, stream);
        return stream.ToArray();
    }

    private static string Text(SampleSource source, HtmlReportOptions options) => Encoding.UTF8.GetString(Write(source, options));

    private static (JsonElement Json, byte[] Columns) Unpack(string page)
    {
        using var packed = new MemoryStream(Convert.FromBase64String(Packed().Match(page).Groups[1].Value));
        using var inflate = new DeflateStream(packed, CompressionMode.Decompress);
        using var all = new MemoryStream();
        inflate.CopyTo(all);
        byte[] bytes = all.ToArray();
        int size = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(sizeof(int), size));
        return (document.RootElement.Clone(), bytes[(sizeof(int) + size)..]);
    }

    private static long[] Column(byte[] bytes, ref int at, int rows, bool isKey)
    {
        long[] values = new long[rows];
        long last = 0;
        for (int row = 0; row < rows; row++)
        {
            ulong value = 0;
            int shift = 0;
            byte part;
            do
            {
                part = bytes[at++];
                value |= (ulong)(part & 0x7F) << shift;
                shift += 7;
            }
            while (part >= 0x80);
            last = isKey ? last + ((long)(value >> 1) ^ -(long)(value & 1)) : (long)value;
            values[row] = last;
        }

        return values;
    }

    [GeneratedRegex("<meta http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\">")]
    private static partial Regex Policy();

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("id=\"data\">([^<]*)</script>")]
    private static partial Regex Packed();

    [GeneratedRegex("(src|href|action)=|url\\(|@import|https?:")]
    private static partial Regex Address();
}
