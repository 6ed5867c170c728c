using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Mmu;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Engine;

/// <summary>New instructions are seen after the guest's own maintenance (CTR_EL0.DIC is 0), by whatever address it names them.</summary>
public sealed class SelfModifyingCodeTests
{
    private const ulong Patched = TestMachine.CodeAt + 0x2000;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    private static readonly uint[] s_patch = [Str(2, 3, 1), DcCvau(1), DsbIsh, IcIvau(1), DsbIsh, Isb];

    [Theory]
    [MemberData(nameof(Engines))]
    public void AStoreAndIcIvauChangeWhatIsExecuted(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Poke(Patched, Movz(0, 1), Ret);
        m.Pe.SetX(1, Patched);
        m.Pe.SetX(2, Patched);
        m.Pe.SetX(3, Movz(0, 2));
        m.Execute([Blr(2), AddImm(4, 0, 0), .. s_patch, Blr(2), AddImm(5, 0, 0)]);
        m.Pe.GetX(4).ShouldBe(1UL);
        m.Pe.GetX(5).ShouldBe(2UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheInstructionBehindTheIsbMayBeTheNewOne(EngineKind engine)
    {
        using var m = new TestMachine(engine);

        // The patched word follows the ISB directly: 64 of them around a loop, at every place of a line and at a checkpoint record.
        for (int pad = 0; pad < 64; pad++)
        {
            uint[] nops = [.. Enumerable.Repeat(Nop, pad)];
            ulong target = TestMachine.CodeAt + ((ulong)(pad + s_patch.Length) * 4);
            m.Pe.SetX(1, target);
            m.Pe.SetX(3, Movz(0, (uint)pad + 100));
            m.Load([.. nops, .. s_patch, Movz(0, 1)]);
            m.RunToEnd();
            m.Pe.GetX(0).ShouldBe((ulong)pad + 100);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnAliasWorksAsWell(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Alias = 0x3000_0000;
        ulong page = TestMachine.DataAt + 0x8000;
        t.Tables.Map(Alias, page, PageTables.Kernel);
        t.Tables.Map(0x3100_0000, page, PageTables.UserCode);
        t.M.Poke(page + 0x40, Svc(1));
        t.Access(0, MemoryAccess.Execute, 0x3100_0040).Iss.ShouldBe(1u);
        t.Pe.SetX(1, Alias + 0x40);
        t.Pe.SetX(3, Svc(2));
        TranslatedMachine.Succeeded(t.Run(1, s_patch)).ShouldBeTrue();
        t.M.Poke(page + 0x80, Svc(3));
        t.Access(0, MemoryAccess.Execute, 0x3100_0040).Iss.ShouldBe(2u);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void IcIvauDropsItsLineAndNoOther(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        uint[] ones = [.. Enumerable.Range(0, 48).SelectMany(i => new[] { AddImm(0, 0, 1) }), Ret];
        m.Poke(Patched, ones);
        // Any address of the line will do. What was not dropped may stay; here it does.
        m.Pe.SetX(9, Patched);
        m.Pe.SetX(1, Patched + 0x7D);
        m.Load(Movz(0, 0), Blr(9), Hvc(0x200), IcIvau(1), DsbIsh, Isb, Movz(0, 0), Blr(9), AddImm(10, 0, 0), IcIallu, DsbIsh, Isb, Movz(0, 0), Blr(9));
        m.Pe.Run().ShouldBe(ExitReason.Hvc);
        m.Pe.GetX(0).ShouldBe(48UL);
        for (ulong i = 0; i < 48; i++)
        {
            m.Write32(Patched + (i * 4), AddImm(0, 0, 100));
        }

        m.RunToEnd();
        m.Pe.GetX(10).ShouldBe(32 + (16 * 100UL));
        m.Pe.GetX(0).ShouldBe(4800UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ABranchTargetChangesWithItsBranch(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Poke(Patched - 4, B(1), B(3), Movz(0, 1), Ret, Movz(0, 2), Ret);

        // First from one page into the next; then the other target within its own page.
        m.Pe.SetX(9, Patched - 4);
        m.Pe.SetX(1, Patched);
        m.Pe.SetX(3, B(1));
        m.Execute([Blr(9), AddImm(4, 0, 0), .. s_patch, Blr(9), AddImm(5, 0, 0)]);
        m.Pe.GetX(4).ShouldBe(2UL);
        m.Pe.GetX(5).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheWordBehindAPageEndIsAPageOfItsOwn(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        ulong first = TestMachine.DataAt + 0x8000, second = TestMachine.DataAt + 0x3000;
        const ulong Va = 0x3000_0000;
        t.Tables.Map(Va, first, PageTables.UserCode);
        t.Tables.Map(Va + 0x1000, second, PageTables.UserCode);
        t.M.Poke(first + 0xFF8, Movz(0, 7), AddImm(0, 0, 1));
        t.M.Poke(second, AddImm(0, 0, 1), Svc(1));
        TakenException e = t.Access(0, MemoryAccess.Execute, Va + 0xFF8);
        e.Elr.ShouldBe(Va + 0x1008);
        t.Pe.GetX(0).ShouldBe(9UL);

        // Without the second page the fault is at its first word, and what came before is done.
        t.M.Write64(t.Tables.Entry(Va + 0x1000, 3), 0);
        t.Run(1, TlbiVmalle1, DsbIsh, Isb);
        e = t.Access(0, MemoryAccess.Execute, Va + 0xFF8);
        e.Esr.ShouldBe(0x8200_0007UL);
        e.Far.ShouldBe(Va + 0x1000);
        e.Elr.ShouldBe(Va + 0x1000);
        t.Pe.GetX(0).ShouldBe(8UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void OnePageUnderTwoAddressesKnowsWhereItIs(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        ulong page = TestMachine.DataAt + 0x8000;
        t.M.Poke(page, 0x10000000 /* ADR X0, . */, Bl(1), 0x90000001 /* ADRP X1, . */, Svc(1));
        foreach (ulong va in (ulong[])[0x3000_0000, 0x3000_5000, 0x7FFF_FFFF_F000])
        {
            t.Tables.Map(va, page, PageTables.UserCode);
            TakenException e = t.Access(0, MemoryAccess.Execute, va);
            e.Elr.ShouldBe(va + 16);
            t.Pe.GetX(0).ShouldBe(va);
            t.Pe.GetX(30).ShouldBe(va + 8);
            t.Pe.GetX(1).ShouldBe(va);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void MorePagesOfCodeThanTheCacheHoldsAreAllRight(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);

        // More than the 256 entries of the instruction TLB; each page jumps to the next.
        const int Pages = 1000;
        for (int i = 0; i < Pages; i++)
        {
            t.M.Poke(TestMachine.DataAt + ((ulong)i * 0x1000), AddImm(0, 0, 1), i == Pages - 1 ? Svc(0x33) : B(0x3FF));
            t.Tables.Map(0x3000_0000 + ((ulong)i * 0x1000), TestMachine.DataAt + ((ulong)i * 0x1000), PageTables.UserCode);
        }

        for (int round = 0; round < 2; round++)
        {
            t.Pe.SetX(0, 0);
            t.Access(0, MemoryAccess.Execute, 0x3000_0000).Iss.ShouldBe(0x33u);
            t.Pe.GetX(0).ShouldBe((ulong)Pages);
        }
    }
}
