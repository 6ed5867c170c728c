using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Profiles;

/// <summary>Samples that have something in common.</summary>
/// <param name="Labels">What they have in common, a text for each of <see cref="Profile.Labels"/>.</param>
/// <param name="Counts">Sums over the samples.</param>
public sealed record ProfileRow(IReadOnlyList<string> Labels, ProfileCounts Counts)
{
    /// <summary>Image and function, in a profile by function.</summary>
    public Location Location => new(Labels[0], Labels.Count > 1 ? Labels[1] : "");
}

/// <summary>Samples of a trace by function, or by something else.</summary>
public sealed class Profile
{
    /// <summary>So many rows are kept apart; a trace may have as many addresses as samples. The others share the last row.</summary>
    public const int MostRows = 1 << 17;

    private Profile(ProfileOptions options)
    {
        Options = options;
        Total = new(options.Histograms);
    }

    /// <summary>How it was made.</summary>
    public ProfileOptions Options { get; }

    /// <summary>What the labels of a row are.</summary>
    public IReadOnlyList<string> Labels => ProfileGrouping.Columns(Options.By);

    /// <summary>All samples.</summary>
    public ProfileCounts Total { get; }

    /// <summary>First and last timestamp of any record; null without timestamps.</summary>
    public (ulong First, ulong Last)? Timestamps { get; private set; }

    /// <summary>Those with most samples first, then by name.</summary>
    public IReadOnlyList<ProfileRow> Rows { get; private set; } = [];

    /// <summary>Aggregates all records of <paramref name="trace"/> by function. Damage inside the records is added to the trace's diagnoses.</summary>
    public static Profile Build(SpeTrace trace, SymbolResolver resolver) => Build(new SampleSource(trace, resolver), new ProfileOptions());

    /// <summary>Aggregates the records of a trace. Damage inside the records is added to the trace's diagnoses.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="options">Which records, and what the rows are.</param>
    public static Profile Build(SampleSource source, ProfileOptions options)
    {
        var profile = new Profile(options);
        var grouping = new ProfileGrouping(source, options);
        var counts = new Dictionary<RowLabel, ProfileCounts>();
        foreach (Gathering part in SampleScan.Run(source, options.Filter, () => new Gathering(grouping, options.Histograms, Merge)))
        {
            part.Flush();
            if (part.First <= part.Last)
            {
                (ulong first, ulong last) = profile.Timestamps ?? (part.First, part.Last);
                profile.Timestamps = (Math.Min(first, part.First), Math.Max(last, part.Last));
            }
        }

        int labels = profile.Labels.Count;
        profile.Rows = Sort(counts.Select(row => new ProfileRow(((string[])[row.Key.First, row.Key.Second, row.Key.Third])[..labels], row.Value)));
        return profile;

        void Merge(Dictionary<GroupKey, Group> groups)
        {
            lock (counts)
            {
                foreach ((GroupKey key, Group group) in groups)
                {
                    RowLabel label = grouping.LabelOf(key, group.First);
                    if (!counts.TryGetValue(label, out ProfileCounts? sum))
                    {
                        label = counts.Count < MostRows - 1 ? label : new("[more]", "[more]", "[more]");
                        if (!counts.TryGetValue(label, out sum))
                        {
                            counts.Add(label, sum = new(options.Histograms));
                        }
                    }

                    sum.Add(group.Counts);
                    profile.Total.Add(group.Counts);
                }
            }
        }
    }

    /// <summary>A profile whose rows were made elsewhere, for example by a database.</summary>
    /// <param name="options">How.</param>
    /// <param name="rows">Rows in any order, no two with the same labels.</param>
    /// <param name="timestamps">First and last timestamp; null without timestamps.</param>
    public static Profile Of(ProfileOptions options, IEnumerable<ProfileRow> rows, (ulong First, ulong Last)? timestamps)
    {
        var profile = new Profile(options) { Timestamps = timestamps, Rows = Sort(rows) };
        foreach (ProfileRow row in profile.Rows)
        {
            profile.Total.Add(row.Counts);
        }

        return profile;
    }

    private static IReadOnlyList<ProfileRow> Sort(IEnumerable<ProfileRow> rows) =>
    [
        .. rows.OrderByDescending(row => row.Counts.Samples)
            .ThenBy(row => row.Labels[0], StringComparer.Ordinal)
            .ThenBy(row => row.Labels.ElementAtOrDefault(1), StringComparer.Ordinal)
            .ThenBy(row => row.Labels.ElementAtOrDefault(2), StringComparer.Ordinal),
    ];

    /// <summary>The samples of one key that one thread found.</summary>
    private sealed class Group(bool histograms)
    {
        public SampleOrigin First { get; set; }

        public ProfileCounts Counts { get; } = new(histograms);
    }

    /// <summary>What one thread found.</summary>
    private sealed class Gathering(ProfileGrouping grouping, bool histograms, Action<Dictionary<GroupKey, Group>> merge) : ISampleVisitor
    {
        private readonly int _mostGroups = histograms ? 1 << 14 : 1 << 16;
        private readonly Dictionary<GroupKey, Group> _groups = [];

        /// <summary>Where a trace has more keys than are kept, groups are used again: most of the time went into making and collecting them.</summary>
        private readonly Stack<Group> _free = [];

        public ulong First { get; private set; } = ulong.MaxValue;

        public ulong Last { get; private set; }

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            ref Group? group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, grouping.KeyOf(record, origin), out _);
            if (group is null)
            {
                group = _free.TryPop(out Group? free) ? free : new(histograms);
                group.First = origin;
            }

            group.Counts.Add(record);
            if (record.Has(SpeFields.Timestamp))
            {
                First = Math.Min(First, record.Timestamp);
                Last = Math.Max(Last, record.Timestamp);
            }

            if (_groups.Count >= _mostGroups)
            {
                Flush();
            }
        }

        public void Flush()
        {
            merge(_groups);
            foreach (Group group in _groups.Values)
            {
                group.Counts.Clear();
                _free.Push(group);
            }

            _groups.Clear();
        }
    }
}
