using Pinion.Vmm.Devices;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.Devices;

public sealed class Pl031Tests
{
    private readonly ManualTime _time = new();
    private readonly RecordingLine _line = new();

    [Fact]
    public void TheDataRegisterCountsSecondsSince1970()
    {
        using Pl031 clock = new(0x09010000, 2, 2, _line, _time);
        clock.Read(0, 4).ShouldBe(1_000_000u);
        _time.Advance(5);
        clock.Read(0, 4).ShouldBe(1_000_005u);
        Enumerable.Range(0, 8).Select(i => clock.Read(0xfe0 + 4 * (ulong)i, 4)).ShouldBe([0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1]);
    }

    [Fact]
    public void LoadingSetsTheTime()
    {
        using Pl031 clock = new(0x09010000, 2, 2, _line, _time);
        clock.Write(8, 4, 42);
        _time.Advance(3);
        clock.Read(0, 4).ShouldBe(45u);
        clock.Read(8, 4).ShouldBe(42u);
    }

    [Fact]
    public void TheAlarmRaisesTheLineAtTheMatchUntilCleared()
    {
        using Pl031 clock = new(0x09010000, 2, 2, _line, _time);
        clock.Write(0x10, 4, 1);
        clock.Write(4, 4, 1_000_010);
        _time.Advance(9);
        _line.Level.ShouldBeFalse();
        _time.Advance(1);
        _line.Level.ShouldBeTrue();
        clock.Read(0x18, 4).ShouldBe(1u);
        clock.Write(0x1c, 4, 1);
        _line.Level.ShouldBeFalse();
    }

    [Fact]
    public void AMaskedAlarmIsOnlyRaw()
    {
        using Pl031 clock = new(0x09010000, 2, 2, _line, _time);
        clock.Write(4, 4, 1_000_002);
        _time.Advance(2);
        _line.Level.ShouldBeFalse();
        clock.Read(0x14, 4).ShouldBe(1u);
        clock.Read(0x18, 4).ShouldBe(0u);
    }

    private sealed class ManualTime : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private long _now = 1_000_000;

        public void Advance(int seconds)
        {
            _now += seconds;
            foreach (Timer timer in _timers.Where(t => t.Due <= _now).ToArray())
            {
                timer.Due = long.MaxValue;
                timer.Callback();
            }
        }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(_now);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timer timer = new(this, () => callback(state));
            _timers.Add(timer);
            return timer;
        }

        private sealed class Timer(ManualTime time, Action callback) : ITimer
        {
            public long Due { get; set; } = long.MaxValue;

            public Action Callback { get; } = callback;

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Due = time._now + (long)dueTime.TotalSeconds;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
