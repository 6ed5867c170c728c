using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>
/// Pre-aggregated branches for perf2bolt --pa, of one image: "B from to count mispredicted" for each taken branch, and "F from to count" for what ran straight on from the target of the branch before it,
/// where records have that (FEAT_SPE_PBT). Addresses are the image's own, in hexadecimal; X:0 is code of another image.
/// </summary>
public sealed class BoltExporter : ITraceExporter
{
    private const string Elsewhere = "X:0";

    /// <summary>Different branches; a trace may have as many as samples.</summary>
    private const int MostBranches = 1 << 20;

    /// <inheritdoc/>
    public string Name => "bolt";

    /// <inheritdoc/>
    public string Description => "taken branches of one program or library, for perf2bolt --pa";

    /// <inheritdoc/>
    public bool IsText => true;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        Gathering found = SampleScan.Run(request.Source, request.Filter, () => new Gathering(), threads: 1).SingleOrDefault() ?? new();
        if (found.LeftOut > 0)
        {
            request.Note(string.Create(CultureInfo.InvariantCulture, $"{found.LeftOut} taken branches are left out: the trace has more than {MostBranches} different ones"));
        }

        List<(CodePlace From, CodePlace To, CodePlace? Start, Counts Counts)> branches = [.. Resolve(request.Source, found.Branches)];
        string? image = request.Image ?? Busiest(branches);
        var lines = new SortedDictionary<string, Counts>(StringComparer.Ordinal);
        foreach ((CodePlace from, CodePlace to, CodePlace? start, Counts counts) in branches)
        {
            bool leaves = IsIn(image, from);
            if (leaves || IsIn(image, to))
            {
                Add(lines, $"B {Text(image, from)} {Text(image, to)}", counts);
            }

            if (leaves && start is CodePlace begin && IsIn(image, begin) && begin.ImageAddress <= from.ImageAddress)
            {
                Add(lines, $"F {Text(image, begin)} {Text(image, from)}", counts);
            }
        }

        if (lines.Count == 0)
        {
            request.Note(image is null ? "no taken branch is in a program or library at hand: give it with --elf" : $"no taken branch is in {image}");
        }

        using var writer = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach ((string line, Counts counts) in lines)
        {
            string mispredicted = line[0] == 'B' ? $" {Decimal(counts.Mispredicted)}" : "";
            writer.WriteLine($"{line} {Decimal(counts.Taken)}{mispredicted}");
        }
    }

    private static IEnumerable<(CodePlace From, CodePlace To, CodePlace? Start, Counts Counts)> Resolve(SampleSource source, IEnumerable<KeyValuePair<Branch, Counts>> branches) =>
        branches.Select(branch => (
            source.Find(branch.Key.From, branch.Key.Space),
            source.Find(branch.Key.To, branch.Key.Space),
            branch.Key.Start is ulong start ? source.Find(start, branch.Key.Space) : (CodePlace?)null,
            branch.Value));

    private static string? Busiest(IEnumerable<(CodePlace From, CodePlace To, CodePlace? Start, Counts Counts)> branches) => branches
        .Where(branch => branch.From.Image is not null)
        .GroupBy(branch => branch.From.Image!.Name)
        .OrderByDescending(image => image.Sum(branch => branch.Counts.Taken))
        .ThenBy(image => image.Key, StringComparer.Ordinal)
        .FirstOrDefault()?.Key;

    private static bool IsIn(string? image, in CodePlace place) => place.Image is ElfImage own && own.Name == image;

    private static string Text(string? image, in CodePlace place) => IsIn(image, place) ? place.ImageAddress.ToString("x", CultureInfo.InvariantCulture) : Elsewhere;

    private static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Add(SortedDictionary<string, Counts> lines, string line, Counts counts)
    {
        lines.TryGetValue(line, out Counts sum);
        lines[line] = new(sum.Taken + counts.Taken, sum.Mispredicted + counts.Mispredicted);
    }

    /// <summary>A taken branch, and where the code began that ran up to it without another.</summary>
    private readonly record struct Branch(ulong From, ulong To, ulong? Start, int Space);

    private record struct Counts(long Taken, long Mispredicted);

    private sealed class Gathering : ISampleVisitor
    {
        private readonly Dictionary<Branch, Counts> _branches = [];

        public IReadOnlyDictionary<Branch, Counts> Branches => _branches;

        public long LeftOut { get; private set; }

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            if (!record.IsBranch || !record.Has(SpeFields.Pc | SpeFields.BranchTarget) || (record.Has(SpeFields.Events) && (record.Events & SpeEvents.NotTaken) != 0))
            {
                return;
            }

            ulong? start = record.Has(SpeFields.PreviousBranchTarget) ? SpeAddress.ToVirtual(record.PreviousBranchTargetPayload) : null;
            var branch = new Branch(record.Pc, record.BranchTarget, start, origin.Space);
            if (_branches.Count >= MostBranches && !_branches.ContainsKey(branch))
            {
                LeftOut++;
                return;
            }

            ref Counts counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_branches, branch, out _);
            counts.Taken++;
            counts.Mispredicted += record.Has(SpeFields.Events) && (record.Events & SpeEvents.Mispredicted) != 0 ? 1 : 0;
        }
    }
}
