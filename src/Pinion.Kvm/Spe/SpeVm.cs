using System.Diagnostics;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>A VM's part of profiling (struct kvm_spe): configuration, the account of locked memory, and which pages are pinned.</summary>
/// <remarks>
/// The pin lock guards the account and the set of pinned pages. It comes after the slots lock: removing a memslot takes both. A vCPU looks at slots and tables without it, then
/// takes it and checks that no slot changed since.
/// </remarks>
internal sealed class SpeVm : IDisposable
{
    private readonly Vm _vm;
    private readonly Dictionary<ulong, PinnedPage> _pages = [];

    /// <summary>A pinned page; how many vCPUs' buffers need it.</summary>
    private sealed class PinnedPage(nint host)
    {
        public nint Host { get; } = host;

        public int Owners { get; set; }
    }

    public SpeVm(Vm vm)
    {
        _vm = vm;
        Account = new LockedMemory(vm.HostMemory);
        Uapi = SpeUapi.Of(vm.Kvm.Options.SpeSeries);
        Series = vm.Kvm.Options.SpeSeries.Create(this);
    }

    public ISpeSeries Series { get; }

    /// <summary>The series' numbers.</summary>
    public SpeUapi Uapi { get; }

    public KvmLock PinLock { get; } = new(LockRank.Pins);

    public LockedMemory Account { get; }

    public Vm Vm => _vm;

    /// <summary>The SPU attribute; null until set.</summary>
    public int? Spu { get; set; }

    /// <summary>The MAX_BUFFER_SIZE attribute in bytes, 0 for no limit; null until set.</summary>
    public ulong? MaxBufferSize { get; set; }

    /// <summary>Pages pinned now.</summary>
    public int PinnedPages => _pages.Count;

    /// <summary>
    /// Makes <paramref name="wanted"/> the pages of a vCPU's buffer: pins those that nobody has, joins the others, then leaves those that it had and needs no more.
    /// </summary>
    /// <param name="vcpu">Whose buffer.</param>
    /// <param name="wanted">Guest physical pages and where they are.</param>
    /// <param name="generation">Generation of the slots in which they were found.</param>
    /// <param name="missing">With -ENOMEM: bytes that the limit lacks.</param>
    /// <returns>0; -EAGAIN where slots changed meanwhile; an errno of the host.</returns>
    public int Pin(SpeVcpu vcpu, Dictionary<ulong, nint> wanted, uint generation, out ulong missing)
    {
        using KvmLock.Scope _ = PinLock.Enter();
        missing = 0;
        if (_vm.Slots.Generation != generation)
        {
            return -Errno.EAGAIN;
        }

        List<nint> fresh = [];
        foreach ((ulong gpa, nint host) in wanted)
        {
            if (!_pages.ContainsKey(gpa))
            {
                fresh.Add(host);
            }
        }

        int result = Account.Lock(fresh, out missing);
        if (result != 0)
        {
            return result;
        }

        foreach ((ulong gpa, nint host) in wanted)
        {
            if (!_pages.TryGetValue(gpa, out PinnedPage? page))
            {
                _pages.Add(gpa, page = new PinnedPage(host));
            }

            _vm.Stage2.Map(gpa, writable: true);

            page.Owners++;
        }

        Drop(vcpu.Pinned);
        vcpu.Pinned.AddRange(wanted.Keys);
        CheckInvariants();
        return 0;
    }

    /// <summary>Leaves all pages of a vCPU's buffer.</summary>
    public void Unpin(SpeVcpu vcpu)
    {
        if (vcpu.Pinned.Count == 0)
        {
            return;
        }

        using KvmLock.Scope _ = PinLock.Enter();
        Drop(vcpu.Pinned);
        CheckInvariants();
    }

    /// <summary>A memslot went away or moved: its pages are released at once, and the buffers that lay in it are lost.</summary>
    public void SlotRemoved(MemorySlot slot)
    {
        using KvmLock.Scope _ = PinLock.Enter();
        List<nint> hosts = [];
        foreach ((ulong gpa, PinnedPage page) in _pages)
        {
            if (slot.Contains(gpa))
            {
                hosts.Add(page.Host);
            }
        }

        if (hosts.Count == 0)
        {
            return;
        }

        foreach (Vcpu vcpu in _vm.Vcpus)
        {
            if (vcpu.Spe.Pinned.RemoveAll(slot.Contains) != 0)
            {
                vcpu.Spe.LoseBuffer();
            }
        }

        foreach (ulong gpa in _pages.Keys.Where(slot.Contains).ToArray())
        {
            _pages.Remove(gpa);
        }

        Account.Unlock(hosts);
        CheckInvariants();
    }

    public void Dispose()
    {
        Series.Destroyed();
        using KvmLock.Scope _ = PinLock.Enter();
        Account.Release();
    }

    private void Drop(List<ulong> pages)
    {
        List<nint> unlocked = [];
        foreach (ulong gpa in pages)
        {
            PinnedPage page = _pages[gpa];
            if (--page.Owners == 0)
            {
                _pages.Remove(gpa);
                unlocked.Add(page.Host);
            }
        }

        pages.Clear();
        if (unlocked.Count != 0)
        {
            Account.Unlock(unlocked);
        }
    }

    [Conditional("DEBUG")]
    private void CheckInvariants()
    {
        Debug.Assert(Account.Locked == (ulong)_pages.Count * MemorySlot.PageSize, "locked bytes are not those of the pinned pages");
        Debug.Assert(Account.Locked <= Account.Watermark, "more is locked than was charged");
    }
}
