using Pinion.Trace.Capture;
using Pinion.Trace.PerfData;

namespace Pinion.Trace;

/// <summary>Reads a trace in any format: Pinion's capture, perf.data, or packets with nothing around them.</summary>
public static class TraceFile
{
    private const int MagicSize = 8;

    /// <summary>
    /// Reads the file at <paramref name="path"/>; false, with a message, where it cannot be opened or read. A corrupt file is read as far as it goes and
    /// has diagnoses.
    /// </summary>
    public static bool TryRead(string path, out SpeTrace trace, out string error)
    {
        trace = new() { Format = "none", Source = new TraceBytes(default) };
        error = "";
        try
        {
            trace = Parse(TraceBytes.Map(path));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = $"cannot read {path}: {e.Message}";
            return false;
        }
    }

    /// <summary>Reads a whole file. Every input gives a trace.</summary>
    public static SpeTrace Parse(ReadOnlyMemory<byte> file) => Parse(new TraceBytes(file));

    /// <summary>Reads a whole file. Every input gives a trace; it refers to <paramref name="file"/>.</summary>
    public static SpeTrace Parse(TraceBytes file)
    {
        ReadOnlySpan<byte> start = file.Span(0, (int)Math.Min(file.Length, MagicSize));
        if (CaptureReader.IsCapture(start))
        {
            return CaptureReader.Read(file);
        }

        if (PerfDataReader.IsPerfData(start))
        {
            return PerfDataReader.Read(file);
        }

        var trace = new SpeTrace { Format = "raw packets", Source = file };
        trace.AddBuffer(0, -1, 0, 0, (ulong)file.Length);
        return trace;
    }
}
