namespace Pinion.Cli;

/// <summary>A table for pipes and files: columns as wide as they must be, no colour, no frame.</summary>
internal static class PlainTable
{
    /// <summary>Writes the lines, the first of which is the heading. Columns for which <paramref name="isText"/> holds are flush left.</summary>
    public static void Write(TextWriter output, IReadOnlyList<string[]> lines, Func<int, bool> isText)
    {
        int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(i => lines.Max(line => line[i].Length))];
        foreach (string[] line in lines)
        {
            IEnumerable<string> cells = line.Select((cell, i) => isText(i) ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
            output.Write(string.Join("  ", cells).TrimEnd() + "\n");
        }
    }
}
