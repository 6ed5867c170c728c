namespace Pinion.Trace.PerfData;

/// <summary>Writes any trace as a perf.data file.</summary>
public static class PerfDataExport
{
    /// <summary>Writes <paramref name="trace"/> with metadata of version <paramref name="metadataVersion"/>.</summary>
    /// <exception cref="IOException"><paramref name="output"/> takes no more.</exception>
    public static void Write(SpeTrace trace, int metadataVersion, Stream output)
    {
        ulong frequency = trace.Time.Multiplier == 0 ? 0 : (ulong)(((UInt128)1_000_000_000 << trace.Time.Shift) / trace.Time.Multiplier);
        var writer = new PerfDataWriter(new(trace.Midr, frequency, Math.Max(1, trace.Buffers.Select(buffer => buffer.Cpu + 1).DefaultIfEmpty(1).Max()), trace.Period));
        foreach (TraceTask task in trace.Tasks.Where(task => task.Name is not null))
        {
            writer.AddTask(task.ProcessId, task.ThreadId, task.Name!);
        }

        foreach (TraceMapping mapping in trace.Mappings)
        {
            writer.AddMapping(mapping);
        }

        foreach (SpeBuffer buffer in trace.Buffers)
        {
            writer.AddRecords(buffer.Cpu, buffer.StreamOffset, buffer.Bytes.Span);
        }

        writer.Save(output);
    }
}
