using Pinion.Cpu.Profiling;
using Pinion.Trace.Capture;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli;

/// <summary>
/// Gathers the profiling records of each CPU and appends them to a capture, some at a time. A chunk ends when it is full, not at a moment of the host's: so a
/// deterministic run gives the same file every time.
/// </summary>
internal sealed class CaptureSink : ISpeRecordSink, IDisposable
{
    private const int ChunkSize = 8 << 10;

    private readonly (byte[] Bytes, int Count)[] _pending;
    private CaptureWriter? _writer;
    private bool _disposed;

    /// <summary>A sink for the records of <paramref name="cpus"/> CPUs; <see cref="Open"/> comes before the first of them.</summary>
    public CaptureSink(int cpus)
    {
        _pending = [.. Enumerable.Range(0, cpus).Select(_ => (new byte[ChunkSize], 0))];
    }

    /// <summary>Why the host refused a write, or null.</summary>
    public string? Error => _writer?.Error;

    /// <summary>Creates the file, when the machine is known to work: one that cannot be made leaves nothing behind.</summary>
    public Problem? Open(string path, MachineIdentity identity, string? kernelSymbols = null)
    {
        CaptureHeader header = new(identity.Midr, identity.Pmsidr, identity.TimerFrequency, identity.PmsVer, (uint)_pending.Length);
        if (!CaptureWriter.TryCreate(path, header, out _writer, out string error))
        {
            return new Problem(ProblemKind.Usage, error, "give another file with --spe-capture");
        }

        if (kernelSymbols is not null)
        {
            _writer.AppendKernelSymbols(File.ReadAllBytes(kernelSymbols));
        }

        return null;
    }

    /// <inheritdoc/>
    public void Append(int pe, ReadOnlySpan<byte> record)
    {
        // Each CPU has a buffer of its own, and is called for by one thread at a time; the writer takes one chunk at a time.
        ref (byte[] Bytes, int Count) pending = ref _pending[pe];
        if (pending.Count + record.Length > pending.Bytes.Length)
        {
            Flush(pe);
        }

        if (record.Length > pending.Bytes.Length)
        {
            _writer!.Append(pe, record);
            return;
        }

        record.CopyTo(pending.Bytes.AsSpan(pending.Count));
        pending.Count += record.Length;
    }

    /// <summary>Writes what is left. Only when no CPU runs any more.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        for (int pe = 0; pe < _pending.Length; pe++)
        {
            Flush(pe);
        }

        _writer?.Dispose();
    }

    private void Flush(int pe)
    {
        _writer?.Append(pe, _pending[pe].Bytes.AsSpan(0, _pending[pe].Count));
        _pending[pe].Count = 0;
    }
}
