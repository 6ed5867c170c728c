using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

public sealed class SpuRegisterTests
{
    [Theory]
    [InlineData(SysRegId.PMSCR_EL1, 0x7Bul)]
    [InlineData(SysRegId.PMSNEVFR_EL1, 0x8EAul)]
    [InlineData(SysRegId.PMSICR_EL1, 0xFF00_0000_FFFF_FFFFul)]
    [InlineData(SysRegId.PMSIRR_EL1, 0xFFFF_FF01ul)]
    [InlineData(SysRegId.PMSFCR_EL1, 0x7_000Ful)]
    [InlineData(SysRegId.PMSEVFR_EL1, 0x8EAul)]
    [InlineData(SysRegId.PMSLATFR_EL1, 0xFFFFul)]
    [InlineData(SysRegId.PMSIDR_EL1, 0x3_607Ful)]
    [InlineData(SysRegId.PMBLIMITR_EL1, 0xFFFF_FFFF_FFFF_F027ul)]
    [InlineData(SysRegId.PMBPTR_EL1, ulong.MaxValue)]
    [InlineData(SysRegId.PMBSR_EL1, 0xFC0F_FFFFul)]
    [InlineData(SysRegId.PMBIDR_EL1, 0x26ul)]
    public void WrittenWithOnesARegisterReadsItsImplementedBits(SysRegId id, ulong expected)
    {
        Spu spu = new SpuBench().Spu;
        spu.Write(id, ulong.MaxValue);
        spu.Read(id).ShouldBe(expected);
    }

    [Theory]
    [InlineData(SysRegId.PMSNEVFR_EL1, 0ul)]
    [InlineData(SysRegId.PMSICR_EL1, 0xFFFF_FFFFul)]
    [InlineData(SysRegId.PMSFCR_EL1, 0x7_0007ul)]
    [InlineData(SysRegId.PMSEVFR_EL1, 0xAAul)]
    [InlineData(SysRegId.PMSLATFR_EL1, 0xFFFul)]
    [InlineData(SysRegId.PMBLIMITR_EL1, 0xFFFF_FFFF_FFFF_F001ul)]
    public void TheN1ProfileHasFewerBits(SysRegId id, ulong expected)
    {
        Spu spu = new SpuBench(SpeProfile.NeoverseN1).Spu;
        spu.Write(id, ulong.MaxValue);
        spu.Read(id).ShouldBe(expected);
    }

    [Fact]
    public void ResetClearsTheEnableAndEverythingElse()
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Write(SysRegId.PMBSR_EL1, ulong.MaxValue);
        bench.Spu.Reset();
        for (SysRegId id = SysRegId.PMSCR_EL1; id <= SysRegId.PMBSR_EL1; id++)
        {
            if (id != SysRegId.PMSIDR_EL1)
            {
                bench.Spu.Read(id).ShouldBe(0ul, id.ToString());
            }
        }

        bench.Spu.Enabled.ShouldBeFalse();
    }

    [Fact]
    public void APoisonedResetStillClearsTheEnable()
    {
        Spu spu = new SpuBench(options: new SpuOptions { PoisonReset = true }).Spu;
        (spu.Pmblimitr & Pmblimitr.EMask).ShouldBe(0ul);
        spu.Pmblimitr.ShouldNotBe(0ul);
        spu.Read(SysRegId.PMSCR_EL1).ShouldNotBe(0ul);
        spu.Enabled.ShouldBeFalse();
    }

    [Theory]
    [InlineData(Pmscr.E0SpeMask, 0, true)]
    [InlineData(Pmscr.E0SpeMask, 1, false)]
    [InlineData(Pmscr.E1SpeMask, 0, false)]
    [InlineData(Pmscr.E1SpeMask, 1, true)]
    [InlineData(Pmscr.E0SpeMask | Pmscr.E1SpeMask, 1, true)]
    [InlineData(Pmscr.E0SpeMask | Pmscr.E1SpeMask, 2, false)]
    [InlineData(0ul, 0, false)]
    public void SamplingIsEnabledByTheBitOfTheExceptionLevel(ulong pmscr, int el, bool enabled)
    {
        SpuBench bench = new();
        bench.Start(0x100, pmscr);
        bench.Spu.Reevaluate(el);
        bench.Spu.Enabled.ShouldBe(enabled);
        (bench.Spu.Distance == ulong.MaxValue).ShouldBe(!enabled);
    }

    [Fact]
    public void SamplingStopsWithServiceOrWithoutTheBuffer()
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Enabled.ShouldBeTrue();
        bench.Spu.Pmbsr = Pmbsr.SMask;
        bench.Spu.Enabled.ShouldBeFalse();
        bench.Spu.Pmbsr = 0;
        bench.Spu.Enabled.ShouldBeTrue();
        bench.Spu.Pmblimitr &= ~Pmblimitr.EMask;
        bench.Spu.Enabled.ShouldBeFalse();
    }

    [Fact]
    public void MembersAreOnlyCountedWhileEnabled()
    {
        SpuBench bench = new();
        bench.Start(0x100, Pmscr.E0SpeMask);
        bench.Spu.Advance(100);
        bench.Spu.Reevaluate(1);
        bench.Spu.Advance(1_000_000);
        bench.Spu.Read(SysRegId.PMSICR_EL1).ShouldBe(0x100ul - 100);
        bench.Spu.Reevaluate(0);
        bench.Spu.Distance.ShouldBe(0x100ul - 100);
        bench.Spu.SamplePop.ShouldBe(100ul);
    }

    [Fact]
    public void SettingServiceByAWriteRaisesTheInterrupt()
    {
        Spu spu = new SpuBench().Spu;
        spu.IrqPending.ShouldBeFalse();
        spu.Write(SysRegId.PMBSR_EL1, Pmbsr.SMask);
        spu.IrqPending.ShouldBeTrue();
        spu.Write(SysRegId.PMBSR_EL1, 0);
        spu.IrqPending.ShouldBeFalse();
    }

    [Fact]
    public void ThePmuFreezesOnlyWithServiceEnableAndPmfz()
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Pmblimitr |= Pmblimitr.PmfzMask;
        bench.Spu.PmuFreeze.ShouldBeFalse();
        bench.Spu.Pmbsr = Pmbsr.SMask;
        bench.Spu.PmuFreeze.ShouldBeTrue();
        bench.Spu.Pmblimitr &= ~Pmblimitr.EMask;
        bench.Spu.PmuFreeze.ShouldBeFalse();
    }

    [Fact]
    public void AProfileWhoseRecordsDoNotFitIsRefused()
    {
        Should.Throw<ArgumentException>(() => new SpuBench(SpeProfile.V1P4 with { Pmsidr = SpeProfile.Honest.Pmsidr }));
        Should.Throw<ArgumentException>(() => new SpuBench(SpeProfile.Honest with { Pmsidr = new Pmsidr(0x0003_507F) }));
    }

    [Fact]
    public void TheDataSourceFilterRegisterExistsWithItsFeatureOnly()
    {
        Spu with = new SpuBench(SpeProfile.V1P4).Spu;
        with.Write(SysRegId.PMSDSFR_EL1, 0x8000_0000_0000_4001);
        with.Read(SysRegId.PMSDSFR_EL1).ShouldBe(0x8000_0000_0000_4001ul);
        Spu without = new SpuBench().Spu;
        without.Write(SysRegId.PMSDSFR_EL1, ulong.MaxValue);
        without.Read(SysRegId.PMSDSFR_EL1).ShouldBe(0ul);
    }
}
