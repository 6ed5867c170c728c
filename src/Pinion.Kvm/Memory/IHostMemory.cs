namespace Pinion.Kvm.Memory;

/// <summary>
/// What this room asks of the host's memory management: keeping pages resident, and charging memory against a limit before it is used. Calls answer 0
/// or a negative errno. Callers serialise.
/// </summary>
public interface IHostMemory : IDisposable
{
    /// <summary>Bytes of a host page.</summary>
    ulong PageSize { get; }

    /// <summary>Makes a page-aligned range resident and keeps it so (mlock). Does not nest: one unlock undoes any number of locks.</summary>
    /// <returns>0; -ENOMEM over the limit (-EPERM where the limit is 0); -EFAULT where part of the range is not mapped; -EAGAIN.</returns>
    int Lock(nint address, ulong bytes);

    /// <summary>Undoes <see cref="Lock"/> (munlock).</summary>
    /// <returns>0; -ENOMEM where part of the range is not mapped.</returns>
    int Unlock(nint address, ulong bytes);

    /// <summary>
    /// Sets how many bytes are charged against the limit without any page behind them. Growing may fail, shrinking never does.
    /// </summary>
    /// <returns>0, or -ENOMEM when the limit refuses; then nothing has changed.</returns>
    int SetReserve(ulong bytes);

    /// <summary>
    /// True while what is charged is within the limit: pages can be unlocked and their charge moved to the reserve. False after the limit was lowered below it.
    /// </summary>
    bool HasRoom { get; }
}
