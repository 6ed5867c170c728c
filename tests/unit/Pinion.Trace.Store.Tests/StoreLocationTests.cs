using Npgsql;
using Pinion.Trace.Store.Postgres;

namespace Pinion.Trace.Store.Tests;

public sealed class StoreLocationTests
{
    [Theory]
    [InlineData("runs.sqlite", StoreKind.Sqlite)]
    [InlineData("/var/tmp/a:b@c", StoreKind.Sqlite)]
    [InlineData("postgres://localhost/traces", StoreKind.Postgres)]
    [InlineData("PostgreSQL://me@[::1]:5433/traces?sslmode=require", StoreKind.Postgres)]
    [InlineData("postgres:///traces?host=/run/postgresql", StoreKind.Postgres)]
    [InlineData("clickhouse:http://localhost:8123/?database=traces", StoreKind.ClickHouse)]
    public void WhatAUserWritesNamesADatabase(string text, StoreKind kind)
    {
        StoreLocation location = StoreLocation.Parse(text, isArgument: true);

        location.Kind.ShouldBe(kind);
        location.Display.ShouldBe(text.Replace("PostgreSQL:", "postgresql:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("postgres://me:geheim@host/db")]
    [InlineData("postgres://:geheim@host/db")]
    [InlineData("postgres://host/db?password=geheim")]
    [InlineData("postgres://host/db?sslmode=disable&PASSWORD=geheim&x=1")]
    [InlineData("clickhouse:http://me:geheim@host:8123/")]
    [InlineData("postgres://me:ge/heim@host/db")]
    [InlineData("postgres://me:ge?heim@host/db")]
    [InlineData("postgres://me:geheim")]
    [InlineData("mysql://me:geheim@host/db")]
    [InlineData("clickhouse:tcp://me:geheim@host/db")]
    public void AnArgumentWithAPasswordIsRefusedAndNotRepeated(string text)
    {
        StoreException refused = Should.Throw<StoreException>(() => StoreLocation.Parse(text, isArgument: true));

        refused.Problem.ShouldBe(StoreProblem.Usage);
        (refused.Message + refused.Advice).ShouldNotContain("heim");
    }

    [Fact]
    public void APasswordFromTheEnvironmentIsUsedAndNotShown()
    {
        StoreLocation location = StoreLocation.Parse("postgres://me:ge%2Fheim%40@host:5433/db?application_name=x", isArgument: false);

        PostgresUrl.Read(location).Password.ShouldBe("ge/heim@");
        $"{location}".ShouldBe("postgres://me@host:5433/db?application_name=x");
        $"{location.Display}".ShouldNotContain("heim");
    }

    [Fact]
    public void AllPartsOfAPostgresUrlReachTheDriver()
    {
        NpgsqlConnectionStringBuilder settings = PostgresUrl.Read(StoreLocation.Parse(
            "postgresql://m%40e@%2Ftmp%2Fsocket:6000/tr%20aces?sslmode=verify-full&connect_timeout=3&passfile=/p&application_name=a&sslrootcert=/r&sslcert=/c&sslkey=/k", isArgument: true));

        (settings.Username, settings.Host, settings.Port, settings.Database).ShouldBe(("m@e", "/tmp/socket", 6000, "tr aces"));
        (settings.SslMode, settings.Timeout, settings.Passfile, settings.ApplicationName).ShouldBe((SslMode.VerifyFull, 3, "/p", "a"));
        (settings.RootCertificate, settings.SslCertificate, settings.SslKey, settings.SearchPath).ShouldBe(("/r", "/c", "/k", "pinion"));
        PostgresUrl.Read(StoreLocation.Parse("postgres://u@[fe80::1]:77", isArgument: true)).Host.ShouldBe("fe80::1");
        PostgresUrl.Read(StoreLocation.Parse("postgres:///d?host=/run/x&port=9", isArgument: true)).Host.ShouldBe("/run/x");
    }

    [Theory]
    [InlineData("postgres://host:70000/db")]
    [InlineData("postgres://host/db?port=x")]
    [InlineData("postgres://host/db?sslmode=maybe")]
    [InlineData("postgres://host/db?unknown=1")]
    [InlineData("postgres://ho st/db")]
    [InlineData("clickhouse:runs.sqlite")]
    [InlineData("")]
    public void AUrlThatIsNoneIsAUsageError(string text) =>
        Should.Throw<StoreException>(() => PostgresUrl.Read(StoreLocation.Parse(text, isArgument: true))).Problem.ShouldBe(StoreProblem.Usage);
}
