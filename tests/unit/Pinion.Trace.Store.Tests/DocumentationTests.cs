using System.Runtime.CompilerServices;
using Pinion.Trace.Store.ClickHouse;
using Pinion.Trace.Store.Postgres;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store.Tests;

/// <summary>The pages say what the tables are.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public void EveryTableAndColumnIsInTheStorePage()
    {
        string page = Page("store.md");
        foreach (Table table in StoreSchema.Tables.Append(StoreSchema.Sample))
        {
            int start = page.IndexOf($"### {table.Name}\n", StringComparison.Ordinal);
            start.ShouldBeGreaterThan(0, table.Name);
            int end = page.IndexOf("### ", start + 4, StringComparison.Ordinal);
            string section = end < 0 ? page[start..] : page[start..end];
            foreach (Column column in table.Columns)
            {
                string type = PostgresDialect.Instance.TypeName(column.Type).Split(" COLLATE")[0] + (column.Nullable ? "" : " not null");
                section.ShouldContain($"| `{column.Name}` | {type} | {column.Text} |");
            }
        }
    }

    [Fact]
    public void EveryColumnIsInTheClickHousePage()
    {
        string page = Page("clickhouse.md");
        foreach ((string name, string type, _) in ClickHouseSchema.Sample.Concat(ClickHouseSchema.Run))
        {
            page.ShouldContain($"{name} {type}");
        }
    }

    private static string Page(string name, [CallerFilePath] string here = "") => File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs", name));
}
