using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using Pinion.Cpu.Tests.Mmu;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Jit;

/// <summary>
/// A load or store in compiled code remembers its last translation. Here one and the same instruction uses a page until the translation is remembered, then the guest takes the page away in all the ways
/// there are, and the instruction is executed again without leaving its block.
/// </summary>
public sealed class SiteTests
{
    private const ulong Va = 0x3000_0000;

    /// <summary>The page of the last table; not at the same place of the soft TLB as <see cref="Va"/>, or it would take its place.</summary>
    private const ulong TablesVa = 0x3800_5000;

    private const ulong OldAt = TestMachine.DataAt + 0x1000, NewAt = TestMachine.DataAt + 0x2000;
    private const ulong Old = 0x01D, New = 0x2E3;
    private const ulong NotGlobal = PageTables.AccessFlag | PageTables.User | PageTables.NotGlobal;
    private const ulong Global = PageTables.AccessFlag | PageTables.User;

    /// <summary>A TLBI with X2 as operand, and what the operand is.</summary>
    public static TheoryData<uint, ulong> Invalidations => new(
        from shareable in new[] { 7u, 3u }
        from row in new (uint Op2, ulong Operand)[] { (0, 0), (1, (1UL << 48) | (Va >> 12)), (2, 1UL << 48), (3, Va >> 12), (5, (1UL << 48) | (Va >> 12)), (7, Va >> 12) }
        select (Sys(0, 8, shareable, row.Op2, 2), row.Operand));

    /// <summary>
    /// Executes the instruction <paramref name="access"/> of X1 eight times, then <paramref name="change"/>, then the instruction eight times again, all in one block. X0 is what it loaded last.
    /// </summary>
    private static TakenException Run(TranslatedMachine t, uint access, params uint[] change)
    {
        t.Pe.SetX(1, Va);
        t.Pe.SetX(4, 0);
        int behind = change.Length + 6;
        return t.Run(
            1,
            [
                Movz(3, 8),
                access, SubsImm(3, 3, 1), BNe(-2),
                CbnzX(4, change.Length + 3), Movz(4, 1), .. change, B(-(behind + 0)),
            ]);
    }

    private static TranslatedMachine Make(ulong attributes = NotGlobal)
    {
        var t = new TranslatedMachine(EngineKind.Region);
        t.M.Write64(OldAt, Old);
        t.M.Write64(NewAt, New);
        ulong leaf = t.Tables.Map(Va, OldAt, attributes);
        t.Tables.Map(TablesVa, leaf & ~0xFFFUL, PageTables.Kernel);
        t.Pe.SetX(6, TablesVa + (leaf & 0xFFF));
        return t;
    }

    private static ulong Page(ulong at, ulong attributes) => at | attributes | PageTables.Valid | PageTables.TableOrPage;

    private static void ShouldBeCompiled(TranslatedMachine t)
    {
        EngineStatistics statistics = t.Pe.EngineStatistics;
        statistics.Blocks.ShouldBeGreaterThan(0);
        statistics.Compiled.ShouldBeGreaterThan(statistics.Executed - 8);
    }

    [Theory]
    [MemberData(nameof(Invalidations))]
    public void ATlbiIsSeenByALoadThatRememberedItsPage(uint tlbi, ulong operand)
    {
        using TranslatedMachine t = Make();
        t.Pe.SetX(2, operand);
        t.Pe.SetX(7, Page(NewAt, NotGlobal));

        TranslatedMachine.Succeeded(Run(t, LdrX(0, 1), StrX(7, 6), DsbIsh, tlbi, DsbIsh, Isb)).ShouldBeTrue();

        t.Pe.GetX(0).ShouldBe(New);
        ShouldBeCompiled(t);
    }

    [Theory]
    [MemberData(nameof(Invalidations))]
    public void ATlbiIsSeenByAStoreThatRememberedItsPage(uint tlbi, ulong operand)
    {
        using TranslatedMachine t = Make();
        t.Pe.SetX(0, 0x77);
        t.Pe.SetX(2, operand);
        t.Pe.SetX(7, Page(NewAt, NotGlobal));

        TranslatedMachine.Succeeded(Run(t, StrX(0, 1), StrX(7, 6), DsbIsh, tlbi, DsbIsh, Isb, Movz(0, 0x99))).ShouldBeTrue();

        t.M.Read64(OldAt).ShouldBe(0x77UL);
        t.M.Read64(NewAt).ShouldBe(0x99UL);
    }

    [Fact]
    public void WithoutATlbiTheOldPageStays()
    {
        // What the other tests rely on: the translation is remembered, here as in the soft TLB.
        using TranslatedMachine t = Make();
        t.Pe.SetX(7, Page(NewAt, NotGlobal));

        TranslatedMachine.Succeeded(Run(t, LdrX(0, 1), StrX(7, 6), DsbIsh, Isb)).ShouldBeTrue();

        t.Pe.GetX(0).ShouldBe(Old);
    }

    [Theory]
    [InlineData(false, 0xFUL)]
    [InlineData(true, 0x7UL)]
    public void ALostPermissionIsSeen(bool gone, ulong status)
    {
        using TranslatedMachine t = Make(Global);
        t.Pe.SetX(2, Va >> 12);
        t.Pe.SetX(7, gone ? 0 : Page(OldAt, Global | PageTables.ReadOnly));

        TakenException e = Run(t, StrX(0, 1), StrX(7, 6), DsbIsh, TlbiVaae1(2), DsbIsh, Isb);

        e.FaultStatus.ShouldBe((uint)status);
        e.Far.ShouldBe(Va);
        e.Elr.ShouldBe(TestMachine.CodeAt + 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnotherAsidOrTableIsSeen(bool otherTable)
    {
        using TranslatedMachine t = Make();
        var other = new PageTables(t.M, TestMachine.TablesAt + 0x40000);
        other.MapMachine();
        other.Map(Va, NewAt, NotGlobal);
        t.Pe.SetX(7, Page(NewAt, NotGlobal));
        t.Pe.SetX(8, (otherTable ? other.Root : t.Tables.Root) | (2UL << 48));

        TranslatedMachine.Succeeded(Run(t, LdrX(0, 1), StrX(7, 6), DsbIsh, Msr(SysRegId.TTBR0_EL1, 8), Isb)).ShouldBeTrue();

        t.Pe.GetX(0).ShouldBe(New);
    }

    [Fact]
    public void PanIsSeen()
    {
        using TranslatedMachine t = Make(Global);

        TakenException e = Run(t, LdrX(0, 1), MsrPan(1), Isb);

        e.FaultStatus.ShouldBe(0xFu);
        e.Far.ShouldBe(Va);
    }

    [Fact]
    public void AlignmentCheckingIsSeen()
    {
        using TranslatedMachine t = Make(Global);
        t.Pe.SetX(8, t.Pe.ReadRegister(SysRegId.SCTLR_EL1) | 2);

        TakenException e = Run(t, Ldur(3, 0, 1, 4), Msr(SysRegId.SCTLR_EL1, 8), Isb);

        e.FaultStatus.ShouldBe(0x21u);
        e.Far.ShouldBe(Va + 4);
    }

    [Fact]
    public void TheMmuTurnedOffIsSeen()
    {
        using TranslatedMachine t = Make(Global);
        t.Tables.Map(NewAt, OldAt, Global);
        t.Pe.SetX(8, t.Pe.ReadRegister(SysRegId.SCTLR_EL1) & ~1UL);
        t.Pe.SetX(9, NewAt);

        // Address NewAt is mapped to OldAt, until the MMU is off.        t.Pe.SetX(1, NewAt);

        TranslatedMachine.Succeeded(Run(t, LdrX(0, 9), Msr(SysRegId.SCTLR_EL1, 8), Isb)).ShouldBeTrue();

        t.Pe.GetX(0).ShouldBe(New);
    }

    [Fact]
    public void WhatStage2TakesAwayIsSeen()
    {
        using TranslatedMachine t = Make(Global);
        TranslatedMachine.Succeeded(Run(t, LdrX(0, 1), Nop)).ShouldBeTrue();
        t.M.Unmapped.Add(OldAt);
        t.Pe.InvalidateStage2();
        t.Pe.Pstate = 5;
        t.Pe.Pc = TestMachine.CodeAt;
        t.Pe.SetX(4, 0);

        t.Pe.Run(100).ShouldBe(ExitReason.Stage2Abort);

        t.Pe.Abort.Ipa.ShouldBe(OldAt);
        t.Pe.Pc.ShouldBe(TestMachine.CodeAt + 4);
    }

    [Fact]
    public void El0DoesNotUseWhatEl1Remembered()
    {
        using var t = new TranslatedMachine(EngineKind.Region);
        const ulong Code = 0x3100_0000;
        const ulong Both = PageTables.AccessFlag | PageTables.User | PageTables.ReadOnly;
        t.Tables.Map(Va, OldAt, PageTables.Kernel);
        t.Tables.Map(Code, TestMachine.DataAt + 0x8000, Both);
        t.M.Poke(TestMachine.DataAt + 0x8000, Movz(3, 8), LdrX(0, 1), SubsImm(3, 3, 1), BNe(-2), Svc(0x77));
        t.Pe.SetX(1, Va);
        t.Pe.Pstate = 5;
        t.Pe.Pc = Code;
        TranslatedMachine.Succeeded(t.M.RunToException()).ShouldBeTrue();
        t.Pe.Pstate = 0;
        t.Pe.Pc = Code;

        TakenException e = t.M.RunToException();

        e.FaultStatus.ShouldBe(0xFu);
        e.Far.ShouldBe(Va);
    }

    [Fact]
    public void ALoadThatWandersIsCompiledAgainWithoutRemembering()
    {
        using var t = new TranslatedMachine(EngineKind.Region);
        const int Pages = 32;
        for (int i = 0; i < Pages; i++)
        {
            ulong at = OldAt + ((ulong)i << 12);
            t.Tables.Map(Va + ((ulong)i << 12), at, Global);
            t.M.Write64(at, Va + ((ulong)((i + 1) % Pages) << 12));
        }

        t.Pe.SetX(1, Va);
        TranslatedMachine.Succeeded(t.Run(1, [.. Mov(3, 4000), LdrX(1, 1), SubsImm(3, 3, 1), BNe(-2)])).ShouldBeTrue();

        t.Pe.GetX(1).ShouldBe(Va);
        t.Pe.EngineStatistics.Wanderers.ShouldBeGreaterThan(0);
    }
}
