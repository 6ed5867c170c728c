namespace Pinion.Kvm.Gic;

/// <summary>
/// What the interrupt controller needs of the VM around it.
/// </summary>
/// <remarks>
/// <see cref="SetLines"/> is called with the controller's lock held, which keeps the order of two changes of one line; so the controller's lock comes
/// before any lock that an implementation takes there, and an implementation neither calls back into the controller nor waits for a thread that may be calling it.
/// </remarks>
public interface IVgicHost
{
    /// <summary>vCPUs whose creation has begun; <see cref="VgicV3"/> compares it with those it was given by <see cref="VgicV3.AddVcpu"/>.</summary>
    int VcpuCount { get; }

    /// <summary>New level of a vCPU's IRQ and FIQ inputs. Called only when one of them changes; wakes a vCPU that waits in WFI where a level is high.</summary>
    void SetLines(int vcpu, bool irq, bool fiq);

    /// <summary>Keeps every vCPU out of KVM_RUN while the VMM reads or writes registers; false (EBUSY) where one of them is running.</summary>
    bool TryLockVcpus() => true;

    /// <summary>Undoes <see cref="TryLockVcpus"/>.</summary>
    void UnlockVcpus()
    {
    }
}
