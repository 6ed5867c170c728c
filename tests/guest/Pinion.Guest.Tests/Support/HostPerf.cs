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

    [GeneratedRegex(@"^\s*([0-9]+)\s+[0-9a-f]+ (\S+)\s*$", RegexOptions.Multiline)]
    private static partial Regex SampleLine();
}
