using System.Globalization;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Profiles;

/// <summary>A profile as cells of text, for whoever draws the table.</summary>
public static class ProfileTable
{
    private static readonly string[] s_sourceNames = MakeSourceNames();

    private static readonly string[] s_numbers = ["samples", "share", "total", "issue", "load", "store", "atomic", "branch", "fp/simd", "other", "mispred", "EL", "data sources"];
    private static readonly string[] s_quantiles = ["p50", "p90", "p99", "max", "xlat"];

    /// <summary>Column headings of a profile by function; the columns from <see cref="FirstTextColumn"/> are text, those before it numbers.</summary>
    public static IReadOnlyList<string> Columns { get; } = [.. s_numbers, .. ProfileGrouping.Columns(ProfileBy.Function)];

    /// <summary>Index of the first column that holds text and is aligned to the left.</summary>
    public const int FirstTextColumn = 11;

    /// <summary>Column headings of a profile: numbers, those of its histograms (cycles of total latency that 50, 90 and 99 % do not exceed, the largest, and the mean translation latency), and labels.</summary>
    public static string[] ColumnsOf(Profile profile) =>
        [.. s_numbers[..4], .. profile.Options.Histograms ? s_quantiles : [], .. s_numbers[4..], .. profile.Labels];

    /// <summary>Index of the first column of <see cref="ColumnsOf"/> that holds text.</summary>
    public static int FirstTextColumnOf(Profile profile) => FirstTextColumn + (profile.Options.Histograms ? s_quantiles.Length : 0);

    /// <summary>Cells of one row; "-" where nothing was recorded.</summary>
    public static string[] Cells(ProfileRow row, ProfileCounts total)
    {
        ProfileCounts counts = row.Counts;
        return
        [
            counts.Samples.ToString(CultureInfo.InvariantCulture),
            Percent((double)counts.Samples / total.Samples),
            Number(counts.MeanTotalLatency),
            Number(counts.MeanIssueLatency),
            .. Quantiles(counts),
            Share(counts, ProfileClass.Load),
            Share(counts, ProfileClass.Store),
            Share(counts, ProfileClass.Atomic),
            Share(counts, ProfileClass.Branch),
            Share(counts, ProfileClass.FpSimd),
            Percent((double)(counts.Of(ProfileClass.Other) + counts.Of(ProfileClass.None)) / counts.Samples),
            counts.MispredictShare is double share ? Percent(share) : "-",
            Levels(counts),
            Sources(counts),
            .. row.Labels,
        ];
    }

    private static string[] Quantiles(ProfileCounts counts) => counts.TotalHistogram is not LatencyHistogram total
        ? []
        :
        [
            Cycles(total.Quantile(0.5)),
            Cycles(total.Quantile(0.9)),
            Cycles(total.Quantile(0.99)),
            Cycles(total.Count == 0 ? null : total.Maximum),
            Number(counts.MeanTranslationLatency),
        ];

    private static string Cycles(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";

    /// <summary>One line about the whole profile.</summary>
    public static string Summary(Profile profile, TimeConversion time)
    {
        ProfileCounts total = profile.Total;
        var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{total.Samples} samples") };
        if (profile.Timestamps is (ulong first, ulong last) && time.Multiplier != 0)
        {
            double seconds = (time.ToNanoseconds(last) - time.ToNanoseconds(first)) / 1e9;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{seconds:0.000000} s"));
        }

        if (total.MeanTotalLatency is double latency)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"mean total latency {latency:0.0} cycles"));
        }

        parts.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"L1D refills {total.L1DataRefills}, last level misses {total.LastLevelMisses}, TLB walks {total.TlbWalks}, exceptions {total.Exceptions}"));
        return string.Join("; ", parts);
    }

    /// <summary>Writes the table as plain text with aligned columns.</summary>
    /// <param name="profile">A profile.</param>
    /// <param name="time">Counter to nanoseconds.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="top">At most so many rows.</param>
    public static void WriteText(Profile profile, TimeConversion time, TextWriter writer, int top = int.MaxValue)
    {
        string[] columns = ColumnsOf(profile);
        int firstText = FirstTextColumnOf(profile);
        // The cells are made twice, for those of all rows together take more than the profile.
        int[] widths = [.. columns.Select(column => column.Length)];
        foreach (ProfileRow row in profile.Rows.Take(top))
        {
            string[] cells = Cells(row, profile.Total);
            for (int column = 0; column < widths.Length; column++)
            {
                widths[column] = Math.Max(widths[column], cells[column].Length);
            }
        }

        writer.Write($"# {Summary(profile, time)}\n");
        foreach (string[] row in profile.Rows.Take(top).Select(row => Cells(row, profile.Total)).Prepend(columns))
        {
            IEnumerable<string> cells = row.Select((cell, column) => column < firstText ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            writer.Write(string.Join("  ", cells).TrimEnd() + "\n");
        }

        if (profile.Rows.Count > top)
        {
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"# {profile.Rows.Count - top} more rows; --top shows them\n"));
        }
    }

    /// <summary>Headings of the labels of a row.</summary>
    public static IReadOnlyList<string> LabelsOf(ProfileBy by) => ProfileGrouping.Columns(by);

    /// <summary>Name of a class of operations.</summary>
    public static string ClassName(ProfileClass operationClass) => ProfileGrouping.ClassName(operationClass);

    /// <summary>Name of a data source in the encoding of Arm's own cores; hexadecimal where it has none.</summary>
    public static string SourceName(int source) => s_sourceNames[source];

    private static string Levels(ProfileCounts counts)
    {
        IEnumerable<string> present = Enumerable.Range(0, 4).Where(level => counts.AtLevel(level) != 0).Select(level => $"{level}");
        string text = string.Join(",", present);
        return text.Length == 0 ? "-" : text;
    }

    private static string Sources(ProfileCounts counts)
    {
        long all = Enumerable.Range(0, ProfileCounts.DataSources).Sum(counts.FromSource);
        IEnumerable<string> present =
            from source in Enumerable.Range(0, ProfileCounts.DataSources)
            let samples = counts.FromSource(source)
            where samples != 0
            orderby samples descending, source
            select $"{SourceName(source)} {Percent((double)samples / all)}";
        string text = string.Join(" ", present);
        return text.Length == 0 ? "-" : text;
    }

    private static string[] MakeSourceNames()
    {
        var names = new string[ProfileCounts.DataSources];
        for (int source = 0; source < names.Length; source++)
        {
            names[source] = (SpeDataSource)source switch
            {
                SpeDataSource.L1Data => "L1D",
                SpeDataSource.L2 => "L2",
                SpeDataSource.PeerCore => "peer-core",
                SpeDataSource.LocalCluster => "cluster",
                SpeDataSource.SystemCache => "SLC",
                SpeDataSource.PeerCluster => "peer-cluster",
                SpeDataSource.Remote => "remote",
                SpeDataSource.Dram => "DRAM",
                _ => string.Create(CultureInfo.InvariantCulture, $"0x{source:x}"),
            };
        }

        names[^1] = "other";
        return names;
    }

    private static string Share(ProfileCounts counts, ProfileClass operationClass) =>
        counts.Of(operationClass) == 0 ? "-" : Percent((double)counts.Of(operationClass) / counts.Samples);

    private static string Percent(double share) => share.ToString("0.0%", CultureInfo.InvariantCulture);

    private static string Number(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";
}
