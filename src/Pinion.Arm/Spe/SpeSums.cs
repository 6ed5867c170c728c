namespace Pinion.Arm.Spe;

/// <summary>What <see cref="SpeSums"/> adds up.</summary>
public enum SpeQuantity
{
    /// <summary>Records.</summary>
    Operations,

    /// <summary>With event 6: a branch that was not taken, another operation whose condition failed.</summary>
    NotTaken,

    /// <summary>With event 0.</summary>
    Exceptions,

    /// <summary>With event 7. This and all that follow depend on caches, TLBs and predictors; those before, on the program alone.</summary>
    Mispredicted,

    L1DataAccesses,
    L1DataRefills,
    LastLevelAccesses,
    LastLevelMisses,
    TlbAccesses,
    TlbWalks,
    Misaligned,

    /// <summary>Cycles from dispatch to completion.</summary>
    TotalLatency,

    /// <summary>Squares of the same, for a standard deviation.</summary>
    TotalLatencySquares,

    /// <summary>Cycles from dispatch to issue.</summary>
    IssueLatency,

    IssueLatencySquares,

    /// <summary>Records with a translation latency.</summary>
    Translations,

    /// <summary>Cycles of those translations.</summary>
    TranslationLatency,

    TranslationLatencySquares,

    /// <summary>Data source: the L1 data cache, in the encoding of Arm's own cores, as the next three.</summary>
    FromL1Data,

    FromL2,
    FromSystemCache,
    FromDram,

    /// <summary>Every other data source.</summary>
    FromElsewhere,

    /// <summary>How many there are.</summary>
    Count,
}

/// <summary>Sums over records. A latency has 16 bits, so a sum of squares holds four thousand million of the largest.</summary>
/// <param name="outcomes">False: only what the program alone decides is added up, and everything else stays 0.</param>
public sealed class SpeSums(bool outcomes = true)
{
    private readonly ulong[] _values = new ulong[(int)(outcomes ? SpeQuantity.Count : SpeQuantity.Mispredicted)];

    /// <summary>Whether quantities that depend on caches, TLBs and predictors are added up.</summary>
    public bool HasOutcomes => _values.Length == (int)SpeQuantity.Count;

    /// <summary>One sum.</summary>
    public ulong this[SpeQuantity quantity] => (int)quantity < _values.Length ? _values[(int)quantity] : 0;

    /// <summary>Adds one record.</summary>
    public void Add(in SpeRecord record)
    {
        ulong[] values = _values;
        values[(int)SpeQuantity.Operations]++;
        SpeEvents events = record.Has(SpeFields.Events) ? record.Events : SpeEvents.None;
        values[(int)SpeQuantity.NotTaken] += Bit(events, SpeEvents.NotTaken);
        values[(int)SpeQuantity.Exceptions] += Bit(events, SpeEvents.Exception);
        if (!HasOutcomes)
        {
            return;
        }

        values[(int)SpeQuantity.Mispredicted] += Bit(events, SpeEvents.Mispredicted);
        values[(int)SpeQuantity.L1DataAccesses] += Bit(events, SpeEvents.L1DataAccess);
        values[(int)SpeQuantity.L1DataRefills] += Bit(events, SpeEvents.L1DataRefill);
        values[(int)SpeQuantity.LastLevelAccesses] += Bit(events, SpeEvents.LastLevelAccess);
        values[(int)SpeQuantity.LastLevelMisses] += Bit(events, SpeEvents.LastLevelMiss);
        values[(int)SpeQuantity.TlbAccesses] += Bit(events, SpeEvents.TlbAccess);
        values[(int)SpeQuantity.TlbWalks] += Bit(events, SpeEvents.TlbWalk);
        values[(int)SpeQuantity.Misaligned] += Bit(events, SpeEvents.Alignment);
        if (record.Has(SpeFields.TotalLatency))
        {
            AddLatency(SpeQuantity.TotalLatency, record.TotalLatency);
        }

        if (record.Has(SpeFields.IssueLatency))
        {
            AddLatency(SpeQuantity.IssueLatency, record.IssueLatency);
        }

        if (record.Has(SpeFields.TranslationLatency))
        {
            values[(int)SpeQuantity.Translations]++;
            AddLatency(SpeQuantity.TranslationLatency, record.TranslationLatency);
        }

        if (record.Has(SpeFields.DataSource))
        {
            values[(int)SourceQuantity((SpeDataSource)record.DataSource)]++;
        }
    }

    /// <summary>Adds the sums of other records. A sum that is too large for 64 bits stays at the largest number.</summary>
    public void Add(SpeSums other)
    {
        for (int i = 0; i < Math.Min(_values.Length, other._values.Length); i++)
        {
            Add((SpeQuantity)i, other._values[i]);
        }
    }

    /// <summary>Adds to one sum, if it is one that is added up.</summary>
    public void Add(SpeQuantity quantity, ulong value)
    {
        if ((int)quantity < _values.Length)
        {
            _values[(int)quantity] = Saturate(_values[(int)quantity], value);
        }
    }

    /// <summary>The sum of two counts, or the largest number where that is too small for it: files can hold any count.</summary>
    public static ulong Saturate(ulong a, ulong b) => a + b < a ? ulong.MaxValue : a + b;

    /// <summary>Sets all sums to 0.</summary>
    public void Clear() => Array.Clear(_values);

    private static SpeQuantity SourceQuantity(SpeDataSource source) => source switch
    {
        SpeDataSource.L1Data => SpeQuantity.FromL1Data,
        SpeDataSource.L2 => SpeQuantity.FromL2,
        SpeDataSource.SystemCache => SpeQuantity.FromSystemCache,
        SpeDataSource.Dram => SpeQuantity.FromDram,
        _ => SpeQuantity.FromElsewhere,
    };

    /// <summary>The square's sum is the next quantity.</summary>
    private void AddLatency(SpeQuantity quantity, ulong cycles)
    {
        _values[(int)quantity] += cycles;
        _values[(int)quantity + 1] += cycles * cycles;
    }

    private static ulong Bit(SpeEvents events, SpeEvents one) => (events & one) != 0 ? 1u : 0;
}
