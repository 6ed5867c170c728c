using System.Runtime.InteropServices;

namespace Pinion.Cpu.Jit;

/// <summary>
/// Memory for emitted code, mapped twice: once to write, once to execute. No address is ever both. Behind the executable mapping lies memory for what the code keeps, within reach of its addresses.
/// Both are laid down one piece after the other, and all is dropped at once when there is no more room.
/// </summary>
internal sealed unsafe partial class CodeMemory : IDisposable
{
    private const int Alignment = 16;
    private const int ReadWrite = 1 | 2;
    private const int ReadExecute = 1 | 4;
    private const int Shared = 1;
    private const int Private = 2;
    private const int Fixed = 0x10;
    private const int Anonymous = 0x20;
    private const int NoReserve = 0x4000;

    private readonly nuint _size;
    private readonly nuint _dataSize;
    private byte* _write;
    private byte* _execute;
    private nuint _used;
    private nuint _dataUsed;

    private CodeMemory(byte* write, byte* execute, nuint size, nuint dataSize)
    {
        _write = write;
        _execute = execute;
        _size = size;
        _dataSize = dataSize;
    }

    /// <summary>Bytes of data that are left.</summary>
    public long FreeData => (long)(_dataSize - _dataUsed);

    /// <summary>For tests: this thread's host denies executable memory.</summary>
    [ThreadStatic]
    internal static bool Denied;

    /// <summary>Where the first piece is executed.</summary>
    public nint Start => (nint)_execute;

    /// <summary>Bytes in use.</summary>
    public long Used => (long)_used;

    /// <summary>Where the next piece is written, and how many bytes it may have.</summary>
    public Span<byte> Free => new(_write + _used, (int)(_size - _used));

    /// <summary>Where the next piece will be executed.</summary>
    public nint Next => (nint)(_execute + _used);

    /// <summary>Zeroed memory for what code keeps. The caller has looked at <see cref="FreeData"/>.</summary>
    public byte* AllocateData(int bytes)
    {
        byte* data = _execute + _size + _dataUsed;
        new Span<byte>(data, bytes).Clear();
        _dataUsed += (nuint)bytes;
        return data;
    }

    /// <summary>Memory of <paramref name="size"/> bytes for code and <paramref name="dataSize"/> for data, whole pages; null where the host has no such mappings (it denies executable memory, or is no Linux).</summary>
    public static CodeMemory? TryCreate(nuint size, nuint dataSize)
    {
        if (!OperatingSystem.IsLinux() || Denied)
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
            execute = mmap(null, size + dataSize, ReadWrite, Private | Anonymous | NoReserve, -1, 0);
            if (execute != (byte*)-1 && mmap(execute, size, ReadExecute, Shared | Fixed, file, 0) == (byte*)-1)
            {
                Unmap(execute, size + dataSize);
                execute = (byte*)-1;
            }
        }

        _ = close(file);
        if (write != (byte*)-1 && execute != (byte*)-1)
        {
            return new CodeMemory(write, execute, size, dataSize);
        }

        Unmap(write, size);
        Unmap(execute, size + dataSize);
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
    public void Reset(long keep)
    {
        _used = (nuint)keep;
        _dataUsed = 0;
    }

    public void Dispose()
    {
        Unmap(_write, _size);
        Unmap(_execute, _size + _dataSize);
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
