using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Exceptions;

public sealed class ExceptionReturnTests
{
    private const ulong Target = TestMachine.CodeAt + 0x800;

    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    private static TestMachine Returning(EngineKind engine, ulong spsr)
    {
        var m = new TestMachine(engine);
        m.Poke(Target, Svc(7));
        m.Pe.WriteRegister(SysRegId.SPSR_EL1, spsr);
        m.Pe.WriteRegister(SysRegId.ELR_EL1, Target);
        m.Load(Eret);
        return m;
    }

    [Theory]
    [InlineData(EngineKind.Threaded, 0x9040_0280, 8)]
    [InlineData(EngineKind.Threaded, 0x6000_0144, 0)]
    [InlineData(EngineKind.Threaded, 0x3040_00C5, 4)]
    [InlineData(EngineKind.Switch, 0x9040_0280, 8)]
    [InlineData(EngineKind.Switch, 0x6000_0144, 0)]
    [InlineData(EngineKind.Switch, 0x3040_00C5, 4)]
    public void EretRestoresPstate(EngineKind engine, ulong spsr, int vector)
    {
        using TestMachine m = Returning(engine, spsr);
        TakenException e = m.RunToException();
        e.Vector.ShouldBe(vector);
        e.Class.ShouldBe(0x15);
        e.Elr.ShouldBe(Target + 4);
        e.Spsr.ShouldBe(spsr);
    }

    public static TheoryData<EngineKind, uint> IllegalModes => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from mode in Enumerable.Range(0, 32)
        where mode is not (0 or 4 or 5)
        select (engine, (uint)mode));

    [Theory]
    [MemberData(nameof(IllegalModes))]
    public void AnIllegalReturnStaysAndTheNextInstructionFaults(EngineKind engine, uint mode)
    {
        using TestMachine m = Returning(engine, 0xA040_0140 | mode);
        TakenException e = m.RunToException();
        e.Vector.ShouldBe(4);
        e.Esr.ShouldBe(0x3A00_0000UL);
        e.Elr.ShouldBe(Target);

        // NZCV, PAN and DAIF were restored, IL set, EL and SP kept.
        e.Spsr.ShouldBe(0xA050_0145UL);
        (m.Pe.Pstate & (1 << 20)).ShouldBe(0UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void IlInTheSpsrIsRestoredToo(EngineKind engine)
    {
        using TestMachine m = Returning(engine, (1 << 20) | 0x3C5);
        m.RunToException().Esr.ShouldBe(0x3A00_0000UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void EretClearsTheExclusiveMonitor(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.SPSR_EL1, 0x3C5);
        m.Pe.WriteRegister(SysRegId.ELR_EL1, TestMachine.CodeAt + 8);
        m.Pe.SetX(1, TestMachine.DataAt);
        m.Execute(Ldxr(3, 0, 1), Eret, Stxr(3, 2, 0, 1));
        m.Pe.GetX(2).ShouldBe(1UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void EretSetsTheEventRegister(EngineKind engine)
    {
        using TestMachine m = Returning(engine, 0x3C5);
        m.Poke(Target, Wfe, Hvc(TestMachine.Done));
        m.RunToEnd();
    }
}
