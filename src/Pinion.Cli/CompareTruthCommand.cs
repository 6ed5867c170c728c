using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pinion.Trace;
using Pinion.Trace.Symbols;
using Pinion.Trace.Truth;
using Spectre.Console;

namespace Pinion.Cli;

/// <summary>pinion compare-truth: how far a trace can be trusted, because here what was executed is known.</summary>
public static class CompareTruthCommand
{
    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("TRACE") { Description = "A capture, or a perf.data file that was recorded without filters." };
        var truth = new Argument<string>("TRUTH") { Description = "The counts of the same run: 'pinion run --deterministic --truth TRUTH'." };
        var instructions = new Option<bool>("--instructions") { Description = "Compare single instructions, not functions." };
        var context = new Option<uint[]>("--context") { HelpName = "ID", Description = "Compare this process only (CONTEXTIDR_EL1, which is Linux's process id). May be repeated.", DefaultValueFactory = _ => [] };
        var interval = new Option<uint>("--interval") { HelpName = "N", Description = "Operations between samples (perf's -c): tells how many records are missing." };
        var top = new Option<int>("--top") { HelpName = "N", Description = "Print so many rows.", DefaultValueFactory = _ => 40 };
        var json = new Option<bool>("--json") { Description = "Print JSON, all rows." };
        var symbols = new SymbolOptions();
        var command = new Command("compare-truth", "Put a trace beside what was executed: shares, 99 % intervals, bias, chi-square, loss.") { file, truth, instructions, context, interval, top, json };
        symbols.AddTo(command);
        command.SetAction(result => Run(
            result.GetRequiredValue(file),
            result.GetRequiredValue(truth),
            symbols.Read(result),
            new View(
                result.GetValue(instructions) ? TruthUnit.Instruction : TruthUnit.Function,
                result.GetValue(context) is { Length: > 0 } ids ? ids.ToHashSet() : null,
                result.GetValue(interval),
                Math.Max(1, result.GetValue(top)),
                result.GetValue(json)),
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>What is compared and how it is shown.</summary>
    /// <param name="Unit">Functions or instructions.</param>
    /// <param name="Contexts">Processes, or null for all.</param>
    /// <param name="Interval">Operations between samples; 0: unknown.</param>
    /// <param name="Top">Rows of the table.</param>
    /// <param name="Json">JSON instead of a table.</param>
    public sealed record View(TruthUnit Unit = TruthUnit.Function, IReadOnlySet<uint>? Contexts = null, uint Interval = 0, int Top = 40, bool Json = false);

    /// <summary>Prints the comparison; returns an exit code.</summary>
    public static int Run(string file, string truthFile, SymbolFiles symbols, View view, TextWriter output, TextWriter error)
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

        var diagnoses = new Diagnoses();
        List<TruthRow> rows;
        try
        {
            using var reader = new StreamReader(truthFile);
            rows = TruthTable.Read(reader, diagnoses);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error.Write($"pinion: cannot read {truthFile}: {e.Message}\n");
            return ExitCodes.Usage;
        }

        worst = SymbolFiles.Worse(worst, CommandOutput.Report(truthFile, diagnoses, error));
        TruthComparison comparison = TruthComparison.Make(trace, rows, resolver, view.Unit, view.Contexts);
        if (comparison.Samples == 0 || comparison.Executed == 0)
        {
            error.Write($"pinion: {(comparison.Samples == 0 ? file + " has no records" : truthFile + " has no counts")} to compare{(view.Contexts is null ? "" : "; is --context the process that was recorded?")}\n");
            return ExitCodes.CorruptInput;
        }

        using (TextWriter writer = CommandOutput.Buffered(output))
        {
            if (view.Json)
            {
                WriteJson(comparison, view, writer);
            }
            else
            {
                WriteTable(comparison, view, writer);
            }

            writer.Flush();
        }

        return SymbolFiles.Worse(worst, CommandOutput.Report(file, trace.Diagnoses, error));
    }

    private static void WriteTable(TruthComparison comparison, View view, TextWriter writer)
    {
        string[] header = ["executed", "expected", "observed", "99 % interval", "within", "bias", "sigma", "samples", .. view.Unit == TruthUnit.Instruction ? ["pc"] : Array.Empty<string>(), "image", "symbol"];
        List<string[]> table = [header];
        foreach (TruthComparisonRow row in comparison.Rows.Take(view.Top))
        {
            table.Add(
            [
                row.Executed.ToString(CultureInfo.InvariantCulture),
                Percent(row.Expected),
                Percent(row.Observed),
                $"{Percent(row.Low)} - {Percent(row.High)}",
                row.Within ? "yes" : "NO",
                row.Bias?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-",
                Math.Round(row.Deviations(comparison.Samples), 1).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture),
                row.Samples.ToString(CultureInfo.InvariantCulture),
                .. view.Unit == TruthUnit.Instruction ? [string.Create(CultureInfo.InvariantCulture, $"0x{row.Pc:x}")] : Array.Empty<string>(),
                row.Location.Image,
                row.Location.Symbol,
            ]);
        }

        int last = header.Length - 2;
        int[] widths = [.. Enumerable.Range(0, header.Length).Select(column => table.Max(row => row[column].Length))];
        writer.Write(Summary(comparison, view));
        foreach (string[] row in table)
        {
            writer.Write(string.Join("  ", row.Select((cell, column) => column < last ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd() + "\n");
        }

        if (comparison.Rows.Count > view.Top)
        {
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"# {comparison.Rows.Count - view.Top} more rows; --top shows them\n"));
        }
    }

    private static string Summary(TruthComparison comparison, View view)
    {
        int within = comparison.Rows.Count(row => row.Within);
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"# {comparison.Executed} operations executed, {comparison.Samples} sampled: one in {comparison.OperationsPerSample:0.0}\n# {within} of {comparison.Rows.Count} {(view.Unit == TruthUnit.Function ? "functions" : "instructions")} have the truth in their 99 % interval; chi-square {comparison.ChiSquare:0.0} with {comparison.DegreesOfFreedom} degrees of freedom, p = {comparison.Probability:0.0000}\n");
        if (view.Interval != 0)
        {
            // The counter is loaded with the interval and selects when it has gone from there to 0: one operation more (Arm ARM D17.4).
            text += string.Create(CultureInfo.InvariantCulture, $"# {comparison.Loss(view.Interval + 1.0):0.00%} of the records are missing, for an interval of {view.Interval} operations\n");
        }

        return comparison.Strange == 0
            ? text
            : text + string.Create(CultureInfo.InvariantCulture, $"# {comparison.Strange} records are of instructions that the counts do not have: is TRUTH of the same run?\n");
    }

    private static void WriteJson(TruthComparison comparison, View view, TextWriter writer)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("executed", comparison.Executed);
            json.WriteNumber("samples", comparison.Samples);
            json.WriteNumber("strange", comparison.Strange);
            json.WriteNumber("chiSquare", comparison.ChiSquare);
            json.WriteNumber("degreesOfFreedom", comparison.DegreesOfFreedom);
            json.WriteNumber("probability", comparison.Probability);
            if (view.Interval != 0)
            {
                json.WriteNumber("loss", comparison.Loss(view.Interval + 1.0));
            }

            json.WriteStartArray("rows");
            foreach (TruthComparisonRow row in comparison.Rows)
            {
                json.WriteStartObject();
                json.WriteString("image", row.Location.Image);
                json.WriteString("symbol", row.Location.Symbol);
                if (view.Unit == TruthUnit.Instruction)
                {
                    json.WriteString("pc", string.Create(CultureInfo.InvariantCulture, $"0x{row.Pc:x}"));
                }

                json.WriteNumber("executed", row.Executed);
                json.WriteNumber("samples", row.Samples);
                json.WriteNumber("expected", row.Expected);
                json.WriteNumber("observed", row.Observed);
                json.WriteNumber("low", row.Low);
                json.WriteNumber("high", row.High);
                json.WriteBoolean("within", row.Within);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        writer.Write(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
        writer.Write("\n");
    }

    private static string Percent(double share) => share.ToString("0.000%", CultureInfo.InvariantCulture);
}
