using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>Where the fourth and the fifth posting differ.</summary>
internal sealed record LockRules
{
    public static LockRules V4 { get; } = new() { RunWithoutInit = Errno.EPERM };

    public static LockRules V5 { get; } = new() { RunWithoutInit = Errno.EINVAL, LockAfterRun = true, UnlockUnlocked = Errno.EINVAL, UnlockUnmapsWhatNeverRan = true };

    /// <summary>KVM_RUN without KVM_ARM_VCPU_SPE_INIT.</summary>
    public required int RunWithoutInit { get; init; }

    /// <summary>Memslots may be locked when vCPUs have run: a migration that was called off.</summary>
    public bool LockAfterRun { get; init; }

    /// <summary>Unlocking a memslot that is not locked. 0 for the fourth posting, which walks a list that nobody has made; here it finds nothing to do.</summary>
    public int UnlockUnlocked { get; init; }

    /// <summary>Unlocking while maintenance waits also takes the memslot from stage 2, so that faults bring the maintenance that is dropped.</summary>
    public bool UnlockUnmapsWhatNeverRan { get; init; }
}

/// <summary>
/// The fourth and the fifth posting: user space has whole memslots pinned and mapped (KVM_CAP_ARM_LOCK_USER_MEMORY_REGION). Nothing is done when the buffer is enabled; what is not locked is a fault
/// of the profiling unit unless a CPU touched it before.
/// </summary>
internal sealed class SeriesV4(SpeVm vm, LockRules rules) : ISpeSeries
{
    private readonly LockedSlots _slots = new(vm.Vm, rules);

    /// <summary>What is locked is pinned: the host cannot move it or take it back.</summary>
    public bool KeepsMapped(MemorySlot slot, ulong page) => slot.IsLocked;

    public int HasAttr(SpeVcpu vcpu, ulong attr) =>
        vcpu.HasFeature && attr is KvmVcpuAttributeGroup.SpeIrq or KvmVcpuAttributeGroup.SpeInitV3 or KvmVcpuAttributeGroup.SpeStop ? 0 : -Errno.ENXIO;

    public int SetAttr(SpeVcpu vcpu, ulong attr, nint address)
    {
        if (!vcpu.HasFeature)
        {
            return -Errno.ENXIO;
        }

        using KvmLock.Scope _ = vm.Vm.ConfigLock.Enter();
        return attr switch
        {
            KvmVcpuAttributeGroup.SpeIrq => AttributeRules.V4.SetInterrupt(vcpu, address),
            KvmVcpuAttributeGroup.SpeInitV3 => AttributeRules.V4.Init(vcpu),
            KvmVcpuAttributeGroup.SpeStop => SetStop(vcpu, address),
            _ => -Errno.ENXIO,
        };
    }

    public int GetAttr(SpeVcpu vcpu, ulong attr, nint address) => attr switch
    {
        _ when !vcpu.HasFeature => -Errno.ENXIO,
        KvmVcpuAttributeGroup.SpeIrq => AttributeRules.GetInterrupt(vcpu, address),
        KvmVcpuAttributeGroup.SpeStop => UserMemory.Write(address, (int)vcpu.Stop),
        _ => -Errno.ENXIO,
    };

    public int LockMemory(in KvmEnableCap cap) => _slots.EnableCap(cap);

    public int CheckRun(SpeVcpu vcpu)
    {
        // The mask is looked at first, and not where there is nothing that it could exclude.
        KvmOptions options = vm.Vm.Kvm.Options;
        if (vcpu.Vcpu.SupportedCpus is { } cpus && options.SpeCpus is { } profiled && !profiled.Contains(options.HostCpus.Possible) && !profiled.Contains(cpus))
        {
            return -Errno.ENOEXEC;
        }

        return vcpu.Initialized ? 0 : -rules.RunWithoutInit;
    }

    /// <summary>
    /// A vCPU with profiling whose mask was never set has the CPUs that have the unit. (The fourth posting takes an empty mask for any CPU, and then uses registers that are not there.)
    /// </summary>
    public int CheckEntry(SpeVcpu vcpu)
    {
        KvmOptions options = vm.Vm.Kvm.Options;
        CpuSet? cpus = vcpu.Vcpu.SupportedCpus ?? (vcpu.HasFeature ? options.SpeCpus : null);
        if (cpus is not null && !cpus.Contains(options.HostCpus.Current))
        {
            return -Errno.ENOEXEC;
        }

        return vcpu.ExitsWhileProfiling ? vcpu.Vcpu.ExitForProfiling() : Vcpu.Continue;
    }

    public void Reinitialized(SpeVcpu vcpu) => _slots.Reset();

    public void Destroyed() => _slots.Release();

    public PinResult BufferEnabled(SpeVcpu vcpu, ulong pointer, ulong limit) => new(PinOutcome.Committed);

    public void BufferDisabled(SpeVcpu vcpu)
    {
    }

    /// <summary>An event of stage 2, or one that KVM does not know, is an external abort that is not the table walk's.</summary>
    public Pmbsr ToGuest(Pmbsr hardware) => hardware.Ec is PmbsrEventClass.Buffer or PmbsrEventClass.Stage1Abort
        ? hardware
        : new Pmbsr(Pmbsr.SMask | Pmbsr.EaMask | ((ulong)PmbsrEventClass.Stage1Abort << Pmbsr.EcShift) | FaultStatus.ExternalAbort);

    private static int SetStop(SpeVcpu vcpu, nint address)
    {
        if (!vcpu.Initialized)
        {
            return -Errno.EAGAIN;
        }

        int result = UserMemory.Read(address, out int flags);
        if (result != 0)
        {
            return result;
        }

        switch ((KvmSpeStop)flags)
        {
            case KvmSpeStop.Trap or KvmSpeStop.Exit:
                vcpu.Stop = (KvmSpeStop)flags;
                return 0;
            case KvmSpeStop.Resume:
                vcpu.Stop = KvmSpeStop.None;
                return 0;
            default:
                return -Errno.EINVAL;
        }
    }
}
