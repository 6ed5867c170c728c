namespace Pinion.Trace.Truth;

/// <summary>
/// Finds samples that walk through a loop in step: with a fixed interval, and a loop that comes to the same place after a few intervals, addresses come back every so many records. One stream's records at a time.
/// </summary>
public sealed class SampleOrder
{
    /// <summary>Returns after so many records are looked for.</summary>
    public const int Longest = 64;

    private readonly ulong[] _last = new ulong[Longest];
    private readonly long[] _same = new long[Longest + 1];
    private readonly long[] _pairs = new long[Longest + 1];
    private int _known;
    private int _at;

    /// <summary>The next record's address.</summary>
    public void Add(ulong pc)
    {
        for (int lag = 1; lag <= _known; lag++)
        {
            _pairs[lag]++;
            _same[lag] += _last[(_at - lag) & (Longest - 1)] == pc ? 1 : 0;
        }

        _last[_at & (Longest - 1)] = pc;
        _at = (_at + 1) & (Longest - 1);
        _known = Math.Min(_known + 1, Longest);
    }

    /// <summary>Adds what another has seen.</summary>
    public void Add(SampleOrder other)
    {
        for (int lag = 1; lag <= Longest; lag++)
        {
            _same[lag] += other._same[lag];
            _pairs[lag] += other._pairs[lag];
        }
    }

    /// <summary>Share of the records whose address is that of <paramref name="lag"/> records before.</summary>
    public double Returning(int lag) => _pairs[lag] == 0 ? 0 : (double)_same[lag] / _pairs[lag];

    /// <summary>The smallest number of records after which at least half of the addresses come back; null where there is none.</summary>
    public int? Cycle
    {
        get
        {
            const double Most = 0.5;
            const int FewestPairs = 32;
            for (int lag = 1; lag <= Longest; lag++)
            {
                if (_pairs[lag] >= FewestPairs && Returning(lag) >= Most)
                {
                    return lag;
                }
            }

            return null;
        }
    }
}
