using System.Runtime.CompilerServices;
using Pinion.Arm.Spe;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Gives every operation latencies, events and a data source. Caches, TLBs and predictors are simulated; time is a scoreboard of an out-of-order core: an operation is
/// dispatched in order, <see cref="TimingParameters.DispatchWidth"/> a cycle, issues when its source registers are ready, and completes after the latency of its class or of the
/// memory level it reached. One PE, one thread, no allocation while it runs. What it does not model stands in docs/timing-model.md.
/// </summary>
internal sealed unsafe class TimingModel
{
    private const int LineShift = 6;
    private const int PageShift = 12;
    private const ulong LinesPerPage = 1ul << (PageShift - LineShift);
    private const int Level2Shift = 21;
    private const int DescriptorShift = 3;

    /// <summary>Where the walker's descriptors are taken to lie, far from the guest's memory: a linear table for each level.</summary>
    private const ulong Level3Tables = 1ul << 45;
    private const ulong Level2Tables = 3ul << 44;
    private const ulong VaMask = (1ul << 48) - 1;

    private readonly TimingParameters _parameters;
    private readonly CacheModel _l1;
    private readonly CacheModel _l2;
    private readonly CacheModel _system;
    private readonly TlbModel _tlb;
    private readonly BranchPredictor _branches;
    private readonly StreamPrefetcher _streams;
    private readonly UnobservedLines? _unobserved;
    private readonly ulong[] _walkCache;
    private readonly uint[] _latency;
    private readonly PinnedArray<ulong> _storage;
    private OperationInfo _refined;
    private Scoreboard _board;

    public TimingModel(TimingMode mode, TimingParameters? parameters = null)
    {
        Mode = mode;

        // What uses the table is compiled once, for good, and better when that is there.
        _ = OperationTable.Row(0);
        _parameters = parameters ?? TimingParameters.NeoverseN1;
        _l1 = new CacheModel(_parameters.L1Data);
        _l2 = new CacheModel(_parameters.L2);
        _system = new CacheModel(_parameters.SystemCache);
        _tlb = new TlbModel(_parameters);
        _branches = new BranchPredictor(_parameters);
        _streams = new StreamPrefetcher(_parameters);
        _unobserved = mode.IsFull || mode.IsOff ? null : new UnobservedLines();
        _walkCache = new ulong[_parameters.WalkCacheEntries];
        _latency = new uint[(int)LatencyClass.Count];
        for (int i = 0; i < _latency.Length; i++)
        {
            _latency[i] = (uint)_parameters.Latency((LatencyClass)i);
        }

        _storage = new PinnedArray<ulong>(Scoreboard.Words(_parameters));
        _board = new Scoreboard(_parameters, _storage.Pointer);
    }

    /// <summary>Which operations the dispatcher is to hand to <see cref="Feed"/>.</summary>
    public TimingMode Mode { get; }

    /// <summary>Operations have passed that the model did not see: what depends on the very last ones is not to be trusted. Call before the first <see cref="Feed"/> of a window.</summary>
    public void BeginWindow()
    {
        _branches.BeginWindow();
        _streams.BeginWindow();
    }

    /// <summary>Runs one operation through the model. Of the sampled operation the answer goes into the record, of others it is dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OperationTiming Feed(in ObservedOperation operation)
    {
        Feed(operation, out OperationTiming timing);
        return timing;
    }

    /// <inheritdoc cref="Feed(in ObservedOperation)"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Feed(in ObservedOperation operation, out OperationTiming timing)
    {
        ref readonly OperationInfo info = ref OperationTable.Row(operation.Id);
        if (info.Has(OperationFlags.Refine))
        {
            info = ref _refined;
            _refined = OperationTable.Refine(OperationTable.Row(operation.Id), operation.Word);
        }

        if (Mode.IsOff)
        {
            Fixed(info, operation, out timing);
            return;
        }

        timing = default;
        uint cycles = _latency[(int)info.Latency];
        bool memory = IsMemory(info);
        if (memory && operation.Has(ObservedFlags.HasVa))
        {
            cycles += Access(operation, info, ref timing);
        }

        bool tookException = operation.Has(ObservedFlags.TookException);
        BranchOutcome outcome = BranchOutcome.Predicted;
        if (IsPredicted(info) && !tookException)
        {
            outcome = _branches.Resolve(operation.Pc, operation.NextPc, operation.Has(ObservedFlags.Taken), info.Flags);
            timing.Events |= outcome == BranchOutcome.Mispredicted ? SpeEvents.Mispredicted : SpeEvents.None;
        }

        _board.Schedule(operation.Word, info, memory, cycles, outcome, tookException, out ulong issue, out ulong complete);
        timing.Issue = Saturate(_board.Cycles(issue));
        timing.Total = Saturate(_board.Cycles(complete));
    }

    /// <summary>
    /// Runs what observing code has executed at <paramref name="el"/> through the model, from the instruction after the first <paramref name="ahead"/> on and up to the last one, which <paramref name="operation"/> is
    /// then about, as if it had gone on: it is not fed yet. <paramref name="target"/> is where the last branch led to that was taken.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pass(NoteReader reader, long ahead, long executed, int el, ref BranchTarget target, ref ObservedOperation operation)
    {
        reader.Skip(ahead);
        Note* jump = executed - ahead == 1 ? null : Pass(ref reader, executed - ahead - 1);
        if (jump != null)
        {
            target = new BranchTarget(jump->Va, (byte)el);
        }

        operation.El = operation.NextEl = (byte)el;
        operation.PreviousTarget = target;
        reader.Next(ref operation);
        if (operation.Has(ObservedFlags.Taken))
        {
            target = new BranchTarget(operation.NextPc, (byte)el);
        }
    }

    /// <summary>
    /// As <see cref="Feed(in ObservedOperation)"/>, for the next <paramref name="count"/> operations of <paramref name="reader"/>, none of which is sampled or left. Answers the note about the last branch taken among
    /// them, or null.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Note* Pass(ref NoteReader reader, long count)
    {
        NoteReader at = reader;
        Scoreboard board = _board;
        ObservedOperation operation = default;
        OperationTiming unused = default;
        Note* jump = null;
        for (bool off = Mode.IsOff; count > 0; count--)
        {
            ulong pc = at.Pc;
            Note* note = at.Step(out Rec* r);
            bool taken = note != null && note->Kind == NoteKind.Jump;
            jump = taken ? note : jump;
            if (off)
            {
                continue;
            }

            ref readonly OperationInfo info = ref OperationTable.Row(r->Id);
            if (info.Has(OperationFlags.Refine))
            {
                info = ref _refined;
                _refined = OperationTable.Refine(OperationTable.Row(r->Id), r->Word);
            }

            uint cycles = _latency[(int)info.Latency];
            bool memory = IsMemory(info);
            if (memory && note != null && (note->Seen & ObservedFlags.HasVa) != 0)
            {
                operation.Pc = pc;
                operation.Flags = note->Seen;
                operation.Size = note->Bytes;
                operation.Va = note->Va;
                operation.Pa = note->PaOfVa;
                cycles += Access(operation, info, ref unused);
            }

            BranchOutcome outcome = IsPredicted(info) ? _branches.Resolve(pc, at.Pc, taken, info.Flags) : BranchOutcome.Predicted;
            board.Schedule(r->Word, info, memory, cycles, outcome, tookException: false, out _, out _);
        }

        _board = board;
        reader = at;
        return jump;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsMemory(in OperationInfo info) => (info.Flags & (OperationFlags.Load | OperationFlags.Store | OperationFlags.Prefetch)) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPredicted(in OperationInfo info) => (info.Flags & (OperationFlags.Branch | OperationFlags.Flush)) == OperationFlags.Branch;

    /// <summary>Timing without a model: the class decides, memory always hits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fixed(in OperationInfo info, in ObservedOperation operation, out OperationTiming timing)
    {
        bool access = info.IsLoadOrStore && operation.Has(ObservedFlags.HasVa);
        SpeEvents hit = operation.Has(ObservedFlags.TookException) ? SpeEvents.TlbAccess : SpeEvents.TlbAccess | SpeEvents.L1DataAccess;
        timing.Issue = (ushort)_parameters.MinimumIssueCycles;
        timing.Total = (ushort)((uint)_parameters.MinimumIssueCycles + _latency[(int)info.Latency]);
        timing.Translation = access ? (ushort)_parameters.DataTlbHitCycles : (ushort)0;
        timing.Source = default;
        timing.Events = access ? hit : SpeEvents.None;
    }

    /// <summary>Translates and reaches memory: the cycles on top of an L1 hit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private uint Access(in ObservedOperation operation, in OperationInfo info, ref OperationTiming timing)
    {
        uint extra = Translate(operation, ref timing);
        if (operation.Has(ObservedFlags.TookException))
        {
            return extra;
        }

        ulong pa = operation.Has(ObservedFlags.HasPa) ? operation.Pa : operation.Va & VaMask;
        ulong line = pa >> LineShift;
        SpeDataSource source = _l1.Access(line) ? SpeDataSource.L1Data : Miss(operation.Pc, line, operation.Va >> LineShift);
        ulong last = (pa + operation.Size - 1) >> LineShift;
        if (operation.Size != 0 && last != line)
        {
            timing.Events |= SpeEvents.Alignment;
            extra += (uint)_parameters.LineCrossingCycles;
            if (last / LinesPerPage == line / LinesPerPage && !_l1.Access(last))
            {
                source = Farther(source, Miss(operation.Pc, last, (operation.Va >> LineShift) + 1));
            }
        }

        if (info.Has(OperationFlags.Prefetch))
        {
            // Complete as soon as it is issued, and of class "other": nothing of the access shows.
            timing = default;
            return 0;
        }

        if (!info.IsLoad)
        {
            // A store completes in the store buffer: where its line comes from does not show.
            timing.Events |= SpeEvents.L1DataAccess;
            return extra;
        }

        timing.Source = source;
        timing.Events |= SpeEvents.L1DataAccess;
        switch (source)
        {
            case SpeDataSource.L1Data:
                return extra;
            case SpeDataSource.L2:
                timing.Events |= SpeEvents.L1DataRefill | SpeEvents.L2DataAccess;
                return extra + (uint)_parameters.L2ExtraCycles;
            case SpeDataSource.SystemCache:
                timing.Events |= SpeEvents.L1DataRefill | SpeEvents.L2DataAccess | SpeEvents.L2DataMiss | SpeEvents.LastLevelAccess;
                return extra + (uint)_parameters.SystemCacheExtraCycles;
            default:
                timing.Events |= SpeEvents.L1DataRefill | SpeEvents.L2DataAccess | SpeEvents.L2DataMiss | SpeEvents.LastLevelAccess | SpeEvents.LastLevelMiss;
                return extra + (uint)_parameters.DramExtraCycles;
        }
    }

    /// <summary>The encoding's values rise with the distance, for the four that this model gives.</summary>
    private static SpeDataSource Farther(SpeDataSource a, SpeDataSource b) => a > b ? a : b;

    /// <summary>A demand miss of L1: where the line is found. Trains the prefetcher.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private SpeDataSource Miss(ulong pc, ulong line, ulong virtualLine)
    {
        SpeDataSource source = BelowL1(line);
        StreamPrediction stream = _streams.Miss(pc, virtualLine);
        if (stream.Direction != 0)
        {
            Prefetch(line, stream.Direction, _parameters.PrefetchL1Lines - stream.Lead);
        }

        return stream.Resumed ? (stream.Lead == 0 ? SpeDataSource.L2 : SpeDataSource.L1Data)
            : _unobserved is null ? source
            : _unobserved.Judge(pc, source);
    }

    private SpeDataSource BelowL1(ulong line) =>
        _l2.Access(line) ? SpeDataSource.L2
        : _system.Access(line) ? SpeDataSource.SystemCache
        : SpeDataSource.Dram;

    private void Prefetch(ulong line, int direction, int toL1)
    {
        for (int i = 1; i <= _parameters.PrefetchL2Lines; i++)
        {
            ulong ahead = line + (ulong)(i * direction);
            if (ahead / LinesPerPage != line / LinesPerPage)
            {
                return;
            }

            BelowL1(ahead);
            if (i <= toL1)
            {
                _l1.Access(ahead);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Translate(in ObservedOperation operation, ref OperationTiming timing)
    {
        timing.Events |= SpeEvents.TlbAccess;
        timing.Translation = (ushort)_parameters.DataTlbHitCycles;
        TlbOutcome outcome = TlbOutcome.Walk;
        if ((operation.Flags & (ObservedFlags.HasPa | ObservedFlags.TookException)) != ObservedFlags.TookException)
        {
            outcome = _tlb.Access(operation.Va >> PageShift, operation.Pa >> PageShift);
        }

        return outcome == TlbOutcome.L1Hit ? 0 : TranslateSlowly(operation.Va, outcome, ref timing);
    }

    private uint TranslateSlowly(ulong va, TlbOutcome outcome, ref OperationTiming timing)
    {
        var extra = (uint)_parameters.L2TlbExtraCycles;
        if (outcome == TlbOutcome.Walk)
        {
            timing.Events |= SpeEvents.TlbWalk;
            extra += Walk(va & VaMask);
        }

        timing.Translation = Saturate(timing.Translation + extra);
        return extra;
    }

    /// <summary>Cycles of a table walk. The walker reads through L2; its descriptors share lines as those of neighbouring pages do.</summary>
    private uint Walk(ulong va)
    {
        var cycles = (uint)_parameters.WalkBaseCycles;
        ulong region = va >> Level2Shift;
        ref ulong kept = ref _walkCache[region % (ulong)_walkCache.Length];
        if (kept != region + 1)
        {
            kept = region + 1;
            cycles += DescriptorRead(Level2Tables + (region << DescriptorShift));
        }

        return cycles + DescriptorRead(Level3Tables + ((va >> PageShift) << DescriptorShift));
    }

    private uint DescriptorRead(ulong address)
    {
        uint hit = _latency[(int)LatencyClass.Load];
        return hit + BelowL1(address >> LineShift) switch
        {
            SpeDataSource.L2 => (uint)_parameters.L2ExtraCycles,
            SpeDataSource.SystemCache => (uint)_parameters.SystemCacheExtraCycles,
            _ => (uint)_parameters.DramExtraCycles,
        };
    }

    private static ushort Saturate(ulong cycles) => (ushort)Math.Min(cycles, ushort.MaxValue);
}
