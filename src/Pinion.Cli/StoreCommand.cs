using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Pinion.Trace.Samples;
using Pinion.Trace.Store;
using Pinion.Trace.Symbols;

namespace Pinion.Cli;

/// <summary>pinion store: the samples of a trace into a database.</summary>
public static class StoreCommand
{
    /// <summary>Exit code of a command that SIGINT ends.</summary>
    private const int Interrupted = 130;

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var name = new Option<string?>("--name") { HelpName = "RUN", Description = "What to call the run. [default: the file's name, with a number behind where that is taken]" };
        var database = new StoreOptions("--to", "Where to store it", ", or clickhouse:http://HOST:8123/?database=NAME");
        var symbols = new SymbolOptions();
        var command = new Command(
            "store",
            $"""
            Store the samples of a trace in a database, where pinion query and everybody's SQL find them.

            The tables are made when they are not there. A run is stored in one transaction: when it fails or is interrupted, nothing is left.

            {StoreOptions.Passwords}

            Exit codes: 0 everything was stored; 1 an option is wrong, or a file cannot be opened; 2 a file is damaged, and what could be read is stored; 4 the database cannot be reached, refuses, or has no room.
            """)
        {
            file, name,
        };
        database.AddTo(command);
        symbols.AddTo(command);

        // On a thread of its own: SIGINT cancels only what has been begun.
        command.SetAction((result, cancellation) => Task.Run(
            () => database.With(result, result.InvocationConfiguration.Error, location => Run(
                result.GetRequiredValue(file),
                location,
                result.GetValue(name),
                symbols.Read(result),
                result.InvocationConfiguration.Output,
                result.InvocationConfiguration.Error,
                cancellation)),
            CancellationToken.None));
        return command;
    }

    /// <summary>Stores <paramref name="file"/>; returns an exit code.</summary>
    /// <exception cref="StoreException">The database fails.</exception>
    internal static int Run(string file, StoreLocation location, string? name, SymbolFiles symbols, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        if (TraceInput.Open(file, symbols, error, out int worst) is not SampleSource source)
        {
            return worst;
        }

        try
        {
            var watch = Stopwatch.StartNew();
            using AddrToLine lines = symbols.Lines(error);
            StoredRun run = Store(source, location, new LoadOptions { File = file, Name = name, Lines = lines }, cancellation);
            output.Write(string.Create(CultureInfo.InvariantCulture, $"run '{run.Name}' in {location}: {run.Samples} samples in {watch.Elapsed.TotalSeconds:0.0} s\n"));
        }
        catch (OperationCanceledException)
        {
            error.Write($"pinion: interrupted; nothing of {file} is stored\n");
            return Interrupted;
        }

        return SymbolFiles.Worse(worst, CommandOutput.Report(file, source.Trace.Diagnoses, error));
    }

    private static StoredRun Store(SampleSource source, StoreLocation location, LoadOptions options, CancellationToken cancellation)
    {
        if (location.Kind == StoreKind.ClickHouse)
        {
            return ClickHouseLoader.Store(source, location, options, cancellation);
        }

        using StoreDatabase database = StoreDatabase.Open(location, create: true);
        return TraceLoader.Store(source, database, options, cancellation);
    }
}
