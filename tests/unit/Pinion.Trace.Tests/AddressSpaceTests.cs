using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

public sealed class AddressSpaceTests
{
    private const uint Shell = 50;
    private const uint Child = 51;

    [Fact]
    public void WhatIsMappedBeforeExecIsLookedUpBeforeExecOnly()
    {
        SymbolResolver resolver = Resolver(
            [Mapping(Child, 0x40_0000, 0x1000, "/bin/busybox", time: 10), Mapping(Child, 0x40_0000, 0x1000, "/bin/bench", time: 20)],
            new TraceTask(Child, Child, "bench", Child) { Time = 15, IsExec = true });

        Image(resolver, Child, 0x40_0100, time: 12).ShouldBe("busybox");
        Image(resolver, Child, 0x40_0100, time: 20).ShouldBe("bench");
        Image(resolver, Child, 0x40_0100, ulong.MaxValue).ShouldBe("bench");
    }

    [Fact]
    public void BeforeExecAChildRunsInWhatItsParentHadMapped()
    {
        SymbolResolver resolver = Resolver(
            [Mapping(Shell, 0x40_0000, 0x1000, "/bin/sh", time: 1), Mapping(Child, 0x40_0000, 0x1000, "/bin/bench", time: 20)],
            new TraceTask(Child, Child, null, Shell) { Time = 5 },
            new TraceTask(Child, Child, "bench", Child) { Time = 15, IsExec = true });

        Image(resolver, Child, 0x40_0100, time: 10).ShouldBe("sh");
        Image(resolver, Child, 0x40_0100, time: 20).ShouldBe("bench");
        Image(resolver, Shell, 0x40_0100, time: 30).ShouldBe("sh");
    }

    [Fact]
    public void WhatTheParentMapsAfterTheForkIsNotTheChilds()
    {
        SymbolResolver resolver = Resolver(
            [Mapping(Shell, 0x1000, 0x1000, "/lib/old", time: 1), Mapping(Shell, 0x1000, 0x1000, "/lib/new", time: 8)],
            new TraceTask(Child, Child, null, Shell) { Time = 5 });

        Image(resolver, Child, 0x1100, time: 10).ShouldBe("old");
        Image(resolver, Shell, 0x1100, time: 10).ShouldBe("new");
    }

    [Fact]
    public void AMappingReplacesTheMiddleOfAnother()
    {
        SymbolResolver resolver = Resolver([Mapping(Shell, 0x1000, 0x3000, "/lib/whole", time: 0), Mapping(Shell, 0x2000, 0x1000, "/lib/part", time: 0)]);

        Image(resolver, Shell, 0x1FFF, 0).ShouldBe("whole");
        Image(resolver, Shell, 0x2000, 0).ShouldBe("part");
        Image(resolver, Shell, 0x2FFF, 0).ShouldBe("part");
        Image(resolver, Shell, 0x3000, 0).ShouldBe("whole");
        Image(resolver, Shell, 0x4000, 0).ShouldBe(Location.Unknown);
        resolver.Find(0x3010, resolver.SpaceAt(Shell, 0)).Mapping!.Value.FileOffset.ShouldBe(0x2000ul);
    }

    [Fact]
    public void AnAnswerHoldsForAsLongAsItSays()
    {
        SymbolResolver resolver = Resolver(
            [Mapping(Shell, 0x1000, 0x1000, "/a", time: 10), Mapping(Shell, 0x1000, 0x1000, "/b", time: 20)]);

        int before = resolver.SpaceAt(Shell, 15, out (ulong From, ulong Until) holds);
        holds.ShouldBe((0ul, 20ul));
        int after = resolver.SpaceAt(Shell, 20, out holds);
        holds.ShouldBe((20ul, ulong.MaxValue));
        after.ShouldNotBe(before);
        resolver.SpaceAt(Shell, 19).ShouldBe(before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomHistoriesAreAsAListOfMappingsSearchedFromItsEnd(int seed)
    {
        var random = new Random(seed);
        var mappings = new List<TraceMapping>();
        for (int i = 0; i < 60; i++)
        {
            mappings.Add(Mapping(Shell, (ulong)random.Next(64) << 12, (ulong)random.Next(0, 9) << 12, $"/lib/{i}", time: (ulong)i + 1));
        }

        SymbolResolver resolver = Resolver([.. mappings]);
        for (int i = 0; i < 3000; i++)
        {
            ulong address = (ulong)random.Next(80 << 12);
            ulong time = (ulong)random.Next(61);
            TraceMapping? expected = mappings.FindLast(mapping => mapping.Time <= time && mapping.Contains(address)) is { Length: > 0 } found ? found : null;

            CodePlace place = resolver.Find(address, resolver.SpaceAt(Shell, time));

            if (expected is TraceMapping mapping)
            {
                place.Location.Image.ShouldBe(mapping.Path[5..], $"0x{address:x} at {time}");
                (address - place.Mapping!.Value.Start + place.Mapping.Value.FileOffset).ShouldBe(address - mapping.Start);
            }
        }
    }

    [Fact]
    public void AHistoryWithoutEndIsBounded()
    {
        SymbolResolver resolver = Resolver([.. Enumerable.Range(1, 20_000).Select(i => Mapping(Shell, 0x1000, 0x1000, $"/lib/{i}", time: (ulong)i))]);

        Image(resolver, Shell, 0x1000, ulong.MaxValue).ShouldBe("20000");
        Image(resolver, Shell, 0x1000, 1).ShouldBe("1");
    }

    [Fact]
    public void AFileOfAnotherBuildIsNotUsed()
    {
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Mappings.Add(new(Shell, 0x7000_0000, 0x1000, 0, "/usr/bin/bench") { BuildId = "abcd" });
        var resolver = new SymbolResolver(trace);
        ElfImage image = ElfImage.Read(SymbolTests.Elf(), "bench", new Diagnoses());
        image.IsBuild("abcd").ShouldBeTrue("it has no build id");
        resolver.AddImage(image);
        resolver.Resolve(0x7000_0104, Shell).ShouldBe(new("bench", "main"));
    }

    private static string Image(SymbolResolver resolver, uint thread, ulong pc, ulong time) => resolver.Find(pc, resolver.SpaceAt(thread, time)).Location.Image;

    private static TraceMapping Mapping(uint process, ulong start, ulong length, string path, ulong time) => new(process, start, length, 0, path) { Time = time };

    private static SymbolResolver Resolver(TraceMapping[] mappings, params TraceTask[] tasks)
    {
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Mappings.AddRange(mappings);
        trace.Tasks.AddRange(tasks);
        return new SymbolResolver(trace);
    }
}
