using Pinion.Arm.Spe;

namespace Pinion.Trace.Samples;

/// <summary>
/// Who ran: names of threads over time, and whose records are on a CPU where the records themselves do not tell. perf does the same (Context packets first, then the thread of the stream, then context
/// switches). Safe for several threads.
/// </summary>
public sealed class TaskTable
{
    private const int MostGenerations = 16;

    private readonly Dictionary<uint, List<(ulong Time, string Name)>> _names = [];
    private readonly Dictionary<uint, uint> _processOfThread = [];
    private readonly Dictionary<uint, (uint Process, ulong Time)> _parents = [];
    private readonly Dictionary<int, (ulong[] Times, uint[] Threads)> _switches;

    public TaskTable(SpeTrace trace)
    {
        foreach (TraceTask task in trace.Tasks)
        {
            _processOfThread[task.ThreadId] = task.ProcessId;
            if (task.ParentProcessId != task.ProcessId)
            {
                _parents[task.ProcessId] = (task.ParentProcessId, task.Time == 0 ? ulong.MaxValue : task.Time);
            }

            if (task.Name is not null)
            {
                if (!_names.TryGetValue(task.ThreadId, out List<(ulong, string)>? names))
                {
                    _names.Add(task.ThreadId, names = []);
                }

                names.Add((task.Time, task.Name));
            }
        }

        foreach (uint thread in _names.Keys)
        {
            _names[thread] = [.. _names[thread].OrderBy(name => name.Time)];
        }

        _switches = trace.Switches.GroupBy(change => change.Cpu).ToDictionary(
            cpu => cpu.Key,
            cpu =>
            {
                TraceSwitch[] changes = [.. cpu.OrderBy(change => change.Time)];
                return (changes.Select(change => change.Time).ToArray(), changes.Select(change => change.ThreadId).ToArray());
            });
    }

    /// <summary>Threads whose names are known.</summary>
    public IEnumerable<uint> Threads => _names.Keys;

    /// <summary>Thread of a record; null where nothing tells.</summary>
    /// <param name="buffer">Where the record is from.</param>
    /// <param name="record">The record.</param>
    /// <param name="time">Its time in nanoseconds; 0 where unknown.</param>
    public uint? ThreadOf(in SpeBuffer buffer, in SpeRecord record, ulong time)
    {
        if (RecordScan.ThreadOf(buffer, record) is uint thread)
        {
            return thread;
        }

        if (time == 0 || !_switches.TryGetValue(buffer.Cpu, out (ulong[] Times, uint[] Threads) changes))
        {
            return null;
        }

        int next = Array.BinarySearch(changes.Times, time);
        next = next >= 0 ? next + 1 : ~next;
        while (next < changes.Times.Length && changes.Times[next] == time)
        {
            next++;
        }

        return next == 0 ? null : changes.Threads[next - 1];
    }

    /// <summary>Process (thread group) of a thread; the thread's own number where nothing is known.</summary>
    public uint ProcessOf(uint threadId) => _processOfThread.GetValueOrDefault(threadId, threadId);

    /// <summary>Name of a thread at a time, as Linux's comm: its own, or what it inherited; null where unknown.</summary>
    /// <param name="threadId">Thread.</param>
    /// <param name="time">Nanoseconds; 0 where unknown, which gives the last name.</param>
    public string? NameOf(uint threadId, ulong time)
    {
        if (time == 0)
        {
            time = ulong.MaxValue;
        }

        string? first = null;
        for (int generation = 0; generation < MostGenerations; generation++)
        {
            if (_names.TryGetValue(threadId, out List<(ulong Time, string Name)>? names))
            {
                int last = names.FindLastIndex(name => name.Time <= time);
                if (last >= 0)
                {
                    return names[last].Name;
                }

                first ??= names[0].Name;
            }

            uint process = ProcessOf(threadId);
            if (process != threadId)
            {
                threadId = process;
            }
            else if (_parents.TryGetValue(process, out (uint Process, ulong Time) parent))
            {
                (threadId, time) = (parent.Process, Math.Min(time, parent.Time));
            }
            else
            {
                break;
            }
        }

        return first ?? (threadId == 0 ? "swapper" : null);
    }
}
