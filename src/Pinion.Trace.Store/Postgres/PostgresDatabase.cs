using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store.Postgres;

/// <summary>A PostgreSQL database. Samples are partitioned by run: a run is loaded beside the others and attached when it is complete, and detached to be deleted.</summary>
internal sealed class PostgresDatabase : StoreDatabase
{
    /// <summary>Key of the lock that two programs that make the tables at the same time take turns by; ours by being unlikely.</summary>
    private const long CreationLock = 0x50_49_4E_49_4F_4E;

    private const int LockSeconds = 30;

    private readonly NpgsqlConnectionStringBuilder _settings;

    public PostgresDatabase(StoreLocation location)
        : this(location, PostgresUrl.Read(location))
    {
    }

    private PostgresDatabase(StoreLocation location, NpgsqlConnectionStringBuilder settings)
        : base(location, new NpgsqlConnection(settings.ConnectionString), PostgresDialect.Instance) => _settings = settings;

    internal override RunLoad BeginRun() => new PostgresLoad((NpgsqlConnection)Connection, Convert.ToInt32(Scalar("SELECT nextval('run_number')"), CultureInfo.InvariantCulture));

    internal override void Delete(int run)
    {
        using NpgsqlTransaction transaction = ((NpgsqlConnection)Connection).BeginTransaction();
        string partition = PostgresDialect.PartitionOf(run);

        // To detach waits for those who ask, and everybody who asks later waits for that.
        Execute($"SET LOCAL lock_timeout = '{LockSeconds}s'");
        Execute($"ALTER TABLE sample DETACH PARTITION {partition}");
        Execute($"DROP TABLE {partition}");
        DeleteRows(run);
        transaction.Commit();
    }

    internal override StoreException? Explain(Exception failure) => failure switch
    {
        PostgresException refused => Explain(refused),
        NpgsqlException or SocketException or TimeoutException or IOException => new(
            StoreProblem.Unavailable,
            $"cannot reach {Location}: {Innermost(failure).Message}",
            $"is the server running there? Without a host it is {_settings.Host}, port {_settings.Port}; PGHOST and PGPORT name another",
            failure),
        _ => null,
    };

    private protected override void Prepare(bool create)
    {
        var connection = (NpgsqlConnection)Connection;
        connection.Open();
        if (!HasTables())
        {
            if (!create)
            {
                throw Empty();
            }

            using NpgsqlTransaction transaction = connection.BeginTransaction();
            Execute(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({CreationLock})"));
            if (!HasTables())
            {
                Execute($"CREATE SCHEMA IF NOT EXISTS {PostgresDialect.SchemaName}");
                CreateTables();
            }

            transaction.Commit();
        }

        CheckVersion();
    }

    /// <summary>From the catalog's table, not by to_regclass: that remembers in a session that there was no such schema before it waited for the lock.</summary>
    private bool HasTables() => Scalar($"SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = '{PostgresDialect.SchemaName}' AND tablename = '{StoreSchema.SchemaVersion.Name}'") is not null;

    private StoreException Explain(PostgresException refused)
    {
        (StoreProblem problem, string advice) = refused.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                (StoreProblem.Unavailable, $"give a user in the URL or in PGUSER, and the password in PGPASSWORD, in {StoreLocation.Variable} or in ~/.pgpass"),
            PostgresErrorCodes.InvalidCatalogName => (StoreProblem.Unavailable, "make it with createdb, or name another one"),
            PostgresErrorCodes.InsufficientPrivilege =>
                (StoreProblem.Unavailable, $"the first run needs CREATE on the database, every run CREATE on the schema {PostgresDialect.SchemaName} and the ownership of its tables"),
            PostgresErrorCodes.DiskFull or PostgresErrorCodes.OutOfMemory => (StoreProblem.Unavailable, "delete runs that nobody needs with pinion query --delete"),
            PostgresErrorCodes.LockNotAvailable => (StoreProblem.Unavailable, "others are asking long questions; try again when they have their answers"),
            PostgresErrorCodes.TooManyConnections => (StoreProblem.Unavailable, "try again later"),
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn => (StoreProblem.Corrupt, $"the schema {PostgresDialect.SchemaName} has been changed by hand; drop it, and store the runs again"),
            _ => (StoreProblem.Unavailable, "the server's log says more"),
        };
        return new(problem, $"{Location}: {refused.MessageText}", advice, refused);
    }

    private static Exception Innermost(Exception failure)
    {
        while (failure.InnerException is Exception inner)
        {
            failure = inner;
        }

        return failure;
    }
}
