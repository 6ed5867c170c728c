using Pinion.Trace.Truth;

namespace Pinion.Trace.Tests.Truth;

/// <summary>Against printed tables, and sums that take long.</summary>
public sealed class StatisticsTests
{
    [Theory]
    [InlineData(3.841459, 1, 0.05)]
    [InlineData(6.634897, 1, 0.01)]
    [InlineData(18.307038, 10, 0.05)]
    [InlineData(2.155856, 10, 0.995)]
    [InlineData(124.342113, 100, 0.05)]
    [InlineData(77.929465, 100, 0.95)]
    [InlineData(1074.679, 1000, 0.05)]
    [InlineData(0, 5, 1)]
    [InlineData(double.NaN, 5, 1)]
    public void TheTailOfChiSquareIsAsPrinted(double value, int degrees, double tail) => Statistics.ChiSquareTail(value, degrees).ShouldBe(tail, 2e-6);

    [Theory]
    [InlineData(5, 10, 0.95, 0.1871, 0.8129)]
    [InlineData(0, 10, 0.95, 0, 0.3085)]
    [InlineData(10, 10, 0.95, 0.6915, 1)]
    [InlineData(1, 20, 0.95, 0.0013, 0.2487)]
    [InlineData(0, 0, 0.95, 0, 1)]
    public void TheIntervalIsThatOfClopperAndPearson(long hits, long trials, double confidence, double low, double high)
    {
        (double from, double to) = Statistics.ExactInterval(hits, trials, confidence);
        from.ShouldBe(low, 1e-4);
        to.ShouldBe(high, 1e-4);
    }

    [Fact]
    public void AtTheEndsOfTheIntervalWhatWasSeenIsJustUnlikelyEnough()
    {
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            int trials = random.Next(1, 400);
            int hits = random.Next(trials + 1);
            (double low, double high) = Statistics.ExactInterval(hits, trials);
            if (hits > 0)
            {
                (1 - CumulativeByHand(hits - 1, trials, low)).ShouldBe(0.005, 1e-6, $"{hits} of {trials}");
            }

            if (hits < trials)
            {
                CumulativeByHand(hits, trials, high).ShouldBe(0.005, 1e-6, $"{hits} of {trials}");
            }
        }
    }

    [Fact]
    public void TheIntervalOfAnyTraceHasTheObservedShareInIt()
    {
        var random = new Random(2);
        for (int i = 0; i < 3000; i++)
        {
            long trials = random.NextInt64(1, 1L << random.Next(1, 33));
            long hits = random.Next(3) == 0 ? random.NextInt64(Math.Min(trials, 5)) : random.NextInt64(trials + 1);
            (double low, double high) = Statistics.ExactInterval(hits, trials);
            double share = (double)hits / trials;
            low.ShouldBeInRange(0, share, $"{hits} of {trials}");
            high.ShouldBeInRange(share, 1, $"{hits} of {trials}");
        }
    }

    [Theory]
    [InlineData(3, 10, 0.5)]
    [InlineData(7, 10, 0.5)]
    [InlineData(0, 40, 0.01)]
    [InlineData(40, 40, 0.9)]
    [InlineData(2, 300, 0.001)]
    [InlineData(1, 300, 0.02)]
    public void TheTailOfTheBinomialIsItsSum(int hits, int trials, double share)
    {
        double below = CumulativeByHand(hits, trials, share);
        double above = hits == 0 ? 1 : 1 - CumulativeByHand(hits - 1, trials, share);
        Statistics.BinomialTail(hits, trials, share).ShouldBe(Math.Min(1, 2 * Math.Min(below, above)), 1e-9);
    }

    [Theory]
    [InlineData(0, 10, 0, 1)]
    [InlineData(1, 10, 0, 0)]
    [InlineData(10, 10, 1, 1)]
    [InlineData(0, 0, 0.5, 1)]
    public void WhatIsCertainIsCertain(long hits, long trials, double share, double tail) => Statistics.BinomialTail(hits, trials, share).ShouldBe(tail);

    [Fact]
    public void HolmAdjustsByHowManyAreLeft() =>
        Statistics.HolmAdjusted([0.01, 0.04, 0.03, 0.005]).ShouldBe([0.03, 0.06, 0.06, 0.02], 1e-12);

    private static double CumulativeByHand(int hits, int trials, double share)
    {
        double sum = 0;
        double choices = 0;
        for (int k = 0; k <= hits; k++)
        {
            sum += Math.Exp(choices + (k * Math.Log(share)) + ((trials - k) * Math.Log(1 - share)));
            choices += Math.Log((trials - k) / (k + 1.0));
        }

        return sum;
    }
}
