using System.Runtime.InteropServices;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Samples;

/// <summary>
/// Who ran: names of threads over time, and whose records are on a CPU where the records themselves do not tell. perf does the same (Context packets first, then context switches, then
/// the thread that was recorded). Safe for several threads.
/// </summary>
public sealed class TaskTable
{
    private const int MostGenerations = 16;

    private const int NoName = 0;

    /// <summary>Linux's idle threads, which no record names.</summary>
    private const int Idle = 1;

    private readonly List<string?> _texts = [null, "swapper"];
    private readonly Naming[] _names;
    private readonly Dictionary<uint, uint> _processOfThread = [];
    private readonly Dictionary<uint, (uint Process, ulong Time)> _parents = [];
    private readonly Dictionary<int, (ulong[] Times, uint[] Threads)> _switches;

    public TaskTable(SpeTrace trace)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new List<Naming>();
        foreach (TraceTask task in trace.Tasks)
        {
            if (task.ThreadId == task.ProcessId)
            {
                _processOfThread.Remove(task.ThreadId);
            }
            else
            {
                _processOfThread[task.ThreadId] = task.ProcessId;
            }

            if (task.ParentProcessId != task.ProcessId)
            {
                _parents[task.ProcessId] = (task.ParentProcessId, task.Time == 0 ? ulong.MaxValue : task.Time);
            }

            if (task.Name is not null)
            {
                if (!numbers.TryGetValue(task.Name, out int number))
                {
                    numbers.Add(task.Name, number = _texts.Count);
                    _texts.Add(task.Name);
                }

                names.Add(new(task.ThreadId, task.Time, names.Count, number));
            }
        }

        _names = [.. names];
        Array.Sort(_names);
        _switches = SwitchesByCpu(trace.Switches);
    }

    /// <summary>Thread of a record; null where nothing tells.</summary>
    /// <param name="buffer">Where the record is from.</param>
    /// <param name="record">The record.</param>
    /// <param name="time">Its time in nanoseconds; 0 where unknown.</param>
    public uint? ThreadOf(in SpeBuffer buffer, in SpeRecord record, ulong time)
    {
        uint? thread = RecordScan.ThreadOf(buffer, record);
        bool isTold = buffer.Cpu < 0 || (record.Fields & (SpeFields.ContextEl1 | SpeFields.ContextEl2)) != 0;

        // A CPU's stream may name the thread that was recorded, but its children are in it, too: switches know better.
        if (isTold || time == 0 || !_switches.TryGetValue(buffer.Cpu, out (ulong[] Times, uint[] Threads) changes))
        {
            return thread;
        }

        int next = Array.BinarySearch(changes.Times, time);
        next = next >= 0 ? next + 1 : ~next;
        while (next < changes.Times.Length && changes.Times[next] == time)
        {
            next++;
        }

        return next == 0 ? thread : changes.Threads[next - 1];
    }

    /// <summary>Process (thread group) of a thread; the thread's own number where nothing is known.</summary>
    public uint ProcessOf(uint threadId) => _processOfThread.GetValueOrDefault(threadId, threadId);

    /// <summary>Name of a thread at a time, as Linux's comm: its own, or what it inherited; null where unknown.</summary>
    /// <param name="threadId">Thread.</param>
    /// <param name="time">Nanoseconds; 0 where unknown, which gives the last name.</param>
    public string? NameOf(uint threadId, ulong time) => NameText(NameAt(threadId, time, out _));

    /// <summary>The name behind a number of <see cref="NameAt"/>; null where unknown.</summary>
    public string? NameText(int number) => _texts[number];

    /// <summary>Number of what <see cref="NameOf"/> answers: the same number is the same name; 0 where the trace does not tell.</summary>
    /// <param name="threadId">Thread.</param>
    /// <param name="time">Nanoseconds; 0 where unknown, which gives the last name.</param>
    /// <param name="holds">From when (inclusive) to when (exclusive) the answer is the same.</param>
    public int NameAt(uint threadId, ulong time, out (ulong From, ulong Until) holds)
    {
        holds = (0, ulong.MaxValue);
        if (time == 0)
        {
            time = ulong.MaxValue;
        }

        int first = NoName;
        bool fixedSince = false;
        for (int generation = 0; generation < MostGenerations; generation++)
        {
            ReadOnlySpan<Naming> names = NamesOf(threadId);
            if (names.Length > 0)
            {
                int next = FirstAfter(names, time);
                if (!fixedSince)
                {
                    holds = (next == 0 ? holds.From : Math.Max(holds.From, names[next - 1].Time), next == names.Length ? holds.Until : Math.Min(holds.Until, names[next].Time));
                }

                if (next > 0)
                {
                    return names[next - 1].Name;
                }

                first = first == NoName ? names[0].Name : first;
            }

            uint process = ProcessOf(threadId);
            if (process != threadId)
            {
                threadId = process;
            }
            else if (_parents.TryGetValue(process, out (uint Process, ulong Time) parent))
            {
                // What the parent was called at the fork stays; what it was called before may have been another name.
                if (!fixedSince)
                {
                    fixedSince = time >= parent.Time;
                    holds = fixedSince ? (Math.Max(holds.From, parent.Time), holds.Until) : (holds.From, Math.Min(holds.Until, parent.Time));
                }

                (threadId, time) = (parent.Process, Math.Min(time, parent.Time));
            }
            else
            {
                break;
            }
        }

        return first == NoName && threadId == 0 ? Idle : first;
    }

    private static int FirstAfter(ReadOnlySpan<Naming> names, ulong time)
    {
        int low = 0;
        int high = names.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = names[middle].Time <= time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Times and threads of each CPU, in the order of time, and of the file at one time.</summary>
    private static Dictionary<int, (ulong[] Times, uint[] Threads)> SwitchesByCpu(List<TraceSwitch> switches)
    {
        var counts = new Dictionary<int, int>();
        foreach (TraceSwitch change in switches)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, change.Cpu, out _)++;
        }

        var byCpu = counts.ToDictionary(cpu => cpu.Key, cpu => (Times: new ulong[cpu.Value], Threads: new uint[cpu.Value]));
        foreach (TraceSwitch change in switches)
        {
            (ulong[] times, uint[] threads) = byCpu[change.Cpu];
            int next = times.Length - counts[change.Cpu]--;
            (times[next], threads[next]) = (change.Time, change.ThreadId);
        }

        foreach ((int cpu, (ulong[] times, uint[] threads)) in byCpu)
        {
            // perf writes a CPU's records in order, unless it is told not to.
            bool isSorted = true;
            for (int i = 1; i < times.Length && isSorted; i++)
            {
                isSorted = times[i - 1] <= times[i];
            }

            if (!isSorted)
            {
                int[] order = [.. Enumerable.Range(0, times.Length).OrderBy(i => times[i])];
                byCpu[cpu] = (Array.ConvertAll(order, i => times[i]), Array.ConvertAll(order, i => threads[i]));
            }
        }

        return byCpu;
    }

    private ReadOnlySpan<Naming> NamesOf(uint thread)
    {
        int first = FirstFrom(thread);
        return _names.AsSpan(first, (thread == uint.MaxValue ? _names.Length : FirstFrom(thread + 1)) - first);
    }

    /// <summary>The first name of a thread, or of those behind it.</summary>
    private int FirstFrom(uint thread)
    {
        int low = 0;
        int high = _names.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _names[middle].Thread < thread ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>A name that a thread took.</summary>
    /// <param name="Thread">Thread.</param>
    /// <param name="Time">When.</param>
    /// <param name="Order">Order of the file.</param>
    /// <param name="Name">Number of the name.</param>
    private readonly record struct Naming(uint Thread, ulong Time, int Order, int Name) : IComparable<Naming>
    {
        public int CompareTo(Naming other)
        {
            int order = Thread.CompareTo(other.Thread);
            order = order != 0 ? order : Time.CompareTo(other.Time);
            return order != 0 ? order : Order.CompareTo(other.Order);
        }
    }
}
