using Pinion.Cpu.Timer;

namespace Pinion.Cpu.Tests.Timer;

/// <summary>Counts between two readings of the system counter, by a time stamp counter that is not to be trusted.</summary>
public sealed class TickClockTests
{
    [Fact]
    public void BetweenReadingsTimeIsWhatTheTicksSay()
    {
        var clock = default(TickClock);
        clock.Read(1000, 50_000);
        clock.Read(2000, 150_000);
        clock.CountAt(150_000).ShouldBe(2000ul);

        clock = default;
        clock.Read(1000, 50_000);
        clock.Read(2000, 150_000);
        clock.CountAt(100_000).ShouldBe(1500ul);
        clock.CountAt(140_000).ShouldBe(1900ul);
    }

    [Fact]
    public void TimeDoesNotGoBackAndIsNotAheadWhateverTheTicksAre()
    {
        var random = new Random(5);
        var clock = default(TickClock);
        ulong count = 1;
        ulong last = 0;
        for (int i = 0; i < 10_000; i++)
        {
            count += (ulong)random.Next(1000);
            clock.Read(count, (ulong)random.NextInt64());
            for (int k = 0; k < 3; k++)
            {
                ulong at = clock.CountAt((ulong)random.NextInt64(long.MinValue, long.MaxValue));
                at.ShouldBeInRange(last, count);
                last = at;
            }
        }
    }
}
