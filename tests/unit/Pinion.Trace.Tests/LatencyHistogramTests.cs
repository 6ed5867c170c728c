using Pinion.Trace.Profiles;

namespace Pinion.Trace.Tests;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void EveryLatencyLiesWithinTheBoundsOfItsBucketAndBucketsAreAtMostAQuarterWide()
    {
        for (int cycles = 0; cycles <= ushort.MaxValue; cycles++)
        {
            int bucket = LatencyHistogram.BucketOf((ushort)cycles);
            int low = LatencyHistogram.LowerBound(bucket);
            int high = LatencyHistogram.UpperBound(bucket);
            cycles.ShouldBeInRange(low, high);
            (high - low).ShouldBeLessThanOrEqualTo(low / 4);
        }

        LatencyHistogram.BucketOf(ushort.MaxValue).ShouldBe(LatencyHistogram.Buckets - 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void QuantilesAreWithinABucketOfThoseOfTheSortedLatencies(int seed)
    {
        var random = new Random(seed);
        ushort[] latencies = [.. Enumerable.Range(0, 5000).Select(_ => (ushort)Math.Min(65535, Math.Exp(random.NextDouble() * 11)))];
        var left = new LatencyHistogram();
        var right = new LatencyHistogram();
        foreach (ushort latency in latencies)
        {
            (random.Next(2) == 0 ? left : right).Add(latency);
        }

        left.Add(right);
        Array.Sort(latencies);
        left.Count.ShouldBe(5000);
        left.Maximum.ShouldBe(latencies[^1]);
        foreach (double quantile in (double[])[0, 0.01, 0.5, 0.9, 0.99, 0.999, 1])
        {
            ushort exact = latencies[Math.Max(0, (int)Math.Ceiling(quantile * 5000) - 1)];
            left.Quantile(quantile)!.Value.ShouldBeInRange(exact, Math.Min(left.Maximum, LatencyHistogram.UpperBound(LatencyHistogram.BucketOf(exact))));
        }
    }

    [Fact]
    public void WithoutSamplesThereIsNoQuantile() => new LatencyHistogram().Quantile(0.5).ShouldBeNull();
}
