using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Kvm.Gic;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// What the sixth posting of the series is to user space and to the guest, whoever counts the memory: attributes, the maximum buffer size, pinning of the buffer and its tables while the buffer
/// is enabled. How that is charged is for who derives.
/// </summary>
internal abstract class SixthSeries(SpeVm vm) : ISpeSeries
{
    /// <summary>Id of the one SPU that all CPUs of this host have.</summary>
    public const int SpuId = 0;

    public int HasAttr(SpeVcpu vcpu, ulong attr)
    {
        if (!vcpu.Vcpu.HasFeature(KvmVcpuFeatures.Spe))
        {
            return -Errno.ENXIO;
        }

        return attr is KvmVcpuAttributeGroup.SpeIrq or KvmVcpuAttributeGroup.SpeSpu or KvmVcpuAttributeGroup.SpeMaxBufferSize or KvmVcpuAttributeGroup.SpeInit ? 0 : -Errno.ENXIO;
    }

    public int SetAttr(SpeVcpu vcpu, ulong attr, nint address)
    {
        if (!vcpu.Vcpu.HasFeature(KvmVcpuFeatures.Spe))
        {
            return -Errno.ENODEV;
        }

        if (vcpu.Initialized)
        {
            return -Errno.EBUSY;
        }

        // Held across the check and the charge: two vCPU files may be configured at once.
        using KvmLock.Scope _ = vcpu.Vcpu.Vm.ConfigLock.Enter();
        return attr switch
        {
            KvmVcpuAttributeGroup.SpeIrq => AttributeRules.V6.SetInterrupt(vcpu, address),
            KvmVcpuAttributeGroup.SpeSpu => SetSpu(vcpu, address),
            KvmVcpuAttributeGroup.SpeMaxBufferSize => SetMaxBufferSize(vcpu, address),
            KvmVcpuAttributeGroup.SpeInit => Init(vcpu),
            _ => -Errno.ENXIO,
        };
    }

    public int GetAttr(SpeVcpu vcpu, ulong attr, nint address)
    {
        if (!vcpu.Vcpu.HasFeature(KvmVcpuFeatures.Spe))
        {
            return -Errno.ENODEV;
        }

        switch (attr)
        {
            case KvmVcpuAttributeGroup.SpeIrq:
                return AttributeRules.GetInterrupt(vcpu, address);
            case KvmVcpuAttributeGroup.SpeSpu:
                return vm.Spu is { } spu ? UserMemory.Write(address, spu) : -Errno.ENXIO;
            case KvmVcpuAttributeGroup.SpeMaxBufferSize:
                return vm.MaxBufferSize is { } size ? UserMemory.Write(address, size) : -Errno.EINVAL;
            default:
                return -Errno.ENXIO;
        }
    }

    private int SetSpu(SpeVcpu vcpu, nint address)
    {
        int result = UserMemory.Read(address, out int spu);
        if (result != 0)
        {
            return result;
        }

        if (vcpu.Vcpu.Vm.HasRanOnce)
        {
            return -Errno.EBUSY;
        }

        if (vm.Spu is { } chosen)
        {
            return chosen == spu ? 0 : -Errno.EINVAL;
        }

        if (spu != SpuId)
        {
            return -Errno.ENXIO;
        }

        vm.Spu = spu;
        return 0;
    }

    /// <summary>The checks of patch 14 and 33 of the posting, in their order.</summary>
    private int SetMaxBufferSize(SpeVcpu vcpu, nint address)
    {
        int result = UserMemory.Read(address, out ulong size);
        if (result != 0)
        {
            return result;
        }

        if (vcpu.Vcpu.Vm.HasRanOnce)
        {
            return -Errno.EBUSY;
        }

        if ((size & (MemorySlot.PageSize - 1)) != 0)
        {
            return -Errno.EINVAL;
        }

        if (vm.Spu is null)
        {
            return -Errno.ENODEV;
        }

        if (vm.MaxBufferSize is { } chosen)
        {
            return chosen == size ? ChargeMaximum(vcpu, size, again: true) : -Errno.EINVAL;
        }

        if (!MaxBuffSize.TryEncode(size, out _))
        {
            return -Errno.EDOM;
        }

        ulong limit = MaxBuffSize.Decode(vcpu.Vcpu.Vm.Kvm.Options.SpeProfile.Pmbidr.MaxBuffSize);
        if (limit != 0 && (size == 0 || size > limit))
        {
            return -Errno.ERANGE;
        }

        result = ChargeMaximum(vcpu, size, again: false);
        if (result != 0)
        {
            return result;
        }

        vm.MaxBufferSize = size;
        return 0;
    }

    private int Init(SpeVcpu vcpu)
    {
        if (vcpu.Vcpu.Vm.Vgic is not { Initialized: true } vgic)
        {
            return -Errno.ENODEV;
        }

        if (vcpu.Interrupt is not { } intid || vm.Spu is null || vm.MaxBufferSize is null)
        {
            return -Errno.ENXIO;
        }

        int result = vgic.SetOwner(vcpu.Vcpu.Id, intid, vm);
        if (result != 0)
        {
            return result;
        }

        vcpu.Initialized = true;
        return 0;
    }

    /// <summary>
    /// The unit belongs to some CPUs of the host, and user space is responsible for running its vCPUs there (vcpu_on_unsupported_cpu): elsewhere KVM_RUN returns 0 with KVM_EXIT_FAIL_ENTRY.
    /// </summary>
    public int CheckEntry(SpeVcpu vcpu)
    {
        KvmOptions options = vcpu.Vcpu.Vm.Kvm.Options;
        if (options.SpeCpus is not { } cpus || !vcpu.HasFeature)
        {
            return Vcpu.Continue;
        }

        int current = options.HostCpus.Current;
        return cpus.Contains(current) ? Vcpu.Continue : vcpu.Vcpu.ExitForUnsupportedCpu(current);
    }

    public PinResult BufferEnabled(SpeVcpu vcpu, ulong pointer, ulong limit)
    {
        ulong size = limit > pointer ? limit - pointer : 0;
        if (size > LargestBuffer(vcpu))
        {
            return new PinResult(PinOutcome.Event, EventClass: PmbsrEventClass.Buffer, Mss: (ushort)PmbsrBufferStatus.LargerThanMaxBuffSize);
        }

        if (Reuse(vcpu, pointer, limit))
        {
            return new PinResult(PinOutcome.Committed);
        }

        ulong sequence = vm.Sequence;
        bool walked = vcpu.Walk.Walk(vcpu.Vcpu.Pe, pointer, limit, vcpu.Vcpu.Vm.Kvm.Options.SpeProfile.Pmbidr.F);
        vm.AtStep?.Invoke(PinStep.Walked);
        return Pin(vcpu, pointer, limit, walked, sequence);
    }

    /// <summary>Makes a buffer the vCPU's without looking at the guest's tables, where what is pinned already cannot have changed.</summary>
    protected virtual bool Reuse(SpeVcpu vcpu, ulong pointer, ulong limit) => false;

    public void BufferDisabled(SpeVcpu vcpu) => vm.Unpin(vcpu);

    /// <summary>Pages that move or change hands in the host under a pin are not to: pinned pages are stepped over.</summary>
    public bool KeepsMapped(MemorySlot slot, ulong page) => vm.Pages.IsPinned(slot.Gpa + (page << MemorySlot.PageShift));

    public abstract bool ChargesFirst { get; }

    public abstract bool TakesRefusals { get; }

    /// <summary>Charges the maximum size of a vCPU's buffer.</summary>
    /// <param name="vcpu">The vCPU whose attribute is set.</param>
    /// <param name="size">Bytes; 0 where there is no maximum.</param>
    /// <param name="again">The VM has this size already.</param>
    /// <returns>0 or -ENOMEM.</returns>
    protected abstract int ChargeMaximum(SpeVcpu vcpu, ulong size, bool again);

    /// <summary>Pins what <see cref="SpeVcpu.Walk"/> found.</summary>
    /// <param name="vcpu">The vCPU whose buffer it is.</param>
    /// <param name="pointer">First address.</param>
    /// <param name="limit">The address after the last.</param>
    /// <param name="walked">The whole buffer can be written; else the walk says which event to raise.</param>
    /// <param name="sequence"><see cref="SpeVm.Sequence"/> from before the walk.</param>
    protected abstract PinResult Pin(SpeVcpu vcpu, ulong pointer, ulong limit, bool walked, ulong sequence);

    /// <summary>The event that the walk ended in.</summary>
    protected static PinResult EventOf(BufferWalk walk) => new(PinOutcome.Event, EventClass: walk.FaultClass, Mss: walk.FaultStatusCode);

    /// <summary>What an errno of pinning means to the guest's write.</summary>
    protected static PinResult ResultOf(int error, ulong missing) => error switch
    {
        0 => new PinResult(PinOutcome.Committed),
        -Errno.EAGAIN => new PinResult(PinOutcome.Retry),
        -Errno.ENOMEM or -Errno.EPERM => new PinResult(PinOutcome.MissingMemory, missing),
        _ => new PinResult(PinOutcome.Event, EventClass: PmbsrEventClass.Stage2Abort, Mss: (ushort)(FaultStatus.Translation | 3)),
    };

    /// <summary>
    /// Stage 2 is not the guest's business: its faults become external aborts, and data is lost (fourth and fifth posting; what the sixth does was not posted where it could be seen).
    /// </summary>
    public Pmbsr ToGuest(Pmbsr hardware) =>
        hardware.Ec == PmbsrEventClass.Stage2Abort
            ? new Pmbsr((hardware.Value & (Pmbsr.CollMask | Pmbsr.DlMask)) | Pmbsr.SMask | Pmbsr.EaMask | ((ulong)PmbsrEventClass.Stage1Abort << Pmbsr.EcShift) | FaultStatus.ExternalAbort)
            : hardware;

    /// <summary>Without a limit, a buffer larger than all memory cannot be backed by pages of its own; walking it would only take time.</summary>
    private ulong LargestBuffer(SpeVcpu vcpu)
    {
        if (vm.MaxBufferSize is { } size and not 0)
        {
            return size;
        }

        ulong memory = 0;
        foreach (MemorySlot slot in vcpu.Vcpu.Vm.Slots.All)
        {
            memory += slot.Bytes;
        }

        return memory;
    }
}
