using System.Data.Common;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Store.Query;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store;

/// <summary>Cache lines of stored runs that several CPUs touch: what <see cref="Sharing.Find"/> finds in the trace itself.</summary>
public static class StoredSharing
{
    private const string Physical = "physical";
    private const string Kernel = "[kernel]";
    private const int MostPlaces = 8;

    /// <summary>The statements that <see cref="Find"/> runs, as a user can type them.</summary>
    /// <exception cref="StoreException">The database fails.</exception>
    public static IReadOnlyList<string> Statements(StoreDatabase database, StoredRun run, SampleFilter filter) => database.Guard(() => (IReadOnlyList<string>)
    [
        .. ((SqlStatement[])
        [
            SharingStatement.Touched(database, run.Id, filter),
            SharingStatement.Lines(database, run.Id, filter),
            SharingStatement.Uses(database, run.Id, filter),
            SharingStatement.Places(database, run.Id, filter),
        ]).Select(statement => statement.Display()),
    ]);

    /// <summary>Looks at all loads, stores and atomics that <paramref name="filter"/> selects.</summary>
    /// <exception cref="StoreException">The database fails.</exception>
    public static Sharing Find(StoreDatabase database, StoredRun run, SampleFilter filter) => database.Guard(() =>
    {
        int touched = 0;
        database.Query(SharingStatement.Touched(database, run.Id, filter), row => touched = (int)row.GetInt64(0));
        var lines = new Dictionary<(string Space, long Address), Line>();
        database.Query(SharingStatement.Lines(database, run.Id, filter), row =>
            lines.Add(KeyOf(row), new(row.GetString(2), row.IsDBNull(3) ? 0 : (ulong)row.GetInt64(3))));
        database.Query(SharingStatement.Uses(database, run.Id, filter), row =>
            lines[KeyOf(row)].AddUse(row.GetInt32(2), 1ul << (int)row.GetInt64(3), row.GetInt32(4) != 0, row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8)));
        database.Query(SharingStatement.Places(database, run.Id, filter), row => lines[KeyOf(row)].AddPlace(PlaceOf(row), row.GetInt64(6)));
        return Sharing.Of(lines.Select(line => line.Value.Describe(line.Key.Space, (ulong)line.Key.Address)), touched);
    });

    private static (string Space, long Address) KeyOf(DbDataReader row) => (row.GetString(0), row.GetInt64(1));

    private static CodePlace PlaceOf(DbDataReader row)
    {
        ulong pc = (ulong)row.GetInt64(4);
        return new(new(row.GetString(2), row.GetString(3)), pc, row.IsDBNull(5) ? 0 : pc - (ulong)row.GetInt64(5), null, pc, null);
    }

    private sealed class Line(string process, ulong virtualAddress)
    {
        private readonly Dictionary<int, LineUser> _users = [];
        private readonly List<(CodePlace Place, long Samples)> _places = [];
        private long _samples;
        private long _fromPeers;
        private long _withLatency;
        private long _cycles;

        public void AddUse(int cpu, ulong offset, bool writes, long samples, long fromPeers, long withLatency, long cycles)
        {
            LineUser user = _users.GetValueOrDefault(cpu) ?? new(cpu, 0, 0, 0, 0);
            _users[cpu] = writes ? user with { Writes = user.Writes + samples, WriteOffsets = user.WriteOffsets | offset }
                : user with { Reads = user.Reads + samples, ReadOffsets = user.ReadOffsets | offset };
            _samples += samples;
            _fromPeers += fromPeers;
            _withLatency += withLatency;
            _cycles += cycles;
        }

        public void AddPlace(CodePlace place, long samples) => _places.Add((place, samples));

        public SharedLine Describe(string space, ulong address) => new(
            address,
            space == Physical,
            space == Kernel ? Kernel : process,
            virtualAddress,
            Sharing.KindOf(_users.Values),
            [.. _users.Values.OrderByDescending(user => user.Reads + user.Writes).ThenBy(user => user.Cpu)],
            _samples,
            _fromPeers,
            _withLatency == 0 ? null : (double)_cycles / _withLatency,
            [.. _places.OrderByDescending(place => place.Samples).ThenBy(place => place.Place.Pc).Take(MostPlaces)]);
    }
}
