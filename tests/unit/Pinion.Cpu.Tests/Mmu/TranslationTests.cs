using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>Levels, sizes and ranges of the stage 1 walk.</summary>
public sealed class TranslationTests
{
    private const ulong Data = PageTables.AccessFlag | PageTables.InnerShareable | PageTables.User;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    public static TheoryData<EngineKind, int> Levels(int first) => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from level in Enumerable.Range(first, 4 - first)
        select (engine, level));

    [Theory]
    [MemberData(nameof(Levels), 1)]
    public void ALeafMapsAllOfItsSpan(EngineKind engine, int level)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x7F_C000_0000;
        ulong span = 1UL << (12 + (9 * (3 - level)));
        ulong pa = level == 1 ? TestMachine.Base : TestMachine.DataAt;
        t.Tables.Map(Va, pa, Data, level);
        foreach (ulong offset in (ulong[])[0, 0x200008, 0x400010, span - 8])
        {
            ulong at = offset & (span - 1) & ~7UL;
            if (pa + at + 8 > TestMachine.Base + TestMachine.Size)
            {
                continue;
            }

            t.M.Write64(pa + at, 0x1122_3344_0000_0000 | at);
            t.Pe.SetX(1, Va + at);
            TranslatedMachine.Succeeded(t.Run(0, LdrX(0, 1))).ShouldBeTrue();
            t.Pe.GetX(0).ShouldBe(0x1122_3344_0000_0000 | at);
        }

        t.Access(0, MemoryAccess.Read, Va + span).Class.ShouldBe(0x24);
        t.Access(0, MemoryAccess.Read, Va - 1).Class.ShouldBe(0x24);
    }

    [Theory]
    [MemberData(nameof(Levels), 0)]
    public void AnInvalidDescriptorFaultsAtItsLevel(EngineKind engine, int level)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x7F12_3456_7000;
        ulong entry = t.Tables.Entry(Va, level);

        // Invalid; and the reserved form: a block at levels 0 and 3.
        foreach (ulong descriptor in (ulong[])[0, ~1UL, TestMachine.DataAt | Data | PageTables.Valid])
        {
            if (level is 1 or 2 && (descriptor & 1) != 0)
            {
                continue;
            }

            t.M.Write64(entry, descriptor);
            foreach ((int el, MemoryAccess access, uint ec, uint wnr) in new[]
            {
                (0, MemoryAccess.Read, 0x24u, 0u), (0, MemoryAccess.Write, 0x24u, 0x40u), (1, MemoryAccess.Read, 0x25u, 0u), (1, MemoryAccess.Write, 0x25u, 0x40u),
                (0, MemoryAccess.Execute, 0x20u, 0u), (1, MemoryAccess.Execute, 0x21u, 0u),
            })
            {
                TakenException e = t.Access(el, access, Va + 0x10, 0x9000_0000);
                e.Esr.ShouldBe(((ulong)ec << 26) | (1 << 25) | wnr | 4 | (uint)level);
                e.Far.ShouldBe(Va + 0x10);
                e.Elr.ShouldBe(access == MemoryAccess.Execute ? Va + 0x10 : TranslatedMachine.CodeOf(el));
                e.Spsr.ShouldBe(0x9000_0000 | (el == 0 ? 0UL : 5));
                e.Vector.ShouldBe(el == 0 ? 8 : 4);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels), 1)]
    public void AClearAccessFlagFaultsAtTheLeafsLevel(EngineKind engine, int level)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x7F_C000_0000;
        ulong entry = t.Tables.Map(Va, TestMachine.Base, Data & ~PageTables.AccessFlag, level);
        t.Access(0, MemoryAccess.Read, Va).Iss.ShouldBe(8u | (uint)level);
        t.Access(1, MemoryAccess.Write, Va).Iss.ShouldBe(0x48u | (uint)level);
        t.Access(0, MemoryAccess.Execute, Va).Iss.ShouldBe(8u | (uint)level);

        // A faulting entry is never cached: setting the flag needs no TLBI.
        t.M.Write64(entry, t.M.Read64(entry) | PageTables.AccessFlag);
        TranslatedMachine.Succeeded(t.Access(0, MemoryAccess.Read, Va)).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Levels), 1)]
    public void ADescriptorBeyondIpsFaultsAtItsLevel(EngineKind engine, int level)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x7F_C000_0000;
        t.Tables.Map(Va, 1UL << 40, Data, level);
        t.Tables.Enable(tcr: (PageTables.Tcr & ~(7UL << 32)) | (2UL << 32));
        t.Access(0, MemoryAccess.Read, Va).FaultStatus.ShouldBe((uint)level);

        // With 48 bits the address is fine; stage 2 has nothing there.
        t.Tables.Enable();
        t.Pe.SetX(1, Va);
        t.Pe.Pstate = 5;
        t.M.Load(LdrX(0, 1));
        t.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        t.Pe.Abort.Ipa.ShouldBe(1UL << 40);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ATtbrBeyondIpsFaultsAtLevelZero(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Enable(tcr: PageTables.Tcr & ~(7UL << 32), ttbr1: 1UL << 36);
        t.Access(1, MemoryAccess.Read, 0xFFFF_8000_0000_0000).FaultStatus.ShouldBe(0u);
    }

    /// <summary>Engine, TxSZ, first level of the walk.</summary>
    public static TheoryData<EngineKind, int, int> Sizes => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from size in new[] { (16, 0), (20, 0), (24, 0), (25, 1), (28, 1), (33, 1), (34, 2), (36, 2), (39, 2) }
        select (engine, size.Item1, size.Item2));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void TxszSetsTheRangeAndTheFirstLevel(EngineKind engine, int txsz, int rootLevel)
    {
        using var t = new TranslatedMachine(engine);
        ulong size = 1UL << (64 - txsz);
        var upper = new PageTables(t.M, TestMachine.TablesAt + 0x40000, rootLevel);
        ulong mask = size - 1;
        foreach (ulong va in (ulong[])[0, mask & ~0xFFFUL])
        {
            upper.Map(va, TestMachine.DataAt, Data);
        }

        t.Tables.Enable(tcr: (PageTables.Tcr & ~(0x3FUL << 16)) | ((ulong)txsz << 16), ttbr1: upper.Root);
        ulong first = 0 - size;
        TranslatedMachine.Succeeded(t.Access(1, MemoryAccess.Read, first)).ShouldBeTrue();
        TranslatedMachine.Succeeded(t.Access(1, MemoryAccess.Read, ~0UL)).ShouldBeTrue();
        TakenException e = t.Access(1, MemoryAccess.Read, first - 1);
        e.Iss.ShouldBe(4u);
        e.Far.ShouldBe(first - 1);

        // The same tables in the lower half, for an EL1 that lives in the upper one.
        var low = new PageTables(t.M, TestMachine.TablesAt + 0x80000, rootLevel);
        low.Map(0, TestMachine.DataAt, Data);
        low.Map(mask & ~0xFFFUL, TestMachine.DataAt, Data);
        var kernel = new PageTables(t.M, TestMachine.TablesAt + 0xC0000);
        kernel.Map(0, TestMachine.Base, PageTables.Kernel, level: 2);
        const ulong Kernel = 0xFFFF_0000_0000_0000;
        low.Enable(tcr: (PageTables.Tcr & ~0x3FUL) | (uint)txsz, ttbr1: kernel.Root);
        t.Pe.WriteRegister(SysRegId.VBAR_EL1, Kernel + TestMachine.VectorsAt - TestMachine.Base);
        foreach ((ulong va, bool inside) in new[] { (0UL, true), (mask, true), (size, false) })
        {
            t.M.Load(Ldr(0, 0, 1), Svc(1));
            t.Pe.SetX(1, va);
            t.Pe.Pc = Kernel;
            TakenException taken = t.M.RunToException();
            taken.Esr.ShouldBe(inside ? 0x5600_0001UL : 0x9600_0004UL);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ANonCanonicalAddressFaultsAtLevelZero(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        foreach (ulong va in (ulong[])[0x0001_0000_0000_0000, 0x0100_0000_0000_0000, 0xFFFE_FFFF_FFFF_F000, 0x8000_0000_2000_0000, 0xFF00_0000_2000_0000])
        {
            t.Access(0, MemoryAccess.Read, va).Iss.ShouldBe(4u);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TbiIgnoresTheTopByteOfItsHalf(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        var upper = new PageTables(t.M, TestMachine.TablesAt + 0x40000);
        upper.Map(0, TestMachine.DataAt + 0x1000, Data);
        t.M.Write64(TestMachine.DataAt, 0xAAAA);
        t.M.Write64(TestMachine.DataAt + 0x1000, 0xBBBB);
        const ulong Low = 0xA500_0000_0000_0000 | TranslatedMachine.DataVa, High = 0x12FF_0000_0000_0000;
        foreach ((int tbi, bool low, bool high) in new[] { (0, false, false), (1, true, false), (2, false, true), (3, true, true) })
        {
            t.Tables.Enable(tcr: PageTables.Tcr | ((ulong)tbi << 37), ttbr1: upper.Root);
            foreach ((ulong va, bool works, ulong value) in new[] { (Low, low, 0xAAAAUL), (High, high, 0xBBBBUL) })
            {
                t.Pe.SetX(1, va);
                t.Pe.SetX(0, 0);
                TakenException e = t.Run(1, LdrX(0, 1));
                TranslatedMachine.Succeeded(e).ShouldBe(works);
                t.Pe.GetX(0).ShouldBe(works ? value : 0);
                if (!works)
                {
                    e.Far.ShouldBe(va);
                    e.Iss.ShouldBe(4u);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AFaultOnATaggedAddressReportsTheTag(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Enable(tcr: PageTables.Tcr | (1UL << 37));
        TakenException e = t.Access(0, MemoryAccess.Write, 0x5A00_0000_3000_0000);
        e.Far.ShouldBe(0x5A00_0000_3000_0000UL);
        e.FaultStatus.ShouldBeInRange(4u, 7u);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ABranchToATaggedAddressDropsTheTag(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Enable(tcr: PageTables.Tcr | (1UL << 37));
        const ulong Tag = 0x7700_0000_0000_0000;
        t.Pe.SetX(1, Tag | (TranslatedMachine.UserVa + 8));
        t.Pe.SetX(3, Tag | (TranslatedMachine.UserVa + 20));
        TakenException e = t.Run(0, Br(1), Nop, 0x10000002 /* ADR X2, . */, Blr(3), Nop);
        TranslatedMachine.Succeeded(e).ShouldBeTrue();
        t.Pe.GetX(2).ShouldBe(TranslatedMachine.UserVa + 8);
        t.Pe.GetX(30).ShouldBe(TranslatedMachine.UserVa + 16);
        e.Elr.ShouldBe(TranslatedMachine.UserVa + 24);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void EpdDisablesTheWalksOfItsHalf(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        var upper = new PageTables(t.M, TestMachine.TablesAt + 0x40000);
        upper.Map(0, TestMachine.DataAt, Data);
        const ulong High = 0xFFFF_0000_0000_0000;
        t.Tables.Enable(ttbr1: upper.Root);
        TranslatedMachine.Succeeded(t.Access(1, MemoryAccess.Read, High)).ShouldBeTrue();
        t.Tables.Enable(tcr: PageTables.Tcr | (1UL << 23), ttbr1: upper.Root);
        t.Access(1, MemoryAccess.Read, High).Iss.ShouldBe(4u);
        TranslatedMachine.Succeeded(t.Access(1, MemoryAccess.Read, TranslatedMachine.DataVa)).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void E0pdKeepsEl0OutOfItsHalf(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        var upper = new PageTables(t.M, TestMachine.TablesAt + 0x40000);
        upper.Map(0, TestMachine.DataAt, Data);
        const ulong High = 0xFFFF_0000_0000_0000;
        t.Tables.Enable(ttbr1: upper.Root);
        TranslatedMachine.Succeeded(t.Access(0, MemoryAccess.Read, High)).ShouldBeTrue();
        t.Tables.Enable(tcr: PageTables.Tcr | (1UL << 56), ttbr1: upper.Root);
        t.Access(0, MemoryAccess.Read, High).Iss.ShouldBe(4u);
        t.Access(0, MemoryAccess.Execute, High).Iss.ShouldBe(4u);
        TranslatedMachine.Succeeded(t.Access(1, MemoryAccess.Read, High)).ShouldBeTrue();
        t.Pe.SetX(1, High);
        t.Run(1, Ldtr(3, 0, 1)).Iss.ShouldBe(4u);
        TranslatedMachine.Succeeded(t.Access(0, MemoryAccess.Read, TranslatedMachine.DataVa)).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnUnsupportedGranuleFaults(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        var upper = new PageTables(t.M, TestMachine.TablesAt + 0x40000);
        upper.Map(0, TestMachine.DataAt, Data);
        t.Tables.Enable(tcr: (PageTables.Tcr & ~(3UL << 30)) | (3UL << 30), ttbr1: upper.Root);
        t.Access(1, MemoryAccess.Read, 0xFFFF_0000_0000_0000).Iss.ShouldBe(4u);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithTheMmuOffAddressesArePhysical(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Write64(TestMachine.DataAt, 0x1234);
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Execute(LdrX(0, 1), StrX(0, 1, 8));
        m.Read64(TestMachine.DataAt + 8).ShouldBe(0x1234UL);

        // Beyond 48 bits there is nothing.
        m.Pe.SetX(1, 1UL << 48);
        TakenException e = m.Fault(LdrX(0, 1));
        e.Esr.ShouldBe(0x9600_0000UL);
        e.Far.ShouldBe(1UL << 48);
        m.Pe.SetX(1, 0xAA00_0000_0000_0000 | TestMachine.DataAt);
        m.Fault(LdrX(0, 1)).Esr.ShouldBe(0x9600_0000UL);
        m.Pe.WriteRegister(SysRegId.TCR_EL1, 1UL << 37);
        m.Execute(LdrX(0, 1));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithTheMmuOffDataIsDeviceMemory(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetX(1, TestMachine.DataAt + 1);
        TakenException e = m.Fault(StrX(0, 1));
        e.Esr.ShouldBe(0x9600_0061UL);
        e.Far.ShouldBe(TestMachine.DataAt + 1);
        m.Pe.SetX(1, TestMachine.DataAt + 8);
        m.Execute(StpX(2, 3, 1), LdpX(2, 3, 1));
        m.Pe.SetX(1, TestMachine.DataAt + 4);
        m.Execute(LdpW(2, 3, 1));
        m.Fault(LdpX(2, 3, 1)).Iss.ShouldBe(0x21u);
        m.Fault(DcZva(1)).Iss.ShouldBe(0x61u);
    }
}
