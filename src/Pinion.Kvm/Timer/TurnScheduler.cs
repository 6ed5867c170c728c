using Pinion.Kvm.Locking;

namespace Pinion.Kvm.Timer;

/// <summary>
/// Whose turn it is in deterministic mode. vCPUs execute one at a time, in index order, each for a fixed number of instructions or until it waits. Virtual time
/// advances with every instruction of whichever vCPU executes. So what a vCPU does in its turn (interrupts sent, memory written, devices touched) is seen by the
/// others in an order, and at times, that depend on the guest alone, however the host schedules the threads.
/// </summary>
/// <remarks>
/// Time is one sequence for all vCPUs, not parallel per vCPU: a guest kernel takes a counter that runs backwards between two of its CPUs for a wrap-around. The price is that n busy
/// vCPUs each look n times slower. A vCPU that leaves for an exit which user space has to complete (MMIO) keeps its turn, so device models see accesses in the same
/// order every time. Any other exit gives the turn away until KVM_RUN is called again. When all vCPUs wait, time skips to the earliest deadline.
/// </remarks>
internal sealed class TurnScheduler(ulong quantum)
{
    private const int Nobody = -1;

    private readonly KvmLock _gate = new(LockRank.Scheduler);
    private Seat[] _seats = [];
    private ulong _now;
    private int _turn = Nobody;
    private ulong _turnEnd;

    /// <summary>What a seat's vCPU is doing.</summary>
    internal enum SeatState
    {
        /// <summary>Powered off.</summary>
        Off,

        /// <summary>Executes when it has the turn; others wait for it even while its thread is on the way to KVM_RUN.</summary>
        Runnable,

        /// <summary>Waits for an interrupt.</summary>
        Waiting,

        /// <summary>Left KVM_RUN until it is called again.</summary>
        Away,
    }

    /// <summary>One vCPU's place.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="isPending">Something ends its wait: an interrupt line, a request, a kick. Called under the gate, takes no lock.</param>
    /// <param name="executed">Instructions it has executed.</param>
    internal sealed class Seat(int index, Func<bool> isPending, Func<ulong> executed)
    {
        public int Index { get; } = index;

        public Func<bool> IsPending { get; } = isPending;

        public Func<ulong> Executed { get; } = executed;

        public DeterministicTime Time { get; } = new();

        public SeatState State { get; set; }

        /// <summary>When the wait ends by itself, in nanoseconds.</summary>
        public ulong Deadline { get; set; } = ulong.MaxValue;

        public ulong Now => Time.Nanoseconds(Executed());
    }

    /// <summary>Adds a vCPU, powered off.</summary>
    public Seat Add(Func<bool> isPending, Func<ulong> executed)
    {
        using KvmLock.Scope _ = _gate.Enter();
        Seat seat = new(_seats.Length, isPending, executed);
        _seats = [.. _seats, seat];
        return seat;
    }

    /// <summary>The vCPU was powered on or off, by its own doing or another's.</summary>
    public void SetPower(Seat seat, bool on)
    {
        using KvmLock.Scope _ = _gate.Enter();
        if (on)
        {
            seat.State = SeatState.Runnable;
        }
        else
        {
            seat.State = SeatState.Off;
            PassOn(seat);
        }

        _gate.PulseAll();
    }

    /// <summary>
    /// Waits for this vCPU's turn. Answers how many instructions it may execute; 0 when <paramref name="interrupted"/> became true first.
    /// </summary>
    public ulong Take(Seat seat, Func<bool> interrupted)
    {
        using KvmLock.Scope _ = _gate.Enter();
        if (seat.State == SeatState.Away)
        {
            seat.State = SeatState.Runnable;
        }

        while (!interrupted())
        {
            if (_turn == seat.Index)
            {
                ulong now = seat.Now;
                if (now < _turnEnd)
                {
                    return _turnEnd - now;
                }

                EndTurn(seat);
            }
            else if (_turn == Nobody)
            {
                Grant(from: 0);
            }

            if (_turn != seat.Index)
            {
                _gate.Wait();
            }
        }

        return 0;
    }

    /// <summary>
    /// The vCPU waits for an interrupt, at most until <paramref name="deadline"/> (nanoseconds; ulong.MaxValue: without end). Returns with the turn when the wait is over, or
    /// when <paramref name="interrupted"/> became true.
    /// </summary>
    public void Wait(Seat seat, ulong deadline, Func<bool> interrupted)
    {
        using KvmLock.Scope _ = _gate.Enter();
        seat.State = SeatState.Waiting;
        seat.Deadline = deadline;
        if (_turn == seat.Index)
        {
            EndTurn(seat);
        }

        while (!interrupted() && _turn != seat.Index)
        {
            if (_turn == Nobody)
            {
                Grant(from: 0);
            }

            if (_turn != seat.Index)
            {
                _gate.Wait();
            }
        }

        if (seat.State == SeatState.Waiting)
        {
            seat.State = SeatState.Runnable;
        }
    }

    /// <summary>The vCPU gives up the rest of its turn (WFE: it spins on something another vCPU has to do).</summary>
    public void Yield(Seat seat)
    {
        using KvmLock.Scope _ = _gate.Enter();
        PassOn(seat);
    }

    /// <summary>The vCPU leaves KVM_RUN and others need not wait for it.</summary>
    public void Leave(Seat seat)
    {
        using KvmLock.Scope _ = _gate.Enter();
        if (seat.State is SeatState.Runnable or SeatState.Waiting)
        {
            seat.State = SeatState.Away;
        }

        PassOn(seat);
    }

    /// <summary>Has waiting threads look again: an interrupt line rose, or somebody was kicked.</summary>
    public void Poke()
    {
        using KvmLock.Scope _ = _gate.Enter();
        _gate.PulseAll();
    }

    private void PassOn(Seat seat)
    {
        if (_turn == seat.Index)
        {
            EndTurn(seat);
        }
    }

    private void EndTurn(Seat seat)
    {
        _now = seat.Now;
        Grant(from: seat.Index + 1);
    }

    /// <summary>Gives the turn to the next seat that can use it, beginning with <paramref name="from"/> and going round once; skips time where all wait.</summary>
    private void Grant(int from)
    {
        _turn = Nobody;
        for (int i = 0; i < _seats.Length; i++)
        {
            if (TryGrant(_seats[(from + i) % _seats.Length]))
            {
                return;
            }
        }

        Seat? first = null;
        foreach (Seat seat in _seats)
        {
            if (seat.State == SeatState.Waiting && seat.Deadline != ulong.MaxValue && (first is null || seat.Deadline < first.Deadline))
            {
                first = seat;
            }
        }

        if (first is not null)
        {
            _now = first.Deadline;
            TryGrant(first);
        }
    }

    private bool TryGrant(Seat seat)
    {
        if (seat.State != SeatState.Runnable && (seat.State != SeatState.Waiting || (!seat.IsPending() && seat.Deadline > _now)))
        {
            return false;
        }

        _turn = seat.Index;
        _turnEnd = _now + quantum;
        seat.Time.Set(_now, seat.Executed());
        _gate.PulseAll();
        return true;
    }
}
