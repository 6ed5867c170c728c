using Pinion.Arm.Spe;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>What came of an attempt to make the profiling buffer's memory stay.</summary>
internal enum PinOutcome
{
    /// <summary>The guest's register write takes effect.</summary>
    Committed,

    /// <summary>Something changed meanwhile: the guest executes its MSR again.</summary>
    Retry,

    /// <summary>A limit refuses: user space hears of it, then the guest executes its MSR again.</summary>
    MissingMemory,

    /// <summary>The buffer cannot be used: the write takes effect and an event stands in PMBSR_EL1.</summary>
    Event,
}

/// <summary>Result of <see cref="ISpeSeries.BufferEnabled"/>.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Missing">With <see cref="PinOutcome.MissingMemory"/>: bytes.</param>
/// <param name="EventClass">With <see cref="PinOutcome.Event"/>.</param>
/// <param name="Mss">With <see cref="PinOutcome.Event"/>: PMBSR_EL1.MSS.</param>
/// <param name="DataLost">With <see cref="PinOutcome.Event"/>: PMBSR_EL1.DL.</param>
internal readonly record struct PinResult(PinOutcome Outcome, ulong Missing = 0, PmbsrEventClass EventClass = default, ushort Mss = 0, bool DataLost = false);

/// <summary>
/// How one posting of the SPE series keeps the profiling unit from taking stage 2 faults, and what user space sees of it. The trapped registers, the interrupt and
/// the world switch around it are the same for all.
/// </summary>
internal interface ISpeSeries
{
    /// <summary>KVM_SET_DEVICE_ATTR in the group KVM_ARM_VCPU_SPE_CTRL.</summary>
    int SetAttr(SpeVcpu vcpu, ulong attr, nint address);

    /// <summary>KVM_GET_DEVICE_ATTR.</summary>
    int GetAttr(SpeVcpu vcpu, ulong attr, nint address);

    /// <summary>KVM_HAS_DEVICE_ATTR.</summary>
    int HasAttr(SpeVcpu vcpu, ulong attr);

    /// <summary>KVM_SET_DEVICE_ATTR on the VM.</summary>
    int SetVmAttr(uint group, ulong attr) => -Errno.ENXIO;

    /// <summary>KVM_HAS_DEVICE_ATTR on the VM.</summary>
    int HasVmAttr(uint group, ulong attr) => -Errno.ENXIO;

    /// <summary>KVM_ENABLE_CAP of KVM_CAP_ARM_LOCK_USER_MEMORY_REGION.</summary>
    int LockMemory(in KvmEnableCap cap) => -Errno.EINVAL;

    /// <summary>Whether a vCPU with profiling may run: asked by each KVM_RUN, last of what the first one checks. 0, or a negative errno.</summary>
    int CheckRun(SpeVcpu vcpu) => vcpu.Initialized ? 0 : -Errno.EINVAL;

    /// <summary>Asked before each entry to the guest, of vCPUs without profiling too: <see cref="Vcpu.Continue"/>, or what KVM_RUN returns.</summary>
    int CheckEntry(SpeVcpu vcpu) => Vcpu.Continue;

    /// <summary>KVM_ARM_VCPU_INIT of a vCPU that has run. Caller holds its mutex.</summary>
    void Reinitialized(SpeVcpu vcpu)
    {
    }

    /// <summary>The VM goes away: its vCPUs are gone, its memslots are not.</summary>
    void Destroyed()
    {
    }

    /// <summary>The guest enables the buffer from <paramref name="pointer"/> to <paramref name="limit"/>, or changes an enabled one. vCPU thread.</summary>
    PinResult BufferEnabled(SpeVcpu vcpu, ulong pointer, ulong limit);

    /// <summary>The buffer is not enabled any more. vCPU thread, or the one that destroys the VM.</summary>
    void BufferDisabled(SpeVcpu vcpu);

    /// <summary>User space declined to raise the limit that <see cref="PinOutcome.MissingMemory"/> was about: what becomes of the guest's write.</summary>
    PinResult Declined => new(PinOutcome.Event, EventClass: PmbsrEventClass.ImplementationDefined, DataLost: true);

    /// <summary>PMBSR_EL1 as the guest is to see it after the profiling unit raised an event.</summary>
    Pmbsr ToGuest(Pmbsr hardware);

    /// <summary>What is pinned was charged before: locked memory never exceeds the watermark.</summary>
    bool ChargesFirst => true;

    /// <summary>A user space that declines KVM_EXIT_RLIMIT is heard: see <see cref="Uapi.KvmRunRlimit.MayDecline"/>.</summary>
    bool TakesRefusals => false;

    /// <summary>
    /// The host changes permissions of a page of <paramref name="slot"/>, ages it or wants to move it: true where stage 2 keeps mapping it all the same. Caller holds the slots lock and the pin lock.
    /// </summary>
    bool KeepsMapped(MemorySlot slot, ulong page) => false;
}
