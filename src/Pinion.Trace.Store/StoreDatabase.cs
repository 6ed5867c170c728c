using System.Data.Common;
using System.Globalization;
using Pinion.Trace.Store.Postgres;
using Pinion.Trace.Store.Schema;
using Pinion.Trace.Store.Sqlite;

namespace Pinion.Trace.Store;

/// <summary>A database of runs that answers questions: PostgreSQL, or an SQLite file. For one thread at a time.</summary>
public abstract class StoreDatabase : IDisposable
{
    private protected StoreDatabase(StoreLocation location, DbConnection connection, SqlDialect dialect)
    {
        Location = location;
        Connection = connection;
        Dialect = dialect;
    }

    /// <summary>Where it is.</summary>
    public StoreLocation Location { get; }

    private protected DbConnection Connection { get; }

    internal SqlDialect Dialect { get; }

    /// <summary>What a user types before our statements, so that they find the tables; empty where nothing is needed.</summary>
    public string Preamble => Dialect.Preamble;

    /// <summary>Opens a database.</summary>
    /// <param name="location">Where it is.</param>
    /// <param name="create">Make the file and the tables if there are none.</param>
    /// <exception cref="StoreException">It cannot be opened, holds no runs, or those of a newer program.</exception>
    public static StoreDatabase Open(StoreLocation location, bool create)
    {
        StoreDatabase database = location.Kind switch
        {
            StoreKind.Sqlite => SqliteDatabase.Open(location, create),
            StoreKind.Postgres => new PostgresDatabase(location),
            _ => throw new StoreException(StoreProblem.Usage, "ClickHouse takes samples and is asked by its own client", "see docs/clickhouse.md for statements"),
        };
        try
        {
            database.Guard(() => database.Prepare(create));
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Connection.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins to store a run: a transaction that leaves nothing unless it is committed.</summary>
    internal abstract RunLoad BeginRun();

    /// <summary>Deletes a run and all that belongs to it.</summary>
    internal abstract void Delete(int run);

    /// <summary>Says what a failure of the driver means to the user; null where it is none of the driver's.</summary>
    internal abstract StoreException? Explain(Exception failure);

    /// <summary>Does <paramref name="work"/>; what the driver throws becomes a <see cref="StoreException"/>.</summary>
    internal T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is not StoreException && Explain(failure) is StoreException explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc cref="Guard{T}(Func{T})"/>
    internal void Guard(Action work) => Guard(() =>
    {
        work();
        return 0;
    });

    /// <summary>Runs a statement and hands each row to <paramref name="row"/>.</summary>
    internal void Query(SqlStatement statement, Action<DbDataReader> row)
    {
        using DbCommand command = Command(statement);
        using DbDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            row(reader);
        }
    }

    /// <summary>Runs a statement that answers nothing.</summary>
    private protected void Execute(string statement)
    {
        using DbCommand command = Connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    /// <summary>First value of the first row; null without rows.</summary>
    private protected object? Scalar(string statement)
    {
        using DbCommand command = Connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar();
    }

    /// <summary>Writes rows of a small table by INSERT.</summary>
    private protected void Insert(Table table, IEnumerable<object?[]> rows)
    {
        using DbCommand command = Connection.CreateCommand();
        command.CommandText = $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({string.Join(", ", table.Columns.Select(column => "@" + column.Name))})";
        foreach (Column column in table.Columns)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = column.Name;
            command.Parameters.Add(parameter);
        }

        foreach (object?[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                command.Parameters[i].Value = row[i] ?? DBNull.Value;
            }

            command.ExecuteNonQuery();
        }
    }

    /// <summary>Deletes what belongs to a run in all tables but sample; called in a transaction.</summary>
    private protected void DeleteRows(int run)
    {
        foreach (Table table in StoreSchema.Tables.Where(table => table.IsPerRun))
        {
            Execute(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {table.Name} WHERE run = {run}"));
        }

        Execute(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {StoreSchema.Run.Name} WHERE id = {run}"));
    }

    /// <summary>Connects, and makes sure that the tables are there and ours.</summary>
    private protected abstract void Prepare(bool create);

    /// <summary>Makes the tables; called in a transaction.</summary>
    private protected void CreateTables()
    {
        foreach (string statement in Dialect.CreateStatements())
        {
            Execute(statement);
        }

        foreach (Table table in StoreSchema.Tables)
        {
            Insert(table, StoreSchema.ConstantRows(table));
        }
    }

    /// <summary>Refuses tables that this program does not know.</summary>
    private protected void CheckVersion()
    {
        int version = Convert.ToInt32(Scalar("SELECT max(version) FROM schema_version"), CultureInfo.InvariantCulture);
        if (version > StoreSchema.Version)
        {
            throw new StoreException(
                StoreProblem.Usage, $"{Location} has version {version} of the tables, and this program knows {StoreSchema.Version}", "use the newer program that made it, or another database");
        }
    }

    private protected StoreException Empty() =>
        new(StoreProblem.Usage, $"{Location} holds no runs", "store one with pinion store FILE --to " + (Location.Kind == StoreKind.Sqlite ? Location.Display : "URL"));

    private DbCommand Command(SqlStatement statement)
    {
        DbCommand command = Connection.CreateCommand();
        command.CommandText = statement.Text;
        foreach ((string name, object value) in statement.Parameters)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
