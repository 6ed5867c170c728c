using System.Data.Common;
using Pinion.Trace.Profiles;
using Pinion.Trace.Store.Query;

namespace Pinion.Trace.Store;

/// <summary>Profiles of stored runs: the rows and numbers that <see cref="Profile.Build(Samples.SampleSource, ProfileOptions)"/> gives for the trace itself.</summary>
public static class StoredProfile
{
    private static readonly (string Column, Func<ProfileCounts, LatencyHistogram?> Histogram)[] s_latencies =
    [
        ("total_latency", counts => counts.TotalHistogram),
        ("issue_latency", counts => counts.IssueHistogram),
        ("translation_latency", counts => counts.TranslationHistogram),
    ];

    /// <summary>The statements that <see cref="Build"/> runs, as a user can type them.</summary>
    /// <exception cref="StoreException">The database fails.</exception>
    public static IReadOnlyList<string> Statements(StoreDatabase database, StoredRun run, ProfileOptions options) => database.Guard(() =>
    {
        List<SqlStatement> statements = [ProfileStatement.Rows(database, run.Id, options)];
        if (options.Histograms)
        {
            statements.AddRange(s_latencies.Select(latency => ProfileStatement.Latencies(database, run.Id, options, latency.Column)));
        }

        return (IReadOnlyList<string>)[.. statements.Select(statement => statement.Display())];
    });

    /// <summary>Makes a profile of a stored run. Where it has more than <see cref="Profile.MostRows"/> rows, those with fewest samples share the last one.</summary>
    /// <exception cref="StoreException">The database fails.</exception>
    public static Profile Build(StoreDatabase database, StoredRun run, ProfileOptions options) => database.Guard(() =>
    {
        int labels = ProfileTable.LabelsOf(options.By).Count;
        var rows = new Dictionary<RowKey, ProfileCounts>();
        var more = new RowKey(labels);
        (long First, long Last)? timestamps = null;
        database.Query(ProfileStatement.Rows(database, run.Id, options), row =>
        {
            ProfileCounts counts = ProfileStatement.Read(row, labels, options.Histograms);
            int first = labels + ProfileStatement.SumCount;
            if (!row.IsDBNull(first))
            {
                (long first, long last) found = (row.GetInt64(first), row.GetInt64(first + 1));
                timestamps = timestamps is (long least, long most) ? (Math.Min(least, found.first), Math.Max(most, found.last)) : found;
            }

            RowKey key = rows.Count < Profile.MostRows - 1 ? new(row, labels) : more;
            if (rows.TryGetValue(key, out ProfileCounts? sum))
            {
                sum.Add(counts);
            }
            else
            {
                rows.Add(key, counts);
            }
        });
        if (options.Histograms)
        {
            foreach ((string column, Func<ProfileCounts, LatencyHistogram?> histogram) in s_latencies)
            {
                database.Query(ProfileStatement.Latencies(database, run.Id, options, column), row =>
                {
                    ProfileCounts counts = rows.GetValueOrDefault(new(row, labels)) ?? rows[more];
                    histogram(counts)!.Add((ushort)row.GetInt32(labels), row.GetInt64(labels + 1));
                });
            }
        }

        return Profile.Of(options, rows.Select(row => new ProfileRow(row.Key.Labels, row.Value)), Unsigned(database, run, options, timestamps));
    });

    private static (ulong First, ulong Last)? Unsigned(StoreDatabase database, StoredRun run, ProfileOptions options, (long First, long Last)? signed)
    {
        if (signed is not (long first, long last))
        {
            return null;
        }

        if (first < 0)
        {
            database.Query(ProfileStatement.UnsignedTimestamps(database, run.Id, options), row => (first, last) = (row.GetInt64(0), row.GetInt64(1)));
        }

        return ((ulong)first, (ulong)last);
    }

    /// <summary>Labels of a row, compared as texts.</summary>
    private readonly record struct RowKey(string First, string? Second, string? Third)
    {
        private const string More = "[more]";

        public RowKey(int labels)
            : this(More, labels > 1 ? More : null, labels > 2 ? More : null)
        {
        }

        public RowKey(DbDataReader row, int labels)
            : this(row.GetString(0), labels > 1 ? row.GetString(1) : null, labels > 2 ? row.GetString(2) : null)
        {
        }

        public string[] Labels => [.. ((string?[])[First, Second, Third]).OfType<string>()];
    }
}
