using Pinion.Cpu;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The TLB maintenance that a PE has carried out, so that whoever walked the guest's tables once can tell whether the guest may have changed what was found. Own thread.
/// </summary>
/// <remarks>
/// Arm ARM D8.16: after a valid descriptor was changed, a translation may follow the old one until the guest has invalidated it and waited; a descriptor that was not valid is in no TLB. So while no
/// operation has reached this PE that covers a range whose descriptors were all valid, using what they said then is what a TLB does. What counts for a range: an operation on everything; on an
/// address in it, of the last level; on any address of its half at all levels, since a table far above may have been replaced with the same leaves; and on an ASID where some leaf is not global.
/// </remarks>
internal sealed class TlbLog : ITlbObserver
{
    private const int MostRanges = 32;

    private readonly (long At, ulong Start, ulong Last)[] _ranges = new (long At, ulong Start, ulong Last)[MostRanges];
    private readonly long[] _tables = new long[2];
    private int _next;
    private long _all;
    private long _asid;
    private long _forgotten;

    /// <summary>The moment: operations so far.</summary>
    public long Now { get; private set; }

    public void AllInvalidated() => _all = ++Now;

    public void AsidInvalidated() => _asid = ++Now;

    public void AddressInvalidated(ulong va, bool lastLevel)
    {
        Now++;
        if (!lastLevel)
        {
            _tables[va >> 63] = Now;
            return;
        }

        // A guest invalidates a range page by page, upwards.
        ref (long At, ulong Start, ulong Last) latest = ref _ranges[(_next + MostRanges - 1) % MostRanges];
        if (latest.At != 0 && va >= latest.Last && va - latest.Last <= 4096)
        {
            latest.At = Now;
            latest.Last = va;
            return;
        }

        ref (long At, ulong Start, ulong Last) oldest = ref _ranges[_next];
        _forgotten = Math.Max(_forgotten, oldest.At);
        oldest = (Now, va, va);
        _next = (_next + 1) % MostRanges;
    }

    /// <summary>True where an operation after <paramref name="since"/> may have been about the range from <paramref name="start"/> to <paramref name="last"/>, both sign-extended.</summary>
    public bool Covers(long since, ulong start, ulong last, bool notGlobal)
    {
        if (_all > since || _forgotten > since || _tables[start >> 63] > since || _tables[last >> 63] > since || (notGlobal && _asid > since))
        {
            return true;
        }

        foreach ((long at, ulong from, ulong to) in _ranges)
        {
            if (at > since && from <= last && to >= start)
            {
                return true;
            }
        }

        return false;
    }
}
