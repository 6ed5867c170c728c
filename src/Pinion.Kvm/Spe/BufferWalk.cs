using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Cpu.Mmu;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Finds every page that the profiling unit touches when it writes a buffer: the buffer's own pages and, since the unit walks the guest's tables through stage 2, the
/// pages that hold translation tables.
/// </summary>
internal sealed unsafe class BufferWalk
{
    private const ulong PageMask = ~(MemorySlot.PageSize - 1);

    private readonly MemorySlots _slots;
    private readonly DescriptorReader _read;
    private MemorySlot? _lastSlot;

    public BufferWalk(MemorySlots slots)
    {
        _slots = slots;
        _read = ReadDescriptor;
    }

    /// <summary>Pages found, by guest physical address, with their host addresses.</summary>
    public Dictionary<ulong, nint> Pages { get; } = [];

    /// <summary>Why the walk ended early: the event the guest gets. Class <see cref="PmbsrEventClass.Buffer"/> while it did not.</summary>
    public PmbsrEventClass FaultClass { get; private set; }

    /// <summary>Fault status code of the event.</summary>
    public ushort FaultStatusCode { get; private set; }

    /// <summary>Walks the buffer from <paramref name="pointer"/> (rounded down to its page) to <paramref name="limit"/>.</summary>
    /// <returns>False where some page cannot be written; then <see cref="FaultClass"/> says why.</returns>
    public bool Walk(ProcessingElement pe, ulong pointer, ulong limit)
    {
        Pages.Clear();
        _lastSlot = null;
        TranslationRegime regime = new(
            pe.ReadRegister(SysRegId.SCTLR_EL1),
            pe.ReadRegister(SysRegId.TCR_EL1),
            pe.ReadRegister(SysRegId.TTBR0_EL1),
            pe.ReadRegister(SysRegId.TTBR1_EL1),
            pe.ReadRegister(SysRegId.MAIR_EL1));

        // Arm ARM D17.7.6: a privileged write; PAN and E0PD do not apply.
        Stage1Access access = new(MemoryAccess.Write, Privileged: true, Pan: false);
        for (ulong va = pointer & PageMask; va < limit; va += MemorySlot.PageSize)
        {
            Stage1Result result = Stage1Walker.Walk(regime, va, access, _read);
            if (result.Stage2OnWalk)
            {
                return Fault(PmbsrEventClass.Stage2Abort, FaultStatus.Translation | 3);
            }

            if (result.Faulted)
            {
                return Fault(PmbsrEventClass.Stage1Abort, result.Status);
            }

            ulong ipa = result.Ipa & PageMask;
            if (Slot(ipa) is not { } slot)
            {
                return Fault(PmbsrEventClass.Stage2Abort, FaultStatus.Translation | 3);
            }

            if (slot.IsReadOnly)
            {
                return Fault(PmbsrEventClass.Stage2Abort, FaultStatus.Permission | 3);
            }

            Pages[ipa] = slot.HostAddress(ipa);
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

        // Sound: the slot's memory is the VMM's promise for as long as the slot exists, and a descriptor is aligned, so it lies in one page.
        descriptor = Volatile.Read(ref *(ulong*)slot.HostAddress(ipa & ~7UL));
        Pages.TryAdd(ipa & PageMask, slot.HostAddress(ipa & PageMask));
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
