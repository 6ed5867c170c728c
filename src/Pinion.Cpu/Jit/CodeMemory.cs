using System.Runtime.InteropServices;

namespace Pinion.Cpu.Jit;

/// <summary>
/// Memory for emitted code, mapped twice: once to write, once to execute. No address is ever both. Code is laid down one piece after the other, and all of it is dropped at once when there is no more room.
/// </summary>
internal sealed unsafe partial class CodeMemory : IDisposable
{
    private const int Alignment = 16;
    private const int ReadWrite = 1 | 2;
    private const int ReadExecute = 1 | 4;
    private const int Shared = 1;

    private readonly nuint _size;
    private byte* _write;
    private byte* _execute;
    private nuint _used;

    private CodeMemory(byte* write, byte* execute, nuint size)
    {
        _write = write;
        _execute = execute;
        _size = size;
    }

    /// <summary>Where the first piece is executed.</summary>
    public nint Start => (nint)_execute;

    /// <summary>Bytes in use.</summary>
    public long Used => (long)_used;

    /// <summary>Where the next piece is written, and how many bytes it may have.</summary>
    public Span<byte> Free => new(_write + _used, (int)(_size - _used));

    /// <summary>Where the next piece will be executed.</summary>
    public nint Next => (nint)(_execute + _used);

    /// <summary>Memory of <paramref name="size"/> bytes; null where the host has no such mappings (it denies executable memory, or is no Linux).</summary>
    public static CodeMemory? TryCreate(nuint size)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        int file = memfd_create("pinion-code", 0);
        if (file < 0)
        {
            return null;
        }

        byte* write = (byte*)-1;
        byte* execute = (byte*)-1;
        if (ftruncate(file, (long)size) == 0)
        {
            write = mmap(null, size, ReadWrite, Shared, file, 0);
            execute = mmap(null, size, ReadExecute, Shared, file, 0);
        }

        _ = close(file);
        if (write != (byte*)-1 && execute != (byte*)-1)
        {
            return new CodeMemory(write, execute, size);
        }

        Unmap(write, size);
        Unmap(execute, size);
        return null;
    }

    /// <summary>Keeps the <paramref name="bytes"/> that were written to <see cref="Free"/>; answers where they are executed.</summary>
    public nint Commit(int bytes)
    {
        nint code = Next;
        _used = Math.Min(_size, (_used + (nuint)bytes + Alignment - 1) & ~(nuint)(Alignment - 1));
        return code;
    }

    /// <summary>Drops everything behind the first <paramref name="keep"/> bytes. Nobody may be executing it.</summary>
    public void Reset(long keep) => _used = (nuint)keep;

    public void Dispose()
    {
        Unmap(_write, _size);
        Unmap(_execute, _size);
        _write = _execute = (byte*)-1;
    }

    private static void Unmap(byte* at, nuint size)
    {
        if (at != (byte*)-1)
        {
            _ = munmap(at, size);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial int ftruncate(int file, long size);

    [LibraryImport("libc")]
    private static partial byte* mmap(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc")]
    private static partial int close(int file);
}
