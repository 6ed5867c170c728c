using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Store.Query;

/// <summary>The statements behind shared cache lines. Each begins with the accesses, and the lines that several CPUs and not just one thread touched, some with writes.</summary>
internal static class SharingStatement
{
    private static readonly string s_writes = Text($"class IN ({(int)ProfileClass.Store}, {(int)ProfileClass.Atomic})");

    private static readonly string s_fromPeers = Text(
        $"source IN ({(int)SpeDataSource.PeerCore}, {(int)SpeDataSource.LocalCluster}, {(int)SpeDataSource.PeerCluster}, {(int)SpeDataSource.Remote})");

    /// <summary>Lines with any access.</summary>
    public static SqlStatement Touched(StoreDatabase database, int run, SampleFilter filter) => Begin(database, run, filter)
        .Append("SELECT count(*) AS lines\nFROM (SELECT DISTINCT line_space, cache_line FROM access) touched");

    /// <summary>Shared lines: whose, address, then process name and virtual address of the first access.</summary>
    public static SqlStatement Lines(StoreDatabase database, int run, SampleFilter filter) => Begin(database, run, filter)
        .Append("SELECT s.line_space, s.cache_line, a.process_name, a.data_va & -64 AS virtual_line\n")
        .Append("FROM shared s\nJOIN access a ON a.seq = s.first_seq");

    /// <summary>Shared lines: whose, address, CPU, byte of the line, whether written; accesses, those served by other cores, those with a latency, their cycles.</summary>
    public static SqlStatement Uses(StoreDatabase database, int run, SampleFilter filter) => Begin(database, run, filter)
        .Append("SELECT a.line_space, a.cache_line, a.cpu, a.byte, a.writes,\n")
        .Append($"       count(*) AS samples, count(*) FILTER (WHERE {s_fromPeers}) AS from_peers, count(a.total_latency) AS with_latency, coalesce(sum(a.total_latency), 0) AS cycles\n")
        .Append("FROM shared s\nJOIN access a ON a.line_space = s.line_space AND a.cache_line = s.cache_line\n")
        .Append("GROUP BY 1, 2, 3, 4, 5\nORDER BY 1, 2, 3, 4, 5");

    /// <summary>Shared lines: whose, address; image, function, address and offset of the code; accesses.</summary>
    public static SqlStatement Places(StoreDatabase database, int run, SampleFilter filter) => Begin(database, run, filter)
        .Append("SELECT a.line_space, a.cache_line, a.image, a.function, a.pc, a.function_offset, count(*) AS samples, min(a.seq) AS first_seq\n")
        .Append("FROM shared s\nJOIN access a ON a.line_space = s.line_space AND a.cache_line = s.cache_line\n")
        .Append("WHERE a.pc IS NOT NULL\nGROUP BY 1, 2, 3, 4, 5, 6, a.place\nORDER BY 1, 2, samples DESC, first_seq");

    private static SqlStatement Begin(StoreDatabase database, int run, SampleFilter filter)
    {
        // MATERIALIZED: SQLite puts the accesses into each place that names them otherwise, and then looks for every line among all samples.
        SqlStatement statement = new SqlStatement(database.Dialect)
            .Append("WITH access AS MATERIALIZED (\n")
            .Append("SELECT seq, line_space, cache_line, cpu, coalesce(data_pa, data_va) & 63 AS byte, ")
            .Append($"CASE WHEN {s_writes} THEN 1 ELSE 0 END AS writes,\n")
            .Append("       thread, process_name, data_va, source, total_latency, place, image, function, pc, function_offset\nFROM named_sample\n");
        SampleCondition.Append(statement, database, run, filter);
        return statement
            .Append(Text($"\n  AND operation >> 8 = {(int)SpeOperationClass.LoadStore}\n  AND cpu >= 0\n  AND cache_line IS NOT NULL\n"))
            .Append("), shared AS MATERIALIZED (\nSELECT line_space, cache_line, min(seq) AS first_seq\nFROM access\nGROUP BY line_space, cache_line\n")
            .Append("HAVING min(cpu) <> max(cpu) AND count(DISTINCT thread) <> 1 AND sum(writes) > 0\n")
            .Append(Text($"ORDER BY count(*) DESC, cache_line, line_space\nLIMIT {Sharing.MostShared}\n)\n"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
