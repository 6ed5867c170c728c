using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>A machine whose guest is profiled, and what is known of its guest.</summary>
internal static class ProfiledMachine
{
    public const ulong Code = TestMachine.CodeAt;
    public const ulong Data = TestMachine.DataAt;
    public const ulong Buffer = Data + 0x10_0000;
    public const ulong BufferSize = 0x4_0000;

    /// <summary>A virtual page that maps to <see cref="Alias"/>, so that virtual and physical addresses differ; the next page does not map.</summary>
    public const ulong AliasAt = 0x1_0000_0000;
    public const ulong Alias = Data + 0x3000;

    public const int Period = 512;
    public const uint Timer = 333;
    public const ulong Isr = TestMachine.VectorsAt + 0x1000;

    public static TheoryData<EngineKind, string> Cores => [(EngineKind.Block, "full"), (EngineKind.Block, "window:1"), (EngineKind.Block, "window:7"), (EngineKind.Region, "window:600"), (EngineKind.Region, "off"), (EngineKind.Threaded, "full"), (EngineKind.Switch, "full"), (EngineKind.Threaded, "window:1"), (EngineKind.Threaded, "window:7"), (EngineKind.Switch, "window:7"), (EngineKind.Threaded, "window:600"), (EngineKind.Threaded, "off"), (EngineKind.Switch, "off")];

    /// <summary>A machine with its memory mapped at its own addresses, and one page more.</summary>
    public static TestMachine Machine(EngineKind engine, string timing, ISpeRecordSink? records, SpeProfile? profile = null, ITruthObserver? truth = null, SpuOptions? options = null, bool? aside = null, bool late = false) =>
        Machine(engine, timing, records, out _, profile, truth, options, aside, late);

    public static TestMachine Machine(EngineKind engine, string timing, ISpeRecordSink? records, out PageTables tables, SpeProfile? profile = null, ITruthObserver? truth = null, SpuOptions? options = null, bool? aside = null, bool late = false)
    {
        TimingMode.TryParse(timing, out TimingMode mode).ShouldBeTrue();
        var machine = new TestMachine(engine, profiling: records is null ? null : new ProfilingConfiguration(profile ?? SpeProfile.Honest, mode, records, truth, options, aside) { OnlyWhenAsked = late }, deterministic: true);
        tables = new PageTables(machine).MapMachine();
        tables.Map(Data, Data, PageTables.Kernel, level: 2);
        tables.Map(Buffer & ~0x1F_FFFFul, Buffer & ~0x1F_FFFFul, PageTables.Kernel, level: 2);
        tables.Map(AliasAt, Alias, PageTables.Kernel);
        tables.Enable();
        return machine;
    }

    public static void StartProfiling(ProcessingElement pe, ulong pmscr, uint counter, ulong buffer = Buffer)
    {
        pe.WriteRegister(SysRegId.PMBPTR_EL1, buffer);
        pe.WriteRegister(SysRegId.PMBLIMITR_EL1, (buffer + BufferSize) | Pmblimitr.EMask);
        pe.WriteRegister(SysRegId.PMSIRR_EL1, Period);
        pe.WriteRegister(SysRegId.PMSICR_EL1, counter);
        pe.WriteRegister(SysRegId.PMSCR_EL1, pmscr);
    }

    /// <summary>EL0 code in a loop with loads, calls and SVCs; EL1 answers them, and the virtual timer's interrupts every <see cref="Timer"/> instructions.</summary>
    public static void Prepare(TestMachine machine)
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
    public static List<(ulong Pc, bool Last)> Population(ulong levels, out ulong executed)
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

    public sealed class Records : ISpeRecordSink
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
