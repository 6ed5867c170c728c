using System.Runtime.InteropServices;
using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>With data caches, what decides whether an access goes through them; and what cache maintenance asks of them.</summary>
public sealed unsafe class DataCacheTests
{
    private const ulong Va = 0x2000_0000;
    private const ulong UpperVa = 0xFFFF_0000_2000_0000;
    private const ulong Cached = 0xCAC4ED;
    private const ulong Memory = 0x3E3024;

    private const ulong MmuOn = 1;
    private const ulong C = 1 << 2;
    private const ulong I = 1 << 12;

    /// <summary>TCR_EL1 with walks of both halves write-back.</summary>
    private const ulong CachedWalks = PageTables.Tcr | (1UL << 8) | (1UL << 10) | (1UL << 24) | (1UL << 26);

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>A second memory for everything, and a list of what was maintained.</summary>
    private sealed class Caches : IDataCaches, IDisposable
    {
        private readonly Dictionary<nint, nint> _behind = [];

        public List<(nint Line, bool Invalidate)> Maintained { get; } = [];

        public nint PointOfCoherency(nint page)
        {
            (page & 0xFFF).ShouldBe(0);
            if (!_behind.TryGetValue(page, out nint behind))
            {
                behind = (nint)NativeMemory.AlignedAlloc(4096, 4096);
                NativeMemory.Clear((void*)behind, 4096);
                _behind.Add(page, behind);
            }

            return behind;
        }

        public ref ulong At(nint host) => ref *(ulong*)(PointOfCoherency(host & ~(nint)0xFFF) + (host & 0xFFF));

        public void MaintainLine(nint line, bool invalidate) => Maintained.Add((line, invalidate));

        public void Dispose()
        {
            foreach (nint behind in _behind.Values)
            {
                NativeMemory.AlignedFree((void*)behind);
            }
        }
    }

    /// <summary>A machine whose first page of data differs in the two views, mapped at <see cref="Va"/> and <see cref="UpperVa"/>; its code is the same in both.</summary>
    private sealed class Machine : IDisposable
    {
        public Machine(EngineKind engine, ProfilingConfiguration? profiling = null)
        {
            M = new TestMachine(engine, caches: Caches, profiling: profiling);
            M.Write64(TestMachine.DataAt, Cached);
            Caches.At(M.Host(TestMachine.DataAt)) = Memory;
        }

        public Caches Caches { get; } = new();

        public TestMachine M { get; }

        public ProcessingElement Pe => M.Pe;

        /// <summary>Gives memory what the caches hold of <paramref name="bytes"/> bytes at <paramref name="ipa"/>.</summary>
        public void Clean(ulong ipa, ulong bytes = 4096)
        {
            for (ulong at = ipa; at < ipa + bytes; at += 8)
            {
                Caches.At(M.Host(at)) = M.Read64(at);
            }
        }

        /// <summary>Turns the MMU on with <see cref="Va"/> mapped as <paramref name="attributes"/> say.</summary>
        public PageTables Enable(ulong attributes, ulong tcr = CachedWalks, ulong sctlr = MmuOn | C | I)
        {
            PageTables tables = new PageTables(M).MapMachine();
            tables.Map(Va, TestMachine.DataAt, attributes | PageTables.AccessFlag);
            tables.Enable(tcr: tcr, sctlr: sctlr | (1UL << 23), ttbr1: tables.Root);
            return tables;
        }

        public ulong Load(ulong va)
        {
            Pe.SetX(1, va);
            Run(LdrX(0, 1));
            return Pe.GetX(0);
        }

        /// <summary>Executes words that are the same in both views.</summary>
        public void Run(params uint[] words)
        {
            M.Load(words);
            Clean(TestMachine.CodeAt);
            Clean(TestMachine.VectorsAt, 0x800);
            Pe.Code.InvalidateAll();
            M.RunToEnd();
        }

        public void Dispose()
        {
            M.Dispose();
            Caches.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithTheMmuOffDataGoesPastTheCaches(EngineKind engine)
    {
        using var m = new Machine(engine);
        m.Load(TestMachine.DataAt).ShouldBe(Memory);
        m.Pe.SetX(2, 5);
        m.Run(StrX(2, 1, 8));
        m.M.Read64(TestMachine.DataAt + 8).ShouldBe(0UL);
        m.Caches.At(m.M.Host(TestMachine.DataAt + 8)).ShouldBe(5UL);

        // SCTLR_EL1.C alone changes nothing: with M clear, data is Device memory.
        m.Pe.WriteRegister(SysRegId.SCTLR_EL1, C);
        m.Load(TestMachine.DataAt).ShouldBe(Memory);
    }

    [Theory]
    [InlineData(0xFF, true)] // write-back, allocate
    [InlineData(0xEE, true)] // write-back, allocate on reads
    [InlineData(0x77, true)] // write-back, transient
    [InlineData(0x44, false)] // non-cacheable
    [InlineData(0xBB, false)] // write-through: counts as non-cacheable
    [InlineData(0x4F, false)] // outer non-cacheable
    [InlineData(0xF4, false)] // inner non-cacheable
    [InlineData(0x00, false)] // Device-nGnRnE
    [InlineData(0x0C, false)] // Device-GRE
    public void WithTheMmuOnMairDecides(byte attributes, bool cached)
    {
        foreach (EngineKind engine in new[] { EngineKind.Threaded, EngineKind.Switch })
        {
            using var m = new Machine(engine);
            m.Enable(PageTables.NonCacheable);
            m.Pe.WriteRegister(SysRegId.MAIR_EL1, 0xFF | ((ulong)attributes << 16));

            // The second load hits the soft TLB.
            m.Pe.SetX(1, Va);
            m.Pe.SetX(2, 7);
            m.Run(LdrX(0, 1), LdrX(3, 1), StrX(2, 1, 8), LdrX(4, 1, 8));
            m.Pe.GetX(0).ShouldBe(cached ? Cached : Memory);
            m.Pe.GetX(3).ShouldBe(cached ? Cached : Memory);
            m.Pe.GetX(4).ShouldBe(7UL);
            m.M.Read64(TestMachine.DataAt + 8).ShouldBe(cached ? 7UL : 0);
            m.Caches.At(m.M.Host(TestMachine.DataAt + 8)).ShouldBe(cached ? 0 : 7UL);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void SctlrCMakesAllDataNonCacheable(EngineKind engine)
    {
        using var m = new Machine(engine);
        m.Enable(PageTables.Normal, sctlr: MmuOn | I);

        // Walks as well: the tables are only where the walker looks once they are cleaned.
        m.Clean(TestMachine.TablesAt, 0x8000);
        m.Load(Va).ShouldBe(Memory);
        m.Pe.WriteRegister(SysRegId.SCTLR_EL1, m.Pe.ReadRegister(SysRegId.SCTLR_EL1) | C);
        m.Load(Va).ShouldBe(Cached);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AMappingChangesItsViewWithItsAttributesAfterATlbi(EngineKind engine)
    {
        using var m = new Machine(engine);
        ulong leaf = m.Enable(PageTables.Normal).Entry(Va, 3);
        m.Load(Va).ShouldBe(Cached);
        m.M.Write64(leaf, TestMachine.DataAt | PageTables.NonCacheable | PageTables.AccessFlag | 3);
        m.Load(Va).ShouldBe(Cached);
        m.Run(TlbiVmalle1, LdrX(0, 1));
        m.Pe.GetX(0).ShouldBe(Memory);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AccessesAcrossTwoPagesAndAtomicsFollowTheirPages(EngineKind engine)
    {
        using var m = new Machine(engine);
        PageTables tables = m.Enable(PageTables.NonCacheable);
        tables.Map(Va + 0x1000, TestMachine.DataAt + 0x1000, PageTables.Normal | PageTables.AccessFlag);
        m.Pe.SetX(1, Va);
        m.Pe.SetX(2, Va + 0xFFC);
        m.Pe.SetX(3, 0x1122_3344_5566_7788);
        m.Run(Str(3, 3, 2), Ldadd(3, 3, 4, 1), LdrX(5, 2));
        m.M.Read32(TestMachine.DataAt + 0x1000).ShouldBe(0x1122_3344u);
        m.M.Read32(TestMachine.DataAt + 0xFFC).ShouldBe(0u);
        (m.Caches.At(m.M.Host(TestMachine.DataAt + 0xFF8)) >> 32).ShouldBe(0x5566_7788u);
        m.Pe.GetX(4).ShouldBe(Memory);
        m.M.Read64(TestMachine.DataAt).ShouldBe(Cached);
        m.Caches.At(m.M.Host(TestMachine.DataAt)).ShouldBe(Memory + 0x1122_3344_5566_7788);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 1, true)]
    [InlineData(3, 3, true)]
    [InlineData(2, 2, false)] // write-through
    [InlineData(1, 0, false)]
    [InlineData(0, 1, false)]
    public void WalksOfEachHalfFollowItsFieldsOfTcr(uint inner, uint outer, bool cached)
    {
        foreach (bool upper in new[] { false, true })
        {
            using var m = new Machine(EngineKind.Threaded);
            int shift = upper ? 24 : 8;
            ulong tcr = (CachedWalks & ~(15UL << shift)) | ((inner | (outer << 2)) << shift);
            PageTables tables = m.Enable(PageTables.Normal, tcr);

            // In memory the same leaf leads to the next page.
            m.Clean(TestMachine.TablesAt, 0x8000);
            m.Caches.At(m.M.Host(tables.Entry(Va, 3))) += 0x1000;
            m.M.Write64(TestMachine.DataAt + 0x1000, 99);
            m.Load(upper ? UpperVa : Va).ShouldBe(cached ? Cached : 99);

            // The other half is as it was.
            m.Load(upper ? Va : UpperVa).ShouldBe(Cached);
            m.Pe.SetX(1, upper ? UpperVa : Va);
            m.Run(At(0, 1), Mrs(0, SysRegId.PAR_EL1));
            (m.Pe.GetX(0) & 0xFFFF_F000).ShouldBe(TestMachine.DataAt + (cached ? 0 : 0x1000UL));
        }
    }

    [Theory]
    [InlineData(false, false, 0xFF, false)]
    [InlineData(false, true, 0xFF, true)]
    [InlineData(true, false, 0xFF, false)]
    [InlineData(true, true, 0xFF, true)]
    [InlineData(true, true, 0xBB, true)] // write-through: reads may be answered by the caches
    [InlineData(true, true, 0x44, false)]
    public void FetchesFollowSctlrI(bool mmu, bool cacheable, byte attributes, bool cached)
    {
        foreach (EngineKind engine in new[] { EngineKind.Threaded, EngineKind.Switch })
        {
            using var m = new Machine(engine);
            m.M.Load(Movz(0, 1));
            m.Clean(TestMachine.CodeAt);
            m.Clean(TestMachine.TablesAt, 0x8000);
            m.M.Poke(TestMachine.CodeAt, Movz(0, 2));
            ulong sctlr = (mmu ? MmuOn | C : 0) | (cacheable ? I : 0);
            if (mmu)
            {
                m.Enable(PageTables.Normal, sctlr: sctlr);
                m.Pe.WriteRegister(SysRegId.MAIR_EL1, attributes);
                m.Clean(TestMachine.TablesAt, 0x8000);
            }
            else
            {
                m.Pe.WriteRegister(SysRegId.SCTLR_EL1, sctlr);
            }

            m.Pe.Code.InvalidateAll();
            m.M.RunToEnd();
            m.Pe.GetX(0).ShouldBe(cached ? 2UL : 1UL);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TurningTheInstructionCacheOnShowsTheOtherView(EngineKind engine)
    {
        using var m = new Machine(engine);
        m.M.Poke(TestMachine.CodeAt + 0x3000, Movz(0, 1), Ret);
        m.Clean(TestMachine.CodeAt + 0x3000);
        m.M.Poke(TestMachine.CodeAt + 0x3000, Movz(0, 2));
        m.Pe.SetX(1, TestMachine.CodeAt + 0x3000);
        m.Pe.SetX(2, I);
        m.Run(Blr(1), AddImm(3, 0, 0), Msr(SysRegId.SCTLR_EL1, 2), Isb, Blr(1));
        m.Pe.GetX(3).ShouldBe(1UL);
        m.Pe.GetX(0).ShouldBe(2UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void MaintenanceByAddressNamesTheLineWhateverTheMappingIs(EngineKind engine)
    {
        foreach (ulong attributes in new[] { PageTables.Normal, PageTables.NonCacheable })
        {
            using var m = new Machine(engine);
            m.Enable(attributes);
            nint line = m.M.Host(TestMachine.DataAt + 0x1C0);
            m.Pe.SetX(1, Va + 0x1FF);
            m.Run(DcCvac(1));
            m.Run(DcCvap(1));
            m.Run(DcCivac(1));
            m.Run(DcIvac(1));
            m.Run(DcCvau(1));
            m.Caches.Maintained.ShouldBe([(line, false), (line, false), (line, true), (line, true)]);
        }
    }

    private static uint DcCvap(int rt) => Sys(3, 7, 12, 1, rt);

    [Theory]
    [MemberData(nameof(Engines))]
    public void MaintenanceByAddressWorksWithTheMmuOff(EngineKind engine)
    {
        using var m = new Machine(engine);
        m.Pe.SetX(1, TestMachine.DataAt + 64);
        m.Run(DcIvac(1));
        m.Caches.Maintained.ShouldBe([(m.M.Host(TestMachine.DataAt + 64), true)]);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void MaintenanceOfWhatDoesNotTranslateFaultsAndMaintainsNothing(EngineKind engine)
    {
        using var m = new Machine(engine);
        m.Enable(PageTables.Normal);
        m.Pe.SetX(1, Va + 0x5000);
        m.M.Load(DcCivac(1));
        m.Clean(TestMachine.CodeAt);
        m.Pe.Code.InvalidateAll();
        m.M.RunToException().FaultStatus.ShouldBe(FaultStatus.Translation | 3);

        // Where stage 2 has no memory there is no line.
        m.M.Unmapped.Add(TestMachine.DataAt);
        m.Pe.SetX(1, Va);
        m.Run(DcCivac(1));
        m.Caches.Maintained.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(6)]
    [InlineData(10)]
    [InlineData(14)]
    public void MaintenanceBySetAndWayLeavesForTheHypervisor(uint crm)
    {
        foreach (EngineKind engine in new[] { EngineKind.Threaded, EngineKind.Switch })
        {
            using var m = new Machine(engine);
            m.M.Load(Sys(0, 7, crm, 2, 1));
            m.Clean(TestMachine.CodeAt);
            m.Pe.Run(10).ShouldBe(ExitReason.SetWay);
            m.Pe.Pc.ShouldBe(TestMachine.CodeAt);
            m.Pe.Pc += 4;
            m.M.RunToEnd();
        }
    }

    [Theory]
    [InlineData(PageTables.Normal, true, true)]
    [InlineData(PageTables.NonCacheable, true, false)]
    [InlineData(PageTables.Normal, false, true)]
    public void TheProfilingUnitWritesAsItsMappingSaysAndWalksAsTcrSays(ulong attributes, bool cachedWalks, bool cached)
    {
        TimingMode.TryParse("off", out TimingMode timing).ShouldBeTrue();
        using var m = new Machine(EngineKind.Threaded, new ProfilingConfiguration(SpeProfile.Honest, timing));
        PageTables tables = m.Enable(attributes, cachedWalks ? CachedWalks : PageTables.Tcr);
        ulong page = TestMachine.DataAt;
        m.Clean(TestMachine.TablesAt, 0x8000);
        if (!cachedWalks)
        {
            // Where the walk looks, the buffer is a page further.
            page += 0x1000;
            m.Caches.At(m.M.Host(tables.Entry(Va, 3))) += 0x1000;
        }

        m.M.Write64(page, 0);
        m.Caches.At(m.M.Host(page)) = 0;
        m.M.Load([.. Enumerable.Repeat(Nop, 900)]);
        (SysRegId Id, ulong Value)[] unit =
        [
            (SysRegId.PMBPTR_EL1, Va), (SysRegId.PMBLIMITR_EL1, (Va + 0x1000) | Pmblimitr.EMask), (SysRegId.PMSIRR_EL1, 512), (SysRegId.PMSICR_EL1, 0), (SysRegId.PMSCR_EL1, Pmscr.E1SpeMask),
        ];
        foreach ((SysRegId id, ulong value) in unit)
        {
            m.Pe.WriteRegister(id, value);
        }

        m.Pe.Run(600).ShouldBe(ExitReason.BudgetEnded);
        (m.M.Read64(page) != 0).ShouldBe(cached);
        (m.Caches.At(m.M.Host(page)) != 0).ShouldBe(!cached);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithoutCachesEveryAccessSeesTheSameMemoryAndMaintenanceIsNothing(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Write64(TestMachine.DataAt, Cached);
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Execute(LdrX(0, 1), DcCivac(1), DcIvac(1), DcCsw(1));
        m.Pe.GetX(0).ShouldBe(Cached);
        var tables = new PageTables(m).MapMachine();
        tables.Map(Va, TestMachine.DataAt, PageTables.NonCacheable | PageTables.AccessFlag);
        tables.Enable();
        m.Pe.SetX(1, Va);
        m.Execute(LdrX(2, 1));
        m.Pe.GetX(2).ShouldBe(Cached);
    }
}
