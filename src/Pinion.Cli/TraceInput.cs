using Pinion.Trace;
using Pinion.Trace.Samples;

namespace Pinion.Cli;

/// <summary>A trace and its symbols, as the commands that read traces open them.</summary>
internal static class TraceInput
{
    /// <summary>Opens <paramref name="file"/>; null, with a message written, where that or a file of symbols cannot be read.</summary>
    /// <param name="file">Path of the trace.</param>
    /// <param name="symbols">Files with symbols.</param>
    /// <param name="error">Where messages go.</param>
    /// <param name="worst">Exit code so far.</param>
    public static SampleSource? Open(string file, SymbolFiles symbols, TextWriter error, out int worst)
    {
        if (!TraceFile.TryRead(file, out SpeTrace trace, out string message))
        {
            error.Write($"pinion: {message}\n");
            worst = ExitCodes.Usage;
            return null;
        }

        var source = new SampleSource(trace, symbols.Load(trace, error, out worst));
        return worst == ExitCodes.Usage ? null : source;
    }
}
