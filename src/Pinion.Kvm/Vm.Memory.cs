using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm;

/// <content>What happens in the host to the memory under the memslots.</content>
public sealed partial class Vm
{
    /// <summary>
    /// Tells the VM what is about to happen to a range of this process's memory. The kernel hears it from the mm by its MMU notifiers; in user space it is for whoever changes the mapping to say,
    /// before the change.
    /// </summary>
    /// <remarks>
    /// <see cref="MmuEvent.Unmap"/>, <see cref="MmuEvent.Clear"/> and <see cref="MmuEvent.Release"/> take the pages from stage 2, unpin them, and have a guest whose profiling buffer was there told
    /// that it is gone (PMBSR_EL1: stage 2 abort, DL). Any other event leaves pinned pages as they are and takes others from stage 2 until a PE touches them again. When this returns no PE uses
    /// what was taken. Any thread but a vCPU's in KVM_RUN.
    /// </remarks>
    /// <param name="hva">Address of the range; rounded down to its page.</param>
    /// <param name="bytes">Its size; rounded up to pages.</param>
    /// <param name="what">What happens.</param>
    public void InvalidateRange(nint hva, ulong bytes, MmuEvent what)
    {
        bool gone = what is MmuEvent.Unmap or MmuEvent.Clear or MmuEvent.Release;
        const ulong InPage = MemorySlot.PageSize - 1;
        ulong start = (ulong)hva & ~InPage;
        ulong end = bytes > ulong.MaxValue - (ulong)hva - InPage ? ulong.MaxValue & ~InPage : ((ulong)hva + bytes + InPage) & ~InPage;
        using KvmLock.Scope _ = SlotsLock.Enter();
        foreach (MemorySlot slot in Slots.All)
        {
            ulong from = Math.Max(start, (ulong)slot.Hva);
            ulong to = Math.Min(end, (ulong)slot.Hva + slot.Bytes);
            if (from < to)
            {
                Spe.Invalidate(slot, slot.Gpa + (from - (ulong)slot.Hva), to - from, gone);
            }
        }
    }

    /// <summary>What became of profiling buffers that were kept pinned after the guest disabled them.</summary>
    public Spe.PinCacheStatistics PinCacheStatistics => Spe.Cache.Statistics;
}
