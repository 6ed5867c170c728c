using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Exceptions;

public sealed class FpAccessTests
{
    private const ulong TrapEsr = 0x1FE0_0000;

    private static readonly uint[] s_trapped =
    [
        0x1E602820, // FADD D0, D1, D0
        0x9E660000, // FMOV X0, D0
        0x4EA11C20, // MOV V0.16B, V1.16B
        0x4E081C20, // MOV V0.D[0], X1
        0x4E284820, // AESE V0.16B, V1.16B
        0x5E280820, // SHA1H S0, S1
        0x6E818400, // SQRDMLAH V0.4S, V0.4S, V1.4S
        0x4E829420, // SDOT V0.4S, V1.16B, V2.16B
        0x1EE02820, // FADD H0, H1, H0
        0x0EE0E000, // PMULL V0.1Q, V0.1D, V0.1D
        LdrQ(0, 1),
        StrQ(0, 1),
        LdpQ(0, 1, 1),
        0xFC408420, // LDR D0, [X1], #8
        0x3C7F6820, // LDR B0, [X1, XZR]
        0x1C000000, // LDR S0, .
        0x4C407020, // LD1 {V0.16B}, [X1]
        0x0D000020, // ST1 {V0.B}[0], [X1]
        0x0D40C020, // LD1R {V0.8B}, [X1]
        Mrs(0, SysRegId.FPCR),
        Mrs(0, SysRegId.FPSR),
        Msr(SysRegId.FPCR, 0),
        Msr(SysRegId.FPSR, 0),
    ];

    /// <summary>Engine, instruction, FPEN, PSTATE: the combinations that trap, and those that do not.</summary>
    public static TheoryData<EngineKind, uint, uint, ulong, bool> Accesses => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from word in s_trapped
        from setting in new (uint Fpen, ulong Mode, bool Traps)[]
        {
            (0, 5, true), (0, 0, true), (1, 5, false), (1, 0, true), (2, 5, true), (2, 0, true), (3, 5, false), (3, 0, false),
        }
        select (engine, word, setting.Fpen, setting.Mode, setting.Traps));

    [Theory]
    [MemberData(nameof(Accesses))]
    public void FpenDecidesWhoMayUseTheRegisters(EngineKind engine, uint word, uint fpen, ulong mode, bool traps)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.CPACR_EL1, (ulong)fpen << 20);
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Pe.Pstate = mode;
        TakenException e = m.Fault(Nop, word, Svc(0));
        e.Esr.ShouldBe(traps ? TrapEsr : 0x5600_0000);
        e.Elr.ShouldBe(TestMachine.CodeAt + (traps ? 4UL : 12UL));
        e.Vector.ShouldBe(mode == 0 ? 8 : 4);
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void IntegerInstructionsAreNeverTrapped(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.CPACR_EL1, 0);
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Execute(LdrX(0, 1), 0xF9800020, 0x9AC04C00, Mrs(2, SysRegId.NZCV), Ldadd(3, 0, 2, 1), LdpX(2, 3, 1));
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void AfterTheTrapTheKernelMayAllowAccessAndReturn(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.CPACR_EL1, 1 << 20);
        m.Pe.SetX(1, 0x1234);
        m.Pe.SetX(2, 3 << 20);
        m.Pe.Pstate = 0;
        m.Fault(0x9E670020, 0x9E660003, Svc(0)).Esr.ShouldBe(TrapEsr);
        m.Poke(TestMachine.VectorsAt + 0x404, Msr(SysRegId.CPACR_EL1, 2), Isb, Eret);
        m.RunToException().Class.ShouldBe(0x15);
        m.Pe.GetX(3).ShouldBe(0x1234UL);
    }

    [Fact]
    public void EveryEncodingThatNamesAVectorRegisterIsOfATrappedFeature()
    {
        // The operand words of the table that stand for SIMD and FP registers, against the features by which the trap goes.
        const A64Feature General = A64Feature.Base | A64Feature.Crc32 | A64Feature.Lse | A64Feature.Pan | A64Feature.Uao | A64Feature.Lrcpc;
        for (int i = 1; i < A64Table.Count; i++)
        {
            var id = (A64Id)i;
            bool general = (A64Table.Encoding(id).Feature & General) != 0;
            bool loadStoreOrSimdSpace = ((A64Table.Encoding(id).Value >> 25) & 7) is 7 || (((A64Table.Encoding(id).Value >> 25) & 5) == 4 && ((A64Table.Encoding(id).Value >> 26) & 1) == 1);
            general.ShouldBe(!loadStoreOrSimdSpace, A64Table.Name(id));
        }
    }
}
