using System.Globalization;
using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>Reads where AUX data comes from (AUXTRACE_INFO) and where it lies (AUXTRACE).</summary>
internal sealed class AuxtraceReader(TraceBuilder builder)
{
    private const int Private = 16;
    private const uint NoNumber = uint.MaxValue;

    /// <summary>Version 1 of the metadata has no version: it is two words, version 2 (perf 6.13 and later) has four and then some for each CPU.</summary>
    private const int VersionOneSize = Private + 16;

    private bool _isOther;
    private bool _isSpe;

    /// <summary>PMU of the profiling unit, as in the attributes of its event; null before the metadata.</summary>
    public ulong? PmuType { get; private set; }

    public void ReadInfo(long position, ReadOnlySpan<byte> record)
    {
        if (!TryU32(record, 8, out uint kind))
        {
            builder.Trace.Diagnoses.Add(position, $"an AUXTRACE_INFO record of {record.Length} bytes is too short");
            return;
        }

        if (kind != PerfDataFormat.ArmSpe)
        {
            builder.Trace.Diagnoses.Add(position, $"the AUX data is of type {kind}, not of Arm SPE ({PerfDataFormat.ArmSpe})");
            _isOther = !_isSpe;
            return;
        }

        _isSpe = true;

        if (record.Length <= VersionOneSize)
        {
            PmuType = TryU64(record, Private, out ulong type) ? type : null;
            return;
        }

        PmuType = TryU64(record, Private + 16, out ulong pmu) ? pmu : null;
        ReadCpus(position, record);
    }

    /// <summary>Takes note of the data behind an AUXTRACE record, and answers how many bytes it is.</summary>
    /// <param name="position">Where the record lies.</param>
    /// <param name="record">The record, whole.</param>
    /// <param name="end">Where the records end.</param>
    public ulong ReadData(ulong position, ReadOnlySpan<byte> record, ulong end)
    {
        TryU64(record, 8, out ulong size);
        TryU64(record, 16, out ulong streamOffset);
        TryU32(record, 36, out uint thread);
        TryU32(record, 40, out uint cpu);
        ulong start = position + (ulong)record.Length;
        ulong payload = Math.Min(size, (ulong)builder.Trace.Source.Length - start);
        if (payload < size)
        {
            // Where the number is damaged, the data ends where other records begin.
            payload = DamagedFile.FindParts(builder.Trace.Source, start, end, PerfRecords.PlausibleSize) - start ?? payload;
            builder.Trace.Diagnoses.Add((long)position, $"an AUXTRACE record of {size} bytes has only {payload}");
        }

        if (!_isOther)
        {
            builder.AddBuffer((long)position, Number(cpu), Number(thread), streamOffset, start, payload);
        }

        return payload;

        static int Number(uint value) => value <= int.MaxValue ? (int)value : -1;
    }

    /// <summary>Each CPU has a block: magic, CPU, number of words that follow, MIDR_EL1, PMU, shortest interval and, in later versions, the events that can be filtered.</summary>
    private void ReadCpus(long position, ReadOnlySpan<byte> record)
    {
        const int BlockHeader = 24;
        const ulong NoPmu = uint.MaxValue;
        var units = new SortedDictionary<string, List<ulong>>(StringComparer.Ordinal);
        TryU64(record, Private + 24, out ulong count);
        ulong at = Private + 32;
        for (ulong i = 0; i < count; i++)
        {
            if (!TryU64(record, at, out ulong magic) || magic != PerfDataFormat.CpuBlock || !TryU64(record, at + 8, out ulong cpu) || !TryU64(record, at + 16, out ulong parameters)
                || parameters > (ulong)record.Length)
            {
                builder.Trace.Diagnoses.Add(position + (long)at, $"the metadata of AUX data has {i} CPUs, not {count}");
                break;
            }

            if (TryU64(record, at + BlockHeader, out ulong midr) && TryU64(record, at + BlockHeader + 8, out ulong pmu) && TryU64(record, at + BlockHeader + 16, out ulong interval)
                && (uint)pmu != NoPmu)
            {
                // Where the kinds of CPU differ, the first that has a profiling unit speaks for all.
                builder.Trace.Midr = units.Count == 0 ? midr : builder.Trace.Midr;
                string unit = string.Create(CultureInfo.InvariantCulture, $"MIDR_EL1 0x{midr:x}, interval from {interval}");
                unit = parameters > 3 && TryU64(record, at + BlockHeader + 24, out ulong events) ? string.Create(CultureInfo.InvariantCulture, $"{unit}, event filter 0x{events:x}") : unit;
                (units.TryGetValue(unit, out List<ulong>? cpus) ? cpus : units[unit] = []).Add(cpu);
            }

            at += BlockHeader + (8 * parameters);
        }

        foreach ((string unit, List<ulong> cpus) in units)
        {
            builder.AddFact(position, TraceFacts.ProfilingUnit, $"CPU {string.Join(", ", cpus)}: {unit}");
        }
    }
}
