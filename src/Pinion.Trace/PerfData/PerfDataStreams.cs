using Pinion.Arm.Spe;

namespace Pinion.Trace.PerfData;

/// <summary>Writes the stretches of a trace's streams in the order of the file, numbered as perf wants them, without keeping the trace in memory.</summary>
/// <param name="trace">The trace.</param>
/// <param name="writer">Where its records go.</param>
/// <param name="needsContext">No record tells whose it is: each stream begins with a Context packet of its thread, or of thread 0.</param>
internal sealed class PerfDataStreams(SpeTrace trace, PerfDataWriter writer, bool needsContext)
{
    /// <summary>So that what was written can be dropped from memory before the rest is read.</summary>
    private const int LongestRun = 1 << 24;

    private readonly Dictionary<(int Cpu, int Thread), (int Index, ulong Offset)> _streams = [];
    private ulong _dropped;

    /// <summary>Writes a stretch as it is.</summary>
    public void Write(in SpeBuffer buffer) => Write(buffer, buffer.Cpu, buffer.ThreadId, 0, buffer.Length);

    /// <summary>
    /// Writes a stretch of records without timestamps: perf does not look at their Context packets and asks the stream whose they are, so each run of one thread's records goes to that thread's stream.
    /// </summary>
    public void WriteByThread(in SpeBuffer buffer)
    {
        if (buffer.Cpu < 0)
        {
            Write(buffer);
            return;
        }

        var reader = new SpeRecordReader(buffer.Bytes.Span);
        int start = 0;
        int end = 0;
        uint? thread = null;
        while (reader.TryRead(out SpeRecord record))
        {
            uint? next = RecordScan.ThreadOf(buffer, record);
            if (next != thread || end - start >= LongestRun)
            {
                WriteRun(buffer, thread, start, end);
                start = end;
                thread = next;
            }

            end = reader.Offset;
        }

        WriteRun(buffer, thread, start, buffer.Length);
    }

    private void WriteRun(in SpeBuffer buffer, uint? thread, int start, int end)
    {
        if (end > start)
        {
            (int cpu, int owner) = thread is uint known && known <= int.MaxValue ? (-1, (int)known) : (buffer.Cpu, -1);
            Write(buffer, cpu, owner, start, end);
        }
    }

    private void Write(SpeBuffer buffer, int cpu, int thread, int start, int end)
    {
        // Threads share a CPU's stream, which is the CPU's.
        (int, int) key = cpu >= 0 ? (cpu, -1) : (cpu, thread);
        bool isFirst = !_streams.TryGetValue(key, out (int Index, ulong Offset) stream);
        stream.Index = isFirst ? _streams.Count : stream.Index;
        uint? context = isFirst && needsContext && cpu >= 0 ? (uint)Math.Max(0, thread) : null;
        int written = writer.AddRecords(
            stream.Index, cpu, thread, stream.Offset, buffer.Bytes.Span[start..end], context, (at, size) => DropTo((ulong)(buffer.FileOffset + start + at + size)));
        _streams[key] = (stream.Index, stream.Offset + (ulong)written);
    }

    /// <summary>Stretches come in the order of the file; where they do not, their pages stay.</summary>
    private void DropTo(ulong position)
    {
        if (position > _dropped)
        {
            _dropped = trace.Source.DropBehind(_dropped, position);
        }
    }
}
