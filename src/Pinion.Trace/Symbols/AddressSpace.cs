namespace Pinion.Trace.Symbols;

/// <summary>
/// What one process had mapped, as it changed: <i>epochs</i>, each a set of disjoint mappings that holds from a moment on. Adding to what was free needs no new epoch, because an address that nothing was
/// mapped at has no other meaning; replacing does, and so does execve.
/// </summary>
internal sealed class AddressSpace
{
    /// <summary>A file may replace mappings without end; from here on they replace each other in the last epoch.</summary>
    private const int MostEpochs = 64;

    /// <summary>All epochs together have at most so many times the mappings that were ever made,</summary>
    private const int MostCopies = 4;

    /// <summary>and so many more: what a real process does is kept whole.</summary>
    private const int FreeCopies = 1 << 12;

    private static readonly Comparer<TraceMapping> s_byStart = Comparer<TraceMapping>.Create((left, right) => left.Start.CompareTo(right.Start));

    private readonly List<(ulong From, TraceMapping[] Mappings)> _epochs = [];
    private int _firstOfItsOwn = int.MaxValue;

    private AddressSpace()
    {
    }

    /// <summary>Mappings of all epochs.</summary>
    public int Size { get; private set; }

    /// <summary>An address space from what happened to it, in order.</summary>
    public static AddressSpace Build(IReadOnlyCollection<(ulong Time, TraceMapping? Mapping)> events)
    {
        long most = FreeCopies + ((long)MostCopies * events.Count);
        var space = new AddressSpace();
        var current = new SortedSet<TraceMapping>(s_byStart);
        ulong from = 0;
        foreach ((ulong time, TraceMapping? mapping) in events)
        {
            // What a child had before it called exec is its parent's, so exec always begins something new.
            if (mapping is null || Overlaps(current, mapping.Value))
            {
                if (time > from && space._epochs.Count < MostEpochs - 1 && space.Size + current.Count <= most)
                {
                    space.AddEpoch(from, current);
                    from = time;
                }

                if (mapping is null)
                {
                    current = new(s_byStart);
                    space._firstOfItsOwn = Math.Min(space._firstOfItsOwn, space._epochs.Count);
                }
            }

            if (mapping is TraceMapping { Length: > 0 } added)
            {
                Replace(current, added);
            }
        }

        space.AddEpoch(from, current);
        return space;
    }

    /// <summary>The epoch that holds at <paramref name="time"/>.</summary>
    public int EpochAt(ulong time)
    {
        int epoch = _epochs.Count - 1;
        while (epoch > 0 && _epochs[epoch].From > time)
        {
            epoch--;
        }

        return epoch;
    }

    /// <summary>When an epoch begins, and when the next one does.</summary>
    public (ulong From, ulong Until) BoundsOf(int epoch) => (_epochs[epoch].From, epoch + 1 < _epochs.Count ? _epochs[epoch + 1].From : ulong.MaxValue);

    /// <summary>The mappings of an epoch, by address.</summary>
    public IReadOnlyList<TraceMapping> MappingsOf(int epoch) => _epochs[epoch].Mappings;

    /// <summary>The process had called execve by then, so nothing in it is its parent's.</summary>
    public bool IsItsOwn(int epoch) => epoch >= _firstOfItsOwn;

    /// <summary>The mapping that holds <paramref name="address"/> in an epoch.</summary>
    public bool TryFind(int epoch, ulong address, out TraceMapping mapping)
    {
        TraceMapping[] mappings = _epochs[epoch].Mappings;
        int count = SortedByStart.CountUpTo<TraceMapping>(mappings, address);

        mapping = count > 0 ? mappings[count - 1] : default;
        return count > 0 && mapping.Contains(address);
    }

    private void AddEpoch(ulong from, SortedSet<TraceMapping> current)
    {
        _epochs.Add((from, [.. current]));
        Size += current.Count;
    }

    private static ulong Last(in TraceMapping mapping) => mapping.Start + Math.Min(mapping.Length - 1, ulong.MaxValue - mapping.Start);

    private static bool Overlaps(SortedSet<TraceMapping> current, in TraceMapping mapping) =>
        mapping.Length > 0 && Touched(current, mapping).Any();

    /// <summary>The mappings that share an address with <paramref name="mapping"/>: at most one that begins before it, and those that begin in it.</summary>
    private static IEnumerable<TraceMapping> Touched(SortedSet<TraceMapping> current, TraceMapping mapping)
    {
        if (mapping.Start > 0)
        {
            // Max of an empty view has no length. Its Count would count the view.
            TraceMapping before = current.GetViewBetween(default, new(0, mapping.Start - 1, 0, 0, "")).Max;
            if (before.Length > 0 && Last(before) >= mapping.Start)
            {
                yield return before;
            }
        }

        foreach (TraceMapping inside in current.GetViewBetween(new(0, mapping.Start, 0, 0, ""), new(0, Last(mapping), 0, 0, "")))
        {
            yield return inside;
        }
    }

    private static void Replace(SortedSet<TraceMapping> current, in TraceMapping added)
    {
        ulong last = Last(added);
        foreach (TraceMapping old in Touched(current, added).ToArray())
        {
            current.Remove(old);
            if (old.Start < added.Start)
            {
                current.Add(old with { Length = added.Start - old.Start });
            }

            if (Last(old) > last)
            {
                ulong cut = last + 1 - old.Start;
                current.Add(old with { Start = last + 1, Length = old.Length - cut, FileOffset = old.FileOffset + cut });
            }
        }

        current.Add(added);
    }
}
