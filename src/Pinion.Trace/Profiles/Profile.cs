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
    private readonly Dictionary<Location, ProfileCounts> _counts = [];

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
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            profile.Add(buffer, resolver, trace.Diagnoses);
        }

        profile.Rows =
        [
            .. profile._counts.Select(entry => new ProfileRow(entry.Key, entry.Value))
                .OrderByDescending(row => row.Counts.Samples)
                .ThenBy(row => row.Location.Image, StringComparer.Ordinal)
                .ThenBy(row => row.Location.Symbol, StringComparer.Ordinal),
        ];
        return profile;
    }

    private void Add(in SpeBuffer buffer, SymbolResolver resolver, Diagnoses diagnoses)
    {
        var reader = new SpeRecordReader(buffer.Bytes.Span);
        while (reader.TryRead(out SpeRecord record))
        {
            Total.Add(record);
            Location location = record.Has(SpeFields.Pc)
                ? resolver.Resolve(record.Pc, ThreadOf(buffer, record))
                : new(Location.Unknown, "[no PC]");
            if (!_counts.TryGetValue(location, out ProfileCounts? counts))
            {
                _counts.Add(location, counts = new());
            }

            counts.Add(record);
            if (record.Has(SpeFields.Timestamp))
            {
                (ulong first, ulong last) = Timestamps ?? (record.Timestamp, record.Timestamp);
                Timestamps = (Math.Min(first, record.Timestamp), Math.Max(last, record.Timestamp));
            }
        }

        if (reader.BadBytes != 0)
        {
            diagnoses.Add(buffer.FileOffset + reader.FirstBadOffset, $"{reader.BadBytes} bytes from here on are part of no packet");
        }

        if (reader.CutOffset >= 0)
        {
            diagnoses.Add(buffer.FileOffset + reader.CutOffset, "a record has no end");
        }
    }

    private static uint? ThreadOf(in SpeBuffer buffer, in SpeRecord record)
    {
        if (buffer.ThreadId >= 0)
        {
            return (uint)buffer.ThreadId;
        }

        if (record.Has(SpeFields.ContextEl1))
        {
            return record.ContextEl1;
        }

        return record.Has(SpeFields.ContextEl2) ? record.ContextEl2 : null;
    }
}
