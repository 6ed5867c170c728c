using System.Globalization;
using System.Text.RegularExpressions;

namespace Pinion.Guest.Tests.Support;

/// <summary>The host's own perf, on a perf.data that an arm64 guest wrote.</summary>
internal static partial class HostPerf
{
    /// <summary>Skips the test where the host has no perf.</summary>
    public static void Require()
    {
        if (!HostProgram.Exists("perf"))
        {
            Assert.Skip("needs perf: apt-get install linux-perf (or linux-tools-generic)");
        }
    }

    /// <summary>Packets of the raw dump by name: PC, EV, TS and so on.</summary>
    public static Dictionary<string, int> DumpedPackets(string file)
    {
        string dump = Dump(file);
        dump.ShouldNotContain("Bad packet", Case.Sensitive, $"{file}: perf report -D");
        return PacketLine().Matches(dump).GroupBy(m => m.Groups[1].Value).ToDictionary(g => g.Key, g => g.Count());
    }

    /// <summary>perf report -D: every record of the file, and every packet.</summary>
    public static string Dump(string file) => Run("report", "-D", "-i", file).Output;

    /// <summary>Samples of a program by its symbols, most first: one for each record.</summary>
    public static List<(string Symbol, int Count)> Samples(string file, string symbolFiles, int process)
    {
        ProgramResult script = Run("script", "-i", file, "--symfs", symbolFiles, "--itrace=i1i", "-F", "pid,ip,sym");
        return
        [
            .. SampleLine().Matches(script.Output)
                .Where(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) == process)
                .GroupBy(m => m.Groups[2].Value)
                .Select(g => (g.Key, g.Count()))
                .OrderByDescending(s => s.Item2),
        ];
    }

    /// <summary>What perf's commands count in a file.</summary>
    /// <param name="File">The file.</param>
    /// <param name="SymbolFiles">Directory that stands for the guest's root.</param>
    /// <param name="Kallsyms">Symbols of the guest's kernel.</param>
    internal sealed record Reader(string File, string SymbolFiles, string Kallsyms)
    {
        /// <summary>What perf says of every SPE trace on this host: it has no unwinder for arm64, and perf mem gives it a period of time by default.</summary>
        private static readonly string[] s_ofEveryTrace = ["unwind: target platform=arm64 is not supported", "Only instruction-based sampling period is currently supported by Arm SPE."];

        /// <summary>perf script, one sample for each record: counts by thread name and function.</summary>
        public Dictionary<(string Command, string Symbol), int> ScriptFunctions() =>
            Count(FunctionLine().Matches(Run("script", "--itrace=i1i", "-F", "comm,ip,sym")), match => (match.Groups[1].Value.Trim(), match.Groups[2].Value), _ => 1);

        /// <summary>perf report, one sample for each record: counts by thread name.</summary>
        public Dictionary<string, int> ReportCommands() =>
            Count(CountLine().Matches(Run("report", "--itrace=i1i", "--stdio", "-t", "|", "-w", "20,20", "-F", "sample,comm", "-s", "comm")), match => match.Groups[2].Value.Trim(), match => Number(match.Groups[1]));

        /// <summary>perf mem report: memory accesses by level.</summary>
        public Dictionary<string, int> MemoryLevels()
        {
            string output = Run("mem", "report", "--stdio", "-n", "--sort", "mem");
            int start = output.IndexOf("of event 'memory'", StringComparison.Ordinal);
            start.ShouldBeGreaterThan(0, output);
            int end = output.IndexOf("of event '", start + 1, StringComparison.Ordinal);
            return Count(LevelLine().Matches(output[start..(end < 0 ? output.Length : end)]), match => match.Groups[2].Value.Trim(), match => Number(match.Groups[1]));
        }

        private static Dictionary<T, int> Count<T>(IEnumerable<Match> matches, Func<Match, T> key, Func<Match, int> number)
            where T : notnull => matches.GroupBy(key).ToDictionary(group => group.Key, group => group.Sum(number));

        private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

        /// <summary>Runs perf, which must succeed and say nothing else.</summary>
        private string Run(params string[] arguments)
        {
            string[] all = [.. arguments, "-i", File, "--symfs", SymbolFiles, "--kallsyms", Kallsyms];
            ProgramResult result = HostProgram.Run("perf", PinionProgram.Boot, all);
            string what = $"perf {string.Join(' ', all)}\n{result.Error}";
            result.ExitCode.ShouldBe(0, what);
            result.Error.Split('\n').Except(s_ofEveryTrace).ShouldBe([""], what);
            return result.Output;
        }
    }

    /// <summary>Runs perf; it must succeed and complain of nothing.</summary>
    private static ProgramResult Run(params string[] arguments)
    {
        ProgramResult result = HostProgram.Run("perf", PinionProgram.Short, arguments);
        string what = $"perf {string.Join(' ', arguments)}\n{result.Error}";
        result.ExitCode.ShouldBe(0, what);
        result.Error.ShouldNotMatch("(?i)error|warning|failed|lost|corrupt|invalid|unknown|zero-sized", what);
        return result;
    }

    [GeneratedRegex(@"^\.  [0-9a-f]{8}:  (?:[0-9a-f]{2} )+ +([A-Z][A-Z0-9-]*)", RegexOptions.Multiline)]
    private static partial Regex PacketLine();

    [GeneratedRegex(@"^\s*(.+?)\s+[0-9a-f]+ (\S+)\s*$", RegexOptions.Multiline)]
    private static partial Regex FunctionLine();

    [GeneratedRegex(@"^ *([0-9]+) *\|(.+)$", RegexOptions.Multiline)]
    private static partial Regex CountLine();

    [GeneratedRegex(@"^ +[0-9.]+% +([0-9]+)  (.+)$", RegexOptions.Multiline)]
    private static partial Regex LevelLine();

    [GeneratedRegex(@"^\s*([0-9]+)\s+[0-9a-f]+ (\S+)\s*$", RegexOptions.Multiline)]
    private static partial Regex SampleLine();
}
