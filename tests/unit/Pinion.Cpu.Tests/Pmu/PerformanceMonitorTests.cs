using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Pmu;

public sealed class PerformanceMonitorTests
{
    private const uint InstRetired = 0x08, CpuCycles = 0x11, Chain = 0x1E;
    private const ulong Cycle = 1UL << 31;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    private static TestMachine Counting(EngineKind engine, ulong enabled, ulong control = 1, params (SysRegId Id, ulong Value)[] registers)
    {
        var m = new TestMachine(engine) { WireInterrupts = true };
        foreach ((SysRegId id, ulong value) in registers)
        {
            m.Pe.WriteRegister(id, value);
        }

        m.Pe.WriteRegister(SysRegId.PMCNTENSET_EL0, enabled);
        m.Pe.WriteRegister(SysRegId.PMCR_EL0, control);
        return m;
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void InstructionsAndCyclesAreCountedExactly(EngineKind engine)
    {
        using TestMachine m = Counting(engine, Cycle | 7, 1, (SysRegId.PMEVTYPER0_EL0, InstRetired), (SysRegId.PMEVTYPER1_EL0, CpuCycles), (SysRegId.PMEVTYPER2_EL0, 0x03));
        uint[] nops = [.. Enumerable.Repeat(Nop, 1000)];
        m.Execute([Mrs(0, SysRegId.PMEVCNTR0_EL0), .. nops, Mrs(1, SysRegId.PMEVCNTR0_EL0), Mrs(2, SysRegId.PMCCNTR_EL0), .. nops, Mrs(3, SysRegId.PMCCNTR_EL0), Mrs(4, SysRegId.PMEVCNTR1_EL0)]);
        (m.Pe.GetX(1) - m.Pe.GetX(0)).ShouldBe(1001UL);
        (m.Pe.GetX(3) - m.Pe.GetX(2)).ShouldBe(1001UL);
        (m.Pe.GetX(4) - m.Pe.GetX(3)).ShouldBe(1UL);

        // An event that this PMU does not have counts nothing.
        m.Pe.ReadRegister(SysRegId.PMEVCNTR2_EL0).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WhatTakesAnExceptionDoesNotRetireButSvcDoes(EngineKind engine)
    {
        using TestMachine m = Counting(engine, Cycle | 1, 1, (SysRegId.PMEVTYPER0_EL0, InstRetired));
        m.Poke(TestMachine.VectorsAt + 0x200, Mrs(9, SysRegId.ELR_EL1), AddImm(9, 9, 4), Msr(SysRegId.ELR_EL1, 9), Eret);
        m.Load(Nop, Udf(0), Nop);
        m.RunToEnd();

        // NOP, four of the handler, NOP and HVC retire; UDF is a cycle only.
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(7UL);
        m.Pe.ReadRegister(SysRegId.PMCCNTR_EL0).ShouldBe(8UL);
        m.Pe.WriteRegister(SysRegId.PMEVCNTR0_EL0, 0);
        m.Poke(TestMachine.VectorsAt + 0x200, Hvc(4));
        m.Fault(Nop, Svc(0));
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(3UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void FiltersExcludeALevel(EngineKind engine)
    {
        using TestMachine m = Counting(
            engine,
            Cycle | 7,
            1,
            (SysRegId.PMEVTYPER0_EL0, InstRetired | (1UL << 31)),
            (SysRegId.PMEVTYPER1_EL0, InstRetired | (1UL << 30)),
            (SysRegId.PMEVTYPER2_EL0, InstRetired | (3UL << 30)),
            (SysRegId.PMCCFILTR_EL0, 1UL << 31));
        m.Pe.Pstate = 0;
        m.Load([.. Enumerable.Repeat(Nop, 200), Svc(0)]);
        m.RunToException();
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(201UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR1_EL0).ShouldBe(1UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR2_EL0).ShouldBe(0UL);
        m.Pe.ReadRegister(SysRegId.PMCCNTR_EL0).ShouldBe(201UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void NothingCountsWhileDisabled(EngineKind engine)
    {
        using TestMachine m = Counting(engine, Cycle | 1, 0, (SysRegId.PMEVTYPER0_EL0, InstRetired));
        m.Execute(Nop, Nop);
        m.Pe.ReadRegister(SysRegId.PMCCNTR_EL0).ShouldBe(0UL);
        m.Pe.WriteRegister(SysRegId.PMCR_EL0, 1);
        m.Pe.WriteRegister(SysRegId.PMCNTENCLR_EL0, 1);
        m.Execute(Nop);
        m.Pe.ReadRegister(SysRegId.PMCCNTR_EL0).ShouldBe(2UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(0UL);
        m.Pe.ReadRegister(SysRegId.PMCNTENSET_EL0).ShouldBe(Cycle);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, 1)]
    [InlineData(EngineKind.Threaded, 63)]
    [InlineData(EngineKind.Threaded, 64)]
    [InlineData(EngineKind.Threaded, 65)]
    [InlineData(EngineKind.Threaded, 700)]
    [InlineData(EngineKind.Switch, 1)]
    [InlineData(EngineKind.Switch, 700)]
    public void AnOverflowInterruptsAtItsInstruction(EngineKind engine, uint left)
    {
        using TestMachine m = Counting(engine, 1, 1, (SysRegId.PMEVTYPER0_EL0, InstRetired), (SysRegId.PMEVCNTR0_EL0, 0x1_0000_0000UL - left), (SysRegId.PMINTENSET_EL1, 1));
        m.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 1000)]);
        m.Pe.Pstate = 5;
        m.RunToException().Vector.ShouldBe(5);
        m.Pe.GetX(0).ShouldBe(left);
        m.PmuOverflowLine.ShouldBeTrue();
        m.Pe.ReadRegister(SysRegId.PMOVSSET_EL0).ShouldBe(1UL);
        m.Pe.WriteRegister(SysRegId.PMOVSCLR_EL0, 1);
        m.PmuOverflowLine.ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnOverflowWithoutInterruptOnlySetsItsFlag(EngineKind engine)
    {
        using TestMachine m = Counting(engine, 1, 1, (SysRegId.PMEVTYPER0_EL0, InstRetired), (SysRegId.PMEVCNTR0_EL0, 0xFFFF_FFFF));
        m.Execute(Nop, Nop);
        m.Pe.ReadRegister(SysRegId.PMOVSCLR_EL0).ShouldBe(1UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(2UL);
        m.PmuOverflowLine.ShouldBeFalse();

        // Enabling the interrupt afterwards raises the line; disabling the PMU drops it.
        m.Pe.WriteRegister(SysRegId.PMINTENSET_EL1, 1);
        m.PmuOverflowLine.ShouldBeTrue();
        m.Pe.WriteRegister(SysRegId.PMCR_EL0, 0);
        m.PmuOverflowLine.ShouldBeFalse();
    }

    [Theory]
    [InlineData(EngineKind.Threaded, false)]
    [InlineData(EngineKind.Threaded, true)]
    [InlineData(EngineKind.Switch, false)]
    [InlineData(EngineKind.Switch, true)]
    public void TheCycleCounterOverflowsAt32Or64Bits(EngineKind engine, bool wide)
    {
        using TestMachine m = Counting(engine, Cycle, 1 | (wide ? 0x40u : 0), (SysRegId.PMINTENSET_EL1, Cycle), (SysRegId.PMCCNTR_EL0, wide ? ulong.MaxValue - 99 : 0xFFFF_FFFF - 99));
        m.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 1000)]);
        m.Pe.Pstate = 5;
        m.RunToException().Vector.ShouldBe(5);
        m.Pe.GetX(0).ShouldBe(100UL);
        m.Pe.ReadRegister(SysRegId.PMOVSSET_EL0).ShouldBe(Cycle);
        m.Pe.ReadRegister(SysRegId.PMCCNTR_EL0).ShouldBe(wide ? 1 : 0x1_0000_0001UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AChainedPairIsOneCounterOf64Bits(EngineKind engine)
    {
        using TestMachine m = Counting(
            engine,
            3,
            1,
            (SysRegId.PMEVTYPER0_EL0, InstRetired),
            (SysRegId.PMEVTYPER1_EL0, Chain),
            (SysRegId.PMEVCNTR0_EL0, 0xFFFF_FFFF - 199),
            (SysRegId.PMEVCNTR1_EL0, 0xFFFF_FFFF),
            (SysRegId.PMINTENSET_EL1, 2));
        m.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 1000)]);
        m.Pe.Pstate = 5;
        m.RunToException().Vector.ShouldBe(5);
        m.Pe.GetX(0).ShouldBe(200UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR1_EL0).ShouldBe(0UL);
        m.Pe.ReadRegister(SysRegId.PMOVSSET_EL0).ShouldBe(3UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void SoftwareIncrementsCountWhatIsSelectedForThem(EngineKind engine)
    {
        using TestMachine m = Counting(engine, 0x3, 1, (SysRegId.PMEVTYPER0_EL0, 0), (SysRegId.PMEVTYPER1_EL0, 0), (SysRegId.PMEVTYPER2_EL0, 0));
        m.Pe.SetX(1, 1);
        m.Pe.SetX(7, 7);
        m.Execute(Msr(SysRegId.PMSWINC_EL0, 1), Msr(SysRegId.PMSWINC_EL0, 7));
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(2UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR1_EL0).ShouldBe(1UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR2_EL0).ShouldBe(0UL);

        // Not where EL1 is filtered out.
        m.Pe.WriteRegister(SysRegId.PMEVTYPER0_EL0, 1UL << 31);
        m.Execute(Msr(SysRegId.PMSWINC_EL0, 7));
        m.Pe.ReadRegister(SysRegId.PMEVCNTR0_EL0).ShouldBe(2UL);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR1_EL0).ShouldBe(2UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void PmcrResetsCountersAndCycles(EngineKind engine)
    {
        using TestMachine m = Counting(engine, 0, 0, (SysRegId.PMEVCNTR0_EL0, 5), (SysRegId.PMEVCNTR5_EL0, 6), (SysRegId.PMCCNTR_EL0, 7));
        m.Pe.SetX(1, 2);
        m.Execute(Msr(SysRegId.PMCR_EL0, 1), Mrs(2, SysRegId.PMEVCNTR0_EL0), Mrs(3, SysRegId.PMEVCNTR5_EL0), Mrs(4, SysRegId.PMCCNTR_EL0), Mrs(5, SysRegId.PMCR_EL0));
        m.Pe.GetX(2).ShouldBe(0UL);
        m.Pe.GetX(3).ShouldBe(0UL);
        m.Pe.GetX(4).ShouldBe(7UL);

        // Six counters; P and C read as zero.
        m.Pe.GetX(5).ShouldBe(0x410C_3000UL);
        m.Pe.SetX(1, 4);
        m.Execute(Msr(SysRegId.PMCR_EL0, 1), Mrs(4, SysRegId.PMCCNTR_EL0));
        m.Pe.GetX(4).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void PmselrSelectsACounterOrTheCycleFilter(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetX(1, 3);
        m.Pe.SetX(2, 0xF800_1234);
        m.Pe.SetX(3, 0x9999);
        m.Pe.SetX(4, 31);
        m.Execute(
            Msr(SysRegId.PMSELR_EL0, 1), Msr(SysRegId.PMXEVTYPER_EL0, 2), Msr(SysRegId.PMXEVCNTR_EL0, 3), Mrs(5, SysRegId.PMXEVTYPER_EL0), Mrs(6, SysRegId.PMXEVCNTR_EL0),
            Mrs(7, SysRegId.PMEVTYPER3_EL0), Mrs(8, SysRegId.PMEVCNTR3_EL0), Msr(SysRegId.PMSELR_EL0, 4), Msr(SysRegId.PMXEVTYPER_EL0, 2), Mrs(9, SysRegId.PMCCFILTR_EL0), Mrs(10, SysRegId.PMSELR_EL0));
        m.Pe.GetX(5).ShouldBe(0xF800_1234UL);
        m.Pe.GetX(6).ShouldBe(0x9999UL);
        m.Pe.GetX(7).ShouldBe(0xF800_1234UL);
        m.Pe.GetX(8).ShouldBe(0x9999UL);
        m.Pe.GetX(9).ShouldBe(0xF800_0000UL);
        m.Pe.GetX(10).ShouldBe(31UL);

        // Counters that are not there read as zero and ignore writes.
        m.Pe.WriteRegister(SysRegId.PMEVCNTR6_EL0, 1);
        m.Pe.ReadRegister(SysRegId.PMEVCNTR6_EL0).ShouldBe(0UL);
        m.Pe.WriteRegister(SysRegId.PMCNTENSET_EL0, ulong.MaxValue);
        m.Pe.ReadRegister(SysRegId.PMCNTENSET_EL0).ShouldBe(0x8000_003FUL);
    }
}
