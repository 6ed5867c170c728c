using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Pinion.Cli.Compare;

/// <summary>What stands above the rows of a comparison.</summary>
/// <param name="Guest">Name of the workload.</param>
/// <param name="Buffers">Sizes of the buffers, in bytes.</param>
/// <param name="Cycles">Times each buffer was toggled in a round.</param>
/// <param name="Rounds">Runs of each series.</param>
/// <param name="Limit">RLIMIT_MEMLOCK at the start of each run, in bytes; <see cref="ulong.MaxValue"/> is none.</param>
/// <param name="LimitIgnored">The process has CAP_IPC_LOCK.</param>
internal sealed record CompareHeading(string Guest, IReadOnlyList<ulong> Buffers, int Cycles, int Rounds, ulong Limit, bool LimitIgnored);

/// <summary>A comparison as a table and as JSON.</summary>
internal static class CompareTable
{
    /// <summary>Below this share of a CPU a run's times say more about the host than about the series.</summary>
    private const double BusyShare = 0.7;

    private const string Legend = "/s: times a second that a buffer of that size went on and off, work included; us: of one on and off; exits: KVM_EXIT_RLIMIT; S2 faults: of the profiling unit; lost: of samples";

    private static readonly string[] s_counts = ["pinned KiB", "charged KiB", "exits", "S2 faults", "lost", "samples", "cache hits"];

    private static readonly string[] s_leastTellingFirst = ["samples", "us", "exits", "pinned KiB", "cache hits"];

    /// <summary>On a terminal a frame, elsewhere plain columns.</summary>
    public static void Write(CompareHeading heading, IReadOnlyList<SeriesResult> results, TextWriter output)
    {
        string[] headings = ["series", .. heading.Buffers.SelectMany(bytes => new[] { $"{Size(bytes)}/s", $"{Size(bytes)} us" }), .. s_counts];
        string[][] rows = [.. results.Where(result => result.Problem is null).Select(Cells)];
        List<string> notes = [Summary(heading), LimitText(heading), .. BareNote(results), .. BusyNote(results), Legend];
        if (CommandOutput.IsTerminal(output))
        {
            IAnsiConsole console = TerminalTable.Console();
            int[] columns = TerminalTable.ColumnsThatFit(headings, rows, console.Profile.Width, s_leastTellingFirst.SelectMany(name => headings.Where(title => title == name || title.EndsWith(" " + name, StringComparison.Ordinal))));
            var table = new Table().Border(TableBorder.Rounded);
            foreach (int column in columns)
            {
                var title = new TableColumn(headings[column]).NoWrap();
                table.AddColumn(column == 0 ? title : title.RightAligned());
            }

            foreach (string[] row in rows)
            {
                table.AddRow([.. columns.Select(column => Markup.Escape(row[column]))]);
            }

            notes.ForEach(note => console.WriteLine(note));
            console.Write(table);
            if (columns.Length < headings.Length)
            {
                console.WriteLine($"{headings.Length - columns.Length} columns do not fit; pipe the output to see them");
            }

            return;
        }

        notes.ForEach(note => output.Write($"# {note}\n"));
        PlainTable.Write(output, [headings, .. rows], i => i == 0);
    }

    /// <summary>Everything that was measured: medians where a figure is a time, the greatest where it is a count.</summary>
    public static void WriteJson(CompareHeading heading, IReadOnlyList<SeriesResult> results, TextWriter output)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("guest", heading.Guest);
            json.WriteNumber("cycles", heading.Cycles);
            json.WriteNumber("rounds", heading.Rounds);
            WriteNullable(json, "memlockLimit", heading.Limit == ulong.MaxValue ? null : heading.Limit);
            json.WriteBoolean("memlockLimitIgnored", heading.LimitIgnored);
            json.WriteStartArray("series");
            foreach (SeriesResult result in results)
            {
                WriteSeries(json, result);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.Write(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n");
    }

    private static string Summary(CompareHeading heading) => string.Create(
        CultureInfo.InvariantCulture,
        $"guest {heading.Guest}: each buffer enabled and disabled {heading.Cycles} times; {heading.Rounds} round{(heading.Rounds == 1 ? "" : "s")}, medians of times, maxima of counts");

    private static string LimitText(CompareHeading heading)
    {
        string limit = heading.Limit == ulong.MaxValue ? "none" : string.Create(CultureInfo.InvariantCulture, $"{heading.Limit >> 10} KiB");
        return $"limit of locked memory: {limit}{(heading.LimitIgnored ? "; it refuses nothing, because this process has CAP_IPC_LOCK" : "")}";
    }

    private static IEnumerable<string> BareNote(IReadOnlyList<SeriesResult> results)
    {
        double[] bare = [.. results.Where(result => result.Problem is null && result.Rounds[0].Guest.BareCyclesPerSecond is not null)
            .Select(result => result.Median(run => run.Guest.BareCyclesPerSecond!.Value)).Order()];
        if (bare.Length > 0)
        {
            yield return $"without profiling the same work does {Number(bare[bare.Length / 2])} switches out and in a second (median of all runs)";
        }
    }

    private static IEnumerable<string> BusyNote(IReadOnlyList<SeriesResult> results)
    {
        double share = results.Where(result => result.Problem is null).Select(result => result.Median(run => run.CpuShare)).DefaultIfEmpty(1).Min();
        if (share < BusyShare)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"the host was busy: a run had as little as {share * 100:F0} % of a CPU, and its times are that much too long");
        }
    }

    private static string[] Cells(SeriesResult result)
    {
        ulong lost = result.Most(run => run.Guest.Lost);
        double samples = result.Median(run => run.Guest.Lost + run.Guest.Records);
        return
        [
            result.Series.Label,
            .. result.Rounds[0].Guest.Buffers.SelectMany((_, i) => new[]
            {
                Number(result.Median(run => run.Guest.Buffers[i].CyclesPerSecond)),
                result.Rounds[0].Guest.Buffers[i].ToggleMicroseconds is null ? "-" : Number(result.Median(run => run.Guest.Buffers[i].ToggleMicroseconds!.Value)),
            }),
            Kib(result.Most(run => run.PeakPinned)),
            Kib(result.Most(run => run.Charged)),
            Count(result.Most(run => run.LimitExits)),
            Count(result.Most(run => run.Stage2Faults)),
            Count(lost),
            Count((ulong)samples),
            Count(result.Most(run => run.CacheHits)),
        ];
    }

    private static void WriteSeries(Utf8JsonWriter json, SeriesResult result)
    {
        json.WriteStartObject();
        json.WriteString("name", result.Series.Label);
        if (result.Problem is not null)
        {
            json.WriteString("problem", result.Problem.ToString());
            json.WriteEndObject();
            return;
        }

        json.WriteStartArray("buffers");
        for (int i = 0; i < result.Rounds[0].Guest.Buffers.Count; i++)
        {
            int size = i;
            BufferFigures first = result.Rounds[0].Guest.Buffers[i];
            json.WriteStartObject();
            json.WriteNumber("bytes", first.Bytes);
            json.WriteNumber("cycles", first.Cycles);
            json.WriteNumber("cyclesPerSecond", result.Median(run => run.Guest.Buffers[size].CyclesPerSecond));
            WriteNullable(json, "toggleMicroseconds", first.ToggleMicroseconds is null ? null : result.Median(run => run.Guest.Buffers[size].ToggleMicroseconds!.Value));
            WriteNullable(json, "firstEnableMicroseconds", first.FirstMicroseconds is null ? null : result.Median(run => run.Guest.Buffers[size].FirstMicroseconds!.Value));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteNullable(json, "bareCyclesPerSecond", result.Rounds[0].Guest.BareCyclesPerSecond is null ? null : result.Median(run => run.Guest.BareCyclesPerSecond!.Value));
        json.WriteNumber("peakPinnedBytes", result.Most(run => run.PeakPinned));
        json.WriteNumber("chargedBytes", result.Most(run => run.Charged));
        json.WriteNumber("limitExits", result.Most(run => run.LimitExits));
        json.WriteNumber("stage2Faults", result.Most(run => run.Stage2Faults));
        json.WriteNumber("records", result.Median(run => run.Guest.Records));
        json.WriteNumber("lost", result.Most(run => run.Guest.Lost));
        json.WriteNumber("cpuShare", result.Median(run => run.CpuShare));
        json.WriteNumber("collisions", result.Most(run => run.Collisions));
        json.WriteNumber("pinCacheHits", result.Most(run => run.CacheHits));
        json.WriteEndObject();
    }

    private static void WriteNullable(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Number(double value) => value.ToString(value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private static string Count(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Size(ulong bytes) => bytes >= 1 << 20 ? $"{bytes >> 20}M" : $"{bytes >> 10}K";

    private static string Kib(ulong bytes) => Count(bytes >> 10);
}
