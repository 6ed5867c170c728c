using System.Diagnostics;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The account of a VM's locked memory: what was ever charged (the watermark) and what is pinned now. What is charged and not locked is a reserve of the host's, so VmLck
/// shows the watermark, and a page that was paid for once can be locked again at any time. Caller holds the pin lock.
/// </summary>
internal sealed class LockedMemory(IHostMemory host)
{
    private ulong _reserve;
    private ulong _held;

    /// <summary>Bytes ever charged. Never shrinks while the VM lives.</summary>
    public ulong Watermark { get; private set; }

    /// <summary>Bytes of pages that are pinned now, each once. A series that pins before it charges counts them itself.</summary>
    public ulong Locked { get; set; }

    /// <summary>Bytes that this VM has in VmLck: the watermark, unless the host's limit was lowered under it.</summary>
    public ulong Charged => _held + _reserve;

    /// <summary>True while pages can be unlocked and their charge kept. Where the limit was lowered below what is charged, what is given up cannot be charged again.</summary>
    public bool CanUnlock => host.HasRoom;

    /// <summary>What came of <see cref="Exchange"/>.</summary>
    /// <param name="Error">0; -ENOMEM over the limit; another errno where memory is gone or the host is short of it.</param>
    /// <param name="Missing">With -ENOMEM: bytes the limit would have to be higher by.</param>
    /// <param name="Released">Despite the error, the pages to be given up are given up.</param>
    public readonly record struct Result(int Error, ulong Missing = 0, bool Released = false);

    /// <summary>Charges <paramref name="bytes"/> in advance.</summary>
    /// <returns>0, or -ENOMEM when the limit refuses.</returns>
    public int Charge(ulong bytes)
    {
        int result = bytes == 0 ? 0 : host.SetReserve(_reserve + bytes);
        if (result == 0)
        {
            _reserve += bytes;
            Watermark += bytes;
        }

        return result;
    }

    /// <summary>Gives a charge back, where a series does not keep its watermark.</summary>
    public void Uncharge(ulong bytes)
    {
        Watermark -= bytes;
        Refill();
    }

    /// <summary>
    /// Pins pages, all or none, and gives up others; charges first what the watermark does not cover.
    /// </summary>
    /// <param name="fresh">Pages that are not pinned yet.</param>
    /// <param name="gone">Pages that are.</param>
    public Result Exchange(HostRuns fresh, HostRuns gone)
    {
        ulong needed = Locked + fresh.Bytes - gone.Bytes;
        ulong extra = needed > Watermark ? needed - Watermark : 0;
        int error = Charge(extra);
        if (error != 0)
        {
            return new Result(error, extra);
        }

        // The pages that are given up make room for the others. Where there is room for both they go last, so that a failure changes nothing.
        bool first = _held + fresh.ToLock > Watermark;
        if (first)
        {
            Unlock(gone);
        }

        error = Hold(fresh);
        if (error != 0)
        {
            Watermark -= extra;
            Refill();
            bool limit = error is -Errno.ENOMEM or -Errno.EPERM;
            return new Result(error, limit ? Math.Max(extra, MemorySlot.PageSize) : 0, first && gone.Bytes != 0);
        }

        Locked += fresh.Bytes;
        if (!first)
        {
            Unlock(gone);
        }

        Debug.Assert(Locked <= Watermark, "more is locked than was ever charged");
        return default;
    }

    /// <summary>Pins pages as <see cref="Exchange"/> does.</summary>
    public Result Lock(HostRuns fresh) => Exchange(fresh, s_none);

    /// <summary>Gives up pages and keeps their charge.</summary>
    public void Unlock(HostRuns gone)
    {
        if (gone.Bytes != 0)
        {
            Release(gone);
            Locked -= gone.Bytes;
        }
    }

    /// <summary>Gives up pages, of which <paramref name="already"/> are given up.</summary>
    public void Unlock(HostRuns gone, HostRuns already)
    {
        // Unlocking again what is not locked changes nothing: only the counts must not count it twice.
        _held += already.ToLock;
        Locked += already.Bytes;
        Unlock(gone);
    }

    /// <summary>Locks pages whose charge is in the reserve, all or none. Does not count them.</summary>
    /// <returns>0 or an errno of the host; then nothing has changed.</returns>
    public int Hold(HostRuns pages)
    {
        if (pages.ToLock == 0)
        {
            return 0;
        }

        // What is unlocked below a lowered limit cannot be charged again: leave it as it is.
        if (!host.HasRoom)
        {
            return -Errno.ENOMEM;
        }

        // The room for the pages comes out of the reserve. Another thread of the process can take it in between; that is a refusal like any other.
        SetReserve(_reserve > pages.ToLock ? _reserve - pages.ToLock : 0);
        for (int i = 0; i < pages.Runs.Count; i++)
        {
            int result = host.Lock(pages.Runs[i].Address, pages.Runs[i].Bytes);
            if (result != 0)
            {
                // What failed may have been locked in part.
                for (; i >= 0; i--)
                {
                    host.Unlock(pages.Runs[i].Address, pages.Runs[i].Bytes);
                }

                Refill();
                return result;
            }
        }

        _held += pages.ToLock;
        return 0;
    }

    /// <summary>Undoes <see cref="Hold"/>.</summary>
    public void Release(HostRuns pages)
    {
        if (pages.ToLock == 0)
        {
            return;
        }

        foreach (HostRun run in pages.Runs)
        {
            host.Unlock(run.Address, run.Bytes);
        }

        _held -= pages.ToLock;
        Refill();
    }

    /// <summary>Gives everything back. No page is locked any more.</summary>
    public void Release()
    {
        Debug.Assert(_held == 0, "pages outlive their VM");
        Watermark = 0;
        Refill();
    }

    private void Refill() => SetReserve(Watermark - _held);

    private void SetReserve(ulong bytes)
    {
        // Where the limit was lowered meanwhile the reserve stays as it is; the next change tries again.
        if (host.SetReserve(bytes) == 0)
        {
            _reserve = bytes;
        }
    }

    private static readonly HostRuns s_none = new();
}
