using System.Globalization;
using System.Runtime.InteropServices;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>
/// The host itself: mlock and munlock, RLIMIT_MEMLOCK and VmLck of this process. A charge without pages is a PROT_NONE mapping locked with
/// MLOCK_ONFAULT: VmLck counts it, the limit applies to it, and nothing becomes resident.
/// </summary>
public sealed partial class LinuxHostMemory : IHostMemory
{
    /// <summary>Address space kept for the reserve. Never touched, so it costs nothing but addresses.</summary>
    private static readonly nuint s_reserveSpan = unchecked((nuint)(1UL << 38));

    /// <summary>CAP_IPC_LOCK: the limit does not apply to this process.</summary>
    private static readonly bool s_mayExceed = HasCapability(14);

    private nint _reserve;
    private ulong _reserved;
    private ulong _limitWithRoom = ulong.MaxValue;

    public ulong PageSize { get; } = (ulong)Environment.SystemPageSize;

    /// <summary>
    /// The soft limit is looked at each time, VmLck only where it was lowered since it was last found high enough: reading VmLck costs a file.
    /// </summary>
    public bool HasRoom
    {
        get
        {
            ulong limit = SoftLimit;
            if (limit >= _limitWithRoom || s_mayExceed)
            {
                return true;
            }

            if (LockedBytes > limit)
            {
                return false;
            }

            _limitWithRoom = limit;
            return true;
        }
    }

    public int Lock(nint address, ulong bytes)
    {
        if (bytes == 0 || mlock(address, (nuint)bytes) == 0)
        {
            return 0;
        }

        int error = Marshal.GetLastPInvokeError();

        // mlock says ENOMEM for the limit and for holes alike; mincore only for holes.
        return error == Errno.ENOMEM && !IsMapped(address, bytes) ? -Errno.EFAULT : -error;
    }

    public int Unlock(nint address, ulong bytes) => bytes == 0 || munlock(address, (nuint)bytes) == 0 ? 0 : -Marshal.GetLastPInvokeError();

    public int SetReserve(ulong bytes)
    {
        if (bytes > s_reserveSpan)
        {
            return -Errno.ENOMEM;
        }

        if (_reserve == 0 && bytes != 0)
        {
            nint mapped = mmap(0, s_reserveSpan, ProtNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
            if (mapped == -1)
            {
                return -Errno.ENOMEM;
            }

            _reserve = mapped;
        }

        if (bytes > _reserved)
        {
            if (mlock2(_reserve + (nint)_reserved, (nuint)(bytes - _reserved), MlockOnFault) != 0)
            {
                int error = -Marshal.GetLastPInvokeError();
                munlock(_reserve + (nint)_reserved, (nuint)(bytes - _reserved));
                return error;
            }

            // That it was accepted shows that VmLck is within the limit as it is now.
            _limitWithRoom = SoftLimit;
        }
        else if (bytes < _reserved)
        {
            munlock(_reserve + (nint)bytes, (nuint)(_reserved - bytes));
        }

        _reserved = bytes;
        return 0;
    }

    public void Dispose()
    {
        if (_reserve != 0)
        {
            munmap(_reserve, s_reserveSpan);
            _reserve = 0;
            _reserved = 0;
        }
    }

    /// <summary>Bytes this process has locked or charged (VmLck).</summary>
    public static ulong LockedBytes
    {
        get
        {
            foreach (string line in File.ReadLines("/proc/self/status"))
            {
                if (line.StartsWith("VmLck:", StringComparison.Ordinal))
                {
                    return ulong.Parse(line.AsSpan(6).Trim().TrimEnd("kB ")) * 1024;
                }
            }

            return 0;
        }
    }

    /// <summary>RLIMIT_MEMLOCK, the soft one, in bytes.</summary>
    private static unsafe ulong SoftLimit
    {
        get
        {
            ulong* limit = stackalloc ulong[2];
            return getrlimit(RlimitMemlock, limit) == 0 ? limit[0] : ulong.MaxValue;
        }
    }

    private static bool HasCapability(int capability)
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("CapEff:", StringComparison.Ordinal))
            {
                return ((ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> capability) & 1) != 0;
            }
        }

        return false;
    }

    private static unsafe bool IsMapped(nint address, ulong bytes)
    {
        const int PagesAtOnce = 256;
        byte* residency = stackalloc byte[PagesAtOnce];
        ulong step = PagesAtOnce * (ulong)Environment.SystemPageSize;
        for (ulong offset = 0; offset < bytes; offset += step)
        {
            if (mincore(address + (nint)offset, (nuint)Math.Min(step, bytes - offset), residency) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private const int RlimitMemlock = 8;
    private const int ProtNone = 0;
    private const int MapPrivate = 0x02;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const uint MlockOnFault = 1;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mlock(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mlock2(nint address, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int mincore(nint address, nuint length, byte* residency);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int getrlimit(int resource, ulong* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munlock(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);
}
