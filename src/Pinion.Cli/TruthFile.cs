using System.Globalization;
using Pinion.Cpu.Profiling;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>The counts of <c>--truth</c> as comma-separated text: <c>el,contextid,pc,count</c>, numbers decimal except the hexadecimal address.</summary>
internal sealed class TruthFile(int cpus) : IDisposable
{
    private StreamWriter? _writer;

    /// <summary>What fills the file.</summary>
    public TruthCounts Counts { get; } = new(cpus);

    /// <summary>Creates the file, when the machine is known to work: one that cannot be made leaves nothing behind.</summary>
    public Problem? Open(string path)
    {
        try
        {
            _writer = new StreamWriter(path);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return new Problem(ProblemKind.Usage, $"cannot write {path}: {e.Message}", "give another file with --truth");
        }
    }

    /// <summary>Writes the counts, when no CPU runs any more.</summary>
    public Problem? Write()
    {
        if (_writer is null)
        {
            return null;
        }

        try
        {
            _writer.NewLine = "\n";
            _writer.WriteLine("el,contextid,pc,count");
            foreach (TruthCount count in Counts.Counts())
            {
                _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count.El},{count.ContextId},0x{count.Pc:x},{count.Count}"));
            }

            _writer.Flush();
            return null;
        }
        catch (IOException e)
        {
            return new Problem(ProblemKind.Host, $"cannot write the counts of --truth: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer?.Dispose();
}
