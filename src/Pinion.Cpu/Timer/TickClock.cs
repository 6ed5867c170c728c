namespace Pinion.Cpu.Timer;

/// <summary>
/// What the system counter was when the host's time stamp counter was read. The latter is only trusted between two readings of the former: wherever it jumps or stands, the answer lies between them.
/// </summary>
internal struct TickClock
{
    private ulong _firstCount;
    private ulong _firstTicks;
    private double _countsPerTick;
    private ulong _count;
    private ulong _ticks;

    /// <summary>The count that was answered last: time does not go back.</summary>
    private ulong _last;

    /// <summary>Both were read together, now.</summary>
    public void Read(ulong count, ulong ticks)
    {
        if (_firstTicks == 0)
        {
            (_firstCount, _firstTicks) = (count, ticks);
        }

        (_count, _ticks) = (count, ticks);
        _countsPerTick = ticks == _firstTicks ? 0 : (double)(long)(count - _firstCount) / (long)(ticks - _firstTicks);
    }

    /// <summary>The count at <paramref name="ticks"/>, which were read before the last call of <see cref="Read"/>.</summary>
    public ulong CountAt(ulong ticks)
    {
        var ago = (long)((long)(_ticks - ticks) * _countsPerTick);
        ulong count = _count - (ulong)Math.Max(0, ago);
        return _last = Math.Clamp(count, Math.Min(_last, _count), _count);
    }
}
