using System.Diagnostics;
using System.Globalization;

namespace Pinion.Trace.Store.Tests;

/// <summary>
/// A PostgreSQL server of our own: a new cluster in a temporary directory, reachable by a Unix socket there and nothing else, stopped and deleted at the end. PostgreSQL refuses to run as root, so root starts it
/// as another user.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    public const string Missing = "needs postgresql: apt-get install postgresql";
    public const string User = "pinion";
    public const string Password = "p ä'@:/?#[]%s";

    private const string Installed = "/usr/lib/postgresql";
    private static readonly string[] s_users = ["postgres", "nobody"];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pinion-pg-");
    private readonly Process _server;
    private int _databases;

    private PostgresServer(string programs)
    {
        string? user = Environment.UserName == "root" ? s_users.First(UserExists) : null;
        string data = Path.Combine(_directory.FullName, "data");
        string password = Path.Combine(_directory.FullName, "password");
        File.WriteAllText(password, Password + "\n");
        if (user is not null)
        {
            Run("chown", "-R", user, _directory.FullName);
        }

        Run(As(user, [Path.Combine(programs, "initdb"), "-D", data, "-U", User, "-A", "scram-sha-256", $"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync"]));
        string[] command = As(
            user,
            [Path.Combine(programs, "postgres"), "-D", data, "-k", _directory.FullName, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_wal_size=4GB", "-c", "logging_collector=off"]);
        _server = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = _directory.FullName })!;
        Log = new();
        _server.ErrorDataReceived += (_, line) =>
        {
            lock (Log)
            {
                Log.Add(line.Data ?? "");
            }
        };
        _server.BeginErrorReadLine();
        _server.BeginOutputReadLine();
    }

    /// <summary>What the server said.</summary>
    public List<string> Log { get; }

    /// <summary>Directory of the server's socket.</summary>
    public string SocketDirectory => _directory.FullName;

    /// <summary>Starts a server; null where PostgreSQL is not installed.</summary>
    public static PostgresServer? TryStart()
    {
        string? programs = Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed).OrderByDescending(version => int.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out int number) ? number : 0)
                .Select(version => Path.Combine(version, "bin")).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
        if (programs is null)
        {
            return null;
        }

        var server = new PostgresServer(programs);
        try
        {
            server.WaitUntilReady();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>URL of a database, with the password where that is wanted.</summary>
    public string Url(string database, bool withPassword = true) =>
        $"postgres://{User}{(withPassword ? ":" + Uri.EscapeDataString(Password) : "")}@{Uri.EscapeDataString(SocketDirectory)}/{database}";

    /// <summary>Makes an empty database, and answers its name.</summary>
    public string CreateDatabase()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        Execute("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    /// <summary>Runs a statement past our own code; answers the first value.</summary>
    public object? Execute(string database, string statement)
    {
        using var connection = new Npgsql.NpgsqlConnection(new Npgsql.NpgsqlConnectionStringBuilder
        {
            Host = SocketDirectory,
            Database = database,
            Username = User,
            Password = Password,
            Pooling = false,
        }.ConnectionString);
        connection.Open();
        using var command = new Npgsql.NpgsqlCommand(statement, connection);
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        // SIGINT: what PostgreSQL calls fast shutdown.
        if (!_server.HasExited)
        {
            Run("kill", "-INT", _server.Id.ToString(CultureInfo.InvariantCulture));
            if (!_server.WaitForExit(TimeSpan.FromSeconds(30)))
            {
                _server.Kill(entireProcessTree: true);
                _server.WaitForExit();
            }
        }

        _server.Dispose();
        _directory.Delete(recursive: true);
    }

    private static bool UserExists(string name) => File.ReadLines("/etc/passwd").Any(line => line.StartsWith(name + ":", StringComparison.Ordinal));

    private static string[] As(string? user, string[] command) => user is null ? command : ["setpriv", $"--reuid={user}", $"--regid={GroupOf(user)}", "--clear-groups", .. command];

    /// <summary>The user's group, by number: nobody's has other names elsewhere.</summary>
    private static string GroupOf(string user) => File.ReadLines("/etc/passwd").First(line => line.StartsWith(user + ":", StringComparison.Ordinal)).Split(':')[3];

    private static void Run(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command[0]} failed: {error}{output.Result}");
        }
    }

    private void WaitUntilReady()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Execute("postgres", "SELECT 1");
                return;
            }
            catch (Npgsql.NpgsqlException) when (!_server.HasExited && watch.Elapsed < TimeSpan.FromMinutes(1))
            {
                Thread.Sleep(50);
            }
            catch (Npgsql.NpgsqlException refused)
            {
                lock (Log)
                {
                    throw new InvalidOperationException($"PostgreSQL did not start: {refused.Message}\n{string.Join('\n', Log)}");
                }
            }
        }
    }
}
