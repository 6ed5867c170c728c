using System.Text.RegularExpressions;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store.Tests;

/// <summary>What a database answers is what the trace itself gives.</summary>
public sealed class RoundTripTests(Databases databases)
{
    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void RandomTracesGiveTheSameProfilesByEverythingAndUnderEveryFilter(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        for (int seed = 1; seed <= 8; seed++)
        {
            SampleSource source = RandomTrace.Make(seed, 600);
            StoredRun run = TraceLoader.Store(source, database, new() { File = $"/traces/{seed}", Lines = RandomTrace.Lines });
            run.Samples.ShouldBe(Profile.Build(source.Trace, source.Resolver).Total.Samples);
            var random = new Random(seed);
            foreach (ProfileBy by in Enum.GetValues<ProfileBy>())
            {
                Compare(database, run, source, new() { By = by, Histograms = true, Lines = RandomTrace.Lines });
                for (int i = 0; i < 4; i++)
                {
                    Compare(database, run, source, new() { By = by, Filter = Filter(random), Histograms = i == 0, Lines = RandomTrace.Lines });
                }
            }
        }
    }

    [Theory]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Postgres)]
    public void RandomTracesGiveTheSameSharedLinesUnderEveryFilter(StoreKind kind)
    {
        using StoreDatabase database = StoreDatabase.Open(databases.Create(kind), create: true);
        int found = 0;
        for (int seed = 100; seed < 106; seed++)
        {
            SampleSource source = RandomTrace.Make(seed, 1500);
            StoredRun run = TraceLoader.Store(source, database, new() { File = $"/traces/{seed}" });
            var random = new Random(seed);
            for (int i = 0; i < 4; i++)
            {
                SampleFilter filter = i == 0 ? SampleFilter.All : Filter(random);
                Sharing stored = StoredSharing.Find(database, run, filter);
                Sharing expected = Sharing.Find(source, filter);

                stored.Touched.ShouldBe(expected.Touched);
                stored.Lines.Select(Text).ShouldBe(expected.Lines.Select(Text), $"{run.Name}: {filter}");
                found += stored.Lines.Count;
            }
        }

        found.ShouldBeGreaterThan(50);

        static string Text(SharedLine line) => $"{line.Address:x} {line.IsPhysical} {StoredText.Of(line.Process)} {line.VirtualAddress:x} {line.Kind} {line.Samples} {line.FromPeers} {line.MeanLatency}: "
            + string.Join("; ", line.Users) + ": " + string.Join("; ", line.Places.Select(place => $"{StoredText.Of(place.Place.Location.Image)} {place.Place.Label()} {place.Place.Pc:x} {place.Samples}"));
    }

    private static void Compare(StoreDatabase database, StoredRun run, SampleSource source, ProfileOptions options) =>
        StoredProfile.Build(database, run, options).ShouldEqual(Profile.Build(source, options), $"{run.Name}: {options}");

    private static SampleFilter Filter(Random random) => new()
    {
        Classes = random.Next(3) == 0 ? new HashSet<ProfileClass> { (ProfileClass)random.Next(7), (ProfileClass)random.Next(7) } : null,
        Cpus = random.Next(3) == 0 ? new HashSet<int> { random.Next(-1, 4), random.Next(4) } : null,
        Processes = random.Next(3) == 0 ? new HashSet<string> { "bench", "51", "a'b; DROP TABLE run; --", "050", "4294967295" } : null,
        ExceptionLevels = random.Next(3) == 0 ? new HashSet<int> { random.Next(4) } : null,
        Function = random.Next(4) == 0 ? new Regex("^(chase|mem)|_text|unknown", RegexOptions.None, TimeSpan.FromSeconds(1)) : null,
        MinimumLatency = random.Next(4) == 0 ? random.Next(60) : 0,
        Time = random.Next(4) == 0 ? ((ulong)random.Next(1000), random.Next(3) == 0 ? ulong.MaxValue : (ulong)random.Next(3000)) : null,
        Events = random.Next(4) == 0 ? (SpeEvents)(1u << random.Next(32)) : SpeEvents.None,
    };
}
