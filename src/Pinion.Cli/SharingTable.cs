using System.Globalization;
using System.Text.Json;
using Pinion.Trace.Profiles;
using Pinion.Trace.Symbols;
using Spectre.Console;

namespace Pinion.Cli;

/// <summary>Shared cache lines as tables and as JSON.</summary>
internal static class SharingTable
{
    private const int FirstTextColumn = 4;

    private static readonly string[] s_columns = ["samples", "from peers", "latency", "cpus", "sharing", "line", "process", "cpu: loads stores at offsets", "code"];

    /// <summary>A line of text about what was looked at.</summary>
    public static string Summary(Sharing sharing)
    {
        int candidates = sharing.Lines.Count(line => line.Kind == SharingKind.False);
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{sharing.Touched} cache lines touched, {sharing.Lines.Count} of them by several CPUs with writes; in {candidates} of these no byte is shared that is written (false sharing)");
        return sharing.Skipped == 0 ? text : text + string.Create(CultureInfo.InvariantCulture, $"; {sharing.Skipped} samples of further lines were not looked at");
    }

    /// <summary>Writes plain text with aligned columns.</summary>
    public static void WriteText(Sharing sharing, TextWriter writer, int top)
    {
        writer.Write($"# {Summary(sharing)}\n");
        if (sharing.Lines.Count > 0)
        {
            PlainTable.Write(writer, [s_columns, .. sharing.Lines.Take(top).Select(Cells)], column => column >= FirstTextColumn);
        }
    }

    /// <summary>Prints a framed table.</summary>
    public static void Print(IAnsiConsole console, Sharing sharing, int top)
    {
        console.WriteLine(Summary(sharing));
        if (sharing.Lines.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).ShowRowSeparators();
        for (int column = 0; column < s_columns.Length; column++)
        {
            var heading = new TableColumn(s_columns[column]);
            table.AddColumn(column < FirstTextColumn ? heading.RightAligned().NoWrap() : heading);
        }

        foreach (SharedLine line in sharing.Lines.Take(top))
        {
            table.AddRow([.. Cells(line).Select(Markup.Escape)]);
        }

        console.Write(table);
    }

    /// <summary>Writes all lines as one JSON object.</summary>
    public static void WriteJson(Sharing sharing, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("linesTouched", sharing.Touched);
        json.WriteNumber("samplesSkipped", sharing.Skipped);
        json.WriteStartArray("lines");
        foreach (SharedLine line in sharing.Lines)
        {
            json.WriteStartObject();
            json.WriteString("address", Hex(line.Address));
            json.WriteBoolean("physical", line.IsPhysical);
            json.WriteString("virtualAddress", Hex(line.VirtualAddress));
            json.WriteString("process", line.Process);
            json.WriteString("sharing", Kind(line));
            json.WriteNumber("samples", line.Samples);
            json.WriteNumber("fromPeers", line.FromPeers);
            if (line.MeanLatency is double latency)
            {
                json.WriteNumber("meanTotalLatency", Math.Round(latency, 3));
            }

            json.WriteStartArray("cpus");
            foreach (LineUser user in line.Users)
            {
                json.WriteStartObject();
                json.WriteNumber("cpu", user.Cpu);
                json.WriteNumber("loads", user.Reads);
                json.WriteNumber("stores", user.Writes);
                json.WriteString("loadOffsets", Sharing.Offsets(user.ReadOffsets));
                json.WriteString("storeOffsets", Sharing.Offsets(user.WriteOffsets));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("code");
            foreach ((CodePlace place, long samples) in line.Places)
            {
                json.WriteStartObject();
                json.WriteString("image", place.Location.Image);
                json.WriteString("instruction", place.Label());
                json.WriteString("pc", Hex(place.Pc));
                json.WriteNumber("samples", samples);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string[] Cells(SharedLine line) =>
    [
        line.Samples.ToString(CultureInfo.InvariantCulture),
        line.FromPeers.ToString(CultureInfo.InvariantCulture),
        line.MeanLatency?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-",
        line.Users.Count.ToString(CultureInfo.InvariantCulture),
        Kind(line),
        (line.IsPhysical ? "physical " : "") + Hex(line.Address),
        line.Process,
        string.Join("; ", line.Users.Select(User)),
        string.Join(", ", line.Places.Take(3).Select(place => place.Place.Label())),
    ];

    private static string User(LineUser user) => string.Create(
        CultureInfo.InvariantCulture,
        $"{user.Cpu}: {user.Reads} {user.Writes} at {Sharing.Offsets(user.ReadOffsets | user.WriteOffsets)}");

    private static string Kind(SharedLine line) => line.Kind == SharingKind.False ? "false" : "true";

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
