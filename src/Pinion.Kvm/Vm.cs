using Pinion.Cpu;
using Pinion.Cpu.Profiling;
using Pinion.Kvm.Gic;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Registers;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Timer;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <summary>
/// A virtual machine: memslots, vCPUs, the interrupt controller. Calls answer 0 or a value, or a negative errno. Any thread may call.
/// </summary>
/// <remarks>
/// Locks, outermost first: <see cref="Lock"/> (creation), a vCPU's mutex (held through KVM_RUN), <see cref="ConfigLock"/> (features, power state), <see cref="SlotsLock"/>
/// (memslots, dirty log), the pin lock of <see cref="SpeVm"/>, the interrupt controller's own lock, the turn scheduler's. See <see cref="LockRank"/>; Debug builds check it.
/// </remarks>
public sealed partial class Vm : IKvmFile, IVgicHost, IDisposable
{
    private readonly Vcpu?[] _byId = new Vcpu?[Kvm.MaxVcpus];
    private Vcpu[] _vcpus = [];
    private bool _disposed;

    internal Vm(Kvm kvm, int ipaBits)
    {
        Kvm = kvm;
        IpaBits = ipaBits;
        Slots = new MemorySlots(ipaBits);
        DataCaches = kvm.Options.Coherency == Coherency.Strict ? new DataCaches(this) : null;
        Caches = (ICacheMaintenance?)DataCaches ?? CoherentCaches.Instance;
        MemoryAhead = kvm.Options.TouchesAhead ? new MemoryAhead() : null;
        Stage2 = DataCaches is null ? new Stage2(Slots, MemoryAhead) : new CleaningStage2(Slots, DataCaches);
        HostMemory = kvm.Options.HostMemory();
        PendingOperations = new PendingOperations(this);
        Spe = new SpeVm(this);
        Turns = kvm.Options.Deterministic ? new TurnScheduler(kvm.Options.Quantum) : null;
        HostTime = new HostTime();
        Fd = kvm.Files.Add(this);
    }

    public Kvm Kvm { get; }

    public int Fd { get; }

    /// <summary>Bits of an intermediate physical address.</summary>
    public int IpaBits { get; }

    /// <summary>Gets a copy of every profiling record the guest's buffer gets. Set it before vCPUs are made.</summary>
    public ISpeRecordSink? RecordSink { get; set; }

    /// <summary>Sees every operation a profiling unit could have sampled. Set it before vCPUs are made.</summary>
    public ITruthObserver? Truth { get; set; }

    /// <summary>vCPUs in the order of their creation.</summary>
    public IReadOnlyList<Vcpu> Vcpus => Volatile.Read(ref _vcpus);

    internal KvmLock Lock { get; } = new(LockRank.Vm);

    internal KvmLock ConfigLock { get; } = new(LockRank.Config);

    internal KvmLock SlotsLock { get; } = new(LockRank.Slots);

    internal MemorySlots Slots { get; }

    internal Stage2 Stage2 { get; }

    private MemoryAhead? MemoryAhead { get; }

    internal IHostMemory HostMemory { get; }

    internal IHostMappings HostMappings => Kvm.Options.HostMappings;

    /// <summary>The host's caches, for what KVM has to do to them.</summary>
    internal ICacheMaintenance Caches { get; set; }

    /// <summary>The host's data caches where a guest can tell them from memory; else null.</summary>
    internal DataCaches? DataCaches { get; }

    /// <summary>Maintenance that waits for the first vCPU to run.</summary>
    internal PendingOperations PendingOperations { get; }

    internal SpeVm Spe { get; }

    /// <summary>Whose turn it is, in deterministic mode; else null.</summary>
    internal TurnScheduler? Turns { get; }

    internal HostTime HostTime { get; }

    internal InnerShareableDomain Domain { get; } = new();

    internal VgicV3? Vgic { get; private set; }

    /// <summary>vCPU features, once the first KVM_ARM_VCPU_INIT chose them for the whole VM.</summary>
    internal KvmVcpuFeatures? Features { get; set; }

    /// <summary>KVM_ARCH_FLAG_HAS_RAN_ONCE: identity may no longer change.</summary>
    internal bool HasRanOnce { get; set; }

    /// <summary>KVM_CAP_ARM_NISV_TO_USER was enabled.</summary>
    internal bool ReturnNisvToUser { get; private set; }

    internal FirmwareFeatures FirmwareFeatures { get; } = new();

    /// <summary>INTIDs of the timers' interrupts, for the whole VM.</summary>
    internal TimerInterrupts TimerInterrupts { get; } = new();

    /// <summary>
    /// KVM_CREATE_VCPU.
    /// </summary>
    /// <returns>
    /// 0; -EINVAL for an id of 512 or more, -EBUSY once the interrupt controller is initialised, -EEXIST when the id is taken.
    /// </returns>
    public int CreateVcpu(uint id, out Vcpu? vcpu)
    {
        vcpu = null;
        if (id >= Kvm.MaxVcpus)
        {
            return -Errno.EINVAL;
        }

        using KvmLock.Scope _ = Lock.Enter();
        if (Vgic is { Initialized: true })
        {
            return -Errno.EBUSY;
        }

        if (_byId[id] is not null)
        {
            return -Errno.EEXIST;
        }

        vcpu = new Vcpu(this, (int)id, _vcpus.Length);
        _byId[id] = vcpu;
        Volatile.Write(ref _vcpus, [.. _vcpus, vcpu]);
        if (Vgic is not null)
        {
            Vgic.AddVcpu(vcpu.Index);
            vcpu.ConnectInterruptController(Vgic.CpuInterface(vcpu.Index));
        }

        return 0;
    }

    /// <summary>KVM_CREATE_DEVICE. Only the GICv3 exists here; with <paramref name="test"/> nothing is made.</summary>
    /// <returns>0; -ENODEV for another type, -EEXIST for a second interrupt controller, -EBUSY once a vCPU has run.</returns>
    public int CreateDevice(KvmDeviceType type, bool test, out Device? device)
    {
        device = null;
        if (type != KvmDeviceType.ArmVgicV3)
        {
            return -Errno.ENODEV;
        }

        if (test)
        {
            return 0;
        }

        using KvmLock.Scope _ = Lock.Enter();
        if (Vgic is not null)
        {
            return -Errno.EEXIST;
        }

        if (HasRanOnce)
        {
            return -Errno.EBUSY;
        }

        VgicV3 vgic = new(this, IpaBits);
        Vgic = vgic;
        foreach (Vcpu vcpu in _vcpus)
        {
            vgic.AddVcpu(vcpu.Index);
            vcpu.ConnectInterruptController(vgic.CpuInterface(vcpu.Index));
        }

        device = new Device(this, type, vgic);
        return 0;
    }

    /// <summary>KVM_CHECK_EXTENSION on the VM.</summary>
    public int CheckExtension(uint capability) => Kvm.CheckExtension(capability);

    /// <summary>KVM_ENABLE_CAP: KVM_CAP_ARM_NISV_TO_USER and, in the series that have it, KVM_CAP_ARM_LOCK_USER_MEMORY_REGION (<see cref="KvmLockMemory"/>).</summary>
    /// <returns>
    /// 0; -EINVAL for flags or arguments that mean nothing, for another capability, a memslot that does not exist, a lock without reading, or (fifth posting) unlocking what is not locked; -EBUSY where
    /// a vCPU is inside a call, has run (fourth posting), or the memslot is locked; -EPERM for a lock for writing of a memslot that is read-only or logged; -ENOMEM over RLIMIT_MEMLOCK and where memory
    /// cannot be pinned; -EAGAIN where mappings changed meanwhile.
    /// </returns>
    public int EnableCap(in KvmEnableCap cap)
    {
        if (cap.Cap == Spe.Uapi.LockMemory)
        {
            return Spe.Series.LockMemory(cap);
        }

        if (cap.Flags != 0 || cap.Cap != KvmCapability.ArmNisvToUser)
        {
            return -Errno.EINVAL;
        }

        ReturnNisvToUser = true;
        return 0;
    }

    /// <summary>KVM_SET_DEVICE_ATTR on the VM: KVM_ARM_VM_SPE_CTRL's FINALIZE of the third posting.</summary>
    /// <returns>
    /// 0; -ENOTTY in the fourth and fifth posting; -ENXIO for an unknown attribute, or before all vCPUs' profiling is initialised; -EBUSY when done already; -EFAULT where memory is bad; -EAGAIN where it changed meanwhile.
    /// </returns>
    public int SetAttr(in KvmDeviceAttr attr) => Spe.Uapi.HasVmAttributes ? Spe.Series.SetVmAttr(attr.Group, attr.Attr) : -Errno.ENOTTY;

    /// <summary>KVM_GET_DEVICE_ATTR on the VM: no attribute has a value.</summary>
    public int GetAttr(in KvmDeviceAttr attr) => Spe.Uapi.HasVmAttributes ? -Errno.ENXIO : -Errno.ENOTTY;

    /// <summary>KVM_HAS_DEVICE_ATTR on the VM.</summary>
    /// <returns>0; -ENXIO for an unknown attribute, or where no vCPU has profiling; -ENOTTY as <see cref="SetAttr"/>.</returns>
    public int HasAttr(in KvmDeviceAttr attr) => Spe.Uapi.HasVmAttributes ? Spe.Series.HasVmAttr(attr.Group, attr.Attr) : -Errno.ENOTTY;

    /// <summary>KVM_ARM_PREFERRED_TARGET: the generic v8 target, no features asked for.</summary>
    public int PreferredTarget(out KvmVcpuInit init)
    {
        init = new KvmVcpuInit { Target = KvmVcpuInit.TargetGenericV8 };
        return 0;
    }

    /// <summary>
    /// KVM_IRQ_LINE: sets the level of an SPI, or of a PPI of one vCPU. For <paramref name="irq"/> see <see cref="KvmIrqLevel"/>.
    /// </summary>
    /// <returns>0; -ENXIO without an interrupt controller, or for type 0 with one; -EINVAL for a number or vCPU out of range; -EBUSY before the controller is initialised.</returns>
    public int IrqLine(uint irq, bool level)
    {
        uint type = (irq >> 24) & 0xF;
        uint index = ((irq >> 16) & 0xFF) + (((irq >> 28) & 0xF) * 256);
        uint number = irq & 0xFFFF;
        VgicV3? vgic = Vgic;
        switch (type)
        {
            case 0:
                // The vCPU's own IRQ and FIQ inputs: only for an interrupt controller in user space.
                if (vgic is not null)
                {
                    return -Errno.ENXIO;
                }

                if (index >= _vcpus.Length || number > 1)
                {
                    return -Errno.EINVAL;
                }

                _vcpus[index].SetLine(fiq: number == 1, level);
                return 0;
            case 1:
                if (vgic is null)
                {
                    return -Errno.ENXIO;
                }

                if (number < 32 || number >= 1020)
                {
                    return -Errno.EINVAL;
                }

                return vgic.Initialized ? vgic.SetSpi((int)number, level) : -Errno.EBUSY;
            case 2:
                if (vgic is null)
                {
                    return -Errno.ENXIO;
                }

                if (index >= _vcpus.Length || number is < 16 or > 31)
                {
                    return -Errno.EINVAL;
                }

                return vgic.Initialized ? vgic.SetPpi((int)index, (int)number, level) : -Errno.EBUSY;
            default:
                return -Errno.EINVAL;
        }
    }

    /// <summary>
    /// KVM_SET_USER_MEMORY_REGION: makes, moves, changes or (size 0) deletes a memslot. The memory stays the caller's, and must outlive the slot.
    /// </summary>
    /// <returns>
    /// 0; -EINVAL for alignment, unknown flags, slot numbers, sizes, or a change that KVM does not allow; -EEXIST where it overlaps another slot; -EFAULT past the
    /// intermediate physical address size; -ENOMEM where <see cref="Coherency.Strict"/> finds no address space for the memory's other view.
    /// </returns>
    public int SetUserMemoryRegion(in KvmUserspaceMemoryRegion region)
    {
        using KvmLock.Scope _ = SlotsLock.Enter();
        int result = Slots.Prepare(region, out MemorySlot? old, out MemorySlot? replacement);
        if (result != 0 || (old is null && replacement is null))
        {
            return result;
        }

        if (replacement is not null && DataCaches is { } caches && (result = caches.Cover(replacement.Hva, replacement.Bytes)) != 0)
        {
            return result;
        }

        // Under the pin lock: whoever pins pages finds either the old slots, and then its pages count in the new log, or that they changed.
        using (Spe.PinLock.Enter())
        {
            Spe.BeginLog(old, replacement);
            Slots.Commit(old, replacement);
        }

        if (old is not null)
        {
            InvalidateStage2();
            bool gone = replacement is null || replacement.Gpa != old.Gpa;
            if (gone)
            {
                Spe.SlotRemoved(old);
                DataCaches?.SlotRemoved(old);
            }
        }

        return 0;
    }

    /// <summary>KVM_SET_USER_MEMORY_REGION2: as the first form; guest_memfd is not supported.</summary>
    /// <inheritdoc cref="SetUserMemoryRegion" path="/returns"/>
    public int SetUserMemoryRegion2(in KvmUserspaceMemoryRegion2 region) => SetUserMemoryRegion(region.Region);

    /// <summary>
    /// KVM_GET_DIRTY_LOG: copies a slot's bitmap of pages written since the last call, and clears it.
    /// </summary>
    /// <param name="slot">Slot number.</param>
    /// <param name="bitmap">One bit a page; at least as many words as the slot has pages, divided by 64, rounded up.</param>
    /// <returns>0; -EINVAL for a slot number out of range; -ENOENT where the slot does not exist or is not logged; -EFAULT when the bitmap is too short.</returns>
    public int GetDirtyLog(uint slot, Span<ulong> bitmap)
    {
        using KvmLock.Scope _ = SlotsLock.Enter();
        int result = FindLogged(slot, out MemorySlot? logged);
        if (result != 0)
        {
            return result;
        }

        ulong[] dirty = logged!.Dirty!;
        if (bitmap.Length < dirty.Length)
        {
            return -Errno.EFAULT;
        }

        bool any = false;
        using (Spe.PinLock.Enter())
        {
            for (int i = 0; i < dirty.Length; i++)
            {
                // What is pinned for the profiling unit's writes stays dirty: it writes again without anybody hearing of it.
                bitmap[i] = Volatile.Read(ref dirty[i]) == 0 ? 0 : Interlocked.Exchange(ref dirty[i], Spe.AlwaysDirty(logged, i));
                any |= bitmap[i] != 0;
            }
        }

        // A page in this log may be written without coming back until its cached translation is gone; the VMM copies it after that.
        if (any)
        {
            InvalidateStage2();
        }

        return 0;
    }

    private int FindLogged(uint slot, out MemorySlot? logged)
    {
        logged = null;
        if (slot >= MemorySlots.Maximum)
        {
            return -Errno.EINVAL;
        }

        logged = Slots.ById(slot);
        return logged?.Dirty is null ? -Errno.ENOENT : 0;
    }

    /// <summary>Has every PE forget what it knows of stage 2, and waits until none uses it any more.</summary>
    internal void InvalidateStage2()
    {
        foreach (Vcpu vcpu in _vcpus)
        {
            vcpu.InvalidateStage2();
        }
    }

    /// <summary>The vCPU whose MPIDR_EL1 affinity is <paramref name="mpidr"/>'s; null when there is none.</summary>
    internal Vcpu? FindByAffinity(ulong mpidr)
    {
        foreach (Vcpu vcpu in _vcpus)
        {
            if (vcpu.Affinity == (mpidr & Vcpu.AffinityMask))
            {
                return vcpu;
            }
        }

        return null;
    }

    int IVgicHost.VcpuCount => _vcpus.Length;

    void IVgicHost.SetLines(int vcpu, bool irq, bool fiq) => _vcpus[vcpu].SetLines(irq, fiq);

    bool IVgicHost.TryLockVcpus()
    {
        Vcpu[] vcpus = _vcpus;
        for (int i = 0; i < vcpus.Length; i++)
        {
            if (!vcpus[i].Mutex.TryEnter())
            {
                while (--i >= 0)
                {
                    vcpus[i].Mutex.Exit();
                }

                return false;
            }
        }

        return true;
    }

    void IVgicHost.UnlockVcpus()
    {
        for (int i = _vcpus.Length - 1; i >= 0; i--)
        {
            _vcpus[i].Mutex.Exit();
        }
    }

    /// <summary>Destroys the VM: vCPUs that are in KVM_RUN leave it with -EINTR first; pinned memory is released. The memory of its slots is the caller's.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        foreach (Vcpu vcpu in _vcpus)
        {
            vcpu.Kick();
        }

        foreach (Vcpu vcpu in _vcpus)
        {
            vcpu.Destroy();
        }

        MemoryAhead?.Dispose();
        Spe.Dispose();
        HostMemory.Dispose();
        DataCaches?.Dispose();
        Kvm.Files.Remove(this);
    }
}
