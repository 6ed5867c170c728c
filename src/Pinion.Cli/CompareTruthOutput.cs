using System.Globalization;
using Pinion.Trace.Truth;
using Spectre.Console;

namespace Pinion.Cli;

/// <summary>How a comparison with the truth is shown.</summary>
/// <param name="Top">Rows of the table.</param>
/// <param name="Measures">Classes, outcomes and latencies of each row.</param>
/// <param name="Json">JSON instead of tables, with all rows.</param>
public sealed record CompareTruthOutput(int Top = 40, bool Measures = false, bool Json = false)
{
    private static readonly string[] s_shareColumns = ["executed", "expected", "observed", "99 % interval", "within", "bias", "sigma", "selected", "collided", "samples", "cause", "pc", "image", "symbol"];
    private static readonly string[] s_measureColumns = ["executed", "expected", "records", "observed", "99 % interval", "within", "measure", "pc", "image", "symbol"];
    private static readonly string[] s_textColumns = ["cause", "measure", "pc", "image", "symbol"];
    private static readonly string[] s_leastTellingFirst = ["sigma", "collided", "selected", "image", "bias", "executed", "records"];

    /// <summary>Writes it: framed on a terminal, plain elsewhere.</summary>
    internal void Write(TruthComparison comparison, TextWriter output)
    {
        if (!Json && CommandOutput.IsTerminal(output))
        {
            WriteToTerminal(comparison, TerminalTable.Console());
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (Json)
        {
            CommandOutput.WriteUtf8(writer, stream => CompareTruthJson.Write(comparison, stream));
            writer.Flush();
            return;
        }

        foreach (string line in Heading(comparison))
        {
            writer.Write($"# {line}\n");
        }

        foreach ((string title, string[] columns, List<string[]> rows) in Tables(comparison))
        {
            writer.Write($"\n# {title}\n");
            PlainTable.Write(writer, [columns, .. rows], column => s_textColumns.Contains(columns[column]));
        }

        writer.Flush();
    }

    private void WriteToTerminal(TruthComparison comparison, IAnsiConsole console)
    {
        foreach (string line in Heading(comparison))
        {
            console.WriteLine(line);
        }

        foreach ((string title, string[] columns, List<string[]> rows) in Tables(comparison))
        {
            int[] fitting = TerminalTable.ColumnsThatFit(columns, [.. rows], console.Profile.Width, s_leastTellingFirst);
            var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title));
            foreach (int column in fitting)
            {
                var heading = new TableColumn(Markup.Escape(columns[column])).NoWrap();
                table.AddColumn(s_textColumns.Contains(columns[column]) ? heading : heading.RightAligned());
            }

            foreach (string[] row in rows)
            {
                table.AddRow([.. fitting.Select(column => Markup.Escape(row[column]))]);
            }

            console.Write(table);
            if (fitting.Length < columns.Length)
            {
                console.WriteLine($"{columns.Length - fitting.Length} columns do not fit; pipe the output to see them");
            }
        }
    }

    private static IEnumerable<string> Heading(TruthComparison comparison)
    {
        int within = comparison.Rows.Count(row => row.Within);
        yield return Text($"{comparison.Executed} operations executed, {comparison.Samples} sampled: one in {comparison.OperationsPerSample:0.0}");
        yield return Text($"{within} of {comparison.Rows.Count} {(comparison.View.Unit == TruthUnit.Function ? "functions" : "instructions")} have the truth in their 99 % interval; {Test(comparison.Test)}");
        if (comparison.View.Unit == TruthUnit.Function && comparison.InstructionTest is { } test)
        {
            yield return $"over single instructions: {Test(test)}";
        }

        foreach (TruthNote note in TruthExplanation.NotesOf(comparison))
        {
            yield return $"{note.Kind}: {note.Text}";
        }

        static string Test(TruthTest test) => Text($"chi-square {test.ChiSquare:0.0} with {test.DegreesOfFreedom} degrees of freedom, p = {test.Probability:0.0000}");
    }

    private IEnumerable<(string Title, string[] Columns, List<string[]> Rows)> Tables(TruthComparison comparison)
    {
        bool instructions = comparison.View.Unit == TruthUnit.Instruction;
        List<TruthComparisonRow> top = [.. comparison.Rows.Take(Top)];
        int more = comparison.Rows.Count - top.Count;
        string rest = more == 0 ? "" : Text($"; {more} more rows, --top shows them");
        yield return Without(
            instructions ? [] : ["pc"],
            $"shares of {(instructions ? "instructions" : "functions")}{rest}",
            s_shareColumns,
            top.Select(row => Shares(row, comparison)));

        if (comparison.Truth.Classified != 0)
        {
            yield return Without(["pc", "image", "symbol"], "classes and outcomes of all together", s_measureColumns, TruthMeasure.Compare(comparison.Truth, comparison.Records).Select(measure => Measure(measure, null)));
            if (Measures)
            {
                yield return Without(
                    instructions ? [] : ["pc"],
                    $"classes and outcomes of {(instructions ? "instructions" : "functions")}{rest}",
                    s_measureColumns,
                    top.SelectMany(row => row.Measures.Select(measure => Measure(measure, row))));
            }
        }
    }

    private static (string Title, string[] Columns, List<string[]> Rows) Without(string[] left, string title, string[] columns, IEnumerable<string[]> rows)
    {
        int[] kept = [.. Enumerable.Range(0, columns.Length).Where(column => !left.Contains(columns[column]))];
        return (title, [.. kept.Select(column => columns[column])], [.. rows.Select(row => kept.Select(column => row[column]).ToArray())]);
    }

    private static string[] Shares(TruthComparisonRow row, TruthComparison comparison) =>
    [
        Text($"{row.Executed}"),
        Percent(row.Expected),
        Percent(row.Observed),
        $"{Percent(row.Low)} - {Percent(row.High)}",
        row.Within ? "yes" : "NO",
        row.Bias is double bias ? Text($"{bias:0.000}") : "-",
        Math.Round(row.Deviations(comparison.Samples), 1).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture),
        comparison.Fates is null ? "-" : Text($"{row.Truth.Fates?.Selected ?? 0}"),
        comparison.Fates is null ? "-" : Text($"{row.Truth.Fates?[Arm.Spe.SampleFate.Collided] ?? 0}"),
        Text($"{row.Samples}"),
        TruthExplanation.NameOf(row.Cause),
        Text($"0x{row.Pc:x}"),
        row.Location.Image,
        row.Location.Symbol,
    ];

    private static string[] Measure(TruthMeasure measure, TruthComparisonRow? row)
    {
        string Value(double value) => measure.IsMean ? Text($"{value:0.00}") : Percent(value);
        return
        [
            Text($"{measure.Executions}"),
            Value(measure.Expected),
            Text($"{measure.Records}"),
            measure.Observed is double observed ? Value(observed) : "-",
            measure.Observed is null ? "-" : $"{Value(measure.Low)} - {Value(measure.High)}",
            measure.Observed is null ? "-" : measure.Within ? "yes" : "NO",
            measure.Name,
            row is null ? "" : Text($"0x{row.Pc:x}"),
            row?.Location.Image ?? "",
            row?.Location.Symbol ?? "",
        ];
    }

    private static string Percent(double share) => share.ToString("0.000%", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
