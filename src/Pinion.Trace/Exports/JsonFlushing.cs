using System.Text.Json;

namespace Pinion.Trace.Exports;

/// <summary>Keeps what a writer of JSON holds small: by itself it passes nothing on before the end.</summary>
internal static class JsonFlushing
{
    private const int Enough = 1 << 16;

    /// <summary>Passes on what was written, where it is worth it.</summary>
    public static void FlushSome(this Utf8JsonWriter json)
    {
        if (json.BytesPending >= Enough)
        {
            json.Flush();
        }
    }
}
