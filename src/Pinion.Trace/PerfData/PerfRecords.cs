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

    /// <summary>Reads the records from <paramref name="position"/> to <paramref name="end"/>, and what is behind it if that is records, too.</summary>
    public void Read(ulong position, ulong end)
    {
        ulong next = ReadSection(position, end);
        ulong length = (ulong)_trace.Source.Length;
        if (next < length && DamagedFile.ArePartsAt(_trace.Source, next, length, PlausibleSize))
        {
            _trace.Diagnoses.Add((long)next, "there are records behind the data section");
            ReadSection(next, length);
        }
    }

    /// <summary>Reads the records up to <paramref name="end"/>, and answers where the last one does.</summary>
    private ulong ReadSection(ulong position, ulong end)
    {
        TraceBytes bytes = _trace.Source;
        ulong dropped = position;
        ulong sure = position;
        while (position < end)
        {
            dropped = bytes.DropBehind(dropped, position);
            if (!bytes.TryU32(position, out uint type) || !bytes.TryU16(position + 6, out ushort size))
            {
                _trace.Diagnoses.Add((long)Math.Min(position, (ulong)bytes.Length), "the file ends in a record header");
                return end;
            }

            if (size < PerfDataFormat.RecordHeaderSize || !bytes.Holds(position, size) || !(PerfDataFormat.IsPlausible(type) || DamagedFile.ArePartsAt(bytes, position + size, end, PlausibleSize)))
            {
                if (!TryGoOn(ref position, ref sure, end, $"a record of type {type} and {size} bytes does not fit"))
                {
                    return end;
                }

                continue;
            }

            string? problem = Read((PerfRecordType)type, position, bytes.Span(position, size), end, out ulong payload);
            if (problem is not null)
            {
                if (!TryGoOn(ref position, ref sure, end, problem))
                {
                    return end;
                }

                continue;
            }

            // Where a header turns out to be none, the size of the record before may be what is wrong. (Not that of data, which was taken as such.)
            ulong next = position + size + payload;
            sure = (next - sure) % DamagedFile.Step != 0 ? sure : payload != 0 ? next : position;
            position = next;
        }

        return position;
    }

    /// <summary>
    /// Bytes of the record that begins at <paramref name="position"/>, with the data behind it; 0 where that looks like none.
    /// </summary>
    internal static ulong PlausibleSize(TraceBytes bytes, ulong position)
    {
        if (!bytes.TryU32(position, out uint type) || !PerfDataFormat.IsPlausible(type) || !bytes.TryU16(position + 6, out ushort size) || size < PerfDataFormat.RecordHeaderSize || size % DamagedFile.Step != 0)
        {
            return 0;
        }

        return (PerfRecordType)type switch
        {
            PerfRecordType.Auxtrace => size == PerfDataFormat.AuxtraceSize && bytes.TryU64(position + 8, out ulong data) && data <= (ulong)bytes.Length ? size + data : 0,
            PerfRecordType.TracingData => bytes.TryU32(position + 8, out uint data) ? size + TracingDataSize(data) : 0,
            _ => size,
        };
    }

    /// <summary>Formats of tracepoints follow their record in a pipe, filled to a multiple of 8 bytes.</summary>
    private static ulong TracingDataSize(uint size) => ((ulong)size + 7) & ~7ul;

    /// <summary>Goes on with the next records that can be found behind damage; false where there are none.</summary>
    /// <param name="position">What is no record; then, where the next one is.</param>
    /// <param name="sure">Up to here nothing is damaged. It becomes where the next one is, so that no record is read twice.</param>
    /// <param name="end">Where the records end.</param>
    /// <param name="problem">What is wrong.</param>
    private bool TryGoOn(ref ulong position, ref ulong sure, ulong end, string problem)
    {
        ulong? next = DamagedFile.FindParts(_trace.Source, sure + DamagedFile.Step, end, PlausibleSize);
        if (next is not ulong found)
        {
            _trace.Diagnoses.Add((long)position, problem);
        }
        else if (found < position)
        {
            _trace.Diagnoses.Add((long)sure, $"a record takes in others; reading goes on at 0x{found:x}");
        }
        else
        {
            _trace.Diagnoses.Add((long)position, $"{problem}; reading goes on at 0x{found:x}");
        }

        position = sure = next ?? end;
        return next is not null;
    }

    /// <summary>Reads a record; answers what is so wrong with it that nobody knows where the next one is, or null, and how many bytes of data are behind it.</summary>
    private string? Read(PerfRecordType type, ulong position, ReadOnlySpan<byte> record, ulong end, out ulong data)
    {
        data = 0;
        switch (type)
        {
            case PerfRecordType.Auxtrace when record.Length < PerfDataFormat.AuxtraceSize:
                return $"an AUXTRACE record of {record.Length} bytes is too short";
            case PerfRecordType.Auxtrace when record.Length > PerfDataFormat.AuxtraceSize && TryU64(record, 8, out ulong size)
                && DamagedFile.ArePartsAt(_trace.Source, position + PerfDataFormat.AuxtraceSize + size, end, PlausibleSize):
                return $"an AUXTRACE record of {record.Length} bytes is too long";
            case PerfRecordType.Auxtrace:
                data = _auxtrace.ReadData(position, record, end);
                return null;
            case PerfRecordType.TracingData when TryU32(record, 8, out uint tracing):
                data = TracingDataSize(tracing);
                return _trace.Source.Holds(position + (ulong)record.Length, data) ? null : $"{tracing} bytes of formats of tracepoints do not fit";
            default:
                Read(type, (long)position, record);
                return null;
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
