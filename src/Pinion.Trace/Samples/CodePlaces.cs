using Pinion.Arm.Spe;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Samples;

/// <summary>
/// Numbers for the places in code that samples fell on, from 0. After <see cref="MostPlaces"/> addresses further ones share the number of their function, so that a trace of any size needs bounded memory.
/// Safe for several threads; each asks through a <see cref="Cache"/> of its own.
/// </summary>
public sealed class CodePlaces(SampleSource source)
{
    /// <summary>So many addresses are kept apart.</summary>
    public const int MostPlaces = 1 << 18;

    private readonly object _lock = new();
    private readonly List<CodePlace> _places = [];
    private readonly Dictionary<(ulong Pc, int Space), int> _numbers = [];
    private readonly Dictionary<Location, int> _functions = [];

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _places.Count;
            }
        }
    }

    /// <summary>The place with a number.</summary>
    public CodePlace this[int number]
    {
        get
        {
            lock (_lock)
            {
                return _places[number];
            }
        }
    }

    private int NumberOf(ulong pc, int space)
    {
        lock (_lock)
        {
            if (_numbers.TryGetValue((pc, space), out int number))
            {
                return number;
            }

            CodePlace place = source.Find(pc, space);
            if (_numbers.Count < MostPlaces)
            {
                number = _places.Count;
                _places.Add(place);
                _numbers.Add((pc, space), number);
            }
            else if (!_functions.TryGetValue(place.Location, out number))
            {
                number = _places.Count;
                _places.Add(place with { Pc = place.FunctionStart, ImageAddress = place.ImageAddress - (place.Pc - place.FunctionStart) });
                _functions.Add(place.Location, number);
            }

            return number;
        }
    }

    /// <summary>What one thread asked lately.</summary>
    public sealed class Cache(CodePlaces places)
    {
        private const int MostKnown = 1 << 16;

        private readonly Dictionary<(ulong Pc, int Space), int> _known = [];

        /// <summary>Number of the place of a record, or -1 where it has no PC.</summary>
        public int NumberOf(in SpeRecord record, in SampleOrigin origin)
        {
            if (!record.Has(SpeFields.Pc))
            {
                return -1;
            }

            ulong pc = record.Pc;
            (ulong, int) key = (pc, SymbolResolver.IsKernel(pc) ? SymbolResolver.NoSpace : origin.Space);
            if (!_known.TryGetValue(key, out int number))
            {
                if (_known.Count >= MostKnown)
                {
                    _known.Clear();
                }

                number = places.NumberOf(pc, key.Item2);
                _known.Add(key, number);
            }

            return number;
        }
    }
}
