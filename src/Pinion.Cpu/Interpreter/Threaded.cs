using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Cpu.Decode;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// The tail-call threaded core. Each handler executes one record and jumps to the handler of the next: the optimising JIT turns the call
/// in tail position into a jump, so the chain runs in constant stack. Every handler therefore is compiled with full optimisation at once.
/// </summary>
/// <remarks>
/// The instruction budget costs nothing in straight-line code: <c>lim</c> is the record at which the budget would end if the code ran straight on. A
/// taken branch moves it with the program counter and compares; every 64th record of a page compares too (<see cref="Checkpoint"/>), which bounds
/// the overshoot to <see cref="MaxOvershoot"/>.
/// </remarks>
internal static unsafe partial class Threaded
{
    /// <summary>A chain executes at most this many instructions more than its budget.</summary>
    public const int MaxOvershoot = 64;

    /// <summary>Handlers by operation, then alternates. Allocated once, never freed: records hold addresses from it.</summary>
    public static readonly nint* Handlers = MakeTable();

    /// <summary>Handler of a record that is not decoded yet.</summary>
    public static nint DecodeHandler => Handlers[(int)Op.Decode];

    /// <summary>Handler of the guard behind a page's records.</summary>
    public static nint NextPageHandler => Handlers[(int)Op.NextPage];

    /// <summary>Handler of decoded records at checkpoints.</summary>
    public static readonly nint CheckpointHandler = (nint)(delegate*<Pe*, Rec*, nint, void>)&Checkpoint;

    /// <summary>Put in place of a record's handler, ends the chain before that record.</summary>
    public static readonly nint StopHandler = (nint)(delegate*<Pe*, Rec*, nint, void>)&BudgetEnded;

    private static nint* MakeTable()
    {
        nint* t = (nint*)NativeMemory.AllocZeroed((nuint)(2 * (int)Op.Count), (nuint)sizeof(nint));
        FillHandlers(t);
        FillAlternates(t + (int)Op.Count);
        t[(int)Op.Decode] = (nint)(delegate*<Pe*, Rec*, nint, void>)&DecodeThis;
        t[(int)Op.NextPage] = (nint)(delegate*<Pe*, Rec*, nint, void>)&NextPage;
        return t;
    }

    /// <summary>Handler for <see cref="Rec.Op"/>.</summary>
    public static nint HandlerOf(ushort op)
    {
        nint* slot = Handlers + (op & ~Rec.Alternate) + ((op >> 15) * (int)Op.Count);
        return *slot = Resolve(*slot);
    }

    /// <summary>
    /// A function pointer leads to a stub that jumps on to the compiled method once there is one. Handlers are compiled once and never move, so records may name the method itself and
    /// save a jump an instruction. Where the stub does not look as expected, the stub it is.
    /// </summary>
    private static nint Resolve(nint handler)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || *(ushort*)handler != 0x25FF)
        {
            return handler;
        }

        // jmp [rip + disp32]; until the method is compiled the slot leads to the instruction behind.
        nint behind = handler + 6;
        nint target = *(nint*)(behind + *(int*)(handler + 2));
        return target == behind ? handler : target;
    }

    /// <summary>The handler that a record has by its operation and its place.</summary>
    public static nint HandlerFor(Rec* page, int index)
    {
        ushort op = page[index].Op;
        return (Op)op == Op.Decode ? DecodeHandler : (index & 63) == 63 ? CheckpointHandler : HandlerOf(op);
    }

    /// <summary>Runs from record <paramref name="ip"/> until the chain is left. It executes that record even where chains stop before it.</summary>
    public static void Run(Pe* s, Rec* ip, nint lim)
    {
        nint handler = ip->Handler;
        if (handler == StopHandler)
        {
            handler = HandlerOf(ip->Op);
        }

        ((delegate*<Pe*, Rec*, nint, void>)handler)(s, ip, lim);
    }

    /// <summary>The budget is used up: <paramref name="ip"/> is what would come next.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BudgetEnded(Pe* s, Rec* ip, nint lim)
    {
        s->Pc = Pe.PcOf(s, ip);
        s->Leave = (int)LeaveReason.Reschedule;
        s->ExitIp = ip;
        s->ExitLimit = lim;
    }

    /// <summary>Goes on at <paramref name="va"/> after the instruction of <paramref name="ip"/>: another page, or the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void GoTo(Pe* s, Rec* ip, nint lim, ulong va)
    {
        nint left = lim - (nint)(ip + 1);
        CodeTlbEntry* e = s->CodeTlb + ((va >> 12) & (CodeTlbEntry.Count - 1));

        // The mask keeps bits 1:0, so a misaligned target misses too.
        if (e->Page != (va & ~0xFFCUL) || left <= 0)
        {
            s->Pc = va;
            s->Leave = (int)LeaveReason.Reschedule;
            s->ExitIp = ip + 1;
            s->ExitLimit = lim;
            return;
        }

        Rec* page = e->Base;
        s->CodeBase = page;
        s->CodeVa = e->Page;
        s->CodeBias = e->Page - ((ulong)page >> 3);
        ip = (Rec*)((byte*)page + ((va & 0xFFC) << 3));
        ((delegate*<Pe*, Rec*, nint, void>)ip->Handler)(s, ip, (nint)ip + left);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NextPage(Pe* s, Rec* ip, nint lim)
    {
        // The guard is no instruction, so it must not be counted: the last record of the page is the one we come from.
        GoTo(s, ip - 1, lim, s->CodeVa + 4096);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DecodeThis(Pe* s, Rec* ip, nint lim)
    {
        Decoder.Decode(s, ip);
        ((delegate*<Pe*, Rec*, nint, void>)ip->Handler)(s, ip, lim);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Checkpoint(Pe* s, Rec* ip, nint lim)
    {
        if ((nint)ip >= lim)
        {
            BudgetEnded(s, ip, lim);
            return;
        }

        int op = ip->Op;
        nint handler = s->Handlers[(op & ~Rec.Alternate) + ((op >> 15) * (int)Op.Count)];
        ((delegate*<Pe*, Rec*, nint, void>)handler)(s, ip, lim);
    }
}
