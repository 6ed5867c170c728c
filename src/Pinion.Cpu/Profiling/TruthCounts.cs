namespace Pinion.Cpu.Profiling;

/// <summary>
/// Counts the population by address: what a profile would show if every operation were sampled. Each PE has tables of its own, so vCPU threads do not meet.
/// </summary>
public sealed class TruthCounts : ITruthObserver
{
    private const int InstructionsPerPage = 1024;

    private readonly Table[] _tables;

    /// <summary>Counts for the PEs 0 to <paramref name="pes"/> - 1.</summary>
    public TruthCounts(int pes)
    {
        _tables = [.. Enumerable.Range(0, pes).Select(_ => new Table())];
    }

    /// <summary>Members of the population so far, all PEs together. Only while no PE runs.</summary>
    public ulong Total
    {
        get
        {
            ulong total = 0;
            foreach (TruthCount count in Counts())
            {
                total += count.Count;
            }

            return total;
        }
    }

    /// <inheritdoc/>
    public void Execute(int pe, int el, uint contextId, ulong pc) => _tables[pe].Count(el, contextId, pc);

    /// <summary>What was counted, by Exception level, context and address in ascending order. Only while no PE runs.</summary>
    public IEnumerable<TruthCount> Counts()
    {
        SortedDictionary<(int El, uint ContextId, ulong Pc), ulong> sums = [];
        foreach (Table table in _tables)
        {
            foreach ((PageKey key, ulong[] counts) in table.Pages)
            {
                for (int i = 0; i < counts.Length; i++)
                {
                    if (counts[i] != 0)
                    {
                        var at = (key.El, key.ContextId, key.Page + ((ulong)i << 2));
                        sums[at] = sums.GetValueOrDefault(at) + counts[i];
                    }
                }
            }
        }

        return sums.Select(s => new TruthCount(s.Key.El, s.Key.ContextId, s.Key.Pc, s.Value));
    }

    private readonly record struct PageKey(int El, uint ContextId, ulong Page);

    /// <summary>One PE's counts, a page of code at a time: execution rarely leaves the page it is in.</summary>
    private sealed class Table
    {
        private PageKey _lastKey;
        private ulong[]? _last;

        public Dictionary<PageKey, ulong[]> Pages { get; } = [];

        public void Count(int el, uint contextId, ulong pc)
        {
            ulong page = pc & ~0xFFFUL;
            if (_last is null || page != _lastKey.Page || contextId != _lastKey.ContextId || el != _lastKey.El)
            {
                Select(new PageKey(el, contextId, page));
            }

            _last![(pc & 0xFFF) >> 2]++;
        }

        private void Select(PageKey key)
        {
            if (!Pages.TryGetValue(key, out ulong[]? counts))
            {
                counts = new ulong[InstructionsPerPage];
                Pages.Add(key, counts);
            }

            _lastKey = key;
            _last = counts;
        }
    }
}
