using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

public sealed class SymbolResolverTests
{
    private static readonly SpeTrace s_trace = MakeTrace();

    [Fact]
    public void AUserAddressIsFoundThroughTheMappingOfItsProcess() => Resolver().Resolve(0x7000_0104, 51).ShouldBe(new("bench", "main"));

    [Fact]
    public void AThreadUsesTheMappingsOfItsProcess() => Resolver().Resolve(0x7000_0104, 52).ShouldBe(new("bench", "main"));

    [Fact]
    public void AForkedProcessUsesTheMappingsOfItsParent() => Resolver().Resolve(0x7000_0104, 60).ShouldBe(new("bench", "main"));

    [Fact]
    public void WithoutAThreadAnyMappingThatHoldsTheAddressIsUsed() => Resolver().Resolve(0x7000_0104, null).ShouldBe(new("bench", "main"));

    [Fact]
    public void AFileThatIsNotAtHandGivesItsNameOnly() => Resolver().Resolve(0x8000_0000, 51).ShouldBe(new("libm.so.6", Location.Unknown));

    [Fact]
    public void WithoutAMappingAnExecutableIsFoundAtItsOwnAddress() => Resolver().Resolve(0x40_0104, 51).ShouldBe(new("bench", "main"));

    [Fact]
    public void NothingKnownIsUnknown() => Resolver().Resolve(0x10, 51).ShouldBe(new(Location.Unknown, Location.Unknown));

    [Fact]
    public void KernelAddressesAreFoundInTheKernelsSymbols()
    {
        SymbolResolver resolver = Resolver();
        resolver.Resolve(0xFFFF_8000_8000_0004, null).ShouldBe(new("[kernel]", Location.Unknown));

        resolver.AddKernel(Kallsyms.Read("ffff800080000000 T _text\n"u8, "[kernel]", new Diagnoses()));

        resolver.Resolve(0xFFFF_8000_8000_0004, 51).ShouldBe(new("[kernel]", "_text"));
    }

    [Theory]
    [InlineData(0xFFFF_8000_8000_0100, 0x40_0104ul)]
    [InlineData(0xFFFF_8000_8010_0100, null)]
    public void TheKernelsFileIsGivenBesideItsSymbolsWhereItLiesAtTheSameAddresses(ulong start, ulong? imageAddress)
    {
        SymbolResolver resolver = Resolver();
        resolver.AddImage(ElfImage.Read(SymbolTests.Elf(), "vmlinux", new Diagnoses()), bias: 0xFFFF_8000_8000_0000 - 0x40_0000);
        resolver.AddKernel(Kallsyms.Read(System.Text.Encoding.ASCII.GetBytes($"{start:x} T start_kernel\n"), "[kernel]", new Diagnoses()));

        CodePlace place = resolver.Find(start + 4, SymbolResolver.NoSpace);

        place.Location.ShouldBe(new("[kernel]", "start_kernel"));
        (place.Image is null ? (ulong?)null : place.ImageAddress).ShouldBe(imageAddress);
    }

    [Fact]
    public void ACycleOfParentsEnds()
    {
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Tasks.Add(new(1, 1, null, 2));
        trace.Tasks.Add(new(2, 2, null, 1));

        new SymbolResolver(trace).Resolve(0x1000, 1).ShouldBe(new(Location.Unknown, Location.Unknown));
    }

    private static SymbolResolver Resolver()
    {
        var resolver = new SymbolResolver(s_trace);
        resolver.AddImage(ElfImage.Read(SymbolTests.Elf(), "bench", new Diagnoses()));
        return resolver;
    }

    private static SpeTrace MakeTrace()
    {
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Mappings.Add(new(51, 0x7000_0000, 0x1000, 0, "/old/replaced"));
        trace.Mappings.Add(new(51, 0x7000_0000, 0x1000, 0, "/usr/bin/bench"));
        trace.Mappings.Add(new(51, 0x8000_0000, 0x1000, 0, "/usr/lib/libm.so.6"));
        trace.Mappings.Add(new(uint.MaxValue, 0, ulong.MaxValue, 0, "[kernel.kallsyms]_text"));
        trace.Tasks.Add(new(51, 51, "bench", 51));
        trace.Tasks.Add(new(51, 52, null, 51));
        trace.Tasks.Add(new(60, 60, null, 51));
        return trace;
    }
}
