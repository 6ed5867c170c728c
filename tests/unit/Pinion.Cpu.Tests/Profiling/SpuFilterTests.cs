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
    private const ulong Fp = Pmsfcr.FpMask;
    private const ulong Simd = Pmsfcr.SimdMask;

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

    /// <summary>Types of the extended filter (Arm ARM D17.6.3): a mask of a type that the control sets wants it, one that the control clears refuses it.</summary>
    [Theory]
    [InlineData(0x1E62_2820u, Fp)]          // fadd d0, d1, d2
    [InlineData(0x4E62_D420u, Fp | Simd)]   // fadd v0.2d, v1.2d, v2.2d
    [InlineData(0x4EA2_8420u, Simd)]        // add v0.4s, v1.4s, v2.4s
    [InlineData(0x5E61_D820u, Fp | Simd)]   // scvtf d0, d1, the SIMD form
    [InlineData(0x9E62_0020u, Fp)]          // scvtf d0, x1
    [InlineData(0x9E66_0020u, Fp)]          // fmov x0, d1
    [InlineData(0x4E28_4820u, Simd)]        // aese
    [InlineData(0xFD40_0020u, Ld | Fp)]     // ldr d0, [x1]
    [InlineData(0x3D00_0020u, St | Fp)]     // str b0, [x1]
    [InlineData(0x3DC0_0020u, Ld | Simd)]   // ldr q0, [x1]
    [InlineData(0x3C82_0C20u, St | Simd)]   // str q0, [x1, #32]!
    [InlineData(0x6D40_0420u, Ld | Fp)]     // ldp d0, d1, [x1]
    [InlineData(0xAD00_0420u, St | Simd)]   // stp q0, q1, [x1]
    [InlineData(0x1C00_0000u, Ld | Fp)]     // ldr s0, literal
    [InlineData(0x9C00_0000u, Ld | Simd)]   // ldr q0, literal
    [InlineData(0x4C40_0020u, Ld | Simd)]   // ld4
    [InlineData(0x0D40_0020u, Ld | Simd)]   // ld1 {v0.b}[0]
    [InlineData(Ldr, Ld)]
    [InlineData(Ldadd, Ld | St)]
    [InlineData(Branch, B)]
    [InlineData(Add, 0ul)]
    public void TheExtendedTypeFilterKnowsFloatingPointAndSimdAndMasks(uint word, ulong types)
    {
        foreach (ulong type in new[] { B, Ld, St, Fp, Simd })
        {
            bool has = (types & type) != 0;
            Kept(word, default, Pmsfcr.FtMask | type, profile: SpeProfile.V1P4).ShouldBe(has, $"control {type:x}");
            Kept(word, default, Pmsfcr.FtMask | type | (type << Pmsfcr.TypeMaskShift), profile: SpeProfile.V1P4).ShouldBe(has, $"control and mask {type:x}");
            Kept(word, default, Pmsfcr.FtMask | (type << Pmsfcr.TypeMaskShift), profile: SpeProfile.V1P4).ShouldBe(!has, $"mask {type:x}");
        }
    }

    [Theory]
    [InlineData(Ldr, (int)SpeDataSource.Dram, 1ul << 14, true)]
    [InlineData(Ldr, (int)SpeDataSource.Dram, ~(1ul << 14), false)]
    [InlineData(Ldr, (int)SpeDataSource.L1Data, 1ul, true)]
    [InlineData(Ldr, (int)SpeDataSource.L1Data, 0ul, false)]
    [InlineData(Str, (int)SpeDataSource.L1Data, 0ul, true)]
    [InlineData(Add, (int)SpeDataSource.L1Data, 0ul, true)]
    public void TheDataSourceFilterJudgesLoadsOnly(uint word, int source, ulong filter, bool kept) =>
        Kept(word, new OperationTiming { Events = SpeEvents.L1DataAccess, Source = (SpeDataSource)source }, Pmsfcr.FdsMask, profile: SpeProfile.V1P4, dsfr: filter).ShouldBe(kept);

    private static bool Kept(uint word, OperationTiming timing, ulong fcr, ulong evfr = 0, ulong nevfr = 0, ulong latfr = 0, SpeProfile? profile = null, ulong dsfr = 0)
    {
        SpuBench bench = new(profile);
        bench.Start(0x100);
        bench.Spu.Write(SysRegId.PMSDSFR_EL1, dsfr);
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
