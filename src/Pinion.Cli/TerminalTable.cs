using Spectre.Console;

namespace Pinion.Cli;

/// <summary>What tables on a terminal have in common.</summary>
internal static class TerminalTable
{
    private const int CellFrame = 3;

    /// <summary>The terminal, in colours unless the user wants none.</summary>
    public static IAnsiConsole Console()
    {
        // https://no-color.org: present and not empty, whatever its value.
        bool color = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return AnsiConsole.Create(new AnsiConsoleSettings { ColorSystem = color ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors });
    }

    /// <summary>The columns a terminal of <paramref name="width"/> has room for, the least telling ones left out first.</summary>
    public static int[] ColumnsThatFit(IReadOnlyList<string> headings, string[][] rows, int width, IEnumerable<string> leastTellingFirst)
    {
        List<int> columns = [.. Enumerable.Range(0, headings.Count)];
        foreach (string name in leastTellingFirst)
        {
            int needed = 1 + columns.Sum(column => CellFrame + Math.Max(headings[column].Length, rows.Select(row => row[column].Length).DefaultIfEmpty().Max()));
            if (needed <= width)
            {
                break;
            }

            columns.RemoveAll(column => headings[column] == name);
        }

        return [.. columns];
    }
}
