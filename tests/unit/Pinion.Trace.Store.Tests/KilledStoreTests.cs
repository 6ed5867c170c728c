using System.Diagnostics;

namespace Pinion.Trace.Store.Tests;

/// <summary>A load that is killed in its middle.</summary>
public sealed class KilledStoreTests(Databases databases)
{
    private const int Samples = 600_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void LeavesNothingInPostgres()
    {
        string database = databases.Server.CreateDatabase();
        StoreLocation location = StoreLocation.Parse(databases.Server.Url(database), isArgument: false);
        using StoreDatabase opened = StoreDatabase.Open(location, create: true);
        StoredRun kept = TraceLoader.Store(RandomTrace.Make(1, 100), opened, new() { File = "kept" });

        KillWhen(databases.Server.Url(database), () => Count(database, "SELECT coalesce(sum(tuples_processed), 0)::bigint FROM pg_stat_progress_copy") > 0);

        Wait(() => Count(database, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pinion' AND datname = current_database()") == 1);
        Count(database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'sample\\_%' AND relkind = 'r'").ShouldBe(1);
        StoredRuns.List(opened).ShouldBe([kept]);
        StoredProfile.Build(opened, kept, new()).Total.Samples.ShouldBe(kept.Samples);
    }

    [Fact]
    public void LeavesNothingInAnSqliteFile()
    {
        string file = databases.NewFile("runs.sqlite");
        StoreLocation location = StoreLocation.Parse(file, isArgument: true);
        StoredRun kept;
        using (StoreDatabase database = StoreDatabase.Open(location, create: true))
        {
            kept = TraceLoader.Store(RandomTrace.Make(1, 100), database, new() { File = "kept" });
        }

        // More than the page cache holds: parts of the run are in the file by then.
        long before = new FileInfo(file).Length;
        KillWhen(file, () => new FileInfo(file).Length > before + (1 << 20));

        using StoreDatabase opened = StoreDatabase.Open(location, create: false);
        StoredRuns.List(opened).ShouldBe([kept]);
        StoredProfile.Build(opened, kept, new()).Total.Samples.ShouldBe(kept.Samples);
        var check = new List<string>();
        opened.Query(new SqlStatement(opened.Dialect).Append("PRAGMA integrity_check"), row => check.Add(row.GetString(0)));
        check.ShouldBe(["ok"]);
    }

    private void KillWhen(string database, Func<bool> isLoading)
    {
        string trace = databases.NewFile("long.spe");
        File.WriteAllBytes(trace, WideTrace.Bytes(Samples, apart: 1000));
        using Process store = PinionProcess.Start(["store", trace], (StoreLocation.Variable, database));
        Wait(() =>
        {
            store.HasExited.ShouldBeFalse("the load was over before it could be killed; give it more samples");
            return isLoading();
        });
        store.Kill();
        store.WaitForExit();
    }

    private static void Wait(Func<bool> happened)
    {
        var watch = Stopwatch.StartNew();
        while (!happened())
        {
            watch.Elapsed.ShouldBeLessThan(s_patience);
            Thread.Sleep(2);
        }
    }

    private long Count(string database, string statement) => (long)databases.Server.Execute(database, statement)!;
}
