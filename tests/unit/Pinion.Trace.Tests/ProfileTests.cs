using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests;

public sealed class ProfileTests
{
    private static readonly SpeRecord[] s_records =
    [
        Sample(0x40_0100, operationClass: SpeOperationClass.LoadStore, operation: SpeOperation.GeneralLoad, total: 100, issue: 10, source: SpeDataSource.Dram, timestamp: 1000),
        Sample(0x40_0104, operationClass: SpeOperationClass.LoadStore, operation: SpeOperation.SimdFpLoad, total: 10, issue: 4, source: SpeDataSource.L1Data, timestamp: 26_000),
        Sample(0x40_0108, operationClass: SpeOperationClass.LoadStore, operation: SpeOperation.GeneralStore),
        Sample(0x40_0108, operationClass: SpeOperationClass.LoadStore, operation: SpeOperation.Extended(store: false, atomic: true)),
        Sample(0x40_010C, operationClass: SpeOperationClass.Branch, operation: SpeOperation.BranchConditional, events: SpeEvents.Retired | SpeEvents.Mispredicted),
        Sample(0x40_010C, operationClass: SpeOperationClass.Branch, operation: SpeOperation.BranchConditional, events: SpeEvents.Retired | SpeEvents.NotTaken),
        Sample(0x10, operationClass: SpeOperationClass.Other, operation: 0x2C),
        Sample(0xFFFF_8000_8000_0000, level: 1),
    ];

    [Fact]
    public void SamplesAreSummedByFunction()
    {
        Profile profile = Build(TraceOf(s_records));

        profile.Total.Samples.ShouldBe(8);
        profile.Rows.Select(row => (row.Location.Image, row.Location.Symbol, row.Counts.Samples)).ShouldBe(
            [("bench", "main", 6L), ("[kernel]", "[unknown]", 1L), ("[unknown]", "[unknown]", 1L)]);
        ProfileCounts main = profile.Rows[0].Counts;
        main.MeanTotalLatency.ShouldBe(150.0 / 6);
        main.MeanIssueLatency.ShouldBe(30.0 / 6);
        main.MispredictShare.ShouldBe(0.5);
        main.NotTaken.ShouldBe(1);
        (main.Of(ProfileClass.Load), main.Of(ProfileClass.Store), main.Of(ProfileClass.Atomic), main.Of(ProfileClass.Branch)).ShouldBe((2L, 1L, 1L, 2L));
        (main.FromSource((int)SpeDataSource.Dram), main.FromSource((int)SpeDataSource.L1Data)).ShouldBe((1L, 1L));
        (profile.Total.AtLevel(0), profile.Total.AtLevel(1)).ShouldBe((7L, 1L));
        profile.Total.Of(ProfileClass.FpSimd).ShouldBe(1);
        profile.Timestamps.ShouldBe((1000ul, 26_000ul));
    }

    [Fact]
    public void RecordsWithoutPcAreCountedApart()
    {
        SpeRecord record = default;
        record.SetEvents(SpeEvents.None);
        Profile profile = Build(TraceOf(record));

        profile.Rows.Single().Location.Symbol.ShouldBe("[no PC]");
        profile.Total.Of(ProfileClass.None).ShouldBe(1);
        profile.Total.MeanTotalLatency.ShouldBeNull();
        profile.Total.MispredictShare.ShouldBeNull();
    }

    [Fact]
    public void DamageIsDiagnosedAndTheRestCounted()
    {
        byte[] bytes = [.. Fixed(s_records[0]), .. Enumerable.Repeat((byte)0xFF, 64), .. Fixed(s_records[1]), 0x42, 0x02];
        SpeTrace trace = TraceFile.Parse(bytes);

        Build(trace).Total.Samples.ShouldBe(2);

        trace.Diagnoses.List.ShouldBe([new(64, "64 bytes of records are left out: 64 of them are part of no packet"), new(192, "2 bytes of records are left out: the last one has no end")]);
    }

    [Fact]
    public void TheTableIsPlainTextWithAlignedColumns()
    {
        SpeTrace trace = TraceOf(s_records);
        Profile profile = Build(trace);
        var writer = new StringWriter();

        ProfileTable.WriteText(profile, TimeConversion.FromFrequency(25_000_000), writer);

        string[] lines = writer.ToString().TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(5);
        lines[0].ShouldBe("# 8 samples; 0.001000 s; mean total latency 21.3 cycles; L1D refills 0, last level misses 0, TLB walks 0, exceptions 0");
        lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..4].ShouldBe(["samples", "share", "total", "issue"]);
        lines[2].ShouldBe("      6  75.0%   25.0    5.0  33.3%  16.7%   16.7%   33.3%        -    0.0%    50.0%  0   L1D 50.0% DRAM 50.0%  bench      main");
        writer.ToString().ShouldNotContain("\u001b");
    }

    [Fact]
    public void JsonHoldsTheSameNumbers()
    {
        using var stream = new MemoryStream();
        ProfileJson.Write(Build(TraceOf(s_records)), TimeConversion.FromFrequency(25_000_000), stream);

        using JsonDocument json = JsonDocument.Parse(stream.ToArray());

        json.RootElement.GetProperty("nanoseconds").GetUInt64().ShouldBe(1_000_000ul);
        json.RootElement.GetProperty("total").GetProperty("samples").GetInt64().ShouldBe(8);
        JsonElement main = json.RootElement.GetProperty("functions")[0];
        main.GetProperty("function").GetString().ShouldBe("main");
        main.GetProperty("meanTotalLatency").GetDouble().ShouldBe(25);
        main.GetProperty("dataSources").GetProperty("DRAM").GetInt64().ShouldBe(1);
        main.GetProperty("mispredicted").GetInt64().ShouldBe(1);
        json.RootElement.GetProperty("functions")[1].GetProperty("exceptionLevels")[1].GetInt64().ShouldBe(1);
    }

    [Fact]
    public void ContextsOfRecordsChooseTheProcess()
    {
        SpeTrace trace = TraceOf(Sample(0x7000_0100, context: 51), Sample(0x7000_0100, context: 99));
        trace.Mappings.Add(new(51, 0x7000_0000, 0x1000, 0, "/usr/bin/bench"));
        trace.Mappings.Add(new(99, 0x7000_0000, 0x1000, 0, "/usr/bin/other"));

        Build(trace).Rows.Select(row => row.Location).ShouldBe([new("bench", "main"), new("other", Location.Unknown)]);
    }

    [Theory]
    [InlineData(ProfileBy.Process)]
    [InlineData(ProfileBy.Thread)]
    [InlineData(ProfileBy.Address)]
    [InlineData(ProfileBy.CacheLine)]
    public void EachSampleCountsForTheNameItsThreadHadAtTheTime(ProfileBy by)
    {
        SpeRecord[] records = [Sample(0x40_0100, context: 51, timestamp: 100), Sample(0x40_0100, context: 51, timestamp: 300), Sample(0x40_0100, context: 51, timestamp: 500), Sample(0x40_0100, context: 51, timestamp: 250)];
        for (int i = 0; i < records.Length; i++)
        {
            records[i].SetDataVirtual(0x1000);
        }

        SpeTrace trace = TraceOf(records);
        trace.Time = TimeConversion.FromFrequency(1_000_000_000);
        trace.Tasks.Add(new(50, 50, "sh", 50) { Time = 10 });
        trace.Tasks.Add(new(50, 50, "perf", 50) { Time = 200 });
        trace.Tasks.Add(new(51, 51, null, 50) { Time = 90 });
        trace.Tasks.Add(new(51, 51, "bench", 51) { Time = 200 });
        trace.Tasks.Add(new(51, 51, "sh", 51) { Time = 400 });

        Profile profile = Profile.Build(new SampleSource(trace, new SymbolResolver(trace)), new() { By = by });

        profile.Rows.Select(row => (row.Labels[0], row.Counts.Samples)).ShouldBe([("bench (51)", 2L), ("sh (51)", 2L)]);
    }

    [Fact]
    public void AProfileOfGivenSumsIsTheOneTheyCameFrom()
    {
        Profile built = Profile.Build(new SampleSource(TraceOf(s_records), new SymbolResolver(TraceOf())), new() { By = ProfileBy.Class, Histograms = true });

        Profile made = Profile.Of(built.Options, built.Rows.Reverse().Select(row => new ProfileRow(row.Labels, Again(row.Counts))), built.Timestamps);

        Json(made).ShouldBe(Json(built));

        static ProfileCounts Again(ProfileCounts counts)
        {
            var again = new ProfileCounts(
                [.. Enum.GetValues<ProfileSum>().Select(sum => counts[sum])],
                [.. Enum.GetValues<ProfileClass>().Select(counts.Of)],
                [.. Enumerable.Range(0, ProfileCounts.Levels).Select(counts.AtLevel)],
                [.. Enumerable.Range(0, ProfileCounts.DataSources).Select(counts.FromSource)],
                histograms: true);
            again.TotalHistogram!.Add(counts.TotalHistogram!);
            again.IssueHistogram!.Add(counts.IssueHistogram!);
            again.TranslationHistogram!.Add(counts.TranslationHistogram!);
            return again;
        }

        static string Json(Profile profile)
        {
            using var stream = new MemoryStream();
            ProfileJson.Write(profile, TimeConversion.FromFrequency(25_000_000), stream);
            return System.Text.Encoding.UTF8.GetString(stream.ToArray());
        }
    }

    [Fact]
    public void ANameHoldsAsLongAsItSays()
    {
        SpeTrace trace = TraceOf();
        trace.Tasks.Add(new(7, 7, "a", 7) { Time = 10 });
        trace.Tasks.Add(new(7, 7, "b", 7) { Time = 20 });
        trace.Tasks.Add(new(7, 8, null, 7) { Time = 12 });
        trace.Tasks.Add(new(9, 9, "c", 7) { Time = 30 });
        trace.Tasks.Add(new(9, 10, "d", 7) { Time = 15 });
        var tasks = new TaskTable(trace);

        for (uint thread = 6; thread < 12; thread++)
        {
            for (ulong time = 1; time < 40; time++)
            {
                int name = tasks.NameAt(thread, time, out (ulong From, ulong Until) holds);
                tasks.NameText(name).ShouldBe(tasks.NameOf(thread, time));
                time.ShouldBeInRange(holds.From, holds.Until - 1);
                for (ulong other = Math.Max(1, holds.From); other < Math.Min(40, holds.Until); other++)
                {
                    tasks.NameAt(thread, other, out _).ShouldBe(name, $"thread {thread}, {other} as {time}");
                }
            }
        }

        tasks.NameOf(9, 25).ShouldBe("a", "as its parent was called at the fork, at 15");
        tasks.NameOf(10, 12).ShouldBe("a");
        tasks.NameOf(0, 12).ShouldBe("swapper");
        tasks.NameOf(11, 12).ShouldBeNull();
    }

    public static TheoryData<ProfileBy, string> Rows => new()
    {
        { ProfileBy.Function, "bench,main=6 [kernel],[unknown]=1 [unknown],[unknown]=1" },
        { ProfileBy.Image, "bench=6 [kernel]=1 [unknown]=1" },
        { ProfileBy.Instruction, "bench,main+0x8,0x400108=2 bench,main+0xc,0x40010c=2 [kernel],0xffff800080000000,0xffff800080000000=1 [unknown],0x10,0x10=1 bench,main,0x400100=1 bench,main+0x4,0x400104=1" },
        { ProfileBy.Class, "branch=2 load=2 atomic=1 fp/simd=1 other=1 store=1" },
        { ProfileBy.DataSource, "[none]=6 DRAM=1 L1D=1" },
        { ProfileBy.Cpu, "0=8" },
        { ProfileBy.Process, "[unknown]=8" },
        { ProfileBy.Page, ",[no data address]=8" },
        { ProfileBy.Line, "bench,main,[unknown]=6 [kernel],[unknown],[unknown]=1 [unknown],[unknown],[unknown]=1" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void RowsAreWhatWasAskedFor(ProfileBy by, string rows)
    {
        Profile profile = Build(TraceOf(s_records), new ProfileOptions { By = by });

        string.Join(' ', profile.Rows.Select(row => $"{string.Join(',', row.Labels)}={row.Counts.Samples}")).ShouldBe(rows);
        profile.Rows.ShouldAllBe(row => row.Labels.Count == profile.Labels.Count);
        profile.Rows.Sum(row => row.Counts.Samples).ShouldBe(profile.Total.Samples);
    }

    [Fact]
    public void DataIsPhysicalWhereThatIsRecordedAndOfAProcessElsewhere()
    {
        SpeRecord physical = Sample(0x1000, operationClass: SpeOperationClass.LoadStore, context: 51);
        physical.SetDataVirtual(0x7777_0148);
        physical.SetDataPhysical(0x4000_1148);
        SpeRecord first = Sample(0x1000, operationClass: SpeOperationClass.LoadStore, context: 51);
        first.SetDataVirtual(0x7777_0148);
        SpeRecord second = first;
        second.SetContextEl1(52);
        SpeTrace trace = TraceOf(physical, first, second, first);
        trace.Tasks.Add(new(51, 51, "bench", 51));

        Labels(ProfileBy.CacheLine).ShouldBe(["bench (51) 0x77770140 2", "? (52) 0x77770140 1", "physical 0x40001140 1"]);
        Labels(ProfileBy.Page).ShouldBe(["bench (51) 0x77770000 2", "? (52) 0x77770000 1", "physical 0x40001000 1"]);
        Labels(ProfileBy.Address).ShouldBe(["bench (51) 0x77770148 3", "? (52) 0x77770148 1"]);

        string[] Labels(ProfileBy by) => [.. Build(trace, new ProfileOptions { By = by }).Rows.Select(row => $"{string.Join(' ', row.Labels)} {row.Counts.Samples}")];
    }

    public static TheoryData<SampleFilter, long> Filters => new()
    {
        { new SampleFilter { Classes = new HashSet<ProfileClass> { ProfileClass.Load, ProfileClass.Branch } }, 4 },
        { new SampleFilter { ExceptionLevels = new HashSet<int> { 1 } }, 1 },
        { new SampleFilter { MinimumLatency = 100 }, 1 },
        { new SampleFilter { Events = SpeEvents.Retired | SpeEvents.Mispredicted }, 1 },
        { new SampleFilter { Function = new("^ma") }, 6 },
        { new SampleFilter { Cpus = new HashSet<int> { 0 } }, 8 },
        { new SampleFilter { Cpus = new HashSet<int> { 1 } }, 0 },
        { new SampleFilter { Time = (41_000, 1_040_000) }, 0 },
        { new SampleFilter { Time = (40_000, 1_040_000) }, 7 },
        { new SampleFilter { Time = (40_000, 1_040_001) }, 8 },
        { new SampleFilter { Processes = new HashSet<string> { "bench" } }, 0 },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void AFilterSelectsSamples(SampleFilter filter, long samples)
    {
        SpeTrace trace = TraceOf(s_records);
        trace.Time = TimeConversion.FromFrequency(25_000_000);
        Build(trace, new ProfileOptions { Filter = filter }).Total.Samples.ShouldBe(samples);
    }

    [Theory]
    [InlineData("sh", 1)]
    [InlineData("bench", 2)]
    [InlineData("51", 3)]
    [InlineData("52", 0)]
    public void AProcessIsChosenByNumberOrByItsNameAtTheTime(string process, long samples)
    {
        SpeTrace trace = TraceOf(Sample(0x1000, context: 51, timestamp: 25), Sample(0x1000, context: 51, timestamp: 75), Sample(0x1000, context: 51, timestamp: 75), Sample(0x1000));
        trace.Time = TimeConversion.FromFrequency(25_000_000);
        trace.Tasks.Add(new TraceTask(51, 51, "sh", 51) { Time = 1 });
        trace.Tasks.Add(new TraceTask(51, 51, "bench", 51) { Time = 2000, IsExec = true });

        Build(trace, new ProfileOptions { Filter = new SampleFilter { Processes = new HashSet<string> { process } } }).Total.Samples.ShouldBe(samples);
    }

    [Fact]
    public void HistogramsAreKeptWhereTheyAreAskedFor()
    {
        Build(TraceOf(s_records)).Total.TotalHistogram.ShouldBeNull();
        ProfileCounts total = Build(TraceOf(s_records), new ProfileOptions { Histograms = true }).Total;
        total.TotalHistogram!.Count.ShouldBe(8);
        total.TotalHistogram.Maximum.ShouldBe(100);
        total.IssueHistogram!.Quantile(0.5).ShouldBe(4);
        total.TranslationHistogram!.Count.ShouldBe(0);
    }

    private static Profile Build(SpeTrace trace, ProfileOptions options)
    {
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(SymbolTests.Elf(), "bench", new Diagnoses()));
        return Profile.Build(new SampleSource(trace, resolver), options);
    }

    private static Profile Build(SpeTrace trace)
    {
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(SymbolTests.Elf(), "bench", new Diagnoses()));
        return Profile.Build(trace, resolver);
    }
}
