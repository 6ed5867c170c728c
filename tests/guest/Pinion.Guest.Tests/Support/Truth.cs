using Pinion.Trace;
using Pinion.Trace.Symbols;
using Pinion.Trace.Truth;

namespace Pinion.Guest.Tests.Support;

/// <summary>What <c>--truth</c> counted.</summary>
internal sealed class Truth
{
    private readonly List<(int El, uint ContextId, ulong Pc, ulong Count)> _counts = [];

    public Truth(string file)
    {
        Diagnoses diagnoses = new();
        using FileStream stream = File.OpenRead(file);
        TruthReader reader = new(stream, diagnoses);
        TruthRow row = new();
        while (reader.TryRead(row))
        {
            _counts.Add((row.El, row.ContextId, row.Pc, row.Count));
        }

        diagnoses.List.ShouldBeEmpty(file);
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
