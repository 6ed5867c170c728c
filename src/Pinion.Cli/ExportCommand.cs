using System.CommandLine;
using System.Globalization;
using Pinion.Trace;
using Pinion.Trace.Exports;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>pinion export: a trace for other programs.</summary>
public static class ExportCommand
{
    private static readonly (string Name, ExportWeight Weight)[] s_weights = [("samples", ExportWeight.Samples), ("latency", ExportWeight.Latency)];

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string?>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them.", Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<string?>("--to") { HelpName = "FORMAT", Description = $"Format to write: {string.Join(", ", TraceExporters.All.Select(one => one.Name))}; --list says what reads them." };
        to.AcceptOnlyFromAmong([.. TraceExporters.All.Select(one => one.Name)]);
        var path = new Option<string?>("--output", "-o") { HelpName = "PATH", Description = "File to write; standard output without it." };
        var list = new Option<bool>("--list") { Description = "Print the formats." };
        var weight = new Option<string>("--weight")
        {
            HelpName = "WHAT",
            Description = "collapsed, speedscope, firefox: what they count: samples, or cycles of total latency.",
            DefaultValueFactory = _ => "samples",
        };
        weight.AcceptOnlyFromAmong([.. s_weights.Select(one => one.Name)]);
        var image = new Option<string?>("--image") { HelpName = "NAME", Description = "bolt: file name of the program or library. [default: the one with most taken branches]" };
        var metadataVersion = new Option<int>("--perf-metadata")
        {
            HelpName = "1|2",
            Description = "perf.data: version of the description of the CPUs. Every perf reads 1; perf 6.13 and later read 2, too.",
            DefaultValueFactory = _ => 1,
        };
        metadataVersion.AcceptOnlyFromAmong("1", "2");
        var symbols = new SymbolOptions();
        var filter = new FilterOptions();
        var command = new Command(
            "export",
            """
            Write a trace in the format of another program.

            Exit codes: 0 everything was written; 1 an option is wrong, or a file cannot be opened; 2 the trace is damaged, and what could be read was written; 4 there is no room for the output.
            """)
        {
            file, to, path, list,
        };
        filter.AddTo(command);
        symbols.AddTo(command);
        command.Options.Add(weight);
        command.Options.Add(image);
        command.Options.Add(metadataVersion);
        command.Validators.Add(result =>
        {
            if (!result.GetValue(list) && (result.GetValue(file) is null || result.GetValue(to) is null))
            {
                result.AddError("give a FILE and --to FORMAT; --list prints the formats");
            }
        });
        command.SetAction(result =>
        {
            (TextWriter output, TextWriter error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            if (result.GetValue(list))
            {
                return List(output);
            }

            if (!filter.Read(result).TryGet(out SampleFilter chosen, out Problem? problem))
            {
                error.Write($"pinion: {problem}\n");
                return ExitCodes.Usage;
            }

            ITraceExporter format = TraceExporters.All.First(one => one.Name == result.GetValue(to));
            var inputs = new Inputs(symbols.Read(result), result.GetValue(metadataVersion))
            {
                Filter = chosen,
                Weight = s_weights.Single(one => one.Name == result.GetValue(weight)).Weight,
                Image = result.GetValue(image),
            };
            return Run(result.GetValue(file)!, format, result.GetValue(path), inputs, output, error);
        });
        return command;
    }

    /// <summary>What is used beside the trace.</summary>
    /// <param name="Symbols">Symbols.</param>
    /// <param name="PerfMetadataVersion">Of a perf.data file.</param>
    public sealed record Inputs(SymbolFiles Symbols, int PerfMetadataVersion = 1)
    {
        /// <summary>Which samples are written.</summary>
        public SampleFilter Filter { get; init; } = SampleFilter.All;

        /// <summary>What formats with one number for each stack count.</summary>
        public ExportWeight Weight { get; init; }

        /// <summary>Image that formats about one image are about; null: they choose.</summary>
        public string? Image { get; init; }
    }

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

        SymbolResolver resolver = inputs.Symbols.Load(trace, error, out int worst);
        if (worst == ExitCodes.Usage)
        {
            return worst;
        }

        if (inputs.Symbols.Kallsyms is string kallsyms && SymbolFiles.TryRead(kallsyms, out byte[] bytes, error))
        {
            // For formats that want to know where the kernel lies; the resolver has read it.
            trace.KernelSymbols.Insert(0, bytes);
        }

        using AddrToLine lines = inputs.Symbols.Lines(error);
        var request = new ExportRequest(new SampleSource(trace, resolver))
        {
            FileName = Path.GetFileName(file),
            Filter = inputs.Filter,
            Lines = lines,
            Weight = inputs.Weight,
            Image = inputs.Image,
            Note = note => error.Write($"pinion: {file}: {note}\n"),
            PerfMetadataVersion = inputs.PerfMetadataVersion,
        };
        int written = OutputFile.Write(path, output, error, stream => format.Write(request, stream));
        return written != ExitCodes.Success ? written : SymbolFiles.Worse(worst, CommandOutput.Report(file, trace.Diagnoses, error));
    }

    private static int List(TextWriter output)
    {
        int width = TraceExporters.All.Max(one => one.Name.Length);
        foreach (ITraceExporter one in TraceExporters.All)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{one.Name.PadRight(width)}  {one.Description}\n"));
        }

        return ExitCodes.Success;
    }
}
