using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// The out-of-order core of the timing model: when registers are ready, when operations retire, and the time. A value, so that a run of operations works on a copy of its own.
/// Time is counted in units of one dispatch slot, <see cref="TimingParameters.DispatchWidth"/> to the cycle.
/// </summary>
internal unsafe struct Scoreboard
{
    private const int ZeroRegister = 31;

    private readonly ulong* _ready;
    private readonly ulong* _retire;
    private readonly ulong* _waiting;
    private readonly uint _retireCount;
    private readonly uint _waitingCount;
    private readonly int _widthShift;
    private readonly uint _minimumIssue;
    private readonly uint _mispredict;
    private readonly uint _targetMiss;
    private readonly uint _flush;
    private uint _retireAt;
    private uint _waitingAt;
    private ulong _lastRetire;
    private ulong _clock;

    /// <param name="parameters">Widths and latencies.</param>
    /// <param name="storage">Zeroed memory, as much as <see cref="Words"/> says.</param>
    public Scoreboard(TimingParameters parameters, ulong* storage)
    {
        _widthShift = BitOperations.Log2((uint)parameters.DispatchWidth);
        _minimumIssue = (uint)parameters.MinimumIssueCycles << _widthShift;
        _mispredict = (uint)parameters.MispredictCycles << _widthShift;
        _targetMiss = (uint)parameters.TargetMissCycles << _widthShift;
        _flush = (uint)parameters.FlushCycles << _widthShift;
        _retireCount = (uint)parameters.ReorderEntries;
        _waitingCount = (uint)parameters.WaitingAccesses;
        _ready = storage;
        _retire = _ready + OperationInfo.RegisterCount;
        _waiting = _retire + _retireCount;
    }

    /// <summary>Words of memory that a scoreboard needs.</summary>
    public static int Words(TimingParameters parameters) => OperationInfo.RegisterCount + parameters.ReorderEntries + parameters.WaitingAccesses;

    /// <summary>Cycles that some time is.</summary>
    public readonly ulong Cycles(ulong time) => time >> _widthShift;

    /// <summary>Dispatches one operation that takes <paramref name="cycles"/> once its sources are ready. <paramref name="issue"/> and <paramref name="complete"/> count from its dispatch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Schedule(uint word, in OperationInfo info, bool memory, uint cycles, BranchOutcome outcome, bool tookException, out ulong issue, out ulong complete)
    {
        ulong* ready = _ready;
        ulong* oldest = _retire + _retireAt;
        ulong dispatch = Math.Max(_clock, *oldest);
        ulong* waiting = _waiting + _waitingAt;
        if (memory)
        {
            dispatch = Math.Max(dispatch, *waiting);
            _waitingAt = _waitingAt + 1 == _waitingCount ? 0 : _waitingAt + 1;
        }

        ulong sources = Math.Max(
            Math.Max(ready[info.Base1 + ((word >> 5) & info.Mask1)], ready[info.Base2 + ((word >> 16) & info.Mask2)]),
            ready[info.Base3 + ((word >> info.Shift3) & info.Mask3)]);
        if ((info.Flags & OperationFlags.Drain) != 0)
        {
            sources = Math.Max(sources, _lastRetire);
        }

        ulong issued = Math.Max(dispatch + _minimumIssue, sources);
        ulong completed = issued + ((ulong)cycles << _widthShift);
        if (memory)
        {
            *waiting = issued;
        }

        ready[info.Base4 + ((word >> info.Shift4) & info.Mask4)] = completed;
        ready[info.Base5 + ((word >> 10) & info.Mask5)] = completed;
        ready[ZeroRegister] = 0;

        _lastRetire = Math.Max(_lastRetire, completed);
        *oldest = _lastRetire;
        _retireAt = _retireAt + 1 == _retireCount ? 0 : _retireAt + 1;

        _clock = dispatch + 1;
        if (outcome == BranchOutcome.Mispredicted)
        {
            _clock = completed + _mispredict;
        }
        else if (outcome == BranchOutcome.TargetMiss)
        {
            _clock = dispatch + _targetMiss;
        }
        else if ((info.Flags & OperationFlags.Flush) != 0 || tookException)
        {
            _clock = _lastRetire + _flush;
        }

        issue = issued - dispatch;
        complete = completed - dispatch;
    }
}
