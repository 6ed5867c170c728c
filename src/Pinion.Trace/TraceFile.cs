using Pinion.Trace.Capture;
using Pinion.Trace.PerfData;

namespace Pinion.Trace;

/// <summary>Reads a trace in any format: Pinion's capture, perf.data, or packets with nothing around them.</summary>
public static class TraceFile
{
    /// <summary>
    /// Reads the file at <paramref name="path"/>; false, with a message, where it cannot be opened or read. A corrupt file is read as far as it goes and
    /// has diagnoses.
    /// </summary>
    public static bool TryRead(string path, out SpeTrace trace, out string error)
    {
        trace = new() { Format = "none" };
        error = "";
        try
        {
            trace = Parse(File.ReadAllBytes(path));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = $"cannot read {path}: {e.Message}";
            return false;
        }
    }

    /// <summary>Reads a whole file. Every input gives a trace.</summary>
    public static SpeTrace Parse(ReadOnlyMemory<byte> file)
    {
        if (CaptureReader.IsCapture(file.Span))
        {
            return CaptureReader.Read(file);
        }

        if (PerfDataReader.IsPerfData(file.Span))
        {
            return PerfDataReader.Read(file);
        }

        var trace = new SpeTrace { Format = "raw packets" };
        trace.Buffers.Add(new(0, -1, 0, 0, file));
        return trace;
    }
}
