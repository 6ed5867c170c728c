using System.Text.Json;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store.Sqlite;

/// <summary>SQLite 3.38 and later.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    public static SqliteDialect Instance { get; } = new();

    public override string Preamble => "";

    protected override bool SampleHasKey => true;

    /// <summary>Rows lie in the order of run and seq, so that a run's are found, and deleted, together.</summary>
    protected override string Suffix(Table table) => table.IsPerRun || table == StoreSchema.Sample ? " WITHOUT ROWID" : "";

    public override string TypeName(ColumnType type) => type is ColumnType.Text or ColumnType.Instant ? "TEXT" : "INTEGER";

    public override string Hex(string expression) => $"printf('0x%x', {expression})";

    public override string IsAnyOf(string expression, string parameter) => $"{expression} IN (SELECT value FROM json_each({parameter}))";

    public override object TextList(IReadOnlyList<string> texts) => JsonSerializer.Serialize(texts);
}
