using System.Reflection;
using Pinion.Arm.Spe;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.PerfData;

/// <summary>Writes any trace as a perf.data file: the records as they are, and what is known about the kernel, processes and threads.</summary>
public static class PerfDataExport
{
    /// <summary>perf's own limit is higher, but a file may name any CPU.</summary>
    private const int MostCpus = 1024;

    /// <summary>perf reads this one from the process that it runs in, unless it knows a build id.</summary>
    private const string Vdso = "[vdso]";

    /// <summary>Writes <paramref name="trace"/> with metadata of version <paramref name="metadataVersion"/>.</summary>
    /// <exception cref="IOException"><paramref name="output"/> takes no more.</exception>
    public static void Write(SpeTrace trace, int metadataVersion, Stream output)
    {
        RecordSurvey survey = RecordSurvey.Of(trace);

        // perf orders by time what comes from CPUs only, and gives up where a thread's stream has times. Without a known frequency a tick counts as a nanosecond: it needs a conversion.
        bool isPerThread = trace.Buffers.Any(buffer => buffer.Cpu < 0);
        TimeConversion time = !survey.HasTimestamps || isPerThread ? default : trace.Time.Multiplier != 0 ? trace.Time : new TimeConversion(0, 1, 0);
        var writer = new PerfDataWriter(output, new()
        {
            Midr = trace.Midr,
            Time = time,
            HasPhysicalAddresses = survey.HasPhysicalAddresses,
            CpuCount = Math.Clamp(trace.Buffers.Select(buffer => buffer.Cpu).DefaultIfEmpty(0).Max() + 1, 1, MostCpus),
            Period = trace.Period,
            MetadataVersion = metadataVersion,
            IsPerThread = isPerThread,
            HostName = TraceFacts.Find(trace, TraceFacts.HostName),
            KernelRelease = TraceFacts.Find(trace, TraceFacts.KernelRelease),
            RecorderVersion = TraceFacts.Find(trace, TraceFacts.RecorderVersion) ?? $"pinion {typeof(PerfDataExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}",
            CommandLine = TraceFacts.Find(trace, TraceFacts.CommandLine),
        });
        bool hasTime = time.Multiplier != 0 && trace.Time.Multiplier != 0;
        WriteMappingsAndTasks(trace, writer, hasTime);
        bool needsContext = !survey.HasContext && trace.Switches.Count == 0;
        if (needsContext && trace.Tasks.Count == 0)
        {
            writer.Add(new TraceTask(0, 0, Location.Unknown, 0));
        }

        if (hasTime)
        {
            WriteSwitches(trace, writer);
        }

        foreach (TraceLoss loss in trace.Losses)
        {
            writer.Add(loss with { Time = hasTime ? loss.Time : 0 });
        }

        var streams = new PerfDataStreams(trace, writer, needsContext);
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            if (time.Multiplier != 0)
            {
                streams.Write(buffer);
            }
            else
            {
                streams.WriteByThread(buffer);
            }
        }

        writer.Finish();
    }

    private static void WriteMappingsAndTasks(SpeTrace trace, PerfDataWriter writer, bool hasTime)
    {
        // perf complains where it knows of no kernel, even when nothing of it was sampled.
        IEnumerable<TraceMapping> kernel = trace.Mappings.Any(mapping => mapping.ProcessId == uint.MaxValue) ? []
            : trace.KernelSymbols.Select(symbols => KernelLayout.Mappings(symbols.Span)).FirstOrDefault(mappings => mappings.Count > 0, KernelLayout.Unknown);
        foreach (TraceMapping mapping in kernel)
        {
            writer.Add(mapping);
        }

        // Before mappings: a thread inherits what its parent had mapped at the time.
        foreach (TraceTask task in trace.Tasks)
        {
            writer.Add(task with { Time = hasTime ? task.Time : 0 });
        }

        foreach (TraceMapping mapping in trace.Mappings)
        {
            if (mapping.Path != Vdso || mapping.BuildId is not null)
            {
                writer.Add(mapping with { Time = hasTime ? mapping.Time : 0 });
            }
        }
    }

    private static void WriteSwitches(SpeTrace trace, PerfDataWriter writer)
    {
        var processes = new Dictionary<uint, uint>();
        foreach (TraceTask task in trace.Tasks)
        {
            processes[task.ThreadId] = task.ProcessId;
        }

        foreach (TraceSwitch change in trace.Switches)
        {
            writer.Add(change, processes.GetValueOrDefault(change.ThreadId, change.ThreadId));
        }
    }
}

/// <summary>What the records of a trace have, as far as the first of each stretch tell.</summary>
/// <param name="HasTimestamps">Some have a timestamp.</param>
/// <param name="HasPhysicalAddresses">Some have a physical address.</param>
/// <param name="HasContext">Some tell whose they are.</param>
internal readonly record struct RecordSurvey(bool HasTimestamps, bool HasPhysicalAddresses, bool HasContext)
{
    private const int Stretches = 1024;
    private const int Records = 64;

    public static RecordSurvey Of(SpeTrace trace)
    {
        SpeFields fields = SpeFields.None;
        foreach (SpeBuffer buffer in trace.Buffers.Take(Stretches))
        {
            var reader = new SpeRecordReader(buffer.Bytes.Span);
            for (int i = 0; i < Records && reader.TryRead(out SpeRecord record); i++)
            {
                fields |= record.Fields;
            }
        }

        return new(fields.HasFlag(SpeFields.Timestamp), fields.HasFlag(SpeFields.DataPhysical), (fields & (SpeFields.ContextEl1 | SpeFields.ContextEl2)) != 0);
    }
}
