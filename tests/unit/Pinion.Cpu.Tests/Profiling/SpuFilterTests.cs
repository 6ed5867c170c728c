using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

public sealed class SpuFilterTests
{
    private const uint Ldr = 0xF940_0020;
    private const uint Str = 0xF900_0020;
    private const uint Ldadd = 0xF821_0062;
    private const uint Stadd = 0xF821_007F;
    private const uint Branch = 0x1400_0004;
    private const uint Add = 0x8B02_0020;
    private const uint Svc = 0xD400_0001;
    private const uint Prfm = 0xF980_0020;
    private const uint DcZva = 0xD50B_7420;
    private const uint DcCivac = 0xD50B_7E20;

    private const ulong B = Pmsfcr.BMask;
    private const ulong Ld = Pmsfcr.LdMask;
    private const ulong St = Pmsfcr.StMask;

    [Theory]
    [InlineData(Ldr, Ld)]
    [InlineData(Str, St)]
    [InlineData(Ldadd, Ld | St)]
    [InlineData(Stadd, St)]
    [InlineData(Branch, B)]
    [InlineData(Add, 0ul)]
    [InlineData(Svc, 0ul)]
    [InlineData(Prfm, 0ul)]
    [InlineData(DcZva, St)]
    [InlineData(DcCivac, 0ul)]
    public void TheTypeFilterKeepsAnOperationOfAnySelectedType(uint word, ulong types)
    {
        foreach (ulong control in new[] { B, Ld, St, B | Ld, B | St, Ld | St, B | Ld | St })
        {
            Kept(word, default, Pmsfcr.FtMask | control).ShouldBe((types & control) != 0, $"PMSFCR types {control:x}");
        }

        Kept(word, default, Pmsfcr.FtMask).ShouldBeTrue();
        Kept(word, default, B | Ld | St).ShouldBeTrue("FT is clear");
    }

    [Theory]
    [InlineData(0x02ul, 0x02ul, true)]
    [InlineData(0x0Aul, 0x0Aul, true)]
    [InlineData(0x02ul, 0x0Aul, false)]
    [InlineData(0x2Aul, 0x0Aul, true)]
    [InlineData(0x2Aul, 0x00ul, true)]
    public void TheEventFilterKeepsWhatHasEverySelectedEvent(ulong events, ulong filter, bool kept) =>
        Kept(Ldr, new OperationTiming { Events = (SpeEvents)events }, Pmsfcr.FeMask, evfr: filter).ShouldBe(kept);

    [Theory]
    [InlineData(0x02ul, 0x02ul, false)]
    [InlineData(0x0Aul, 0x20ul, true)]
    [InlineData(0x2Aul, 0x20ul, false)]
    [InlineData(0x2Aul, 0x00ul, true)]
    public void TheInverseEventFilterKeepsWhatHasNoSelectedEvent(ulong events, ulong filter, bool kept) =>
        Kept(Ldr, new OperationTiming { Events = (SpeEvents)events }, Pmsfcr.FnEMask, nevfr: filter).ShouldBe(kept);

    [Theory]
    [InlineData(99, 100, false)]
    [InlineData(100, 100, true)]
    [InlineData(101, 100, true)]
    [InlineData(0, 0, true)]
    public void TheLatencyFilterKeepsWhatTookLongEnough(ushort total, ulong minimum, bool kept) =>
        Kept(Ldr, new OperationTiming { Total = total }, Pmsfcr.FlMask, latfr: minimum).ShouldBe(kept);

    [Fact]
    public void EveryEnabledFilterMustKeep()
    {
        const ulong All = Pmsfcr.FeMask | Pmsfcr.FtMask | Pmsfcr.FlMask | Pmsfcr.FnEMask | Ld;
        OperationTiming timing = new() { Events = SpeEvents.L1DataRefill, Total = 50 };
        Kept(Ldr, timing, All, evfr: 0x8, nevfr: 0x20, latfr: 50).ShouldBeTrue();
        Kept(Str, timing, All, evfr: 0x8, nevfr: 0x20, latfr: 50).ShouldBeFalse("type");
        Kept(Ldr, timing, All, evfr: 0x28, nevfr: 0, latfr: 50).ShouldBeFalse("event");
        Kept(Ldr, timing, All, evfr: 0x8, nevfr: 0x8, latfr: 50).ShouldBeFalse("inverse event");
        Kept(Ldr, timing, All, evfr: 0x8, nevfr: 0x20, latfr: 51).ShouldBeFalse("latency");
    }

    [Fact]
    public void AFilteredSampleIsFedButLeavesNoRecord()
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Write(SysRegId.PMSFCR_EL1, Pmsfcr.FtMask | B);
        bench.SampleNext(SpuBench.Operation(Ldr));
        bench.Spu.SampleFeed.ShouldBe(1ul);
        bench.Spu.SampleFiltrate.ShouldBe(0ul);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer);
    }

    private static bool Kept(uint word, OperationTiming timing, ulong fcr, ulong evfr = 0, ulong nevfr = 0, ulong latfr = 0)
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Write(SysRegId.PMSFCR_EL1, fcr);
        bench.Spu.Write(SysRegId.PMSEVFR_EL1, evfr);
        bench.Spu.Write(SysRegId.PMSNEVFR_EL1, nevfr);
        bench.Spu.Write(SysRegId.PMSLATFR_EL1, latfr);
        ObservedOperation operation = SpuBench.Operation(word);
        operation.Flags |= ObservedFlags.Taken;
        bench.SampleNext(operation, timing);
        bench.Records.Count.ShouldBe((int)bench.Spu.SampleFiltrate);
        return bench.Records.Count == 1;
    }
}
