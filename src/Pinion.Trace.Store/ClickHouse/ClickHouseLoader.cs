using System.Globalization;
using Pinion.Trace.Samples;
using Pinion.Trace.Store.ClickHouse;

namespace Pinion.Trace.Store;

/// <summary>Stores traces in ClickHouse. It has no transactions: the samples go into a table of their own, which becomes the run's partition when it is complete.</summary>
public static class ClickHouseLoader
{
    /// <summary>Stores all samples of a trace as one run. Damage is added to the trace's diagnoses; what could be read is stored.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="location">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it early; nothing is left then.</param>
    /// <returns>The run; its number is 0, for runs have names here.</returns>
    /// <exception cref="StoreException">The name is taken, or the server fails; nothing is left of the run unless it cannot be reached any more.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static StoredRun Store(SampleSource source, StoreLocation location, LoadOptions options, CancellationToken cancellation = default)
    {
        using var client = new ClickHouseClient(location);
        client.Execute(ClickHouseSchema.CreateRun);
        client.Execute(ClickHouseSchema.CreateSample);
        string name = NameOf(client, location, options);
        string loading = $"sample_loading_{Guid.NewGuid():N}";
        client.Execute($"CREATE TABLE {loading} AS sample");
        try
        {
            long samples = 0;
            client.Insert(
                loading,
                rows =>
                {
                    var visitor = new ClickHouseSamples(source, rows, name, options, cancellation);
                    SampleScan.Run(source, SampleFilter.All, () => visitor, threads: 1);
                    samples = visitor.Count;
                },
                cancellation);
            var run = new StoredRun(0, name, StoredText.Of(options.File), source.Trace.Format, DateTime.UtcNow, samples, source.Trace.Diagnoses.Count, source.Trace.Time);
            cancellation.ThrowIfCancellationRequested();
            if (samples > 0)
            {
                client.Execute($"ALTER TABLE sample REPLACE PARTITION {ClickHouseSchema.Literal(name)} FROM {loading}");
            }

            client.Insert(ClickHouseSchema.RunTable, rows => WriteRun(rows, run, source.Trace), CancellationToken.None);
            return run;
        }
        finally
        {
            Drop(client, loading);
        }
    }

    private static string NameOf(ClickHouseClient client, StoreLocation location, LoadOptions options)
    {
        string newest = client.Execute("SELECT max(schema_version) FROM run").Trim();
        if (int.TryParse(newest, CultureInfo.InvariantCulture, out int version) && version > ClickHouseSchema.Version)
        {
            throw new StoreException(
                StoreProblem.Usage, $"{location} has version {version} of the tables, and this program knows {ClickHouseSchema.Version}", "use the newer program that made it, or another database");
        }

        string wanted = StoredText.Of(options.Name ?? Path.GetFileName(options.File));
        LoadOptions.CheckName(wanted);
        string name = wanted;
        for (int number = 2; client.Execute($"SELECT count() FROM run WHERE name = {ClickHouseSchema.Literal(name)}").Trim() != "0"; number++)
        {
            if (options.Name is not null)
            {
                throw new StoreException(StoreProblem.Usage, $"there is a run '{name}' already", "give another --name; docs/clickhouse.md says how to delete one");
            }

            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{number}");
        }

        return name;
    }

    private static void WriteRun(RowBinaryWriter rows, StoredRun run, SpeTrace trace)
    {
        rows.WriteString(run.Name);
        rows.WriteString(run.File);
        rows.WriteString(run.Format);
        rows.WriteUInt32((uint)new DateTimeOffset(run.StoredAt).ToUnixTimeSeconds());
        rows.WriteUInt64((ulong)run.Samples);
        rows.WriteUInt64((ulong)run.Diagnoses);
        rows.WriteUInt64(trace.Period);
        rows.WriteUInt64(trace.Midr);
        rows.WriteUInt64(trace.Pmsidr);
        rows.WriteUInt16(ClickHouseSchema.Version);
    }

    private static void Drop(ClickHouseClient client, string table)
    {
        try
        {
            client.Execute($"DROP TABLE IF EXISTS {table}");
        }
        catch (StoreException)
        {
            // The server is gone; what led here says so, and docs/clickhouse.md how to find what is left.
        }
    }
}
