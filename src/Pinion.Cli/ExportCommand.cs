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
        var metadataVersion = new Option<int>("--perf-metadata")
        {
            HelpName = "1|2",
            Description = "perf.data: version of the description of the CPUs. Every perf reads 1; perf 6.13 and later read 2, too.",
            DefaultValueFactory = _ => 1,
        };
        metadataVersion.AcceptOnlyFromAmong("1", "2");
        var symbols = new SymbolOptions();
        var metadata = new MetadataOptions();
        var command = new Command("export", "Write a trace in the format of another program.") { file, to, path };
        symbols.AddTo(command);
        metadata.AddTo(command);
        command.Options.Add(metadataVersion);
        command.SetAction(result => Run(
            result.GetRequiredValue(file),
            TraceExporters.All.First(one => one.Name == result.GetRequiredValue(to)),
            result.GetValue(path),
            new Inputs(symbols.Read(result), metadata.Read(result), result.GetValue(metadataVersion)),
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>What is used beside the trace.</summary>
    /// <param name="Symbols">Symbols.</param>
    /// <param name="Metadata">What else is known of the run.</param>
    /// <param name="PerfMetadataVersion">Of a perf.data file.</param>
    public sealed record Inputs(SymbolFiles Symbols, MetadataFiles Metadata, int PerfMetadataVersion = 1);

    /// <summary>Writes <paramref name="file"/> to <paramref name="path"/>, or to <paramref name="output"/> where that is null; returns an exit code.</summary>
    public static int Run(string file, ITraceExporter format, string? path, Inputs inputs, TextWriter output, TextWriter error)
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

        int completed = inputs.Metadata.Apply(trace, error);
        SymbolResolver resolver = inputs.Symbols.Load(trace, error, out int worst);
        worst = SymbolFiles.Worse(worst, completed);
        if (worst == ExitCodes.Usage)
        {
            return worst;
        }

        if (inputs.Symbols.Kallsyms is string kallsyms && SymbolFiles.TryRead(kallsyms, out byte[] bytes, error))
        {
            // For formats that want to know where the kernel lies; the resolver has read it.
            trace.KernelSymbols.Insert(0, bytes);
        }

        var request = new ExportRequest(new SampleSource(trace, resolver)) { FileName = Path.GetFileName(file), PerfMetadataVersion = inputs.PerfMetadataVersion };
        int written = OutputFile.Write(path, output, error, stream => format.Write(request, stream));
        return written != ExitCodes.Success ? written : SymbolFiles.Worse(worst, CommandOutput.Report(file, trace.Diagnoses, error));
    }
}
