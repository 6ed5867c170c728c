using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Makes records of the samples that compiled code has marked. Where the host has a processor to spare, a thread of its own does that while the PE goes on; the PE calls <see cref="Settle"/> before anybody looks at what
/// a record changes, and what the thread has not begun by then the PE does itself. So it makes no difference but in time.
/// </summary>
/// <remarks>
/// Batches wait in a ring. Whoever has <c>_busy</c> completes them, in order; all else is the PE's own. The thread looks for batches every so often and is woken only where there were none for a while: waking somebody
/// takes longer than making the records.
/// </remarks>
internal sealed unsafe partial class Recorder : IDisposable
{
    /// <summary>Batches that can wait. A slice of instructions makes one or two, and the thread looks every few slices.</summary>
    private const int Batches = 16;

    /// <summary>Between two looks, in microseconds.</summary>
    private const uint Nap = 20;

    /// <summary>Looks in vain before the thread waits to be woken.</summary>
    private const int MostNaps = 100;

    private readonly Spu _spu;
    private readonly TimingModel _timing;
    private readonly ProcessingElement _pe;
    private readonly SampleBatch[] _ring = new SampleBatch[Batches];
    private readonly AutoResetEvent _wake = new(false);
    private Thread? _thread;
    private ExceptionDispatchInfo? _failure;
    private long _posted;
    private long _completed;
    private long _batchesAside;
    private int _busy;
    private int _asleep;
    private int _ended;

    public Recorder(ProcessingElement pe, Spu spu, TimingModel timing)
    {
        _pe = pe;
        _spu = spu;
        _timing = timing;
        for (int i = 0; i < _ring.Length; i++)
        {
            _ring[i] = new SampleBatch();
        }
    }

    /// <summary>The physical count at the sample that is being completed; null where it is now.</summary>
    public ulong? Moment { get; private set; }

    /// <summary>Batches that were completed beside the PE.</summary>
    public long Aside => Volatile.Read(ref _batchesAside);

    /// <summary>Samples that had no notes.</summary>
    public long Foretold { get; private set; }

    /// <summary>What compiled code is to fill next.</summary>
    public SampleBatch Next => _ring[_posted % Batches];

    /// <summary>Samples that compiled code may mark now, at least 1, because nothing that completing them would do keeps the others from being taken.</summary>
    public int Room
    {
        get
        {
            int room = MayBeLate ? _spu.Reserve(SampleBatch.MostMarks) : 0;
            if (room == 0)
            {
                Settle();
                room = MayBeLate ? _spu.Reserve(SampleBatch.MostMarks) : 0;
            }

            return room != 0 ? room : _spu.SamplesWithRoom;
        }
    }

    /// <summary>
    /// Takes <see cref="Next"/>, of which everything is set but what came before it. The PE has not counted its members yet, and does so by this.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Post()
    {
        SampleBatch batch = Next;
        bool late = MayBeLate && _spu.Owe(batch);
        batch.Executed = _pe.Executed;
        if (!late)
        {
            Settle();
            Complete(batch, owed: false);
            return;
        }

        _pe.Account(batch.Members, batch.El);
        Interlocked.Exchange(ref _posted, _posted + 1);
        if (!IsAside)
        {
            Settle();
            return;
        }

        if (_asleep != 0)
        {
            _wake.Set();
        }

        if (_posted - Volatile.Read(ref _completed) == Batches)
        {
            WaitFor(_posted - Batches + 1);
        }
    }

    /// <summary>Whether what a sample's record says may be told before its operation is executed: no more of it than where it stands and its virtual address.</summary>
    public bool Foretells => _timing.Mode.IsOff && MayBeLate && !_spu.RecordsPhysical;

    /// <summary>
    /// Returns when every record is in memory whose sample was posted before. What compiled code has marked and not posted yet, where it is the one that asks, is completed as soon as it is posted.
    /// </summary>
    public void Settle()
    {
        if (Volatile.Read(ref _completed) != _posted)
        {
            WaitFor(_posted);
        }

        _spu.Settled();
    }

    /// <summary>Throws what the sink has thrown, once; what it throws meanwhile is lost with the records. Only where nothing that must not be unwound is on the stack.</summary>
    public void ThrowFailure()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            failure.Throw();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Write(ref _ended, 1);
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
        foreach (SampleBatch batch in _ring)
        {
            batch.Dispose();
        }
    }

    /// <summary>Nothing that counts looks at samples while they are taken.</summary>
    private bool MayBeLate => _spu.IsPlain && !_pe.Pmu.Active;

    /// <summary>Whether batches may wait. Makes the thread when it is first asked for; with as many PEs as processors it would take from one of them what it gives to another.</summary>
    private bool IsAside
    {
        get
        {
            if (_pe.Configuration.Profiling!.OnlyWhenAsked)
            {
                return true;
            }

            if (_thread is null && _pe.Configuration.MayRecordAside)
            {
                _thread = new Thread(Work) { IsBackground = true, Name = $"spe{_pe.Configuration.Index}" };
                _thread.Start();
            }

            return _thread is not null;
        }
    }

    private void WaitFor(long completed)
    {
        SpinWait spin = default;
        while (Volatile.Read(ref _completed) < completed)
        {
            if (!CompleteUpTo(completed))
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    /// <summary>Completes batches that were posted; false where somebody else is at it.</summary>
    private bool CompleteUpTo(long completed)
    {
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            return false;
        }

        while (_completed < completed)
        {
            try
            {
                Complete(_ring[_completed % Batches], owed: true);
            }
            catch (Exception e)
            {
                // The sink's: whoever runs the PE hears of it, as soon as the dispatcher looks.
                _failure ??= ExceptionDispatchInfo.Capture(e);
                Volatile.Write(ref _pe.State->Attention, 1);
            }

            Volatile.Write(ref _completed, _completed + 1);
        }

        Volatile.Write(ref _busy, 0);
        return true;
    }

    private void Work()
    {
        for (int naps = 0; Volatile.Read(ref _ended) == 0; naps++)
        {
            long completed = Volatile.Read(ref _completed);
            long posted = Volatile.Read(ref _posted);
            if (posted != completed)
            {
                naps = 0;
                if (CompleteUpTo(posted))
                {
                    Interlocked.Add(ref _batchesAside, posted - completed);
                }
            }

            if (naps < MostNaps)
            {
                Sleep(Nap);
                continue;
            }

            // Whoever posts sees the flag, or this thread what was posted.
            Interlocked.Exchange(ref _asleep, 1);
            if (Volatile.Read(ref _posted) == Volatile.Read(ref _completed))
            {
                _wake.WaitOne();
            }

            Volatile.Write(ref _asleep, 0);
            naps = 0;
        }
    }

    /// <summary>Makes the records of a batch. What the PE does not owe for it is counted now, sample by sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Complete(SampleBatch batch, bool owed)
    {
        ITimeSource time = _pe.Configuration.Time;
        bool realTime = !time.IsDeterministic;
        Note* notes = batch.Notes;
        ulong done = 0;
        ulong members = batch.ToFirst;
        ObservedOperation operation = default;
        for (SampleMark* mark = batch.Marks; mark != batch.End; mark++)
        {
            done += members;
            if (mark->IsForetold)
            {
                Foretold++;
                mark->Tell(batch.El, ref operation);
            }
            else
            {
                BranchTarget target = default;
                operation.ContextId = mark->ContextId;
                _timing.BeginWindow();
                _timing.Pass(new NoteReader(notes, mark->NotesEnd, mark->First, mark->Pc), mark->Ahead, mark->Ahead + batch.Window, batch.El, ref target, ref operation);
            }

            _timing.Feed(operation, out OperationTiming timed);
            Moment = realTime ? batch.CountAt(done) : time.Count(batch.Executed + done);
            if (owed)
            {
                _spu.Record(batch.Population + done, operation, timed);
            }
            else
            {
                _pe.Account(members, batch.El);
                _spu.Advance(members - 1);
                _spu.Complete(operation, timed);
            }

            notes = mark->NotesEnd;
            members = batch.ToNext;
        }

        Moment = null;
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Sleep(uint microseconds);
}
