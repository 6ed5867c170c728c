using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store.Postgres;

/// <summary>
/// Loads a run by COPY in its binary form. The samples go into a table of their own, which becomes a partition at the very end: until then nobody else is held up, and two runs load at the same time.
/// </summary>
internal sealed class PostgresLoad : RunLoad
{
    private static readonly NpgsqlDbType[] s_types = [.. StoreSchema.Sample.Columns.Select(column => TypeOf(column.Type))];

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly string _partition;
    private NpgsqlBinaryImporter? _samples;

    public PostgresLoad(NpgsqlConnection connection, int run)
    {
        _connection = connection;
        _partition = PostgresDialect.PartitionOf(run);
        Run = run;
        _transaction = connection.BeginTransaction();
        try
        {
            Execute(PostgresDialect.Instance.CreatePartition(run));

            // FREEZE: rows of a table that nobody sees yet need no second visit to be marked as visible.
            _samples = Copy(_partition, StoreSchema.Sample.ColumnList, freeze: true);
        }
        catch
        {
            _transaction.Dispose();
            throw;
        }
    }

    public override int Run { get; }

    public override void AddSample(ReadOnlySpan<long> values, uint present)
    {
        NpgsqlBinaryImporter importer = _samples!;
        importer.StartRow();
        for (int i = 0; i < values.Length; i++)
        {
            if ((present & (1u << i)) == 0)
            {
                importer.WriteNull();
                continue;
            }

            switch (s_types[i])
            {
                case NpgsqlDbType.Bigint:
                    importer.Write(values[i], NpgsqlDbType.Bigint);
                    break;
                case NpgsqlDbType.Integer:
                    importer.Write((int)values[i], NpgsqlDbType.Integer);
                    break;
                default:
                    importer.Write((short)values[i], NpgsqlDbType.Smallint);
                    break;
            }
        }
    }

    public override void EndSamples()
    {
        _samples!.Complete();
        _samples.Dispose();
        _samples = null;
    }

    public override bool TryAddRun(object?[] row)
    {
        Table table = StoreSchema.Run;
        using NpgsqlCommand command = _connection.CreateCommand();
        command.CommandText =
            $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({string.Join(", ", table.Columns.Select((_, i) => $"${i + 1}"))}) ON CONFLICT ({table.Unique}) DO NOTHING";
        for (int i = 0; i < row.Length; i++)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = row[i] ?? DBNull.Value, NpgsqlDbType = TypeOf(table.Columns[i].Type) });
        }

        return command.ExecuteNonQuery() == 1;
    }

    public override void Add(Table table, IEnumerable<object?[]> rows)
    {
        NpgsqlDbType[] types = [.. table.Columns.Select(column => TypeOf(column.Type))];
        using NpgsqlBinaryImporter importer = Copy(table.Name, table.ColumnList, freeze: false);
        foreach (object?[] row in rows)
        {
            importer.StartRow();
            for (int i = 0; i < row.Length; i++)
            {
                if (row[i] is object value)
                {
                    importer.Write(value, types[i]);
                }
                else
                {
                    importer.WriteNull();
                }
            }
        }

        importer.Complete();
    }

    public override void Commit()
    {
        // Rows of one CPU lie in the order of time, so the smallest and largest time of each stretch of pages says enough.
        Execute($"CREATE INDEX ON {_partition} USING brin (time_ns) WITH (pages_per_range = 32)");
        Execute($"CREATE INDEX ON {_partition} (place)");

        // With the constraint the server need not look at every row before it believes that they belong into the partition.
        Execute(string.Create(CultureInfo.InvariantCulture, $"ALTER TABLE {_partition} ADD CONSTRAINT {_partition}_run CHECK (run = {Run})"));
        Execute(string.Create(CultureInfo.InvariantCulture, $"ALTER TABLE sample ATTACH PARTITION {_partition} FOR VALUES IN ({Run})"));
        Execute($"ALTER TABLE {_partition} DROP CONSTRAINT {_partition}_run");
        Execute($"ANALYZE {_partition}");
        _transaction.Commit();
    }

    public override void Dispose()
    {
        // Without Complete the importer tells the server to give up; the transaction rolls back.
        try
        {
            _samples?.Dispose();
            _transaction.Dispose();
        }
        catch (Exception failure) when (failure is NpgsqlException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is gone, and with it the transaction. Why is in the exception that led here.
        }
    }

    private static NpgsqlDbType TypeOf(ColumnType type) => type switch
    {
        ColumnType.Int16 => NpgsqlDbType.Smallint,
        ColumnType.Int32 => NpgsqlDbType.Integer,
        ColumnType.Int64 => NpgsqlDbType.Bigint,
        ColumnType.Instant => NpgsqlDbType.TimestampTz,
        _ => NpgsqlDbType.Text,
    };

    private NpgsqlBinaryImporter Copy(string table, string columns, bool freeze)
    {
        NpgsqlBinaryImporter importer = _connection.BeginBinaryImport($"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY{(freeze ? ", FREEZE" : "")})");
        importer.Timeout = TimeSpan.Zero;
        return importer;
    }

    private void Execute(string statement)
    {
        using var command = new NpgsqlCommand(statement, _connection);
        command.ExecuteNonQuery();
    }
}
