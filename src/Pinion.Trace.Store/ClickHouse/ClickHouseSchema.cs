using System.Globalization;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Store.ClickHouse;

/// <summary>The tables in ClickHouse: samples with all that is known of them in one row, because it joins slowly and packs repetition well. docs/clickhouse.md explains them.</summary>
internal static class ClickHouseSchema
{
    /// <summary>Goes up with every change that an older program would misread.</summary>
    public const int Version = 1;

    public const string RunTable = "run";

    /// <summary>Columns of table sample in the order of <see cref="ClickHouseSamples"/>: name, type, what it holds.</summary>
    public static IReadOnlyList<(string Name, string Type, string Text)> Sample { get; } =
    [
        ("run", "LowCardinality(String)", "run.name"),
        ("seq", "UInt64", "order in the file, from 0"),
        ("cpu", "Int32", "CPU; -1 where the stream belongs to a thread"),
        ("timer_count", "Nullable(UInt64)", "Timestamp packet: count of the generic timer"),
        ("time_ns", "Nullable(UInt64)", "the same in nanoseconds of the traced kernel's clock"),
        ("process", "Nullable(UInt32)", "process (thread group)"),
        ("thread", "Nullable(UInt32)", "thread"),
        ("task_name", "LowCardinality(String)", "name of the thread (comm); empty where unknown"),
        ("image", "LowCardinality(String)", "file name of the program or library, [kernel], [anon] or [unknown]"),
        ("function", "LowCardinality(String)", "symbol, [unknown], or [no PC]"),
        ("line", "LowCardinality(String)", "source file and line; empty where unknown"),
        ("pc", "Nullable(UInt64)", "virtual address, as sampled"),
        ("el", "Nullable(UInt8)", "Exception level, 0 to 3"),
        ("class", $"Enum8({string.Join(", ", Enum.GetValues<ProfileClass>().Select(one => $"'{ProfileTable.ClassName(one)}' = {(int)one}"))})", "kind of operation"),
        ("operation", "Nullable(UInt16)", "Operation Type packet: class (0 other, 1 load or store, 2 branch) * 256 + payload"),
        ("events", "Nullable(UInt64)", "Events packet: a bit each (Arm ARM D18.2.6)"),
        ("total_latency", "Nullable(UInt16)", "cycles from dispatch to completion"),
        ("issue_latency", "Nullable(UInt16)", "cycles from dispatch to issue"),
        ("translation_latency", "Nullable(UInt16)", "cycles for the translation of the data address"),
        ("alternate_latency", "Nullable(UInt16)", "issue latency in the alternate clock"),
        ("source", "Nullable(UInt16)", "Data Source packet"),
        ("data_va", "Nullable(UInt64)", "virtual address of the data"),
        ("data_pa", "Nullable(UInt64)", "physical address of the data, 56 bits"),
        ("branch_target", "Nullable(UInt64)", "virtual address a taken branch went to"),
        ("previous_target", "Nullable(UInt64)", "virtual address the taken branch before went to"),
    ];

    /// <summary>Columns of table run.</summary>
    public static IReadOnlyList<(string Name, string Type, string Text)> Run { get; } =
    [
        ("name", "String", "what the user calls it"),
        ("file", "String", "file it was read from"),
        ("format", "String", "format of that file"),
        ("stored_at", "DateTime", "when it was stored, UTC"),
        ("samples", "UInt64", "its rows in sample"),
        ("diagnoses", "UInt64", "what was wrong with the file"),
        ("period", "UInt64", "operations between samples; 0 where unknown"),
        ("midr", "UInt64", "MIDR_EL1; 0 where unknown"),
        ("pmsidr", "UInt64", "PMSIDR_EL1; 0 where unknown"),
        ("schema_version", "UInt16", "version of these tables"),
    ];

    /// <summary>Makes table run.</summary>
    public static string CreateRun => $"CREATE TABLE IF NOT EXISTS run (\n{Columns(Run)}\n) ENGINE = MergeTree ORDER BY name";

    /// <summary>Makes table sample: a partition a run, so that a run is added and dropped as a whole; within it the order of the file, in which neighbours are alike.</summary>
    public static string CreateSample => $"CREATE TABLE IF NOT EXISTS sample (\n{Columns(Sample)}\n) ENGINE = MergeTree PARTITION BY run ORDER BY (cpu, seq)";

    /// <summary>A text in a statement.</summary>
    public static string Literal(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private static string Columns(IReadOnlyList<(string Name, string Type, string Text)> columns) =>
        string.Join(",\n", columns.Select(column => string.Create(CultureInfo.InvariantCulture, $"    {column.Name} {column.Type}")));
}
