using Pinion.Cpu;

namespace Pinion.Kvm.Memory;

/// <summary>
/// Stage 2 over the memslots. While a slot is logged its clean pages are answered read-only, so that the first write to each comes back here and
/// sets its bit: what KVM does with write-protected stage 2 entries.
/// </summary>
internal sealed class Stage2(MemorySlots slots) : IStage2
{
    public Stage2Page Translate(ulong ipa, MemoryAccess access)
    {
        MemorySlot? slot = slots.Find(ipa);
        if (slot is null)
        {
            return default;
        }

        ulong page = (ipa - slot.Gpa) >> MemorySlot.PageShift;
        nint host = slot.Hva + (nint)(page << MemorySlot.PageShift);
        if (slot.IsReadOnly)
        {
            return new Stage2Page(host, Writable: false);
        }

        if (slot.Dirty is not null)
        {
            if (access == MemoryAccess.Write)
            {
                slot.MarkDirty(page);
            }
            else if (!slot.IsDirty(page))
            {
                return new Stage2Page(host, Writable: false);
            }
        }

        return new Stage2Page(host, Writable: true);
    }
}
