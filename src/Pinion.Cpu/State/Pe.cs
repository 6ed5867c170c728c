using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.State;

/// <summary>
/// The hot state of one processing element. It lives in unmanaged memory at a fixed address, so that handlers
/// (and later emitted code) reach it through one pointer and the garbage collector never sees it.
/// Code outside the chain of handlers works with <see cref="ProcessingElement"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Pe
{
    /// <summary>Index in <see cref="X"/> of the current stack pointer.</summary>
    public const int Sp = 31;

    /// <summary>Index in <see cref="X"/> of the slot that reads as zero: the decoder puts it where XZR/WZR is read.</summary>
    public const int Zero = 32;

    /// <summary>Index in <see cref="X"/> of the slot that nobody reads: the decoder puts it where XZR/WZR is written.</summary>
    public const int Discard = 33;

    /// <summary>Entries of the per-PE system register file, see <c>Pinion.Arm.SystemRegisters.SysRegId</c>.</summary>
    public const int SysCount = 512;

    /// <summary>Elements of one half of <see cref="CompareFlags"/>.</summary>
    internal const int CompareFlagsCount = 0x48;

    /// <summary>V0 to V31, 128 bits each (two 64-bit halves, low half first). First field, so that it is 64-byte aligned.</summary>
    public fixed ulong V[64];

    /// <summary>X0 to X30, then the current SP, the zero slot and the discard slot.</summary>
    public fixed ulong X[34];

    // PSTATE.NZCV, kept apart so that a flag-setting instruction needs no packing:
    // N is the sign of NF, Z is ZF == 0, C is CF (0 or 1), V is the sign of VF.
    public long NF;
    public ulong ZF;
    public ulong CF;
    public long VF;

    /// <summary>Soft TLB used by loads and stores of the current EL (an always-missing one while SCTLR_EL1.A has every access checked).</summary>
    public TlbEntry* DataTlb;

    /// <summary>Generation of <see cref="DataTlb"/>: what emitted code remembers of it holds as long as this is the same.</summary>
    public ulong DataGeneration;

    /// <summary>Soft TLB with EL0's permissions, used by LDTR/STTR.</summary>
    public TlbEntry* UserTlb;

    /// <summary>pc = <see cref="CodeBias"/> + (record address / 8) for records of the page being executed.</summary>
    public ulong CodeBias;

    /// <summary>Virtual address of the page being executed.</summary>
    public ulong CodeVa;

    /// <summary>First record of the page being executed.</summary>
    public Rec* CodeBase;

    /// <summary>Instruction TLB of the current EL.</summary>
    public CodeTlbEntry* CodeTlb;

    /// <summary>Threaded handlers by <c>Op</c>, then their alternates (see <see cref="Rec.Alternate"/>).</summary>
    public nint* Handlers;

    /// <summary>Where the next instruction is. Only valid outside the chain of handlers.</summary>
    public ulong Pc;

    /// <summary>How the chain ended: the first record that was not executed, and its limit (see <c>Dispatcher</c>).</summary>
    public Rec* ExitIp;
    public nint ExitLimit;

    /// <summary>Why the chain was left (a <see cref="LeaveReason"/>); 0 while it runs.</summary>
    public int Leave;

    /// <summary>Set by other threads to have this PE leave the chain at the end of the present slice.</summary>
    public int Attention;

    /// <summary>PSTATE.EL: 0 or 1.</summary>
    public byte El;

    /// <summary>Interrupt inputs: bit 0 IRQ, bit 1 FIQ. Written by other threads.</summary>
    public byte InterruptLines;

    /// <summary>1 after a TLBI or IC until the next context synchronisation: the page being executed has to be looked up again.</summary>
    public byte CodeStale;

    /// <summary>The event register of WFE and SEV.</summary>
    public byte EventRegister;

    /// <summary>1 while broadcast maintenance has been sent and no DSB has waited for it.</summary>
    public byte MaintenancePending;

    /// <summary>PSTATE.SP (SPSel).</summary>
    public byte SpSel;

    /// <summary>PSTATE.DAIF, bit 3 D, 2 A, 1 I, 0 F.</summary>
    public byte Daif;
    public byte Pan;
    public byte Uao;
    public byte Il;
    public byte Ss;
    public byte Ssbs;

    public uint Fpcr;
    public uint Fpsr;

    /// <summary>
    /// 1 when FP arithmetic may take the host's path: round to nearest, no FZ/FZ16/DN/AHP, no trap enables, and FPSR.IXC already set.
    /// Kept by <see cref="UpdateFpFast"/>.
    /// </summary>
    public byte FpFast;

    /// <summary>1 while FPCR asks for what the host does by default: round to nearest, no FZ/FZ16/DN/AHP, no trap enables.</summary>
    public byte FpHost;

    /// <summary>1 while more than one PE shares memory: barriers are then real.</summary>
    public byte Smp;
    public byte ExclusiveValid;
    public byte ExclusiveSize;

    /// <summary>Local exclusive monitor: host address that was marked, and the value that was read (as two halves).</summary>
    public byte* ExclusiveAddress;
    public ulong ExclusiveLow;
    public ulong ExclusiveHigh;

    /// <summary>Instructions that emitted code may still execute; blocks take their length from it when they begin.</summary>
    public long NativeBudget;

    /// <summary>What <see cref="NativeBudget"/> and the instructions executed were together when emitted code began.</summary>
    public long NativeEnd;

    /// <summary>NZCV while emitted code runs: the upper byte as LAHF gives it (N is bit 15, Z 14, C 8), V is bit 0.</summary>
    public ushort NativeFlags;

    /// <summary>The host's MXCSR with no exception flag set, loaded when emitted code begins.</summary>
    public uint HostFpControl;

    /// <summary>The host's MXCSR when emitted code left: its flags are FPSR's.</summary>
    public uint HostFpStatus;

    /// <summary><see cref="NativeFlags"/> by what LAHF gives after a comparison of floating-point numbers: in order, then with its operands exchanged.</summary>
    internal fixed ushort CompareFlags[2 * CompareFlagsCount];
    /// <summary>Set when the PE's own maintenance drops decoded code: emitted code may be what was dropped, and leaves.</summary>
    public byte CodeDropped;

    /// <summary>How often emitted code had the interpreter execute an instruction, by operation.</summary>
    public ulong* NativeSteps;

    /// <summary>Times that a site did not know the page.</summary>
    public ulong SiteMisses;

    /// <summary>Where emitted code goes on when a block is missing or too long for <see cref="NativeBudget"/>: out, or by short blocks towards a sample.</summary>
    public nint NativeElsewhere;

    /// <summary>Where it last did so: first record of the page, and offset of the instruction in its page.</summary>
    public Rec* ElsewherePage;
    public ulong ElsewhereOffset;

    /// <summary>Instructions to execute when <see cref="NativeBudget"/> ends, by observing code.</summary>
    public long ObservedWindow;

    /// <summary>What was left of <see cref="NativeBudget"/> where observing code took over.</summary>
    public long ObservedAhead;

    /// <summary>Where that was: its record, null where it has not, and virtual address.</summary>
    public Rec* ObservedFirst;
    public ulong ObservedPc;

    /// <summary>Where observing code goes when its budget has ended: out, or to mark a sample and go on.</summary>
    public nint ObservedEnd;

    /// <summary>Where the next sample is marked.</summary>
    internal SampleMark* NextMark;

    /// <summary>Samples to mark until emitted code has to leave.</summary>
    public long SamplesLeft;

    /// <summary>A sample whose operation is known before may go without notes while more than so many are left.</summary>
    public long ForetoldFloor;

    /// <summary>What <see cref="NativeBudget"/> is behind a sample.</summary>
    public long AheadOfNext;

    /// <summary>Where observing code notes the next access or branch.</summary>
    internal Note* NextNote;

    /// <summary>1 when the last instruction that observing code executed left: it took an exception, or somebody has to look.</summary>
    public byte ObservedLeft;

    /// <summary>Where slow reads leave their value for the handler (32 bytes).</summary>
    public fixed ulong Bounce[4];

    /// <summary>What the instruction being observed accessed; in other cores without meaning.</summary>
    internal ObservedAccess Observed;

    /// <summary>GCHandle of the owning <see cref="ProcessingElement"/>, for slow paths.</summary>
    public nint OwnerHandle;

    /// <summary>Instructions that left by a synchronous exception and so did not retire; the PMU subtracts them.</summary>
    public ulong NotRetired;

    /// <summary>System registers that are plain storage, by <c>SysRegId</c>.</summary>
    public fixed ulong Sys[SysCount];

    /// <summary>The managed owner. Slow paths only.</summary>
    public readonly ProcessingElement Owner => Unsafe.As<ProcessingElement>(GCHandle.FromIntPtr(OwnerHandle).Target!);

    /// <summary>Vector register <paramref name="i"/> as a pointer to its 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte>* Vec(Pe* s, int i) => (Vector128<byte>*)s + i;

    /// <summary>
    /// The general registers (<see cref="X"/>) as operations reach them. A fixed buffer with a variable index makes the JIT test the pointer for null each time; this does not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong* R(Pe* s) => (ulong*)((byte*)s + (64 * sizeof(ulong)));

    /// <summary>Virtual address of the instruction of record <paramref name="r"/>; valid inside the chain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PcOf(Pe* s, Rec* r) => s->CodeBias + ((ulong)r >> 3);

    /// <summary>NZCV as in SPSR and the NZCV register: bits 31 to 28.</summary>
    public uint Nzcv
    {
        readonly get => (NF < 0 ? 0x8000_0000u : 0) | (ZF == 0 ? 0x4000_0000u : 0) | (CF != 0 ? 0x2000_0000u : 0) | (VF < 0 ? 0x1000_0000u : 0);
        set
        {
            NF = (long)((ulong)value << 32);
            ZF = (value & 0x4000_0000) != 0 ? 0UL : 1UL;
            CF = (value >> 29) & 1;
            VF = (long)((ulong)value << 35);
        }
    }

    /// <summary>Takes over what emitted code keeps elsewhere: NZCV from <see cref="NativeFlags"/>, and the exceptions of its arithmetic into FPSR.</summary>
    public void FromNative()
    {
        // IE, ZE, OE, UE and PE are FPSR's IOC, DZC, OFC, UFC and IXC. DE has no counterpart as long as nothing is flushed to zero.
        uint raised = (HostFpStatus & 1) | ((HostFpStatus >> 1) & 0x1E);
        if ((raised & ~Fpsr) != 0)
        {
            Fpsr |= raised;
            UpdateFpFast();
        }

        HostFpStatus = 0;

        ulong flags = NativeFlags;
        NF = (long)(flags << 48);
        ZF = (flags & 0x4000) ^ 0x4000;
        CF = (flags >> 8) & 1;
        VF = (long)(flags << 63);
    }

    /// <summary>The opposite of <see cref="FromNative"/>.</summary>
    public void ToNative() =>
        NativeFlags = (ushort)(((ulong)NF >> 63 << 15) | (ZF == 0 ? 0x4000u : 0) | (CF << 8) | ((ulong)VF >> 63));

    /// <summary>Recomputes <see cref="FpHost"/> and <see cref="FpFast"/>; call after any change of FPCR, or of FPSR.IXC.</summary>
    public void UpdateFpFast()
    {
        FpHost = (Fpcr & 0x07FF_FF00) == 0 ? (byte)1 : (byte)0;
        FpFast = (Fpsr & 0x10) != 0 ? FpHost : (byte)0;
    }
}

/// <summary>Why a chain of handlers returned to the dispatcher.</summary>
public enum LeaveReason
{
    None = 0,

    /// <summary>The budget ended, or an instruction asked for the state to be looked at again. <see cref="Pe.Pc"/> is the next instruction.</summary>
    Reschedule,

    /// <summary>The owner of EL2 has to act; details in <see cref="ProcessingElement"/>.</summary>
    ExitToHypervisor,

    /// <summary>
    /// The instruction at <see cref="Pe.Pc"/> was not executed: it needs exact counts (time, PMU, SPE), so the dispatcher executes it alone.
    /// </summary>
    ExecuteAlone,
}
