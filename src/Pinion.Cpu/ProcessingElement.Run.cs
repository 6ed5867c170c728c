using Pinion.Arm;
using Pinion.Cpu.Decode;
using Pinion.Cpu.Exceptions;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Jit;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>The dispatcher: slices of instructions, and what is looked at between them.</content>
public sealed unsafe partial class ProcessingElement
{
    /// <summary>Instructions between two looks at what other threads want: some 20 µs.</summary>
    private const ulong SliceLength = 16384;

    /// <summary>As <see cref="SliceLength"/>, while there are samples: many of them are marked at a time. Compiled code looks itself, at each sample, whether somebody wants something.</summary>
    private const ulong ProfiledSliceLength = 16 * SliceLength;

    /// <summary>Instructions between two looks at the clock; none where time follows instructions.</summary>
    private readonly ulong _pollInterval;

    private ulong _nextPoll;

    /// <summary>
    /// Executes guest code until EL2 has to act, or for <paramref name="budget"/> instructions. Call from one thread at a time; <see cref="State"/> is consistent when it returns.
    /// </summary>
    public ExitReason Run(ulong budget = ulong.MaxValue)
    {
        EnterGuest();
        try
        {
            ulong end = budget > ulong.MaxValue - Executed ? ulong.MaxValue : Executed + budget;
            while (true)
            {
                if (Volatile.Read(ref State->Attention) != 0)
                {
                    Volatile.Write(ref State->Attention, 0);
                    Interlocked.MemoryBarrier();
                    ServeRequests();
                    _recorder?.ThrowFailure();
                    if (_kicked)
                    {
                        _kicked = false;
                        return ExitReason.Kicked;
                    }
                }

                if (Executed >= end)
                {
                    return ExitReason.BudgetEnded;
                }

                if (Executed >= _nextPoll)
                {
                    // Reading the host's clock costs as much as a hundred instructions.
                    _nextPoll = Executed + _pollInterval;
                    Timer.Poll();
                }

                TakeInterruptIfDue();
                if (_stepping)
                {
                    ExecuteStep();
                }
                else
                {
                    ulong n = Math.Min(Math.Min(_spu is { Enabled: true } ? ProfiledSliceLength : SliceLength, end - Executed), Math.Min(Timer.InstructionsUntilDue, Pmu.InstructionsUntilOverflow));
                    if (Configuration.Checkpoints is { } checkpoints)
                    {
                        ExecuteToCheckpoint(checkpoints, Math.Max(1, n));
                    }
                    else
                    {
                        Execute(Math.Max(1, n));
                    }

                    if (State->Leave == (int)LeaveReason.ExecuteAlone)
                    {
                        ExecuteAlone();
                    }
                }

                if (Configuration.Checkpoints is { } observer)
                {
                    LookIfDue(observer);
                }

                if (State->Leave == (int)LeaveReason.ExitToHypervisor)
                {
                    return _exit;
                }

                if (_spu is { IrqPending: true })
                {
                    return ExitReason.ProfilingInterrupt;
                }
            }
        }
        finally
        {
            LeaveGuest();
        }
    }

    private void TakeInterruptIfDue()
    {
        int lines = Volatile.Read(ref State->InterruptLines);
        if (lines == 0)
        {
            return;
        }

        if ((lines & 2) != 0 && (State->Daif & 1) == 0)
        {
            Exceptions.TakeInterrupt(fiq: true);
        }
        else if ((lines & 1) != 0 && (State->Daif & 2) == 0)
        {
            Exceptions.TakeInterrupt(fiq: false);
        }
    }

    /// <summary>Executes up to <paramref name="n"/> instructions, and at least one unless something is taken first.</summary>
    private void Execute(ulong n)
    {
        if (_spu is null)
        {
            RunFast(n);
            return;
        }

        if (_spuStale)
        {
            _spuStale = false;
            _spu.Reevaluate(State->El);
        }

        ExecuteProfiled(_spu, _timing!, n);
    }

    /// <summary>Executes up to <paramref name="n"/> instructions by the fastest core that may be used now.</summary>
    private void RunFast(ulong n)
    {
        if (n > Threaded.MaxOvershoot && UsesThreaded && !NeedsCare)
        {
            RunThreaded(n - Threaded.MaxOvershoot);
        }
        else
        {
            RunSwitch(n);
        }
    }

    private void RunThreaded(ulong n)
    {
        Pe* s = State;
        long left = (long)n;
        do
        {
            s->Leave = 0;
            Rec* ip = Here();
            if (ip == null)
            {
                return;
            }

            // A chain never outlives a change of EL: exceptions and returns leave it.
            int el = s->El;
            long done = Code.Native is NativeCode native ? RunNative(native, ip, left) : RunChain(ip, left);
            Account((ulong)done, el);
            left -= done;
        }
        while (left > 0 && s->Leave == (int)LeaveReason.Reschedule && MayGoOn);
        _sliceEnded = left <= 0;
    }

    // The last slice was executed to its end: where the PE stands is a sample of where it spends its time.
    private bool _sliceEnded;

    /// <summary>Runs the interpreter's chain from <paramref name="ip"/> for some <paramref name="n"/> instructions; answers how many it were.</summary>
    private long RunChain(Rec* ip, long n)
    {
        Pe* s = State;
        Threaded.Run(s, ip, (nint)(ip + n));
        return n - ((s->ExitLimit - (nint)s->ExitIp) / Rec.Size);
    }

    /// <summary>As <see cref="RunChain"/>, by compiled code where there is any, and by the interpreter until it comes to some. Compiles what it is asked for often.</summary>
    private long RunNative(NativeCode native, Rec* ip, long n)
    {
        Pe* s = State;
        Rec* page = s->CodeBase;
        int index = (int)(ip - page);
        if (_sliceEnded)
        {
            _sliceEnded = false;
            native.Warm(s, page, index);
        }

        CompileIfDue(native, page, index);
        return native.TryRun(s, ip, n, Executed, out long done) ? done : RunChain(ip, Math.Min(n, ChainLength));
    }

    /// <summary>Has an instruction begin a block once it was asked for often enough.</summary>
    private void CompileIfDue(NativeCode native, Rec* page, int index)
    {
        if (native.Has(page, index))
        {
            return;
        }

        byte* count = NativePage.Counts(page) + index;
        if (*count >= Configuration.CompileAfter && *count != NativeCode.NotWorthIt && ((Op)page[index].Op != Op.Decode || native.DecodesAhead))
        {
            *count = native.Compile(State, page, index) ? (byte)0 : NativeCode.NotWorthIt;
        }
        else if (*count < NativeCode.NotWorthIt - 1)
        {
            (*count)++;
        }
    }

    /// <summary>Instructions after which the interpreter's chain is looked at for what could be compiled: where it stands then is most likely where most time goes.</summary>
    private const long ChainLength = 512;

    /// <summary>
    /// As <see cref="RunThreaded"/> where nothing is compiled, but executes exactly <paramref name="n"/> instructions at most. Every branch leaves the chain, so this is for the last few. Where code runs straight on, a
    /// record at which to stop ends it; the handlers are those that were hot all along, which is why this beats stepping.
    /// </summary>
    private void RunThreadedExactly(ulong n)
    {
        Pe* s = State;
        long left = (long)n;
        do
        {
            s->Leave = 0;
            Rec* ip = Here();
            if (ip == null)
            {
                return;
            }

            int level = s->El;

            // The guard behind a page ends a chain without budget by itself.
            bool inPage = ip + left < s->CodeBase + Rec.PerPage;
            if (inPage)
            {
                Code.StopAt(ip + left);
            }

            Threaded.Run(s, ip, (nint)(ip + 1));
            if (inPage)
            {
                Code.RemoveStop();
            }

            long done = 1 - ((s->ExitLimit - (nint)s->ExitIp) / Rec.Size);
            Account((ulong)done, level);
            left -= done;
        }
        while (left > 0 && s->Leave == (int)LeaveReason.Reschedule && MayGoOn);
    }

    /// <summary>Nothing happened in the last chain that somebody has to look at before the next.</summary>
    private bool MayGoOn => (Volatile.Read(ref State->Attention) | State->InterruptLines) == 0 && !_fpTrapped && !_stepping && (_spu is null || !_spuStale) && !Pmu.Active;

    private void RunSwitch(ulong n)
    {
        Pe* s = State;
        s->Leave = 0;
        ulong done = 0;
        int el = s->El;
        while (done < n && s->Leave == 0)
        {
            Rec* r = Current();
            if (r == null)
            {
                break;
            }

            done++;
            Step(r);
        }

        Account(done, el);
    }

    /// <summary>Executes the record of the instruction at Pc, after the checks that only the switch core makes.</summary>
    private void Step(Rec* r)
    {
        if (_fpTrapped && FpAccess.IsTrapped(r))
        {
            Exits.Exception(State, r, Syndrome.Of(ExceptionClass.FpAccess, FpAccess.Iss));
            return;
        }

        SwitchCore.Step(State, r);
    }

    /// <summary>One instruction, with every count exact before it.</summary>
    private void ExecuteAlone()
    {
        // The chain counted it when it left there.
        Pe* s = State;
        s->Leave = 0;
        Rec* r = Current();
        if (r == null)
        {
            return;
        }

        _recorder?.Settle();
        _alone = true;
        Step(r);
        _alone = false;
        if (s->Leave == (int)LeaveReason.ExecuteAlone)
        {
            s->Leave = (int)LeaveReason.Reschedule;
        }
    }

    private bool _alone;

    /// <summary>True while the dispatcher executes an instruction alone: counts are exact.</summary>
    internal bool IsAlone => _alone;

    /// <summary>Decoded record of the instruction at Pc; null when the fetch took an exception or left to EL2.</summary>
    private Rec* Current()
    {
        Pe* s = State;
        Rec* r = Here();
        if (r == null)
        {
            return null;
        }

        if ((Op)(r->Op & ~Rec.Alternate) == Op.Decode)
        {
            Decoder.Decode(s, r);
        }

        return r;
    }

    /// <summary>Record of the instruction at Pc, decoded or not; null when the fetch took an exception or left to EL2.</summary>
    private Rec* Here()
    {
        Pe* s = State;
        return (s->Pc & ~0xFFCUL) == s->CodeVa && s->CodeStale == 0 && s->CodeBase != null ? (Rec*)((byte*)s->CodeBase + ((s->Pc & 0xFFC) << 3)) : Lookup();
    }

    /// <summary>Record of the instruction at Pc by way of the instruction TLB; sets the page being executed. Null when the fetch took an exception or left to EL2.</summary>
    private Rec* Lookup()
    {
        Pe* s = State;

        // A branch takes the tag off its target where top bytes are ignored (AArch64.BranchAddr). No page is known under a tagged address, so each such branch comes here.
        ulong pc = Mmu.Untagged(s->Pc);
        s->Pc = pc;
        if ((pc & 3) != 0)
        {
            Exceptions.TakeSynchronous(Syndrome.Of(ExceptionClass.PcAlignment), pc, pc);
            return FetchFaulted();
        }

        Rec* page = Mmu.Fetch(pc);
        if (page == null)
        {
            return s->Leave == (int)LeaveReason.ExitToHypervisor ? null : FetchFaulted();
        }

        if (s->Il != 0)
        {
            Exceptions.TakeSynchronous(Syndrome.Of(ExceptionClass.IllegalState), 0, pc);
            return FetchFaulted();
        }

        s->CodeStale = 0;
        s->CodeBase = page;
        s->CodeVa = pc & ~0xFFFUL;
        s->CodeBias = s->CodeVa - ((ulong)page >> 3);
        return (Rec*)((byte*)page + ((pc & 0xFFC) << 3));
    }

    /// <summary>
    /// A fetch that faults takes time like an instruction, or a guest whose vectors do not translate would never use up its budget.
    /// </summary>
    private Rec* FetchFaulted()
    {
        Executed++;
        _fetchFaults++;
        return null;
    }

    // Counted in Executed, but no operations to the profiling unit.
    private ulong _fetchFaults;

    internal void Account(ulong executed, int el)
    {
        Executed += executed;
        if (Pmu.Active)
        {
            Pmu.Count(el, executed);
        }
    }
}
