[assembly: AssemblyFixture(typeof(Pinion.Trace.Store.Tests.Databases))]

namespace Pinion.Trace.Store.Tests;

/// <summary>The databases that tests store runs in: one server for all tests of the assembly, started by the first that needs it, and SQLite files.</summary>
public sealed class Databases : IDisposable
{
    private readonly Lazy<PostgresServer?> _server = new(PostgresServer.TryStart);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pinion-store-");

    /// <summary>The server; the test is skipped where there is no PostgreSQL.</summary>
    public PostgresServer Server
    {
        get
        {
            Assert.SkipWhen(_server.Value is null, PostgresServer.Missing);
            return _server.Value!;
        }
    }

    /// <summary>An empty database.</summary>
    public StoreLocation Create(StoreKind kind) => StoreLocation.Parse(
        kind == StoreKind.Sqlite ? NewFile("runs.sqlite") : Server.Url(Server.CreateDatabase()),
        isArgument: false);

    /// <summary>A path nothing is at yet.</summary>
    public string NewFile(string name) => Path.Combine(_directory.CreateSubdirectory(Path.GetRandomFileName()).FullName, name);

    public void Dispose()
    {
        if (_server.IsValueCreated)
        {
            _server.Value?.Dispose();
        }

        _directory.Delete(recursive: true);
    }
}
