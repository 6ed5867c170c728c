using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Buffers that the guest has disabled and whose pages stay pinned: bounded in bytes and age, the least recently used go first. Caller holds the pin lock.
/// </summary>
/// <remarks>
/// A buffer is also kept, beyond any bound, while the host's limit is below what is charged: unlocked pages could not be charged again, and VmLck would fall under the watermark. It goes with the
/// next change after the limit allows it.
/// </remarks>
internal sealed class PinCache : IDisposable
{
    /// <summary>Kept buffers of one vCPU: looking through them must stay cheap.</summary>
    private const int MostOfOne = 32;

    private readonly SpeVm _vm;
    private readonly PinCacheOptions _options;
    private readonly bool _ages;
    private System.Threading.Timer? _timer;
    private bool _disposed;

    public PinCache(SpeVm vm, KvmOptions options)
    {
        _vm = vm;
        _options = options.SpeSeries == SpeSeries.V6 ? options.SpePinCache : PinCacheOptions.Off;
        _ages = IsOn && !options.Deterministic;
    }

    /// <summary>Disabled buffers are kept for their own sake.</summary>
    public bool IsOn => _options.Bytes != 0;

    public PinCacheStatistics Statistics { get; } = new();

    /// <summary>What is kept of <paramref name="vcpu"/> or enabled, has the addresses of <paramref name="key"/>, and cannot have been mapped anew. vCPU thread.</summary>
    public PinnedBuffer? Find(SpeVcpu vcpu, in BufferKey key)
    {
        bool stale = false;
        uint generation = _vm.Vm.Slots.Generation;
        if (vcpu.Buffer is { } current && IsGood(current, key, generation, ref stale))
        {
            return current;
        }

        for (int i = vcpu.Kept.Count - 1; i >= 0; i--)
        {
            if (IsGood(vcpu.Kept[i], key, generation, ref stale))
            {
                return vcpu.Kept[i];
            }
        }

        Statistics.Misses++;
        Statistics.Rewalks += stale ? 1UL : 0;
        return null;
    }

    /// <summary>Keeps a buffer that is not enabled any more, or releases it.</summary>
    public void Retire(PinnedBuffer buffer)
    {
        // A buffer without room has no pages.
        if (buffer.Bytes == 0)
        {
            return;
        }

        buffer.LastUsed = Environment.TickCount64;
        bool wanted = IsOn && buffer.Bytes <= _options.Bytes && !IsLogged(buffer);
        if (!wanted && _vm.Account.CanUnlock)
        {
            _vm.Release(buffer);
            Trim(buffer.Owner);
            return;
        }

        buffer.Owner.Kept.Add(buffer);
        Statistics.KeptBytes += buffer.Bytes;
        Trim(buffer.Owner);
        if (_ages)
        {
            _timer ??= new System.Threading.Timer(static cache => ((PinCache)cache!).Age(), this, _options.Age, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A kept buffer is kept no more; its pages are the caller's to release or to use.</summary>
    public void Take(PinnedBuffer buffer)
    {
        if (buffer.Owner.Kept.Remove(buffer))
        {
            Statistics.KeptBytes -= buffer.Bytes;
        }
    }

    /// <summary>Gives up the least recently used buffer that is not one of <paramref name="but"/>, because the limit refuses another.</summary>
    /// <returns>False where there is none.</returns>
    public bool YieldToLimit(List<PinnedBuffer> but)
    {
        if (Oldest(but) is not { } oldest)
        {
            return false;
        }

        Drop(oldest);
        Statistics.DroppedForLimit++;
        return true;
    }

    /// <summary>Drops what has pages in a range of guest memory that goes.</summary>
    public void DropIn(SpeVcpu vcpu, ulong gpa, ulong bytes)
    {
        for (int i = vcpu.Kept.Count - 1; i >= 0; i--)
        {
            if (vcpu.Kept[i].Overlaps(gpa, bytes))
            {
                Drop(vcpu.Kept[i]);
                Statistics.DroppedForMemory++;
            }
        }
    }

    /// <summary>Drops what lies in a slot that is about to be logged: for no use it would be in every log.</summary>
    public void DropLogged(MemorySlot slot)
    {
        foreach (Vcpu vcpu in _vm.Vm.Vcpus)
        {
            List<PinnedBuffer> kept = vcpu.Spe.Kept;
            for (int i = kept.Count - 1; i >= 0; i--)
            {
                if (_vm.Account.CanUnlock && kept[i].Overlaps(slot.Gpa, slot.Bytes))
                {
                    Drop(kept[i]);
                    Statistics.DroppedForLog++;
                }
            }
        }
    }

    /// <summary>A vCPU is reset or goes: nothing of it is kept.</summary>
    public void DropAll(SpeVcpu vcpu)
    {
        while (vcpu.Kept.Count != 0)
        {
            Drop(vcpu.Kept[^1]);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _timer?.Dispose();
    }

    private static bool IsGood(PinnedBuffer buffer, in BufferKey key, uint generation, ref bool stale)
    {
        if (!buffer.Key.Contains(key, buffer.NotGlobal))
        {
            return false;
        }

        TlbLog log = buffer.Owner.TlbLog;
        if (buffer.SlotsGeneration != generation
            || (key.Enabled && log.Covers(buffer.VerifiedAt, buffer.Key.Start & ~buffer.SharedEntry, buffer.Key.Last | buffer.SharedEntry, buffer.NotGlobal)))
        {
            stale = true;
            return false;
        }

        buffer.VerifiedAt = log.Now;
        return true;
    }

    private bool IsLogged(PinnedBuffer buffer)
    {
        foreach (MemorySlot slot in _vm.Vm.Slots.All)
        {
            if (slot.Dirty is not null && buffer.Overlaps(slot.Gpa, slot.Bytes))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Drops what is more than may be kept, as soon as the limit lets it.</summary>
    public void Trim(SpeVcpu vcpu)
    {
        while (Statistics.KeptBytes > _options.Bytes && _vm.Account.CanUnlock && Oldest([]) is { } oldest)
        {
            Drop(oldest);
            Statistics.DroppedForRoom++;
        }

        while (vcpu.Kept.Count > MostOfOne && _vm.Account.CanUnlock)
        {
            Drop(vcpu.Kept[0]);
            Statistics.DroppedForRoom++;
        }
    }

    /// <summary>The timer's thread.</summary>
    private void Age()
    {
        using KvmLock.Scope _ = _vm.PinLock.Enter();
        if (_disposed)
        {
            return;
        }

        long before = Environment.TickCount64 - (long)_options.Age.TotalMilliseconds;
        bool more = false;
        foreach (Vcpu vcpu in _vm.Vm.Vcpus)
        {
            // The least recently used come first.
            List<PinnedBuffer> kept = vcpu.Spe.Kept;
            while (kept.Count != 0 && kept[0].LastUsed <= before && _vm.Account.CanUnlock)
            {
                Drop(kept[0]);
                Statistics.DroppedForAge++;
            }

            more |= kept.Count != 0;
        }

        if (more)
        {
            _timer!.Change(_options.Age, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _timer!.Dispose();
            _timer = null;
        }
    }

    private PinnedBuffer? Oldest(List<PinnedBuffer> but)
    {
        PinnedBuffer? oldest = null;
        foreach (Vcpu vcpu in _vm.Vm.Vcpus)
        {
            foreach (PinnedBuffer buffer in vcpu.Spe.Kept)
            {
                if ((oldest is null || buffer.LastUsed < oldest.LastUsed) && !but.Contains(buffer))
                {
                    oldest = buffer;
                }
            }
        }

        return oldest;
    }

    private void Drop(PinnedBuffer buffer)
    {
        Take(buffer);
        _vm.Release(buffer);
    }
}
