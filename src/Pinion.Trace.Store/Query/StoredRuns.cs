using System.Data.Common;
using System.Globalization;

namespace Pinion.Trace.Store;

/// <summary>The runs in a database.</summary>
public static class StoredRuns
{
    /// <summary>All of them, oldest first.</summary>
    /// <exception cref="StoreException">The database fails.</exception>
    public static IReadOnlyList<StoredRun> List(StoreDatabase database) => database.Guard(() =>
    {
        var runs = new List<StoredRun>();
        database.Query(Statement(database), row => runs.Add(Read(row)));
        return runs;
    });

    /// <summary>The statement behind <see cref="List"/>, as a user can type it.</summary>
    public static string ListStatement(StoreDatabase database) => Statement(database).Display();

    /// <summary>The run that a user means by a name or a number; the newest where he says nothing.</summary>
    /// <exception cref="StoreException">There is none, or the database fails.</exception>
    public static StoredRun Find(StoreDatabase database, string? nameOrNumber)
    {
        IReadOnlyList<StoredRun> runs = List(database);
        StoredRun? found = nameOrNumber is null ? runs.LastOrDefault()
            : runs.FirstOrDefault(run => run.Name == nameOrNumber) ?? runs.FirstOrDefault(run => run.Id.ToString(CultureInfo.InvariantCulture) == nameOrNumber);
        return found ?? throw (runs.Count == 0
            ? new StoreException(StoreProblem.Usage, $"{database.Location} holds no runs", "store one with pinion store")
            : new StoreException(StoreProblem.Usage, $"{database.Location} holds no run '{nameOrNumber}'", "pinion query --list shows those there are"));
    }

    /// <summary>Deletes a run.</summary>
    /// <exception cref="StoreException">The database fails; the run is still there.</exception>
    public static void Delete(StoreDatabase database, StoredRun run) => database.Guard(() => database.Delete(run.Id));

    private static SqlStatement Statement(StoreDatabase database) =>
        new SqlStatement(database.Dialect).Append("SELECT id, name, file, format, stored_at, samples, diagnoses, time_shift, time_multiplier, time_zero\nFROM run\nORDER BY id");

    private static StoredRun Read(DbDataReader row) => new(
        row.GetInt32(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        row.GetDateTime(4),
        row.GetInt64(5),
        row.GetInt64(6),
        row.IsDBNull(7) ? default : new((ushort)row.GetInt16(7), (uint)row.GetInt64(8), (ulong)row.GetInt64(9)));
}
