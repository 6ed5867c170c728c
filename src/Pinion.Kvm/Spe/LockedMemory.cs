using System.Diagnostics;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The account of a VM's locked memory: what was ever charged (the watermark) and what is locked now. The difference is kept charged as a reserve, so VmLck
/// shows the watermark and a page that was paid for once can be locked again at any time. Caller holds the pin lock.
/// </summary>
internal sealed class LockedMemory(IHostMemory host)
{
    private ulong _reserve;

    /// <summary>Bytes ever charged. Never shrinks while the VM lives.</summary>
    public ulong Watermark { get; private set; }

    /// <summary>Bytes of pages that are locked now, each once.</summary>
    public ulong Locked { get; private set; }

    /// <summary>Charges <paramref name="bytes"/> in advance.</summary>
    /// <returns>0, or -ENOMEM when the limit refuses.</returns>
    public int Charge(ulong bytes)
    {
        int result = host.SetReserve(_reserve + bytes);
        if (result == 0)
        {
            _reserve += bytes;
            Watermark += bytes;
        }

        return result;
    }

    /// <summary>
    /// Locks pages, all or none, charging what the reserve does not cover.
    /// </summary>
    /// <param name="pages">Host addresses of distinct pages that are not locked yet.</param>
    /// <param name="missing">With -ENOMEM: bytes the limit would have to be higher by.</param>
    /// <returns>0; -ENOMEM over the limit; another errno where memory is gone or the host is short of it.</returns>
    public int Lock(List<nint> pages, out ulong missing)
    {
        missing = 0;
        ulong bytes = (ulong)pages.Count * MemorySlot.PageSize;
        ulong needed = Locked + bytes;
        ulong extra = needed > Watermark ? needed - Watermark : 0;
        if (extra != 0)
        {
            int refused = Charge(extra);
            if (refused != 0)
            {
                missing = extra;
                return refused;
            }
        }

        // The room for the pages comes out of the reserve. Another thread of the process can take it in between; that is a refusal like any other.
        SetReserve(_reserve > bytes ? _reserve - bytes : 0);
        List<(nint Address, ulong Bytes)> runs = Runs(pages);
        for (int i = 0; i < runs.Count; i++)
        {
            int result = host.Lock(runs[i].Address, runs[i].Bytes);
            if (result != 0)
            {
                while (--i >= 0)
                {
                    host.Unlock(runs[i].Address, runs[i].Bytes);
                }

                Watermark -= extra;
                Refill();
                missing = Math.Max(extra, MemorySlot.PageSize);
                return result;
            }
        }

        Locked = needed;
        Debug.Assert(Locked <= Watermark, "more is locked than was ever charged");
        return 0;
    }

    /// <summary>Unlocks pages and keeps their charge.</summary>
    public void Unlock(List<nint> pages)
    {
        foreach ((nint address, ulong bytes) in Runs(pages))
        {
            host.Unlock(address, bytes);
        }

        Locked -= (ulong)pages.Count * MemorySlot.PageSize;
        Refill();
    }

    /// <summary>Gives everything back. No page is locked any more.</summary>
    public void Release()
    {
        Debug.Assert(Locked == 0, "pages outlive their VM");
        Watermark = 0;
        Refill();
    }

    /// <summary>Neighbouring pages make one run: the host splits its mappings at each end of a lock.</summary>
    private static List<(nint Address, ulong Bytes)> Runs(List<nint> pages)
    {
        pages.Sort();
        List<(nint Address, ulong Bytes)> runs = [];
        foreach (nint page in pages)
        {
            if (runs.Count > 0 && runs[^1].Address + (nint)runs[^1].Bytes == page)
            {
                runs[^1] = (runs[^1].Address, runs[^1].Bytes + MemorySlot.PageSize);
            }
            else
            {
                runs.Add((page, MemorySlot.PageSize));
            }
        }

        return runs;
    }

    private void Refill() => SetReserve(Watermark - Locked);

    private void SetReserve(ulong bytes)
    {
        // Where the limit was lowered meanwhile the reserve stays as it is; the next change tries again.
        if (host.SetReserve(bytes) == 0)
        {
            _reserve = bytes;
        }
    }
}
