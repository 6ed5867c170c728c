using Pinion.Arm.Spe;

namespace Pinion.Trace.Tests;

internal static class TraceTestData
{
    /// <summary>Bytes of one record in the fixed layout.</summary>
    public static byte[] Fixed(in SpeRecord record)
    {
        var bytes = new byte[SpeRecordWriter.FixedSize];
        SpeRecordWriter.WriteFixed64(record, bytes);
        return bytes;
    }

    /// <summary>A retired operation with latencies and a timestamp.</summary>
    public static SpeRecord Sample(
        ulong pc,
        int level = 0,
        SpeOperationClass operationClass = SpeOperationClass.Other,
        byte operation = 0,
        SpeEvents events = SpeEvents.Retired,
        ushort total = 10,
        ushort issue = 4,
        uint? context = null,
        SpeDataSource? source = null,
        ulong timestamp = 1000)
    {
        SpeRecord record = default;
        record.SetPc(pc, level);
        record.SetOperation(operationClass, operation);
        record.SetEvents(events);
        record.SetLatency(total, issue);
        record.SetTimestamp(timestamp);
        if (context is uint id)
        {
            record.SetContextEl1(id);
        }

        if (source is SpeDataSource from)
        {
            record.SetDataSource(from);
        }

        return record;
    }

    public static byte[] Fixed(params SpeRecord[] records) => [.. records.SelectMany(record => Fixed(record))];

    public static SpeTrace TraceOf(params SpeRecord[] records) => TraceFile.Parse(Fixed(records));
}
