using Pinion.Arm.Spe;

namespace Pinion.Trace.Samples;

/// <summary>Takes a share of the samples of a trace. One object is used by one thread at a time.</summary>
public interface ISampleVisitor
{
    /// <summary>The next sample. Those of one stretch of a stream come in order; stretches come in any order.</summary>
    void Visit(in SpeRecord record, in SampleOrigin origin);
}

/// <summary>Decodes a trace and says of each record whose it is, on several threads where there are several stretches.</summary>
public static class SampleScan
{
    /// <summary>
    /// Hands every record that <paramref name="filter"/> selects to one of the visitors that <paramref name="make"/> makes, and answers them. What each gets depends on the threads' speed; that every record
    /// is visited once does not. Damage is added to the trace's diagnoses.
    /// </summary>
    /// <param name="source">A trace.</param>
    /// <param name="filter">What is selected.</param>
    /// <param name="make">Makes a visitor for a thread.</param>
    /// <param name="threads">At most so many; 0: one for each CPU. With 1, stretches come in the order of the file.</param>
    /// <param name="report">Add what is wrong with the records to the trace's diagnoses: once, however often a trace is read.</param>
    public static IReadOnlyList<TVisitor> Run<TVisitor>(SampleSource source, SampleFilter filter, Func<TVisitor> make, int threads = 0, bool report = true)
        where TVisitor : ISampleVisitor =>
        [.. RecordScan.Run(source.Trace, () => new Attribution<TVisitor>(source, filter, make()), threads, report).Select(one => one.Inner)];

    /// <summary>Address space and name of a thread, and when they hold. Time 0 is unknown, and means the last.</summary>
    private readonly record struct Known(int Space, int Name, ulong From, ulong Until)
    {
        public bool Holds(ulong time) => time == 0 ? Until == ulong.MaxValue : time >= From && time < Until;
    }

    /// <summary>Says whose a record is; remembers the answers, for most records are of the thread before.</summary>
    private sealed class Attribution<TVisitor>(SampleSource source, SampleFilter filter, TVisitor inner) : IRecordVisitor
        where TVisitor : ISampleVisitor
    {
        /// <summary>So many are remembered; a file may have as many as it has records.</summary>
        private const int MostRemembered = 1 << 16;

        private static readonly Known s_nobody = new(Symbols.SymbolResolver.NoSpace, 0, 0, ulong.MaxValue);

        private readonly bool _needsTime = source.Trace.Time.Multiplier != 0;
        private readonly Dictionary<uint, Known> _tasks = [];
        private readonly Dictionary<(ulong Pc, int Space), bool> _functions = [];
        private uint? _lastThread;
        private Known _last = s_nobody;

        public TVisitor Inner { get; } = inner;

        public void Visit(in SpeBuffer buffer, in SpeRecord record)
        {
            if (!filter.Selects(record))
            {
                return;
            }

            ulong time = _needsTime && record.Has(SpeFields.Timestamp) ? source.Trace.Time.ToNanoseconds(record.Timestamp) : 0;
            uint? thread = source.Tasks.ThreadOf(buffer, record, time);
            Known task = TaskAt(thread, time);
            var origin = new SampleOrigin(buffer.Cpu, thread, time, task.Space) { Name = task.Name };
            if (filter.Selects(origin)
                && (filter.Processes is null || filter.SelectsProcess(source, thread, time))
                && (filter.Function is null || (record.Has(SpeFields.Pc) && SelectsFunction(record.Pc, origin.Space))))
            {
                Inner.Visit(record, origin);
            }
        }

        private Known TaskAt(uint? thread, ulong time)
        {
            if (thread != _lastThread || !_last.Holds(time))
            {
                _lastThread = thread;
                if (thread is not uint known)
                {
                    _last = s_nobody;
                }
                else if (!_tasks.TryGetValue(known, out _last) || !_last.Holds(time))
                {
                    int space = source.SpaceAt(thread, time, out (ulong From, ulong Until) mapped);
                    int name = source.Tasks.NameAt(known, time, out (ulong From, ulong Until) called);
                    Remember(_tasks, known, _last = new(space, name, Math.Max(mapped.From, called.From), Math.Min(mapped.Until, called.Until)));
                }
            }

            return _last;
        }

        private bool SelectsFunction(ulong pc, int space)
        {
            if (!_functions.TryGetValue((pc, space), out bool selected))
            {
                Remember(_functions, (pc, space), selected = filter.SelectsFunction(source.Find(pc, space)));
            }

            return selected;
        }

        private static void Remember<TKey, TValue>(Dictionary<TKey, TValue> dictionary, TKey key, TValue value)
            where TKey : notnull
        {
            if (dictionary.Count >= MostRemembered)
            {
                dictionary.Clear();
            }

            dictionary[key] = value;
        }
    }
}
