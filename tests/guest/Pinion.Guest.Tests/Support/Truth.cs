using System.Globalization;
using Pinion.Trace;
using Pinion.Trace.Symbols;

namespace Pinion.Guest.Tests.Support;

/// <summary>What <c>--truth</c> counted.</summary>
internal sealed class Truth
{
    private readonly List<(int El, uint ContextId, ulong Pc, ulong Count)> _counts = [];

    public Truth(string file)
    {
        string[] lines = File.ReadAllLines(file);
        lines[0].ShouldBe("el,contextid,pc,count");
        foreach (string line in lines.Skip(1))
        {
            string[] fields = line.Split(',');
            _counts.Add((
                int.Parse(fields[0], CultureInfo.InvariantCulture),
                uint.Parse(fields[1], CultureInfo.InvariantCulture),
                ulong.Parse(fields[2].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                ulong.Parse(fields[3], CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Operations of one process at EL0.</summary>
    public ulong Total(int process) => Of(process).Aggregate(0UL, (sum, c) => sum + c.Count);

    /// <summary>Operations of one process at EL0 by the functions of <paramref name="program"/>, most first.</summary>
    public List<(string Symbol, ulong Count)> ByFunction(int process, string program)
    {
        Diagnoses diagnoses = new();
        SymbolTable symbols = ElfImage.Read(File.ReadAllBytes(program), Path.GetFileName(program), diagnoses).Symbols;
        return
        [
            .. Of(process)
                .GroupBy(c => symbols.TryFind(c.Pc, out string? name) ? name : "[unknown]")
                .Select(g => (g.Key, g.Aggregate(0UL, (sum, c) => sum + c.Count)))
                .OrderByDescending(s => s.Item2),
        ];
    }

    private IEnumerable<(int El, uint ContextId, ulong Pc, ulong Count)> Of(int process) => _counts.Where(c => c.El == 0 && c.ContextId == (uint)process);
}
