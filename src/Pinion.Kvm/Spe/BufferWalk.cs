using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Cpu.Mmu;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Finds every page that the profiling unit touches when it writes a buffer: the buffer's own pages and, since the unit walks the guest's tables through stage 2, the
/// pages that hold translation tables. Made once a vCPU and used again; only on its thread.
/// </summary>
/// <remarks>
/// The first page of each last-level table is found by <see cref="Stage1Walker"/>. The entries after it are compared with its descriptor: one that differs in its address alone translates
/// alike, and is not walked for. What differs in anything else is walked for like the first.
/// </remarks>
internal sealed unsafe class BufferWalk
{
    private const ulong PageMask = ~(MemorySlot.PageSize - 1);
    private const ulong DescriptorAddress = 0x0000_FFFF_FFFF_F000;

    /// <summary>What two descriptors must agree in: everything but an address below 4 GiB, which no output size makes too large.</summary>
    private const ulong SameDescriptor = ~(DescriptorAddress & 0xFFFF_FFFF);

    private readonly MemorySlots _slots;
    private readonly DescriptorReader _read;
    private MemorySlot? _lastSlot;
    private ulong* _descriptor;
    private ulong _descriptorValue;

    public BufferWalk(MemorySlots slots)
    {
        _slots = slots;
        _read = ReadDescriptor;
    }

    /// <summary>What the unit touches, in the order of a walk for one page after the other: for each its tables, where they were not the last ones, then itself. Pages may occur again.</summary>
    public List<PageRun> Touched { get; } = [];

    /// <summary>Why the walk ended early: the event the guest gets. Class <see cref="PmbsrEventClass.Buffer"/> while it did not.</summary>
    public PmbsrEventClass FaultClass { get; private set; }

    /// <summary>Fault status code of the event.</summary>
    public ushort FaultStatusCode { get; private set; }

    /// <summary>Some page of the buffer is mapped for one ASID only.</summary>
    public bool NotGlobal { get; private set; }

    /// <summary>Low bits of addresses that share a TLB entry, of the largest leaf: with its neighbours of a contiguous group (Arm ARM D8.7).</summary>
    public ulong SharedEntry { get; private set; }

    /// <summary>Walks the buffer from <paramref name="pointer"/> (rounded down to its page) to <paramref name="limit"/>.</summary>
    /// <param name="pe">Whose translation regime.</param>
    /// <param name="pointer">First address.</param>
    /// <param name="limit">The address after the last.</param>
    /// <param name="updates">The unit's accesses are subject to hardware management of the access flag and dirty state (PMBIDR_EL1.F).</param>
    /// <returns>False where some page cannot be written; then <see cref="FaultClass"/> says why, and <see cref="Touched"/> what was touched before.</returns>
    public bool Walk(ProcessingElement pe, ulong pointer, ulong limit, bool updates)
    {
        Touched.Clear();
        FaultClass = PmbsrEventClass.Buffer;
        FaultStatusCode = 0;
        NotGlobal = false;
        SharedEntry = 0;
        _lastSlot = null;
        TranslationRegime regime = RegimeOf(pe);

        // TCR_EL1.HA: the unit's walk may set the access flag in a leaf before anything is written, so its table has to be writable.
        bool updated = updates && (regime.Tcr & (1UL << 39)) != 0;

        // Arm ARM D17.7.6: a privileged write; PAN and E0PD do not apply.
        Stage1Access access = new(MemoryAccess.Write, Privileged: true, Pan: false);
        ulong va = pointer & PageMask;
        while (va < limit)
        {
            _descriptor = null;
            Stage1Result result = Stage1Walker.Walk(regime, va, access, _read);
            if (result.Stage2OnWalk)
            {
                return Fault(PmbsrEventClass.Stage2Abort, FaultStatus.Translation | 3);
            }

            if (updated && _descriptor != null)
            {
                Touched[^1] = Touched[^1] with { Writable = true };
            }

            if (result.Faulted)
            {
                return Fault(PmbsrEventClass.Stage1Abort, result.Status);
            }

            NotGlobal |= result.NotGlobal;
            SharedEntry |= (16UL << (12 + (9 * (3 - result.Level)))) - 1;
            ulong ipa = result.Ipa & PageMask;
            if (_descriptor == null || result.Level != 3)
            {
                // No tables at all, or a block: addresses go on side by side to its end.
                ulong bytes = limit - va;
                if (_descriptor != null)
                {
                    ulong block = 1UL << (12 + (9 * (3 - result.Level)));
                    bytes = Math.Min(bytes, block - (va & (block - 1)));
                }

                bytes = (bytes + ~PageMask) & PageMask;
                if (!TouchData(ipa, ref bytes))
                {
                    return false;
                }

                va += bytes;
            }
            else
            {
                if (!TouchRestOfTable(ipa, ref va, limit))
                {
                    return false;
                }
            }

            if (va == 0)
            {
                break;
            }
        }

        return true;
    }

    /// <summary>The registers that a walk of the present regime follows.</summary>
    public static TranslationRegime RegimeOf(ProcessingElement pe) => new(
        pe.ReadRegister(SysRegId.SCTLR_EL1),
        pe.ReadRegister(SysRegId.TCR_EL1),
        pe.ReadRegister(SysRegId.TTBR0_EL1),
        pe.ReadRegister(SysRegId.TTBR1_EL1),
        pe.ReadRegister(SysRegId.MAIR_EL1));

    /// <summary>The page at <paramref name="va"/>, which the last descriptor read maps, and those after it that the same table maps alike.</summary>
    private bool TouchRestOfTable(ulong ipa, ref ulong va, ulong limit)
    {
        ulong first = _descriptorValue;
        ulong* next = _descriptor + 1;
        ulong* end = (ulong*)(((nint)_descriptor & ~(nint)(MemorySlot.PageSize - 1)) + (nint)MemorySlot.PageSize);
        ulong start = ipa;
        ulong bytes = MemorySlot.PageSize;
        va += MemorySlot.PageSize;
        bool more = true;
        while (more)
        {
            ulong descriptor = 0;
            more = va < limit && va != 0 && next < end && (((descriptor = Volatile.Read(ref *next)) ^ first) & SameDescriptor) == 0;
            ulong page = descriptor & DescriptorAddress;
            if (more && page == start + bytes)
            {
                bytes += MemorySlot.PageSize;
            }
            else
            {
                for (ulong done = 0; done < bytes;)
                {
                    ulong part = bytes - done;
                    if (!TouchData(start + done, ref part))
                    {
                        return false;
                    }

                    done += part;
                }

                start = page;
                bytes = MemorySlot.PageSize;
            }

            if (more)
            {
                next++;
                va += MemorySlot.PageSize;
            }
        }

        return true;
    }

    /// <summary>Pages of the buffer, as far as one slot has them: <paramref name="bytes"/> says how far.</summary>
    private bool TouchData(ulong ipa, ref ulong bytes)
    {
        if (Slot(ipa) is not { } slot)
        {
            return Fault(PmbsrEventClass.Stage2Abort, FaultStatus.Translation | 3);
        }

        if (slot.IsReadOnly)
        {
            return Fault(PmbsrEventClass.Stage2Abort, FaultStatus.Permission | 3);
        }

        bytes = Math.Min(bytes, slot.End - ipa);
        if (Touched.Count > 0 && Touched[^1] is { Writable: true } last && last.End == ipa)
        {
            Touched[^1] = last with { Bytes = last.Bytes + bytes };
        }
        else
        {
            Touched.Add(new PageRun(ipa, bytes, Writable: true));
        }

        return true;
    }

    private bool Fault(PmbsrEventClass eventClass, uint status)
    {
        FaultClass = eventClass;
        FaultStatusCode = (ushort)status;
        return false;
    }

    private bool ReadDescriptor(ulong ipa, out ulong descriptor)
    {
        descriptor = 0;
        if (Slot(ipa) is not { } slot)
        {
            return false;
        }

        // Sound: the slot's memory is the VMM's promise for as long as the slot exists, and a descriptor is aligned, so it and its table's end lie in one page.
        _descriptor = (ulong*)slot.HostAddress(ipa & ~7UL);
        descriptor = _descriptorValue = Volatile.Read(ref *_descriptor);
        Touched.Add(new PageRun(ipa & PageMask, MemorySlot.PageSize, Writable: false));
        return true;
    }

    private MemorySlot? Slot(ulong ipa)
    {
        if (_lastSlot is null || !_lastSlot.Contains(ipa))
        {
            _lastSlot = _slots.Find(ipa);
        }

        return _lastSlot;
    }
}
