using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>What the engine tells the profiling unit about instructions, and which instructions it selects, in every mode and on both cores.</summary>
public sealed class ObservingTests
{
    private const ulong Code = TestMachine.CodeAt;
    private const ulong Data = TestMachine.DataAt;
    private const ulong Buffer = Data + 0x10_0000;
    private const ulong BufferSize = 0x4_0000;

    /// <summary>A virtual page that maps to <see cref="Alias"/>, so that virtual and physical addresses differ; the next page does not map.</summary>
    private const ulong AliasAt = 0x1_0000_0000;
    private const ulong Alias = Data + 0x3000;

    private const int Period = 512;
    private const uint Timer = 333;
    private const ulong Isr = TestMachine.VectorsAt + 0x1000;

    public static TheoryData<EngineKind, string> Cores => [(EngineKind.Threaded, "full"), (EngineKind.Switch, "full"), (EngineKind.Threaded, "window:1"), (EngineKind.Threaded, "window:7"), (EngineKind.Switch, "window:7"), (EngineKind.Threaded, "window:600"), (EngineKind.Threaded, "off"), (EngineKind.Switch, "off")];

    /// <summary>What a record shows of an instruction.</summary>
    private readonly record struct Shown(ulong Pc, ulong? Va = null, ulong? Pa = null, ulong? Target = null, bool NotTaken = false, bool Exception = false);

    [Theory]
    [MemberData(nameof(Cores))]
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
    [MemberData(nameof(Cores))]
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
    [MemberData(nameof(Cores))]
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
    [MemberData(nameof(Cores))]
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
    [MemberData(nameof(Cores))]
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
        foreach ((EngineKind engine, Records records) in new[] { (EngineKind.Threaded, threaded), (EngineKind.Switch, stepped) })
        {
            using var machine = Machine(engine, timing, records);
            Prepare(machine);
            StartProfiling(machine.Pe, Pmscr.E0SpeMask | Pmscr.E1SpeMask | Pmscr.PaMask, counter: 0);
            machine.RunToEnd(1_000_000);
        }

        threaded.Bytes.ShouldBe(stepped.Bytes);
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

    /// <summary>A machine with its memory mapped at its own addresses, and one page more.</summary>
    private static TestMachine Machine(EngineKind engine, string timing, Records? records, SpeProfile? profile = null) => Machine(engine, timing, records, out _, profile);

    private static TestMachine Machine(EngineKind engine, string timing, Records? records, out PageTables tables, SpeProfile? profile = null)
    {
        TimingMode.TryParse(timing, out TimingMode mode).ShouldBeTrue();
        var machine = new TestMachine(engine, profiling: records is null ? null : new ProfilingConfiguration(profile ?? SpeProfile.Honest, mode, records), deterministic: true);
        tables = new PageTables(machine).MapMachine();
        tables.Map(Data, Data, PageTables.Kernel, level: 2);
        tables.Map(Buffer & ~0x1F_FFFFul, Buffer & ~0x1F_FFFFul, PageTables.Kernel, level: 2);
        tables.Map(AliasAt, Alias, PageTables.Kernel);
        tables.Enable();
        return machine;
    }

    private static void StartProfiling(ProcessingElement pe, ulong pmscr, uint counter, ulong buffer = Buffer)
    {
        pe.WriteRegister(SysRegId.PMBPTR_EL1, buffer);
        pe.WriteRegister(SysRegId.PMBLIMITR_EL1, (buffer + BufferSize) | Pmblimitr.EMask);
        pe.WriteRegister(SysRegId.PMSIRR_EL1, Period);
        pe.WriteRegister(SysRegId.PMSICR_EL1, counter);
        pe.WriteRegister(SysRegId.PMSCR_EL1, pmscr);
    }

    /// <summary>EL0 code in a loop with loads, calls and SVCs; EL1 answers them, and the virtual timer's interrupts every <see cref="Timer"/> instructions.</summary>
    private static void Prepare(TestMachine machine)
    {
        const ulong User = 0x3_0000_0000;
        var tables = new PageTables(machine, at: TestMachine.TablesAt + 0x8000).MapMachine();
        tables.Map(Data, Data, PageTables.Kernel, level: 2);
        tables.Map(User, Data + 0x10_0000 - 0x2000, PageTables.UserCode);
        tables.Map(User + 0x1000, Data + 0x10_0000 - 0x1000, PageTables.UserData);
        tables.Enable();
        machine.WireInterrupts = true;
        machine.Poke(
            Data + 0x10_0000 - 0x2000,
            AddImm(0, 0, 1),
            LdrX(2, 1, 8),
            AddImm(2, 2, 1),
            StrX(2, 1, 8),
            Bl(6),
            CbnzX(3, 2),
            Svc(1),
            SubsImm(4, 4, 1),
            BNe(-8),
            Svc(0),
            0x9AC2_0C42,                  // sdiv x2, x2, x2
            Ret);

        // Synchronous from EL0: x5 counts calls; SVC #0 ends. IRQ from either level: the timer is set again.
        machine.Poke(TestMachine.VectorsAt + 0x400, B((int)(Isr - TestMachine.VectorsAt - 0x400) / 4));
        machine.Poke(TestMachine.VectorsAt + 0x480, B((int)(Isr + 0x100 - TestMachine.VectorsAt - 0x480) / 4));
        machine.Poke(TestMachine.VectorsAt + 0x280, B((int)(Isr + 0x100 - TestMachine.VectorsAt - 0x280) / 4));
        machine.Poke(
            Isr,
            AddImm(5, 5, 1),
            0xD538_402B,                  // mrs x11, elr_el1
            0xD538_400C,                  // mrs x12, spsr_el1
            0xD538_5206,                  // mrs x6, esr_el1
            0xD340_3CC6,                  // and x6's low half: ubfx x6, x6, #0, #16
            0xD503_42FF,                  // msr daifclr, #2: interrupts may come here too
            Nop,
            LdrX(7, 9),
            StrX(5, 9),
            0xD503_42DF,                  // msr daifset, #2
            0xD518_402B,                  // msr elr_el1, x11
            0xD518_400C,                  // msr spsr_el1, x12
            CbzX(6, 2),
            Eret,
            Hvc(TestMachine.Done));
        machine.Poke(
            Isr + 0x100,
            AddImm(8, 8, 1),
            Movz(10, Timer),
            0xD51B_E30A,                  // msr cntv_tval_el0, x10
            Eret);
        ProcessingElement pe = machine.Pe;
        pe.Code.InvalidateAll();
        pe.SetX(1, User + 0x1000);
        pe.SetX(4, 900);
        pe.SetX(9, Data);
        pe.WriteRegister(SysRegId.CNTV_CVAL_EL0, machine.Time.Now + Timer);
        pe.WriteRegister(SysRegId.CNTV_CTL_EL0, 1);
        pe.Pstate = 0;
        pe.Pc = User;
    }

    /// <summary>
    /// Instructions executed at the Exception levels that PMSCR_EL1 enables, and whether another level follows; found by stepping a machine without a profiling unit.
    /// </summary>
    private static List<(ulong Pc, bool Last)> Population(ulong levels, out ulong executed)
    {
        using var machine = Machine(EngineKind.Switch, "off", records: null);
        Prepare(machine);
        ProcessingElement pe = machine.Pe;
        List<(ulong Pc, bool Last)> population = [];
        while (true)
        {
            pe.PollTimers();
            ulong pstate = pe.Pstate;
            int el = (int)(pstate >> 2) & 3;
            ulong pc = pe.Pc;
            if (pe.InterruptPending && (pstate & (1 << 7)) == 0)
            {
                // It is taken first, and what executes is the vector.
                pc = TestMachine.VectorsAt + (el == 0 ? 0x480ul : 0x280ul);
                el = 1;
            }

            ulong before = pe.Executed;
            ExitReason reason = pe.Run(1);
            (pe.Executed - before).ShouldBe(1ul);
            if ((levels & (el == 0 ? Pmscr.E0SpeMask : Pmscr.E1SpeMask)) != 0)
            {
                population.Add((pc, false));
            }
            else if (population.Count != 0)
            {
                population[^1] = population[^1] with { Last = true };
            }

            if (reason == ExitReason.Hvc)
            {
                executed = pe.Executed;
                return population;
            }
        }
    }

    private static Shown Describe(in SpeRecord record) => new(
        record.Pc,
        record.Has(SpeFields.DataVirtual) ? record.DataVirtual : null,
        record.Has(SpeFields.DataPhysical) ? record.DataPhysical : null,
        record.Has(SpeFields.BranchTarget) ? record.BranchTarget : null,
        (record.Events & SpeEvents.NotTaken) != 0,
        (record.Events & SpeEvents.Exception) != 0);

    private sealed class Records : ISpeRecordSink
    {
        private readonly List<byte> _bytes = [];

        public int Count => _bytes.Count / SpeRecordWriter.FixedSize;

        public byte[] Bytes => [.. _bytes];

        public List<ulong> Pcs => [.. Enumerable.Range(0, Count).Select(i => this[i].Pc)];

        public SpeRecord this[int i]
        {
            get
            {
                var reader = new SpeRecordReader(_bytes.ToArray().AsSpan(i * SpeRecordWriter.FixedSize, SpeRecordWriter.FixedSize));
                reader.TryRead(out SpeRecord record).ShouldBeTrue();
                return record;
            }
        }

        public void Append(int pe, ReadOnlySpan<byte> record) => _bytes.AddRange(record);
    }
}
