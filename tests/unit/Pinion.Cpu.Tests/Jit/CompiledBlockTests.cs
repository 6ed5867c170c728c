using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using Pinion.Cpu.Tests.Mmu;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Jit;

/// <summary>Compiled blocks stop at exact instructions, with the exact state, and go when their code does.</summary>
public sealed class CompiledBlockTests
{
    private const uint CmpX0X1 = 0xEB01001F;
    private const uint AddsX9X0X1 = 0xAB010009;
    private const uint CmnX0X1 = 0xAB01001F;
    private const uint TstX0X1 = 0xEA01001F;
    private const uint AdcsX9X0X1 = 0xBA010009;
    private const uint SbcsX9X0X1 = 0xFA010009;
    private const uint CcmpX0X1 = 0xFA411004;
    private const uint CmpW0W1 = 0x6B01001F;

    public static TheoryData<uint> FlagSetters => [CmpX0X1, AddsX9X0X1, CmnX0X1, TstX0X1, AdcsX9X0X1, SbcsX9X0X1, CcmpX0X1, CmpW0W1];

    /// <summary>Flags that the host holds when an exception comes are what the guest finds in SPSR.</summary>
    [Theory]
    [MemberData(nameof(FlagSetters))]
    public void AFaultInABlockShowsTheFlagsOfTheInstructionBefore(uint setter)
    {
        const ulong Unmapped = 0x3000_0000;
        ulong[] values = [0, 1, ~0UL, 1UL << 63, (1UL << 63) - 1, 0x8000_0000, 0x7FFF_FFFF, 0x1234_5678_9ABC_DEF0];
        using var compiled = new TranslatedMachine(EngineKind.Region);
        using var stepped = new TranslatedMachine(EngineKind.Switch);
        foreach (ulong left in values)
        {
            foreach (ulong right in values)
            {
                foreach (ulong before in (ulong[])[0, 0xF000_0000, 0x2000_0000])
                {
                    TakenException here = Fault(compiled, left, right, before);
                    here.ShouldBe(Fault(stepped, left, right, before), $"{left:x} {right:x} {before:x}");
                    (here.Spsr & 0x0FFF_FFFF).ShouldBe(5UL);
                }
            }
        }

        compiled.Pe.EngineStatistics.Blocks.ShouldBeGreaterThan(0);

        TakenException Fault(TranslatedMachine t, ulong left, ulong right, ulong before)
        {
            t.Pe.SetX(0, left);
            t.Pe.SetX(1, right);
            t.Pe.SetX(2, Unmapped);
            return t.RunWith(1, before, Movz(9, 0), setter, LdrX(3, 2), CmpX0X1, Movz(4, 1));
        }
    }

    /// <summary>However few instructions are left, as many are executed, and the next run goes on behind them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABudgetEndsAtEachInstructionOfABlock(bool deterministic)
    {
        // A loop with a load, a store, a forward branch that is taken every other time, and a call.
        uint[] code =
        [
            .. Mov(1, TestMachine.DataAt), .. Mov(3, 12),
            LdrX(0, 1), AddImm(0, 0, 3), StrX(0, 1), 0x92400004 | (0 << 5),
            CbzX(4, 3), AddImm(5, 5, 7), Nop, SubsImm(3, 3, 1), BNe(-8),
            Bl(3), AddImm(6, 6, 1), B(3), AddImm(7, 7, 9), Ret, Nop,
        ];
        for (int first = 1; first < 140; first++)
        {
            using var here = new TestMachine(EngineKind.Region, deterministic: deterministic);
            using var there = new TestMachine(EngineKind.Switch, deterministic: deterministic);
            Prepare(here, code);
            Prepare(there, code);
            ulong[] budgets = [(ulong)first, 1, 5, 17, 1000];
            foreach (ulong budget in budgets)
            {
                here.Pe.Run(budget).ShouldBe(there.Pe.Run(budget), $"{first}");
                here.Pe.Executed.ShouldBe(there.Pe.Executed, $"{first}");
                here.Pe.Pc.ShouldBe(there.Pe.Pc, $"{first}");
                here.Pe.Pstate.ShouldBe(there.Pe.Pstate, $"{first}");
                for (int i = 0; i < 31; i++)
                {
                    here.Pe.GetX(i).ShouldBe(there.Pe.GetX(i), $"{first}, X{i}");
                }
            }
        }

        static void Prepare(TestMachine m, uint[] code)
        {
            m.Load(code);
            m.Pe.SetX(9, 1);
        }
    }

    /// <summary>There is room for a fraction of the code only: it is dropped and made again, while another PE does the same and both patch what both execute.</summary>
    [Fact]
    public void CodeIsDroppedForRoomWhileAnotherPeRuns()
    {
        const int Routines = 96;
        const int Length = 120;
        const ulong At = TestMachine.Base + 0x40_0000;
        using var m = new TestMachine(EngineKind.Region, pes: 2, codeMemory: 256 << 10);
        for (uint routine = 0; routine < Routines; routine++)
        {
            ulong to = At + (routine * 512);
            uint[] body = [.. Enumerable.Range(0, Length).Select(i => (i & 1) == 0 ? AddImm(0, 0, routine & 7) : LdrX(5, 6)), Ret];
            m.Poke(to, body);
        }

        // Calls all of them, X2 times.
        m.Poke(
            TestMachine.CodeAt,
            [.. Mov(7, At), .. Mov(3, Routines), AddImm(4, 7, 0), Blr(4), AddImm(4, 4, 512), SubsImm(3, 3, 1), BNe(-3), SubsImm(2, 2, 1), BNe(-(7 + Mov(3, Routines).Length - 1)), Hvc(TestMachine.Done)]);
        foreach (ProcessingElement pe in m.Pes)
        {
            pe.SetX(0, 0);
            pe.SetX(2, 40);
            pe.SetX(6, TestMachine.DataAt + ((ulong)pe.Configuration.Index * 64));
            pe.Pc = TestMachine.CodeAt;
        }

        Parallel.ForEach(m.Pes, pe => pe.Run().ShouldBe(ExitReason.Hvc));

        ulong each = 0;
        for (uint routine = 0; routine < Routines; routine++)
        {
            each += (routine & 7) * (Length / 2);
        }

        foreach (ProcessingElement pe in m.Pes)
        {
            pe.GetX(0).ShouldBe(each * 40);
            pe.EngineStatistics.Flushes.ShouldBeGreaterThan(1);
        }
    }

    /// <summary>A loop that is patched by another PE while it runs as one block.</summary>
    [Fact]
    public void AnotherPePatchesALoopThatIsBeingExecuted()
    {
        using var m = new TestMachine(EngineKind.Region, pes: 2);
        const ulong Loop = TestMachine.CodeAt + 0x3000;
        const ulong Patcher = TestMachine.CodeAt + 0x5000;

        // PE 0 goes round until its branch is gone.
        m.Poke(Loop, AddImm(0, 0, 1), Nop, B(-2), Hvc(TestMachine.Done));
        m.Poke(Patcher, [.. Mov(1, Loop + 8), .. Mov(3, Nop), Str(2, 3, 1), DcCvau(1), DsbIsh, IcIvau(1), DsbIsh, Isb, Hvc(TestMachine.Done)]);
        m.Pes[0].Pc = Loop;
        m.Pes[1].Pc = Patcher;
        var running = new Thread(() => m.Pes[0].Run().ShouldBe(ExitReason.Hvc));
        running.Start();
        SpinWait.SpinUntil(() => m.Pes[0].EngineStatistics.Blocks > 0, TimeSpan.FromSeconds(30)).ShouldBeTrue();

        m.Pes[1].Run().ShouldBe(ExitReason.Hvc);

        running.Join(TimeSpan.FromSeconds(30)).ShouldBeTrue("the loop still runs");
    }

    /// <summary>What a block drops of itself is not executed any more, not even by the block.</summary>
    [Fact]
    public void ABlockThatPatchesItselfGoesOnWithTheNewCode()
    {
        using var m = new TestMachine(EngineKind.Region);
        m.Pe.SetX(1, TestMachine.CodeAt + (6 * 4));
        m.Pe.SetX(3, Movz(0, 2));

        m.Execute(Str(2, 3, 1), DcCvau(1), DsbIsh, IcIvau(1), DsbIsh, Isb, Movz(0, 1), Nop);

        m.Pe.GetX(0).ShouldBe(2UL);
    }

    [Fact]
    public void ARoundingModeIsSeenByTheArithmeticBehindIt()
    {
        const uint FaddD0D1D2 = 0x1E622820;
        using var m = new TestMachine(EngineKind.Region);
        unsafe
        {
            m.Pe.State->V[2] = BitConverter.DoubleToUInt64Bits(1);
            m.Pe.State->V[4] = BitConverter.DoubleToUInt64Bits(Math.ScaleB(1, -60));
        }

        m.Pe.SetX(1, 1UL << 22);

        // To nearest, then towards plus infinity: in one block.
        m.Execute(FaddD0D1D2, 0x9E660002, Msr(SysRegId.FPCR, 1), FaddD0D1D2, 0x9E660003);

        m.Pe.GetX(2).ShouldBe(BitConverter.DoubleToUInt64Bits(1));
        m.Pe.GetX(3).ShouldBe(BitConverter.DoubleToUInt64Bits(1) + 1);
        (m.Pe.ReadRegister(SysRegId.FPSR) & 0x1F).ShouldBe(0x10UL);
    }
}
