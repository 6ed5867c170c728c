namespace Pinion.Trace;

/// <summary>Completes a trace that was recorded from outside, which knows nothing of processes, with what others know about the same run.</summary>
public static class TraceMetadata
{
    /// <summary>Two conversions are of one counter when they differ by no more than a rounded multiplier may.</summary>
    private const double SameRate = 1e-4;

    /// <summary>
    /// Adds to <paramref name="trace"/> the mappings, names, switches and facts of <paramref name="other"/>, a trace of the same machine (a perf.data that the guest recorded at the time), and takes its conversion of
    /// time, so that both are on the traced kernel's clock. The records of <paramref name="other"/> are not looked at.
    /// </summary>
    public static void Merge(SpeTrace trace, SpeTrace other)
    {
        bool sameClock = true;
        if (other.Time.Multiplier != 0)
        {
            sameClock = trace.Time.Multiplier == 0 || Math.Abs((NanosecondsPerTick(trace.Time) / NanosecondsPerTick(other.Time)) - 1) < SameRate;
            if (sameClock)
            {
                trace.Time = other.Time;
            }
            else
            {
                trace.Diagnoses.Add(0, "the other trace's counter runs at another rate: its times are not used");
            }
        }

        trace.Mappings.AddRange(other.Mappings.Select(mapping => mapping with { Time = sameClock ? mapping.Time : 0 }));
        trace.Tasks.AddRange(other.Tasks.Select(task => task with { Time = sameClock ? task.Time : 0 }));
        trace.Switches.AddRange(sameClock ? other.Switches : []);
        HashSet<string> known = [.. trace.Facts.Select(fact => fact.Key)];
        trace.Facts.AddRange(other.Facts.Where(fact => !known.Contains(fact.Key)));
        if (trace.KernelSymbols.Count == 0)
        {
            trace.KernelSymbols.AddRange(other.KernelSymbols);
        }

        trace.Midr = trace.Midr == 0 ? other.Midr : trace.Midr;
        trace.Period = trace.Period == 0 ? other.Period : trace.Period;
    }

    /// <summary>
    /// Adds the code that a process had mapped, from the text of its /proc/PID/maps. A process without a name gets the file name of its first mapping, as execve would name it. Lines that are not of the format get
    /// a diagnosis with their offset.
    /// </summary>
    public static void AddProcMaps(SpeTrace trace, uint processId, ReadOnlySpan<byte> text, Diagnoses diagnoses)
    {
        const int LongestName = 15;
        var found = new SpeTrace { Format = "maps", Source = new TraceBytes(default) };
        ProcMaps.Read(processId, text, new TraceBuilder(found), diagnoses);
        if (found.Mappings.Count > 0 && !trace.Tasks.Any(task => task.ThreadId == processId && task.Name is not null))
        {
            string name = found.Mappings[0].Path;
            name = name[(name.LastIndexOf('/') + 1)..];
            trace.Tasks.Add(new(processId, processId, name[..Math.Min(name.Length, LongestName)], processId));
        }

        trace.Mappings.AddRange(found.Mappings);
        foreach (Diagnosis diagnosis in found.Diagnoses.List)
        {
            diagnoses.Add(diagnosis.Offset, diagnosis.Message);
        }
    }

    private static double NanosecondsPerTick(TimeConversion time) => time.Multiplier / Math.Pow(2, time.Shift);
}
