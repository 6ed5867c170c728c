using System.Globalization;
using Pinion.Trace.Samples;
using Pinion.Trace.Store.Schema;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store;

/// <summary>How a trace is stored.</summary>
public sealed record LoadOptions
{
    /// <summary>Most characters of a name.</summary>
    public const int LongestName = 200;

    /// <summary>File it was read from.</summary>
    public required string File { get; init; }

    /// <summary>What the run is to be called; null: after the file, with a number behind where that is taken.</summary>
    public string? Name { get; init; }

    /// <summary>Where lines of source code come from; without it the places have none.</summary>
    public ISourceLines? Lines { get; init; }

    /// <summary>Told how many samples were sent, every few thousand.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Refuses a name that no run may have.</summary>
    internal static void CheckName(string name)
    {
        if (name.Length is 0 or > LongestName)
        {
            throw new StoreException(StoreProblem.Usage, "the name of the run is empty or too long", $"give one of up to {LongestName} characters with --name");
        }
    }
}

/// <summary>Stores traces in databases.</summary>
public static class TraceLoader
{
    /// <summary>Stores all samples of a trace as one run. Damage is added to the trace's diagnoses; what could be read is stored.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="database">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it early; nothing is left then.</param>
    /// <exception cref="StoreException">The name is taken, or the database fails; nothing is left of the run.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static StoredRun Store(SampleSource source, StoreDatabase database, LoadOptions options, CancellationToken cancellation = default)
    {
        string name = StoredText.Of(options.Name ?? Path.GetFileName(options.File));
        LoadOptions.CheckName(name);
        if (options.Name is not null && StoredRuns.List(database).Any(run => run.Name == name))
        {
            // Refused before any work is done for it.
            throw Taken(name);
        }

        return database.Guard(() =>
        {
            using RunLoad load = database.BeginRun();
            var places = new CodePlaces(source);
            var tasks = new TaskNumbers(source.Tasks);
            var loading = new SampleLoading(source.Trace, places, tasks, load, options.Progress, cancellation);

            // One thread: rows come in the order of the file, and the database is slower than one thread anyway.
            SampleScan.Run(source, SampleFilter.All, () => loading, threads: 1);
            load.EndSamples();
            StoredRun run = AddRun(source.Trace, load, options, name, loading.Count);
            load.Add(StoreSchema.Fact, source.Trace.Facts.Select((fact, i) => (object?[])[run.Id, i, StoredText.Of(fact.Key), StoredText.Of(fact.Value)]));
            load.Add(StoreSchema.Loss, source.Trace.Losses.Select((loss, i) => (object?[])[run.Id, i, loss.Cpu < 0 ? null : loss.Cpu, loss.Time == 0 ? null : (long)loss.Time, StoredText.Of(loss.Kind)]));
            load.Add(StoreSchema.Place, Enumerable.Range(0, places.Count).Select(number => Row(run.Id, number, places[number], options.Lines)));
            load.Add(StoreSchema.Task, tasks.Rows(run.Id));
            cancellation.ThrowIfCancellationRequested();
            load.Commit();
            return run;
        });
    }

    private static StoreException Taken(string name) => new(StoreProblem.Usage, $"there is a run '{name}' already", "give another --name, or delete it with pinion query --delete");

    /// <summary>Adds the run's row at the end, when its numbers are known: until the transaction ends, others who want the same name would wait.</summary>
    private static StoredRun AddRun(SpeTrace trace, RunLoad load, LoadOptions options, string name, long samples)
    {
        bool hasTime = trace.Time.Multiplier != 0;

        // Microseconds are what PostgreSQL keeps.
        DateTime now = DateTime.UtcNow;
        var run = new StoredRun(load.Run, name, StoredText.Of(options.File), trace.Format, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)), samples, trace.Diagnoses.Count, trace.Time);
        for (int number = 2; !load.TryAddRun(
            [
                run.Id, run.Name, run.File, run.Format, run.StoredAt, run.Samples, run.Diagnoses,
                Known(trace.Period), Known(trace.Midr), Known(trace.Pmsidr),
                hasTime ? (short)trace.Time.Shift : null, hasTime ? (long)trace.Time.Multiplier : null, hasTime ? (long)trace.Time.Zero : null,
            ]); number++)
        {
            if (options.Name is not null)
            {
                throw Taken(name);
            }

            run = run with { Name = string.Create(CultureInfo.InvariantCulture, $"{name}-{number}") };
        }

        return run;

        static object? Known(ulong value) => value == 0 ? null : (long)value;
    }

    private static object?[] Row(int run, int number, in CodePlace place, ISourceLines? lines)
    {
        SourceLine? line = place.Image is ElfImage image ? lines?.Find(image, place.ImageAddress) : null;
        return
        [
            run,
            number,
            StoredText.Of(place.Location.Image),
            StoredText.Of(place.Location.Symbol),
            (long)place.Pc,
            place.FunctionStart == 0 ? null : (long)(place.Pc - place.FunctionStart),
            (long)place.ImageAddress,
            line is SourceLine found ? StoredText.Of(found.File) : null,
            line is SourceLine file ? StoredText.Of(file.File[(file.File.LastIndexOf('/') + 1)..]) : null,
            line?.Line,
        ];
    }
}
