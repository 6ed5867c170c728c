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

    /// <summary>Asked before <see cref="SetReserve"/> makes the reserve larger: an errno to fail with, or 0.</summary>
    public Func<ulong, int>? FailReserve { get; set; }

    /// <summary>
    /// Told before and after each operation, with its number from 1 on: a place to move the limit, to invalidate memory or to fail at a chosen step. Called with the pin lock held, as the host is.
    /// </summary>
    public Action<HostMemoryStep>? AtStep { get; set; }

    /// <summary>Operations so far.</summary>
    public int Steps { get; private set; }

    public ulong PageSize => 4096;

    public bool HasRoom => LockedBytes <= Limit;

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
        Step(HostMemoryCall.Lock, bytes, after: false);
        int result = LockNow(address, bytes);
        Step(HostMemoryCall.Lock, bytes, after: true);
        return result;
    }

    private int LockNow(nint address, ulong bytes)
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
        Step(HostMemoryCall.Unlock, bytes, after: false);
        for (ulong offset = 0; offset < bytes; offset += PageSize)
        {
            _locked.Remove(address + (nint)offset);
        }

        Step(HostMemoryCall.Unlock, bytes, after: true);
        return 0;
    }

    public int SetReserve(ulong bytes)
    {
        Step(HostMemoryCall.SetReserve, bytes, after: false);
        int result = SetReserveNow(bytes);
        Step(HostMemoryCall.SetReserve, bytes, after: true);
        return result;
    }

    private int SetReserveNow(ulong bytes)
    {
        int error = bytes > _reserved ? FailReserve?.Invoke(bytes) ?? 0 : 0;
        if (error != 0)
        {
            return -error;
        }

        if (bytes > _reserved && LockedBytes - _reserved + bytes > Limit)
        {
            return -Errno.ENOMEM;
        }

        _reserved = bytes;
        return 0;
    }

    /// <summary>Bytes that were still locked or charged when the VM that used this was gone: a leak.</summary>
    public ulong LeftBehind { get; private set; }

    public void Dispose()
    {
        LeftBehind = LockedBytes - OtherLocked;
        _reserved = 0;
        _locked.Clear();
    }

    private void Step(HostMemoryCall call, ulong bytes, bool after)
    {
        if (!after)
        {
            Steps++;
        }

        AtStep?.Invoke(new HostMemoryStep(Steps, call, bytes, after));
    }
}

/// <summary>An operation of <see cref="DeterministicHostMemory"/>.</summary>
public enum HostMemoryCall
{
    Lock,
    Unlock,
    SetReserve,
}

/// <summary>A moment before or after an operation.</summary>
/// <param name="Number">Which operation, from 1 on.</param>
/// <param name="Call">What it does.</param>
/// <param name="Bytes">Its size; of the whole reserve for <see cref="HostMemoryCall.SetReserve"/>.</param>
/// <param name="After">It is done.</param>
public readonly record struct HostMemoryStep(int Number, HostMemoryCall Call, ulong Bytes, bool After);
