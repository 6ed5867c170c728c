using System.CommandLine;
using Pinion.Trace;
using Pinion.Trace.Truth;

namespace Pinion.Cli;

/// <summary>pinion compare-truth: how far a trace can be trusted, because here what was executed is known.</summary>
public static class CompareTruthCommand
{
    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("TRACE") { Description = "A capture, or a perf.data file." };
        var truth = new Argument<string>("TRUTH") { Description = "The counts of the same run: 'pinion run --deterministic --truth TRUTH'." };
        var instructions = new Option<bool>("--instructions") { Description = "Compare single instructions, not functions." };
        var measures = new Option<bool>("--events") { Description = "Compare classes, outcomes and latencies of each row, not only of all together." };
        var context = new Option<uint[]>("--context") { HelpName = "ID", Description = "Compare this process only (CONTEXTIDR_EL1, which is Linux's thread id). May be repeated.", DefaultValueFactory = _ => [] };
        var interval = new Option<uint>("--interval") { HelpName = "N", Description = "Operations between samples (perf's -c), where neither file tells." };
        var top = new Option<int>("--top") { HelpName = "N", Description = "Print so many rows.", DefaultValueFactory = _ => 40 };
        var json = new Option<bool>("--json") { Description = "Print JSON, all rows." };
        var symbols = new SymbolOptions();
        var command = new Command("compare-truth", "Put a trace beside what was executed: shares, classes, outcomes and latencies with 99 % intervals, collisions, losses, and why they differ.")
        {
            file, truth, instructions, measures, context, interval, top, json,
        };
        symbols.AddTo(command);
        command.SetAction(result => Run(
            result.GetRequiredValue(file),
            result.GetRequiredValue(truth),
            symbols.Read(result),
            new TruthView(
                result.GetValue(instructions) ? TruthUnit.Instruction : TruthUnit.Function,
                result.GetValue(context) is { Length: > 0 } ids ? ids.ToHashSet() : null,
                result.GetValue(interval)),
            new CompareTruthOutput(Math.Max(1, result.GetValue(top)), result.GetValue(measures), result.GetValue(json)),
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints the comparison; returns an exit code.</summary>
    public static int Run(string file, string truthFile, SymbolFiles symbols, TruthView view, CompareTruthOutput shown, TextWriter output, TextWriter error)
    {
        if (TraceInput.Open(file, symbols, error, out int worst) is not { } source)
        {
            return worst;
        }

        var diagnoses = new Diagnoses();
        TruthComparison comparison;
        try
        {
            using FileStream stream = File.OpenRead(truthFile);
            comparison = TruthComparison.Make(source, new TruthReader(stream, diagnoses), view);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error.Write($"pinion: cannot read {truthFile}: {e.Message}\n");
            return ExitCodes.Usage;
        }

        worst = SymbolFiles.Worse(worst, CommandOutput.Report(truthFile, diagnoses, error));
        worst = SymbolFiles.Worse(worst, CommandOutput.Report(file, source.Trace.Diagnoses, error));
        if (comparison.Samples == 0 || comparison.Executed == 0)
        {
            error.Write($"pinion: {(comparison.Samples == 0 ? file + " has no records" : truthFile + " has no counts")} to compare{(view.Contexts is null ? "" : "; is --context the process that was recorded?")}\n");
            return ExitCodes.CorruptInput;
        }

        shown.Write(comparison, output);
        return worst;
    }
}
