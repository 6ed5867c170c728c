using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>A guest that changes its tables as it likes, but always says so, sees them as they are: the TLBs against bare walks.</summary>
public sealed class TlbPropertyTests
{
    private const int Steps = 6000;
    private const ulong Pan = 1 << 22;

    /// <summary>Where the mapped pages are; below it there is room for the tables that come and go.</summary>
    private const ulong Pool = TestMachine.Base + 0x60_0000;

    /// <summary>Pages, 2 MiB and 1 GiB regions that collide in every TLB here: the low ones, and the same a multiple of 4 MiB and 4 GiB further on.</summary>
    private static readonly ulong[] s_bases = [0x1_0000_0000, 0x1_0040_0000, 0x1_4000_0000, 0x2_0000_0000, 0x2_0020_0000, 0x9_0000_0000];

    [Theory]
    [InlineData(EngineKind.Threaded, 1)]
    [InlineData(EngineKind.Threaded, 2)]
    [InlineData(EngineKind.Threaded, 3)]
    [InlineData(EngineKind.Switch, 1)]
    [InlineData(EngineKind.Switch, 4)]
    public void AfterItsTlbiEveryAccessAgreesWithTheTables(EngineKind engine, int seed)
    {
        var random = new Random(seed);
        using var t = new TranslatedMachine(engine);
        for (ulong page = 0; page < 0x80_0000; page += 0x1000)
        {
            t.M.Write32(Pool + page, Svc(0x99));
        }

        ulong asid = 1;
        for (int step = 0; step < Steps; step++)
        {
            ulong va = s_bases[random.Next(s_bases.Length)] + ((ulong)random.Next(3) << 12) + (random.Next(4) == 0 ? 0x20_0000u : 0);
            switch (random.Next(8))
            {
                case 0:
                    Change(t, random, va);
                    break;
                case 1 when random.Next(8) == 0:
                    // Another ASID over the same tables: nothing that is not global may stay, and what is global agrees anyhow.
                    asid = (ulong)random.Next(1, 4);
                    t.Pe.SetX(2, t.Tables.Root | (asid << 48));
                    TranslatedMachine.Succeeded(t.Run(1, Msr(SysRegId.TTBR0_EL1, 2), Isb)).ShouldBeTrue();
                    break;
                default:
                    Check(t, random, va, $"seed {seed} step {step} at {va:x}");
                    break;
            }
        }
    }

    private static void Change(TranslatedMachine t, Random random, ulong va)
    {
        int level = random.Next(6) switch { 0 => 1, 1 or 2 => 2, _ => 3 };
        ulong attributes = ((ulong)random.Next(4) << 6) | (random.Next(6) == 0 ? 0 : PageTables.AccessFlag) | ((ulong)random.Next(2) << 11) | ((ulong)random.Next(4) << 53);
        ulong old = t.M.Read64(t.Tables.Entry(va, 1));

        // A table under a block, or a block in the place of a table, changes the whole gigabyte.
        ulong large = level == 1 || (old & 3) == 1 ? 0 : t.M.Read64(t.Tables.Entry(va, 2));
        bool whole = level == 1 || (old & 3) == 1 || (level == 2) != ((large & 3) == 1) || random.Next(10) == 0;
        if ((old & 3) == 1)
        {
            t.M.Write64(t.Tables.Entry(va, 1), 0);
        }

        if (level == 3 && (large & 3) == 1)
        {
            t.M.Write64(t.Tables.Entry(va, 2), 0);
        }

        ulong pa = level == 3 ? Pool + ((ulong)random.Next(0x800) << 12) : level == 2 ? Pool + ((ulong)random.Next(4) << 21) : TestMachine.Base;
        if (random.Next(5) == 0)
        {
            t.M.Write64(t.Tables.Entry(va, level), 0);
        }
        else
        {
            t.Tables.Map(va & ~((1UL << (12 + (9 * (3 - level)))) - 1), pa, attributes, level);
        }

        // One address of a block is as good as any.
        ulong named = level == 3 ? va : (va & ~0x1F_FFFFUL) | ((ulong)random.Next(512) << 12);
        t.Pe.SetX(2, (named >> 12) & 0xFFF_FFFF_FFFF);
        uint tlbi = whole ? TlbiVmalle1 : random.Next(3) switch { 0 => TlbiVaae1(2), 1 => TlbiVaale1(2), _ => TlbiVae1Is(2) };
        TranslatedMachine.Succeeded(t.Run(1, tlbi, DsbIsh, Isb)).ShouldBeTrue();
    }

    private static void Check(TranslatedMachine t, Random random, ulong va, string what)
    {
        int el = random.Next(2);
        bool pan = random.Next(2) == 0;
        MemoryAccess access = (MemoryAccess)random.Next(3);
        Stage1Result walk = t.Pe.WalkStage1(va, new Stage1Access(access, el == 1, el == 1 && pan && access != MemoryAccess.Execute));
        bool memory = walk.Ipa is >= Pool and < TestMachine.Base + TestMachine.Size;
        if (!walk.Faulted && !memory)
        {
            // The machine's own code through a gigabyte's block, or nothing at all.
            return;
        }

        TakenException e = t.Access(el, access, va, pan ? Pan : 0);
        if (walk.Faulted)
        {
            e.FaultStatus.ShouldBe(walk.Status, $"{what}: EL{el} {access}");
            e.Class.ShouldBe((access == MemoryAccess.Execute ? 0x20 : 0x24) + el, $"{what}: EL{el} {access}");
            e.Far.ShouldBe(va);
            return;
        }

        e.Class.ShouldBe(0x15, $"{what}: EL{el} {access}, {e}");

        // And it is the right page.
        if (access == MemoryAccess.Read)
        {
            t.Pe.SetX(1, va);
            t.M.Write64(walk.Ipa + 8, va ^ 0x55);
            TranslatedMachine.Succeeded(t.RunWith(el, pan ? Pan : 0, LdrX(0, 1, 8))).ShouldBeTrue();
            t.Pe.GetX(0).ShouldBe(va ^ 0x55, what);
        }
        else if (access == MemoryAccess.Write)
        {
            // Access stored the byte of X0.
            t.M.Write32(walk.Ipa, 0x5A5A_5A5A);
            t.Pe.SetX(0, 0x33);
            TranslatedMachine.Succeeded(t.Access(el, access, va, pan ? Pan : 0)).ShouldBeTrue();
            t.M.Read32(walk.Ipa).ShouldBe(0x5A5A_5A33u, what);
            t.M.Write32(walk.Ipa, Svc(0x99));
        }
    }
}
