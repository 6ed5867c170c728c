using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pinion.Trace.Profiles;
using Pinion.Trace.Store;
using Pinion.Vmm;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>pinion query: what pinion report says of a trace, from a database.</summary>
public static class QueryCommand
{
    private static readonly string[] s_columns = ["run", "samples", "diagnoses", "stored", "format", "name", "file"];

    /// <summary>What is done.</summary>
    private enum Task
    {
        Profile,
        List,
        Delete,
    }

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var database = new StoreOptions("--from", "Where the run is stored");
        var run = new Option<string?>("--run") { HelpName = "NAME|NUMBER", Description = "Which run. [default: the newest]" };
        var list = new Option<bool>("--list") { Description = "List the runs instead." };
        var delete = new Option<bool>("--delete") { Description = "Delete the run instead; it must be named." };
        var sql = new Option<bool>("--sql") { Description = "Print the statements, ready to be typed, instead of what they answer." };
        var view = new ViewOptions();
        var command = new Command(
            "query",
            $"""
            Print a profile of a run that pinion store has stored: the same rows and numbers as pinion report on the trace.

            {StoreOptions.Passwords}

            Exit codes: 0 it worked; 1 an option is wrong, or there is no such run; 2 the database is damaged; 4 it cannot be reached, or refuses.
            """);
        database.AddTo(command);
        command.Options.Add(run);
        command.Options.Add(list);
        command.Options.Add(delete);
        command.Options.Add(sql);
        view.AddTo(command);
        command.SetAction(result =>
        {
            TextWriter error = result.InvocationConfiguration.Error;
            TextWriter output = result.InvocationConfiguration.Output;
            if (!view.Read(result).TryGet(out View chosen, out Problem? problem))
            {
                error.Write($"pinion: {problem}\n");
                return ExitCodes.Usage;
            }

            string? name = result.GetValue(run);
            Task task = result.GetValue(list) ? Task.List : result.GetValue(delete) ? Task.Delete : Task.Profile;
            if ((task == Task.Delete && name is null) || (result.GetValue(list) && result.GetValue(delete)))
            {
                error.Write("pinion: --delete needs --run, and no --list; pinion query --list shows the runs\n");
                return ExitCodes.Usage;
            }

            return database.With(result, error, location => Run(location, task, name, result.GetValue(sql), chosen, output));
        });
        return command;
    }

    private static int Run(StoreLocation location, Task task, string? name, bool sql, View view, TextWriter output)
    {
        using StoreDatabase database = StoreDatabase.Open(location, create: false);
        if (task == Task.List)
        {
            List(database, sql, view.Json, output);
            return ExitCodes.Success;
        }

        StoredRun run = StoredRuns.Find(database, name);
        var options = new ProfileOptions { By = view.By, Filter = view.Filter, Histograms = view.Latency };
        if (task == Task.Delete)
        {
            StoredRuns.Delete(database, run);
            output.Write(string.Create(CultureInfo.InvariantCulture, $"run {run.Id} '{run.Name}' is deleted from {location}\n"));
        }
        else if (sql)
        {
            PrintStatements(database, view.Sharing ? StoredSharing.Statements(database, run, view.Filter) : StoredProfile.Statements(database, run, options), output);
        }
        else if (view.Sharing)
        {
            ViewOutput.Print(StoredSharing.Find(database, run, view.Filter), view, output);
        }
        else
        {
            ViewOutput.Print(StoredProfile.Build(database, run, options), run.Time, view, output);
        }

        return ExitCodes.Success;
    }

    private static void List(StoreDatabase database, bool sql, bool json, TextWriter output)
    {
        if (sql)
        {
            PrintStatements(database, [StoredRuns.ListStatement(database)], output);
            return;
        }

        IReadOnlyList<StoredRun> runs = StoredRuns.List(database);
        using TextWriter writer = CommandOutput.Buffered(output);
        if (json)
        {
            CommandOutput.WriteUtf8(writer, stream => WriteJson(runs, stream));
        }
        else
        {
            PlainTable.Write(writer, [s_columns, .. runs.Select(Cells)], column => column > 2);
        }

        writer.Flush();
    }

    private static void PrintStatements(StoreDatabase database, IReadOnlyList<string> statements, TextWriter output)
    {
        string[] parts = [.. ((string[])[database.Preamble]).Where(text => text.Length > 0), .. statements];
        output.Write(string.Join("\n\n", parts) + "\n");
    }

    private static string[] Cells(StoredRun run) =>
    [
        run.Id.ToString(CultureInfo.InvariantCulture),
        run.Samples.ToString(CultureInfo.InvariantCulture),
        run.Diagnoses.ToString(CultureInfo.InvariantCulture),
        run.StoredAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        run.Format,
        run.Name,
        run.File,
    ];

    private static void WriteJson(IReadOnlyList<StoredRun> runs, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach (StoredRun run in runs)
        {
            json.WriteStartObject();
            json.WriteNumber("run", run.Id);
            json.WriteString("name", run.Name);
            json.WriteString("file", run.File);
            json.WriteString("format", run.Format);
            json.WriteString("storedAt", run.StoredAt);
            json.WriteNumber("samples", run.Samples);
            json.WriteNumber("diagnoses", run.Diagnoses);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
