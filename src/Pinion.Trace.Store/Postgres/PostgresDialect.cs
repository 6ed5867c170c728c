using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store.Postgres;

/// <summary>PostgreSQL 12 and later.</summary>
internal sealed class PostgresDialect : SqlDialect
{
    /// <summary>Our tables are in a schema of their own, so that they get in nobody's way.</summary>
    public const string SchemaName = "pinion";

    public static PostgresDialect Instance { get; } = new();

    public override string Preamble => $"SET search_path TO {SchemaName};";

    /// <summary>Partitions have no key: nothing looks for a single sample, and the key's index costs as much as the load.</summary>
    protected override bool SampleHasKey => false;

    protected override string Suffix(Table table) => table == StoreSchema.Sample ? " PARTITION BY LIST (run)" : "";

    /// <summary>Partition of a run.</summary>
    public static string PartitionOf(int run) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"sample_{run}");

    /// <summary>A statement that makes what will be the partition of a run. CREATE TABLE ... (LIKE sample) would do, and hold up whoever deletes a run until the load has ended.</summary>
    public string CreatePartition(int run) => CreateTable(StoreSchema.Sample, PartitionOf(run));

    public override string TypeName(ColumnType type) => type switch
    {
        ColumnType.Int16 => "smallint",
        ColumnType.Int32 => "integer",
        ColumnType.Int64 => "bigint",
        ColumnType.Instant => "timestamp with time zone",

        // Names sort as bytes, whatever the database's locale is.
        _ => "text COLLATE \"C\"",
    };

    public override string Hex(string expression) => $"'0x' || to_hex({expression})";

    public override string IsAnyOf(string expression, string parameter) => $"{expression} = ANY ({parameter})";

    public override object TextList(IReadOnlyList<string> texts) => texts.ToArray();

    public override string Literal(object value) => value is string[] texts ? $"ARRAY[{string.Join(", ", texts.Select(base.Literal))}]::text[]" : base.Literal(value);

    protected override IEnumerable<string> BeforeTables() =>
    [
        "CREATE SEQUENCE run_number AS integer",
    ];

    protected override IEnumerable<string> Remarks()
    {
        foreach (Table table in StoreSchema.Tables.Append(StoreSchema.Sample))
        {
            yield return $"COMMENT ON TABLE {table.Name} IS {Literal(table.Text)}";
            foreach (Column column in table.Columns)
            {
                yield return $"COMMENT ON COLUMN {table.Name}.{column.Name} IS {Literal(column.Text)}";
            }
        }

        yield return "COMMENT ON VIEW named_sample IS 'a sample in words'";
        foreach (ViewColumn column in StoreSchema.NamedSample(this))
        {
            yield return $"COMMENT ON COLUMN named_sample.{column.Name} IS {Literal(column.Text)}";
        }
    }
}
