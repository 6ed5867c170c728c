using System.CommandLine;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pinion.Cli;

namespace Pinion.Trace.Store.Tests;

/// <summary>pinion store and pinion query, as a user types them.</summary>
public sealed class StoreCommandTests(Databases databases, DemoTrace demo) : IClassFixture<DemoTrace>
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void AQueryPrintsWhatAReportOfTheTracePrints(StoreKind kind)
    {
        string database = Create(kind);
        Run("store", demo.Capture, "--to", database, "--name", "the demo's", "--elf", demo.Program).ShouldBe(ExitCodes.Success, $"{_error}");
        Printed().ShouldMatch("^run 'the demo's' in .*: [0-9]{4,} samples in [0-9.]+ s\n$");

        string[] filters = ["", "--class load,store", "--cpu 0 --el 1", "--function ^chase", "--min-latency 30", "--event tlb-walk", "--time 0,0.02", "--process 0"];
        string[] rows = ["function", "line", "instruction", "image", "process", "thread", "cpu", "class", "source", "address", "cacheline", "page"];
        string[][] views =
        [
            .. rows.Select(by => (string[])["--by", by]),
            .. filters.Where(filter => filter.Length > 0).Select(filter => filter.Split(' ')),
            ["--latency"], ["--json"], ["--latency", "--json", "--by", "instruction"], ["--sharing"], ["--sharing", "--json"], ["--top", "2", "--by", "page"],
        ];
        foreach (string[] view in views)
        {
            Run(["query", "--from", database, .. view]).ShouldBe(ExitCodes.Success, $"{_error}");
            string stored = Printed();
            Run(["report", demo.Capture, "--elf", demo.Program, .. view]).ShouldBe(ExitCodes.Success, $"{_error}");
            stored.ShouldBe(Printed(), string.Join(' ', view));
        }
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void StatementsCanBeTypedAsTheyArePrinted(StoreKind kind)
    {
        string database = Create(kind);
        Run("store", demo.Capture, "--to", database, "--elf", demo.Program).ShouldBe(ExitCodes.Success, $"{_error}");
        Printed();
        string[] hard = ["--process", "0,it's; DROP TABLE run,\"x\"", "--function", "chase|branch", "--latency"];
        foreach (string[] view in (string[][])[["--by", "source"], [.. hard, "--by", "thread"], ["--sharing"], ["--list"]])
        {
            Run(["query", "--from", database, "--sql", .. view]).ShouldBe(ExitCodes.Success, $"{_error}");
            Type(kind, database, Printed()).ShouldBeGreaterThanOrEqualTo(0);
        }

        Run(["query", "--from", database, "--by", "class", "--sql"]).ShouldBe(ExitCodes.Success);
        string statement = Printed();
        Run(["query", "--from", database, "--by", "class", "--json"]).ShouldBe(ExitCodes.Success);
        using JsonDocument json = JsonDocument.Parse(Printed());
        Type(kind, database, statement).ShouldBe(json.RootElement.GetProperty("rows").GetArrayLength());
        Run("query", "--from", database, "--list").ShouldBe(ExitCodes.Success);
        Printed().ShouldContain("demo.spe");
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void RunsAreListedAndDeleted(StoreKind kind)
    {
        string database = Create(kind);
        for (int i = 0; i < 2; i++)
        {
            Run("store", demo.Capture, "--to", database).ShouldBe(ExitCodes.Success, $"{_error}");
        }

        Printed();
        Run("query", "--from", database, "--list", "--json").ShouldBe(ExitCodes.Success);
        using (JsonDocument json = JsonDocument.Parse(Printed()))
        {
            json.RootElement.EnumerateArray().Select(run => run.GetProperty("name").GetString()).ShouldBe(["demo.spe", "demo.spe-2"]);
            json.RootElement[0].GetProperty("file").GetString().ShouldBe(demo.Capture);
        }

        Run("query", "--from", database, "--run", "demo.spe", "--delete").ShouldBe(ExitCodes.Success);
        Printed().ShouldStartWith("run 1 'demo.spe' is deleted from ");
        Run("query", "--from", database, "--list").ShouldBe(ExitCodes.Success);
        Printed().Split('\n')[1].ShouldContain("demo.spe-2");
        Run("query", "--from", database, "--run", "demo.spe").ShouldBe(ExitCodes.Usage);
        Run("query", "--from", database, "--delete").ShouldBe(ExitCodes.Usage);
        Run("query", "--from", database, "--delete", "--list", "--run", "2").ShouldBe(ExitCodes.Usage);
        $"{_error}".Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(line => line.StartsWith("pinion: ") && line.Contains("; "));
    }

    [Fact]
    public void OfADamagedTraceWhatCanBeReadIsStored()
    {
        byte[] bytes = File.ReadAllBytes(demo.Capture);
        bytes.AsSpan(5000, 200).Fill(0xFF);
        string damaged = databases.NewFile("damaged.spe");
        File.WriteAllBytes(damaged, bytes[..^33]);
        string database = databases.NewFile("runs.sqlite");

        Run("store", damaged, "--to", database).ShouldBe(ExitCodes.CorruptInput);

        $"{_error}".ShouldContain("damaged.spe: offset 0x");
        Printed();
        Run("query", "--from", database).ShouldBe(ExitCodes.Success);
        string stored = Printed();
        Run("report", damaged).ShouldBe(ExitCodes.CorruptInput);
        stored.ShouldBe(Printed());
        Run("query", "--from", database, "--list", "--json").ShouldBe(ExitCodes.Success);
        using JsonDocument json = JsonDocument.Parse(Printed());
        json.RootElement[0].GetProperty("diagnoses").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public void AServerThatIsNotThereIsExitCode4()
    {
        Run("store", demo.Capture, "--to", "postgres://me@127.0.0.1:1/traces?connect_timeout=2").ShouldBe(ExitCodes.HostResource);
        Run("query", "--from", "postgres://me@%2Fnonexistent/traces").ShouldBe(ExitCodes.HostResource);

        string[] lines = $"{_error}".Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(2);
        lines[0].ShouldStartWith("pinion: cannot reach postgres://me@127.0.0.1:1/traces?connect_timeout=2: ");
        lines.ShouldAllBe(line => line.Contains("; is the server running there?", StringComparison.Ordinal));
    }

    [Fact]
    public void AServerThatRefusesIsExitCode4AndThePasswordIsNotShown()
    {
        string passwords = PasswordFile("a wrong secret");

        Run("query", "--from", databases.Server.Url("postgres", withPassword: false) + "?passfile=" + passwords).ShouldBe(ExitCodes.HostResource);
        $"{_error}".ShouldContain("password authentication failed");
        $"{_error}".ShouldContain("PGPASSWORD");
        Run("store", demo.Capture, "--to", databases.Server.Url("nowhere", withPassword: false) + "?passfile=" + PasswordFile()).ShouldBe(ExitCodes.HostResource);
        $"{_error}".ShouldContain("make it with createdb");
        $"{_error}".ShouldNotContain("secret");
        $"{_error}".ShouldNotContain(PostgresServer.Password);
        string log;
        lock (databases.Server.Log)
        {
            log = string.Join('\n', databases.Server.Log);
        }

        log.ShouldNotContain(PostgresServer.Password);
    }

    [Fact]
    public void WrongUsageIsExitCode1()
    {
        string notOurs = databases.NewFile("text.sqlite");
        File.WriteAllText(notOurs, new string('x', 4096));

        Run("store", demo.Capture, "--to", "postgres://me:secret@host/db").ShouldBe(ExitCodes.Usage);
        Run("store", demo.Capture, "--to", "mysql://me:secret@host/db").ShouldBe(ExitCodes.Usage);
        Run("store", "/nonexistent/trace", "--to", databases.NewFile("x.sqlite")).ShouldBe(ExitCodes.Usage);
        Run("store", demo.Capture, "--to", "/nonexistent/x.sqlite").ShouldBe(ExitCodes.Usage);
        Run("query", "--from", "/nonexistent/x.sqlite").ShouldBe(ExitCodes.Usage);
        Run("query", "--from", notOurs).ShouldBe(ExitCodes.CorruptInput);
        Run("query", "--from", databases.NewFile("x.sqlite"), "--class", "none-such").ShouldBe(ExitCodes.Usage);
        Run("query", "--from", "clickhouse:http://host/").ShouldBe(ExitCodes.Usage);

        $"{_error}".ShouldNotContain("secret");
        $"{_error}".Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(8);
    }

    [Fact]
    public void TheHelpSaysWhereAPasswordBelongs()
    {
        Run("store", "--help").ShouldBe(ExitCodes.Success);

        Printed().ShouldContain("PINION_DATABASE");
        Run("query", "--help").ShouldBe(ExitCodes.Success);
        Printed().ShouldContain(".pgpass");
    }

    private string Create(StoreKind kind) => kind == StoreKind.Sqlite ? databases.NewFile("runs.sqlite")
        : databases.Server.Url(databases.Server.CreateDatabase(), withPassword: false) + "?passfile=" + PasswordFile();

    private string PasswordFile(string password = PostgresServer.Password)
    {
        string path = databases.NewFile("pgpass");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var writer = new StreamWriter(path, options);
        writer.Write($"*:*:*:*:{password.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal)}\n");
        return path;
    }

    private int Run(params string[] arguments)
    {
        var root = new RootCommand { StoreCommand.Create(), QueryCommand.Create(), ReportCommand.Create() };
        ParseResult parsed = root.Parse(arguments);
        parsed.Errors.ShouldBeEmpty();
        return parsed.Invoke(new() { Output = _output, Error = _error });
    }

    private string Printed()
    {
        string text = _output.ToString();
        _output.GetStringBuilder().Clear();
        return text;
    }

    /// <summary>Runs the statements as another client would; answers how many rows all of them give.</summary>
    private int Type(StoreKind kind, string database, string statements)
    {
        using System.Data.Common.DbConnection connection = kind == StoreKind.Sqlite
            ? new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=false")
            : new Npgsql.NpgsqlConnection(new Npgsql.NpgsqlConnectionStringBuilder
            {
                Host = databases.Server.SocketDirectory,
                Username = PostgresServer.User,
                Password = PostgresServer.Password,
                Pooling = false,
                Database = database[(database.LastIndexOf("/test_", StringComparison.Ordinal) + 1)..database.IndexOf('?', StringComparison.Ordinal)],
            }.ConnectionString);
        connection.Open();
        using System.Data.Common.DbCommand command = connection.CreateCommand();
        command.CommandText = statements;
        using System.Data.Common.DbDataReader reader = command.ExecuteReader();
        int rows = 0;
        do
        {
            while (reader.Read())
            {
                rows++;
            }
        }
        while (reader.NextResult());

        return rows;
    }
}
