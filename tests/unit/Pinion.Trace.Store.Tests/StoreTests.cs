using Microsoft.Data.Sqlite;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Store.Schema;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store.Tests;

/// <summary>What becomes of runs: kept whole, or not at all.</summary>
public sealed class StoreTests(Databases databases)
{
    private const string PostgresSampleTables = "SELECT count(*) FROM pg_class WHERE relname LIKE 'sample\\_%' AND relkind = 'r'";

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void ARunKeepsWhatTheFileSays(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        SampleSource source = RandomTrace.Make(3, 200);
        DateTime before = DateTime.UtcNow.AddSeconds(-1);

        StoredRun run = TraceLoader.Store(source, database, new() { File = "/traces/a\0b", Name = "first" });

        StoredRun listed = StoredRuns.List(database).Single();
        (listed with { StoredAt = run.StoredAt }).ShouldBe(run);
        listed.StoredAt.ShouldBeInRange(before, DateTime.UtcNow);
        (run.Name, run.File, run.Format, run.Time).ShouldBe(("first", "/traces/a\uFFFDb", "random", source.Trace.Time));
        run.Diagnoses.ShouldBe(source.Trace.Diagnoses.Count);
        Texts(database, "SELECT name || '=' || value FROM fact ORDER BY seq").ShouldBe(["host name=nul\uFFFDhost", "command line=perf record -e 'arm_spe_0//' -- bench"]);
        Texts(database, "SELECT kind || ' ' || coalesce(CAST(cpu AS text), '-') || ' ' || coalesce(CAST(time_ns AS text), '-') FROM loss ORDER BY seq").ShouldBe(["truncated 1 77", "lost - -"]);
        Texts(database, "SELECT CAST(midr AS text) FROM run").ShouldBe([$"{0x413F_D0C1}"]);
        Texts(database, "SELECT name FROM event ORDER BY mask").Take(4).ShouldBe(["exception", "retired", "l1_data_access", "l1_data_refill"]);
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void RowsOfSampleHaveTheFieldsOfTheirRecordsInTheOrderOfTheFile(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        SampleSource source = RandomTrace.Make(5, 300);
        TraceLoader.Store(source, database, new() { File = "x" });
        var expected = new SampleTexts(source.Tasks);
        SampleScan.Run(source, SampleFilter.All, () => expected, threads: 1);

        Texts(database, SampleTexts.Statement).ShouldBe(expected.Rows);
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void NamesAreTakenOnceAndNumberedWhereTheUserDoesNotCare(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        SampleSource source = RandomTrace.Make(1, 20);
        foreach (string? name in (string?[])[null, null, "mine", null])
        {
            TraceLoader.Store(source, database, new() { File = "/a/perf.data", Name = name });
        }

        StoreException taken = Should.Throw<StoreException>(() => TraceLoader.Store(source, database, new() { File = "x", Name = "mine" }));
        taken.Problem.ShouldBe(StoreProblem.Usage);
        Should.Throw<StoreException>(() => TraceLoader.Store(source, database, new() { File = "x", Name = new string('x', 201) })).Problem.ShouldBe(StoreProblem.Usage);

        StoredRuns.List(database).Select(run => run.Name).ShouldBe(["perf.data", "perf.data-2", "mine", "perf.data-3"]);
        StoredRuns.Find(database, null).Name.ShouldBe("perf.data-3");
        StoredRuns.Find(database, "mine").Id.ShouldBe(StoredRuns.Find(database, $"{StoredRuns.List(database)[2].Id}").Id);
        Should.Throw<StoreException>(() => StoredRuns.Find(database, "nobody's")).Message.ShouldContain("nobody's");
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void ACancelledLoadLeavesNothing(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        TraceLoader.Store(RandomTrace.Make(1, 100), database, new() { File = "kept" });
        using var cancellation = new CancellationTokenSource();

        Should.Throw<OperationCanceledException>(() => TraceLoader.Store(
            RandomTrace.Make(2, 20_000), database, new() { File = "lost", Progress = _ => cancellation.Cancel() }, cancellation.Token));

        OnlyOneRunIsThere(database);

        // And the connection is as good as new.
        TraceLoader.Store(RandomTrace.Make(2, 20_000), database, new() { File = "again" });
        StoredRuns.List(database).Select(run => run.Name).ShouldBe(["kept", "again"]);
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void ALoadThatFailsAtItsEndLeavesNothing(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        TraceLoader.Store(RandomTrace.Make(1, 100), database, new() { File = "kept" });

        Should.Throw<InvalidOperationException>(() => TraceLoader.Store(RandomTrace.Make(2, 2000), database, new() { File = "lost", Lines = new FailingLines() }));

        OnlyOneRunIsThere(database);
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public async Task SeveralProgramsStoreAtTheSameTime(StoreKind kind)
    {
        StoreLocation location = databases.Create(kind);
        SampleSource[] sources = [RandomTrace.Make(11, 20_000), RandomTrace.Make(12, 20_000), RandomTrace.Make(13, 20_000)];

        // The first ones make the tables, too.
        Task<StoredRun>[] loads = [.. sources.Select(source => Task.Factory.StartNew(
            () =>
            {
                using StoreDatabase own = StoreDatabase.Open(location, create: true);
                return TraceLoader.Store(source, own, new() { File = "same name" });
            },
            TaskCreationOptions.LongRunning))];
        StoredRun[] runs = await Task.WhenAll(loads);

        runs.Select(run => run.Id).Distinct().Count().ShouldBe(3);
        runs.Select(run => run.Name).Order().ShouldBe(["same name", "same name-2", "same name-3"]);
        using StoreDatabase database = StoreDatabase.Open(location, create: false);
        for (int i = 0; i < runs.Length; i++)
        {
            var options = new ProfileOptions { By = ProfileBy.Thread };
            StoredProfile.Build(database, runs[i], options).ShouldEqual(Profile.Build(sources[i], options), $"run {i}");
        }
    }

    [Fact]
    public void WhileARunIsLoadedIntoPostgresOthersAskAndDelete()
    {
        StoreLocation location = databases.Create(StoreKind.Postgres);
        using StoreDatabase database = StoreDatabase.Open(location, create: true);
        StoredRun first = TraceLoader.Store(RandomTrace.Make(1, 100), database, new() { File = "first" });
        int asked = 0;

        TraceLoader.Store(RandomTrace.Make(2, 10_000), database, new()
        {
            File = "second",
            Progress = samples =>
            {
                using StoreDatabase other = StoreDatabase.Open(location, create: false);
                if (asked++ == 0)
                {
                    StoredProfile.Build(other, first, new()).Total.Samples.ShouldBe(first.Samples);
                    StoredRuns.Delete(other, first);
                }

                StoredRuns.List(other).ShouldBeEmpty();
            },
        });

        asked.ShouldBeGreaterThan(1);
        StoredRuns.List(database).Select(run => run.Name).ShouldBe(["second"]);
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void ADeletedRunIsGoneFromEveryTableAndTheOthersAreNot(StoreKind kind)
    {
        StoreLocation location = databases.Create(kind);
        using StoreDatabase database = StoreDatabase.Open(location, create: true);
        StoredRun first = TraceLoader.Store(RandomTrace.Make(1, 100), database, new() { File = "first" });
        SampleSource source = RandomTrace.Make(2, 100);
        StoredRun second = TraceLoader.Store(source, database, new() { File = "second" });

        StoredRuns.Delete(database, first);

        foreach (Table table in StoreSchema.Tables.Where(table => table.IsPerRun).Append(StoreSchema.Sample))
        {
            Texts(database, $"SELECT DISTINCT CAST(run AS text) FROM {table.Name}").ShouldBe([$"{second.Id}"], table.Name);
        }

        StoredRuns.List(database).Select(run => run.Name).ShouldBe(["second"]);
        StoredProfile.Build(database, second, new()).ShouldEqual(Profile.Build(source, new()), "second");
        if (kind == StoreKind.Postgres)
        {
            Texts(database, $"SELECT CAST(({PostgresSampleTables}) AS text)").ShouldBe(["1"]);
        }
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void TablesOfANewerProgramAreRefused(StoreKind kind)
    {
        StoreLocation location = databases.Create(kind);
        using (StoreDatabase database = StoreDatabase.Open(location, create: true))
        {
            Texts(database, $"UPDATE schema_version SET version = {StoreSchema.Version + 1} RETURNING CAST(version AS text)");
        }

        foreach (bool create in (bool[])[true, false])
        {
            StoreException refused = Should.Throw<StoreException>(() => StoreDatabase.Open(location, create));
            refused.Problem.ShouldBe(StoreProblem.Usage);
            refused.Message.ShouldContain($"has version {StoreSchema.Version + 1} of the tables");
        }
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void ADatabaseWithoutRunsSaysSo(StoreKind kind)
    {
        StoreLocation location = databases.Create(kind);
        Should.Throw<StoreException>(() => StoreDatabase.Open(location, create: false)).Problem.ShouldBe(StoreProblem.Usage);

        using StoreDatabase database = StoreDatabase.Open(location, create: true);
        Should.Throw<StoreException>(() => StoredRuns.Find(database, null)).Problem.ShouldBe(StoreProblem.Usage);
    }

    [Fact]
    public void AnSqliteFileOfAnotherProgramIsLeftAlone()
    {
        string path = databases.NewFile("other.sqlite");
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE mine (id INTEGER)";
            command.ExecuteNonQuery();
        }

        byte[] before = File.ReadAllBytes(path);
        Should.Throw<StoreException>(() => StoreDatabase.Open(StoreLocation.Parse(path, true), create: true)).Problem.ShouldBe(StoreProblem.Usage);
        File.ReadAllBytes(path).ShouldBe(before);
    }

    [Fact]
    public void AFileThatIsNoDatabaseIsCorrupt()
    {
        string path = databases.NewFile("noise.sqlite");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 9000).Select(i => (byte)(i * 7))]);

        Should.Throw<StoreException>(() => StoreDatabase.Open(StoreLocation.Parse(path, true), create: true)).Problem.ShouldBe(StoreProblem.Corrupt);
    }

    /// <summary>The 262,145th address shares the place of its function, and profiles by instruction and function are still exact.</summary>
    [Fact]
    public void MoreAddressesAndThreadsThanAreKeptApartAreStillCountedRight()
    {
        SampleSource source = WideTrace.Make(CodePlaces.MostPlaces + 3000);
        using StoreDatabase database = StoreDatabase.Open(databases.Create(StoreKind.Sqlite), create: true);

        StoredRun run = TraceLoader.Store(source, database, new() { File = "wide" });

        Texts(database, "SELECT CAST(count(*) AS text) FROM sample WHERE pc IS NOT NULL").Single().ShouldNotBe("0");
        Texts(database, "SELECT CAST(count(*) AS text) FROM sample WHERE thread IS NOT NULL").Single().ShouldNotBe("0");
        StoredProfile.Build(database, run, new()).ShouldEqual(Profile.Build(source, new()), "by function");

        // Of these there are more rows than a profile has; compare a part of them.
        foreach (ProfileBy by in (ProfileBy[])[ProfileBy.Instruction, ProfileBy.Thread])
        {
            var part = new ProfileOptions { By = by, Filter = new() { Cpus = new HashSet<int> { 1 } } };
            StoredProfile.Build(database, run, part).ShouldEqual(Profile.Build(source, part), $"by {by}");
        }

        var processes = new ProfileOptions { Filter = new() { Processes = new HashSet<string> { "5000", "264000" } } };
        StoredProfile.Build(database, run, processes).ShouldEqual(Profile.Build(source, processes), "two processes");
        Profile all = StoredProfile.Build(database, run, new() { By = ProfileBy.Thread });
        all.Rows.Count.ShouldBe(Profile.MostRows);
        all.Total.Samples.ShouldBe(run.Samples);
        all.Rows.ShouldContain(row => row.Labels[0] == "[more]");
    }

    private static void OnlyOneRunIsThere(StoreDatabase database)
    {
        StoredRuns.List(database).Select(run => run.Name).ShouldBe(["kept"]);
        foreach (Table table in StoreSchema.Tables.Where(table => table.IsPerRun).Append(StoreSchema.Sample))
        {
            Texts(database, $"SELECT CAST(count(DISTINCT run) AS text) FROM {table.Name}").ShouldBe(["1"], table.Name);
        }

        if (database.Location.Kind == StoreKind.Postgres)
        {
            Texts(database, $"SELECT CAST(({PostgresSampleTables}) AS text)").ShouldBe(["1"]);
        }
    }

    private static List<string> Texts(StoreDatabase database, string statement)
    {
        var texts = new List<string>();
        database.Query(new SqlStatement(database.Dialect).Append(statement), row => texts.Add(row.GetString(0)));
        return texts;
    }

    private sealed class FailingLines : ISourceLines
    {
        public SourceLine? Find(ElfImage image, ulong address) => throw new InvalidOperationException("as the test wants it");
    }
}
