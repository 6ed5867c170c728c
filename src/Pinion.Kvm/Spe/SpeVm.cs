using System.Diagnostics;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>A VM's part of profiling (struct kvm_spe): configuration, the account of locked memory, and which pages are pinned.</summary>
/// <remarks>
/// The pin lock guards the account and the pinned pages. It comes after the slots lock: removing a memslot and the host's memory events take both. A vCPU looks at slots and tables
/// without it, then takes it and checks by <see cref="Sequence"/> that nothing changed since.
/// </remarks>
internal sealed class SpeVm : IDisposable
{
    private readonly Vm _vm;
    private readonly HostRuns _fresh = new();
    private readonly HostRuns _gone = new();
    private readonly HostRuns _released = new();
    private readonly List<PinnedBuffer> _leaving = [];
    private uint _invalidations;

    public SpeVm(Vm vm)
    {
        _vm = vm;
        Account = new LockedMemory(vm.HostMemory);
        Uapi = SpeUapi.Of(vm.Kvm.Options.SpeSeries);
        Pages = new PinnedPages(vm);
        Cache = new PinCache(this, vm.Kvm.Options);
        Series = vm.Kvm.Options.SpeSeries.Create(this);
    }

    public ISpeSeries Series { get; }

    /// <summary>The series' numbers.</summary>
    public SpeUapi Uapi { get; }

    public KvmLock PinLock { get; } = new(LockRank.Pins);

    /// <summary>One for the VM, whatever charges to it. Guarded by the pin lock.</summary>
    public LockedMemory Account { get; }

    /// <summary>Guarded by the pin lock.</summary>
    public PinnedPages Pages { get; }

    /// <summary>What stays pinned of disabled buffers. Guarded by the pin lock.</summary>
    public PinCache Cache { get; }

    public Vm Vm => _vm;

    /// <summary>The SPU attribute; null until set.</summary>
    public int? Spu { get; set; }

    /// <summary>The MAX_BUFFER_SIZE attribute in bytes, 0 for no limit; null until set.</summary>
    public ulong? MaxBufferSize { get; set; }

    /// <summary>Pages pinned now.</summary>
    public int PinnedPages => Pages.Count;

    /// <summary>Changes with every change of memslots and every invalidation by the host: what was found before may be wrong.</summary>
    public ulong Sequence => ((ulong)_vm.Slots.Generation << 32) | Volatile.Read(ref _invalidations);

    /// <summary>Tests' way in between two steps of pinning. Called without the pin lock.</summary>
    public Action<PinStep>? AtStep { get; set; }

    /// <summary>
    /// Makes what <see cref="SpeVcpu.Walk"/> found the pages of a vCPU's buffer, all or none: pins those that nobody has, joins the others, and gives up those that it had and that are not kept.
    /// </summary>
    /// <param name="vcpu">Whose buffer.</param>
    /// <param name="pointer">Its first address.</param>
    /// <param name="limit">The address after its last.</param>
    /// <param name="sequence"><see cref="Sequence"/> from before the walk.</param>
    /// <param name="missing">With -ENOMEM: bytes that the limit lacks.</param>
    /// <returns>0; -EAGAIN where something changed meanwhile; an errno of the host.</returns>
    public int Pin(SpeVcpu vcpu, ulong pointer, ulong limit, ulong sequence, out ulong missing)
    {
        PinnedBuffer next = new(vcpu)
        {
            Key = BufferKey.Of(vcpu.Vcpu.Pe, pointer, limit),
            NotGlobal = vcpu.Walk.NotGlobal,
            SharedEntry = vcpu.Walk.SharedEntry,
            SlotsGeneration = (uint)(sequence >> 32),
            VerifiedAt = vcpu.TlbLog.Now,
        };
        next.Runs.AddRange(vcpu.Walk.Touched);
        PageRun.Normalize(next.Runs);
        using KvmLock.Scope _ = PinLock.Enter();
        missing = 0;
        if (Sequence != sequence)
        {
            return -Errno.EAGAIN;
        }

        FindLeaving(vcpu, next);
        _fresh.Clear();
        _gone.Clear();
        Join(next, _fresh);
        Leave(_leaving, _gone);
        bool released = false;
        LockedMemory.Result result;
        while (true)
        {
            result = Account.Exchange(_fresh, _gone);
            if (result.Released)
            {
                released = true;
                _gone.Clear();
            }

            // Where the limit refuses, buffers that are only kept make room.
            if (result.Error is not (-Errno.ENOMEM or -Errno.EPERM) || !Account.CanUnlock || !Cache.YieldToLimit(_leaving))
            {
                break;
            }
        }

        if (result.Error != 0)
        {
            TakeBack(vcpu, next, released);
            missing = result.Missing;
            AssertInvariants();
            return result.Error;
        }

        PinnedBuffer? old = vcpu.Buffer;
        vcpu.Buffer = next;
        foreach (PageRun run in next.Runs)
        {
            _vm.Stage2.Map(run.Gpa, run.Bytes, run.Writable);
        }

        foreach (PinnedBuffer buffer in _leaving)
        {
            Cache.Take(buffer);
            Cache.Statistics.DroppedForLarger += buffer != old ? 1UL : 0;
        }

        if (old is not null && !_leaving.Contains(old))
        {
            Cache.Retire(old);
        }

        _leaving.Clear();
        Cache.Trim(vcpu);
        AssertInvariants();
        return 0;
    }

    /// <summary>Makes a buffer that is pinned already a vCPU's, where nothing can have changed since it was walked. vCPU thread.</summary>
    public bool Reuse(SpeVcpu vcpu, ulong pointer, ulong limit)
    {
        if (!Cache.IsOn || !vcpu.MayReuse)
        {
            return false;
        }

        BufferKey key = BufferKey.Of(vcpu.Vcpu.Pe, pointer, limit);
        using KvmLock.Scope _ = PinLock.Enter();
        if (Cache.Find(vcpu, key) is not { } found)
        {
            return false;
        }

        Cache.Statistics.Hits++;
        if (found != vcpu.Buffer)
        {
            Cache.Take(found);
            PinnedBuffer? old = vcpu.Buffer;
            vcpu.Buffer = found;
            if (old is not null)
            {
                Cache.Retire(old);
            }

            AssertInvariants();
        }

        return true;
    }

    /// <summary>A vCPU's buffer is not enabled any more: its pages are given up, or kept for when it is again.</summary>
    public void Unpin(SpeVcpu vcpu)
    {
        if (vcpu.Buffer is null)
        {
            return;
        }

        using KvmLock.Scope _ = PinLock.Enter();
        if (vcpu.Buffer is { } buffer)
        {
            vcpu.Buffer = null;
            Cache.Retire(buffer);
            AssertInvariants();
        }
    }

    /// <summary>A vCPU is reset or goes: nothing of it stays pinned.</summary>
    public void Forget(SpeVcpu vcpu)
    {
        using KvmLock.Scope _ = PinLock.Enter();
        if (vcpu.Buffer is { } buffer)
        {
            vcpu.Buffer = null;
            Release(buffer);
        }

        Cache.DropAll(vcpu);
        AssertInvariants();
    }

    /// <summary>
    /// A memslot went away or moved: its pages are released at once, and the buffers that lay in it are lost. Caller holds the slots lock, and no PE uses the slot any more.
    /// </summary>
    public void SlotRemoved(MemorySlot slot)
    {
        using KvmLock.Scope _ = PinLock.Enter();
        Lose(slot.Gpa, slot.Bytes);
        Pages.Forget(slot);
        AssertInvariants();
    }

    /// <summary>
    /// Takes pages from stage 2 because of what happens to the memory behind them, and waits until no PE uses them. Caller holds the slots lock.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="gpa">First page.</param>
    /// <param name="bytes">Size.</param>
    /// <param name="gone">The memory goes: pinned pages too are taken, and their buffers are lost. Else pinned pages stay as they are.</param>
    public void Invalidate(MemorySlot slot, ulong gpa, ulong bytes, bool gone)
    {
        // Held throughout: who publishes pages finds either that the sequence has moved, or is over with it before pages are taken.
        using KvmLock.Scope _ = PinLock.Enter();
        Volatile.Write(ref _invalidations, _invalidations + 1);
        bool any = false;
        for (ulong page = (gpa - slot.Gpa) >> MemorySlot.PageShift, end = (gpa - slot.Gpa + bytes) >> MemorySlot.PageShift; page < end; page++)
        {
            if (slot.IsMapped(page) && (gone || !Series.KeepsMapped(slot, page)))
            {
                _vm.DataCaches?.CleanInvalidatePage(slot.Hva + (nint)(page << MemorySlot.PageShift));
                slot.Unmap(page);
                any = true;
            }
        }

        if (any)
        {
            _vm.InvalidateStage2();
        }

        if (gone)
        {
            Lose(gpa, bytes);
            Pages.MemoryChanged(slot);
            AssertInvariants();
        }
    }

    /// <summary>What a dirty log has to say of 64 pages beside what was written through it: the unit writes pinned pages without asking. Caller holds the pin lock.</summary>
    public ulong AlwaysDirty(MemorySlot slot, int word) => Pages.WritableWord(slot, word);

    /// <summary>A slot is about to be logged: what is pinned for writing in it is dirty from the start. Caller holds the slots lock and the pin lock.</summary>
    public void BeginLog(MemorySlot? old, MemorySlot? replacement)
    {
        if (replacement?.Dirty is { } dirty && old is not null && old.Gpa == replacement.Gpa)
        {
            Cache.DropLogged(old);
            for (int i = 0; i < dirty.Length; i++)
            {
                ulong pinned = AlwaysDirty(replacement, i);
                if (pinned != 0)
                {
                    Interlocked.Or(ref dirty[i], pinned);
                }
            }
        }
    }

    /// <summary>What a vCPU pinned one by one becomes its buffer's.</summary>
    /// <returns>False where it was lost meanwhile.</returns>
    public bool PublishPinning(SpeVcpu vcpu)
    {
        using KvmLock.Scope _ = PinLock.Enter();
        if (vcpu.Pinning is not { } next)
        {
            return false;
        }

        PinnedBuffer? old = vcpu.Buffer;
        vcpu.Pinning = null;
        vcpu.Buffer = next;
        if (old is not null)
        {
            Release(old);
        }

        AssertInvariants();
        return true;
    }

    /// <summary>What a vCPU pinned one by one is given up.</summary>
    public void DropPinning(SpeVcpu vcpu)
    {
        using KvmLock.Scope _ = PinLock.Enter();
        if (vcpu.Pinning is { } partial)
        {
            vcpu.Pinning = null;
            Release(partial);
            AssertInvariants();
        }
    }

    /// <summary>Releases pages of a buffer that nobody else needs. Caller holds the pin lock.</summary>
    public void Release(PinnedBuffer buffer)
    {
        _released.Clear();
        int before = Pages.Count;
        Leave(buffer, _released);
        Account.Locked -= (ulong)(before - Pages.Count) * MemorySlot.PageSize;
        Account.Release(_released);
    }

    public void Dispose()
    {
        Series.Destroyed();
        using KvmLock.Scope _ = PinLock.Enter();
        Cache.Dispose();
        Account.Release();
    }

    /// <summary>
    /// Looks whether counts, account and host agree.
    /// </summary>
    /// <returns>What does not, or null.</returns>
    public string? CheckInvariants()
    {
        using KvmLock.Scope _ = PinLock.Enter();
        return Violation();
    }

    /// <summary>Drops every buffer that has pages in a range of guest memory, and tells the vCPUs that had them enabled.</summary>
    private void Lose(ulong gpa, ulong bytes)
    {
        foreach (Vcpu vcpu in _vm.Vcpus)
        {
            if (vcpu.Spe.Buffer is { } buffer && buffer.Overlaps(gpa, bytes))
            {
                vcpu.Spe.Buffer = null;
                Release(buffer);
                vcpu.Spe.LoseBuffer();
            }

            if (vcpu.Spe.Pinning is { } partial && partial.Overlaps(gpa, bytes))
            {
                vcpu.Spe.Pinning = null;
                Release(partial);
            }

            Cache.DropIn(vcpu.Spe, gpa, bytes);
        }
    }

    /// <summary>Which of a vCPU's buffers <paramref name="next"/> takes the place of: those it contains, and the enabled one where nothing is kept. None while nothing can be unlocked.</summary>
    private void FindLeaving(SpeVcpu vcpu, PinnedBuffer next)
    {
        _leaving.Clear();
        if (!Account.CanUnlock)
        {
            return;
        }

        foreach (PinnedBuffer kept in vcpu.Kept)
        {
            if (next.Key.Contains(kept.Key, next.NotGlobal || kept.NotGlobal))
            {
                _leaving.Add(kept);
            }
        }

        if (vcpu.Buffer is { } old && (!Cache.IsOn || next.Key.Contains(old.Key, next.NotGlobal || old.NotGlobal)))
        {
            _leaving.Add(old);
        }
    }

    /// <summary>
    /// Nothing came of pinning <paramref name="next"/>, whose pages that nobody had are still in the list that was to be locked. What was to leave stays, unless its room was needed
    /// (<paramref name="released"/>): then it is gone.
    /// </summary>
    private void TakeBack(SpeVcpu vcpu, PinnedBuffer next, bool released)
    {
        _released.Clear();
        if (!released)
        {
            Join(_leaving, _released);
            if (_released.Bytes != _gone.Bytes)
            {
                // What they shared with a buffer that was made to yield is unlocked with that one: they cannot stay without it.
                Leave(_leaving, _released);
                Account.Unlock(_gone);
                released = true;
            }
        }

        foreach (PinnedBuffer buffer in released ? _leaving : [])
        {
            if (buffer == vcpu.Buffer)
            {
                vcpu.Buffer = null;
                vcpu.NeedsPin();
            }
            else
            {
                Cache.Take(buffer);
            }
        }

        // Pages that it shared with a buffer that is gone by now, released or made to yield, are locked and nobody's.
        _released.Clear();
        Leave(next, _released);
        if (_released.Bytes != _fresh.Bytes)
        {
            Account.Unlock(_released, already: _fresh);
        }

        _leaving.Clear();
    }

    private void Join(List<PinnedBuffer> buffers, HostRuns fresh)
    {
        foreach (PinnedBuffer buffer in buffers)
        {
            Join(buffer, fresh);
        }
    }

    private void Leave(List<PinnedBuffer> buffers, HostRuns gone)
    {
        foreach (PinnedBuffer buffer in buffers)
        {
            Leave(buffer, gone);
        }
    }

    private void Join(PinnedBuffer buffer, HostRuns fresh)
    {
        foreach (PageRun run in buffer.Runs)
        {
            Pages.Join(run, fresh);
        }
    }

    private void Leave(PinnedBuffer buffer, HostRuns gone)
    {
        foreach (PageRun run in buffer.Runs)
        {
            Pages.Leave(run, gone);
        }
    }

    private string? Violation()
    {
        Dictionary<ulong, int> owners = [];
        foreach (PinnedBuffer buffer in Buffers())
        {
            foreach (PageRun run in buffer.Runs)
            {
                for (ulong gpa = run.Gpa; gpa < run.End; gpa += MemorySlot.PageSize)
                {
                    owners[gpa] = owners.GetValueOrDefault(gpa) + 1;
                    if (run.Writable && !Pages.IsPinnedWritable(gpa))
                    {
                        return $"page {gpa:x} is written by a buffer and not pinned for writing";
                    }
                }
            }
        }

        foreach ((ulong gpa, int count) in Pages.All())
        {
            if (!owners.Remove(gpa, out int expected) || expected != count)
            {
                return $"page {gpa:x} is pinned for {count} buffers, {expected} have it";
            }
        }

        if (owners.Count != 0)
        {
            return $"{owners.Count} pages of buffers are not pinned";
        }

        return Account.Locked != (ulong)Pages.Count * MemorySlot.PageSize ? $"{Account.Locked} bytes are counted as locked, {Pages.Count} pages are pinned"
            : Series.ChargesFirst && Account.Locked > Account.Watermark ? $"{Account.Locked} bytes are locked, {Account.Watermark} charged"
            : null;
    }

    private IEnumerable<PinnedBuffer> Buffers()
    {
        foreach (Vcpu vcpu in _vm.Vcpus)
        {
            if (vcpu.Spe.Buffer is { } buffer)
            {
                yield return buffer;
            }

            if (vcpu.Spe.Pinning is { } partial)
            {
                yield return partial;
            }

            foreach (PinnedBuffer kept in vcpu.Spe.Kept)
            {
                yield return kept;
            }
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        string? violation = Violation();
        Debug.Assert(violation is null, violation);
    }
}

/// <summary>Where pinning can be interrupted by what others do.</summary>
internal enum PinStep
{
    /// <summary>The buffer was walked, nothing is pinned yet.</summary>
    Walked,

    /// <summary>A page is pinned that nobody paid for yet (the sixth posting's way).</summary>
    Unpaid,
}
