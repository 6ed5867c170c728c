using System.Globalization;
using Microsoft.Data.Sqlite;
using Pinion.Trace.Store.Schema;
using SQLitePCL;

namespace Pinion.Trace.Store.Sqlite;

/// <summary>An SQLite file.</summary>
internal sealed class SqliteDatabase : StoreDatabase
{
    /// <summary>Marks the file as ours (PRAGMA application_id).</summary>
    private const int ApplicationId = 0x50_49_4E_4E;

    /// <summary>So long does a program wait until another one has stored its run.</summary>
    private const int BusySeconds = 600;

    private SqliteDatabase(StoreLocation location, SqliteConnection connection)
        : base(location, connection, SqliteDialect.Instance)
    {
    }

    /// <summary>Opens a file; see <see cref="StoreDatabase.Open"/>.</summary>
    public static new SqliteDatabase Open(StoreLocation location, bool create)
    {
        if (!create && !File.Exists(location.Target))
        {
            throw new StoreException(StoreProblem.Usage, $"cannot open {location}: there is no such file", $"store a run with pinion store FILE --to {location}");
        }

        var settings = new SqliteConnectionStringBuilder
        {
            DataSource = location.Target,
            Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = BusySeconds,
        };
        return new(location, new SqliteConnection(settings.ConnectionString));
    }

    internal override RunLoad BeginRun() => new SqliteLoad((SqliteConnection)Connection);

    internal override void Delete(int run)
    {
        using SqliteTransaction transaction = ((SqliteConnection)Connection).BeginTransaction(deferred: false);
        Execute(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {StoreSchema.Sample.Name} WHERE run = {run}"));
        DeleteRows(run);
        transaction.Commit();
    }

    internal override StoreException? Explain(Exception failure) => failure is not SqliteException refused ? null : refused.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new(StoreProblem.Unavailable, $"{Location} is in use by another program", "try again when it has finished", refused),
        raw.SQLITE_FULL => new(StoreProblem.Unavailable, $"there is no room for {Location}", "free some, or name a file on another disk", refused),
        raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
            new(StoreProblem.Usage, $"cannot open {Location}: {raw.sqlite3_errstr(refused.SqliteErrorCode).utf8_to_string()}", "name a file that may be written", refused),
        raw.SQLITE_NOTADB => new(StoreProblem.Corrupt, $"{Location} is no SQLite database", "name another file", refused),
        raw.SQLITE_CORRUPT => new(StoreProblem.Corrupt, $"{Location} is damaged", "delete it, and store the runs again", refused),
        _ => new(StoreProblem.Unavailable, $"{Location}: {refused.Message}", "is the disk in order?", refused),
    };

    private protected override void Prepare(bool create)
    {
        var connection = (SqliteConnection)Connection;
        connection.Open();

        // The page cache keeps a load from writing the same page twice; sorting for groups stays off the disk.
        Execute("PRAGMA cache_size = -16384");
        Execute("PRAGMA temp_store = MEMORY");
        if (!HasTables())
        {
            if (!create)
            {
                throw Empty();
            }

            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            if (!HasTables())
            {
                Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
                CreateTables();
            }

            transaction.Commit();
        }

        CheckVersion();
    }

    private bool HasTables()
    {
        if (Convert.ToInt64(Scalar("SELECT count(*) FROM sqlite_schema"), CultureInfo.InvariantCulture) == 0)
        {
            return false;
        }

        return Convert.ToInt64(Scalar("PRAGMA application_id"), CultureInfo.InvariantCulture) == ApplicationId ? true
            : throw new StoreException(StoreProblem.Usage, $"{Location} is a database of another program", "name another file");
    }
}
