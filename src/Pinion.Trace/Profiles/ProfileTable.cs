using System.Globalization;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Profiles;

/// <summary>A profile as cells of text, for whoever draws the table.</summary>
public static class ProfileTable
{
    private static readonly string[] s_sourceNames = MakeSourceNames();

    /// <summary>Column headings; the columns from <see cref="FirstTextColumn"/> are text, those before it numbers.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["samples", "share", "total", "issue", "load", "store", "atomic", "branch", "fp/simd", "other", "mispred", "EL", "data sources", "image", "function"];

    /// <summary>Index of the first column that holds text and is aligned to the left.</summary>
    public const int FirstTextColumn = 11;

    /// <summary>Cells of one function; "-" where nothing was recorded.</summary>
    public static string[] Cells(ProfileRow row, ProfileCounts total)
    {
        ProfileCounts counts = row.Counts;
        return
        [
            counts.Samples.ToString(CultureInfo.InvariantCulture),
            Percent((double)counts.Samples / total.Samples),
            Number(counts.MeanTotalLatency),
            Number(counts.MeanIssueLatency),
            Share(counts, ProfileClass.Load),
            Share(counts, ProfileClass.Store),
            Share(counts, ProfileClass.Atomic),
            Share(counts, ProfileClass.Branch),
            Share(counts, ProfileClass.FpSimd),
            Percent((double)(counts.Of(ProfileClass.Other) + counts.Of(ProfileClass.None)) / counts.Samples),
            counts.MispredictShare is double share ? Percent(share) : "-",
            Levels(counts),
            Sources(counts),
            row.Location.Image,
            row.Location.Symbol,
        ];
    }

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
    public static void WriteText(Profile profile, TimeConversion time, TextWriter writer)
    {
        List<string[]> rows = [[.. Columns], .. profile.Rows.Select(row => Cells(row, profile.Total))];
        int[] widths = [.. Enumerable.Range(0, Columns.Count).Select(column => rows.Max(row => row[column].Length))];
        writer.Write($"# {Summary(profile, time)}\n");
        foreach (string[] row in rows)
        {
            IEnumerable<string> cells = row.Select((cell, column) => column < FirstTextColumn ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            writer.Write(string.Join("  ", cells).TrimEnd() + "\n");
        }
    }

    /// <summary>Name of a data source in the encoding of Arm's own cores; hexadecimal where it has none.</summary>
    internal static string SourceName(int source) => s_sourceNames[source];

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
