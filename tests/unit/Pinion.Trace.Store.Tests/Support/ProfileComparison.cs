using Pinion.Trace.Profiles;

namespace Pinion.Trace.Store.Tests;

/// <summary>Compares profiles number by number.</summary>
internal static class ProfileComparison
{
    /// <summary>Fails where anything differs.</summary>
    /// <param name="stored">From the database.</param>
    /// <param name="built">From the trace.</param>
    /// <param name="what">For the message.</param>
    public static void ShouldEqual(this Profile stored, Profile built, string what)
    {
        Profile expected = AsStored(built);
        stored.Timestamps.ShouldBe(expected.Timestamps, what);
        for (int i = 0; i < Math.Min(stored.Rows.Count, expected.Rows.Count); i++)
        {
            RowText(stored.Rows[i]).ShouldBe(RowText(expected.Rows[i]), $"row {i} of {what}");
        }

        stored.Rows.Count.ShouldBe(expected.Rows.Count, what);
        RowText(new([], stored.Total)).ShouldBe(RowText(new([], expected.Total)), what);
    }

    /// <summary>The profile with names as databases keep them, which makes one row of some.</summary>
    private static Profile AsStored(Profile built)
    {
        var rows = new Dictionary<string, ProfileRow>();
        foreach (ProfileRow row in built.Rows)
        {
            string[] labels = [.. row.Labels.Select(StoredText.Of)];
            string key = string.Join('\0', labels);
            if (!rows.TryGetValue(key, out ProfileRow? sum))
            {
                rows.Add(key, sum = new(labels, new(built.Options.Histograms)));
            }

            sum.Counts.Add(row.Counts);
        }

        return Profile.Of(built.Options, rows.Values, built.Timestamps);
    }

    private static string RowText(ProfileRow row)
    {
        ProfileCounts counts = row.Counts;
        return string.Join(
            " | ",
            [
                .. row.Labels,
                .. Enum.GetValues<ProfileSum>().Select(sum => $"{sum} {counts[sum]}"),
                .. Enum.GetValues<ProfileClass>().Select(one => $"{one} {counts.Of(one)}"),
                .. Enumerable.Range(0, ProfileCounts.Levels).Select(level => $"EL{level} {counts.AtLevel(level)}"),
                .. Enumerable.Range(0, ProfileCounts.DataSources).Select(source => $"source {source} {counts.FromSource(source)}"),
                Text(counts.TotalHistogram),
                Text(counts.IssueHistogram),
                Text(counts.TranslationHistogram),
            ]);
    }

    private static string Text(LatencyHistogram? histogram) => histogram is null ? "none"
        : $"max {histogram.Maximum}: {string.Join(',', Enumerable.Range(0, LatencyHistogram.Buckets).Select(bucket => histogram[bucket]))}";
}
