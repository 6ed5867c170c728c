using Pinion.Arm.Spe;

namespace Pinion.Trace;

/// <summary>Takes the records of a share of a trace. One object is used by one thread at a time.</summary>
public interface IRecordVisitor
{
    /// <summary>The next record of <paramref name="buffer"/>. Records of one buffer come in order; buffers come in any order.</summary>
    void Visit(in SpeBuffer buffer, in SpeRecord record);
}

/// <summary>Decodes all records of a trace, on several threads where there are several buffers.</summary>
public static class RecordScan
{
    /// <summary>
    /// Hands every record of <paramref name="trace"/> to one of the visitors that <paramref name="make"/> makes, and answers them. What each gets depends on the threads' speed; that every record is visited
    /// once does not. Damage is added to the trace's diagnoses, in the order of the file.
    /// </summary>
    /// <param name="trace">A trace.</param>
    /// <param name="make">Makes a visitor for a thread.</param>
    /// <param name="threads">At most so many; 0: one for each CPU.</param>
    /// <param name="report">Add the damage to the trace's diagnoses: once, however often a trace is read.</param>
    public static IReadOnlyList<TVisitor> Run<TVisitor>(SpeTrace trace, Func<TVisitor> make, int threads = 0, bool report = true)
        where TVisitor : IRecordVisitor
    {
        var visitors = new List<TVisitor>();
        BufferRuns.ForEach(
            trace,
            (_, first, end, damage) =>
            {
                // A visitor goes from run to run: whoever finishes one gives it to the next.
                TVisitor? visitor = default;
                lock (visitors)
                {
                    if (visitors.Count > 0)
                    {
                        visitor = visitors[^1];
                        visitors.RemoveAt(visitors.Count - 1);
                    }
                }

                visitor ??= make();
                for (int i = first; i < end; i++)
                {
                    Scan(trace.Buffers[i], ref visitor, damage);
                }

                lock (visitors)
                {
                    visitors.Add(visitor);
                }
            },
            threads,
            report);
        return visitors;
    }

    /// <summary>Thread that a record belongs to; null where neither it nor its stream tells.</summary>
    public static uint? ThreadOf(in SpeBuffer buffer, in SpeRecord record) =>
        buffer.Cpu < 0 && buffer.ThreadId >= 0 ? (uint)buffer.ThreadId
        : record.Has(SpeFields.ContextEl1) ? record.ContextEl1
        : record.Has(SpeFields.ContextEl2) ? record.ContextEl2
        : buffer.ThreadId >= 0 ? (uint)buffer.ThreadId
        : null;

    private static void Scan<TVisitor>(in SpeBuffer buffer, ref TVisitor visitor, Diagnoses damage)
        where TVisitor : IRecordVisitor
    {
        var reader = new SpeRecordReader(buffer.Bytes.Span);
        while (reader.TryRead(out SpeRecord record))
        {
            if (reader.Damage.Size != 0)
            {
                Report(buffer, reader.Damage, damage);
            }

            visitor.Visit(buffer, record);
        }

        if (reader.Damage.Size != 0)
        {
            Report(buffer, reader.Damage, damage);
        }
    }

    private static void Report(in SpeBuffer buffer, in SpeDamage found, Diagnoses damage)
    {
        string bytes = $"{found.Size} bytes of records are left out";
        damage.Add(
            buffer.FileOffset + found.Offset,
            found.BadBytes > 0 ? $"{bytes}: {found.BadBytes} of them are part of no packet"
                : found.Offset + found.Size == buffer.Length ? $"{bytes}: the last one has no end"
                : $"{bytes}: one has no end, or a packet twice");
    }
}
