using Pinion.Trace;
using Pinion.Trace.Profiles;
using Spectre.Console;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>A profile on a terminal.</summary>
internal static class TerminalProfile
{
    private static readonly string[] s_leastTellingFirst =
        ["fp/simd", "other", "atomic", "store", "load", "branch", "xlat", "issue", "max", "p90", "data sources", "EL", "mispred", "image", "p50", "p99", "total"];

    /// <summary>Prints the profile as a framed table with as many columns as fit, and its histograms.</summary>
    public static void Print(IAnsiConsole console, Profile profile, TimeConversion time, int top)
    {
        string[] headings = ProfileTable.ColumnsOf(profile);
        int firstText = ProfileTable.FirstTextColumnOf(profile);
        string[][] rows = [.. profile.Rows.Take(top).Select(row => ProfileTable.Cells(row, profile.Total))];
        int[] columns = TerminalTable.ColumnsThatFit(headings, rows, console.Profile.Width, s_leastTellingFirst.Where(name => !profile.Labels.Contains(name) || profile.Labels.Count > 1));
        var table = new Table().Border(TableBorder.Rounded);
        foreach (int column in columns)
        {
            var heading = new TableColumn(headings[column]).NoWrap();
            table.AddColumn(column < firstText ? heading.RightAligned() : heading);
        }

        foreach (string[] row in rows)
        {
            table.AddRow([.. columns.Select(column => Markup.Escape(row[column]))]);
        }

        console.WriteLine(ProfileTable.Summary(profile, time));
        console.Write(table);
        if (profile.Rows.Count > top)
        {
            console.WriteLine($"{profile.Rows.Count - top} more rows; --top shows them");
        }

        if (columns.Length < headings.Length)
        {
            console.WriteLine($"{headings.Length - columns.Length} columns do not fit; pipe the output to see them");
        }

        foreach ((string name, LatencyHistogram histogram) in HistogramText.Of(profile.Total))
        {
            var chart = new BarChart().Label($"{name} latency, samples by cycles").LeftAlignLabel().Width(Math.Min(console.Profile.Width, 100));
            foreach ((string range, long samples) in HistogramText.Bars(histogram))
            {
                chart.AddItem(range, samples, Color.Teal);
            }

            console.WriteLine();
            console.Write(chart);
        }
    }
}
