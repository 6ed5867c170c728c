using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Store.Schema;

/// <summary>The tables, one definition for both databases. docs/store.md shows them.</summary>
internal static class StoreSchema
{
    /// <summary>Goes up with every change of a table that an older program would misread.</summary>
    public const int Version = 1;

    public static Table Run { get; } = new(
        "run",
        "a trace that was stored",
        [
            new("id", ColumnType.Int32, "number, from 1"),
            new("name", ColumnType.Text, "what the user calls it"),
            new("file", ColumnType.Text, "file it was read from"),
            new("format", ColumnType.Text, "format of that file: Pinion capture, perf.data, raw packets"),
            new("stored_at", ColumnType.Instant, "when it was stored, UTC"),
            new("samples", ColumnType.Int64, "its rows in sample"),
            new("diagnoses", ColumnType.Int64, "what was wrong with the file; what could be read is here"),
            new("period", ColumnType.Int64, "operations between samples (perf record -c)", Nullable: true),
            new("midr", ColumnType.Int64, "MIDR_EL1 of the sampled CPUs", Nullable: true),
            new("pmsidr", ColumnType.Int64, "PMSIDR_EL1: what their profiling unit implements", Nullable: true),
            new("time_shift", ColumnType.Int16, "time_ns = time_zero + (timer_count * time_multiplier >> time_shift), in 128 bits", Nullable: true),
            new("time_multiplier", ColumnType.Int64, "see time_shift", Nullable: true),
            new("time_zero", ColumnType.Int64, "see time_shift; nanoseconds", Nullable: true),
        ],
        "id")
    {
        Unique = "name",
    };

    public static Table Fact { get; } = new(
        "fact",
        "what else the file says about the recording",
        [
            new("run", ColumnType.Int32, "run.id"),
            new("seq", ColumnType.Int32, "order in the file, from 0"),
            new("name", ColumnType.Text, "host name, kernel release, command line and the like"),
            new("value", ColumnType.Text, "its value"),
        ],
        "run",
        "seq");

    public static Table Loss { get; } = new(
        "loss",
        "where the recorder says that samples are missing",
        [
            new("run", ColumnType.Int32, "run.id"),
            new("seq", ColumnType.Int32, "order in the file, from 0"),
            new("cpu", ColumnType.Int32, "CPU", Nullable: true),
            new("time_ns", ColumnType.Int64, "nanoseconds of the traced kernel's clock", Nullable: true),
            new("kind", ColumnType.Text, "flag of PERF_RECORD_AUX (truncated, partial, collision), or lost"),
        ],
        "run",
        "seq");

    public static Table Place { get; } = new(
        "place",
        "an address that was sampled, in the address space of one process or of the kernel",
        [
            new("run", ColumnType.Int32, "run.id"),
            new("id", ColumnType.Int32, "number in the run, from 0"),
            new("image", ColumnType.Text, "file name of the program or library, [kernel], [anon] or [unknown]"),
            new("function", ColumnType.Text, "symbol, or [unknown]"),
            new("pc", ColumnType.Int64, "virtual address, as sampled"),
            new("function_offset", ColumnType.Int64, "bytes from the beginning of the function; none where it is unknown", Nullable: true),
            new("image_address", ColumnType.Int64, "the address in the image's own address space, as objdump and addr2line want it"),
            new("source_path", ColumnType.Text, "source file, as the compiler was told (DWARF)", Nullable: true),
            new("source_file", ColumnType.Text, "source_path without folders", Nullable: true),
            new("source_line", ColumnType.Int32, "line in it, from 1", Nullable: true),
        ],
        "run",
        "id");

    public static Table Task { get; } = new(
        "task",
        "a thread under one of its names",
        [
            new("run", ColumnType.Int32, "run.id"),
            new("id", ColumnType.Int32, "number in the run, from 0"),
            new("process", ColumnType.Int64, "process (thread group); the thread's number where the trace does not tell"),
            new("thread", ColumnType.Int64, "thread, from Context packets, the stream, or context switches"),
            new("name", ColumnType.Text, "name of the thread (comm)", Nullable: true),
        ],
        "run",
        "id");

    /// <summary>Its columns have the order of <see cref="SampleColumn"/>.</summary>
    public static Table Sample { get; } = new(
        "sample",
        "a sample: one record of the Statistical Profiling Extension; what its packets do not tell is NULL",
        [
            new("seq", ColumnType.Int64, "order in the file, from 0"),
            new("timer_count", ColumnType.Int64, "Timestamp packet: count of the generic timer", Nullable: true),
            new("time_ns", ColumnType.Int64, "the same in nanoseconds of the traced kernel's clock, where the file has the conversion", Nullable: true),
            new("events", ColumnType.Int64, "Events packet: a bit each, see event", Nullable: true),
            new("data_va", ColumnType.Int64, "virtual address of the data, with its tag byte", Nullable: true),
            new("data_pa", ColumnType.Int64, "physical address of the data, 56 bits", Nullable: true),
            new("branch_target", ColumnType.Int64, "virtual address a taken branch went to", Nullable: true),
            new("previous_target", ColumnType.Int64, "virtual address the taken branch before went to", Nullable: true),
            new("pc", ColumnType.Int64, "sampled address, only where place stands for a whole function because the run has more than 262144 addresses", Nullable: true),
            new("thread", ColumnType.Int64, "thread, only where task is NULL because the run has more than 262144 threads", Nullable: true),
            new("run", ColumnType.Int32, "run.id"),
            new("place", ColumnType.Int32, "place.id of the PC packet", Nullable: true),
            new("task", ColumnType.Int32, "task.id", Nullable: true),
            new("cpu", ColumnType.Int32, "CPU; -1 where the stream belongs to a thread"),
            new("total_latency", ColumnType.Int32, "cycles from dispatch to completion", Nullable: true),
            new("issue_latency", ColumnType.Int32, "cycles from dispatch to issue", Nullable: true),
            new("translation_latency", ColumnType.Int32, "cycles for the translation of the data address", Nullable: true),
            new("alternate_latency", ColumnType.Int32, "issue latency in the alternate clock", Nullable: true),
            new("source", ColumnType.Int32, "Data Source packet, see data_source", Nullable: true),
            new("class", ColumnType.Int16, "kind of operation, see operation_class"),
            new("el", ColumnType.Int16, "Exception level, 0 to 3: 0 is user space, 1 a kernel", Nullable: true),
            new("operation", ColumnType.Int16, "Operation Type packet: class (0 other, 1 load or store, 2 branch) * 256 + payload", Nullable: true),
        ],
        "run",
        "seq");

    public static Table OperationClass { get; } = new(
        "operation_class",
        "kinds of operations; every sample is of exactly one",
        [
            new("id", ColumnType.Int16, "sample.class"),
            new("name", ColumnType.Text, "name"),
        ],
        "id");

    public static Table DataSource { get; } = new(
        "data_source",
        "data sources in the encoding of Arm's own cores (Neoverse N1 and later)",
        [
            new("id", ColumnType.Int32, "sample.source"),
            new("name", ColumnType.Text, "name; those that are not here are called other"),
        ],
        "id");

    public static Table Event { get; } = new(
        "event",
        "bits of sample.events (Arm ARM D18.2.6)",
        [
            new("mask", ColumnType.Int64, "the bit's value"),
            new("name", ColumnType.Text, "name"),
        ],
        "mask");

    public static Table SchemaVersion { get; } = new(
        "schema_version",
        "which of these schemas the database has; one row",
        [
            new("version", ColumnType.Int32, "number"),
        ],
        "version");

    /// <summary>All tables but sample, in the order in which they are made.</summary>
    public static IReadOnlyList<Table> Tables { get; } = [SchemaVersion, OperationClass, DataSource, Event, Run, Fact, Loss, Place, Task];

    /// <summary>Rows of the tables that are the same everywhere.</summary>
    public static IEnumerable<object?[]> ConstantRows(Table table) => table.Name switch
    {
        "schema_version" => [[Version]],
        "operation_class" => Enum.GetValues<ProfileClass>().Select(one => (object?[])[(short)one, ProfileTable.ClassName(one)]),
        "data_source" => Enumerable.Range(0, ProfileCounts.DataSources - 1).Select(source => (object?[])[source, ProfileTable.SourceName(source)]),
        "event" => Enum.GetValues<SpeEvents>().Where(one => one != SpeEvents.None).Select(one => (object?[])[(long)one, EventName(one)]),
        _ => [],
    };

    /// <summary>How a sample is told in words: every column of sample, and what its numbers mean.</summary>
    public static IEnumerable<ViewColumn> NamedSample(SqlDialect dialect)
    {
        const string Process = "CASE WHEN t.id IS NOT NULL THEN coalesce(t.name, '?') || ' (' || t.process || ')' WHEN s.thread IS NOT NULL THEN '? (' || s.thread || ')' ELSE '[unknown]' END";
        const string Pc = "coalesce(s.pc, p.pc)";
        const string IsKernel = "s.data_va >> 55 <> 0";
        string offset = "CASE WHEN s.pc IS NULL THEN p.function_offset WHEN p.function_offset IS NOT NULL THEN s.pc - p.pc END";
        string space = $"CASE WHEN s.data_pa IS NOT NULL THEN 'physical' WHEN s.data_va IS NULL THEN '' WHEN {IsKernel} THEN '[kernel]' ELSE {Process} END";
        foreach (Column column in Sample.Columns.Where(column => column.Name is not ("pc" or "thread")))
        {
            yield return new(column.Name, $"s.{column.Name}", column.Text);
        }

        yield return new("thread", "coalesce(t.thread, s.thread)", "thread");
        yield return new("process", "coalesce(t.process, s.thread)", "process (thread group)");
        yield return new("task_name", "t.name", "name of the thread (comm)");
        yield return new("process_name", Process, "name (process), as reports show it");
        yield return new("pc", Pc, "sampled address");
        yield return new("image", "coalesce(p.image, '[unknown]')", "as place.image");
        yield return new("function", "coalesce(p.function, '[no PC]')", "as place.function");
        yield return new("function_offset", offset, "bytes from the beginning of the function");
        yield return new(
            "instruction",
            $"CASE WHEN p.id IS NULL THEN '[no PC]' WHEN p.function_offset IS NULL THEN {dialect.Hex(Pc)} WHEN ({offset}) = 0 THEN p.function ELSE p.function || '+' || {dialect.Hex(offset)} END",
            "function+offset, or the address");
        yield return new("line", "CASE WHEN p.id IS NULL THEN '' WHEN p.source_line IS NULL THEN '[unknown]' ELSE p.source_file || ':' || p.source_line END", "source file and line");
        yield return new("class_name", "c.name", "kind of operation");
        yield return new("source_name", "CASE WHEN s.source IS NULL THEN '[none]' ELSE coalesce(d.name, 'other') END", "data source");
        yield return new("space", $"CASE WHEN s.data_va IS NULL THEN '' WHEN {IsKernel} THEN '[kernel]' ELSE {Process} END", "whose data_va is: the kernel's or a process's");
        yield return new("line_space", space, "whose the two below are: physical, the kernel's or a process's");
        yield return new("cache_line", "coalesce(s.data_pa, s.data_va) & -64", "64 bytes of data: by physical address where that is known, else by virtual address");
        yield return new("page", "coalesce(s.data_pa, s.data_va) & -4096", "4 KiB of data, as cache_line");
    }

    /// <summary>The statement behind the view.</summary>
    public static string NamedSampleStatement(SqlDialect dialect)
    {
        IEnumerable<string> columns = NamedSample(dialect).Select(column => column.Expression == $"s.{column.Name}" ? column.Expression : $"{column.Expression} AS {column.Name}");
        return $"""
            SELECT {string.Join(",\n       ", columns)}
            FROM sample s
            JOIN operation_class c ON c.id = s.class
            LEFT JOIN place p ON p.run = s.run AND p.id = s.place
            LEFT JOIN task t ON t.run = s.run AND t.id = s.task
            LEFT JOIN data_source d ON d.id = s.source
            """;
    }

    private static string EventName(SpeEvents one)
    {
        // L1DataRefill: l1_data_refill
        var name = new System.Text.StringBuilder();
        string text = one.ToString();
        for (int i = 0; i < text.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(text[i]) && (char.IsAsciiLetterLower(text[i - 1]) || char.IsAsciiDigit(text[i - 1])))
            {
                name.Append('_');
            }

            name.Append(char.ToLower(text[i], CultureInfo.InvariantCulture));
        }

        return name.ToString();
    }
}
