using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>Reads the records of the data section, one after the other.</summary>
internal sealed class PerfRecords
{
    private const int AttrStart = PerfDataFormat.RecordHeaderSize;
    private readonly TraceBuilder _builder;
    private readonly SpeTrace _trace;
    private readonly PerfEvents _events;
    private readonly PerfFeatures _features;
    private readonly PerfBuildIds _buildIds;
    private readonly AuxtraceReader _auxtrace;
    private readonly TaskRecords _tasks;
    private bool _compressed;

    public PerfRecords(TraceBuilder builder, PerfEvents events, PerfFeatures features, PerfBuildIds buildIds, AuxtraceReader auxtrace)
    {
        _builder = builder;
        _trace = builder.Trace;
        _events = events;
        _features = features;
        _buildIds = buildIds;
        _auxtrace = auxtrace;
        _tasks = new(builder, events);
    }

    /// <summary>Reads the records from <paramref name="position"/> to <paramref name="end"/>.</summary>
    public void Read(ulong position, ulong end)
    {
        TraceBytes bytes = _trace.Source;
        ulong dropped = position;
        while (position < end)
        {
            dropped = bytes.DropBehind(dropped, position);
            if (!bytes.TryU32(position, out uint type) || !bytes.TryU16(position + 6, out ushort size))
            {
                _trace.Diagnoses.Add((long)Math.Min(position, (ulong)bytes.Length), "the file ends in a record header");
                return;
            }

            if (size < PerfDataFormat.RecordHeaderSize || !bytes.Holds(position, size))
            {
                _trace.Diagnoses.Add((long)position, $"a record of type {type} and {size} bytes does not fit");
                return;
            }

            ReadOnlySpan<byte> record = bytes.Span(position, size);
            ulong payload = 0;
            switch ((PerfRecordType)type)
            {
                case PerfRecordType.Auxtrace when !_auxtrace.ReadData(position, record, out payload):
                    return;
                case PerfRecordType.Auxtrace:
                    break;
                case PerfRecordType.TracingData when TryU32(record, 8, out uint tracing):
                    // Formats of tracepoints follow in a pipe, filled to a multiple of 8 bytes.
                    payload = ((ulong)tracing + 7) & ~7ul;
                    break;
                default:
                    Read((PerfRecordType)type, (long)position, record);
                    break;
            }

            position += size + payload;
        }
    }

    private void Read(PerfRecordType type, long position, ReadOnlySpan<byte> record)
    {
        switch (type)
        {
            case PerfRecordType.TimeConv:
                ReadTimeConversion(position, record);
                break;
            case PerfRecordType.AuxtraceInfo:
                _auxtrace.ReadInfo(position, record);
                break;
            case PerfRecordType.HeaderAttr when TryU32(record, AttrStart + 4, out uint size) && Holds(record, AttrStart, size):
                _events.Add(_trace, position, record.Slice(AttrStart, (int)size), record[(AttrStart + (int)size)..]);
                break;
            case PerfRecordType.HeaderFeature when TryU64(record, 8, out ulong feature):
                _features.Read((PerfFeature)Math.Min(feature, PerfDataFormat.FeatureBits), position, record[16..]);
                break;
            case PerfRecordType.HeaderBuildId:
                _buildIds.Read(position, record);
                break;
            case PerfRecordType.IdIndex:
                for (ulong at = 16; TryU64(record, at, out ulong id) && TryU32(record, at + 16, out uint cpu); at += 32)
                {
                    _events.AddIndex(id, cpu);
                }

                break;
            case PerfRecordType.HeaderAttr or PerfRecordType.HeaderFeature:
                _trace.Diagnoses.Add(position, $"a {type} record of {record.Length} bytes is too short");
                break;
            case PerfRecordType.Compressed or PerfRecordType.Compressed2:
                ReadCompressed(position);
                break;
            default:
                _tasks.Read(type, position, record);
                break;
        }
    }

    private void ReadTimeConversion(long position, ReadOnlySpan<byte> record)
    {
        if (!TryU64(record, 8, out ulong shift) || !TryU64(record, 16, out ulong multiplier) || !TryU64(record, 24, out ulong zero))
        {
            _trace.Diagnoses.Add(position, $"a TimeConv record of {record.Length} bytes is too short");
        }
        else if (shift > 63 || multiplier > uint.MaxValue)
        {
            _trace.Diagnoses.Add(position, $"a time conversion of multiplier 0x{multiplier:x} and shift {shift} is impossible");
        }
        else
        {
            _trace.Time = new((ushort)shift, (uint)multiplier, zero);
        }
    }

    private void ReadCompressed(long position)
    {
        if (!_compressed)
        {
            _trace.Diagnoses.Add(position, "the records are compressed (perf record -z) and are not read; record without -z");
            _compressed = true;
        }
    }
}
