using Pinion.Cpu;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Memory;

/// <summary>
/// The host's data caches under <see cref="Coherency.Strict"/>: the memory of every slot twice, as cacheable accesses see it (the VMM's own memory) and at the point of coherency.
/// </summary>
/// <remarks>
/// Memory is found by its address in this process, not by memslot: slots that show the same memory twice share what is behind it. Ranges are added under the slots lock and never taken away before the
/// VM goes, so readers need no lock.
/// </remarks>
internal sealed class DataCaches(Vm vm) : IDataCaches, ICacheMaintenance, IDisposable
{
    private ShadowMemory[] _ranges = [];

    /// <summary>Has memory behind a page-aligned range of this process before a memslot shows it. Caller holds the slots lock.</summary>
    /// <returns>0; -ENOMEM where the host has no address space for it.</returns>
    public int Cover(nint address, ulong bytes)
    {
        List<ShadowMemory> ranges = [.. _ranges];
        nint end = address + (nint)bytes;
        while (address < end)
        {
            if (Find(address) is { } known)
            {
                address = known.Cached + (nint)known.Bytes;
                continue;
            }

            nint next = end;
            foreach (ShadowMemory range in _ranges)
            {
                next = range.Cached > address && range.Cached < next ? range.Cached : next;
            }

            if (ShadowMemory.Create(address, (ulong)(next - address)) is not { } fresh)
            {
                return -Errno.ENOMEM;
            }

            ranges.Add(fresh);
            ranges.Sort((a, b) => a.Cached.CompareTo(b.Cached));
            Volatile.Write(ref _ranges, [.. ranges]);
            address = next;
        }

        return 0;
    }

    /// <summary>
    /// A memslot went away or moved: KVM cleans and invalidates what it unmaps, so that the VMM reads what the guest wrote past the caches. PEs have forgotten the slot. Caller holds the slots lock.
    /// </summary>
    public void SlotRemoved(MemorySlot slot)
    {
        CleanInvalidate(slot);
        foreach (MemorySlot other in vm.Slots.All)
        {
            if (other.Hva < slot.Hva + (nint)slot.Bytes && slot.Hva < other.Hva + (nint)other.Bytes)
            {
                return;
            }
        }

        // Whatever the VMM does with this memory now happens unseen.
        for (nint address = slot.Hva, end = slot.Hva + (nint)slot.Bytes; address < end;)
        {
            ShadowMemory range = Find(address)!;
            nint next = Math.Min(end, range.Cached + (nint)range.Bytes);
            range.Discard(address, (ulong)(next - address));
            address = next;
        }
    }

    /// <summary>Cleans and invalidates the page at host address <paramref name="page"/>, as KVM does before it maps or after it unmaps one (no FEAT_S2FWB).</summary>
    public void CleanInvalidatePage(nint page) => Find(page)?.CleanInvalidatePage(page);

    /// <summary>stage2_flush_vm: cleans and invalidates all that stage 2 maps. Caller holds the slots lock.</summary>
    public void CleanInvalidateAll()
    {
        foreach (MemorySlot slot in vm.Slots.All)
        {
            CleanInvalidate(slot);
        }
    }

    public void CleanInvalidate(MemorySlot slot)
    {
        for (ulong page = 0; page < slot.Pages; page++)
        {
            if (slot.IsMapped(page))
            {
                CleanInvalidatePage(slot.Hva + (nint)(page << MemorySlot.PageShift));
            }
        }
    }

    /// <summary>There are no allocation tags: ID_AA64PFR1_EL1.MTE is 0.</summary>
    public int SanitiseTags(MemorySlot slot) => 0;

    public void InvalidateInstructionCaches() => vm.InvalidateInstructionCaches();

    public nint PointOfCoherency(nint page) => Find(page)?.Expose(page) ?? page;

    public void MaintainLine(nint line, bool invalidate) => Find(line)?.MaintainLine(line, invalidate);

    public void Dispose()
    {
        foreach (ShadowMemory range in _ranges)
        {
            range.Dispose();
        }

        _ranges = [];
    }

    private ShadowMemory? Find(nint address)
    {
        ShadowMemory[] ranges = Volatile.Read(ref _ranges);
        int low = 0;
        int high = ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ShadowMemory range = ranges[middle];
            if (range.Contains(address))
            {
                return range;
            }

            if (address < range.Cached)
            {
                high = middle - 1;
            }
            else
            {
                low = middle + 1;
            }
        }

        return null;
    }
}
