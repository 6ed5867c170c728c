using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;
using static Pinion.Cpu.Tests.Profiling.ProfiledMachine;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>The counts behind a profile: of every member of the population, of what a record of it would say, and of what became of those selected.</summary>
public sealed class TruthCountsTests
{
    private const ulong BothLevels = Pmscr.E0SpeMask | Pmscr.E1SpeMask;

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void EveryMemberOfThePopulationIsCountedWhereItExecutes(EngineKind engine, string timing)
    {
        foreach (ulong levels in new[] { Pmscr.E0SpeMask, Pmscr.E1SpeMask, BothLevels })
        {
            List<(ulong Pc, bool Last)> population = Population(levels, out _);
            var truth = new TruthCounts(1);
            var records = new Records();
            using TestMachine machine = Machine(engine, timing, records, truth: truth);
            Prepare(machine);
            StartProfiling(machine.Pe, levels, counter: 0);
            machine.RunToEnd(1_000_000);

            truth.Counts().ToDictionary(count => count.Pc, count => count.Sums[SpeQuantity.Operations])
                .ShouldBe(population.GroupBy(member => member.Pc).ToDictionary(same => same.Key, same => (ulong)same.Count()), ignoreOrder: true);
            truth.Total.ShouldBe(machine.Pe.Spu!.SamplePop);
            truth.Uncounted.ShouldBe(0ul);
            truth.Counts().Sum(count => (long)(count.Fates?[SampleFate.Recorded] ?? 0)).ShouldBe(records.Count);
            foreach (IGrouping<ulong, ulong> same in records.Pcs.GroupBy(pc => pc))
            {
                truth.Counts().Single(count => count.Pc == same.Key).Fates!.Selected.ShouldBe((ulong)same.Count());
            }
        }
    }

    [Theory]
    [InlineData(EngineKind.Threaded)]
    [InlineData(EngineKind.Switch)]
    public void WithTheFullModelTheCountsAreTheSumOverRecordsOfEveryOperation(EngineKind engine)
    {
        const int Loops = 12;
        uint[] program =
        [
            LdrX(2, 1, 8),
            StrX(2, 1, 16),
            AddImm(1, 1, 64),
            SubsImm(4, 4, 1),
            0x9A9F_0063,                  // csel x3, x3, xzr, eq
            BNe(-5),
            LdrX(7, 8),                   // faults: behind the page
        ];

        // And the one at the vector that ends the run.
        int members = (6 * Loops) + 2;
        TruthCounts? truth = null;
        var expected = new Dictionary<ulong, SpeSums>();

        // The machine is the same each time, so run by run another operation is sampled of the same execution.
        for (uint k = 1; k <= members; k++)
        {
            truth = new TruthCounts(1);
            var records = new Records();
            using TestMachine machine = Machine(engine, "full", records, truth: truth);
            machine.Load(program);
            machine.Pe.SetX(1, AliasAt);
            machine.Pe.SetX(4, Loops);
            machine.Pe.SetX(8, AliasAt + 0x1000);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask, k);
            machine.RunToException();
            records.Count.ShouldBe(1, $"operation {k}");
            if (!expected.TryGetValue(records[0].Pc, out SpeSums? sums))
            {
                expected.Add(records[0].Pc, sums = new());
            }

            sums.Add(records[0]);
        }

        truth!.HasOutcomes.ShouldBeTrue();
        truth.Counts().Count().ShouldBe(expected.Count);
        foreach (TruthCount count in truth.Counts())
        {
            for (SpeQuantity quantity = 0; quantity < SpeQuantity.Count; quantity++)
            {
                count.Sums[quantity].ShouldBe(expected[count.Pc][quantity], $"{quantity} of 0x{count.Pc:x}");
            }
        }

        TruthCount load = truth.Counts().Single(count => count.Pc == Code);
        load.Sums[SpeQuantity.L1DataRefills].ShouldBeGreaterThan(0ul);
        truth.Counts().Single(count => count.Pc == Code + 20).Sums[SpeQuantity.NotTaken].ShouldBe(1ul);
        truth.Counts().Single(count => count.Pc == Code + 16).Sums[SpeQuantity.NotTaken].ShouldBe(Loops - 1ul);
        truth.Counts().Single(count => count.Pc == Code + 24).Sums[SpeQuantity.Exceptions].ShouldBe(1ul);
    }

    [Theory]
    [InlineData("window:7")]
    [InlineData("off")]
    public void WithoutTheFullModelOnlyWhatTheProgramDecidesIsCounted(string timing)
    {
        var truth = new TruthCounts(1);
        using TestMachine machine = Machine(EngineKind.Threaded, timing, new Records(), truth: truth);
        machine.Load(LdrX(2, 1, 8), CbnzX(5, 7));
        machine.Pe.SetX(1, AliasAt);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, 2);
        machine.RunToEnd();

        truth.HasOutcomes.ShouldBeFalse();
        truth.Timing.ShouldNotBeNull().ToString().ShouldBe(timing);
        truth.Counts().Single(count => count.Pc == Code).Sums[SpeQuantity.L1DataAccesses].ShouldBe(0ul);
        truth.Counts().Single(count => count.Pc == Code + 4).Sums[SpeQuantity.NotTaken].ShouldBe(1ul);
    }

    [Fact]
    public void ASelectionDuringASampleInFlightIsACollisionOfTheOperationThatIsDropped()
    {
        var truth = new TruthCounts(1);
        var records = new Records();
        using TestMachine machine = Machine(EngineKind.Threaded, "full", records, truth: truth, options: new SpuOptions { OperationsPerCycleInFlight = 1 });
        machine.Load([.. Enumerable.Repeat(Nop, 20), LdrX(2, 1), .. Enumerable.Repeat(Nop, 3 * Period)]);
        machine.Pe.SetX(1, AliasAt);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, 21);
        machine.RunToEnd();

        // The load misses every cache, and so do the reads of its table walk: it takes more cycles than one interval has operations, and less than two.
        records.Pcs.ShouldBe([Code + 80, Code + 80 + (2 * 4 * (Period + 1))]);
        TruthCount dropped = truth.Counts().Single(count => count.Fates?[SampleFate.Collided] == 1);
        dropped.Pc.ShouldBe(Code + 80 + (4 * (Period + 1)));
        truth.Units().ShouldHaveSingleItem().Fates[SampleFate.Collided].ShouldBe(1ul);
    }

    [Fact]
    public void SettingsAreToldByProcess()
    {
        var truth = new TruthCounts(1);
        using TestMachine machine = Machine(EngineKind.Threaded, "off", new Records(), truth: truth);
        machine.Load([.. Enumerable.Repeat(Nop, 2 * (Period + 1))]);
        machine.Pe.WriteRegister(SysRegId.CONTEXTIDR_EL1, 77);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, 10);
        machine.Pe.WriteRegister(SysRegId.PMSFCR_EL1, Pmsfcr.FtMask | Pmsfcr.LdMask);
        machine.RunToEnd();

        (TruthSetting setting, ulong selected) = truth.Settings().ShouldHaveSingleItem();
        setting.ShouldBe(new TruthSetting(77, new(Period), new(Pmsfcr.FtMask | Pmsfcr.LdMask)));
        selected.ShouldBe(2ul);
        truth.Counts().ShouldAllBe(count => count.ContextId == 77);
        truth.Counts().Count(count => count.Fates?[SampleFate.Filtered] == 1).ShouldBe(2);
    }

    [Fact]
    public void WhatRunsWhileAFullBufferStopsTheUnitIsNoMemberAndCountedByItself()
    {
        const int Before = 40;
        const int Behind = 100;
        var truth = new TruthCounts(1);
        using TestMachine machine = Machine(EngineKind.Threaded, "full", new Records(), truth: truth);
        machine.Load([.. Enumerable.Repeat(Nop, Before + Behind)]);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, Before);
        machine.Pe.WriteRegister(SysRegId.PMBLIMITR_EL1, ProfiledMachine.Buffer | Pmblimitr.EMask);
        machine.Pe.Run(1_000).ShouldBe(ExitReason.ProfilingInterrupt);
        machine.Pe.Run(Behind);

        truth.Total.ShouldBe((ulong)Before);
        TruthUnit unit = truth.Units().ShouldHaveSingleItem();
        unit.Population.ShouldBe((ulong)Before);
        unit.Stopped.ShouldBe((ulong)Behind);
        unit.Fates[SampleFate.Lost].ShouldBe(1ul);
    }

    [Fact]
    public void PesAreSummedAndOperationsAtOneAddressToldApart()
    {
        var truth = new TruthCounts(2);
        SpeRecord load = Operation(0x1000, SpeOperationClass.LoadStore, SpeOperation.GeneralLoad);
        SpeRecord branch = Operation(0x1000, SpeOperationClass.Branch, SpeOperation.BranchDirect);
        truth.Execute(0, 5, load);
        truth.Execute(0, 5, branch);
        truth.Execute(1, 5, load);
        truth.Execute(1, 6, load);
        truth.Execute(0, 5, Operation(0xFFF, SpeOperationClass.Other, 0));

        truth.Counts().Select(count => (count.ContextId, count.Pc, count.OperationClass, count.Sums[SpeQuantity.Operations])).ShouldBe(
        [
            (5u, 0xFFFul, SpeOperationClass.Other, 1ul),
            (5u, 0x1000ul, SpeOperationClass.LoadStore, 2ul),
            (5u, 0x1000ul, SpeOperationClass.Branch, 1ul),
            (6u, 0x1000ul, SpeOperationClass.LoadStore, 1ul),
        ]);
        truth.Total.ShouldBe(5ul);
    }

    [Fact]
    public void AGuestWithMoreOperationsThanTheTablesHoldHasTheRestCountedTogether()
    {
        const int Most = 2000;
        const int Executed = 10_000;
        var truth = new TruthCounts(1, Most);
        for (uint i = 0; i < Executed; i++)
        {
            // Another address space each time, as a guest can do with one MSR for each operation.
            truth.Execute(0, i, Operation(0x1000, SpeOperationClass.Other, 0));
        }

        truth.Counts().Count().ShouldBeLessThan(Most);
        truth.Uncounted.ShouldBe((ulong)(Executed - truth.Counts().Count()));
        truth.Total.ShouldBe((ulong)Executed);
    }

    private static SpeRecord Operation(ulong pc, SpeOperationClass operationClass, byte payload)
    {
        SpeRecord record = default;
        record.SetPc(pc, 0);
        record.SetOperation(operationClass, payload);
        record.SetEvents(SpeEvents.Retired);
        return record;
    }
}
