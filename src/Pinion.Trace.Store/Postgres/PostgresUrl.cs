using System.Globalization;
using Npgsql;

namespace Pinion.Trace.Store.Postgres;

/// <summary>Reads the URLs that PostgreSQL's own programs take. What they leave out comes from PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE and ~/.pgpass, as there.</summary>
internal static class PostgresUrl
{
    private const int ConnectSeconds = 15;

    /// <summary>Where PostgreSQL's own programs look first.</summary>
    private const string SocketDirectory = "/var/run/postgresql";

    /// <summary>What the driver is to be told.</summary>
    /// <exception cref="StoreException">An option of the URL is unknown.</exception>
    public static NpgsqlConnectionStringBuilder Read(StoreLocation location)
    {
        // The driver reads the variables for user, password and files by itself.
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = Environment.GetEnvironmentVariable("PGHOST") ?? (Directory.Exists(SocketDirectory) ? SocketDirectory : "localhost"),
            ApplicationName = "pinion",
            Timeout = ConnectSeconds,
            CommandTimeout = 0,
            Pooling = false,
            SearchPath = PostgresDialect.SchemaName,

            // Our statements have dozens of sums: compiling them takes longer than running them.
            Options = "-c jit=off",
        };
        Set(builder, "port", Environment.GetEnvironmentVariable("PGPORT"));
        Set(builder, "dbname", Environment.GetEnvironmentVariable("PGDATABASE"));
        Set(builder, "sslmode", Environment.GetEnvironmentVariable("PGSSLMODE"));

        string rest = location.Target[(location.Target.IndexOf("://", StringComparison.Ordinal) + 3)..];
        int query = rest.IndexOf('?', StringComparison.Ordinal);
        string[] options = query < 0 ? [] : rest[(query + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
        string authority = query < 0 ? rest : rest[..query];
        int slash = authority.IndexOf('/', StringComparison.Ordinal);
        Set(builder, "dbname", slash < 0 ? null : authority[(slash + 1)..]);
        authority = slash < 0 ? authority : authority[..slash];
        int at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            string[] user = authority[..at].Split(':', 2);
            Set(builder, "user", user[0]);
            Set(builder, "password", user.ElementAtOrDefault(1));
        }

        string host = authority[(at + 1)..];
        int port = host.LastIndexOf(':');
        if (port > host.LastIndexOf(']'))
        {
            Set(builder, "port", host[(port + 1)..]);
            host = host[..port];
        }

        Set(builder, "host", host.Trim('[', ']'));
        foreach (string option in options)
        {
            string[] pair = option.Split('=', 2);
            Set(builder, pair[0], pair.ElementAtOrDefault(1));
        }

        return builder;
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string option, string? encoded)
    {
        if (string.IsNullOrEmpty(encoded))
        {
            return;
        }

        string value = Uri.UnescapeDataString(encoded);
        switch (option)
        {
            case "host":
                builder.Host = value;
                break;
            case "port":
                builder.Port = Number(option, value);
                break;
            case "dbname":
                builder.Database = value;
                break;
            case "user":
                builder.Username = value;
                break;
            case "password":
                builder.Password = value;
                break;
            case "passfile":
                builder.Passfile = value;
                break;
            case "connect_timeout":
                builder.Timeout = Number(option, value);
                break;
            case "application_name":
                builder.ApplicationName = value;
                break;
            case "sslmode" when Enum.TryParse(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out SslMode mode) && Enum.IsDefined(mode):
                builder.SslMode = mode;
                break;
            case "sslmode":
                throw new StoreException(StoreProblem.Usage, "sslmode is unknown", "there are: disable, allow, prefer, require, verify-ca, verify-full");
            case "sslrootcert":
                builder.RootCertificate = value;
                break;
            case "sslcert":
                builder.SslCertificate = value;
                break;
            case "sslkey":
                builder.SslKey = value;
                break;
            default:
                // Not repeated: it may be the rest of a password with an & in it.
                throw new StoreException(
                    StoreProblem.Usage,
                    "an option of the PostgreSQL URL is unknown",
                    "there are: host, port, dbname, user, password, passfile, connect_timeout, application_name, sslmode, sslrootcert, sslcert, sslkey");
        }
    }

    private static int Number(string option, string value) =>
        ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) ? number
        : throw new StoreException(StoreProblem.Usage, $"{option} of a PostgreSQL URL is no number", "leave it out, or give one up to 65535");
}
