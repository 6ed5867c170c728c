using System.CommandLine;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Vmm;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>pinion report: where the samples of a trace fall.</summary>
public static class ReportCommand
{
    /// <summary>Rows on a terminal, where nobody scrolls through thousands; a pipe gets all.</summary>
    private const int TerminalRows = 40;

    private static readonly (string Name, ProfileBy By)[] s_by =
    [
        ("function", ProfileBy.Function),
        ("line", ProfileBy.Line),
        ("instruction", ProfileBy.Instruction),
        ("image", ProfileBy.Image),
        ("process", ProfileBy.Process),
        ("thread", ProfileBy.Thread),
        ("cpu", ProfileBy.Cpu),
        ("class", ProfileBy.Class),
        ("source", ProfileBy.DataSource),
        ("address", ProfileBy.Address),
        ("cacheline", ProfileBy.CacheLine),
        ("page", ProfileBy.Page),
    ];

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var by = new Option<string>("--by") { HelpName = "WHAT", Description = $"What a row is: {string.Join(", ", s_by.Select(b => b.Name))}.", DefaultValueFactory = _ => "function" };
        by.AcceptOnlyFromAmong([.. s_by.Select(b => b.Name)]);
        var latency = new Option<bool>("--latency") { Description = "Add quantiles of the total latency to each row, and histograms of all three latencies of all samples." };
        var sharing = new Option<bool>("--sharing") { Description = "Print the cache lines that several CPUs touch, one of them with writes: candidates for false sharing." };
        var top = new Option<int?>("--top") { HelpName = "N", Description = $"Print so many rows. [default: all, {TerminalRows} on a terminal]" };
        var json = new Option<bool>("--json") { Description = "Print JSON, all rows." };
        var symbols = new SymbolOptions();
        var filter = new FilterOptions();
        var command = new Command(
            "report",
            """
            Print a profile of a trace: samples, latencies, data sources and operations by function, or by whatever --by says.

            Exit codes: 0 everything was read; 1 an option is wrong, or a file cannot be opened; 2 a file is damaged, and what could be read is in the profile.
            """)
        {
            file, by, latency, sharing, top, json,
        };
        filter.AddTo(command);
        symbols.AddTo(command);
        command.SetAction(result =>
        {
            TextWriter error = result.InvocationConfiguration.Error;
            if (!filter.Read(result).TryGet(out SampleFilter chosen, out Problem? problem))
            {
                error.Write($"pinion: {problem}\n");
                return ExitCodes.Usage;
            }

            ProfileBy rows = s_by.Single(b => b.Name == result.GetRequiredValue(by)).By;
            var view = new View(rows, chosen, result.GetValue(latency), result.GetValue(sharing), result.GetValue(top), result.GetValue(json));
            return Run(result.GetRequiredValue(file), symbols.Read(result), view, result.InvocationConfiguration.Output, error);
        });
        return command;
    }

    /// <summary>What is looked at and how it is shown.</summary>
    /// <param name="By">What a row is.</param>
    /// <param name="Filter">Which samples.</param>
    /// <param name="Latency">With quantiles and histograms of the latencies.</param>
    /// <param name="Sharing">Shared cache lines instead of a profile.</param>
    /// <param name="Top">Rows of the table; null: as many as the output likes.</param>
    /// <param name="Json">JSON instead of a table.</param>
    internal sealed record View(ProfileBy By, SampleFilter Filter, bool Latency = false, bool Sharing = false, int? Top = null, bool Json = false)
    {
        /// <summary>A profile by function.</summary>
        public static View Default { get; } = new(ProfileBy.Function, SampleFilter.All);
    }

    /// <summary>Prints the profile of <paramref name="file"/>; returns an exit code.</summary>
    internal static int Run(string file, SymbolFiles symbols, View view, TextWriter output, TextWriter error)
    {
        if (TraceInput.Open(file, symbols, error, out int worst) is not SampleSource source)
        {
            return worst;
        }

        if (view.Sharing)
        {
            Print(Sharing.Find(source, view.Filter), view, output);
        }
        else
        {
            Print(Profile.Build(source, new ProfileOptions { By = view.By, Filter = view.Filter, Histograms = view.Latency }), source, view, output);
        }

        return SymbolFiles.Worse(worst, CommandOutput.Report(file, source.Trace.Diagnoses, error));
    }

    private static void Print(Profile profile, SampleSource source, View view, TextWriter output)
    {
        if (!view.Json && CommandOutput.IsTerminal(output))
        {
            TerminalProfile.Print(TerminalTable.Console(), profile, source.Trace.Time, view.Top ?? TerminalRows);
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (view.Json)
        {
            CommandOutput.WriteUtf8(writer, stream => ProfileJson.Write(profile, source.Trace.Time, stream));
        }
        else
        {
            ProfileTable.WriteText(profile, source.Trace.Time, writer, view.Top ?? int.MaxValue);
            HistogramText.Write(profile.Total, writer);
        }

        writer.Flush();
    }

    private static void Print(Sharing sharing, View view, TextWriter output)
    {
        if (!view.Json && CommandOutput.IsTerminal(output))
        {
            SharingTable.Print(TerminalTable.Console(), sharing, view.Top ?? TerminalRows);
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (view.Json)
        {
            CommandOutput.WriteUtf8(writer, stream => SharingTable.WriteJson(sharing, stream));
        }
        else
        {
            SharingTable.WriteText(sharing, writer, view.Top ?? int.MaxValue);
        }

        writer.Flush();
    }
}
