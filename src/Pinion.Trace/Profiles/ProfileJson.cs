using System.Text.Json;

namespace Pinion.Trace.Profiles;

/// <summary>
/// A profile as JSON: {"total": counts, "functions": [{"image", "function", counts...}]}; where it is by something else, "rows" stands for "functions", with the labels of that profile. Mean latencies are in
/// cycles, null where nothing was recorded; histograms are lists of [smallest latency of the bucket, samples]; everything else is a number of samples.
/// </summary>
public static class ProfileJson
{
    private const int MostPending = 1 << 16;

    /// <summary>Writes the profile as one indented JSON object.</summary>
    public static void Write(Profile profile, TimeConversion time, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        if (profile.Timestamps is (ulong first, ulong last))
        {
            json.WriteNumber("firstTimestamp", first);
            json.WriteNumber("lastTimestamp", last);
            if (time.Multiplier != 0)
            {
                json.WriteNumber("nanoseconds", time.ToNanoseconds(last) - time.ToNanoseconds(first));
            }
        }

        json.WriteStartObject("total");
        WriteCounts(json, profile.Total);
        json.WriteEndObject();
        json.WriteStartArray(profile.Options.By == ProfileBy.Function ? "functions" : "rows");
        foreach (ProfileRow row in profile.Rows)
        {
            json.WriteStartObject();
            foreach ((string name, string text) in profile.Labels.Zip(row.Labels))
            {
                json.WriteString(JsonNamingPolicy.CamelCase.ConvertName(name.Replace(" ", "", StringComparison.Ordinal)), text);
            }

            WriteCounts(json, row.Counts);
            json.WriteEndObject();

            // Otherwise the writer keeps everything until its end.
            if (json.BytesPending > MostPending)
            {
                json.Flush();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, ProfileCounts counts)
    {
        json.WriteNumber("samples", counts.Samples);
        WriteMean(json, "meanTotalLatency", counts.MeanTotalLatency);
        WriteMean(json, "meanIssueLatency", counts.MeanIssueLatency);
        WriteMean(json, "meanTranslationLatency", counts.MeanTranslationLatency);
        json.WriteNumber("loads", counts.Of(ProfileClass.Load));
        json.WriteNumber("stores", counts.Of(ProfileClass.Store));
        json.WriteNumber("atomics", counts.Of(ProfileClass.Atomic));
        json.WriteNumber("branches", counts.Of(ProfileClass.Branch));
        json.WriteNumber("fpSimd", counts.Of(ProfileClass.FpSimd));
        json.WriteNumber("other", counts.Of(ProfileClass.Other) + counts.Of(ProfileClass.None));
        json.WriteNumber("mispredicted", counts.Mispredicted);
        json.WriteNumber("notTaken", counts.NotTaken);
        json.WriteNumber("l1DataRefills", counts.L1DataRefills);
        json.WriteNumber("lastLevelMisses", counts.LastLevelMisses);
        json.WriteNumber("tlbWalks", counts.TlbWalks);
        json.WriteNumber("exceptions", counts.Exceptions);
        json.WriteNumber("remoteAccesses", counts.RemoteAccesses);
        json.WriteStartArray("exceptionLevels");
        for (int level = 0; level < 4; level++)
        {
            json.WriteNumberValue(counts.AtLevel(level));
        }

        json.WriteEndArray();
        json.WriteStartObject("dataSources");
        for (int source = 0; source < ProfileCounts.DataSources; source++)
        {
            if (counts.FromSource(source) != 0)
            {
                json.WriteNumber(ProfileTable.SourceName(source), counts.FromSource(source));
            }
        }

        json.WriteEndObject();
        WriteHistogram(json, "totalLatency", counts.TotalHistogram);
        WriteHistogram(json, "issueLatency", counts.IssueHistogram);
        WriteHistogram(json, "translationLatency", counts.TranslationHistogram);
    }

    private static void WriteHistogram(Utf8JsonWriter json, string name, LatencyHistogram? histogram)
    {
        if (histogram is null || histogram.Count == 0)
        {
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("p50", histogram.Quantile(0.5)!.Value);
        json.WriteNumber("p90", histogram.Quantile(0.9)!.Value);
        json.WriteNumber("p99", histogram.Quantile(0.99)!.Value);
        json.WriteNumber("max", histogram.Maximum);
        json.WriteStartArray("buckets");
        for (int bucket = 0; bucket < LatencyHistogram.Buckets; bucket++)
        {
            if (histogram[bucket] != 0)
            {
                json.WriteStartArray();
                json.WriteNumberValue(LatencyHistogram.LowerBound(bucket));
                json.WriteNumberValue(histogram[bucket]);
                json.WriteEndArray();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMean(Utf8JsonWriter json, string name, double? mean)
    {
        if (mean is double value)
        {
            json.WriteNumber(name, Math.Round(value, 3));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
