using System.Globalization;
using Pinion.Trace.Profiles;

namespace Pinion.Browser.Tests;

/// <summary>Numbers of a profile as the page shows them.</summary>
internal static class Expected
{
    private const string None = "–";

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Mean(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? None;

    public static string Percent(long part, long whole)
    {
        double share = (double)part / whole;
        return whole == 0 ? None : share == 0 ? "0 %" : share < 0.0005 ? "<0.1 %" : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");
    }

    /// <summary>Cells of a function, without the last, which is a picture.</summary>
    public static string[] Function(ProfileRow row, ProfileCounts total)
    {
        ProfileCounts counts = row.Counts;
        LatencyHistogram histogram = counts.TotalHistogram!;
        return
        [
            row.Location.Symbol, Count(counts.Samples), Percent(counts.Samples, total.Samples), Mean(counts.MeanTotalLatency),
            Cycles(histogram.Quantile(0.5)), Cycles(histogram.Quantile(0.9)), Cycles(histogram.Quantile(0.99)), histogram.Count == 0 ? None : Count(histogram.Maximum),
            Percent(counts.Mispredicted, counts.Of(ProfileClass.Branch)), Count(counts.L1DataRefills), Count(counts.LastLevelMisses), Count(counts.TlbWalks), Count(counts.RemoteAccesses),
        ];
    }

    /// <summary>Compares without regard to order, and names a few of those that are missing or too much.</summary>
    public static void ShouldHold(this IEnumerable<string> rows, IEnumerable<string> expected)
    {
        var left = rows.ToList();
        var missing = expected.Where(row => !left.Remove(row)).ToList();
        (missing.Count, left.Count).ShouldBe((0, 0), $"missing: {string.Join("; ", missing.Take(3))}; too much: {string.Join("; ", left.Take(3))}");
    }

    private static string Cycles(int? value) => value is int cycles ? Count(cycles) : None;
}
