using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm;

/// <content>What KVM does to the host's caches for the whole VM.</content>
public sealed partial class Vm
{
    /// <summary>
    /// A vCPU that has run is initialised again, and the VMM will write its memory anew (kvm_arch_vcpu_ioctl_vcpu_init). With FEAT_S2FWB only instruction caches have to go; without it, which is
    /// <see cref="Coherency.Strict"/>, all memory is unmapped, so that the faults that map it again clean it. Pages that are locked or pinned stay.
    /// </summary>
    internal void PrepareForReset()
    {
        if (DataCaches is not null)
        {
            using KvmLock.Scope _ = SlotsLock.Enter();
            foreach (MemorySlot slot in Slots.All)
            {
                Spe.Invalidate(slot, slot.Gpa, slot.Bytes, gone: false);
            }
        }

        InvalidateInstructionCaches();
    }

    /// <summary>Has every PE forget what it decoded, before it executes again.</summary>
    internal void InvalidateInstructionCaches()
    {
        foreach (Vcpu vcpu in _vcpus)
        {
            vcpu.InvalidateInstructionCache();
        }
    }
}
