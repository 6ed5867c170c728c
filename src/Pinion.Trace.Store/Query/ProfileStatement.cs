using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store.Query;

/// <summary>The statements behind a profile.</summary>
internal static class ProfileStatement
{
    /// <summary>Columns that are one sum each, in the order of <see cref="ProfileSum"/>, classes, Exception levels and data sources.</summary>
    private static readonly IReadOnlyList<(string Name, string Expression)> s_sums = [.. Sums()];

    /// <summary>Labels, sums, and the first and last timer_count, a row for each row of the profile.</summary>
    public static SqlStatement Rows(StoreDatabase database, int run, ProfileOptions options)
    {
        IReadOnlyList<(string Name, string Expression)> labels = Labels(options.By, database.Dialect);
        var statement = new SqlStatement(database.Dialect);
        Select(statement, [.. labels, .. s_sums, ("first_count", "min(timer_count)"), ("last_count", "max(timer_count)")]);
        SampleCondition.Append(statement, database, run, options.Filter);
        string positions = Positions(labels.Count);
        return statement.Append($"\nGROUP BY {positions}\nORDER BY samples DESC, {positions}");
    }

    /// <summary>Labels, a latency in cycles, and how many samples have it.</summary>
    public static SqlStatement Latencies(StoreDatabase database, int run, ProfileOptions options, string latency)
    {
        IReadOnlyList<(string Name, string Expression)> labels = Labels(options.By, database.Dialect);
        var statement = new SqlStatement(database.Dialect);
        Select(statement, [.. labels, (latency, latency), ("samples", "count(*)")]);
        SampleCondition.Append(statement, database, run, options.Filter);
        string positions = Positions(labels.Count + 1);
        return statement.Append($"\n  AND {latency} IS NOT NULL\nGROUP BY {positions}\nORDER BY {positions}");
    }

    /// <summary>First and last timer_count as unsigned numbers; needed only where one has its highest bit set.</summary>
    public static SqlStatement UnsignedTimestamps(StoreDatabase database, int run, ProfileOptions options)
    {
        var statement = new SqlStatement(database.Dialect);
        Select(
            statement,
            [
                ("first_count", "coalesce(min(timer_count) FILTER (WHERE timer_count >= 0), min(timer_count))"),
                ("last_count", "coalesce(max(timer_count) FILTER (WHERE timer_count < 0), max(timer_count))"),
            ]);
        SampleCondition.Append(statement, database, run, options.Filter);
        return statement;
    }

    /// <summary>The counts in a row of <see cref="Rows"/>, which begin at column <paramref name="first"/>.</summary>
    public static ProfileCounts Read(System.Data.Common.DbDataReader row, int first, bool histograms)
    {
        Span<long> values = stackalloc long[s_sums.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = row.GetInt64(first + i);
        }

        const int Classes = ProfileCounts.Sums;
        const int Levels = Classes + ProfileCounts.Classes;
        const int Sources = Levels + ProfileCounts.Levels;
        return new(values[..Classes], values[Classes..Levels], values[Levels..Sources], values[Sources..], histograms);
    }

    /// <summary>Sums in a row.</summary>
    public static int SumCount => s_sums.Count;

    private static void Select(SqlStatement statement, IReadOnlyList<(string Name, string Expression)> columns) =>
        statement.Append("SELECT ")
            .Append(string.Join(",\n       ", columns.Select(column => column.Name == column.Expression ? column.Name : $"{column.Expression} AS {column.Name}")))
            .Append("\nFROM named_sample\n");

    private static string Positions(int count) => string.Join(", ", Enumerable.Range(1, count));

    private static IReadOnlyList<(string Name, string Expression)> Labels(ProfileBy by, SqlDialect dialect) => by switch
    {
        ProfileBy.Function => [("image", "image"), ("function", "function")],
        ProfileBy.Line => [("image", "image"), ("function", "function"), ("line", "line")],
        ProfileBy.Instruction => [("image", "image"), ("instruction", "instruction"), ("address", Hex(dialect, "pc", ""))],
        ProfileBy.Image => [("image", "image")],
        ProfileBy.Process => [("process_name", "process_name")],
        ProfileBy.Thread => [("process_name", "process_name"), ("thread_number", "coalesce(CAST(thread AS text), '')")],
        ProfileBy.Cpu => [("cpu_number", "CAST(cpu AS text)")],
        ProfileBy.Class => [("class_name", "class_name")],
        ProfileBy.DataSource => [("source_name", "source_name")],
        ProfileBy.Address => [("space", "space"), ("address", Hex(dialect, "data_va", "[no data address]"))],
        ProfileBy.CacheLine => [("line_space", "line_space"), ("address", Hex(dialect, "cache_line", "[no data address]"))],
        ProfileBy.Page => [("line_space", "line_space"), ("address", Hex(dialect, "page", "[no data address]"))],
        _ => throw new ArgumentOutOfRangeException(nameof(by)),
    };

    private static string Hex(SqlDialect dialect, string column, string none) => $"CASE WHEN {column} IS NULL THEN '{none}' ELSE {dialect.Hex(column)} END";

    private static IEnumerable<(string Name, string Expression)> Sums()
    {
        yield return ("samples", "count(*)");
        foreach (string latency in (string[])["total_latency", "issue_latency", "translation_latency"])
        {
            yield return ($"with_{latency}", $"count({latency})");
            yield return ($"{latency}_cycles", $"coalesce(sum({latency}), 0)");
        }

        yield return ("remote_accesses", $"{Count($"(events & {(ulong)SpeEvents.RemoteAccess}) <> 0 OR source = {(int)SpeDataSource.Remote}")}");
        foreach ((string name, SpeEvents one) in ((string, SpeEvents)[])
            [
                ("mispredicted", SpeEvents.Mispredicted),
                ("not_taken", SpeEvents.NotTaken),
                ("l1_data_refills", SpeEvents.L1DataRefill),
                ("last_level_misses", SpeEvents.LastLevelMiss),
                ("tlb_walks", SpeEvents.TlbWalk),
                ("exceptions", SpeEvents.Exception),
            ])
        {
            yield return (name, Count($"(events & {(ulong)one}) <> 0"));
        }

        foreach (ProfileClass one in Enum.GetValues<ProfileClass>())
        {
            yield return ($"class_{one}".ToLowerInvariant(), Count($"class = {(int)one}"));
        }

        for (int level = 0; level < ProfileCounts.Levels; level++)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"el{level}"), Count($"el = {level}"));
        }

        for (int source = 0; source < ProfileCounts.DataSources - 1; source++)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"source_{source}"), Count($"source = {source}"));
        }

        yield return ("source_others", Count($"source >= {ProfileCounts.DataSources - 1}"));
    }

    private static string Count(FormattableString condition) => $"count(*) FILTER (WHERE {condition.ToString(CultureInfo.InvariantCulture)})";
}
