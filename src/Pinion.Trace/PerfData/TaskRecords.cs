using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>Reads the records that the kernel writes about threads: mappings, names, forks, switches, losses.</summary>
internal sealed class TaskRecords(TraceBuilder builder, PerfEvents events)
{
    /// <summary>Reads a record; types that tell nothing about profiles are passed over.</summary>
    public void Read(PerfRecordType type, long position, ReadOnlySpan<byte> record)
    {
        TryU16(record, 4, out ushort misc);
        switch (type)
        {
            case PerfRecordType.Mmap when TryMapping(record, out TraceMapping mapping):
                builder.Add(position, mapping with { Path = builder.Text(position, record[40..]), Time = events.SampleId(record).Time });
                break;
            case PerfRecordType.Mmap2 when TryMapping(record, out TraceMapping mapping) && Holds(record, 0, 72):
                // Where the build id stands, other files have the numbers of device and inode.
                string? buildId = (misc & PerfDataFormat.MiscMmapBuildId) != 0 ? PerfBuildIds.Text(record.Slice(44, PerfDataFormat.BuildIdSize), record[40]) : null;
                builder.Add(position, mapping with { Path = builder.Text(position, record[72..]), Time = events.SampleId(record).Time, BuildId = buildId });
                break;
            case PerfRecordType.Comm when TryU32(record, 8, out uint process) && TryU32(record, 12, out uint thread):
                bool isExec = (misc & PerfDataFormat.MiscExec) != 0;
                builder.Add(position, new TraceTask(process, thread, builder.Text(position, record[16..]), process) { Time = events.SampleId(record).Time, IsExec = isExec });
                break;
            case PerfRecordType.Fork when TryU32(record, 8, out uint process) && TryU32(record, 12, out uint parent) && TryU32(record, 16, out uint thread)
                && TryU64(record, 24, out ulong time):
                builder.Add(position, new TraceTask(process, thread, null, parent) { Time = events.HasOtherClock ? 0 : time });
                break;
            case PerfRecordType.Switch or PerfRecordType.SwitchCpuWide or PerfRecordType.ItraceStart:
                ReadSwitch(type, position, record, misc);
                break;
            case PerfRecordType.Aux when TryU64(record, 24, out ulong flags):
                ReadLosses(position, record, flags);
                break;
            case PerfRecordType.Lost or PerfRecordType.LostSamples:
                AddLoss(position, record, "lost");
                break;
            case PerfRecordType.Mmap or PerfRecordType.Mmap2 or PerfRecordType.Comm or PerfRecordType.Fork or PerfRecordType.Aux:
                builder.Trace.Diagnoses.Add(position, $"a {type} record of {record.Length} bytes is too short");
                break;
        }
    }

    private static bool TryMapping(ReadOnlySpan<byte> record, out TraceMapping mapping)
    {
        mapping = default;
        if (!TryU32(record, 8, out uint process) || !TryU64(record, 16, out ulong start) || !TryU64(record, 24, out ulong length) || !TryU64(record, 32, out ulong offset))
        {
            return false;
        }

        mapping = new(process, start, length, offset, "");
        return true;
    }

    /// <summary>
    /// A record of one CPU's switches names the next thread when the last one leaves; the record of the next one's arrival comes after it and says no more. Where one process is recorded,
    /// only its threads' arrivals say something. The first thread is the one that the data begins with.
    /// </summary>
    private void ReadSwitch(PerfRecordType type, long position, ReadOnlySpan<byte> record, ushort misc)
    {
        bool isOut = (misc & PerfDataFormat.MiscSwitchOut) != 0;
        PerfSampleId at = events.SampleId(record);
        if (at.Cpu < 0 || events.HasOtherClock)
        {
            return;
        }

        switch (type)
        {
            case PerfRecordType.SwitchCpuWide when isOut && TryU32(record, 12, out uint next):
            case PerfRecordType.ItraceStart when TryU32(record, 12, out next):
                builder.Add(position, new TraceSwitch(at.Cpu, next, at.Time));
                break;
            case PerfRecordType.Switch when !isOut:
                builder.Add(position, new TraceSwitch(at.Cpu, at.ThreadId, at.Time));
                break;
        }
    }

    private void ReadLosses(long position, ReadOnlySpan<byte> record, ulong flags)
    {
        foreach ((ulong flag, string kind) in TraceLossKinds.Flags)
        {
            if ((flags & flag) != 0)
            {
                AddLoss(position, record, kind);
            }
        }
    }

    private void AddLoss(long position, ReadOnlySpan<byte> record, string kind)
    {
        PerfSampleId at = events.SampleId(record);
        builder.Add(position, new TraceLoss(at.Cpu, at.Time, kind));
    }
}
