using System.CommandLine;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using Pinion.Vmm;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>pinion report: where the samples of a trace fall.</summary>
public static class ReportCommand
{
    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var symbols = new SymbolOptions();
        var view = new ViewOptions();
        var page = new Option<string?>("--html") { HelpName = "FILE", Description = "Write one page for a browser to FILE instead: everything in it, nothing fetched." };
        var command = new Command(
            "report",
            """
            Print a profile of a trace: samples, latencies, data sources and operations by function, or by whatever --by says.

            Exit codes: 0 everything was read; 1 an option is wrong, or a file cannot be opened; 2 a file is damaged, and what could be read is in the profile.
            """)
        {
            file, page,
        };
        view.AddTo(command);
        symbols.AddTo(command);
        command.SetAction(result =>
        {
            TextWriter error = result.InvocationConfiguration.Error;
            if (!view.Read(result).TryGet(out View chosen, out Problem? problem))
            {
                error.Write($"pinion: {problem}\n");
                return ExitCodes.Usage;
            }

            TextWriter output = result.InvocationConfiguration.Output;
            return result.GetValue(page) is string path
                ? HtmlCommand.Run(result.GetRequiredValue(file), symbols.Read(result), chosen.Filter, path, output, error)
                : Run(result.GetRequiredValue(file), symbols.Read(result), chosen, output, error);
        });
        return command;
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
            ViewOutput.Print(Sharing.Find(source, view.Filter), view, output);
        }
        else
        {
            using AddrToLine lines = symbols.Lines(error);
            ViewOutput.Print(Profile.Build(source, new ProfileOptions { By = view.By, Filter = view.Filter, Histograms = view.Latency, Lines = lines }), source.Trace.Time, view, output);
        }

        return SymbolFiles.Worse(worst, CommandOutput.Report(file, source.Trace.Diagnoses, error));
    }
}
