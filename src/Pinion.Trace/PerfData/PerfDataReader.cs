using System.Globalization;

namespace Pinion.Trace.PerfData;

/// <summary>
/// Reads what a perf.data file knows about SPE: AUX data, mappings, names, switches, losses, the counter's conversion, and what was recorded how (docs/perf-data.md). Files of little-endian
/// machines and what `perf record -o -` pipes are understood; a damaged file is read as far as it goes, with diagnoses.
/// </summary>
public static class PerfDataReader
{
    /// <summary>Whether the file starts as a perf.data file does, of whichever machine and version, or almost.</summary>
    public static bool IsPerfData(ReadOnlySpan<byte> file) =>
        DamagedFile.IsNearly(file, PerfDataFormat.Magic) || file.StartsWith(PerfDataFormat.BigEndianMagic) || file.StartsWith(PerfDataFormat.OldMagic);

    /// <summary>Reads a whole file. Every input gives a trace.</summary>
    public static SpeTrace Read(TraceBytes bytes)
    {
        var trace = new SpeTrace { Format = "perf.data", Source = bytes };
        if (!bytes.TryU64(8, out ulong headerSize))
        {
            trace.Diagnoses.Add(0, "the perf.data header is missing or cut");
            return trace;
        }

        ReadOnlySpan<byte> magic = bytes.Span(0, PerfDataFormat.Magic.Length);
        if (!magic.SequenceEqual(PerfDataFormat.Magic))
        {
            trace.Diagnoses.Add(0, magic.SequenceEqual(PerfDataFormat.BigEndianMagic) ? "a perf.data file of a big-endian machine is not read"
                : magic.SequenceEqual(PerfDataFormat.OldMagic) ? "a perf.data file of version 1, from before Linux 3.1, is not read"
                : "the magic number of perf.data is damaged");
            if (!DamagedFile.IsNearly(magic, PerfDataFormat.Magic))
            {
                return trace;
            }
        }

        var builder = new TraceBuilder(trace);
        var events = new PerfEvents();
        var buildIds = new PerfBuildIds(builder);
        var features = new PerfFeatures(builder, buildIds);
        var auxtrace = new AuxtraceReader(builder);
        var records = new PerfRecords(builder, events, features, buildIds, auxtrace);
        ulong start = PerfDataFormat.PipeHeaderSize;
        ulong end = (ulong)bytes.Length;
        if (headerSize != start && !TryReadHeader(trace, events, features, ref start, ref end))
        {
            return trace;
        }

        records.Read(start, end);

        buildIds.Apply(trace);
        AddSettings(builder, events, auxtrace.PmuType);
        return trace;
    }

    /// <summary>Reads the header of a file, and what it leads to; where the records are, too. False where there is nothing.</summary>
    private static bool TryReadHeader(SpeTrace trace, PerfEvents events, PerfFeatures features, ref ulong start, ref ulong end)
    {
        TraceBytes bytes = trace.Source;
        bytes.TryU64(8, out ulong headerSize);
        if (headerSize < PerfDataFormat.HeaderSize || !bytes.Holds(0, PerfDataFormat.HeaderSize))
        {
            trace.Diagnoses.Add(8, $"a perf.data header of {headerSize} bytes does not fit");
        }

        if (headerSize != PerfDataFormat.HeaderSize && DamagedFile.ArePartsAt(bytes, start, end, PerfRecords.PlausibleSize))
        {
            // It is what perf pipes; only the number is damaged.
            return true;
        }

        if (!bytes.Holds(0, PerfDataFormat.HeaderSize))
        {
            return false;
        }

        bytes.TryU64(40, out start);
        bytes.TryU64(48, out ulong size);
        ReadEvents(trace, events);
        if (size == 0)
        {
            // perf writes the size when it ends; until then the records go on to the end of the file.
            trace.Diagnoses.Add(48, "the data section has no size; perf record was killed");
        }
        else if (!bytes.Holds(start, size))
        {
            trace.Diagnoses.Add(40, $"the data section, 0x{size:x} bytes at 0x{start:x}, goes beyond the end of the file");
        }
        else
        {
            end = start + size;
            ReadFeatures(trace, features, end);
        }

        if (PerfRecords.PlausibleSize(bytes, start) == 0 && DamagedFile.FindParts(bytes, PerfDataFormat.HeaderSize, end, PerfRecords.PlausibleSize) is ulong first)
        {
            trace.Diagnoses.Add(40, $"no record begins at 0x{start:x}, where the data section does; reading goes on at 0x{first:x}");
            start = first;
        }

        return true;
    }

    private static void ReadEvents(SpeTrace trace, PerfEvents events)
    {
        TraceBytes bytes = trace.Source;
        bytes.TryU64(16, out ulong entrySize);
        bytes.TryU64(24, out ulong offset);
        bytes.TryU64(32, out ulong size);
        const int Ids = 16;
        if (!bytes.Holds(offset, size) || (size > 0 && (entrySize < PerfDataFormat.SmallestAttr + Ids || entrySize > size)))
        {
            trace.Diagnoses.Add(16, $"event attributes, 0x{size:x} bytes at 0x{offset:x} in entries of {entrySize}, do not fit");
            return;
        }

        for (ulong at = offset; at - offset < size && size - (at - offset) >= entrySize; at += entrySize)
        {
            ReadOnlySpan<byte> attr = bytes.Span(at, (int)Math.Min(entrySize - Ids, PerfDataFormat.LongestAttr));
            bytes.TryU64(at + entrySize - Ids, out ulong idOffset);
            bytes.TryU64(at + entrySize - Ids + 8, out ulong idSize);
            if (!bytes.Holds(idOffset, idSize))
            {
                trace.Diagnoses.Add((long)at, $"the identifiers of an event, 0x{idSize:x} bytes at 0x{idOffset:x}, lie outside the file");
                idSize = 0;
            }

            if (!events.Add(trace, (long)at, attr, bytes.Span(idSize == 0 ? 0 : idOffset, (int)Math.Min(idSize, int.MaxValue))))
            {
                return;
            }
        }
    }

    private static void ReadFeatures(SpeTrace trace, PerfFeatures features, ulong table)
    {
        TraceBytes bytes = trace.Source;
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

            features.Read((PerfFeature)feature, (long)offset, bytes.Span(offset, (int)Math.Min(size, int.MaxValue)));
            table += 16;
        }
    }

    /// <summary>Says how the profiling unit was set, when it is known which event is its.</summary>
    private static void AddSettings(TraceBuilder builder, PerfEvents events, ulong? pmuType)
    {
        foreach (PerfEvent one in events.List.Where(one => one.Type == pmuType))
        {
            builder.Trace.Period = builder.Trace.Period == 0 && !one.Flags.HasFlag(PerfAttrFlags.Frequency) ? one.Period : builder.Trace.Period;
            builder.AddFact(0, TraceFacts.Settings, SpeEventFormat.Text(one.Config));
        }

        if (events.HasOtherClock)
        {
            builder.AddFact(0, TraceFacts.Clock, events.List.Where(one => one.Flags.HasFlag(PerfAttrFlags.UseClockId)).Select(one => ClockName(one.ClockId)).First());
        }
    }

    /// <summary>Names of clockid_t (time.h).</summary>
    private static string ClockName(uint clock) => clock switch
    {
        0 => "CLOCK_REALTIME",
        1 => "CLOCK_MONOTONIC",
        4 => "CLOCK_MONOTONIC_RAW",
        7 => "CLOCK_BOOTTIME",
        11 => "CLOCK_TAI",
        _ => string.Create(CultureInfo.InvariantCulture, $"clock {clock}"),
    };
}
