using Pinion.Trace.Html;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Cli;

/// <summary>pinion report --html: a trace as a page.</summary>
internal static class HtmlCommand
{
    /// <summary>Writes the page of <paramref name="file"/> to <paramref name="page"/>; returns an exit code.</summary>
    public static int Run(string file, SymbolFiles symbols, SampleFilter filter, string page, TextWriter output, TextWriter error)
    {
        if (TraceInput.Open(file, symbols, error, out int worst) is not SampleSource source)
        {
            return worst;
        }

        using AddrToLine lines = symbols.Lines(error);
        var options = new HtmlReportOptions { Title = Path.GetFileName(file), Generator = $"pinion {VersionCommand.Version}", Filter = filter, Lines = lines };
        int written = OutputFile.Write(page, output, error, stream => HtmlReport.Write(source, options, stream));
        return written != ExitCodes.Success ? written : SymbolFiles.Worse(worst, CommandOutput.Report(file, source.Trace.Diagnoses, error));
    }
}
