namespace Pinion.Trace.Store.Schema;

/// <summary>Type of a column. Unsigned 64-bit values (addresses, counts, events) are kept as the signed value with the same bits, because neither database has them.</summary>
internal enum ColumnType
{
    Int16,
    Int32,
    Int64,
    Text,

    /// <summary>Point in time, UTC.</summary>
    Instant,
}

/// <summary>A column.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Type.</param>
/// <param name="Text">What it holds, in which unit, and where that comes from.</param>
/// <param name="Nullable">May be missing.</param>
internal sealed record Column(string Name, ColumnType Type, string Text, bool Nullable = false);

/// <summary>A table.</summary>
/// <param name="Name">Name.</param>
/// <param name="Text">What a row is.</param>
/// <param name="Columns">Columns, widest first where there are many rows: PostgreSQL aligns them.</param>
/// <param name="Key">Columns of the primary key.</param>
internal sealed record Table(string Name, string Text, IReadOnlyList<Column> Columns, params IReadOnlyList<string> Key)
{
    /// <summary>One column may not occur twice.</summary>
    public string? Unique { get; init; }

    /// <summary>The rows belong to a run, and go with it.</summary>
    public bool IsPerRun => Columns[0].Name == "run";

    /// <summary>Names of the columns, comma-separated.</summary>
    public string ColumnList => string.Join(", ", Columns.Select(column => column.Name));
}

/// <summary>A column of a view.</summary>
/// <param name="Name">Name.</param>
/// <param name="Expression">How it is made.</param>
/// <param name="Text">What it holds.</param>
internal sealed record ViewColumn(string Name, string Expression, string Text);
