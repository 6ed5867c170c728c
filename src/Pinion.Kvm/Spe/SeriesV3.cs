using Pinion.Arm.Spe;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// The third posting: user space locks the guest's memory (mlock), then has KVM map all of it at stage 2, once, before the guest runs (KVM_ARM_VM_SPE_FINALIZE). Nothing is done when the buffer is
/// enabled; what was not mapped is a fault of the profiling unit.
/// </summary>
/// <remarks>
/// Unlike the posting: FINALIZE takes the slots lock where the posting released it; it answers 0 where no memslot qualifies (the posting: whatever was on the stack), and -ENXIO in a VM without
/// vCPUs; an external abort on the buffer is told to the guest (the posting: the host panics).
/// </remarks>
internal sealed class SeriesV3(SpeVm vm) : ISpeSeries
{
    private bool _finalized;

    public int HasAttr(SpeVcpu vcpu, ulong attr) => vcpu.HasFeature && attr is KvmVcpuAttributeGroup.SpeIrq or KvmVcpuAttributeGroup.SpeInitV3 ? 0 : -Errno.ENXIO;

    public int SetAttr(SpeVcpu vcpu, ulong attr, nint address)
    {
        if (!vcpu.HasFeature)
        {
            return -Errno.ENXIO;
        }

        using KvmLock.Scope _ = vm.Vm.ConfigLock.Enter();
        return attr switch
        {
            KvmVcpuAttributeGroup.SpeIrq => AttributeRules.V3.SetInterrupt(vcpu, address),
            KvmVcpuAttributeGroup.SpeInitV3 => AttributeRules.V3.Init(vcpu),
            _ => -Errno.ENXIO,
        };
    }

    public int GetAttr(SpeVcpu vcpu, ulong attr, nint address) => attr == KvmVcpuAttributeGroup.SpeIrq ? AttributeRules.GetInterrupt(vcpu, address) : -Errno.ENXIO;

    public int HasVmAttr(uint group, ulong attr) =>
        group == KvmVmAttributeGroup.Spe && attr == KvmVmAttributeGroup.SpeFinalize && vm.Vm.Vcpus.Any(vcpu => vcpu.Spe.HasFeature) ? 0 : -Errno.ENXIO;

    public int SetVmAttr(uint group, ulong attr) => group == KvmVmAttributeGroup.Spe && attr == KvmVmAttributeGroup.SpeFinalize ? MapLockedMemory() : -Errno.ENXIO;

    public int CheckRun(SpeVcpu vcpu) => Volatile.Read(ref _finalized) ? 0 : -Errno.EPERM;

    /// <summary>The vCPU starts with its MMU off and may see other bytes than user space, so memory is mapped, with its maintenance, again.</summary>
    public void Reinitialized(SpeVcpu vcpu)
    {
        using KvmLock.Scope _ = vm.Vm.SlotsLock.Enter();
        _finalized = false;
        UnmapAll();
    }

    public PinResult BufferEnabled(SpeVcpu vcpu, ulong pointer, ulong limit) => new(PinOutcome.Committed);

    public void BufferDisabled(SpeVcpu vcpu)
    {
    }

    /// <summary>An event that is not the guest's own doing is an external abort without a class.</summary>
    public Pmbsr ToGuest(Pmbsr hardware) => hardware.Ea || hardware.Ec is not (PmbsrEventClass.Buffer or PmbsrEventClass.Stage1Abort) ? new Pmbsr(Pmbsr.SMask | Pmbsr.EaMask) : hardware;

    /// <summary>
    /// KVM_ARM_VM_SPE_FINALIZE: maps every part of a writable memslot that lies in a readable and writable mapping which is locked, or is of huge pages. Memslots that are read-only, or whose
    /// writes are logged, are passed over.
    /// </summary>
    private int MapLockedMemory()
    {
        Vm machine = vm.Vm;
        if (machine.Vcpus.Count == 0 || machine.Vcpus.Any(vcpu => !vcpu.Spe.Initialized))
        {
            return -Errno.ENXIO;
        }

        using KvmLock.Scope _ = machine.SlotsLock.Enter();
        if (_finalized)
        {
            return -Errno.EBUSY;
        }

        foreach (MemorySlot slot in machine.Slots.All)
        {
            int result = slot.IsReadOnly || slot.Dirty is not null ? 0 : Map(slot);
            if (result != 0)
            {
                UnmapAll();
                return result;
            }
        }

        Volatile.Write(ref _finalized, true);
        return 0;
    }

    private int Map(MemorySlot slot)
    {
        IHostMappings host = vm.Vm.HostMappings;
        IReadOnlyList<HostMapping> before = host.Within(slot.Hva, slot.Bytes);
        foreach (HostMapping mapping in before)
        {
            if (!(mapping.Locked || mapping.Huge) || !mapping.Readable || !mapping.Writable)
            {
                continue;
            }

            nint start = Math.Max(mapping.Start, slot.Hva);
            nint end = Math.Min(mapping.End, slot.Hva + (nint)slot.Bytes);
            int result = host.Populate(start, (ulong)(end - start));
            if (result != 0)
            {
                return result;
            }

            for (nint page = start; page < end; page += (nint)MemorySlot.PageSize)
            {
                slot.Map((ulong)(page - slot.Hva) >> MemorySlot.PageShift, writable: true);
            }
        }

        // What changed meanwhile may have been mapped as it was: user space has to try again.
        if (!before.SequenceEqual(host.Within(slot.Hva, slot.Bytes)))
        {
            return -Errno.EAGAIN;
        }

        vm.Vm.Caches.CleanInvalidate(slot);
        return 0;
    }

    /// <summary>Caller holds the slots lock.</summary>
    private void UnmapAll()
    {
        foreach (MemorySlot slot in vm.Vm.Slots.All)
        {
            slot.UnmapAll();
        }

        vm.Vm.InvalidateStage2();
    }
}
