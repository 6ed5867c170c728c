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

    /// <summary>Timing, records that the buffer has room for, and members of the population between samples.</summary>
    public static TheoryData<string, string, ulong, uint> Recordings =>
        new MatrixTheoryData<string, string, ulong, uint>(["off", "window:1", "window:32", "window:140", "full"], ["honest", "n1", "v1p4"], [4096, 150], [Period, 256]);

    [Theory]
    [MemberData(nameof(Recordings))]
    public void ManySamplesAreTheSameWithEveryEngine(string timing, string profile, ulong room, uint period)
    {
        SpeProfile.TryParse(profile, out SpeProfile? spe).ShouldBeTrue();
        byte[]? expected = null;
        foreach (EngineKind engine in (EngineKind[])[EngineKind.Switch, EngineKind.Threaded, EngineKind.Block, EngineKind.Region])
        {
            var records = new Records();
            using var machine = Machine(engine, timing, records, spe, aside: true, late: engine == EngineKind.Block);
            machine.Load(
                Movz(20, 3),
                AddImm(0, 0, 1),
                LdrX(2, 1, 8),
                StrX(0, 1, 16),
                LdpX(3, 4, 1),
                0xFA40_0840,                  // ccmp x2, #0, #0, eq
                0x9A83_0063,                  // csel x3, x3, x3, eq
                LdrQ(0, 1, 32),
                0x1E62_0820,                  // fmul d0, d1, d2
                Bl(7),
                SubsImm(20, 20, 1),
                BNe(-8),
                CbzX(5, 2),
                Udf(0),
                Ldadd(3, 2, 3, 1),
                B(-15),
                0xCA00_0042,                  // eor x2, x2, x0
                0x4E20_1C00,                  // and v0.16b, v0.16b, v0.16b
                Ret);
            machine.Pe.SetX(1, AliasAt);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask | Pmscr.PaMask | Pmscr.CxMask | Pmscr.TsMask, counter: 7);
            machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, period);
            machine.Pe.WriteRegister(SysRegId.PMBLIMITR_EL1, (ProfiledMachine.Buffer + (room * (ulong)spe!.Pmsidr.MaxRecordSize) + 0xFFF & ~0xFFFul) | Pmblimitr.EMask);
            ExitReason end = ExitReason.BudgetEnded;
            for (int run = 0; run < 12 && end == ExitReason.BudgetEnded; run++)
            {
                // Slices end anywhere.
                end = machine.Pe.Run(10_007);
            }

            byte[] seen =
            [
                .. records.Bytes,
                .. BitConverter.GetBytes((int)end),
                .. BitConverter.GetBytes(machine.Pe.Executed),
                .. BitConverter.GetBytes(machine.Pe.Pc),
                .. BitConverter.GetBytes(machine.Pe.GetX(3)),
                .. BitConverter.GetBytes(machine.Pe.ReadRegister(SysRegId.PMBPTR_EL1)),
                .. BitConverter.GetBytes(machine.Pe.ReadRegister(SysRegId.PMBSR_EL1)),
                .. BitConverter.GetBytes(machine.Pe.ReadRegister(SysRegId.PMSICR_EL1)),
                .. BitConverter.GetBytes(machine.Pe.Spu!.SamplePop),
                .. BitConverter.GetBytes(machine.Pe.Spu!.SampleCollision),
            ];
            expected ??= seen;
            seen.ShouldBe(expected, $"{engine}");
            records.Bytes.Length.ShouldBeGreaterThan(64 * (int)Math.Min(room, 200));

            // Where the interval is not random and the window not everything, code goes from one sample to the next.
            (machine.Pe.EngineStatistics.Marked > records.Count / 2).ShouldBe(engine is EngineKind.Block or EngineKind.Region && timing != "full", $"{engine}");

            // What the guest finds is what the sink was told.
            for (int i = 0; i < records.Bytes.Length; i += 8)
            {
                machine.Read64(ProfiledMachine.Buffer + (ulong)i).ShouldBe(BitConverter.ToUInt64(records.Bytes, i));
            }
        }
    }

    [Theory]
    [InlineData(256, true)]
    [InlineData(256, false)]
    [InlineData(768, true)]
    [InlineData(768, false)]
    public void SamplesWithoutNotesAreTheSameWithEveryEngine(uint period, bool aside)
    {
        byte[]? expected = null;
        foreach (EngineKind engine in (EngineKind[])[EngineKind.Switch, EngineKind.Threaded, EngineKind.Block, EngineKind.Region])
        {
            var records = new Records();
            using var machine = Machine(engine, "off", records, out PageTables tables, aside: aside);
            tables.Map(AliasAt + 0x2000, 0x1000_0000, PageTables.Kernel);
            machine.Load(
                AddImm(0, 0, 1),
                LdrX(16, 17),                 // of a device
                0xCA12_0042,                  // eor x2, x2, x18
                LdrPost(3, 4, 10, 8),
                StrX(0, 10, 8),               // its base is another one by then
                0xF862_7823,                  // ldr x3, [x1, x2, lsl #3]: and here the index
                0xF86C_D823,                  // ldr x3, [x1, w12, sxtw #3]
                LdrPre(3, 4, 10, -8),
                StpX(3, 4, 1, 48),
                0x5800_0045,                  // ldr x5, .+8
                LdrQ(0, 1, 32),
                0x1E62_0820,                  // fmul d0, d1, d2
                LdrX(7, 13),                  // faults every other time
                LdrX(15, 1, 8),
                Ldadd(3, 2, 3, 1),
                0xCA0E_01AD,                  // eor x13, x13, x14
                SubsImm(20, 20, 1),
                BNe(-17));

            // The load is passed over.
            machine.Poke(TestMachine.VectorsAt + 0x200, Mrs(11, SysRegId.ELR_EL1), AddImm(11, 11, 4), Msr(SysRegId.ELR_EL1, 11), Eret);
            machine.Pe.Code.InvalidateAll();
            machine.Pe.SetX(1, AliasAt);
            machine.Pe.SetX(10, AliasAt + 256);
            machine.Pe.SetX(12, 7);
            machine.Pe.SetX(13, AliasAt);
            machine.Pe.SetX(14, 0x1000);
            machine.Pe.SetX(17, AliasAt + 0x2000);
            machine.Pe.SetX(18, 3);
            machine.Pe.SetX(20, 1 << 30);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask | Pmscr.CxMask | Pmscr.TsMask, counter: 7);
            machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, period);
            for (ulong slice = 10_007; slice < 400_280; slice += 10_007)
            {
                while (machine.Pe.Executed < slice)
                {
                    if (machine.Pe.Run(slice - machine.Pe.Executed) == ExitReason.Stage2Abort)
                    {
                        machine.Pe.Pc += 4;
                    }
                }
            }

            byte[] seen = [.. records.Bytes, .. BitConverter.GetBytes(machine.Pe.Pc), .. BitConverter.GetBytes(machine.Pe.Spu!.SamplePop), .. BitConverter.GetBytes(machine.Pe.ReadRegister(SysRegId.PMSICR_EL1))];
            expected ??= seen;
            seen.ShouldBe(expected, $"{engine}");
            records.Count.ShouldBeGreaterThan(500);
            Enumerable.Range(0, records.Count).Count(i => (records[i].Events & SpeEvents.Exception) != 0).ShouldBeGreaterThan(10);
            (machine.Pe.EngineStatistics.Foretold > records.Count / 3).ShouldBe(engine is EngineKind.Block or EngineKind.Region, $"{engine}");
        }
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void BehindPsbCsyncTheRecordsAreInMemory(EngineKind engine)
    {
        // A turn is as long as an interval, so that each has one sample; behind that the guest looks for the record.
        const uint PsbCsync = 0xD503_223F;
        const int Turns = 40;
        using var machine = Machine(engine, "off", new Records(), late: true);
        machine.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 249), PsbCsync, DsbIsh, LdrX(5, 1), CbzX(5, 5), AddImm(1, 1, 64), SubsImm(6, 6, 1), CbzX(6, 2), B(-256), Hvc(TestMachine.Done)]);
        machine.Pe.SetX(1, ProfiledMachine.Buffer);
        machine.Pe.SetX(6, Turns);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 200);
        machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, 256);
        machine.RunToEnd();
        machine.Pe.GetX(6).ShouldBe(0ul, "turns that found no record");
    }

    [Theory]
    [MemberData(nameof(Cores), MemberType = typeof(ProfiledMachine))]
    public void CodeThatIsPatchedIsExecutedAsPatched(EngineKind engine, string timing)
    {
        // Each turn patches an instruction, to one of two in turn, which is sampled or shortly before the sample.
        const ulong Turns = 30;
        uint one = AddImm(9, 9, 1), many = AddImm(9, 9, 16);
        foreach (int at in (int[])[199, 190, 170])
        {
            using var machine = Machine(engine, timing, new Records());
            uint[] turn =
            [
                0xCA0D_016B,              // eor x11, x11, x13
                Str(2, 11, 10),
                DcCvau(10),
                DsbIsh,
                IcIvau(10),
                DsbIsh,
                Isb,
                .. Enumerable.Repeat(Nop, 246),
                SubsImm(6, 6, 1),
                CbzX(6, 2),
                B(-255),
                Hvc(TestMachine.Done),
            ];
            turn[at] = one;
            machine.Load(turn);
            machine.Pe.SetX(10, Code + ((ulong)at * 4));
            machine.Pe.SetX(11, one);
            machine.Pe.SetX(13, one ^ many);
            machine.Pe.SetX(6, Turns);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 200);
            machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, 256);
            machine.RunToEnd();
            machine.Pe.GetX(9).ShouldBe(Turns / 2 * 17, $"instruction {at}");
        }
    }

    [Theory]
    [InlineData(EngineKind.Block)]
    [InlineData(EngineKind.Switch)]
    public void ASampleHasTheContextOfItsTime(EngineKind engine)
    {
        // CONTEXTIDR_EL1 follows the loop counter; a sample every 257 members.
        var records = new Records();
        using var machine = Machine(engine, "off", records);
        machine.Load(Movz(0, 3000), Msr(SysRegId.CONTEXTIDR_EL1, 0), Nop, Nop, Nop, SubsImm(0, 0, 1), BNe(-5), Hvc(TestMachine.Done));
        StartProfiling(machine.Pe, Pmscr.E1SpeMask | Pmscr.CxMask, counter: 1);
        machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, 256);
        machine.RunToEnd();
        records.Count.ShouldBeGreaterThan(50);
        for (int i = 1; i < records.Count; i++)
        {
            // The first member is MOVZ; what MSR writes counts behind it.
            long member = 1 + (i * 257L);
            long turn = (member - 2) / 6;
            bool atMsr = (member - 2) % 6 == 0;
            records[i].ContextEl1.ShouldBe((uint)(3000 - turn + (atMsr ? 1 : 0)), $"record {i}");
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void WhatASinkThrowsIsItsOwnersToSee(bool aside, bool late)
    {
        using var machine = Machine(EngineKind.Auto, "off", new Broken(), aside: aside, late: late);
        machine.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 900), B(-900)]);
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 200);
        Should.Throw<IOException>(() => machine.Pe.Run(100_000)).Message.ShouldBe("full");

        // And the PE is as good as before.
        ulong executed = machine.Pe.Executed;
        Should.Throw<IOException>(() => machine.Pe.Run(100_000));
        machine.Pe.Executed.ShouldBeGreaterThan(executed);
    }

    private sealed class Broken : ISpeRecordSink
    {
        public void Append(int pe, ReadOnlySpan<byte> record) => throw new IOException("full");
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void BehindTlbMaintenanceNoRecordIsWrittenByTheOldTranslation(EngineKind engine)
    {
        // Each turn has a sample, and then moves the buffer's page to one of two in turn. Behind TLBI and DSB it clears the record in the page that the buffer has left.
        const ulong Va = 0x2_0000_0000;
        using var machine = Machine(engine, "off", new Records(), out PageTables tables, late: true);
        tables.Map(Va, Data + 0x8000, PageTables.Kernel);
        ulong entry = tables.Entry(Va, 3);
        machine.Load(
        [
            .. Enumerable.Repeat(AddImm(0, 0, 1), 245),
            0xCA05_0129,                      // eor x9, x9, x5
            StrX(9, 7),
            0xD508_871F,                      // tlbi vmalle1
            DsbIsh,
            Isb,
            StrX(31, 1),
            AddImm(1, 1, 64),
            0xCA05_0021,                      // eor x1, x1, x5
            SubsImm(6, 6, 1),
            CbzX(6, 2),
            B(-255),
            Hvc(TestMachine.Done),
        ]);
        machine.Pe.SetX(1, Data + 0x8000);
        machine.Pe.SetX(5, 0x1000);
        machine.Pe.SetX(6, 40);
        machine.Pe.SetX(7, entry);
        machine.Pe.SetX(9, machine.Read64(entry));
        StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 200, Va);
        machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, 256);
        machine.RunToEnd();
        machine.Pe.Spu!.SampleFiltrate.ShouldBeGreaterThan(30ul);
        for (uint i = 0; i < 30; i++)
        {
            machine.Read64(Data + (i % 2 == 0 ? 0x8000u : 0x9000u) + (i * 64)).ShouldBe(0ul, $"turn {i}");
        }
    }

    [Fact]
    public void RecordsGoWhereTheTablesOfTheirTimeLead()
    {
        // The buffer is in the lower half, and each turn changes the tables without a word to the TLB: another page under the same address, by another ASID.
        const ulong Va = 0x2_0000_0000;
        byte[]? expected = null;
        foreach (EngineKind engine in (EngineKind[])[EngineKind.Switch, EngineKind.Block, EngineKind.Region])
        {
            using var machine = Machine(engine, "off", new Records(), out PageTables tables, late: true);
            tables.Map(Va, Data + 0x8000, PageTables.UserData);
            var other = new PageTables(machine, at: TestMachine.TablesAt + 0x8000).MapMachine();
            other.Map(Data, Data, PageTables.Kernel, level: 2);
            other.Map(ProfiledMachine.Buffer & ~0x1F_FFFFul, ProfiledMachine.Buffer & ~0x1F_FFFFul, PageTables.Kernel, level: 2);
            other.Map(Va, Data + 0x9000, PageTables.UserData);
            ulong ttbr = machine.Pe.ReadRegister(SysRegId.TTBR0_EL1);
            machine.Load([.. Enumerable.Repeat(AddImm(0, 0, 1), 700), Msr(SysRegId.TTBR0_EL1, 2), Isb, 0xCA03_0042 /* eor x2, x2, x3 */, SubsImm(6, 6, 1), CbzX(6, 2), B(-705), Hvc(TestMachine.Done)]);
            machine.Pe.SetX(2, other.Root | (2ul << 48));
            machine.Pe.SetX(3, (other.Root | (2ul << 48)) ^ ttbr);
            machine.Pe.SetX(6, 20);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 200, Va);
            machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, 256);
            machine.RunToEnd();
            byte[] pages = new byte[0x2000];
            for (int i = 0; i < pages.Length; i += 8)
            {
                BitConverter.GetBytes(machine.Read64(Data + 0x8000 + (ulong)i)).CopyTo(pages, i);
            }

            expected ??= pages;
            pages.ShouldBe(expected, $"{engine}");
            pages.AsSpan(0, 0x1000).ContainsAnyExcept((byte)0).ShouldBeTrue();
            pages.AsSpan(0x1000).ContainsAnyExcept((byte)0).ShouldBeTrue();
        }
    }

    [Fact]
    public void ARecordIsOfWhatWasExecutedBeforeItWasPatched()
    {
        // Each turn has a sample at an instruction that is patched behind it, from an addition to a load and back.
        foreach (EngineKind engine in (EngineKind[])[EngineKind.Switch, EngineKind.Threaded, EngineKind.Block, EngineKind.Region])
        {
            var records = new Records();
            using var machine = Machine(engine, "off", records, late: true);
            uint one = AddImm(9, 9, 1), other = LdrX(9, 1);
            machine.Load(
            [
                .. Enumerable.Repeat(Nop, 200),
                one,
                .. Enumerable.Repeat(Nop, 46),
                0xCA0D_016B,                  // eor x11, x11, x13
                Str(2, 11, 10),
                DcCvau(10),
                DsbIsh,
                IcIvau(10),
                DsbIsh,
                Isb,
                SubsImm(6, 6, 1),
                CbzX(6, 2),
                B(-256),
                Hvc(TestMachine.Done),
            ]);
            machine.Pe.SetX(1, AliasAt);
            machine.Pe.SetX(10, Code + 800);
            machine.Pe.SetX(11, one);
            machine.Pe.SetX(13, one ^ other);
            machine.Pe.SetX(6, 40);
            StartProfiling(machine.Pe, Pmscr.E1SpeMask, counter: 201);
            machine.Pe.WriteRegister(SysRegId.PMSIRR_EL1, 256);
            machine.RunToEnd();
            records.Count.ShouldBe(40);
            for (int i = 0; i < records.Count; i++)
            {
                records[i].Pc.ShouldBe(Code + 800);
                records[i].Has(SpeFields.DataVirtual).ShouldBe(i % 2 != 0, $"{engine}, record {i}");
            }
        }
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
