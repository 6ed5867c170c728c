using System.Text.RegularExpressions;
using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.Exports;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Fuzz.Tests;

/// <summary>Captures and perf.data files, and one of the things that can be made of them, another in each turn.</summary>
internal sealed class TraceTarget : TraceFuzzTarget
{
    private static readonly ProfileBy[] s_by = Enum.GetValues<ProfileBy>();

    private static readonly SampleFilter[] s_filters =
    [
        SampleFilter.All,
        new() { Classes = new HashSet<ProfileClass> { ProfileClass.Load, ProfileClass.Branch }, MinimumLatency = 2 },
        new() { Cpus = new HashSet<int> { 0 }, ExceptionLevels = new HashSet<int> { 0, 1 } },
        new() { Processes = new HashSet<string> { "bench", "40" } },
        new() { Function = new Regex("main|_text", RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1)) },
        new() { Time = (1, ulong.MaxValue), Events = SpeEvents.Retired },
    ];

    private static readonly ElfImage s_image = ElfImage.Read(TraceFuzzSeeds.Elf(), "bench", new Diagnoses());
    private static readonly SymbolTable s_kernel = Kallsyms.Read(TraceFuzzSeeds.Kallsyms(), "[kernel]", new Diagnoses());

    /// <summary>The header of a perf.data file, which says where everything is.</summary>
    private const int LongestHeader = 104;

    public override long MostAllocated(int length) => 2_000_000 + (1000L * length);

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        SpeTrace trace = TraceFile.Parse(input);
        Damaged(trace.Diagnoses);
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            Property.Holds(buffer.FileOffset >= 0 && buffer.FileOffset + buffer.Bytes.Length <= input.Length, "a stretch of records lies in the file");
            long end = buffer.FileOffset + buffer.Bytes.Length;
            if (end < input.Length)
            {
                // It is whole, and not what the end of the file left of it.
                Mark(Math.Max(end, LongestHeader), Mix(Mix((ulong)buffer.FileOffset, buffer.StreamOffset), Mix((ulong)buffer.Bytes.Length, Mix((ulong)buffer.Cpu, (ulong)buffer.ThreadId))));
            }
        }

        Sign(trace.Diagnoses);
        SignCount(trace.Buffers.Count);
        SignCount(trace.Mappings.Count);
        SignCount(trace.Tasks.Count);
        SignCount(trace.Switches.Count);
        SignCount(trace.Losses.Count);
        SignCount(trace.Facts.Count);
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(s_image);
        resolver.AddKernel(s_kernel);
        foreach (ReadOnlyMemory<byte> symbols in trace.KernelSymbols)
        {
            resolver.AddKernel(Kallsyms.Read(symbols.Span, "[kernel]", trace.Diagnoses));
        }

        Use(new SampleSource(trace, resolver), turn);
        Sign(trace.Diagnoses);
    }

    private void Use(SampleSource source, int turn)
    {
        SampleFilter filter = s_filters[turn / 7 % s_filters.Length];
        switch (turn % 4)
        {
            case 0:
                ITraceExporter exporter = TraceExporters.All[turn / 4 % TraceExporters.All.Count];
                exporter.Write(new ExportRequest(source) { Filter = filter, FileName = "x", PerfMetadataVersion = 1 + (turn & 1) }, Stream.Null);
                break;
            case 1 when turn % 8 == 1:
                SignCount(Sharing.Find(source, filter).Lines.Count);
                break;
            default:
                Profile profile = Profile.Build(source, new ProfileOptions { By = s_by[turn % s_by.Length], Filter = filter, Histograms = turn % 3 == 0 });
                ProfileTable.WriteText(profile, source.Trace.Time, TextWriter.Null);
                ProfileJson.Write(profile, source.Trace.Time, Stream.Null);
                SignCount(profile.Rows.Count);
                break;
        }
    }
}
