using System.Numerics;

namespace Pinion.Trace.Profiles;

/// <summary>Latencies in cycles by size: each of the first 16 counts by itself, above that four buckets for each power of two, so a bucket is at most a quarter wide.</summary>
public sealed class LatencyHistogram
{
    /// <summary>Buckets; counters have 16 bits (Arm ARM D18.2.2).</summary>
    public const int Buckets = 64;

    private const int Exact = 16;
    private const int SubBucketBits = 2;
    private readonly long[] _counts = new long[Buckets];

    /// <summary>Samples.</summary>
    public long Count { get; private set; }

    /// <summary>Largest latency.</summary>
    public int Maximum { get; private set; }

    /// <summary>Samples in a bucket.</summary>
    public long this[int bucket] => _counts[bucket];

    /// <summary>Bucket of a latency.</summary>
    public static int BucketOf(ushort cycles)
    {
        if (cycles < Exact)
        {
            return cycles;
        }

        int exponent = BitOperations.Log2(cycles);
        int sub = (cycles >> (exponent - SubBucketBits)) & ((1 << SubBucketBits) - 1);
        return Exact + ((exponent - 4) << SubBucketBits) + sub;
    }

    /// <summary>Smallest latency of a bucket.</summary>
    public static int LowerBound(int bucket)
    {
        if (bucket < Exact)
        {
            return bucket;
        }

        int exponent = 4 + ((bucket - Exact) >> SubBucketBits);
        int sub = (bucket - Exact) & ((1 << SubBucketBits) - 1);
        return ((1 << SubBucketBits) + sub) << (exponent - SubBucketBits);
    }

    /// <summary>Largest latency of a bucket.</summary>
    public static int UpperBound(int bucket) => bucket == Buckets - 1 ? ushort.MaxValue : LowerBound(bucket + 1) - 1;

    public void Add(ushort cycles) => Add(cycles, 1);

    /// <summary>Adds several samples with the same latency.</summary>
    public void Add(ushort cycles, long samples)
    {
        _counts[BucketOf(cycles)] += samples;
        Count += samples;
        Maximum = Math.Max(Maximum, cycles);
    }

    /// <summary>Sets everything to 0.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
        Maximum = 0;
    }

    public void Add(LatencyHistogram other)
    {
        for (int bucket = 0; bucket < Buckets; bucket++)
        {
            _counts[bucket] += other._counts[bucket];
        }

        Count += other.Count;
        Maximum = Math.Max(Maximum, other.Maximum);
    }

    /// <summary>A latency that the share <paramref name="quantile"/> (0 to 1) of all samples does not exceed: the upper bound of its bucket, or the maximum. Null without samples.</summary>
    public int? Quantile(double quantile)
    {
        if (Count == 0)
        {
            return null;
        }

        long rank = Math.Clamp((long)Math.Ceiling(quantile * Count), 1, Count);
        int bucket = 0;
        for (long seen = _counts[0]; seen < rank; seen += _counts[bucket])
        {
            bucket++;
        }

        return Math.Min(UpperBound(bucket), Maximum);
    }
}
