using Pinion.Arm;
using Pinion.Arm.A64;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Exceptions;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Jit;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Profiling: when to observe instructions one at a time, and what is seen of them.</content>
public sealed unsafe partial class ProcessingElement
{
    private readonly Spu? _spu;
    private readonly TimingModel? _timing;
    private readonly ITruthObserver? _truth;

    // EL or its registers changed: whether sampling is enabled has to be looked at once what was executed before is counted.
    private bool _spuStale;

    // The window before the next sample has begun.
    private bool _windowOpen;

    // Where the last branch led to that was taken under observation, since the window began.
    private BranchTarget _branchTarget;

    /// <summary>The profiling unit; null where the PE has none.</summary>
    public Spu? Spu => _spu;

    /// <summary>A unit that records the target of the branch before has to see some operations before the sample, whatever the timing model needs.</summary>
    private const uint BranchWindow = 32;

    /// <summary>
    /// Executes towards the next sample: at full speed until the window before it begins, observing from there on.
    /// </summary>
    private void ExecuteProfiled(Spu spu, TimingModel timing, ulong n)
    {
        if (timing.Mode.IsFull)
        {
            Observe(spu, timing, n);
            return;
        }

        ulong ahead = BeforeWindow(spu, timing);
        if (ahead == 0)
        {
            Observe(spu, timing, n);
            return;
        }

        // The model misses what runs here, so what it is fed next is another window.
        _windowOpen = false;
        ulong before = Executed;
        ulong faults = _fetchFaults;
        bool exactly = false;
        ulong most = Math.Min(n, ahead);
        if (!spu.Enabled)
        {
            RunFast(n);
        }
        else if (_truth is null && Code.Native is NativeCode native && !NeedsCare)
        {
            RunCompiled(native, most);
            exactly = true;
        }
        else if (_truth is null && most > Threaded.MaxOvershoot)
        {
            RunFast(most);
        }
        else if (_truth is null && UsesThreaded && !NeedsCare)
        {
            RunThreadedExactly(most);
        }
        else
        {
            // Somebody wants to see them all, or there is no fast core.
            State->Leave = 0;
            ObservedOperation unused = default;
            int el = State->El;
            Account(ObserveChain(null, most, ref unused, out _), el);
        }

        ulong executed = Executed - before;
        spu.Advance(executed - (_fetchFaults - faults));
        if (exactly && (executed == 0 || (executed < n && State->Leave == (int)LeaveReason.Reschedule && MayGoOn)))
        {
            Observe(spu, timing, n - executed);
        }
    }

    /// <summary>Members of the population before the window that precedes the sample; <see cref="ulong.MaxValue"/> where none is coming.</summary>
    private static ulong BeforeWindow(Spu spu, TimingModel timing)
    {
        ulong window = spu.Profile.Pmsidr.Pbt ? Math.Max(timing.Mode.Window, BranchWindow) : timing.Mode.Window;
        return timing.Mode.IsFull ? 0 : !spu.Enabled ? ulong.MaxValue : spu.Distance - 1 <= window ? 0 : spu.Distance - 1 - window;
    }

    /// <summary>
    /// Executes up to <paramref name="n"/> instructions exactly. From the window on they feed the timing model, and the one that the unit selects becomes a sample; outside of the full mode it ends there.
    /// </summary>
    private void Observe(Spu spu, TimingModel timing, ulong n)
    {
        ObservedOperation operation = default;
        bool goesOn;
        do
        {
            State->Leave = 0;
            int el = State->El;
            ulong distance = spu.Distance;
            ulong executed = ObserveSome(timing, BeforeWindow(spu, timing), Math.Min(n, distance), ref operation, out OperationTiming last);
            n -= executed;
            Account(executed, el);
            goesOn = n != 0;
            if (executed != distance)
            {
                spu.Advance(executed);
            }
            else
            {
                spu.Advance(distance - 1);
                if (spu.Complete(operation, last) is { } fate)
                {
                    _truth?.Select(Configuration.Index, operation.ContextId, spu.Describe(operation, last), fate);
                }

                _windowOpen = false;
                goesOn &= timing.Mode.IsFull && !spu.IrqPending;
            }

            if (_spuStale)
            {
                _spuStale = false;
                spu.Reevaluate(State->El);
            }
        }
        while (goesOn && (State->Leave == 0 || (State->Leave == (int)LeaveReason.Reschedule && MayGoOn)));
    }

    /// <summary>
    /// Executes some instructions of one Exception level, at most <paramref name="n"/>, of which the first <paramref name="ahead"/> are before the window: what the model is to be fed, it is.
    /// <paramref name="operation"/> and <paramref name="last"/> are about the last one executed, where it was the <paramref name="n"/>th.
    /// </summary>
    /// <returns>Instructions executed.</returns>
    private ulong ObserveSome(TimingModel timing, ulong ahead, ulong n, ref ObservedOperation operation, out OperationTiming last)
    {
        if (_truth is null && Code.Native is NativeCode native && !NeedsCare)
        {
            last = default;
            Rec* ip = Here();
            if (ip == null)
            {
                return 0;
            }

            operation.El = operation.NextEl = State->El;
            ulong pc = State->Pc;
            ulong taken = Exceptions.Taken;
            if (native.TryObserve(State, ip, (long)Math.Min(n, NativeCode.MostObserved), Executed, out long done))
            {
                last = Read(new NoteReader(native.Notes, State->NextNote, ip, pc), timing, (long)Math.Min(ahead, (ulong)done), done, Exceptions.Taken != taken, ref operation);
                return (ulong)done;
            }
        }

        if (ahead != 0)
        {
            return ObserveChain(null, Math.Min(n, ahead), ref operation, out last);
        }

        OpenWindow(timing);
        operation.PreviousTarget = _branchTarget;
        return ObserveChain(timing, n == 1 || n < _spu!.Distance ? n : n - 1, ref operation, out last);
    }

    private void OpenWindow(TimingModel timing)
    {
        if (!_windowOpen && !timing.Mode.IsFull)
        {
            _windowOpen = true;
            _branchTarget = default;
            timing.BeginWindow();
        }
    }

    /// <summary>Hands what observing code has executed, from the instruction after the first <paramref name="ahead"/> on, to the timing model.</summary>
    private OperationTiming Read(NoteReader reader, TimingModel timing, long ahead, long executed, bool tookException, ref ObservedOperation operation)
    {
        Pe* s = State;
        OperationTiming last = default;
        operation.ContextId = ContextId;
        if (ahead != 0)
        {
            reader.Skip(ahead);
        }

        if (ahead < executed)
        {
            OpenWindow(timing);
        }

        for (long i = ahead; i < executed; i++)
        {
            operation.PreviousTarget = _branchTarget;
            reader.Next(ref operation);
            if (operation.Has(ObservedFlags.Taken))
            {
                _branchTarget = new BranchTarget(operation.NextPc, s->El);
            }

            if (i == executed - 1 && s->ObservedLeft != 0)
            {
                Leave(tookException, ref operation);
            }

            last = timing.Feed(operation);
        }

        return last;
    }

    /// <summary>Completes what is known of an instruction that left.</summary>
    private void Leave(bool tookException, ref ObservedOperation operation)
    {
        Pe* s = State;
        operation.NextPc = s->Pc;
        operation.NextEl = s->El;
        operation.Flags |= tookException ? ObservedFlags.TookException
            : OperationTable.Row(operation.Id).IsBranch ? ObservedFlags.Taken
            : ObservedFlags.None;
        _branchTarget = operation.Has(ObservedFlags.Taken) ? new BranchTarget(s->Pc, s->El) : _branchTarget;
    }

    /// <summary>
    /// Executes up to <paramref name="n"/> instructions of one Exception level and hands each to <paramref name="timing"/>, where there is one. Ends early at an instruction that leaves.
    /// <paramref name="operation"/> and <paramref name="last"/> are about the last one executed.
    /// </summary>
    /// <returns>Instructions executed. The caller counts them: until then nothing can see the counts, for what looks at them is executed alone.</returns>
    private ulong ObserveChain(TimingModel? timing, ulong n, ref ObservedOperation operation, out OperationTiming last)
    {
        Pe* s = State;
        nint* operations = ObservedCore.Operations;
        bool fpTrapped = _fpTrapped;
        ulong taken = Exceptions.Taken;
        ulong pc = s->Pc;
        Rec* r = null;
        ITruthObserver? truth = _spu!.Enabled ? _truth : null;

        // Only a record tells whether a condition failed, and a sampled instruction comes alone.
        bool described = n == 1 || truth is not null;
        last = default;
        operation.El = operation.NextEl = s->El;
        uint contextId = operation.ContextId = ContextId;
        for (ulong done = 1; done <= n; done++)
        {
            if (r == null || (r->Op & ~Rec.Alternate) <= (int)Op.NextPage)
            {
                s->Pc = pc;
                r = Current();
                if (r == null)
                {
                    return done - 1;
                }

                pc = s->Pc;
            }

            operation.Pc = pc;
            operation.Word = r->Word;
            operation.Id = r->Id;
            operation.Size = 0;
            operation.Flags = described && ConditionFails(s, r) ? ObservedFlags.ConditionFailed : ObservedFlags.None;
            s->Observed.Flags = ObservedFlags.None;
            int went;
            if (fpTrapped && FpAccess.IsTrapped(r))
            {
                Exits.Exception(s, r, Syndrome.Of(ExceptionClass.FpAccess, FpAccess.Iss));
                went = ObservedCore.Left;
            }
            else
            {
                went = ((delegate*<Pe*, Rec*, int>)operations[r->Op & ~Rec.Alternate])(s, r);
            }

            if (s->Observed.Flags != ObservedFlags.None)
            {
                operation.Va = s->Observed.Va;
                operation.Pa = s->Observed.Pa;
                operation.Size = s->Observed.Bytes;
                operation.Flags |= s->Observed.Flags;
            }

            switch (went)
            {
                case ObservedCore.Next:
                    pc += 4;
                    r++;
                    break;
                case ObservedCore.Jump:
                    pc = s->Pc;
                    operation.Flags |= ObservedFlags.Taken;
                    _branchTarget = new BranchTarget(pc, s->El);

                    // The mask keeps bits 1:0, so a misaligned target is looked up, and found out.
                    r = (pc & ~0xFFCUL) == s->CodeVa ? (Rec*)((byte*)s->CodeBase + ((pc & 0xFFC) << 3)) : null;
                    break;
                default:
                    pc = s->Pc;
                    Leave(Exceptions.Taken != taken, ref operation);
                    n = done;
                    break;
            }

            operation.NextPc = pc;
            if (timing is not null)
            {
                last = timing.Feed(operation);
            }

            if (truth is not null)
            {
                truth.Execute(Configuration.Index, contextId, _spu.Describe(operation, last));
                contextId = ContextId;
            }
        }

        s->Pc = pc;
        return n;
    }

    private uint ContextId => (uint)State->Sys[(int)SysRegId.CONTEXTIDR_EL1];

    private static bool ConditionFails(Pe* s, Rec* r) =>
        OperationTable.SelectsByCondition(r->Id) && !Conditions.Holds(s, Conditions.Mask(OperationTable.ConditionOf(r->Word)));

    /// <summary>The profiling unit's view of memory and time.</summary>
    private sealed class SpuPort(ProcessingElement pe) : IProfilingMemory, IProfilingClock
    {
        public ulong PhysicalCount => pe.Timer.PhysicalCount;

        public ulong VirtualCount => pe.Timer.VirtualCount;

        public bool TryTranslate(ulong va, out nint host, out SpuFault fault)
        {
            host = pe.Mmu.KnownForPrivilegedWrite(va);
            fault = default;
            if (host != 0)
            {
                return true;
            }

            Stage1Result t = pe.Mmu.WalkForProfiling(va, new Stage1Access(MemoryAccess.Write, Privileged: true, Pan: false));
            if (t.Stage2OnWalk)
            {
                fault = new SpuFault(true, (byte)(FaultStatus.Translation | (uint)t.Level));
                return false;
            }

            if (t.Faulted)
            {
                fault = new SpuFault(false, (byte)t.Status);
                return false;
            }

            Stage2Page page = pe.Mmu.TranslateForProfiling(t);
            if (page.Host == 0 || !page.Writable)
            {
                fault = new SpuFault(true, (byte)((page.Host == 0 ? FaultStatus.Translation : FaultStatus.Permission) | 3));
                return false;
            }

            pe.Mmu.LearnPrivilegedWrite(va, t, page.Host);
            host = page.Host + (nint)(t.Ipa & 0xFFF);
            return true;
        }
    }
}
