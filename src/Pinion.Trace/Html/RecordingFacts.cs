using System.Globalization;

namespace Pinion.Trace.Html;

/// <summary>What a trace says of its own recording, as pairs of texts.</summary>
internal static class RecordingFacts
{
    public static IEnumerable<KeyValuePair<string, string>> Of(SpeTrace trace)
    {
        yield return new("format", trace.Format);
        foreach (KeyValuePair<string, string> fact in trace.Facts)
        {
            yield return fact;
        }

        if (trace.Midr != 0)
        {
            yield return new("MIDR_EL1", Hex(trace.Midr));
        }

        if (trace.Pmsidr != 0)
        {
            yield return new("PMSIDR_EL1", Hex(trace.Pmsidr));
        }

        yield return new("size of the file", Bytes(trace.Source.Length));
        yield return new("size of the records", Bytes(trace.Buffers.Sum(buffer => (long)buffer.Length)));
    }

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");

    private static string Bytes(long count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} bytes");
}
