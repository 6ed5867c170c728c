using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm;

public sealed partial class Vm
{
    private ulong _peakPinned;

    /// <summary>Most bytes of guest memory that KVM kept pinned while a profiling buffer was enabled. What user space locked itself is not among them. Any thread.</summary>
    public ulong PeakPinned => Volatile.Read(ref _peakPinned);

    /// <summary>Bytes that profiling has charged against RLIMIT_MEMLOCK: the watermark of what was pinned, which VmLck of the process shows until the VM is gone. Any thread.</summary>
    public ulong ChargedMemory
    {
        get
        {
            using KvmLock.Scope _ = Spe.PinLock.Enter();
            return Spe.Account.Watermark;
        }
    }

    /// <summary>A buffer has just been enabled: more is pinned now than before.</summary>
    internal void NotePinned()
    {
        ulong lockedSlots = 0;
        foreach (MemorySlot slot in Slots.All)
        {
            lockedSlots += slot.IsLocked ? slot.Bytes : 0;
        }

        using KvmLock.Scope _ = Spe.PinLock.Enter();
        _peakPinned = Math.Max(_peakPinned, Spe.Account.Locked + lockedSlots);
    }
}
