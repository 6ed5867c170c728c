using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>What a TLB keeps until it is told to forget, and what each TLBI forgets.</summary>
public sealed class TlbTests
{
    private const ulong Va = 0x3000_0000;
    private const ulong Old = 0x01D, New = 0x2E3;
    private const ulong OldAt = TestMachine.DataAt + 0x10_0000, NewAt = TestMachine.DataAt + 0x30_0000;
    private const ulong Global = PageTables.AccessFlag | PageTables.User;
    private const ulong NotGlobal = Global | PageTables.NotGlobal;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Engine, TLBI with X2 as operand, whether the operand is an address (else an ASID), whether it is the last-level form.</summary>
    public static TheoryData<EngineKind, uint, string> Invalidations => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from shareable in new[] { 7u, 3u }
        from row in new (uint Op2, string Operand)[] { (0, "none"), (1, "address"), (2, "asid"), (3, "address"), (5, "address"), (7, "address") }
        select (engine, Sys(0, 8, shareable, row.Op2, 2), row.Operand));

    private static ulong Load(TranslatedMachine t, ulong va, int el = 1)
    {
        t.Pe.SetX(1, va);
        TranslatedMachine.Succeeded(t.Run(el, LdrX(0, 1))).ShouldBeTrue();
        return t.Pe.GetX(0);
    }

    private static TranslatedMachine Make(EngineKind engine)
    {
        var t = new TranslatedMachine(engine);
        for (ulong i = 0; i < 0x20_0000; i += 0x1000)
        {
            t.M.Write64(OldAt + i, Old);
            t.M.Write64(NewAt + i, New);
        }

        return t;
    }

    [Theory]
    [MemberData(nameof(Invalidations))]
    public void ATlbiDropsAPage(EngineKind engine, uint tlbi, string operand)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Map(Va, OldAt, NotGlobal);
        Load(t, Va).ShouldBe(Old);
        Load(t, Va, 0).ShouldBe(Old);
        t.Tables.Map(Va, NewAt, NotGlobal);

        // Stale until told: what a guest that forgets its TLBI sees, and what it costs nothing to keep.
        Load(t, Va).ShouldBe(Old);
        t.Pe.SetX(2, operand switch { "address" => (1UL << 48) | (Va >> 12), "asid" => 1UL << 48, _ => 0 });
        t.Pe.SetX(1, Va);
        TranslatedMachine.Succeeded(t.Run(1, tlbi, DsbIsh, Isb, LdrX(0, 1))).ShouldBeTrue();
        t.Pe.GetX(0).ShouldBe(New);
        Load(t, Va, 0).ShouldBe(New);
    }

    [Theory]
    [MemberData(nameof(Invalidations))]
    public void ATlbiDropsExecutablePages(EngineKind engine, uint tlbi, string operand)
    {
        using TranslatedMachine t = Make(engine);
        // The instruction TLB is direct-mapped: not the entry of the tests' own code.
        const ulong Code = Va + 0x5000;
        ulong a = TestMachine.DataAt + 0x3000, b = TestMachine.DataAt + 0x4000;
        t.M.Poke(a, Svc(0xA));
        t.M.Poke(b, Svc(0xB));
        t.Tables.Map(Code, a, PageTables.UserCode);
        t.Access(0, MemoryAccess.Execute, Code).Iss.ShouldBe(0xAu);
        t.Tables.Map(Code, b, PageTables.UserCode);
        t.Access(0, MemoryAccess.Execute, Code).Iss.ShouldBe(0xAu);
        t.Pe.SetX(2, operand switch { "address" => (1UL << 48) | (Code >> 12), "asid" => 1UL << 48, _ => 0 });
        t.Run(1, tlbi, DsbIsh, Isb);
        t.Access(0, MemoryAccess.Execute, Code).Iss.ShouldBe(0xBu);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, 1)]
    [InlineData(EngineKind.Threaded, 2)]
    [InlineData(EngineKind.Switch, 1)]
    [InlineData(EngineKind.Switch, 2)]
    public void ATlbiOfAnyAddressInABlockDropsAllOfIt(EngineKind engine, int level)
    {
        using TranslatedMachine t = Make(engine);
        const ulong Block = 0x7F_C000_0000;
        ulong[] offsets = level == 1
            ? [OldAt - TestMachine.Base, OldAt - TestMachine.Base + 0x5000, OldAt - TestMachine.Base + 0xF_F000]
            : [0x10_0000, 0x10_5000, 0x1F_F000];
        ulong pa = level == 1 ? TestMachine.Base : TestMachine.DataAt;
        foreach (ulong named in (ulong[])[0, 0x1F_F000, level == 1 ? 0x3FFF_F000u : 0x12_3000])
        {
            t.Tables.Map(Block, pa, Global, level);
            t.Run(1, TlbiVmalle1, DsbIsh, Isb);
            foreach (ulong offset in offsets)
            {
                Load(t, Block + offset).ShouldBe(Old);
            }

            t.M.Write64(t.Tables.Entry(Block, level), 0);
            t.Pe.SetX(2, (Block + named) >> 12);
            t.Run(1, TlbiVaae1(2), DsbIsh, Isb);
            foreach (ulong offset in offsets)
            {
                t.Access(1, MemoryAccess.Read, Block + offset).FaultStatus.ShouldBe(4u | (uint)level);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ATlbiByAddressLeavesNeighboursAndHalvesAlone(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        var upper = new PageTables(t.M, TestMachine.TablesAt + 0x40000);
        upper.Map(Va, OldAt, Global);
        t.Tables.Map(Va, OldAt, Global);
        t.Tables.Enable(ttbr1: upper.Root);
        const ulong High = 0xFFFF_0000_0000_0000 | Va;
        Load(t, Va).ShouldBe(Old);
        Load(t, High).ShouldBe(Old);
        upper.Map(Va, NewAt, Global);
        t.Pe.SetX(2, (High >> 12) & 0xFFF_FFFF_FFFF);
        t.Run(1, TlbiVaae1(2), DsbIsh, Isb);
        Load(t, High).ShouldBe(New);
        Load(t, Va).ShouldBe(Old);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ANewAsidSeesItsOwnPagesAndTheGlobalOnes(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Map(Va, OldAt, NotGlobal);
        t.Tables.Map(Va + 0x1000, OldAt, Global);
        Load(t, Va).ShouldBe(Old);
        Load(t, Va + 0x1000).ShouldBe(Old);
        var other = new PageTables(t.M, TestMachine.TablesAt + 0x40000).MapMachine();
        other.Map(Va, NewAt, NotGlobal);
        other.Map(Va + 0x1000, NewAt, Global);
        t.Pe.SetX(3, other.Root | (2UL << 48));
        t.Pe.SetX(1, Va);
        TranslatedMachine.Succeeded(t.Run(1, Msr(SysRegId.TTBR0_EL1, 3), Isb, LdrX(0, 1))).ShouldBeTrue();
        t.Pe.GetX(0).ShouldBe(New);

        // A global entry belongs to every ASID until a TLBI.
        Load(t, Va + 0x1000).ShouldBe(Old);
        t.Run(1, TlbiVmalle1, DsbIsh, Isb);
        Load(t, Va + 0x1000).ShouldBe(New);
        t.Pe.SetX(3, t.Tables.Root | (1UL << 48));
        TranslatedMachine.Succeeded(t.Run(1, Msr(SysRegId.TTBR0_EL1, 3), Isb)).ShouldBeTrue();
        Load(t, Va).ShouldBe(Old);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnAsidInTtbr1SwitchesToo(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Enable(tcr: PageTables.Tcr | (1UL << 22));
        t.Tables.Map(Va, OldAt, NotGlobal);
        Load(t, Va).ShouldBe(Old);
        t.Tables.Map(Va, NewAt, NotGlobal);
        t.Pe.SetX(3, 5UL << 48);
        TranslatedMachine.Succeeded(t.Run(1, Msr(SysRegId.TTBR1_EL1, 3), Isb)).ShouldBeTrue();
        Load(t, Va).ShouldBe(New);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void MoreRightsNeedNoTlbiAfterAFault(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Map(Va, OldAt, Global | PageTables.ReadOnly);
        Load(t, Va, 0).ShouldBe(Old);
        t.Access(0, MemoryAccess.Write, Va).Iss.ShouldBe(0x4Fu);
        t.Tables.Map(Va, OldAt, Global);
        TranslatedMachine.Succeeded(t.Access(0, MemoryAccess.Write, Va)).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void FewerRightsHoldAfterATlbi(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Map(Va, OldAt, Global);
        TranslatedMachine.Succeeded(t.Access(0, MemoryAccess.Write, Va)).ShouldBeTrue();
        Load(t, Va, 0);
        t.Tables.Map(Va, OldAt, Global | PageTables.ReadOnly);
        t.Pe.SetX(2, Va >> 12);
        t.Run(1, TlbiVaae1(2), DsbIsh, Isb);
        t.Access(0, MemoryAccess.Write, Va).Iss.ShouldBe(0x4Fu);

        // And a read in between does not bring the right back.
        Load(t, Va, 0);
        t.Access(0, MemoryAccess.Write, Va).Iss.ShouldBe(0x4Fu);
        t.Tables.Map(Va, OldAt, PageTables.AccessFlag);
        t.Run(1, TlbiVaae1(2), DsbIsh, Isb);
        t.Access(0, MemoryAccess.Read, Va).Iss.ShouldBe(0x0Fu);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void RightsOfOneLevelAreNotTheOthers(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Map(Va, OldAt, PageTables.AccessFlag);
        TranslatedMachine.Succeeded(t.Access(1, MemoryAccess.Write, Va)).ShouldBeTrue();
        t.Access(0, MemoryAccess.Read, Va).Iss.ShouldBe(0x0Fu);
        t.Tables.Map(Va, OldAt, PageTables.UserCode);
        t.M.Poke(OldAt, Svc(1));
        t.Run(1, TlbiVmalle1, Isb);
        t.Access(0, MemoryAccess.Execute, Va).Class.ShouldBe(0x15);
        t.Access(1, MemoryAccess.Execute, Va).Iss.ShouldBe(0x0Fu);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void MorePagesThanTheTlbHoldsAreAllRight(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        const int Pages = 3000;
        for (ulong i = 0; i < Pages; i++)
        {
            t.Tables.Map(Va + (i * 0x1000), OldAt + (i % 512 * 0x1000), Global);
        }

        for (ulong i = 0; i < 512; i++)
        {
            t.M.Write64(OldAt + (i * 0x1000), i);
        }

        // X0 += [X1]; X1 += 4096; twice around.
        for (int round = 0; round < 2; round++)
        {
            t.Pe.SetX(0, 0);
            t.Pe.SetX(1, Va);
            t.Pe.SetX(2, Pages);
            TranslatedMachine.Succeeded(t.Run(1, LdrX(3, 1), Add(0, 0, 3), 0x91400421 /* ADD X1, X1, #1, LSL #12 */, SubsImm(2, 2, 1), BNe(-4))).ShouldBeTrue();
            t.Pe.GetX(0).ShouldBe((ulong)Enumerable.Range(0, Pages).Sum(i => i % 512));
        }

        // A flush of more than the journal holds leaves nothing behind.
        for (ulong i = 0; i < Pages; i++)
        {
            t.M.Write64(t.Tables.Entry(Va + (i * 0x1000), 3), 0);
        }

        t.Run(1, TlbiVmalle1, DsbIsh, Isb);
        for (ulong i = 0; i < Pages; i += 97)
        {
            t.Access(1, MemoryAccess.Read, Va + (i * 0x1000)).Iss.ShouldBe(7u);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ManyNotGlobalPagesGoWithTheAsid(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        for (ulong i = 0; i < 600; i++)
        {
            t.Tables.Map(Va + (i * 0x1000), OldAt, NotGlobal);
            Load(t, Va + (i * 0x1000)).ShouldBe(Old);
            t.Tables.Map(Va + (i * 0x1000), NewAt, NotGlobal);
        }

        t.Pe.SetX(2, 1UL << 48);
        t.Run(1, TlbiAside1(2), DsbIsh, Isb);
        for (ulong i = 0; i < 600; i += 13)
        {
            Load(t, Va + (i * 0x1000)).ShouldBe(New);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TurningTheMmuOffAndOnForgets(EngineKind engine)
    {
        using TranslatedMachine t = Make(engine);
        t.Tables.Map(TestMachine.DataAt, OldAt, Global);
        t.M.Write64(TestMachine.DataAt, 0x77);
        Load(t, TestMachine.DataAt).ShouldBe(Old);
        t.Pe.SetX(5, 0);
        t.Pe.SetX(6, 1 | (1UL << 23));
        TranslatedMachine.Succeeded(t.Run(1, Msr(SysRegId.SCTLR_EL1, 5), Isb, LdrX(3, 1), Msr(SysRegId.SCTLR_EL1, 6), Isb, LdrX(4, 1))).ShouldBeTrue();
        t.Pe.GetX(3).ShouldBe(0x77UL);
        t.Pe.GetX(4).ShouldBe(Old);
    }
}
