namespace Pinion.Trace.Html;

/// <summary>Divides the time of a trace into equal parts.</summary>
internal sealed class TimeAxis
{
    private readonly ulong _start;
    private readonly int _shift;

    private TimeAxis(ulong start, int shift, int count) => (_start, _shift, Count) = (start, shift, count);

    /// <summary>Number of a sample without a place in time. The parts count from 1.</summary>
    public const int None = 0;

    /// <summary>Parts; 0 without timestamps.</summary>
    public int Count { get; }

    /// <summary>Timestamp at which part 1 begins.</summary>
    public ulong Start => _start << _shift;

    /// <summary>Counts of the timestamp's clock in a part; 0 where one part is all there is.</summary>
    public ulong Width => _shift < 64 ? 1ul << _shift : 0;

    /// <summary>An axis of at most <paramref name="most"/> parts, each a power of two of counts wide.</summary>
    public static TimeAxis Over(ulong first, ulong last, int most)
    {
        if (first > last)
        {
            return new(0, 0, 0);
        }

        int shift = 0;
        while ((last >> shift) - (first >> shift) >= (ulong)most)
        {
            shift++;
        }

        return new(first >> shift, shift, (int)((last >> shift) - (first >> shift)) + 1);
    }

    /// <summary>Part of a timestamp.</summary>
    public int PartOf(ulong timestamp) => Count == 0 ? None : 1 + (int)Math.Clamp((timestamp >> _shift) - _start, 0, (ulong)Count - 1);

    /// <summary>An axis with parts of twice the width.</summary>
    public TimeAxis Coarser() => new(_start >> 1, _shift + 1, (int)(((_start + (ulong)Count - 1) >> 1) - (_start >> 1)) + 1);

    /// <summary>Part of <see cref="Coarser"/> that part <paramref name="part"/> goes into.</summary>
    public int CoarserPart(int part) => part == None ? None : 1 + (int)(((_start + (ulong)part - 1) >> 1) - (_start >> 1));
}
