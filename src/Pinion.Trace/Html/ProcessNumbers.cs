using Pinion.Trace.Samples;

namespace Pinion.Trace.Html;

/// <summary>
/// Small numbers for the threads of a trace and what they were called. Number 0 is nobody's. Safe for several threads; each asks through a <see cref="Cache"/> of its own.
/// </summary>
internal sealed class ProcessNumbers
{
    /// <summary>Number of all for which no other is left.</summary>
    public const int Rest = ushort.MaxValue;

    private readonly object _lock = new();
    private readonly Dictionary<(uint Thread, int Name), int> _numbers = [];
    private readonly List<SampleOrigin> _samples = [default];

    /// <summary>There are more than <see cref="Rest"/>.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>Where a sample of a number is from.</summary>
    public SampleOrigin SampleOf(int number)
    {
        lock (_lock)
        {
            return _samples[number];
        }
    }

    private int NumberOf(uint thread, in SampleOrigin origin)
    {
        lock (_lock)
        {
            if (!_numbers.TryGetValue((thread, origin.Name), out int number))
            {
                number = _samples.Count;
                if (number >= Rest)
                {
                    Overflowed = true;
                    return Rest;
                }

                _samples.Add(origin);
                _numbers.Add((thread, origin.Name), number);
            }

            return number;
        }
    }

    /// <summary>What one thread of the scan asked.</summary>
    public sealed class Cache(ProcessNumbers numbers)
    {
        private readonly Dictionary<(uint Thread, int Name), int> _known = [];
        private (uint? Thread, int Name, int Number) _last;

        public int NumberOf(in SampleOrigin origin)
        {
            if (origin.Thread is not uint thread)
            {
                return 0;
            }

            if (_last.Thread != thread || _last.Name != origin.Name)
            {
                if (!_known.TryGetValue((thread, origin.Name), out int number))
                {
                    number = numbers.NumberOf(thread, origin);
                    if (_known.Count < Rest)
                    {
                        _known.Add((thread, origin.Name), number);
                    }
                }

                _last = (thread, origin.Name, number);
            }

            return _last.Number;
        }
    }
}
