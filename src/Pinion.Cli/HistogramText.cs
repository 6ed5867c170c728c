using System.Globalization;
using Pinion.Trace.Profiles;

namespace Pinion.Cli;

/// <summary>Histograms of latencies as bars.</summary>
internal static class HistogramText
{
    private const int Width = 50;

    /// <summary>The histograms that were kept and have samples.</summary>
    public static IEnumerable<(string Name, LatencyHistogram Histogram)> Of(ProfileCounts counts)
    {
        (string Name, LatencyHistogram? Histogram)[] all = [("total", counts.TotalHistogram), ("issue", counts.IssueHistogram), ("translation", counts.TranslationHistogram)];
        return all.Where(one => one.Histogram is { Count: > 0 }).Select(one => (one.Name, one.Histogram!));
    }

    /// <summary>A bar for each power of two from the first that has samples to the last: "16-31" and the samples.</summary>
    public static IReadOnlyList<(string Range, long Samples)> Bars(LatencyHistogram histogram)
    {
        var bars = new List<(string Range, long Samples)>();
        for (int bucket = 0; bucket < LatencyHistogram.Buckets;)
        {
            int low = LatencyHistogram.LowerBound(bucket);
            int limit = Math.Max(1, 2 * low);
            long samples = 0;
            for (; bucket < LatencyHistogram.Buckets && LatencyHistogram.LowerBound(bucket) < limit; bucket++)
            {
                samples += histogram[bucket];
            }

            bars.Add((low == limit - 1 ? $"{low}" : $"{low}-{limit - 1}", samples));
        }

        int first = bars.FindIndex(bar => bar.Samples > 0);
        int last = bars.FindLastIndex(bar => bar.Samples > 0);
        return first < 0 ? [] : bars[first..(last + 1)];
    }

    /// <summary>Writes the histograms of <paramref name="counts"/> as plain text.</summary>
    public static void Write(ProfileCounts counts, TextWriter writer)
    {
        foreach ((string name, LatencyHistogram histogram) in Of(counts))
        {
            IReadOnlyList<(string Range, long Samples)> bars = Bars(histogram);
            long most = bars.Max(bar => bar.Samples);
            writer.Write($"\n# {name} latency: cycles, samples\n");
            foreach ((string range, long samples) in bars)
            {
                int length = (int)Math.Ceiling(Width * (double)samples / most);
                writer.Write(string.Create(CultureInfo.InvariantCulture, $"{range,12} {samples,12} {new string('#', length)}").TrimEnd() + "\n");
            }
        }
    }
}
