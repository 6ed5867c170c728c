using Pinion.Cpu;

namespace Pinion.Kvm.Memory;

/// <summary>
/// Stage 2 that cleans and invalidates each page before it maps it, so that a guest whose caches are off reads what the VMM wrote: what KVM does on hosts without FEAT_S2FWB
/// (stage2_map_walker_try_leaf). Pages of a memslot that is being locked are mapped past this, by <see cref="MemorySlot.Map"/>: their maintenance is deferred.
/// </summary>
internal sealed class CleaningStage2(MemorySlots slots, DataCaches caches) : Stage2(slots)
{
    public override Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes)
    {
        CleanUnmapped(ipa);
        return base.Translate(ipa, access, attributes);
    }

    public override void Map(ulong gpa, ulong bytes, bool writable)
    {
        for (ulong offset = 0; offset < bytes; offset += MemorySlot.PageSize)
        {
            CleanUnmapped(gpa + offset);
        }

        base.Map(gpa, bytes, writable);
    }

    private void CleanUnmapped(ulong ipa)
    {
        if (Slots.Find(ipa) is { } slot && !slot.IsMapped((ipa - slot.Gpa) >> MemorySlot.PageShift))
        {
            caches.CleanInvalidatePage(slot.HostAddress(ipa & ~(MemorySlot.PageSize - 1)));
        }
    }
}
