using Pinion.Cpu;

namespace Pinion.Kvm.Memory;

/// <summary>
/// Stage 2 over the memslots. A page is mapped when a PE first touches it, or ahead of time by whoever pins it, and until something unmaps it; the profiling unit sees what is mapped and maps
/// nothing. While a slot is logged its clean pages are answered read-only, so that the first write to each comes back here and sets its bit: what KVM does with write-protected entries.
/// </summary>
internal class Stage2(MemorySlots slots, MemoryAhead? ahead = null) : IStage2
{
    protected MemorySlots Slots => slots;

    public virtual Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes)
    {
        MemorySlot? slot = slots.Find(ipa);
        if (slot is null)
        {
            return default;
        }

        ulong page = (ipa - slot.Gpa) >> MemorySlot.PageShift;
        bool mapped = slot.IsMapped(page);
        if (!mapped)
        {
            ahead?.Touched(slot, page);
        }

        if (access == MemoryAccess.Write || !mapped)
        {
            // What was mapped for reading only (a memslot locked so) is upgraded by a write alone.
            slot.Map(page, writable: !slot.IsReadOnly);
        }

        if (slot.Dirty is not null && access == MemoryAccess.Write && !slot.IsReadOnly)
        {
            slot.MarkDirty(page);
        }

        return new Stage2Page(slot.HostAddress(ipa & ~(MemorySlot.PageSize - 1)), slot.IsMappedWritable(page));
    }

    public Stage2Page TranslateForProfiling(ulong ipa, MemoryAccess access, byte attributes)
    {
        MemorySlot? slot = slots.Find(ipa);
        if (slot is null)
        {
            return default;
        }

        ulong page = (ipa - slot.Gpa) >> MemorySlot.PageShift;
        return slot.IsMapped(page) ? new Stage2Page(slot.HostAddress(ipa & ~(MemorySlot.PageSize - 1)), slot.IsMappedWritable(page)) : default;
    }

    /// <summary>
    /// Maps the pages of a range ahead of any access. Those that are mapped for writing count as written from now on: nobody will hear of the writes.
    /// </summary>
    public virtual void Map(ulong gpa, ulong bytes, bool writable)
    {
        ulong end = gpa + bytes;
        while (gpa < end && slots.Find(gpa) is { } slot)
        {
            bool mayWrite = writable && !slot.IsReadOnly;
            ulong last = (Math.Min(end, slot.End) - slot.Gpa) >> MemorySlot.PageShift;
            for (ulong page = (gpa - slot.Gpa) >> MemorySlot.PageShift; page < last; page++)
            {
                slot.Map(page, mayWrite);
                if (mayWrite && slot.Dirty is not null)
                {
                    slot.MarkDirty(page);
                }
            }

            gpa = slot.End;
        }
    }
}
