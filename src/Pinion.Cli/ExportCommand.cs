using System.CommandLine;
using Pinion.Trace;
using Pinion.Trace.Exports;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Cli;

/// <summary>pinion export: a trace for other programs.</summary>
public static class ExportCommand
{
    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var to = new Option<string>("--to")
        {
            HelpName = "FORMAT",
            Required = true,
            Description = "Format to write. " + string.Join(" ", TraceExporters.All.Select(one => $"{one.Name}: {one.Description}.")),
        };
        to.AcceptOnlyFromAmong([.. TraceExporters.All.Select(one => one.Name)]);
        var path = new Option<string?>("--output", "-o") { HelpName = "PATH", Description = "File to write; standard output without it." };
        var symbols = new SymbolOptions();
        var command = new Command("export", "Write a trace in the format of another program.") { file, to, path };
        symbols.AddTo(command);
        command.SetAction(result => Run(
            result.GetRequiredValue(file),
            TraceExporters.All.First(one => one.Name == result.GetRequiredValue(to)),
            result.GetValue(path),
            symbols.Read(result),
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Writes <paramref name="file"/> to <paramref name="path"/>, or to <paramref name="output"/> where that is null; returns an exit code.</summary>
    public static int Run(string file, ITraceExporter format, string? path, SymbolFiles symbols, TextWriter output, TextWriter error)
    {
        if (path is null && !format.IsText && CommandOutput.IsTerminal(output))
        {
            error.Write($"pinion: {format.Name} is no text to be shown on a terminal; give a file with -o PATH\n");
            return ExitCodes.Usage;
        }

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

        var request = new ExportRequest(new SampleSource(trace, resolver)) { FileName = Path.GetFileName(file) };
        int written = OutputFile.Write(path, output, error, stream => format.Write(request, stream));
        return written != ExitCodes.Success ? written : SymbolFiles.Worse(worst, CommandOutput.Report(file, trace.Diagnoses, error));
    }
}
