using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;
using static Pinion.Cpu.Tests.Profiling.ProfiledMachine;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>What the engine tells the profiling unit about instructions, and which instructions it selects, in every mode and on both cores.</summary>
public sealed class ObservingTests
{
    /// <summary>What a record shows of an instruction.</summary>
    private readonly record struct Shown(ulong Pc, ulong? Va = null, ulong? Pa = null, ulong? Target = null, bool NotTaken = false, bool Exception = false);

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void EveryInstructionOfAProgramIsDescribed(EngineKind engine, string timing)
    {
        uint[] program =
        [
            AddImm(0, 0, 1),
            LdrX(2, 1, 8),
            StrX(2, 1, 16),
            LdpXPost(3, 4, 1, 32),
            CbzX(5, 2),                   // taken
            Udf(0),
            CbnzX(5, -1),                 // not taken
            SubsImm(6, 5, 1),             // 0 - 1: NE
            BNe(1),                       // taken, to the next instruction
            Bl(3),
            LdrX(7, 8),                   // faults: behind the page
            Udf(0),
            Movz(9, 0x100),
            Ldxr(3, 7, 1),
            Stxr(3, 6, 7, 1),
            0x9A9F_0063,                  // csel x3, x3, xzr, eq: the condition fails
            0x9A9F_1063,                  // csel x3, x3, xzr, ne: it holds
            Ret,                          // to the load that faults
        ];
        Shown At(int i) => new(Code + ((ulong)i * 4));
        Shown[] expected =
        [
            At(0),
            At(1) with { Va = AliasAt + 8, Pa = Alias + 8 },
            At(2) with { Va = AliasAt + 16, Pa = Alias + 16 },
            At(3) with { Va = AliasAt, Pa = Alias },
            At(4) with { Target = Code + 24 },
            At(6) with { NotTaken = true },
            At(7),
            At(8) with { Target = Code + 36 },
            At(9) with { Target = Code + 48 },
            At(12),
            At(13) with { Va = AliasAt + 32, Pa = Alias + 32 },
            At(14) with { Va = AliasAt + 32, Pa = Alias + 32 },
            At(15) with { NotTaken = true },
            At(16),
            At(17) with { Target = Code + 40 },
            At(10) with { Va = AliasAt + 0x1000, Exception = true },
        ];

        // A record for each: the interval counter starts so that the k-th instruction is selected.
        for (uint k = 1; k <= expected.Length; k++)
        {
            var records = new Records();
            using var machine = Machine(engine, timing, records);
            machine.Load(program);
            machine.Pe.SetX(1, AliasAt);
            machine.Pe.SetX(8, AliasAt + 0x1000);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask | Pmscr.PaMask, k);
            machine.RunToException().Far.ShouldBe(AliasAt + 0x1000);
            records.Count.ShouldBe(1, $"instruction {k}");
            Describe(records[0]).ShouldBe(expected[k - 1], $"instruction {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void DcZvaIsAnAccessWhetherItsPageIsInTheTlbOrNot(EngineKind engine, string timing)
    {
        foreach (uint first in (uint[])[Nop, StrX(3, 1)])
        {
            var records = new Records();
            using var machine = Machine(engine, timing, records);
            machine.Load(first, DcZva(1));
            machine.Pe.SetX(1, AliasAt + 64);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask | Pmscr.PaMask, 2);
            machine.RunToEnd();
            Describe(records[0]).ShouldBe(new Shown(Code + 4, Va: AliasAt + 64, Pa: Alias + 64));
        }
    }

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void TheTargetOfTheBranchBeforeIsRecordedWhereTheProfileHasIt(EngineKind engine, string timing)
    {
        uint[] program =
        [
            Nop,
            B(2),                         // to 3
            Udf(0),
            CbzX(5, 2),                   // taken, to 5
            Udf(0),
            CbnzX(5, 7),                  // not taken
            Bl(3),                        // to 9
            Hvc(TestMachine.Done),
            Udf(0),
            Nop,
            Ret,                          // to 7
        ];
        (int At, int? Before)[] expected = [(0, null), (1, null), (3, 3), (5, 5), (6, 5), (9, 9), (10, 9)];
        for (uint k = 1; k <= expected.Length; k++)
        {
            var records = new Records();
            using var machine = Machine(engine, timing, records, SpeProfile.V1P4);
            machine.Load(program);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask, k);
            machine.RunToEnd();
            (int at, int? before) = expected[k - 1];
            records[0].Pc.ShouldBe(Code + ((ulong)at * 4), $"instruction {k}");
            records[0].Has(SpeFields.PreviousBranchTarget).ShouldBe(before is not null, $"instruction {k}");
            if (before is { } target)
            {
                records[0].PreviousBranchTargetPayload.ShouldBe(SpeAddress.Instruction(Code + ((ulong)target * 4), 1), $"instruction {k}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void CodeThatIsDroppedOnTheWayDoesNotMoveASample(EngineKind engine, string timing)
    {
        // IC IVAU x1 drops the line in which the selected instruction, or the one before its window, lies: right before it is executed, in code without branches.
        for (uint selected = 2; selected <= 80; selected++)
        {
            var records = new Records();
            using var machine = Machine(engine, timing, records);
            machine.Load([IcIvau(1), .. Enumerable.Repeat(Nop, 100)]);
            machine.Pe.SetX(1, Code + ((ulong)(selected - 1) * 4));
            StartProfiling(machine.Pe, Pmscr.E1SpeMask, selected);
            machine.RunToEnd();
            records.Count.ShouldBe(1, $"instruction {selected}");
            records[0].Pc.ShouldBe(Code + ((ulong)(selected - 1) * 4));
        }
    }

    [Theory]
    [InlineData(EngineKind.Threaded, "full")]
    [InlineData(EngineKind.Threaded, "window:64")]
    [InlineData(EngineKind.Switch, "off")]
    public void AnAccessAcrossAPageIsOne(EngineKind engine, string timing)
    {
        var records = new Records();
        using var machine = Machine(engine, timing, records);
        machine.Load(Nop, LdrX(2, 1));
        machine.Pe.SetX(1, Data + 0xFFC);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask | Pmscr.PaMask, 2);
        machine.RunToEnd();
        SpeRecord load = records[0];
        load.DataVirtual.ShouldBe(Data + 0xFFC);
        load.DataPhysical.ShouldBe(Data + 0xFFC);
        (load.Events & SpeEvents.Alignment).ShouldBe(timing == "off" ? SpeEvents.None : SpeEvents.Alignment);
    }

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void SamplesFallOnExactInstructionsAcrossExceptionsAndInterrupts(EngineKind engine, string timing)
    {
        foreach (ulong levels in new[] { Pmscr.E0SpeMask, Pmscr.E1SpeMask, Pmscr.E0SpeMask | Pmscr.E1SpeMask })
        {
            List<(ulong Pc, bool Last)> population = Population(levels, out ulong executed);
            var records = new Records();
            using var machine = Machine(engine, timing, records);
            Prepare(machine);
            StartProfiling(machine.Pe, levels, counter: 0);
            machine.RunToEnd(1_000_000);
            machine.Pe.Executed.ShouldBe(executed);
            machine.Pe.GetX(8).ShouldBeGreaterThan(10ul, "interrupts");

            // A counter of 0 is loaded by the next member, or before it where sampling becomes enabled (Arm ARM D17.4): one member less.
            List<ulong> expected = [];
            for (int at = Period; at <= population.Count; at += Period + (population[at - 1].Last ? 0 : 1))
            {
                expected.Add(population[at - 1].Pc);
            }

            expected.Count.ShouldBeGreaterThan(10);
            records.Pcs.ShouldBe(expected, $"levels {levels}");
        }
    }

    [Theory]
    [InlineData("window:1")]
    [InlineData("window:50")]
    [InlineData("window:300")]
    public void WhatAWindowSeesDoesNotDependOnTheCore(string timing)
    {
        var threaded = new Records();
        var stepped = new Records();
        var compiled = new Records();
        foreach ((EngineKind engine, Records records) in new[] { (EngineKind.Threaded, threaded), (EngineKind.Switch, stepped), (EngineKind.Block, compiled) })
        {
            using var machine = Machine(engine, timing, records);
            Prepare(machine);
            StartProfiling(machine.Pe, Pmscr.E0SpeMask | Pmscr.E1SpeMask | Pmscr.PaMask, counter: 0);
            machine.RunToEnd(1_000_000);
        }

        threaded.Bytes.ShouldBe(stepped.Bytes);
        compiled.Bytes.ShouldBe(stepped.Bytes);
        threaded.Count.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void TheBufferFollowsTheGuestsTables()
    {
        var records = new Records();
        using var machine = Machine(EngineKind.Auto, "off", records, out PageTables tables);
        const ulong Va = 0x2_0000_0000;
        tables.Map(Va, Data + 0x8000, PageTables.Kernel);
        machine.Load([.. Enumerable.Repeat(Nop, 2000)]);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 0, Va);
        machine.Pe.Run(Period + 10);
        records.Count.ShouldBe(1);
        machine.Read32(Data + 0x8000).ShouldNotBe(0u);

        // The second record goes where the page has moved, once the guest says so.
        tables.Map(Va, Data + 0x9000, PageTables.Kernel);
        machine.Poke(Code + 0x4000, 0xD508_871F, DsbIsh, Isb, B(-0x1000));
        machine.Pe.Code.InvalidateAll();
        machine.Pe.Pc = Code + 0x4000;
        machine.Pe.Run(Period + 10);
        records.Count.ShouldBe(2);
        machine.Read64(Data + 0x8040).ShouldBe(0ul);
        machine.Read64(Data + 0x9040).ShouldNotBe(0ul);

        // And a page that is gone is a fault of the buffer, not of the guest.
        machine.Write64(tables.Entry(Va, 3), 0);
        machine.Pe.Pc = Code + 0x4000;
        machine.Pe.Run(Period + 10).ShouldBe(ExitReason.ProfilingInterrupt);
        (machine.Pe.ReadRegister(SysRegId.PMBSR_EL1) >> 26).ShouldBe(0x24ul);
    }

    private static Shown Describe(in SpeRecord record) => new(
        record.Pc,
        record.Has(SpeFields.DataVirtual) ? record.DataVirtual : null,
        record.Has(SpeFields.DataPhysical) ? record.DataPhysical : null,
        record.Has(SpeFields.BranchTarget) ? record.BranchTarget : null,
        (record.Events & SpeEvents.NotTaken) != 0,
        (record.Events & SpeEvents.Exception) != 0);
}
