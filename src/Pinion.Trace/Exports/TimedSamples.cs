using System.Globalization;
using System.Runtime.InteropServices;

namespace Pinion.Trace.Exports;

/// <summary>Samples of one thread at one time in one place.</summary>
/// <param name="Thread">Number of the thread.</param>
/// <param name="Place">Number of the place.</param>
/// <param name="Time">Nanoseconds.</param>
/// <param name="Weight">How much they weigh together.</param>
internal readonly record struct TimedSample(int Thread, int Place, ulong Time, long Weight) : IComparable<TimedSample>
{
    public int CompareTo(TimedSample other)
    {
        int order = Thread.CompareTo(other.Thread);
        order = order != 0 ? order : Time.CompareTo(other.Time);
        return order != 0 ? order : Place.CompareTo(other.Place);
    }
}

/// <summary>
/// Samples by thread and time, of which only so many are held. Where there are more, times become coarser by powers of two, for all samples alike, and those of the same thread, place and time become one
/// with their weight: nothing is lost but the time.
/// </summary>
/// <param name="most">At most so many in the end.</param>
internal sealed class TimedSamples(int most)
{
    private const int FinestOfAll = 63;

    private readonly List<TimedSample> _samples = [];
    private int _shift;

    /// <summary>Times are multiples of so many nanoseconds; 1 where nothing was merged.</summary>
    public ulong Resolution => 1ul << _shift;

    public void Add(in TimedSample sample)
    {
        _samples.Add(sample);
        if (_samples.Count >= 2 * most)
        {
            Merge();
        }
    }

    /// <summary>The samples by thread, time and place.</summary>
    public IReadOnlyList<TimedSample> Finish(ExportRequest request)
    {
        Merge();
        if (_shift > 0)
        {
            request.Note(string.Create(CultureInfo.InvariantCulture, $"the trace has more samples than the output may hold: those of {Resolution / 1e3:0.###} us in the same place are one, with their number as weight"));
        }

        return _samples;
    }

    /// <summary>Makes equal samples one, and times coarser until few enough are left.</summary>
    private void Merge()
    {
        Unite();
        while (_samples.Count > most && _shift < FinestOfAll)
        {
            _shift++;
            Unite();
        }
    }

    private void Unite()
    {
        Span<TimedSample> all = CollectionsMarshal.AsSpan(_samples);
        foreach (ref TimedSample sample in all)
        {
            sample = sample with { Time = sample.Time >> _shift << _shift };
        }

        all.Sort();
        int kept = 0;
        foreach (TimedSample sample in all)
        {
            if (kept > 0 && all[kept - 1].CompareTo(sample) == 0)
            {
                all[kept - 1] = sample with { Weight = all[kept - 1].Weight + sample.Weight };
            }
            else
            {
                all[kept++] = sample;
            }
        }

        _samples.RemoveRange(kept, _samples.Count - kept);
    }
}
