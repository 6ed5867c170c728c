using System.Globalization;

namespace Pinion.Trace.Store;

/// <summary>Kind of a database.</summary>
public enum StoreKind
{
    Sqlite,
    Postgres,
    ClickHouse,
}

/// <summary>Where a database is.</summary>
public sealed record StoreLocation
{
    /// <summary>Variable of the environment that names a database where the user names none.</summary>
    public const string Variable = "PINION_DATABASE";

    private const string ClickHousePrefix = "clickhouse:";

    private StoreLocation(StoreKind kind, string target, string display)
    {
        Kind = kind;
        Target = target;
        Display = display;
    }

    /// <summary>Kind of the database.</summary>
    public StoreKind Kind { get; }

    /// <summary>Path, or URL; may hold a password.</summary>
    internal string Target { get; }

    /// <summary>How messages name it: without a password.</summary>
    public string Display { get; }

    /// <summary>Without the password.</summary>
    public override string ToString() => Display;

    /// <summary>
    /// Reads what a user wrote: <c>postgres://user@host:port/database?option=value</c>, <c>clickhouse:http://host:port/?database=name</c>, or the path of an SQLite file.
    /// </summary>
    /// <param name="text">The user's text.</param>
    /// <param name="isArgument">It was an argument of a command, which everybody on the machine can read: a password is refused.</param>
    /// <exception cref="StoreException">It is none of these.</exception>
    public static StoreLocation Parse(string text, bool isArgument)
    {
        const string Forms = "give postgres://host/database, clickhouse:http://host:8123/?database=name, or the path of an SQLite file";
        if (text.Length == 0)
        {
            throw new StoreException(StoreProblem.Usage, "the name of the database is empty", Forms);
        }

        bool isClickHouse = text.StartsWith(ClickHousePrefix, StringComparison.OrdinalIgnoreCase);
        string url = isClickHouse ? text[ClickHousePrefix.Length..] : text;
        int separator = url.IndexOf("://", StringComparison.Ordinal);
        if (separator < 0 && !isClickHouse)
        {
            return new(StoreKind.Sqlite, text, text);
        }

        // The text is not repeated in messages: it may hold a password.
        string scheme = separator < 0 ? "" : url[..separator].ToLowerInvariant();
        StoreKind kind = (isClickHouse, scheme) switch
        {
            (false, "postgres" or "postgresql") => StoreKind.Postgres,
            (true, "http" or "https") => StoreKind.ClickHouse,
            _ => throw new StoreException(StoreProblem.Usage, isClickHouse ? "clickhouse: takes an http or https URL" : $"there are no databases behind {scheme}://", Forms),
        };
        if (!Split(url[(separator + 3)..], out Parts parts))
        {
            throw new StoreException(StoreProblem.Usage, $"the {scheme} URL is none", $"{Forms}; write %40, %2F, %3F for @, / and ? inside a name or a password");
        }

        if (isArgument && parts.HasPassword)
        {
            throw new StoreException(
                StoreProblem.Usage,
                $"an argument with a password can be read by everybody on this machine ({parts.Display(scheme, isClickHouse)})",
                kind == StoreKind.Postgres ? $"leave it out, and set PGPASSWORD or {Variable}, or write ~/.pgpass" : $"put the URL into {Variable}");
        }

        return new(kind, url, parts.Display(scheme, isClickHouse));
    }

    /// <summary>Pieces of a URL.</summary>
    private readonly record struct Parts(string User, bool HasPassword, string Host, string Path)
    {
        public string Display(string scheme, bool isClickHouse) => $"{(isClickHouse ? ClickHousePrefix : "")}{scheme}://{(User.Length > 0 ? User + "@" : "")}{Host}{Path}";
    }

    /// <summary>Takes a URL apart by hand: Uri refuses the empty host and the percent-encoded socket directory that PostgreSQL allows.</summary>
    private static bool Split(string rest, out Parts parts)
    {
        int end = rest.IndexOfAny(['/', '?', '#']);
        string authority = end < 0 ? rest : rest[..end];
        string path = end < 0 ? "" : rest[end..];
        int at = authority.LastIndexOf('@');
        string user = at < 0 ? "" : authority[..at];
        int colon = user.IndexOf(':', StringComparison.Ordinal);
        int query = path.IndexOf('?', StringComparison.Ordinal);
        string[] options = query < 0 ? [] : path[(query + 1)..].Split('&');
        bool hasPassword = colon >= 0 || options.Any(IsPassword);
        parts = new(
            colon < 0 ? user : user[..colon],
            hasPassword,
            authority[(at + 1)..],
            query < 0 ? path : $"{path[..query]}{(options.All(IsPassword) ? "" : "?")}{string.Join('&', options.Where(option => !IsPassword(option)))}");

        // An @ or a port that is no number further on: a password with a / in it, or none that was meant as one. No message may show it.
        string host = parts.Host[(parts.Host.LastIndexOf(']') + 1)..];
        int port = host.IndexOf(':', StringComparison.Ordinal);
        return !path.Contains('@', StringComparison.Ordinal)
            && (port < 0 || ushort.TryParse(host.AsSpan(port + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            && rest.All(character => !char.IsControl(character) && character != ' ');
    }

    private static bool IsPassword(string option) => option.StartsWith("password", StringComparison.OrdinalIgnoreCase) || option.StartsWith("sslpassword", StringComparison.OrdinalIgnoreCase);
}
