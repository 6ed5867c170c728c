using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>Accesses that cross pages or are not aligned, and Device memory.</summary>
public sealed class AccessTests
{
    private const ulong Va = 0x3000_0000;
    private const ulong Plain = PageTables.AccessFlag | PageTables.User;
    private const ulong Sctlr = 1 | (1UL << 23);

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Instructions over X1 as base that reach 16 bytes around a page end from 8 bytes before it, or fewer from fewer.</summary>
    private static readonly (uint Word, int Size, bool Writes)[] s_wide =
    [
        (LdpX(2, 3, 1), 16, false), (StpX(2, 3, 1), 16, true), (LdpXPost(2, 3, 1, 16), 16, false), (0xA9BF0C22 /* STP X2, X3, [X1, #-16]! */, 16, true),
        (LdrQ(4, 1), 16, false), (StrQ(4, 1), 16, true), (LdpQ(4, 5, 1), 32, false), (0xAD001424 /* STP Q4, Q5, [X1] */, 32, true),
        (LdrX(2, 1), 8, false), (StrX(2, 1), 8, true), (Ldr(2, 2, 1), 4, false), (Str(2, 2, 1), 4, true), (Ldr(1, 2, 1), 2, false), (Str(1, 2, 1), 2, true),
        (LdrPost(3, 2, 1, 8), 8, false), (LdrPre(3, 2, 1, 8), 8, false), (StrPost(3, 2, 1, 8), 8, true), (StrPre(3, 2, 1, 8), 8, true),
        (0x4C402024 /* LD1 {V4.16B-V7.16B}, [X1] */, 64, false), (0x4CDF2024 /* LD1 {V4.16B-V7.16B}, [X1], #64 */, 64, false),
        (0x4C002024 /* ST1 {V4.16B-V7.16B}, [X1] */, 64, true), (0x4C9F0024 /* ST4 {V4.16B-V7.16B}, [X1], #64 */, 64, true),
        (0x4D60A424 /* LD4 {V4.D-V7.D}[1], [X1] */, 32, false),
    ];

    public static TheoryData<EngineKind, uint, int, bool> Wide => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from wide in s_wide
        select (engine, wide.Word, wide.Size, wide.Writes));

    private static int Adjustment(uint word) => word switch
    {
        0xA9BF0C22 => 16,
        _ when word == LdrPre(3, 2, 1, 8) || word == StrPre(3, 2, 1, 8) => -8,
        _ => 0,
    };

    private static unsafe byte[] Registers(ProcessingElement pe) =>
        [.. new ReadOnlySpan<byte>(pe.State->X, 31 * 8), .. new ReadOnlySpan<byte>(pe.State->V, 512)];

    private static unsafe void FillVectors(ProcessingElement pe)
    {
        for (int i = 0; i < 64; i++)
        {
            pe.State->V[i] = 0x0101_0101_0101_0101UL * (uint)(i + 1);
        }
    }

    [Theory]
    [MemberData(nameof(Wide))]
    public void WhereTheSecondPageFaultsNothingHasHappened(EngineKind engine, uint word, int size, bool writes)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, Plain);
        foreach (int before in Enumerable.Range(1, size - 1))
        {
            FillVectors(t.Pe);
            t.M.Write64(TestMachine.DataAt + 0xFC0, 0x5555);
            byte[] memory = Memory(t.M, TestMachine.DataAt + 0xF00, 256);
            t.Pe.SetX(1, Va + 0x1000 - (ulong)before + (ulong)Adjustment(word));
            t.Pe.SetX(2, 0x2222);
            t.Pe.SetX(3, 0x3333);
            byte[] registers = Registers(t.Pe);

            TakenException e = t.Run(0, word);
            e.Esr.ShouldBe(0x9200_0007UL | (writes ? 0x40u : 0));
            e.Far.ShouldBe(Va + 0x1000);
            e.Elr.ShouldBe(TranslatedMachine.UserVa);
            Registers(t.Pe).ShouldBe(registers);
            Memory(t.M, TestMachine.DataAt + 0xF00, 256).ShouldBe(memory);
        }
    }

    [Theory]
    [MemberData(nameof(Wide))]
    public void WhereTheFirstPageFaultsItIsReported(EngineKind engine, uint word, int size, bool writes)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va + 0x1000, TestMachine.DataAt, Plain);
        t.Pe.SetX(1, Va + 0x1000 - ((ulong)size / 2) + (ulong)Adjustment(word));
        byte[] registers = Registers(t.Pe);
        TakenException e = t.Run(0, word);
        e.Esr.ShouldBe(0x9200_0007UL | (writes ? 0x40u : 0));
        e.Far.ShouldBe(Va + 0x1000 - ((ulong)size / 2));
        Registers(t.Pe).ShouldBe(registers);
    }

    [Theory]
    [MemberData(nameof(Wide))]
    public void AnAccessMayCrossIntoAnUnrelatedPage(EngineKind engine, uint word, int size, bool writes)
    {
        using var t = new TranslatedMachine(engine);
        using var flat = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt + 0x5000, Plain);
        t.Tables.Map(Va + 0x1000, TestMachine.DataAt + 0x2000, Plain);
        flat.Tables.Map(Va, TestMachine.DataAt, Plain);
        for (int i = 0; i < 128; i += 8)
        {
            ulong value = 0x0101_0101_0101_0101UL * (uint)i ^ 0x0706_0504_0302_0100;
            t.M.Write64(i < 64 ? TestMachine.DataAt + 0x5FC0 + (ulong)i : TestMachine.DataAt + 0x2000 + (ulong)(i - 64), value);
            flat.M.Write64(TestMachine.DataAt + 0x400 + (ulong)i, value);
        }

        foreach (int before in Enumerable.Range(1, size - 1))
        {
            FillVectors(t.Pe);
            FillVectors(flat.Pe);
            foreach (TranslatedMachine m in (TranslatedMachine[])[t, flat])
            {
                m.Pe.SetX(2, 0x1122_3344_5566_7788);
                m.Pe.SetX(3, 0x99AA_BBCC_DDEE_FF00);
                m.Pe.SetX(1, Va + (m == t ? 0x1000u : 0x440u) - (ulong)before + (ulong)Adjustment(word));
                TranslatedMachine.Succeeded(m.Run(0, word)).ShouldBeTrue();
                m.Pe.SetX(1, m.Pe.GetX(1) - (m == t ? 0xBC0u : 0));
            }

            Registers(t.Pe).ShouldBe(Registers(flat.Pe));
            byte[] split = [.. Memory(t.M, TestMachine.DataAt + 0x5FC0, 64), .. Memory(t.M, TestMachine.DataAt + 0x2000, 64)];
            split.ShouldBe(Memory(flat.M, TestMachine.DataAt + 0x400, 128));
        }

        writes.ShouldBe((word & 0x0040_0000) == 0);
    }

    private static byte[] Memory(TestMachine m, ulong at, int count)
    {
        var bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(m.Read64((at + (ulong)i) & ~7UL) >> (int)((at + (ulong)i) % 8 * 8));
        }

        return bytes;
    }

    /// <summary>Engine, instruction, bytes to which its address must be aligned where alignment is checked, whether it stores.</summary>
    public static TheoryData<EngineKind, uint, int, bool> Alignments => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from row in new (uint Word, int Alignment, bool Writes)[]
        {
            (Ldr(1, 2, 1), 2, false), (Str(1, 2, 1), 2, true), (Ldr(2, 2, 1), 4, false), (Str(2, 2, 1), 4, true), (LdrX(2, 1), 8, false), (StrX(2, 1), 8, true),
            (LdrQ(4, 1), 16, false), (StrQ(4, 1), 16, true), (LdpW(2, 3, 1), 4, false), (LdpX(2, 3, 1), 8, false), (StpX(2, 3, 1), 8, true), (LdpQ(4, 5, 1), 16, false),
            (0x6D401424 /* LDP D4, D5, [X1] */, 8, false), (0x69400C22 /* LDPSW X2, X3, [X1] */, 4, false),
            (0x4C407024 /* LD1 {V4.16B}, [X1] */, 1, false), (0x4C407424 /* LD1 {V4.8H}, [X1] */, 2, false), (0x4C002C24 /* ST1 {V4.2D-V7.2D}, [X1] */, 8, true),
            (0x0C400824 /* LD4 {V4.2S-V7.2S}, [X1] */, 4, false), (0x4D40C824 /* LD1R {V4.4S}, [X1] */, 4, false), (0x0D008024 /* ST1 {V4.S}[0], [X1] */, 4, true),
        }
        select (engine, row.Word, row.Alignment, row.Writes));

    [Theory]
    [MemberData(nameof(Alignments))]
    public void SctlrAChecksAlignmentByElement(EngineKind engine, uint word, int alignment, bool writes)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, Plain);
        for (ulong offset = 0x100; offset < 0x120; offset++)
        {
            // Without A every alignment is fine, and the soft TLB is warm afterwards.
            t.Tables.Enable();
            t.Pe.SetX(1, Va + offset);
            TranslatedMachine.Succeeded(t.Run(0, word)).ShouldBeTrue();
            t.Pe.WriteRegister(SysRegId.SCTLR_EL1, Sctlr | 2);
            CheckAligned(t, word, offset, alignment, writes);
        }
    }

    [Theory]
    [MemberData(nameof(Alignments))]
    public void DeviceMemoryChecksAlignmentByElement(EngineKind engine, uint word, int alignment, bool writes)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, Plain | PageTables.Device);
        for (ulong offset = 0x100; offset < 0x120; offset++)
        {
            CheckAligned(t, word, offset, alignment, writes);
        }
    }

    private static void CheckAligned(TranslatedMachine t, uint word, ulong offset, int alignment, bool writes)
    {
        // Aligned first, so that a core that trusts its TLB is caught.
        t.Pe.SetX(1, Va + 0x200);
        TranslatedMachine.Succeeded(t.Run(0, word)).ShouldBeTrue();
        t.Pe.SetX(1, Va + offset);
        TakenException e = t.Run(0, word);
        if (offset % (ulong)alignment == 0)
        {
            TranslatedMachine.Succeeded(e).ShouldBeTrue($"{offset:x}");
        }
        else
        {
            e.Esr.ShouldBe(0x9200_0021UL | (writes ? 0x40u : 0), $"{offset:x}");
            e.Far.ShouldBe(Va + offset);
        }
    }

    /// <summary>Engine, instruction, alignment that it always needs, whether ISS.WnR is set.</summary>
    public static TheoryData<EngineKind, uint, int, bool> AlwaysAligned => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from row in new (uint Word, int Alignment, bool Writes)[]
        {
            (Ldxr(3, 2, 1), 8, false), (Ldxr(1, 2, 1), 2, false), (Stxr(2, 2, 3, 1), 4, true), (LdxpX(2, 3, 1), 16, false), (LdxpW(2, 3, 1), 8, false),
            (StxpX(4, 2, 3, 1), 16, true), (Ldar(3, 2, 1), 8, false), (Stlr(2, 2, 1), 4, true), (Ldapr(3, 2, 1), 8, false),
            (Cas(3, 2, 3, 1), 8, false), (CaspX(2, 4, 1), 16, false), (CaspW(2, 4, 1), 8, false), (Ldadd(2, 2, 3, 1), 4, false), (Atomic(8, 3, 2, 3, 1), 8, false),
        }
        select (engine, row.Word, row.Alignment, row.Writes));

    [Theory]
    [MemberData(nameof(AlwaysAligned))]
    public void ExclusivesAtomicsAndOrderedAccessesAreAlwaysAligned(EngineKind engine, uint word, int alignment, bool writes)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, Plain);
        for (ulong offset = 0x100; offset < 0x120; offset++)
        {
            t.Pe.SetX(1, Va + offset);
            TakenException e = t.Run(0, LdrX(9, 1), StrX(9, 1), word);
            if (offset % (ulong)alignment == 0)
            {
                TranslatedMachine.Succeeded(e).ShouldBeTrue($"{offset:x}");
            }
            else
            {
                e.Esr.ShouldBe(0x9200_0021UL | (writes ? 0x40u : 0), $"{offset:x}");
                e.Far.ShouldBe(Va + offset);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void DcZvaStoresABlockAndFaultsAsAStore(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, Plain);
        t.Tables.Map(Va + 0x1000, TestMachine.DataAt, Plain | PageTables.Device);
        t.Tables.Map(Va + 0x2000, TestMachine.DataAt, Plain | PageTables.ReadOnly);
        for (ulong i = 0; i < 256; i += 8)
        {
            t.M.Write64(TestMachine.DataAt + i, ~0UL);
        }

        t.Pe.SetX(1, Va + 0x7F);
        TranslatedMachine.Succeeded(t.Run(1, DcZva(1))).ShouldBeTrue();
        for (ulong i = 0; i < 256; i += 8)
        {
            t.M.Read64(TestMachine.DataAt + i).ShouldBe(i is >= 64 and < 128 ? 0 : ~0UL);
        }

        foreach ((ulong va, uint iss) in new[] { (Va + 0x1007, 0x61u), (Va + 0x2007, 0x4Fu), (Va + 0x3007, 0x47u) })
        {
            t.Pe.SetX(1, va);
            TakenException e = t.Run(1, DcZva(1));
            e.Iss.ShouldBe(iss);
            e.Far.ShouldBe(va);
        }
    }

    [Theory]
    [InlineData(EngineKind.Threaded, false)]
    [InlineData(EngineKind.Threaded, true)]
    [InlineData(EngineKind.Switch, false)]
    [InlineData(EngineKind.Switch, true)]
    public void CacheMaintenanceByAddressFaultsWithCmAndWnr(EngineKind engine, bool el0)
    {
        using var t = new TranslatedMachine(engine);
        int el = el0 ? 0 : 1;
        t.Pe.WriteRegister(SysRegId.SCTLR_EL1, Sctlr | (1 << 26));
        t.Tables.Map(Va + 0x2000, TestMachine.DataAt, PageTables.Kernel);
        foreach (uint word in (uint[])[DcCvac(1), DcCvau(1), DcCivac(1), Sys(3, 7, 12, 1, 1), IcIvau(1)])
        {
            t.Pe.SetX(1, TranslatedMachine.DataVa + 5);
            TranslatedMachine.Succeeded(t.Run(el, word)).ShouldBeTrue();
            t.Pe.SetX(1, Va + 0x1015);
            TakenException e = t.Run(el, word);
            e.Esr.ShouldBe((el0 ? 0x9200_0000UL : 0x9600_0000) | 0x147);
            e.Far.ShouldBe(Va + 0x1015);
            t.Pe.SetX(1, Va + 0x2000);
            e = t.Run(el, word);
            TranslatedMachine.Succeeded(e).ShouldBe(!el0);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void DcIvacNeedsWritePermission(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Tables.Map(Va, TestMachine.DataAt, PageTables.Kernel | PageTables.ReadOnly);
        t.Pe.SetX(1, Va);
        TranslatedMachine.Succeeded(t.Run(1, DcCvac(1))).ShouldBeTrue();
        t.Run(1, LdrX(0, 1), DcIvac(1)).Iss.ShouldBe(0x14Fu);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void El0UsesCacheMaintenanceOnlyWhereSctlrAllows(EngineKind engine)
    {
        using var t = new TranslatedMachine(engine);
        t.Pe.SetX(1, TranslatedMachine.DataVa);
        foreach ((uint word, int bit) in new[] { (DcCvac(1), 26), (DcCvau(1), 26), (DcCivac(1), 26), (IcIvau(1), 26), (DcZva(1), 14) })
        {
            t.M.Write64(TestMachine.DataAt, 0x1234);
            t.Pe.WriteRegister(SysRegId.SCTLR_EL1, Sctlr);
            TakenException e = t.Run(0, word);
            e.Esr.ShouldBe(0x6200_0000 | Iss(word));
            t.M.Read64(TestMachine.DataAt).ShouldBe(0x1234UL);
            t.Pe.WriteRegister(SysRegId.SCTLR_EL1, Sctlr | (1UL << bit));
            TranslatedMachine.Succeeded(t.Run(0, word)).ShouldBeTrue();
        }

        t.M.Read64(TestMachine.DataAt).ShouldBe(0UL);
    }

    // Op0 21:20, Op2 19:17, Op1 16:14, CRn 13:10, Rt 9:5, CRm 4:1, direction 0.
    private static ulong Iss(uint word) => (1UL << 20) | (((word >> 5) & 7) << 17) | (((word >> 16) & 7) << 14) | (((word >> 12) & 15) << 10) | ((word & 31) << 5) | (((word >> 8) & 15) << 1);
}
