using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>AP, UXN, PXN, the hierarchical bits, WXN and PAN, in all combinations (Arm ARM D8.4).</summary>
public sealed class PermissionTests
{
    private const ulong Va = 0x6_4000_0000;
    private const ulong Pan = 1 << 22;
    private const ulong Sctlr = 1 | (1UL << 23);

    /// <summary>Engine, AP[2:1], WXN.</summary>
    public static TheoryData<EngineKind, int, bool> Settings => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from ap in Enumerable.Range(0, 4)
        from wxn in new[] { false, true }
        select (engine, ap, wxn));

    /// <summary>The Arm ARM's tables of data and instruction access permissions, as rules.</summary>
    private static bool Allowed(int el, MemoryAccess access, int ap, bool uxn, bool pxn, bool pan, bool wxn)
    {
        bool el0Read = (ap & 1) != 0, writable = (ap & 2) == 0, el0Write = el0Read && writable;
        return (el, access) switch
        {
            (0, MemoryAccess.Read) => el0Read,
            (0, MemoryAccess.Write) => el0Write,
            (0, _) => !uxn && !(wxn && el0Write),
            (_, MemoryAccess.Read) => !(pan && el0Read),
            (_, MemoryAccess.Write) => writable && !(pan && el0Read),
            _ => !pxn && !el0Write && !(wxn && writable),
        };
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void APageAllowsWhatItsBitsSay(EngineKind engine, int ap, bool wxn)
    {
        using var t = new TranslatedMachine(engine);
        KernelInReadOnlyMemory(t);
        t.M.Poke(TestMachine.DataAt, Svc(0x99));
        for (int bits = 0; bits < 4; bits++)
        {
            bool uxn = (bits & 1) != 0, pxn = (bits & 2) != 0;
            t.Tables.Map(Va, TestMachine.DataAt, PageTables.AccessFlag | ((ulong)ap << 6) | (uxn ? PageTables.Uxn : 0) | (pxn ? PageTables.Pxn : 0));
            t.Tables.Enable(sctlr: Sctlr | (wxn ? 1UL << 19 : 0));
            Check(t, 3, (el, access, pan) => Allowed(el, access, ap, uxn, pxn, pan, wxn));
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void TableBitsTakePermissionsAwayBelow(EngineKind engine, int ap, bool wxn)
    {
        for (int bits = 0; bits < 16; bits++)
        {
            using var t = new TranslatedMachine(engine);
            KernelInReadOnlyMemory(t);
            t.M.Poke(TestMachine.DataAt, Svc(0x99));
            ulong table = ((bits & 1) != 0 ? PageTables.PxnTable : 0) | ((bits & 2) != 0 ? PageTables.UxnTable : 0)
                | ((bits & 4) != 0 ? PageTables.NoUserTable : 0) | ((bits & 8) != 0 ? PageTables.ReadOnlyTable : 0);
            t.Tables.Entry(Va, 1);
            t.Tables.Map(Va, TestMachine.DataAt, PageTables.AccessFlag | ((ulong)ap << 6), tableAttributes: table);
            t.Tables.Enable(sctlr: Sctlr | (wxn ? 1UL << 19 : 0));
            int effective = (ap & ((bits & 4) != 0 ? 2 : 3)) | ((bits & 8) != 0 ? 2 : 0);
            Check(t, 3, (el, access, pan) => Allowed(el, access, effective, (bits & 2) != 0, (bits & 1) != 0, pan, wxn));
        }
    }

    private static void Check(TranslatedMachine t, uint level, Func<int, MemoryAccess, bool, bool> allowed)
    {
        foreach (int el in (int[])[0, 1])
        {
            foreach (MemoryAccess access in Enum.GetValues<MemoryAccess>())
            {
                foreach (bool pan in (bool[])[false, true])
                {
                    uint code = t.M.Read32(TestMachine.DataAt);
                    TakenException e = t.Access(el, access, Va, pan ? Pan : 0);
                    t.M.Write32(TestMachine.DataAt, code);
                    string what = $"EL{el} {access} PAN={pan}";
                    if (allowed(el, access, pan))
                    {
                        e.Class.ShouldBe(0x15, what);
                    }
                    else
                    {
                        int ec = access == MemoryAccess.Execute ? 0x20 : 0x24;
                        e.Esr.ShouldBe(((ulong)(ec + el) << 26) | (1 << 25) | (access == MemoryAccess.Write ? 0x40u : 0) | 0xC | level, what);
                        e.Far.ShouldBe(Va, what);
                    }
                }
            }
        }
    }

    // With WXN, EL1's own code must not be writable; the tests write it past the MMU.
    private static void KernelInReadOnlyMemory(TranslatedMachine t) =>
        t.Tables.Map(TestMachine.Base, TestMachine.Base, PageTables.Kernel | PageTables.ReadOnly, level: 2);

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void UnprivilegedLoadsAndStoresHaveEl0sPermissionsAndIgnorePan(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        for (int ap = 0; ap < 4; ap++)
        {
            t.Tables.Map(Va, TestMachine.DataAt, PageTables.AccessFlag | ((ulong)ap << 6));
            t.Tables.Enable();
            foreach (ulong pan in (ulong[])[0, Pan])
            {
                t.Pe.SetX(1, Va);
                TakenException load = t.RunWith(1, pan, Ldtr(3, 0, 1));
                TranslatedMachine.Succeeded(load).ShouldBe((ap & 1) != 0);
                TakenException store = t.RunWith(1, pan, Sttr(3, 0, 1));
                TranslatedMachine.Succeeded(store).ShouldBe(ap == 1);
                if (ap != 1)
                {
                    store.Esr.ShouldBe(0x9600_004FUL);
                    store.Far.ShouldBe(Va);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void PanTakesEffectAtOnce(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Pe.SetX(1, TranslatedMachine.DataVa);
        TakenException e = t.Run(1, LdrX(0, 1), StrX(0, 1), MsrPan(1), Nop, LdrX(0, 1));
        e.Esr.ShouldBe(0x9600_000FUL);
        e.Elr.ShouldBe(TestMachine.CodeAt + 16);
        TranslatedMachine.Succeeded(t.RunWith(1, Pan, MsrPan(0), LdrX(0, 1), StrX(0, 1))).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void AnAtomicOnAReadOnlyPageReportsAWriteAndOnNoPageARead(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, PageTables.AccessFlag | PageTables.User | PageTables.ReadOnly);
        t.Tables.Enable();
        foreach (uint word in (uint[])[Ldadd(3, 0, 2, 1), Cas(3, 0, 2, 1), CaspX(2, 4, 1), Atomic(8, 2, 0, 2, 1), Atomic(4, 0, 0, 2, 1)])
        {
            t.Pe.SetX(1, Va);
            t.Run(0, word).Iss.ShouldBe(0x4Fu);
            t.Pe.SetX(1, Va + 0x1000);
            t.Run(0, word).Iss.ShouldBe(0x07u);
        }

        // A store-exclusive is a store.
        t.Pe.SetX(1, Va + 0x1000);
        t.Run(0, Stxr(3, 0, 2, 1)).Iss.ShouldBe(0x47u);
    }
}
