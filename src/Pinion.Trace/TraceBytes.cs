using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace;

/// <summary>
/// The bytes of a trace: an array, or a file that is mapped and not read, so that it may be larger than memory. Offsets and sizes come from files, so every access checks them.
/// </summary>
public sealed unsafe partial class TraceBytes
{
    private readonly ReadOnlyMemory<byte> _array;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _mapped;

    /// <summary>Bytes in memory.</summary>
    public TraceBytes(ReadOnlyMemory<byte> bytes)
    {
        _array = bytes;
        Length = bytes.Length;
    }

    private TraceBytes(MemoryMappedViewAccessor view, long length)
    {
        _view = view;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _mapped);
        Length = length;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Maps the file at <paramref name="path"/>; it must not shrink while it is read.</summary>
    /// <exception cref="IOException">It cannot be opened or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static TraceBytes Map(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (!file.CanSeek || file.Length == 0)
        {
            // What cannot be mapped (a pipe, an empty file) is read.
            using var copy = new MemoryStream();
            file.CopyTo(copy);
            return new TraceBytes(copy.ToArray());
        }

        using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        return new TraceBytes(mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), file.Length);
    }

    /// <summary>Whether <paramref name="size"/> bytes lie at <paramref name="offset"/>.</summary>
    public bool Holds(ulong offset, ulong size) => offset <= (ulong)Length && size <= (ulong)Length - offset;

    /// <summary>Bytes at an offset where they are known to lie.</summary>
    public ReadOnlySpan<byte> Span(ulong offset, int size)
    {
        if (!Holds(offset, (ulong)size))
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        // Sound: the view is mapped as long as this object lives, and the bounds were checked. Callers keep the object for as long as they use the span.
        return _view is null ? _array.Span.Slice((int)offset, size) : new ReadOnlySpan<byte>(_mapped + offset, size);
    }

    /// <summary>As <see cref="Span"/>, to be kept: it keeps this object.</summary>
    public ReadOnlyMemory<byte> Memory(ulong offset, int size)
    {
        if (!Holds(offset, (ulong)size))
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        return _view is null ? _array.Slice((int)offset, size) : size == 0 ? ReadOnlyMemory<byte>.Empty : new Slice(this, _mapped + offset, size).Memory;
    }

    public bool TryU16(ulong offset, out ushort value)
    {
        bool holds = Holds(offset, sizeof(ushort));
        value = holds && LittleEndian.TryU16(Span(offset, sizeof(ushort)), 0, out ushort read) ? read : (ushort)0;
        return holds;
    }

    public bool TryU32(ulong offset, out uint value)
    {
        bool holds = Holds(offset, sizeof(uint));
        value = holds && LittleEndian.TryU32(Span(offset, sizeof(uint)), 0, out uint read) ? read : 0;
        return holds;
    }

    public bool TryU64(ulong offset, out ulong value)
    {
        bool holds = Holds(offset, sizeof(ulong));
        value = holds && LittleEndian.TryU64(Span(offset, sizeof(ulong)), 0, out ulong read) ? read : 0;
        return holds;
    }

    /// <summary>Says that bytes will not be needed again soon: their pages need not stay in memory. Only ever a hint.</summary>
    public void Drop(ulong offset, ulong size)
    {
        if (_view is null || size == 0 || !Holds(offset, size))
        {
            return;
        }

        // All pages of the range, which begins and ends in some that others may be reading: those are mapped again.
        ulong page = (ulong)Environment.SystemPageSize;
        ulong first = offset & ~(page - 1);
        const int DontNeed = 4;
        _ = madvise((nint)(_mapped + first), (nuint)(offset + size - first), DontNeed);
    }

    /// <summary>For who reads through the file, a little of each part: drops, now and then, what lies behind.</summary>
    /// <param name="dropped">How far bytes were dropped already.</param>
    /// <param name="position">How far the file was read.</param>
    /// <returns>How far bytes are dropped now.</returns>
    public ulong DropBehind(ulong dropped, ulong position)
    {
        const ulong Step = 16 << 20;
        if (position < dropped + Step)
        {
            return dropped;
        }

        Drop(dropped, position - dropped);
        return position;
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);

    /// <summary>A part of the mapping as memory.</summary>
    private sealed class Slice(TraceBytes owner, byte* start, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            GC.KeepAlive(owner);
            return new Span<byte>(start, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
