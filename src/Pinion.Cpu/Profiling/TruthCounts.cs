using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Counts the population by operation: what a profile would show if every operation were sampled. Each PE has tables of its own, so vCPU threads do not meet. A guest that has more operations than the tables
/// hold gets the rest of them counted together.
/// </summary>
public sealed class TruthCounts : ITruthObserver
{
    /// <summary>Operations told apart, all PEs together, unless the caller says otherwise.</summary>
    public const int MostOperations = 1 << 21;

    private readonly Table[] _tables;

    /// <summary>Counts for the PEs 0 to <paramref name="pes"/> - 1.</summary>
    /// <param name="pes">How many PEs there are.</param>
    /// <param name="most">Operations to tell apart.</param>
    public TruthCounts(int pes, int most = MostOperations)
    {
        _tables = [.. Enumerable.Range(0, pes).Select(_ => new Table(most / pes))];
    }

    /// <summary>Members of the population so far, all PEs together. Only while no PE runs.</summary>
    public ulong Total => Uncounted + Counts().Aggregate(0ul, (sum, count) => sum + count.Sums[SpeQuantity.Operations]);

    /// <summary>Members of the population that <see cref="Counts"/> leaves out, because the tables were full.</summary>
    public ulong Uncounted => _tables.Aggregate(0ul, (sum, table) => sum + table.Uncounted);

    /// <summary>The timing model sees every operation, so its outcomes are counted.</summary>
    public bool HasOutcomes => Array.TrueForAll(_tables, table => table.HasOutcomes);

    /// <summary>Which operations feed the timing model; null before a PE is made.</summary>
    public TimingMode? Timing => _tables[0].Timing;

    /// <summary>What the profiling units implement; null before a PE is made.</summary>
    public SpeProfile? Profile => _tables[0].Unit?.Profile;

    /// <inheritdoc/>
    public void Attach(int pe, Spu unit, TimingMode timing) => _tables[pe].Attach(unit, timing);

    /// <inheritdoc/>
    public void Execute(int pe, uint contextId, in SpeRecord operation) => _tables[pe].Find(contextId, operation)?.Sums.Add(operation);

    /// <inheritdoc/>
    public void Select(int pe, uint contextId, in SpeRecord operation, SampleFate fate) => _tables[pe].Select(contextId, operation, fate);

    /// <summary>What was counted, by Exception level, context, address and operation in ascending order. Only while no PE runs.</summary>
    public IEnumerable<TruthCount> Counts()
    {
        List<TruthCount> counts = [.. _tables.SelectMany(table => table.Counts())];
        counts.Sort(static (a, b) => Key(a).CompareTo(Key(b)));
        for (int i = 0; i < counts.Count;)
        {
            TruthCount one = counts[i++];
            if (i < counts.Count && Key(counts[i]) == Key(one))
            {
                var sum = new TruthCount(one.El, one.ContextId, one.Pc, one.OperationClass, one.Operation, one.Sums.HasOutcomes);
                sum.Add(one);
                for (; i < counts.Count && Key(counts[i]) == Key(one); i++)
                {
                    sum.Add(counts[i]);
                }

                one = sum;
            }

            yield return one;
        }
    }

    /// <summary>How the units were set when they selected operations, with how many those were, by process. Only while no PE runs.</summary>
    public IEnumerable<(TruthSetting Setting, ulong Selected)> Settings() => _tables
        .SelectMany(table => table.Settings)
        .GroupBy(entry => entry.Key, (setting, entries) => (setting, entries.Aggregate(0ul, (sum, entry) => sum + entry.Value)))
        .OrderBy(entry => (entry.setting.ContextId, entry.setting.Interval.Value, entry.setting.Filters.Value));

    /// <summary>What each unit did. Only while no PE runs.</summary>
    public IEnumerable<TruthUnit> Units() => _tables
        .Select((table, pe) => (table, pe))
        .Where(entry => entry.table.Unit is not null)
        .Select(entry => new TruthUnit(entry.pe, entry.table.Unit!.SamplePop, entry.table.Unit.SampleStopped, entry.table.Fates));

    private static (int, uint, ulong, SpeOperationClass, byte) Key(TruthCount count) => (count.El, count.ContextId, count.Pc, count.OperationClass, count.Operation);

    private readonly record struct PageKey(int El, uint ContextId, ulong Page);

    /// <summary>One PE's counts, a page of code at a time: execution rarely leaves the page it is in.</summary>
    private sealed class Table(int most)
    {
        private const int InstructionsPerPage = 1024;

        // A page costs as much as 128 operations; code that touches less of each page than that is not code that anybody profiles.
        private const int OperationsPerPage = 128;
        private const int MostSettings = 4096;

        private readonly Dictionary<PageKey, TruthCount?[]> _pages = [];
        private PageKey _lastKey;
        private TruthCount?[]? _last;
        private int _operations;

        public Spu? Unit { get; private set; }

        public TimingMode? Timing { get; private set; }

        public bool HasOutcomes => Timing is { IsFull: true };

        public ulong Uncounted { get; private set; }

        public SampleFates Fates { get; } = new();

        public Dictionary<TruthSetting, ulong> Settings { get; } = [];

        public void Attach(Spu unit, TimingMode timing)
        {
            Unit = unit;
            Timing = timing;
        }

        public void Select(uint contextId, in SpeRecord operation, SampleFate fate)
        {
            Fates[fate]++;
            Lookup(contextId, operation)?.Met(fate);
            var setting = new TruthSetting(contextId, new(Unit!.Read(SysRegId.PMSIRR_EL1)), new(Unit.Read(SysRegId.PMSFCR_EL1)));
            if (Settings.Count < MostSettings || Settings.ContainsKey(setting))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(Settings, setting, out _)++;
            }
        }

        public IEnumerable<TruthCount> Counts()
        {
            foreach (TruthCount?[] page in _pages.Values)
            {
                foreach (TruthCount? first in page)
                {
                    for (TruthCount? count = first; count is not null; count = count.Next)
                    {
                        yield return count;
                    }
                }
            }
        }

        /// <summary>Where an operation is to be counted; null where there is no more room, and it is counted with the others that have none.</summary>
        public TruthCount? Find(uint contextId, in SpeRecord operation)
        {
            TruthCount? found = Lookup(contextId, operation) ?? Add(contextId, operation);
            if (found is null)
            {
                Uncounted++;
            }

            return found;
        }

        private TruthCount? Lookup(uint contextId, in SpeRecord operation)
        {
            ulong pc = operation.Pc;
            int el = operation.ExceptionLevel;
            ulong page = pc & ~0xFFFUL;
            if (_last is null || page != _lastKey.Page || contextId != _lastKey.ContextId || el != _lastKey.El)
            {
                var key = new PageKey(el, contextId, page);
                if (!_pages.TryGetValue(key, out TruthCount?[]? counts))
                {
                    return null;
                }

                _lastKey = key;
                _last = counts;
            }

            TruthCount? count = _last[(pc & 0xFFF) >> 2];
            while (count is not null && !count.Is(operation.OperationClass, operation.Operation))
            {
                count = count.Next;
            }

            return count;
        }

        private TruthCount? Add(uint contextId, in SpeRecord operation)
        {
            if (_operations >= most)
            {
                return null;
            }

            ulong pc = operation.Pc;
            int el = operation.ExceptionLevel;
            ref TruthCount?[]? page = ref CollectionsMarshal.GetValueRefOrAddDefault(_pages, new PageKey(el, contextId, pc & ~0xFFFUL), out bool exists);
            if (!exists)
            {
                page = new TruthCount?[InstructionsPerPage];
                _operations += OperationsPerPage;
            }

            ref TruthCount? first = ref page![(pc & 0xFFF) >> 2];
            _operations++;
            return first = new TruthCount(el, contextId, pc, operation.OperationClass, operation.Operation, HasOutcomes) { Next = first };
        }
    }
}
