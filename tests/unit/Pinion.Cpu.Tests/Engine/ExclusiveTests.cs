using Pinion.Arm.SystemRegisters;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Engine;

public sealed class ExclusiveTests
{
    private const ulong At = TestMachine.DataAt;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    public static TheoryData<EngineKind, int> Sizes => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from size in Enumerable.Range(0, 4)
        select (engine, size));

    private static TestMachine Make(EngineKind engine)
    {
        var m = new TestMachine(engine);
        new PageTables(m).MapAll().Enable();
        m.Pe.SetX(1, At);
        m.Write64(At, 0x1122_3344_5566_7788);
        m.Write64(At + 8, 0x99AA_BBCC_DDEE_FF00);
        return m;
    }

    private static ulong Mask(int size) => size == 3 ? ~0UL : (1UL << (8 << size)) - 1;

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AStoreExclusiveBehindItsLoadSucceedsOnce(EngineKind engine, int size)
    {
        using TestMachine m = Make(engine);
        m.Pe.SetX(2, 0xA1A2_A3A4_A5A6_A7A8);
        m.Execute(Ldxr(size, 0, 1), Stxr(size, 3, 2, 1), Stxr(size, 4, 31, 1));
        m.Pe.GetX(0).ShouldBe(0x1122_3344_5566_7788 & Mask(size));
        m.Pe.GetX(3).ShouldBe(0UL);
        m.Pe.GetX(4).ShouldBe(1UL);
        m.Read64(At).ShouldBe((0x1122_3344_5566_7788 & ~Mask(size)) | (0xA1A2_A3A4_A5A6_A7A8 & Mask(size)));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void WithoutALoadClrexOrAtAnotherAddressItFails(EngineKind engine)
    {
        using TestMachine m = Make(engine);
        m.Pe.SetX(5, At + 64);
        m.Execute(Stxr(3, 3, 31, 1), Ldxr(3, 0, 1), Clrex, Stxr(3, 4, 31, 1), Ldxr(3, 0, 5), Stxr(3, 6, 31, 1), Stxr(3, 7, 31, 5));
        m.Pe.GetX(3).ShouldBe(1UL);
        m.Pe.GetX(4).ShouldBe(1UL);
        m.Pe.GetX(6).ShouldBe(1UL);
        m.Pe.GetX(7).ShouldBe(1UL);
        m.Read64(At).ShouldBe(0x1122_3344_5566_7788UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void AnotherObserversStoreMakesItFail(EngineKind engine)
    {
        using TestMachine m = Make(engine);
        m.Load(Ldxr(3, 0, 1), Hvc(0x200), Stxr(3, 3, 31, 1));
        m.Pe.Run().ShouldBe(ExitReason.Hvc);
        m.Write64(At, 5);
        m.RunToEnd();
        m.Pe.GetX(3).ShouldBe(1UL);
        m.Read64(At).ShouldBe(5UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void PairsAreOneAccess(EngineKind engine)
    {
        using TestMachine m = Make(engine);
        m.Pe.SetX(4, 0x4444);
        m.Pe.SetX(5, 0x5555);
        m.Execute(LdxpX(2, 3, 1), StxpX(6, 4, 5, 1), LdxpW(7, 8, 1), StxpW(9, 5, 4, 1));
        m.Pe.GetX(2).ShouldBe(0x1122_3344_5566_7788UL);
        m.Pe.GetX(3).ShouldBe(0x99AA_BBCC_DDEE_FF00UL);
        m.Pe.GetX(6).ShouldBe(0UL);
        m.Pe.GetX(7).ShouldBe(0x4444UL);
        m.Pe.GetX(8).ShouldBe(0UL);
        m.Pe.GetX(9).ShouldBe(0UL);
        m.Read64(At).ShouldBe(0x0000_4444_0000_5555UL);
        m.Read64(At + 8).ShouldBe(0x5555UL);

        // A change of either half is noticed.
        m.Load(LdxpX(2, 3, 1), Hvc(0x200), StxpX(6, 4, 5, 1));
        m.Pe.Run().ShouldBe(ExitReason.Hvc);
        m.Write64(At + 8, 1);
        m.RunToEnd();
        m.Pe.GetX(6).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void CasStoresOnlyWhatItExpected(EngineKind engine, int size)
    {
        using TestMachine m = Make(engine);
        ulong old = 0x1122_3344_5566_7788 & Mask(size);

        // Bits above the size of the access have no say in the comparison.
        m.Pe.SetX(2, old | (~Mask(size) & 0xF00F_F00F_F00F_F00F));
        m.Pe.SetX(3, 0xA1A2_A3A4_A5A6_A7A8);
        m.Pe.SetX(4, old ^ 1);
        m.Execute(Cas(size, 4, 3, 1), Cas(size, 2, 3, 1));
        m.Pe.GetX(4).ShouldBe(old);
        m.Pe.GetX(2).ShouldBe(old);
        m.Read64(At).ShouldBe((0x1122_3344_5566_7788 & ~Mask(size)) | (0xA1A2_A3A4_A5A6_A7A8 & Mask(size)));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void CaspComparesAndSwapsPairs(EngineKind engine)
    {
        using TestMachine m = Make(engine);
        m.Pe.SetX(2, 1);
        m.Pe.SetX(4, 0x44);
        m.Pe.SetX(5, 0x55);
        m.Execute(CaspX(2, 4, 1), AddImm(8, 2, 0), AddImm(9, 3, 0), CaspX(2, 4, 1));
        m.Pe.GetX(8).ShouldBe(0x1122_3344_5566_7788UL);
        m.Pe.GetX(9).ShouldBe(0x99AA_BBCC_DDEE_FF00UL);
        m.Pe.GetX(2).ShouldBe(0x1122_3344_5566_7788UL);
        m.Read64(At).ShouldBe(0x44UL);
        m.Read64(At + 8).ShouldBe(0x55UL);
        m.Pe.SetX(2, 0xFFFF_FFFF_0000_0044);
        m.Pe.SetX(3, 0xFFFF_FFFF_0000_0000);
        m.Execute(CaspW(2, 4, 1));
        m.Read64(At).ShouldBe(0x0000_0055_0000_0044UL);
        m.Pe.GetX(2).ShouldBe(0x44UL);
        m.Pe.GetX(3).ShouldBe(0UL);
    }

    /// <summary>Engine and the body of a loop that adds one to [X1] with X3 = 1; X0, X2 and up are free.</summary>
    public static TheoryData<EngineKind, string> Increments => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from how in new[] { "ldxr", "ldadd", "cas", "casp", "ldxp", "swp" }
        select (engine, how));

    [Theory]
    [MemberData(nameof(Increments))]
    public void TwoPesLoseNoUpdate(EngineKind engine, string how)
    {
        const ulong Count = 60_000;
        using var m = new TestMachine(engine, pes: 2);
        PageTables tables = new PageTables(m).MapAll();
        uint[] body = how switch
        {
            "ldxr" => [Ldxr(3, 0, 1), AddImm(0, 0, 1), Stxr(3, 2, 0, 1), CbnzW(2, -3)],
            "ldadd" => [Ldadd(3, 3, 0, 1)],
            "cas" => [LdrX(0, 1), AddImm(4, 0, 0), AddImm(5, 0, 1), Cas(3, 4, 5, 1), 0xCB000084 /* SUB X4, X4, X0 */, CbnzX(4, -5)],
            "casp" => [LdpX(4, 5, 1), AddImm(8, 4, 0), AddImm(6, 4, 1), AddImm(7, 5, 1), CaspX(4, 6, 1), 0xCB080084 /* SUB X4, X4, X8 */, CbnzX(4, -6)],
            "ldxp" => [LdxpX(4, 5, 1), AddImm(4, 4, 1), AddImm(5, 5, 1), StxpX(2, 4, 5, 1), CbnzW(2, -4)],

            // A lock taken by SWPA and given back by STLR around a plain increment.
            _ => [0xB8A38022 /* SWPA W3, W2, [X1] */, CbnzW(2, -1), LdrX(0, 6), AddImm(0, 0, 1), StrX(0, 6), Stlr(2, 31, 1)],
        };
        uint[] program = [.. body, SubsImm(20, 20, 1), BNe(-body.Length - 1)];
        m.Load(program);
        var threads = new List<Thread>();
        var reasons = new ExitReason[2];
        for (int i = 0; i < 2; i++)
        {
            ProcessingElement pe = m.Pes[i];
            tables.Enable(pe);
            pe.SetX(1, At);
            pe.SetX(3, 1);
            pe.SetX(6, At + 64);
            pe.SetX(20, Count);
            int index = i;
            threads.Add(new Thread(() => reasons[index] = pe.Run(200_000_000)));
        }

        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        reasons.ShouldBe([ExitReason.Hvc, ExitReason.Hvc]);
        m.Read64(how == "swp" ? At + 64 : At).ShouldBe(2 * Count);
        if (how is "casp" or "ldxp")
        {
            m.Read64(At + 8).ShouldBe(2 * Count);
        }
    }
}
