using System.Globalization;
using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>
/// Reads what a perf.data file knows about SPE: AUX data, mappings, names, the counter's conversion. Little-endian files and what `perf record -o -` pipes
/// are understood; a damaged file is read as far as it goes, with diagnoses. Compressed records (perf record -z) are diagnosed, not read.
/// </summary>
public static class PerfDataReader
{
    private const uint NoThread = uint.MaxValue;

    /// <summary>The text is a hexadecimal number.</summary>
    private const ulong LongestCpuId = 64;

    /// <summary>Whether the file starts as a perf.data file does.</summary>
    public static bool IsPerfData(ReadOnlySpan<byte> file) => file.StartsWith(PerfDataFormat.Magic);

    /// <summary>Reads a whole file. Every input gives a trace.</summary>
    public static SpeTrace Read(TraceBytes bytes)
    {
        var trace = new SpeTrace { Format = "perf.data", Source = bytes };
        if (!bytes.TryU64(8, out ulong headerSize) || !IsPerfData(bytes.Span(0, PerfDataFormat.Magic.Length)))
        {
            trace.Diagnoses.Add(0, "the perf.data header is missing or cut");
            return trace;
        }

        if (headerSize == PerfDataFormat.PipeHeaderSize)
        {
            ReadRecords(trace, bytes, PerfDataFormat.PipeHeaderSize, (ulong)bytes.Length);
            return trace;
        }

        if (headerSize < PerfDataFormat.HeaderSize || !bytes.TryU64(40, out ulong dataOffset) || !bytes.TryU64(48, out ulong dataSize)
            || !bytes.Holds(0, PerfDataFormat.HeaderSize))
        {
            trace.Diagnoses.Add(8, $"a perf.data header of {headerSize} bytes does not fit");
            return trace;
        }

        ulong end = (ulong)bytes.Length;
        if (dataSize == 0)
        {
            // perf writes the size when it ends; until then the records go on to the end of the file.
            trace.Diagnoses.Add(48, "the data section has no size; perf record was killed");
        }
        else if (!bytes.Holds(dataOffset, dataSize))
        {
            trace.Diagnoses.Add(40, $"the data section, 0x{dataSize:x} bytes at 0x{dataOffset:x}, goes beyond the end of the file");
        }
        else
        {
            end = dataOffset + dataSize;
            ReadFeatures(trace, bytes, end);
        }

        ReadRecords(trace, bytes, dataOffset, end);
        return trace;
    }

    private static void ReadFeatures(SpeTrace trace, TraceBytes bytes, ulong table)
    {
        ReadOnlySpan<byte> header = bytes.Span(0, PerfDataFormat.HeaderSize);
        for (int feature = 0; feature < PerfDataFormat.FeatureBits; feature++)
        {
            int bitmap = 72 + (feature / 8);
            if ((header[bitmap] & (1 << (feature % 8))) == 0)
            {
                continue;
            }

            if (!bytes.TryU64(table, out ulong offset) || !bytes.TryU64(table + 8, out ulong size) || !bytes.Holds(offset, size))
            {
                trace.Diagnoses.Add((long)Math.Min(table, long.MaxValue), $"header feature {feature} lies outside the file");
                return;
            }

            if (feature == (int)PerfFeature.CpuId && size > 4)
            {
                string text = Text(bytes.Span(offset, (int)Math.Min(size, LongestCpuId)), 4);
                trace.Midr = ulong.TryParse(text.Replace("0x", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong midr)
                    ? midr
                    : trace.Midr;
            }

            table += 16;
        }
    }

    private static void ReadRecords(SpeTrace trace, TraceBytes bytes, ulong position, ulong end)
    {
        while (position < end)
        {
            if (!bytes.TryU32(position, out uint type) || !bytes.TryU16(position + 6, out ushort size))
            {
                trace.Diagnoses.Add((long)Math.Min(position, (ulong)bytes.Length), "the file ends in a record header");
                return;
            }

            if (size < PerfDataFormat.RecordHeaderSize || !bytes.Holds(position, size))
            {
                trace.Diagnoses.Add((long)position, $"a record of type {type} and {size} bytes does not fit");
                return;
            }

            ReadOnlySpan<byte> record = bytes.Span(position, size);
            ulong payload = 0;
            if (type == (uint)PerfRecordType.Auxtrace)
            {
                if (!ReadAuxtrace(trace, position, record, out payload))
                {
                    return;
                }
            }
            else
            {
                ReadRecord(trace, (PerfRecordType)type, record, (long)position);
            }

            position += size + payload;
        }
    }

    private static bool ReadAuxtrace(SpeTrace trace, ulong position, ReadOnlySpan<byte> record, out ulong payload)
    {
        payload = 0;
        if (record.Length < PerfDataFormat.AuxtraceSize)
        {
            trace.Diagnoses.Add((long)position, $"an AUXTRACE record of {record.Length} bytes is too short");
            return false;
        }

        TryU64(record, 8, out ulong size);
        TryU64(record, 16, out ulong streamOffset);
        TryU32(record, 36, out uint thread);
        TryU32(record, 40, out uint cpu);
        ulong start = position + (ulong)record.Length;
        ulong present = Math.Min(size, (ulong)trace.Source.Length - start);
        if (present < size)
        {
            trace.Diagnoses.Add((long)position, $"an AUXTRACE record of {size} bytes has only {present}");
        }

        payload = present;
        trace.AddBuffer((int)cpu, thread == NoThread ? -1 : (int)thread, streamOffset, start, present);
        return true;
    }

    private static void ReadRecord(SpeTrace trace, PerfRecordType type, ReadOnlySpan<byte> record, long position)
    {
        switch (type)
        {
            case PerfRecordType.Mmap when TryU32(record, 8, out uint process) && TryU64(record, 16, out ulong start) && TryU64(record, 24, out ulong length)
                && TryU64(record, 32, out ulong offset):
                trace.Mappings.Add(new(process, start, length, offset, Text(record, 40)));
                break;
            case PerfRecordType.Mmap2 when TryU32(record, 8, out uint process) && TryU64(record, 16, out ulong start) && TryU64(record, 24, out ulong length)
                && TryU64(record, 32, out ulong offset) && Holds(record, 0, 72):
                trace.Mappings.Add(new(process, start, length, offset, Text(record, 72)));
                break;
            case PerfRecordType.Comm when TryU32(record, 8, out uint process) && TryU32(record, 12, out uint thread):
                trace.Tasks.Add(new(process, thread, Text(record, 16), process));
                break;
            case PerfRecordType.Fork when TryU32(record, 8, out uint process) && TryU32(record, 12, out uint parent) && TryU32(record, 16, out uint thread):
                trace.Tasks.Add(new(process, thread, null, parent));
                break;
            case PerfRecordType.TimeConv when TryU64(record, 8, out ulong shift) && TryU64(record, 16, out ulong multiplier) && TryU64(record, 24, out ulong zero):
                ReadTimeConversion(trace, position, shift, multiplier, zero);
                break;
            case PerfRecordType.AuxtraceInfo when TryU32(record, 8, out uint kind):
                ReadAuxtraceInfo(trace, record, position, kind);
                break;
            case PerfRecordType.Compressed or PerfRecordType.Compressed2:
                trace.Diagnoses.Add(position, "a compressed record (perf record -z) is not read");
                break;
            case PerfRecordType.Mmap or PerfRecordType.Mmap2 or PerfRecordType.Comm or PerfRecordType.Fork or PerfRecordType.TimeConv
                or PerfRecordType.AuxtraceInfo:
                trace.Diagnoses.Add(position, $"a {type} record of {record.Length} bytes is too short");
                break;
        }
    }

    private static void ReadTimeConversion(SpeTrace trace, long position, ulong shift, ulong multiplier, ulong zero)
    {
        if (shift > 63 || multiplier > uint.MaxValue)
        {
            trace.Diagnoses.Add(position, $"a time conversion of multiplier 0x{multiplier:x} and shift {shift} is impossible");
            return;
        }

        trace.Time = new((ushort)shift, (uint)multiplier, zero);
    }

    private static void ReadAuxtraceInfo(SpeTrace trace, ReadOnlySpan<byte> record, long position, uint kind)
    {
        if (kind != PerfDataFormat.ArmSpe)
        {
            trace.Diagnoses.Add(position, $"the AUX data is of type {kind}, not of Arm SPE ({PerfDataFormat.ArmSpe})");
            return;
        }

        // Version 2 (perf 6.13 and later) has a header of four words and then a block for each CPU, of which the fourth word is MIDR_EL1. Version 1 has no MIDR.
        const int Private = 16;
        const ulong CpuMagic = 0x1010_1010_1010_1010;
        for (ulong word = Private; TryU64(record, word, out ulong value) && trace.Midr == 0; word += 8)
        {
            if (value == CpuMagic && TryU64(record, word + 24, out ulong midr))
            {
                trace.Midr = midr;
            }
        }
    }
}
