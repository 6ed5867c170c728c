using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pinion.Kvm.Uapi;

/// <summary>
/// copy_from_user and copy_to_user: memory that a VMM names by address. The kernel does the copy (process_vm_readv on this very process), so a
/// bad address ends in EFAULT instead of a signal.
/// </summary>
public static unsafe partial class UserMemory
{
    /// <summary>Reads a value.</summary>
    /// <returns>0, or -EFAULT when the address is not readable.</returns>
    public static int Read<T>(nint address, out T value) where T : unmanaged
    {
        value = default;
        return Read(address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    /// <summary>Writes a value.</summary>
    /// <returns>0, or -EFAULT when the address is not writable.</returns>
    public static int Write<T>(nint address, in T value) where T : unmanaged =>
        Write(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <returns>0, or -EFAULT when some byte is not readable.</returns>
    public static int Read(nint address, Span<byte> destination)
    {
        fixed (byte* local = destination)
        {
            IoVector here = new() { Base = (nint)local, Length = (nuint)destination.Length };
            IoVector there = new() { Base = address, Length = (nuint)destination.Length };
            nint copied = process_vm_readv(Environment.ProcessId, &here, 1, &there, 1, 0);
            return copied == destination.Length || (copied < 0 && CopyRefused(address, source: address, (nint)local, destination.Length)) ? 0 : -Errno.EFAULT;
        }
    }

    /// <summary>Writes all of <paramref name="source"/>.</summary>
    /// <returns>0, or -EFAULT when some byte is not writable.</returns>
    public static int Write(nint address, ReadOnlySpan<byte> source)
    {
        fixed (byte* local = source)
        {
            IoVector here = new() { Base = (nint)local, Length = (nuint)source.Length };
            IoVector there = new() { Base = address, Length = (nuint)source.Length };
            nint copied = process_vm_writev(Environment.ProcessId, &here, 1, &there, 1, 0);
            return copied == source.Length || (copied < 0 && CopyRefused(address, source: (nint)local, address, source.Length)) ? 0 : -Errno.EFAULT;
        }
    }

    /// <summary>
    /// Some container profiles refuse the call itself (EPERM, ENOSYS). Then the bytes are moved directly: a wild address
    /// ends the process there, as it would in the VMM's own code; null is still answered.
    /// </summary>
    private static bool CopyRefused(nint userAddress, nint source, nint destination, int length)
    {
        if (Marshal.GetLastPInvokeError() is not (Errno.EPERM or Errno.ENOSYS) || userAddress == 0)
        {
            return false;
        }

        Buffer.MemoryCopy((void*)source, (void*)destination, length, length);
        return true;
    }

    private struct IoVector
    {
        public nint Base;
        public nuint Length;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint process_vm_readv(int pid, IoVector* local, nuint localCount, IoVector* remote, nuint remoteCount, nuint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint process_vm_writev(int pid, IoVector* local, nuint localCount, IoVector* remote, nuint remoteCount, nuint flags);
}
