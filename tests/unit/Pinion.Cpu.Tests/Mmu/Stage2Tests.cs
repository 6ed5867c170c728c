using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>What leaves to EL2 and how it is described.</summary>
public sealed class Stage2Tests
{
    private const ulong Device = 0x0900_0000;
    private const ulong Plain = PageTables.AccessFlag | PageTables.User;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Engine, instruction over X1, ISS without DFSC: ISV 24, SAS 23:22, SSE 21, SRT 20:16, SF 15, AR 14, WnR 6.</summary>
    public static TheoryData<EngineKind, uint, uint> Syndromes => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from row in new (uint Word, uint Iss)[]
        {
            (Ldr(0, 5, 1), Isv(0, 5)), (Ldr(1, 5, 1), Isv(1, 5)), (Ldr(2, 5, 1), Isv(2, 5)), (Ldr(3, 5, 1), Isv(3, 5, sf: true)),
            (Str(0, 5, 1), Isv(0, 5, write: true)), (Str(1, 5, 1), Isv(1, 5, write: true)), (Str(2, 5, 1), Isv(2, 5, write: true)), (Str(3, Zr, 1), Isv(3, 31, sf: true, write: true)),
            (0x39800025 /* LDRSB X5, [X1] */, Isv(0, 5, sse: true, sf: true)), (0x39C00025 /* LDRSB W5, [X1] */, Isv(0, 5, sse: true)),
            (0x79800025 /* LDRSH X5, [X1] */, Isv(1, 5, sse: true, sf: true)), (0x79C00025 /* LDRSH W5, [X1] */, Isv(1, 5, sse: true)),
            (0xB9800025 /* LDRSW X5, [X1] */, Isv(2, 5, sse: true, sf: true)),
            (Ldur(3, 5, 1, 0), Isv(3, 5, sf: true)), (Stur(0, 5, 1, 0), Isv(0, 5, write: true)), (Ldtr(2, 5, 1), Isv(2, 5)), (Sttr(3, 5, 1), Isv(3, 5, sf: true, write: true)),
            (0xF87F6825 /* LDR X5, [X1, XZR] */, Isv(3, 5, sf: true)), (0xB83F6825 /* STR W5, [X1, XZR] */, Isv(2, 5, write: true)),
            (Ldar(2, 5, 1), Isv(2, 5, ar: true)), (Ldar(3, 5, 1), Isv(3, 5, sf: true, ar: true)), (Stlr(0, 5, 1), Isv(0, 5, ar: true, write: true)), (Ldapr(2, 5, 1), Isv(2, 5, ar: true)),

            // No syndrome: writeback, pairs, vectors, exclusives, atomics, DC ZVA.
            (LdrPost(3, 5, 1, 8), 0), (StrPre(2, 5, 1, 0), 0x40), (LdpX(5, 6, 1), 0), (StpX(5, 6, 1), 0x40), (LdrQ(5, 1), 0), (StrQ(5, 1), 0x40), (0x4C407025, 0),
            (Ldxr(3, 5, 1), 0), (Stxr(3, 6, 5, 1), 0x40), (Ldadd(3, 5, 6, 1), 0), (Cas(3, 5, 6, 1), 0),
        }
        select (engine, row.Word, row.Iss));

    private static uint Isv(uint sas, uint srt, bool sse = false, bool sf = false, bool ar = false, bool write = false) =>
        (1u << 24) | (sas << 22) | (sse ? 1u << 21 : 0) | (srt << 16) | (sf ? 1u << 15 : 0) | (ar ? 1u << 14 : 0) | (write ? 1u << 6 : 0);

    [Theory]
    [MemberData(nameof(Syndromes))]
    public void AnAccessToNoMemoryLeavesWithItsSyndrome(EngineKind engine, uint word, uint iss)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x3000_0000;
        t.Tables.Map(Va, Device, Plain | PageTables.Device);
        t.M.Load(Nop, word);
        t.Pe.SetX(1, Va + 0x10);
        t.Pe.SetX(5, 0x5555);
        t.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        Stage2Abort abort = t.Pe.Abort;
        abort.Esr.ShouldBe((0x24UL << 26) | (1 << 25) | iss | 7);
        abort.Ipa.ShouldBe(Device + 0x10);
        abort.Va.ShouldBe(Va + 0x10);
        t.Pe.Pc.ShouldBe(TestMachine.CodeAt + 4);
        t.Pe.GetX(5).ShouldBe(0x5555UL);
        t.Pe.GetX(1).ShouldBe(Va + 0x10);
        if (iss > 0x40)
        {
            abort.IsValid.ShouldBeTrue();
            abort.Size.ShouldBe(1 << (int)((iss >> 22) & 3));
            abort.Register.ShouldBe((int)((iss >> 16) & 31));
            abort.SignExtend.ShouldBe((iss & (1 << 21)) != 0);
            abort.SixtyFour.ShouldBe((iss & (1 << 15)) != 0);
        }

        abort.IsWrite.ShouldBe((iss & 0x40) != 0);
        abort.IsInstruction.ShouldBeFalse();
    }

    [Theory]
    [InlineData(EngineKind.Threaded, 0x18000005, 2, false, false)] // LDR W5, .
    [InlineData(EngineKind.Threaded, 0x58000005, 3, false, true)] // LDR X5, .
    [InlineData(EngineKind.Threaded, 0x98000005, 2, true, true)] // LDRSW X5, .
    [InlineData(EngineKind.Switch, 0x18000005, 2, false, false)]
    [InlineData(EngineKind.Switch, 0x58000005, 3, false, true)]
    [InlineData(EngineKind.Switch, 0x98000005, 2, true, true)]
    public void ALiteralLoadHasASyndromeToo(EngineKind engine, uint word, uint sas, bool sse, bool sf)
    {
        using var m = new TestMachine(engine);

        // 8 bytes before the end of a page, with the literal in the next.
        m.Unmapped.Add(TestMachine.CodeAt + 0x1000);
        m.Poke(TestMachine.CodeAt + 0xFF8, word | (2 << 5));
        m.Pe.Pc = TestMachine.CodeAt + 0xFF8;
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        m.Pe.Abort.Esr.ShouldBe((0x24UL << 26) | (1 << 25) | Isv(sas, 5, sse, sf) | 7);
        m.Pe.Abort.Ipa.ShouldBe(TestMachine.CodeAt + 0x1000);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheOwnerOfEl2CanEmulateAndGoOn(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetX(1, Device);
        m.Load(Ldr(2, 5, 1, 4), AddImm(6, 5, 1), Str(2, 6, 1, 8));
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        m.Pe.Abort.Ipa.ShouldBe(Device + 4);
        m.Pe.SetX(m.Pe.Abort.Register, 41);
        m.Pe.Pc += 4;
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        m.Pe.Abort.Ipa.ShouldBe(Device + 8);
        m.Pe.Abort.IsWrite.ShouldBeTrue();
        m.Pe.GetX(m.Pe.Abort.Register).ShouldBe(42UL);
        m.Pe.Pc += 4;
        m.RunToEnd();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AStoreToAReadOnlyPageIsAPermissionFaultUntilItIsMadeWritable(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.M.ReadOnly.Add(TestMachine.DataAt);
        t.Pe.SetX(1, TranslatedMachine.DataVa);
        t.Pe.SetX(2, 7);
        foreach ((uint word, uint iss) in new[] { (StrX(2, 1), Isv(3, 2, sf: true, write: true)), (Ldadd(3, 2, 3, 1), 0x40u), (Stxr(3, 3, 2, 1), 0x40u), (DcZva(1), 0x40u) })
        {
            t.M.Load(LdrX(0, 1), word);
            t.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
            t.Pe.Abort.Esr.ShouldBe((0x24UL << 26) | (1 << 25) | iss | 0xF);
            t.Pe.Pc.ShouldBe(TestMachine.CodeAt + 4);
        }

        // Nothing was cached for writing, so the new right needs no invalidation.
        t.M.ReadOnly.Clear();
        t.M.Load(StrX(2, 1));
        t.M.RunToEnd();
        t.M.Read64(TestMachine.DataAt).ShouldBe(7UL);

        // Taking it away (dirty log) does.
        t.M.ReadOnly.Add(TestMachine.DataAt);
        t.M.Load(StrX(2, 1));
        t.M.RunToEnd();
        t.Pe.InvalidateStage2();
        t.M.Load(StrX(2, 1));
        t.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AFetchFromNoMemoryIsAnInstructionAbort(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Load([.. Mov(9, Device + 0x20), Br(9)]);
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        m.Pe.Abort.ShouldBe(new Stage2Abort(Device + 0x20, Device + 0x20, 0x8200_0007));
        m.Pe.Abort.IsInstruction.ShouldBeTrue();
        m.Pe.Pc.ShouldBe(Device + 0x20);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void ATableInNoMemoryIsAnAbortOnTheStage1Walk(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x3000_0000;
        t.M.Write64(t.Tables.Entry(Va, 2), Device | 3);
        t.Pe.SetX(1, Va + 0x5008);
        foreach (uint word in (uint[])[LdrX(0, 1), StrX(0, 1), DcCvac(1)])
        {
            t.M.Load(word);
            t.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
            t.Pe.Abort.ShouldBe(new Stage2Abort(Device + 0x28, Va + 0x5008, 0x9200_0087));
            t.Pe.Abort.IsStage1Walk.ShouldBeTrue();
        }

        t.M.Load(Br(1));
        t.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        t.Pe.Abort.ShouldBe(new Stage2Abort(Device + 0x28, Va + 0x5008, 0x8200_0087));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnExchangedPageShowsAfterInvalidation(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        new PageTables(m).MapAll().Enable();
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Load(LdrX(0, 1));
        m.RunToEnd();
        m.Unmapped.Add(TestMachine.DataAt);
        m.Load(LdrX(0, 1));
        m.RunToEnd();
        m.Pe.InvalidateStage2();
        m.Load(LdrX(0, 1));
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);

        // Tables and code are stage 2's too.
        m.Unmapped.Add(TestMachine.CodeAt);
        m.Pe.InvalidateStage2();
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        m.Pe.Abort.IsInstruction.ShouldBeTrue();
        m.Unmapped.Add(TestMachine.TablesAt);
        m.Pe.InvalidateStage2();
        m.Pe.Run().ShouldBe(ExitReason.Stage2Abort);
        m.Pe.Abort.IsStage1Walk.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AtReportsTheTranslationInPar(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        const ulong Va = 0x3000_0000;
        const ulong Ro = PageTables.ReadOnly;
        (ulong Attributes, ulong Par)[] pages =
        [
            (Plain | PageTables.InnerShareable, 0xFF00_0000_0000_0B80),
            (PageTables.AccessFlag | (2UL << 8), 0xFF00_0000_0000_0B00),
            (PageTables.AccessFlag | Ro, 0xFF00_0000_0000_0A00),
            (Plain | PageTables.Device, 0x0000_0000_0000_0B00),
            (Plain | Ro | PageTables.NonCacheable, 0x4400_0000_0000_0B00),
        ];
        for (int i = 0; i < pages.Length; i++)
        {
            ulong va = Va + ((ulong)i * 0x1000);
            t.Tables.Map(va, TestMachine.DataAt + ((ulong)i * 0x1000), pages[i].Attributes);
            bool user = (pages[i].Attributes & PageTables.User) != 0, readOnly = (pages[i].Attributes & Ro) != 0;
            for (uint op = 0; op < 4; op++)
            {
                bool allowed = (op < 2 || user) && ((op & 1) == 0 || !readOnly);
                ulong expected = allowed ? pages[i].Par | (TestMachine.DataAt + ((ulong)i * 0x1000)) : 0x81F;
                Par(t, At(op, 1), va + 0x123, 0).ShouldBe(expected, $"page {i} op {op}");

                // Plain AT does not look at PAN.
                Par(t, At(op, 1), va + 0x123, 1 << 22).ShouldBe(expected, $"page {i} op {op}, PAN");
            }

            for (uint op = 0; op < 2; op++)
            {
                bool allowed = op == 0 || !readOnly;
                ulong good = pages[i].Par | (TestMachine.DataAt + ((ulong)i * 0x1000));
                Par(t, AtPan(op, 1), va, 0).ShouldBe(allowed ? good : 0x81F);
                Par(t, AtPan(op, 1), va, 1 << 22).ShouldBe(allowed && !user ? good : 0x81F);
            }
        }

        Par(t, At(0, 1), Va + 0x10_0000, 0).ShouldBe(0x80FUL);
        Par(t, At(0, 1), 0x0100_0000_0000_0000, 0).ShouldBe(0x809UL);
        t.Tables.Map(Va, TestMachine.DataAt, Plain & ~PageTables.AccessFlag);
        Par(t, At(0, 1), Va, 0).ShouldBe(0x817UL);
    }

    private static ulong Par(TranslatedMachine t, uint word, ulong va, ulong pstate)
    {
        t.Pe.SetX(1, va);
        TranslatedMachine.Succeeded(t.RunWith(1, pstate, word, Isb, Mrs(0, SysRegId.PAR_EL1))).ShouldBeTrue();
        return t.Pe.GetX(0);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AtSeesABlockAndTheMmuOff(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        Par(t, At(1, 1), TestMachine.Base + 0x1_2345, 0).ShouldBe(0xFF00_0000_0000_0B80 | (TestMachine.Base + 0x1_2000));
        t.Pe.WriteRegister(SysRegId.SCTLR_EL1, 0);
        Par(t, At(1, 1), 0x1234_5678, 0).ShouldBe(0x0000_0000_1234_5B00UL);
    }
}
