using System.Runtime.CompilerServices;
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

    // Samples were marked just now.
    private bool _marked;

    // Where the last branch led to that was taken under observation, since the window began.
    private BranchTarget _branchTarget;

    private readonly Recorder? _recorder;

    /// <summary>The profiling unit; null where the PE has none.</summary>
    public Spu? Spu => _spu;

    /// <summary>A unit that records the target of the branch before has to see some operations before the sample, whatever the timing model needs.</summary>
    private const uint BranchWindow = 32;

    /// <summary>
    /// Executes towards the next sample: at full speed until the window before it begins, observing from there on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ExecuteProfiled(Spu spu, TimingModel timing, ulong n)
    {
        ulong ahead = BeforeWindow(spu, timing);
        if (ahead == 0 || (spu.Enabled && ObservesByCode))
        {
            Observe(spu, timing, n);
            return;
        }

        // The model misses what runs here, so what it is fed next is another window.
        _windowOpen = false;
        n = Math.Min(n, ahead);
        ulong before = Executed - _fetchFaults;
        if ((n > Threaded.MaxOvershoot && _truth is null) || !spu.Enabled)
        {
            RunFast(n);
        }
        else if (_truth is null && UsesThreaded && !NeedsCare)
        {
            RunThreadedExactly(n);
        }
        else
        {
            // Somebody wants to see them all, or there is no fast core.
            State->Leave = 0;
            ObservedOperation unused = default;
            int el = State->El;
            Account(ObserveChain(null, n, ref unused, out _), el);
        }

        spu.Advance(Executed - _fetchFaults - before);
    }

    /// <summary>Compiled code executes up to a sample, and observes.</summary>
    private bool ObservesByCode => _truth is null && Code.Native is not null && !NeedsCare;

    /// <summary>Members of the population before the window that precedes the sample; <see cref="ulong.MaxValue"/> where none is coming.</summary>
    private static ulong BeforeWindow(Spu spu, TimingModel timing)
    {
        if (timing.Mode.IsFull)
        {
            return 0;
        }

        ulong window = WindowOf(spu, timing);
        return !spu.Enabled ? ulong.MaxValue : spu.Distance <= window ? 0 : spu.Distance - window;
    }

    /// <summary>Instructions of a window, the selected one included.</summary>
    private static uint WindowOf(Spu spu, TimingModel timing) => (spu.Profile.Pmsidr.Pbt ? Math.Max(timing.Mode.Window, BranchWindow) : timing.Mode.Window) + 1;

    /// <summary>
    /// Executes up to <paramref name="n"/> instructions exactly. From the window on they feed the timing model, and the one that the unit selects becomes a sample. What has only the interpreter ends there, so that it
    /// gets to the next window at its full speed; the full mode and compiled code go on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Observe(Spu spu, TimingModel timing, ulong n)
    {
        ObservedOperation operation = default;
        bool goesOn;
        do
        {
            State->Leave = 0;
            int el = State->El;
            ulong before = Executed;
            ulong executed = ObserveSome(spu, timing, BeforeWindow(spu, timing), n, ref operation, out OperationTiming last);
            Account(executed, el);
            n -= Executed - before;

            // Behind marked samples the dispatcher has a look at everything.
            ulong distance = spu.Distance;
            goesOn = n != 0 && !_marked;
            _marked = false;
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
                goesOn &= timing.Mode.IsFull || ObservesByCode;
            }

            if (_spuStale)
            {
                _spuStale = false;
                spu.Reevaluate(State->El);
            }
        }
        while (goesOn && (State->Leave == 0 || (State->Leave == (int)LeaveReason.Reschedule && MayGoOn)) && (spu.Enabled || timing.Mode.IsFull) && !spu.IrqPending);
        _sliceEnded = !goesOn;
    }

    /// <summary>
    /// Executes some instructions of one Exception level, at most <paramref name="n"/>, of which the first <paramref name="ahead"/> are before the window: what the model is to be fed, it is. Samples that are passed by are
    /// completed, with what came before them. <paramref name="operation"/> and <paramref name="last"/> are about the last instruction, where it is the one selected.
    /// </summary>
    /// <returns>Instructions executed since the last sample completed here. The caller counts them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong ObserveSome(Spu spu, TimingModel timing, ulong ahead, ulong n, ref ObservedOperation operation, out OperationTiming last)
    {
        last = default;
        if (ObservesByCode)
        {
            Rec* ip = Here();
            if (ip == null)
            {
                return 0;
            }

            if (TryByCode(Code.Native!, ip, spu, timing, (long)ahead, (long)n, ref operation, ref last, out long done))
            {
                return (ulong)done;
            }

            if (Math.Min(ahead, n) > NativeCode.MostObserved)
            {
                // The next block is near.
                _windowOpen = false;
                return (ulong)RunChain(ip, Math.Min((long)Math.Min(ahead, n) - Threaded.MaxOvershoot, ChainLength));
            }
        }

        n = Math.Min(n, spu.Distance);
        if (ahead != 0)
        {
            _windowOpen = false;
            return ObserveChain(null, Math.Min(ahead, n), ref operation, out last);
        }

        OpenWindow(timing);
        operation.PreviousTarget = _branchTarget;
        return ObserveChain(timing, n == 1 || n < spu.Distance ? n : n - 1, ref operation, out last);
    }

    /// <summary>As <see cref="ObserveSome"/>, by compiled code from record <paramref name="ip"/> on; false where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryByCode(NativeCode native, Rec* ip, Spu spu, TimingModel timing, long ahead, long n, ref ObservedOperation operation, ref OperationTiming last, out long done)
    {
        Pe* s = State;
        int el = s->El;
        ulong pc = s->Pc;
        ulong taken = Exceptions.Taken;
        Recorder recorder = _recorder!;
        SampleBatch batch = recorder.Next;
        if (_sliceEnded)
        {
            _sliceEnded = false;
            native.Warm(s, s->CodeBase, (int)(ip - s->CodeBase));
        }

        var distance = (long)Math.Min(spu.Distance, long.MaxValue);
        long most = Math.Min(n, distance);
        ahead = Math.Min(ahead, most);
        if (ahead != 0)
        {
            _windowOpen = false;

            // Of a long window the rest is for the next turn. Where the whole of it is executed, code may go on to the next samples.
            long observed = Math.Min(most - ahead, NativeCode.MostObserved - BlockCompiler.LongestShort);
            long aheadOfNext = (long)spu.DistanceOfNext - observed;
            int samples = aheadOfNext <= 0 || ahead + observed != distance ? 0
                : (int)Math.Min(Math.Min(recorder.Room, SampleBatch.MarksFor(observed)), 1 + ((n - distance) / (aheadOfNext + observed)));
            if (samples != 0 && !Configuration.Time.IsDeterministic)
            {
                batch.Begin = Timer.PhysicalCount;
            }

            if (native.TryApproach(s, ip, batch, ahead, observed, samples, aheadOfNext, recorder.Foretells, Executed, out done) && (done != 0 || batch.Samples != 0))
            {
                Note* notes = batch.Notes;
                bool left = Exceptions.Taken != taken || s->Leave == (int)LeaveReason.ExitToHypervisor;
                bool failed = left && done == 0 && batch.Samples != 0 && batch.End[-1].IsForetold;
                if (failed)
                {
                    // What was foretold took an exception, or has to be completed by EL2: that is a sample as well, but another one.
                    batch.End--;
                    done = (batch.Samples == 0 ? ahead : aheadOfNext) + observed;
                }

                if (batch.Samples != 0)
                {
                    notes = batch.End[-1].NotesEnd;
                    batch.El = el;
                    batch.Window = observed;
                    batch.ToFirst = (ulong)(ahead + observed);
                    batch.ToNext = (ulong)(aheadOfNext + observed);
                    batch.Instructions = batch.Members + (ulong)done;
                    if (!Configuration.Time.IsDeterministic)
                    {
                        batch.Behind = Timer.PhysicalCount;
                    }

                    recorder.Post();
                    _marked = true;
                    ahead = aheadOfNext;
                }

                if (failed)
                {
                    OpenWindow(timing);
                    batch.End->Tell(el, ref operation);
                    operation.Flags = s->Observed.Flags;
                    operation.Va = s->Observed.Va;
                    operation.Size = s->Observed.Bytes;
                    Leave(Exceptions.Taken != taken, ref operation);
                    timing.Feed(operation, out last);
                }
                else if (s->ObservedFirst != null)
                {
                    operation.ContextId = ContextId;
                    long count = done - (ahead - s->ObservedAhead);
                    Read(new NoteReader(notes, s->NextNote, s->ObservedFirst, s->ObservedPc), timing, Math.Min(s->ObservedAhead, count), count, el, s->ObservedLeft != 0, Exceptions.Taken != taken, ref operation, ref last);
                }

                if (s->ElsewherePage != null && s->ElsewherePage == s->CodeBase)
                {
                    CompileIfDue(native, s->CodeBase, (int)(s->ElsewhereOffset / 4));
                }

                return true;
            }
        }

        if (ahead <= NativeCode.MostObserved && native.TryObserve(s, ip, batch, Math.Min(most, NativeCode.MostObserved), Executed, out done))
        {
            operation.ContextId = ContextId;
            Read(new NoteReader(batch.Notes, s->NextNote, ip, pc), timing, Math.Min(ahead, done), done, el, s->ObservedLeft != 0, Exceptions.Taken != taken, ref operation, ref last);
            return true;
        }

        done = 0;
        return false;
    }

    private void OpenWindow(TimingModel timing)
    {
        if (!_windowOpen && !timing.Mode.IsFull)
        {
            // What is marked but not recorded comes first, for the model and for the unit.
            _recorder!.Settle();
            _windowOpen = true;
            _branchTarget = default;
            timing.BeginWindow();
        }
    }

    /// <summary>Hands what observing code has executed at <paramref name="el"/>, from the instruction after the first <paramref name="ahead"/> on, to the timing model.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Read(NoteReader reader, TimingModel timing, long ahead, long executed, int el, bool left, bool tookException, ref ObservedOperation operation, ref OperationTiming last)
    {
        if (ahead >= executed)
        {
            return;
        }

        OpenWindow(timing);
        timing.Pass(reader, ahead, executed, el, ref _branchTarget, ref operation);
        if (left)
        {
            Leave(tookException, ref operation);
        }

        timing.Feed(operation, out last);
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        public ulong PhysicalCount => pe._recorder!.Moment ?? pe.Timer.PhysicalCount;

        public ulong VirtualCount => PhysicalCount - pe.Timer.VirtualOffset;

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
