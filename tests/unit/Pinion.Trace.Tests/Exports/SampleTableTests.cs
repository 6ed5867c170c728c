using Pinion.Arm.Spe;
using Pinion.Trace.Exports;
using Pinion.Trace.Profiles;
using static Pinion.Trace.Tests.Exports.ExportTestData;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class SampleTableTests
{
    [Fact]
    public void ARowIsOneKindOfSample()
    {
        SampleTable table = SampleTable.Build(RequestOf(Everything()), SampleDetail.All);

        (SampleKey key, SampleSums sums) = table.Rows.Single(row => row.Key.DataSource == (int)SpeDataSource.Dram);
        table.Tasks[key.Task].ShouldBe(new("bench (51)", 51));
        table.Places[key.Place].Label().ShouldBe("main");
        (key.Cpu, key.Class, key.Level).ShouldBe((0, ProfileClass.Load, 0));
        sums.ShouldBe(new(1, 100, 10, 7));
        table.Total.Samples.ShouldBe(8);
        table.Duration.ShouldBe(8000ul);
    }

    [Fact]
    public void WithoutDetailFunctionsAreARow()
    {
        SampleTable table = SampleTable.Build(RequestOf(Everything()), SampleDetail.None);

        table.Rows.Select(row => (table.Places[row.Key.Place].Location.Symbol, row.Sums.Samples)).ShouldBe([("do_one", 1), ("[no PC]", 1), ("[unknown]", 1), ("main", 5)]);
        table.Tasks.ShouldBe([new("[all]", null)]);
    }

    [Fact]
    public void WhatDoesNotFitIsMergedForAllSamplesAlikeAndSaid()
    {
        SpeTrace trace = TraceWith(
            [.. Enumerable.Range(0, 1000).Select(i => Sample(0x7000_0100 + (4 * (ulong)(i % 4)), context: i % 2 == 0 ? 51u : 60u, source: (SpeDataSource)(i % 100)))]);
        var notes = new List<string>();

        SampleTable table = SampleTable.Build(RequestOf(trace) with { Note = notes.Add }, SampleDetail.All, mostRows: 50);

        notes.ShouldBe(["the trace has more kinds of samples than the output may hold: data sources are not kept apart"]);
        table.Rows.Count.ShouldBe(4);
        table.Rows.ShouldAllBe(row => row.Key.DataSource == -1 && row.Key.Cpu >= 0);
        table.Total.Samples.ShouldBe(1000);
    }

    [Fact]
    public void MergingGoesAsFarAsItHasTo()
    {
        var notes = new List<string>();

        SampleTable table = SampleTable.Build(RequestOf(Everything()) with { Note = notes.Add }, SampleDetail.All, mostRows: 4);

        notes.Single().ShouldEndWith("data sources, exception levels, classes, CPUs, addresses, processes are not kept apart");
        table.Rows.Count.ShouldBe(4);
        table.Rows.Sum(row => row.Sums.Samples).ShouldBe(8);
    }

    [Fact]
    public void RowsAreTheSameWhoeverDecodesThem()
    {
        // Each stretch of a megabyte is a thread's; which is first is chance.
        SpeTrace trace = TraceWith([]);
        for (int i = 0; i < 4; i++)
        {
            SpeRecord[] records = [.. Enumerable.Range(0, 1 << 14).Select(j => Sample(0x7000_0000 + (ulong)(4 * ((i + 1) * j % 1000)), context: 51, total: (ushort)j))];
            trace.Buffers.Add(Stretch(i, Fixed(records)));
        }

        SampleTable first = SampleTable.Build(RequestOf(trace), SampleDetail.All);
        for (int i = 0; i < 4; i++)
        {
            SampleTable again = SampleTable.Build(RequestOf(trace), SampleDetail.All);
            again.Rows.ShouldBe(first.Rows);
            again.Places.Select(place => place.Pc).ShouldBe(first.Places.Select(place => place.Pc));
        }
    }

    [Fact]
    public void SumsAreTheProfiles() => ForAnyTrace((trace, total) =>
    {
        foreach (int mostRows in (int[])[SampleTable.MostRows, 10, 1])
        {
            SampleTable table = SampleTable.Build(RequestOf(trace), SampleDetail.All, mostRows);
            var sums = new SampleSums(total.Samples, total.TotalLatency, total.IssueLatency, total.TranslationLatency);
            table.Total.ShouldBe(sums);
            table.Rows.Aggregate(default(SampleSums), (sum, row) => sum + row.Sums).ShouldBe(sums);
        }
    });
}
