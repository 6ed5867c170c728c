namespace Pinion.Trace.Symbols;

/// <summary>The address spaces of a trace's processes. Each is put together when somebody asks for it: a trace may name a million processes, and has samples of few.</summary>
internal sealed class AddressSpaces
{
    /// <summary>Small address spaces are quickly made again; so many are kept.</summary>
    private const int MostSmall = 1 << 12;

    /// <summary>Mappings of a small one.</summary>
    private const int Small = 64;

    /// <summary>Large ones are kept up to so many mappings together.</summary>
    private const int MostInLarge = 1 << 20;

    /// <summary>Mappings that count where a sample tells no process.</summary>
    private const int MostOfAnybody = 1 << 17;

    private readonly SpeTrace _trace;
    private readonly Event[] _events;
    private readonly Dictionary<uint, AddressSpace> _small = [];
    private readonly Dictionary<uint, AddressSpace> _large = [];
    private AddressSpace? _anybody;
    private int _inLarge;

    public AddressSpaces(SpeTrace trace)
    {
        _trace = trace;

        // Without times the order of the file stays, and the name of an exec comes before what it maps.
        _events =
        [
            .. trace.Tasks.Select((task, number) => (task, number)).Where(e => e.task.IsExec).Select(e => new Event(e.task.ProcessId, e.task.Time, e.number)),
            .. trace.Mappings.Select((mapping, number) => new Event(mapping.ProcessId, mapping.Time, trace.Tasks.Count + number)).Where(e => e.Process != uint.MaxValue),
        ];
        Array.Sort(_events);
    }

    /// <summary>What all processes have mapped, later mappings in the place of earlier ones: the last of them, where there are very many.</summary>
    public AddressSpace Anybody => _anybody ??= AddressSpace.Build(
        [.. _trace.Mappings.TakeLast(MostOfAnybody).Where(mapping => mapping.ProcessId != uint.MaxValue).Select(mapping => (0ul, (TraceMapping?)mapping))]);

    /// <summary>The address space of a process; false where nothing is known of it.</summary>
    public bool TryGet(uint process, out AddressSpace space)
    {
        if (_small.TryGetValue(process, out space!) || _large.TryGetValue(process, out space!))
        {
            return true;
        }

        int first = FirstOf(process);
        int end = first;
        while (end < _events.Length && _events[end].Process == process)
        {
            end++;
        }

        if (end == first)
        {
            return false;
        }

        space = AddressSpace.Build(Array.ConvertAll(_events[first..end], e => (e.Time, MappingOf(e))));
        if (space.Size > Small)
        {
            if (_inLarge > MostInLarge)
            {
                _large.Clear();
                _inLarge = 0;
            }

            _large.Add(process, space);
            _inLarge += space.Size;
            return true;
        }

        if (_small.Count >= MostSmall)
        {
            _small.Clear();
        }

        _small.Add(process, space);
        return true;
    }

    private TraceMapping? MappingOf(Event one) => one.Number < _trace.Tasks.Count ? null : _trace.Mappings[one.Number - _trace.Tasks.Count];

    private int FirstOf(uint process)
    {
        int low = 0;
        int high = _events.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _events[middle].Process < process ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Something that changes what a process has mapped.</summary>
    /// <param name="Process">Process.</param>
    /// <param name="Time">When.</param>
    /// <param name="Number">Number of the task that says it calls execve, or, behind all tasks, of the mapping.</param>
    private readonly record struct Event(uint Process, ulong Time, int Number) : IComparable<Event>
    {
        public int CompareTo(Event other)
        {
            int order = Process.CompareTo(other.Process);
            order = order != 0 ? order : Time.CompareTo(other.Time);
            return order != 0 ? order : Number.CompareTo(other.Number);
        }
    }
}
