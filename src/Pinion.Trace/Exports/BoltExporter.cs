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

        string? image = request.Image ?? Busiest(request.Source, found.Branches);
        SortedDictionary<Line, Counts> lines = image is null ? [] : LinesOf(request.Source, image, found.Branches);
        if (lines.Count == 0)
        {
            request.Note(image is null ? "no taken branch is in a program or library at hand: give it with --elf" : $"no taken branch is in {image}");
        }

        using var writer = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach ((Line line, Counts counts) in lines)
        {
            string mispredicted = line.FallsThrough ? "" : $" {Decimal(counts.Mispredicted)}";
            writer.WriteLine($"{(line.FallsThrough ? 'F' : 'B')} {Text(line.From)} {Text(line.To)} {Decimal(counts.Taken)}{mispredicted}");
        }
    }

    private static SortedDictionary<Line, Counts> LinesOf(SampleSource source, string image, IReadOnlyDictionary<Branch, Counts> branches)
    {
        var lines = new SortedDictionary<Line, Counts>();
        foreach ((Branch branch, Counts counts) in branches)
        {
            ulong? from = AddressIn(source, image, branch.From, branch.Space);
            ulong? to = AddressIn(source, image, branch.To, branch.Space);
            if (from is not null || to is not null)
            {
                Add(lines, new(FallsThrough: false, from, to), counts);
            }

            if (from is not null && branch.Start is ulong start && AddressIn(source, image, start, branch.Space) is ulong begin && begin <= from)
            {
                Add(lines, new(FallsThrough: true, begin, from), counts);
            }
        }

        return lines;
    }

    private static string? Busiest(SampleSource source, IReadOnlyDictionary<Branch, Counts> branches)
    {
        var images = new Dictionary<string, long>();
        foreach ((Branch branch, Counts counts) in branches)
        {
            if (source.Find(branch.From, branch.Space).Image is ElfImage image)
            {
                images[image.Name] = images.GetValueOrDefault(image.Name) + counts.Taken;
            }
        }

        return images.OrderByDescending(image => image.Value).ThenBy(image => image.Key, StringComparer.Ordinal).Select(image => image.Key).FirstOrDefault();
    }

    /// <summary>The address in the file of <paramref name="image"/>; null in other code.</summary>
    private static ulong? AddressIn(SampleSource source, string image, ulong address, int space)
    {
        CodePlace place = source.Find(address, space);
        return place.Image is ElfImage own && own.Name == image ? place.ImageAddress : null;
    }

    private static string Text(ulong? address) => address?.ToString("x", CultureInfo.InvariantCulture) ?? Elsewhere;

    private static string Decimal(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Add(SortedDictionary<Line, Counts> lines, in Line line, Counts counts)
    {
        lines.TryGetValue(line, out Counts sum);
        lines[line] = new(sum.Taken + counts.Taken, sum.Mispredicted + counts.Mispredicted);
    }

    /// <summary>A line of the output without its numbers; null is code outside of the image.</summary>
    private readonly record struct Line(bool FallsThrough, ulong? From, ulong? To) : IComparable<Line>
    {
        public int CompareTo(Line other)
        {
            int order = FallsThrough.CompareTo(other.FallsThrough);
            order = order != 0 ? order : Nullable.Compare(From, other.From);
            return order != 0 ? order : Nullable.Compare(To, other.To);
        }
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
