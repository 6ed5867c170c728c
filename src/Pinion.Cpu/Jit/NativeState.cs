using System.Runtime.CompilerServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <summary>How emitted code sees the PE: which guest registers live in the host's, and where the rest is.</summary>
/// <remarks>
/// RBP points into <see cref="Pe"/> so that X0 to X31 are within a byte's displacement. RAX, RCX and RDX are scratch. NZCV is kept as two bytes at <see cref="Flags"/>: what LAHF gives in the upper, and the
/// overflow flag in the lower one, with the carry as Arm has it.
/// </remarks>
internal static unsafe class NativeState
{
    /// <summary>RBP is the state's address plus this.</summary>
    public const int Bias = 640;

    private const int XOffset = 512;

    /// <summary>Guest registers in host registers, with the latter.</summary>
    public static (int Guest, X64Register Host)[] Pinned { get; } =
        [(0, Rbx), (1, R12), (2, R13), (3, R14), (4, R15), (5, Rsi), (6, Rdi), (7, R8), (19, R9), (20, R10), (Pe.Sp, R11)];

    private static readonly sbyte[] s_hosts = MakeHosts();

    public static X64Memory Flags { get; } = Field(offsetOf: static s => &s->NativeFlags);

    public static X64Memory Budget { get; } = Field(offsetOf: static s => &s->NativeBudget);

    public static X64Memory Pc { get; } = Field(offsetOf: static s => &s->Pc);

    public static X64Memory Elsewhere { get; } = Field(offsetOf: static s => &s->NativeElsewhere);

    public static X64Memory ElsewherePage { get; } = Field(offsetOf: static s => &s->ElsewherePage);

    public static X64Memory ElsewhereOffset { get; } = Field(offsetOf: static s => &s->ElsewhereOffset);

    public static X64Memory ObservedWindow { get; } = Field(offsetOf: static s => &s->ObservedWindow);

    public static X64Memory ObservedAhead { get; } = Field(offsetOf: static s => &s->ObservedAhead);

    public static X64Memory ObservedFirst { get; } = Field(offsetOf: static s => &s->ObservedFirst);

    public static X64Memory ObservedPc { get; } = Field(offsetOf: static s => &s->ObservedPc);

    public static X64Memory ObservedEnd { get; } = Field(offsetOf: static s => &s->ObservedEnd);

    public static X64Memory NextMark { get; } = Field(offsetOf: static s => &s->NextMark);

    public static X64Memory SamplesLeft { get; } = Field(offsetOf: static s => &s->SamplesLeft);

    public static X64Memory Attention { get; } = Field(offsetOf: static s => &s->Attention);

    public static X64Memory SiteMisses { get; } = Field(offsetOf: static s => &s->SiteMisses);

    public static X64Memory ForetoldFloor { get; } = Field(offsetOf: static s => &s->ForetoldFloor);

    public static X64Memory AheadOfNext { get; } = Field(offsetOf: static s => &s->AheadOfNext);

    public static X64Memory NextNote { get; } = Field(offsetOf: static s => &s->NextNote);

    public static X64Memory CodeVa { get; } = Field(offsetOf: static s => &s->CodeVa);

    public static X64Memory CodeBase { get; } = Field(offsetOf: static s => &s->CodeBase);

    public static X64Memory CodeBias { get; } = Field(offsetOf: static s => &s->CodeBias);

    public static X64Memory CodeTlb { get; } = Field(offsetOf: static s => &s->CodeTlb);

    public static X64Memory DataTlb { get; } = Field(offsetOf: static s => &s->DataTlb);

    public static X64Memory UserTlb { get; } = Field(offsetOf: static s => &s->UserTlb);

    public static X64Memory DataGeneration { get; } = Field(offsetOf: static s => &s->DataGeneration);

    public static X64Memory El { get; } = Field(offsetOf: static s => &s->El);

    public static X64Memory SpSel { get; } = Field(offsetOf: static s => &s->SpSel);

    public static X64Memory Daif { get; } = Field(offsetOf: static s => &s->Daif);

    public static X64Memory Smp { get; } = Field(offsetOf: static s => &s->Smp);

    public static X64Memory CodeStale { get; } = Field(offsetOf: static s => &s->CodeStale);

    public static X64Memory MaintenancePending { get; } = Field(offsetOf: static s => &s->MaintenancePending);

    public static X64Memory InterruptLines { get; } = Field(offsetOf: static s => &s->InterruptLines);

    public static X64Memory Fpcr { get; } = Field(offsetOf: static s => &s->Fpcr);

    public static X64Memory ExclusiveValid { get; } = Field(offsetOf: static s => &s->ExclusiveValid);

    public static X64Memory ExclusiveSize { get; } = Field(offsetOf: static s => &s->ExclusiveSize);

    public static X64Memory ExclusiveAddress { get; } = Field(offsetOf: static s => &s->ExclusiveAddress);

    public static X64Memory ExclusiveLow { get; } = Field(offsetOf: static s => &s->ExclusiveLow);

    public static X64Memory ExclusiveHigh { get; } = Field(offsetOf: static s => &s->ExclusiveHigh);

    private static X64Memory Registers { get; } = Field(offsetOf: static s => s->Sys);

    /// <summary>A system register that is plain storage.</summary>
    public static X64Memory Register(SysRegId id) => new(Rbp, Registers.Displacement + ((int)id * 8));

    /// <summary>1 where the host's arithmetic may be used.</summary>
    public static X64Memory FpHost { get; } = Field(offsetOf: static s => &s->FpHost);

    public static X64Memory FpControl { get; } = Field(offsetOf: static s => &s->HostFpControl);

    public static X64Memory Fpsr { get; } = Field(offsetOf: static s => &s->Fpsr);

    public static X64Memory FpStatus { get; } = Field(offsetOf: static s => &s->HostFpStatus);

    /// <summary>The element of <see cref="Pe.CompareFlags"/> for what LAHF gave, which is in RAX.</summary>
    public static X64Memory CompareFlags(bool exchanged)
    {
        X64Memory table = Field(offsetOf: static s => s->CompareFlags);
        return new(Rbp, Rax, 1, table.Displacement + (exchanged ? Pe.CompareFlagsCount * sizeof(ushort) : 0));
    }

    /// <summary>Fills <see cref="Pe.CompareFlags"/>.</summary>
    public static void FillCompareFlags(Pe* s)
    {
        // ZF, PF and CF are bits 6, 2 and 0; bit 1 is always set. A comparison gives less, equal, greater or unordered.
        const int Carry = 0x03, Equal = 0x42, Neither = 0x02, All = 0x47;
        const ushort Less = 0x8000, Same = 0x4100, Greater = 0x0100, Unordered = 0x0101;
        ushort* table = s->CompareFlags;
        (table[Carry], table[Equal], table[Neither], table[All]) = (Less, Same, Greater, Unordered);
        table += Pe.CompareFlagsCount;
        (table[Carry], table[Equal], table[Neither], table[All]) = (Greater, Same, Less, Unordered);
    }

    /// <summary>Guest register <paramref name="register"/> (0 to 33) in memory; where it is pinned, that is only right outside of emitted code.</summary>
    public static X64Memory Slot(int register) => new(Rbp, XOffset + (register * 8) - Bias);

    /// <summary>Vector register <paramref name="register"/> in memory, at a byte of it.</summary>
    public static X64Memory Vector(int register, int offset = 0) => new(Rbp, (register * 16) + offset - Bias);

    /// <summary>Whether a guest register lives in a register of the host.</summary>
    public static bool IsPinned(int register, out X64Register host)
    {
        sbyte found = s_hosts[register];
        host = (X64Register)found;
        return found >= 0;
    }

    private static sbyte[] MakeHosts()
    {
        var hosts = new sbyte[34];
        Array.Fill(hosts, (sbyte)-1);
        foreach ((int guest, X64Register host) in Pinned)
        {
            hosts[guest] = (sbyte)host;
        }

        return hosts;
    }

    private delegate void* FieldOf(Pe* s);

    private static X64Memory Field(FieldOf offsetOf)
    {
        // Only the distance counts; nothing is read.
        Unsafe.SkipInit(out Pe state);
        return new(Rbp, (int)((byte*)offsetOf(&state) - (byte*)&state) - Bias);
    }
}
