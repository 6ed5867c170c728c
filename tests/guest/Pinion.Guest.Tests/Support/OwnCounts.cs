using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Guest.Tests.Support;

/// <summary>What Pinion's decoder says of a trace, in perf's words.</summary>
internal sealed class OwnCounts : ISampleVisitor
{
    private readonly SampleSource _source;

    private readonly HashSet<uint> _mapped;

    private OwnCounts(SampleSource source)
    {
        _source = source;
        _mapped = [.. source.Trace.Mappings.Select(mapping => mapping.ProcessId)];
    }

    /// <summary>Samples by thread name and function.</summary>
    public Dictionary<(string Command, string Symbol), int> Functions { get; } = [];

    /// <summary>Memory accesses by what perf mem calls their level.</summary>
    public Dictionary<string, int> Levels { get; } = [];

    /// <summary>Reads a trace, with what another of the same run knows where <paramref name="metadata"/> is one.</summary>
    public static OwnCounts Of(string file, string? metadata, string bench, string kallsyms)
    {
        SpeTrace trace = Read(file);
        if (metadata is not null)
        {
            TraceMetadata.Merge(trace, Read(metadata));
        }

        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(File.ReadAllBytes(bench), "bench", trace.Diagnoses));
        resolver.AddKernel(Kallsyms.Read(File.ReadAllBytes(kallsyms), "[kernel]", trace.Diagnoses));
        var source = new SampleSource(trace, resolver);
        OwnCounts counts = SampleScan.Run(source, SampleFilter.All, () => new OwnCounts(source), threads: 1).Single();
        trace.Diagnoses.List.ShouldBeEmpty(file);
        return counts;
    }

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        string command = origin.Thread is uint thread ? _source.Tasks.NameOf(thread, origin.Time) ?? $":{thread}" : Location.Unknown;

        // perf needs a mapping where Pinion is content with a program's own addresses.
        bool isKnown = SymbolResolver.IsKernel(record.Pc) || (origin.Thread is uint user && _mapped.Contains(_source.Tasks.ProcessOf(user)));
        (string, string) function = (command, isKnown ? _source.Find(record.Pc, origin.Space).Location.Symbol : Location.Unknown);
        Functions[function] = Functions.GetValueOrDefault(function) + 1;
        if (record.IsLoad || record.IsStore)
        {
            string level = record.IsStore ? "N/A or N/A" : LevelOf(record);
            Levels[level] = Levels.GetValueOrDefault(level) + 1;
        }
    }

    private static SpeTrace Read(string file)
    {
        TraceFile.TryRead(file, out SpeTrace trace, out string error).ShouldBeTrue(error);
        return trace;
    }

    /// <summary>The levels of Arm's own cores; perf 6.1 takes a load without a data source for one from the first level.</summary>
    private static string LevelOf(in SpeRecord record) => record.Has(SpeFields.DataSource) ? record.DataSource switch
    {
        0x0 => "L1 or L1 hit",
        0x8 or 0x9 => "L2 or L2 hit",
        0xA or 0xB or 0xC => "L3 or L3 hit",
        0xE => "Local RAM or RAM hit",
        _ => $"source {record.DataSource}",
    }
    : "L1 or L1 hit";
}
