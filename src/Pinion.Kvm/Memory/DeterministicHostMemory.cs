using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>
/// A host whose limit is a number and whose failures are chosen: the same calls always have the same outcome. Locks nothing.
/// </summary>
public sealed class DeterministicHostMemory : IHostMemory
{
    private readonly HashSet<nint> _locked = [];
    private ulong _reserved;

    /// <summary>The limit in bytes (RLIMIT_MEMLOCK).</summary>
    public ulong Limit { get; set; } = ulong.MaxValue;

    /// <summary>What others in the process have locked, in bytes.</summary>
    public ulong OtherLocked { get; set; }

    /// <summary>Asked before each <see cref="Lock"/>: an errno to fail with, or 0.</summary>
    public Func<nint, ulong, int>? FailLock { get; set; }

    public ulong PageSize => 4096;

    /// <summary>What VmLck would show, in bytes.</summary>
    public ulong LockedBytes => OtherLocked + _reserved + ((ulong)_locked.Count * PageSize);

    /// <summary>Bytes of pages that are locked now.</summary>
    public ulong PinnedBytes => (ulong)_locked.Count * PageSize;

    /// <summary>Calls of <see cref="Lock"/> so far, failed ones too.</summary>
    public int LockCalls { get; private set; }

    /// <summary>True when the page at <paramref name="address"/> is locked.</summary>
    public bool IsLocked(nint address) => _locked.Contains(address & ~(nint)4095);

    public int Lock(nint address, ulong bytes)
    {
        LockCalls++;
        int error = FailLock?.Invoke(address, bytes) ?? 0;
        if (error != 0)
        {
            return -error;
        }

        ulong fresh = 0;
        for (ulong offset = 0; offset < bytes; offset += PageSize)
        {
            fresh += _locked.Contains(address + (nint)offset) ? 0 : PageSize;
        }

        if (LockedBytes + fresh > Limit)
        {
            return -Errno.ENOMEM;
        }

        for (ulong offset = 0; offset < bytes; offset += PageSize)
        {
            _locked.Add(address + (nint)offset);
        }

        return 0;
    }

    public int Unlock(nint address, ulong bytes)
    {
        for (ulong offset = 0; offset < bytes; offset += PageSize)
        {
            _locked.Remove(address + (nint)offset);
        }

        return 0;
    }

    public int SetReserve(ulong bytes)
    {
        if (bytes > _reserved && LockedBytes - _reserved + bytes > Limit)
        {
            return -Errno.ENOMEM;
        }

        _reserved = bytes;
        return 0;
    }

    public void Dispose()
    {
        _reserved = 0;
        _locked.Clear();
    }
}
