using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests;

public sealed class SharingTests
{
    private const ulong Line = 0x5000_0040;

    [Fact]
    public void DifferentBytesOfALineAreFalseSharing()
    {
        SharedLine line = Find((0, Store(0x40_0100, Line + 8, 51)), (1, Load(0x40_0104, Line + 16, 52)), (1, Load(0x40_0104, Line + 16, 52))).Lines.Single();

        line.Kind.ShouldBe(SharingKind.False);
        line.Address.ShouldBe(Line);
        line.IsPhysical.ShouldBeTrue();
        line.Samples.ShouldBe(3);
        line.Users.ShouldBe([new(1, 2, 0, 1 << 16, 0), new(0, 0, 1, 0, 1 << 8)]);
        line.Places.Select(place => (place.Place.Pc, place.Samples)).ShouldBe([(0x40_0104ul, 2L), (0x40_0100ul, 1L)]);
        line.MeanLatency.ShouldBe(10);
    }

    [Fact]
    public void TheSameByteWrittenIsTrueSharing() =>
        Find((0, Store(0x40_0100, Line + 8, 51)), (1, Load(0x40_0104, Line + 8, 52))).Lines.Single().Kind.ShouldBe(SharingKind.True);

    [Fact]
    public void LinesThatAreOnlyReadAreNotShared() => Find((0, Load(0x40_0100, Line, 51)), (1, Load(0x40_0104, Line, 52))).Lines.ShouldBeEmpty();

    [Fact]
    public void AThreadThatMovesToAnotherCpuSharesNothing() => Find((0, Store(0x40_0100, Line, 51)), (1, Load(0x40_0104, Line, 51))).Lines.ShouldBeEmpty();

    [Fact]
    public void NeighbouringLinesAreApart()
    {
        Sharing sharing = Find((0, Store(0x40_0100, Line, 51)), (1, Load(0x40_0104, Line + 64, 52)));
        sharing.Lines.ShouldBeEmpty();
        sharing.Touched.ShouldBe(2);
    }

    [Fact]
    public void WithoutPhysicalAddressesProcessesAreApart()
    {
        Sharing sharing = Find((0, Store(0x40_0100, Line, 51, physical: false)), (1, Load(0x40_0104, Line, 52, physical: false)));
        sharing.Lines.ShouldBeEmpty();
        sharing.Touched.ShouldBe(2);
    }

    [Fact]
    public void ThreadsOfAProcessShareItsAddresses()
    {
        SharedLine line = Find((0, Store(0x40_0100, Line, 51, physical: false)), (1, Load(0x40_0104, Line, 53, physical: false))).Lines.Single();
        line.IsPhysical.ShouldBeFalse();
        line.Kind.ShouldBe(SharingKind.True);
        line.Process.ShouldBe("bench (51)");
    }

    [Fact]
    public void TheKernelsVirtualAddressesAreEverybodys()
    {
        const ulong Kernel = 0xFFFF_8000_0000_1000;
        SharedLine line = Find((0, Store(0xFFFF_8000_0800_0000, Kernel, 51, physical: false)), (1, Load(0xFFFF_8000_0800_0004, Kernel + 4, 52, physical: false))).Lines.Single();
        line.IsPhysical.ShouldBeFalse();
        line.Process.ShouldBe("[kernel]");
    }

    private static SpeRecord Store(ulong pc, ulong address, uint thread, bool physical = true) => Access(pc, SpeOperation.GeneralStore, address, thread, physical);

    private static SpeRecord Load(ulong pc, ulong address, uint thread, bool physical = true) => Access(pc, SpeOperation.GeneralLoad, address, thread, physical);

    private static SpeRecord Access(ulong pc, byte operation, ulong address, uint thread, bool physical)
    {
        SpeRecord record = Sample(pc, operationClass: SpeOperationClass.LoadStore, operation: operation, context: thread);
        record.SetDataVirtual(address);
        if (physical)
        {
            record.SetDataPhysical(address);
        }

        return record;
    }

    private static Sharing Find(params (int Cpu, SpeRecord Record)[] records)
    {
        byte[] bytes = [.. records.SelectMany(one => Fixed(one.Record))];
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(bytes) };
        trace.Tasks.Add(new(51, 51, "bench", 51));
        trace.Tasks.Add(new(51, 53, null, 51));
        for (int i = 0; i < records.Length; i++)
        {
            trace.Buffers.Add(new(records[i].Cpu, -1, 0, i * SpeRecordWriter.FixedSize, trace.Source, SpeRecordWriter.FixedSize));
        }

        return Sharing.Find(new SampleSource(trace, new SymbolResolver(trace)), SampleFilter.All);
    }
}
