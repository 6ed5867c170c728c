namespace Pinion.Kvm.Memory;

/// <summary>Pages that lie side by side in this process.</summary>
internal readonly record struct HostRun(nint Address, ulong Bytes);

/// <summary>
/// Pages to lock or unlock, neighbours joined: the host splits its mappings at each end of a lock, and each call costs. Made once and used again.
/// </summary>
internal sealed class HostRuns
{
    private readonly List<HostRun> _runs = [];

    /// <summary>Bytes of all pages, resident ones too.</summary>
    public ulong Bytes { get; private set; }

    /// <summary>Bytes of <see cref="Runs"/>.</summary>
    public ulong ToLock { get; private set; }

    public List<HostRun> Runs => _runs;

    /// <summary>Adds pages. In the order of their addresses they join best.</summary>
    public void Add(nint address, ulong bytes)
    {
        Bytes += bytes;
        ToLock += bytes;
        if (_runs.Count > 0 && _runs[^1] is var last && last.Address + (nint)last.Bytes == address)
        {
            _runs[^1] = new HostRun(last.Address, last.Bytes + bytes);
        }
        else
        {
            _runs.Add(new HostRun(address, bytes));
        }
    }

    /// <summary>Adds pages that are resident whatever happens (hugetlb): they are counted, and there is nothing to lock.</summary>
    public void AddResident(ulong bytes) => Bytes += bytes;

    public void Clear()
    {
        _runs.Clear();
        Bytes = 0;
        ToLock = 0;
    }
}
