using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>A <see cref="TestMachine"/> with the MMU on: EL1 runs at physical addresses, EL0 in a page of its own.</summary>
internal sealed class TranslatedMachine : IDisposable
{
    /// <summary>Where EL0's code is, in TTBR0's half.</summary>
    public const ulong UserVa = 0x1000_0000;

    /// <summary>A page of data, <see cref="TestMachine.DataAt"/>, for EL0 and EL1.</summary>
    public const ulong DataVa = 0x2000_0000;

    private const ulong UserCodeAt = TestMachine.CodeAt + 0x8000;
    private const uint End = 0x77;

    public TranslatedMachine(EngineKind engine, int pes = 1)
    {
        M = new TestMachine(engine, pes);
        Tables = new PageTables(M).MapMachine();
        Tables.Map(UserVa, UserCodeAt, PageTables.UserCode);
        Tables.Map(DataVa, TestMachine.DataAt, PageTables.UserData);
        foreach (ProcessingElement pe in M.Pes)
        {
            Tables.Enable(pe);
        }
    }

    public TestMachine M { get; }

    public PageTables Tables { get; }

    public ProcessingElement Pe => M.Pe;

    /// <summary>Address of the first instruction that <see cref="Run"/> executes at <paramref name="el"/>.</summary>
    public static ulong CodeOf(int el) => el == 0 ? UserVa : TestMachine.CodeAt;

    /// <summary>Executes <paramref name="words"/> at <paramref name="el"/>; what it took, or the SVC behind them (see <see cref="Succeeded"/>).</summary>
    public TakenException Run(int el, params uint[] words) => RunWith(el, 0, words);

    /// <summary>As <see cref="Run"/>, with these bits of PSTATE set.</summary>
    public TakenException RunWith(int el, ulong pstate, params uint[] words)
    {
        M.Poke(el == 0 ? UserCodeAt : TestMachine.CodeAt, [.. words, Svc(End)]);
        Pe.Code.InvalidateAll();
        Pe.Pstate = pstate | (el == 0 ? 0UL : 5);
        Pe.Pc = CodeOf(el);
        return M.RunToException();
    }

    public static bool Succeeded(in TakenException e) => e.Esr == (0x5600_0000 | End);

    /// <summary>Loads a byte, stores one, or fetches from <paramref name="va"/>.</summary>
    public TakenException Access(int el, MemoryAccess access, ulong va, ulong pstate = 0)
    {
        Pe.SetX(1, va);
        return access switch
        {
            MemoryAccess.Read => RunWith(el, pstate, Ldr(0, 0, 1)),
            MemoryAccess.Write => RunWith(el, pstate, Str(0, 0, 1)),
            _ => RunWith(el, pstate, Br(1)),
        };
    }

    public void Dispose() => M.Dispose();
}
