using Pinion.Trace.Samples;
using Pinion.Trace.Store.ClickHouse;

namespace Pinion.Trace.Store.Tests;

public sealed class ClickHouseTests(ClickHouseServer server) : IClassFixture<ClickHouseServer>
{
    private static readonly string[] s_types = [.. ClickHouseSchema.Sample.Select(column => column.Type)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TheStreamHoldsEverySampleAndComesInChunks(int seed)
    {
        using var receiver = new HttpReceiver();
        SampleSource source = RandomTrace.Make(seed, 5000);

        StoredRun run = ClickHouseLoader.Store(source, receiver.Location, new() { File = "/a/trace", Lines = RandomTrace.Lines });

        HttpReceiver.Request rows = receiver.Requests.Single(request => request.Query.StartsWith("INSERT INTO sample_loading_", StringComparison.Ordinal));
        rows.IsChunked.ShouldBeTrue();
        RowBinaryReader.Read(rows.Body, s_types).ShouldBe(Expected(source, "trace"));
        run.Samples.ShouldBe(Expected(source, "trace").Count);
        receiver.Requests.ShouldAllBe(request => request.User == "me:ge/heim" && !request.Query.Contains("heim"));
        string[] statements = [.. receiver.Requests.Select(request => System.Text.RegularExpressions.Regex.Replace(request.Query.Split('\n')[0], "_[0-9a-f]{32}", ""))];
        statements.ShouldBe(
        [
            "CREATE TABLE IF NOT EXISTS run (",
            "CREATE TABLE IF NOT EXISTS sample (",
            "SELECT max(schema_version) FROM run",
            "SELECT count() FROM run WHERE name = 'trace'",
            "CREATE TABLE sample_loading AS sample",
            "INSERT INTO sample_loading FORMAT RowBinary",
            "ALTER TABLE sample REPLACE PARTITION 'trace' FROM sample_loading",
            "INSERT INTO run FORMAT RowBinary",
            "DROP TABLE IF EXISTS sample_loading",
        ]);
        string stored = RowBinaryReader.Read(receiver.Requests[7].Body, ClickHouseSchema.Run.Select(column => column.Type)).Single();
        stored.ShouldStartWith("trace | /a/trace | random | ");
        stored.ShouldEndWith($" | {run.Samples} | {run.Diagnoses} | {source.Trace.Period} | {source.Trace.Midr} | {source.Trace.Pmsidr} | 1");
    }

    [Fact]
    public void ARealServerGivesBackWhatWasStored()
    {
        StoreLocation location = StoreLocation.Parse(server.Url(), isArgument: false);
        SampleSource source = RandomTrace.Make(7, 20_000);
        string name = "it's \\ \"odd\"\t\U0001F642";

        StoredRun run = ClickHouseLoader.Store(source, location, new() { File = "x", Name = name, Lines = RandomTrace.Lines });
        ClickHouseLoader.Store(RandomTrace.Make(8, 500), location, new() { File = "second" });

        run.Name.ShouldBe(name);
        string where = $"WHERE run = {ClickHouseSchema.Literal(name)}";
        RowBinaryReader.Read(server.Ask($"SELECT * FROM sample {where} ORDER BY seq FORMAT RowBinary"), s_types).ShouldBe(Expected(source, name));
        Text($"SELECT samples FROM run WHERE name = {ClickHouseSchema.Literal(name)}").ShouldBe($"{run.Samples}");
        Text("SELECT count() FROM system.tables WHERE name LIKE 'sample\\\\_loading%'").ShouldBe("0");
        Should.Throw<StoreException>(() => ClickHouseLoader.Store(source, location, new() { File = "x", Name = name })).Problem.ShouldBe(StoreProblem.Usage);
        ClickHouseLoader.Store(RandomTrace.Make(8, 500), location, new() { File = "second" }).Name.ShouldBe("second-2");

        // How docs/clickhouse.md deletes a run.
        server.Ask($"ALTER TABLE sample DROP PARTITION {ClickHouseSchema.Literal(name)}");
        Text($"SELECT count() FROM sample {where}").ShouldBe("0");
        Text("SELECT count() > 0 FROM sample WHERE run = 'second'").ShouldBe("1");
    }

    [Fact]
    public void ACancelledLoadLeavesNothingOnARealServer()
    {
        StoreLocation location = StoreLocation.Parse(server.Url(), isArgument: false);
        using var cancellation = new CancellationTokenSource();
        var options = new LoadOptions
        {
            File = "lost",
            Progress = samples =>
            {
                if (samples > 8000)
                {
                    cancellation.Cancel();
                }
            },
        };

        Should.Throw<OperationCanceledException>(() => ClickHouseLoader.Store(RandomTrace.Make(2, 40_000), location, options, cancellation.Token));

        Text("SELECT count() FROM run WHERE name = 'lost'").ShouldBe("0");
        Text("SELECT count() FROM sample WHERE run = 'lost'").ShouldBe("0");
        Text("SELECT count() FROM system.tables WHERE name LIKE 'sample\\\\_loading%'").ShouldBe("0");
    }

    [Fact]
    public void AWrongPasswordIsSaidByTheServerAndNotByUs()
    {
        StoreException refused = Should.Throw<StoreException>(() =>
            ClickHouseLoader.Store(RandomTrace.Make(1, 10), StoreLocation.Parse(server.Url("me:falsch@"), isArgument: false), new() { File = "x" }));

        refused.Problem.ShouldBe(StoreProblem.Unavailable);
        refused.Message.ShouldContain("assword");
        refused.Message.ShouldNotContain("falsch");
    }

    /// <summary>As long as the server takes nothing, no more rows are made than buffers between us hold.</summary>
    [Fact]
    public void MemoryIsBoundedByBuffersHoweverLongTheTraceIs()
    {
        using var receiver = new HttpReceiver();
        long made = 0;
        long whileNobodyRead = -1;
        receiver.BeforeRows = () =>
        {
            if (whileNobodyRead < 0)
            {
                // Until it has stood still for some time.
                long before;
                do
                {
                    before = Interlocked.Read(ref made);
                    Thread.Sleep(300);
                }
                while (Interlocked.Read(ref made) != before);
                whileNobodyRead = before;
            }
        };
        const int Samples = 400_000;
        SampleSource source = RandomTrace.Make(4, Samples);

        StoredRun run = ClickHouseLoader.Store(source, receiver.Location, new() { File = "x", Progress = samples => Interlocked.Exchange(ref made, samples) });

        // A row takes some 150 bytes: sockets and HttpListener keep a few MB.
        run.Samples.ShouldBeGreaterThan(Samples * 9 / 10);
        whileNobodyRead.ShouldBeLessThan(Samples / 4);
    }

    [Fact]
    public void AServerThatRefusesRowsIsHeardAndTheTableForThemDropped()
    {
        using var receiver = new HttpReceiver();
        receiver.Answer = query => query.StartsWith("INSERT INTO sample_loading", StringComparison.Ordinal) ? (500, "Code: 241, e.displayText() = DB::Exception: Memory limit exceeded\nmore") : (200, "0");

        StoreException refused = Should.Throw<StoreException>(() => ClickHouseLoader.Store(RandomTrace.Make(1, 100), receiver.Location, new() { File = "x" }));

        refused.Problem.ShouldBe(StoreProblem.Unavailable);
        refused.Message.ShouldEndWith("answers 500: Code: 241, e.displayText() = DB::Exception: Memory limit exceeded");
        receiver.Requests[^1].Query.ShouldStartWith("DROP TABLE IF EXISTS sample_loading_");
        receiver.Requests.ShouldNotContain(request => request.Query.StartsWith("ALTER", StringComparison.Ordinal));
    }

    [Fact]
    public void TablesOfANewerProgramAreRefused()
    {
        using var receiver = new HttpReceiver { Answer = query => (200, query.Contains("max(", StringComparison.Ordinal) ? $"{ClickHouseSchema.Version + 1}\n" : "0\n") };

        Should.Throw<StoreException>(() => ClickHouseLoader.Store(RandomTrace.Make(1, 10), receiver.Location, new() { File = "x" })).Message.ShouldContain("has version 2 of the tables");
    }

    [Fact]
    public void AServerThatIsNotThereIsUnavailable() =>
        Should.Throw<StoreException>(() => ClickHouseLoader.Store(
            RandomTrace.Make(1, 10), StoreLocation.Parse($"clickhouse:http://127.0.0.1:{ClickHouseServer.FreePort()}/", isArgument: true), new() { File = "x" })).Problem.ShouldBe(StoreProblem.Unavailable);

    [Fact]
    public void TextsOfAnyLengthKeepTheirBytes()
    {
        using var stream = new MemoryStream();
        var writer = new RowBinaryWriter(stream);
        string[] texts = ["", "a", new('b', 127), new('c', 128), new('\u00e4', 300_000), "end"];
        foreach (string text in texts)
        {
            writer.WriteString(text);
        }

        writer.Flush();

        writer.Length.ShouldBe(stream.Length);
        RowBinaryReader.Read(stream.ToArray(), ["String"]).ShouldBe(texts);
    }

    private static List<string> Expected(SampleSource source, string run)
    {
        var texts = new ClickHouseTexts(source, run);
        SampleScan.Run(source, SampleFilter.All, () => texts, threads: 1, report: false);
        return texts.Rows;
    }

    private string Text(string statement) => System.Text.Encoding.UTF8.GetString(server.Ask(statement)).Trim();
}
