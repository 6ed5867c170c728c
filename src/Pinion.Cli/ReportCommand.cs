using System.CommandLine;
using System.Globalization;
using Pinion.Trace;
using Pinion.Trace.Profiles;
using Pinion.Trace.Symbols;
using Spectre.Console;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>pinion report: where the samples of a trace fall.</summary>
public static class ReportCommand
{
    private static readonly string[] s_leastTellingFirst = ["fp/simd", "other", "atomic", "store", "load", "branch", "issue", "data sources", "EL", "mispred", "image", "total"];

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var symbols = new SymbolOptions();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("report", "Print a profile of a trace: samples, latencies, data sources and operations by function.") { file, json };
        symbols.AddTo(command);
        command.SetAction(result => Run(
            result.GetRequiredValue(file), symbols.Read(result), result.GetValue(json), result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints the profile of <paramref name="file"/>; returns an exit code.</summary>
    public static int Run(string file, SymbolFiles symbols, bool json, TextWriter output, TextWriter error)
    {
        if (!TraceFile.TryRead(file, out SpeTrace trace, out string message))
        {
            error.Write($"pinion: {message}\n");
            return ExitCodes.Usage;
        }

        SymbolResolver resolver = symbols.Load(trace, error, out int worst);
        if (worst == ExitCodes.Usage)
        {
            return worst;
        }

        Profile profile = Profile.Build(trace, resolver);
        Print(profile, trace.Time, json, output);
        return SymbolFiles.Worse(worst, CommandOutput.Report(file, trace.Diagnoses, error));
    }

    private static void Print(Profile profile, TimeConversion time, bool json, TextWriter output)
    {
        if (!json && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
        {
            PrintTable(profile, time);
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (json)
        {
            using var bytes = new MemoryStream();
            ProfileJson.Write(profile, time, bytes);
            writer.Write(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
            writer.Write("\n");
        }
        else
        {
            ProfileTable.WriteText(profile, time, writer);
        }

        writer.Flush();
    }

    private static void PrintTable(Profile profile, TimeConversion time)
    {
        IAnsiConsole console = TerminalTable.Console();
        string[][] rows = [.. profile.Rows.Select(row => ProfileTable.Cells(row, profile.Total))];
        int[] columns = TerminalTable.ColumnsThatFit(ProfileTable.Columns, rows, console.Profile.Width, s_leastTellingFirst);
        var table = new Table().Border(TableBorder.Rounded);
        foreach (int column in columns)
        {
            var heading = new TableColumn(ProfileTable.Columns[column]).NoWrap();
            table.AddColumn(column < ProfileTable.FirstTextColumn ? heading.RightAligned() : heading);
        }

        foreach (string[] row in rows)
        {
            table.AddRow([.. columns.Select(column => Markup.Escape(row[column]))]);
        }

        console.WriteLine(ProfileTable.Summary(profile, time));
        console.Write(table);
        if (columns.Length < ProfileTable.Columns.Count)
        {
            console.WriteLine($"{ProfileTable.Columns.Count - columns.Length} columns do not fit; pipe the output to see them");
        }
    }
}
