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
    private uint _invalidations;

    public SpeVm(Vm vm)
    {
        _vm = vm;
        Account = new LockedMemory(vm.HostMemory);
        Uapi = SpeUapi.Of(vm.Kvm.Options.SpeSeries);
        Pages = new PinnedPages(vm);
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
    /// Makes <paramref name="wanted"/> the pages of a vCPU's buffer, all or none: pins those that nobody has, joins the others, leaves those that it had and needs no more.
    /// </summary>
    /// <param name="vcpu">Whose buffer.</param>
    /// <param name="wanted">Pages, in any order.</param>
    /// <param name="sequence"><see cref="Sequence"/> from before they were looked for.</param>
    /// <param name="missing">With -ENOMEM: bytes that the limit lacks.</param>
    /// <returns>0; -EAGAIN where something changed meanwhile; an errno of the host.</returns>
    public int Pin(SpeVcpu vcpu, List<PageRun> wanted, ulong sequence, out ulong missing)
    {
        PinnedBuffer next = new(vcpu);
        next.Runs.AddRange(wanted);
        PageRun.Normalize(next.Runs);
        using KvmLock.Scope _ = PinLock.Enter();
        missing = 0;
        if (Sequence != sequence)
        {
            return -Errno.EAGAIN;
        }

        PinnedBuffer? old = vcpu.Buffer;
        _fresh.Clear();
        _gone.Clear();
        Join(next, _fresh);
        Leave(old, _gone);
        LockedMemory.Result result = Account.Exchange(_fresh, _gone);
        if (result.Error != 0)
        {
            // The host has nothing of the new ones, and the old ones still unless their room was needed: the counts follow.
            _fresh.Clear();
            _gone.Clear();
            Join(old, _gone);
            Leave(next, _fresh);
            if (result.Released)
            {
                // What both buffers have was not given up, and is nobody's now.
                HostRuns all = new();
                Leave(old, all);
                Account.Unlock(all, already: _gone);
                vcpu.Buffer = null;
                vcpu.NeedsPin();
            }

            missing = result.Missing;
            AssertInvariants();
            return result.Error;
        }

        vcpu.Buffer = next;
        foreach (PageRun run in next.Runs)
        {
            _vm.Stage2.Map(run.Gpa, run.Bytes, run.Writable);
        }

        AssertInvariants();
        return 0;
    }

    /// <summary>Leaves all pages of a vCPU's buffer.</summary>
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
            Release(buffer);
            AssertInvariants();
        }
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
    private void Release(PinnedBuffer buffer)
    {
        _gone.Clear();
        int before = Pages.Count;
        Leave(buffer, _gone);
        Account.Locked -= (ulong)(before - Pages.Count) * MemorySlot.PageSize;
        Account.Release(_gone);
    }

    public void Dispose()
    {
        Series.Destroyed();
        using KvmLock.Scope _ = PinLock.Enter();
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
        }
    }

    private void Join(PinnedBuffer? buffer, HostRuns fresh)
    {
        if (buffer is not null)
        {
            foreach (PageRun run in buffer.Runs)
            {
                Pages.Join(run, fresh);
            }
        }
    }

    private void Leave(PinnedBuffer? buffer, HostRuns gone)
    {
        if (buffer is not null)
        {
            foreach (PageRun run in buffer.Runs)
            {
                Pages.Leave(run, gone);
            }
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
