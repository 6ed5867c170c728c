using System.CommandLine;
using Pinion.Trace.Store;

namespace Pinion.Cli;

/// <summary>Which database a command means, and what happens when it fails.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string?> _database;

    /// <param name="name">Name of the option.</param>
    /// <param name="purpose">What the database is for.</param>
    /// <param name="more">Which databases there are beside PostgreSQL and SQLite.</param>
    public StoreOptions(string name, string purpose, string more = "") => _database = new(name)
    {
        HelpName = "DATABASE",
        Description = $"{purpose}: the path of an SQLite file, or postgres://USER@HOST:PORT/NAME{more}. Without it, the environment's {StoreLocation.Variable}.",
    };

    /// <summary>What --help says about passwords.</summary>
    public const string Passwords =
        "Passwords: an argument can be read by everybody on the machine, so a URL with a password is refused there. Put it into PINION_DATABASE, or let PGPASSWORD or ~/.pgpass have the password;\n"
        + "PGHOST, PGPORT, PGDATABASE, PGUSER and PGSSLMODE stand for what the URL leaves out.";

    public void AddTo(Command command) => command.Options.Add(_database);

    /// <summary>Reads the option, and does <paramref name="work"/> with the database it means; what the database fails with becomes a message and an exit code.</summary>
    public int With(ParseResult parsed, TextWriter error, Func<StoreLocation, int> work)
    {
        try
        {
            string? argument = parsed.GetValue(_database);
            string? text = argument ?? Environment.GetEnvironmentVariable(StoreLocation.Variable);
            if (string.IsNullOrEmpty(text))
            {
                throw new StoreException(StoreProblem.Usage, "no database is named", $"give {_database.Name} FILE.sqlite or {_database.Name} postgres://HOST/NAME, or set {StoreLocation.Variable}");
            }

            return work(StoreLocation.Parse(text, isArgument: argument is not null));
        }
        catch (StoreException failure)
        {
            error.Write($"pinion: {failure.Message.TrimEnd('.')}; {failure.Advice}\n");
            return failure.Problem switch
            {
                StoreProblem.Usage => ExitCodes.Usage,
                StoreProblem.Corrupt => ExitCodes.CorruptInput,
                _ => ExitCodes.HostResource,
            };
        }
    }
}
