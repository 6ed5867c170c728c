using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

/// <summary>Variables, where traces tell of executable mappings only.</summary>
public sealed class SymbolResolverDataTests
{
    private const ushort Fixed = 2;
    private const ushort PositionIndependent = 3;

    [Theory]
    [InlineData(Fixed, 0x40_0000ul)]
    [InlineData(PositionIndependent, 0x7000_0000ul)]
    [InlineData(PositionIndependent, 0x10_0000ul)]
    public void AVariableLiesWhereTheMappingOfTheCodeSays(ushort type, ulong start)
    {
        SymbolResolver resolver = Resolver(type, Mapping(51, start, "/usr/bin/bench"));

        Find(resolver, start + 0x1_0000, 51).ShouldBe(new(new("bench", "data"), start + 0x1_0000, start + 0x1_0000));
        Find(resolver, start + 0x1_0004, 51).Label().ShouldBe("bench:data+0x4");
        Find(resolver, start + 0x1_0008, 51).Label().ShouldBe("bench");
        Find(resolver, start + 0x2_0000, 51).Label().ShouldBe(Location.Unknown);
        Find(resolver, start - 1, 51).Label().ShouldBe(Location.Unknown);
    }

    [Fact]
    public void ConstantsAmongTheInstructionsAreNamedByTheFunction() =>
        Find(Resolver(PositionIndependent, Mapping(51, 0x7000_0000, "/usr/bin/bench")), 0x7000_0108, 51).Label().ShouldBe("bench:main+0x8");

    [Theory]
    [InlineData("//anon")]
    [InlineData("")]
    public void AMappingOfNoFileInAFilesRangeIsItsZeroedData(string path)
    {
        SymbolResolver resolver = Resolver(
            PositionIndependent, Mapping(51, 0x7000_0000, "/usr/bin/bench"), Mapping(51, 0x7001_0000, path), Mapping(51, 0x7100_0000, path));

        Find(resolver, 0x7001_0000, 51).Label().ShouldBe("bench:data");
        Find(resolver, 0x7100_0000, 51).Label().ShouldBe("[anon]");
    }

    [Fact]
    public void AMappingOfAnotherFileIsNotThisOnesData()
    {
        SymbolResolver resolver = Resolver(PositionIndependent, Mapping(51, 0x7000_0000, "/usr/bin/bench"), Mapping(51, 0x7001_0000, "/var/tmp/table"));

        Find(resolver, 0x7001_0000, 51).Label().ShouldBe("table");
    }

    [Fact]
    public void RegionsHaveTheKernelsNames()
    {
        SymbolResolver resolver = Resolver(Fixed, Mapping(51, 0x7000_0000, "[heap]"), Mapping(51, 0x7F00_0000, "[stack]"));

        Find(resolver, 0x7000_0010, 51).Label().ShouldBe("[heap]");
        Find(resolver, 0x7F00_0010, 51).Label().ShouldBe("[stack]");
    }

    [Fact]
    public void AForkedProcessHasItsParentsVariablesUntilItCallsExecve()
    {
        SpeTrace trace = Trace(Mapping(51, 0x7000_0000, "/usr/bin/bench"), Mapping(60, 0x5000_0000, "/usr/bin/other") with { Time = 200 });
        trace.Tasks.Add(new(60, 60, null, 51) { Time = 100 });
        trace.Tasks.Add(new(60, 60, "other", 60) { Time = 200, IsExec = true });
        SymbolResolver resolver = Resolver(PositionIndependent, trace);

        resolver.FindData(0x7001_0000, resolver.SpaceAt(60, 150)).Label().ShouldBe("bench:data");
        resolver.Find(0x7000_0104, resolver.SpaceAt(60, 150)).Location.ShouldBe(new("bench", "main"));
        resolver.FindData(0x7001_0000, resolver.SpaceAt(60, 250)).Label().ShouldBe(Location.Unknown);
    }

    [Fact]
    public void WithoutMappingsAProgramsVariablesLieAtTheirOwnAddresses()
    {
        Find(Resolver(Fixed), 0x41_0000, 51).Label().ShouldBe("bench:data");
        Find(Resolver(PositionIndependent), 0x41_0000, 51).Label().ShouldBe(Location.Unknown);
        Find(Resolver(Fixed, Mapping(51, 0x7000_0000, "/usr/lib/libm.so.6")), 0x41_0000, 51).Label().ShouldBe(Location.Unknown);
    }

    [Fact]
    public void AnotherBuildOfTheFileTellsNothing()
    {
        byte[] file = SymbolTests.Elf(PositionIndependent);
        ElfImage image = ElfImage.Read(WithBuildId(file), "bench", new Diagnoses());
        var resolver = new SymbolResolver(Trace(Mapping(51, 0x7000_0000, "/usr/bin/bench") with { BuildId = "0badc0de" }));
        resolver.AddImage(image);

        image.BuildId.ShouldBe("c0ffee00");
        Find(resolver, 0x7001_0000, 51).Label().ShouldBe(Location.Unknown);
        Find(resolver, 0x7000_0000, 51).Label().ShouldBe("bench");
    }

    [Fact]
    public void KernelAddressesAreFoundAmongTheKernelsVariables()
    {
        SymbolResolver resolver = Resolver(Fixed);
        Find(resolver, 0xFFFF_8000_8100_0004, 51).ShouldBe(new(new("[kernel]", Location.Unknown), 0xFFFF_8000_8100_0004, 0));

        SymbolTable functions = Kallsyms.Read("ffff800080000000 T _text\nffff800081000000 D jiffies\n"u8, "[kernel]", new Diagnoses(), out SymbolTable data);
        resolver.AddKernel(functions, data);

        Find(resolver, 0xFFFF_8000_8100_0004, null).Label().ShouldBe("[kernel]:jiffies+0x4");
    }

    [Fact]
    public void AFileMappedWithoutEndNeedsBoundedMemory()
    {
        SpeTrace trace = Trace([.. Enumerable.Range(0, 70_000).Select(i => Mapping(51, (ulong)i << 32, "/usr/bin/bench"))]);
        SymbolResolver resolver = Resolver(PositionIndependent, trace);

        Find(resolver, (1ul << 32) + 0x1_0000, 51).Label().ShouldBe("bench:data");
        Find(resolver, (69_999ul << 32) + 0x1_0000, 51).Label().ShouldBe(Location.Unknown);
    }

    private static DataPlace Find(SymbolResolver resolver, ulong address, uint? thread) => resolver.FindData(address, resolver.SpaceAt(thread, ulong.MaxValue));

    private static TraceMapping Mapping(uint process, ulong start, string path) => new(process, start, 0x1000, 0, path);

    private static SymbolResolver Resolver(ushort type, params TraceMapping[] mappings) => Resolver(type, Trace(mappings));

    private static SymbolResolver Resolver(ushort type, SpeTrace trace)
    {
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(SymbolTests.Elf(type), "bench", new Diagnoses()));
        return resolver;
    }

    private static SpeTrace Trace(params TraceMapping[] mappings)
    {
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Mappings.AddRange(mappings);
        return trace;
    }

    /// <summary>The file with a second program header, which is at the end with the note it is for.</summary>
    private static byte[] WithBuildId(byte[] file)
    {
        const int Header = 56;
        ReadOnlySpan<byte> note = [4, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, .. "GNU\0"u8, 0xC0, 0xFF, 0xEE, 0x00];
        byte[] headers = [.. file.AsSpan(64, Header), .. new byte[Header]];
        headers[Header] = 4;
        BitConverter.TryWriteBytes(headers.AsSpan(Header + 8), (long)file.Length + headers.Length);
        BitConverter.TryWriteBytes(headers.AsSpan(Header + 32), (long)note.Length);
        byte[] longer = [.. file, .. headers, .. note];
        BitConverter.TryWriteBytes(longer.AsSpan(32), (long)file.Length);
        longer[56] = 2;
        return longer;
    }
}
