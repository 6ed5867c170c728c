using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Profiles;

/// <summary>Samples of one function.</summary>
/// <param name="Location">The function.</param>
/// <param name="Counts">Sums over its samples.</param>
public sealed record ProfileRow(Location Location, ProfileCounts Counts);

/// <summary>Samples of a trace by function.</summary>
public sealed class Profile
{
    private Profile()
    {
    }

    /// <summary>All samples.</summary>
    public ProfileCounts Total { get; } = new();

    /// <summary>First and last timestamp of any record; null without timestamps.</summary>
    public (ulong First, ulong Last)? Timestamps { get; private set; }

    /// <summary>Functions, those with most samples first, then by name.</summary>
    public IReadOnlyList<ProfileRow> Rows { get; private set; } = [];

    /// <summary>Aggregates all records of <paramref name="trace"/>. Damage inside the records is added to the trace's diagnoses.</summary>
    public static Profile Build(SpeTrace trace, SymbolResolver resolver)
    {
        var profile = new Profile();
        var counts = new Dictionary<Location, ProfileCounts>();
        foreach (Gathering part in RecordScan.Run(trace, () => new Gathering(Merge)))
        {
            part.Flush();
            if (part.First <= part.Last)
            {
                (ulong first, ulong last) = profile.Timestamps ?? (part.First, part.Last);
                profile.Timestamps = (Math.Min(first, part.First), Math.Max(last, part.Last));
            }
        }

        profile.Rows =
        [
            .. counts.Select(entry => new ProfileRow(entry.Key, entry.Value))
                .OrderByDescending(row => row.Counts.Samples)
                .ThenBy(row => row.Location.Image, StringComparer.Ordinal)
                .ThenBy(row => row.Location.Symbol, StringComparer.Ordinal),
        ];
        return profile;

        void Merge(Dictionary<Place, ProfileCounts> places)
        {
            lock (counts)
            {
                foreach ((Place place, ProfileCounts found) in places)
                {
                    Location location = place.HasPc ? resolver.Resolve(place.Pc, place.Thread == Place.NoThread ? null : (uint)place.Thread) : new(Location.Unknown, "[no PC]");
                    if (!counts.TryGetValue(location, out ProfileCounts? sum))
                    {
                        counts.Add(location, sum = new());
                    }

                    sum.Add(found);
                    profile.Total.Add(found);
                }
            }
        }
    }

    /// <summary>Where a sample fell, before symbols: places are few, samples many.</summary>
    private readonly record struct Place(ulong Pc, ulong Thread, bool HasPc)
    {
        public const ulong NoThread = ulong.MaxValue;

        public bool Equals(Place other) => Pc == other.Pc && Thread == other.Thread && HasPc == other.HasPc;

        // Neighbouring instructions differ in bits 2 and up only.
        public override int GetHashCode() => (int)((Pc >> 2) ^ (Thread * 0x9E37_79B1));
    }

    /// <summary>What one thread found.</summary>
    private sealed class Gathering(Action<Dictionary<Place, ProfileCounts>> merge) : IRecordVisitor
    {
        /// <summary>So many places are kept apart; a file may have as many as it has records.</summary>
        private const int MostPlaces = 1 << 16;

        private readonly Dictionary<Place, ProfileCounts> _counts = new(4096);

        public ulong First { get; private set; } = ulong.MaxValue;

        public ulong Last { get; private set; }

        public void Visit(in SpeBuffer buffer, in SpeRecord record)
        {
            bool hasPc = record.Has(SpeFields.Pc);
            var place = new Place(hasPc ? record.Pc : 0, RecordScan.ThreadOf(buffer, record) ?? Place.NoThread, hasPc);
            ref ProfileCounts? counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, place, out _);
            (counts ??= new()).Add(record);
            if (record.Has(SpeFields.Timestamp))
            {
                First = Math.Min(First, record.Timestamp);
                Last = Math.Max(Last, record.Timestamp);
            }

            if (_counts.Count >= MostPlaces)
            {
                Flush();
            }
        }

        public void Flush()
        {
            merge(_counts);
            _counts.Clear();
        }
    }
}
