using System.Globalization;
using System.Text;

namespace Pinion.Trace.Store.Schema;

/// <summary>In what the two databases' languages differ.</summary>
internal abstract class SqlDialect
{
    /// <summary>What a user types before a statement of ours, so that it finds the tables; empty where nothing is needed.</summary>
    public abstract string Preamble { get; }

    /// <summary>Name of a type.</summary>
    public abstract string TypeName(ColumnType type);

    /// <summary>Text of a number in hexadecimal, unsigned, with 0x.</summary>
    public abstract string Hex(string expression);

    /// <summary>Whether <paramref name="expression"/> is one of the texts of a parameter that <see cref="TextList"/> made.</summary>
    public abstract string IsAnyOf(string expression, string parameter);

    /// <summary>Value of a parameter that holds several texts.</summary>
    public abstract object TextList(IReadOnlyList<string> texts);

    /// <summary>A value as a statement shows it.</summary>
    public virtual string Literal(object value) => value switch
    {
        string text => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    /// <summary>The statements that make an empty database.</summary>
    public IEnumerable<string> CreateStatements() =>
    [
        .. BeforeTables(),
        .. StoreSchema.Tables.Append(StoreSchema.Sample).Select(table => $"-- {table.Text}\n{CreateTable(table, table.Name)}{Suffix(table)}"),
        $"CREATE VIEW named_sample AS\n{StoreSchema.NamedSampleStatement(this)}",
        .. Remarks(),
    ];

    /// <summary>What comes before the tables.</summary>
    protected virtual IEnumerable<string> BeforeTables() => [];

    /// <summary>What says in the database what the columns are, where the statements themselves are not kept.</summary>
    protected virtual IEnumerable<string> Remarks() => [];

    /// <summary>How a table is kept.</summary>
    protected abstract string Suffix(Table table);

    /// <summary>Whether table sample may have its primary key.</summary>
    protected abstract bool SampleHasKey { get; }

    /// <summary>A statement that makes a table with the columns of <paramref name="table"/>.</summary>
    protected string CreateTable(Table table, string name)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"CREATE TABLE {name} (\n");
        bool hasKey = table != StoreSchema.Sample || SampleHasKey;
        for (int i = 0; i < table.Columns.Count; i++)
        {
            Column column = table.Columns[i];
            bool references = table.IsPerRun && i == 0;
            string declaration = $"    {column.Name} {TypeName(column.Type)}{(column.Nullable ? "" : " NOT NULL")}{(column.Name == table.Unique ? " UNIQUE" : "")}{(references ? " REFERENCES run" : "")}";
            text.Append(CultureInfo.InvariantCulture, $"{declaration}{(hasKey || i + 1 < table.Columns.Count ? "," : "")}  -- {column.Text}\n");
        }

        if (hasKey)
        {
            text.Append(CultureInfo.InvariantCulture, $"    PRIMARY KEY ({string.Join(", ", table.Key)})\n");
        }

        return text.Append(')').ToString();
    }
}
