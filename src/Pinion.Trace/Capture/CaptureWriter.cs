using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Pinion.Trace.Capture;

/// <summary>
/// Writes a capture (docs/capture-format.md). Every append is handed to the operating system at once and whole, so the file holds everything up to the
/// last append even when the process dies. Its content depends on nothing but what is appended and in which order. May be used by several threads.
/// </summary>
public sealed class CaptureWriter : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, ulong> _streamOffsets = [];
    private long _length;

    private CaptureWriter(SafeFileHandle file) => _file = file;

    /// <summary>Why the host refused a write, or null. After the first refusal nothing more is written.</summary>
    public string? Error { get; private set; }

    /// <summary>Bytes written so far.</summary>
    public long Length
    {
        get
        {
            lock (_lock)
            {
                return _length;
            }
        }
    }

    /// <summary>Creates (or replaces) the file at <paramref name="path"/>; false, with a message, where the host refuses.</summary>
    public static bool TryCreate(string path, in CaptureHeader header, [NotNullWhen(true)] out CaptureWriter? writer, out string error)
    {
        writer = null;
        try
        {
            var created = new CaptureWriter(File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read));
            if (!created.WriteHeader(header))
            {
                error = created.Error!;
                created.Dispose();
                return false;
            }

            writer = created;
            error = "";
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = $"cannot create {path}: {e.Message}";
            return false;
        }
    }

    /// <summary>Appends whole SPE records of vCPU <paramref name="cpu"/>; false where the host refused the write (<see cref="Error"/>).</summary>
    public bool Append(int cpu, ReadOnlySpan<byte> records)
    {
        if (records.IsEmpty)
        {
            return Error is null;
        }

        lock (_lock)
        {
            ulong offset = _streamOffsets.GetValueOrDefault(cpu);
            if (!WriteChunk(CaptureChunk.Records, (uint)cpu, offset, records))
            {
                return false;
            }

            _streamOffsets[cpu] = offset + (ulong)records.Length;
            return true;
        }
    }

    /// <summary>Appends that a file is mapped into a guest process.</summary>
    public bool AppendMapping(in TraceMapping mapping)
    {
        byte[] path = Encoding.UTF8.GetBytes(mapping.Path);
        var content = new byte[CaptureFormat.MappingSize + path.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(content, mapping.ProcessId);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(8), mapping.Start);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(16), mapping.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(24), mapping.FileOffset);
        path.CopyTo(content, CaptureFormat.MappingSize);
        lock (_lock)
        {
            return WriteChunk(CaptureChunk.Mapping, 0, 0, content);
        }
    }

    /// <summary>Appends the name of a guest task.</summary>
    public bool AppendTask(uint processId, uint threadId, string name)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        var content = new byte[CaptureFormat.TaskSize + text.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(content, processId);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(4), threadId);
        text.CopyTo(content, CaptureFormat.TaskSize);
        lock (_lock)
        {
            return WriteChunk(CaptureChunk.Task, 0, 0, content);
        }
    }

    /// <summary>Appends the guest kernel's symbols in the format of /proc/kallsyms.</summary>
    public bool AppendKernelSymbols(ReadOnlySpan<byte> kallsyms)
    {
        lock (_lock)
        {
            return WriteChunk(CaptureChunk.KernelSymbols, 0, 0, kallsyms);
        }
    }

    public void Dispose() => _file.Dispose();

    private bool WriteHeader(in CaptureHeader header)
    {
        Span<byte> bytes = stackalloc byte[CaptureFormat.HeaderSize];
        bytes.Clear();
        CaptureFormat.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], CaptureFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], CaptureFormat.HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], header.Midr);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], header.Pmsidr);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], header.TimerFrequency);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[40..], header.PmsVer);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], header.CpuCount);
        return Write(bytes);
    }

    private bool WriteChunk(CaptureChunk kind, uint cpu, ulong offset, ReadOnlySpan<byte> content)
    {
        int size = CaptureFormat.ChunkHeaderSize + content.Length + CaptureFormat.Padding(content.Length);
        byte[] rented = ArrayPool<byte>.Shared.Rent(size);
        Span<byte> bytes = rented.AsSpan(0, size);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], cpu);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (ulong)content.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], offset);
        content.CopyTo(bytes[CaptureFormat.ChunkHeaderSize..]);
        bytes[(CaptureFormat.ChunkHeaderSize + content.Length)..].Clear();
        bool written = Write(bytes);
        ArrayPool<byte>.Shared.Return(rented);
        return written;
    }

    private bool Write(ReadOnlySpan<byte> bytes)
    {
        if (Error is not null)
        {
            return false;
        }

        try
        {
            RandomAccess.Write(_file, bytes, _length);
            _length += bytes.Length;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error = $"cannot write the capture: {e.Message}";
            return false;
        }
    }
}
