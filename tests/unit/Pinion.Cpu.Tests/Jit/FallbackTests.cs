using Pinion.Cpu.Jit;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Jit;

/// <summary>Without executable memory everything goes on, slower, and says so.</summary>
public sealed class FallbackTests
{
    [Theory]
    [InlineData(EngineKind.Auto)]
    [InlineData(EngineKind.Block)]
    [InlineData(EngineKind.Region)]
    public void AHostWithoutExecutableMemoryInterprets(EngineKind engine)
    {
        CodeMemory.Denied = true;
        try
        {
            using var m = new TestMachine(engine);
            m.Execute(Movz(0, 7), SubsImm(0, 0, 1), BNe(-1), AddImm(1, 0, 5));

            m.Pe.GetX(1).ShouldBe(5UL);
            m.Pe.NotCompiledBecause.ShouldBe("this host gives no executable memory");
            m.Pe.EngineStatistics.Compiled.ShouldBe(0UL);
        }
        finally
        {
            CodeMemory.Denied = false;
        }
    }

    [Theory]
    [InlineData(EngineKind.Auto, true)]
    [InlineData(EngineKind.Block, true)]
    [InlineData(EngineKind.Region, true)]
    [InlineData(EngineKind.Threaded, false)]
    [InlineData(EngineKind.Switch, false)]
    public void OtherwiseTheEngineIsTheOneThatWasAskedFor(EngineKind engine, bool compiles)
    {
        using var m = new TestMachine(engine);
        m.Execute(Movz(0, 7), SubsImm(0, 0, 1), BNe(-1));

        m.Pe.NotCompiledBecause.ShouldBeNull();
        (m.Pe.EngineStatistics.Compiled > 0).ShouldBe(compiles);
    }
}
