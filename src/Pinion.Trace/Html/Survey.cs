using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Html;

/// <summary>What the parts of a scan have in common.</summary>
internal sealed class SurveyIndex(SampleSource source)
{
    public CodePlaces Places { get; } = new(source);

    public ProcessNumbers Processes { get; } = new();

    public ProfileGrouping Lines { get; } = new(source, new ProfileOptions { By = ProfileBy.CacheLine });

    public ProfileGrouping Pages { get; } = new(source, new ProfileOptions { By = ProfileBy.Page });

    /// <summary>Something has found no number of its own, and which it was depends on the order of the scan.</summary>
    public bool Overflowed => Places.Count >= CodePlaces.MostPlaces || Processes.Overflowed;
}

/// <summary>First pass over a trace: what there is, and how much of it, to choose what is kept apart.</summary>
internal sealed class Survey(SurveyIndex index) : ISampleVisitor
{
    private const int MostContexts = 1 << 17;

    private readonly CodePlaces.Cache _places = new(index.Places);
    private readonly ProcessNumbers.Cache _processes = new(index.Processes);
    private readonly List<long> _samplesByPlace = [];
    private readonly Dictionary<ContextKey, long> _samplesByContext = [];

    /// <summary>Samples by number of the place plus one; those without a PC come first.</summary>
    public IReadOnlyList<long> SamplesByPlace => _samplesByPlace;

    public IReadOnlyDictionary<ContextKey, long> SamplesByContext => _samplesByContext;

    /// <summary>Processes were not told apart any more.</summary>
    public bool Overflowed { get; private set; }

    public ulong First { get; private set; } = ulong.MaxValue;

    public ulong Last { get; private set; }

    public RegionSketch Lines { get; } = new();

    public RegionSketch Pages { get; } = new();

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        int place = _places.NumberOf(record, origin) + 1;
        while (place >= _samplesByPlace.Count)
        {
            _samplesByPlace.Add(0);
        }

        _samplesByPlace[place]++;
        Count(ContextKey.Of(record, origin, _processes));
        if (record.Has(SpeFields.Timestamp))
        {
            First = Math.Min(First, record.Timestamp);
            Last = Math.Max(Last, record.Timestamp);
        }

        GroupKey line = index.Lines.KeyOf(record, origin);
        if (line != GroupKey.None)
        {
            Lines.Add(line, origin.Cpu, record);
            Pages.Add(index.Pages.KeyOf(record, origin), origin.Cpu, record);
        }
    }

    private void Count(ContextKey context)
    {
        if (_samplesByContext.Count >= MostContexts && !_samplesByContext.ContainsKey(context))
        {
            Overflowed = true;
            context = context with { Packed = context.Packed | 0xFFFF_0000 };
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_samplesByContext, context, out _)++;
    }
}
