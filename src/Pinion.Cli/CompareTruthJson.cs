using System.Globalization;
using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Truth;

namespace Pinion.Cli;

/// <summary>A comparison with the truth as JSON: everything, all rows. Shares are 0 to 1, latencies cycles.</summary>
internal static class CompareTruthJson
{
    /// <summary>Rows that are written out at once.</summary>
    private const int RowsAtOnce = 1024;

    public static void Write(TruthComparison comparison, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("executed", comparison.Executed);
        json.WriteNumber("samples", comparison.Samples);
        json.WriteNumber("strange", comparison.Strange);
        if (comparison.Spacing is double spacing)
        {
            json.WriteNumber("spacing", spacing);
            json.WriteNumber("loss", comparison.Loss(spacing));
        }

        if (comparison.Fates is { } fates)
        {
            WriteFates(json, fates);
        }

        WriteTest(json, "test", comparison.Test);
        if (comparison.InstructionTest is { } test)
        {
            WriteTest(json, "instructionTest", test);
        }

        json.WriteStartArray("notes");
        foreach (TruthNote note in TruthExplanation.NotesOf(comparison))
        {
            json.WriteStartObject();
            json.WriteString("kind", note.Kind);
            json.WriteString("text", note.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteMeasures(json, TruthMeasure.Compare(comparison.Truth, comparison.Records));
        json.WriteStartArray("rows");
        for (int i = 0; i < comparison.Rows.Count; i++)
        {
            WriteRow(json, comparison.Rows[i], comparison);
            if (i % RowsAtOnce == RowsAtOnce - 1)
            {
                json.Flush();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, TruthComparisonRow row, TruthComparison comparison)
    {
        json.WriteStartObject();
        json.WriteString("image", row.Location.Image);
        json.WriteString("symbol", row.Location.Symbol);
        if (comparison.View.Unit == TruthUnit.Instruction)
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
        json.WriteNumber("probability", row.Probability);
        json.WriteNumber("adjustedProbability", row.Adjusted);
        json.WriteString("cause", TruthExplanation.NameOf(row.Cause));
        if (row.Truth.Fates is { } fates)
        {
            WriteFates(json, fates);
        }

        if (row.Samples != 0)
        {
            WriteMeasures(json, row.Measures);
        }

        json.WriteEndObject();
    }

    private static void WriteFates(Utf8JsonWriter json, SampleFates fates)
    {
        json.WriteNumber("selected", fates.Selected);
        json.WriteNumber("collided", fates[SampleFate.Collided]);
        json.WriteNumber("filtered", fates[SampleFate.Filtered]);
        json.WriteNumber("discarded", fates[SampleFate.Discarded]);
        json.WriteNumber("lost", fates[SampleFate.Lost]);
        json.WriteNumber("recorded", fates[SampleFate.Recorded]);
    }

    private static void WriteTest(Utf8JsonWriter json, string name, TruthTest test)
    {
        json.WriteStartObject(name);
        json.WriteNumber("chiSquare", test.ChiSquare);
        json.WriteNumber("degreesOfFreedom", test.DegreesOfFreedom);
        json.WriteNumber("probability", test.Probability);
        json.WriteEndObject();
    }

    private static void WriteMeasures(Utf8JsonWriter json, IReadOnlyList<TruthMeasure> measures)
    {
        json.WriteStartArray("measures");
        foreach (TruthMeasure measure in measures)
        {
            json.WriteStartObject();
            json.WriteString("name", measure.Name);
            json.WriteString("unit", measure.IsMean ? "cycles" : "share");
            json.WriteNumber("executions", measure.Executions);
            json.WriteNumber("records", measure.Records);
            json.WriteNumber("expected", measure.Expected);
            if (measure.Observed is double observed)
            {
                json.WriteNumber("observed", observed);
                json.WriteNumber("low", measure.Low);
                json.WriteNumber("high", measure.High);
                json.WriteBoolean("within", measure.Within);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
