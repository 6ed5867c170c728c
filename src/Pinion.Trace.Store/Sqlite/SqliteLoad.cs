using Microsoft.Data.Sqlite;
using Pinion.Trace.Store.Schema;
using SQLitePCL;

namespace Pinion.Trace.Store.Sqlite;

/// <summary>
/// Loads a run into an SQLite file: one transaction with a rollback journal, which costs next to nothing here, as it keeps only pages that were there before. (Without a journal an interrupted load would
/// leave half a run.) The statement for samples goes past ADO.NET, whose parameters take longer than SQLite itself.
/// </summary>
internal sealed class SqliteLoad : RunLoad
{
    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction _transaction;
    private readonly sqlite3_stmt _sample;

    public SqliteLoad(SqliteConnection connection)
    {
        _connection = connection;
        _transaction = connection.BeginTransaction(deferred: false);
        try
        {
            using (SqliteCommand command = connection.CreateCommand())
            {
                command.CommandText = "SELECT coalesce(max(id), 0) + 1 FROM run";
                Run = Convert.ToInt32(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
            }

            Table table = StoreSchema.Sample;
            Check(raw.sqlite3_prepare_v2(connection.Handle, $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({Marks(table)})", out _sample));
        }
        catch
        {
            _transaction.Dispose();
            throw;
        }
    }

    public override int Run { get; }

    public override void AddSample(ReadOnlySpan<long> values, uint present)
    {
        for (int i = 0; i < values.Length; i++)
        {
            Check((present & (1u << i)) != 0 ? raw.sqlite3_bind_int64(_sample, i + 1, values[i]) : raw.sqlite3_bind_null(_sample, i + 1));
        }

        int answer = raw.sqlite3_step(_sample);
        raw.sqlite3_reset(_sample);
        Check(answer == raw.SQLITE_DONE ? raw.SQLITE_OK : answer);
    }

    public override void EndSamples() => _sample.Dispose();

    public override bool TryAddRun(object?[] row)
    {
        Table table = StoreSchema.Run;
        return Insert(table, $"ON CONFLICT ({table.Unique}) DO NOTHING", [row]) == 1;
    }

    public override void Add(Table table, IEnumerable<object?[]> rows) => Insert(table, "", rows);

    public override void Commit() => _transaction.Commit();

    public override void Dispose()
    {
        _sample.Dispose();
        _transaction.Dispose();
    }

    private static string Marks(Table table) => string.Join(", ", table.Columns.Select((_, i) => $"?{i + 1}"));

    private int Insert(Table table, string suffix, IEnumerable<object?[]> rows)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({Marks(table)}) {suffix}";
        for (int i = 0; i < table.Columns.Count; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"?{i + 1}" });
        }

        int written = 0;
        foreach (object?[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                command.Parameters[i].Value = row[i] ?? DBNull.Value;
            }

            written += command.ExecuteNonQuery();
        }

        return written;
    }

    private void Check(int answer)
    {
        if (answer != raw.SQLITE_OK)
        {
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), answer);
        }
    }
}
