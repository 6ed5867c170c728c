using static Pinion.Kvm.Uapi.Errno;

namespace Pinion.Kvm.Gic;

/// <content>The memory-mapped registers, as a guest and as a VMM reach them.</content>
public sealed partial class VgicV3
{
    /// <summary>GICD_IIDR: product 'K', implementer Arm.</summary>
    private const uint ProductAndImplementer = 0x4B00043B;

    private const uint RevisionMask = 0xF000;

    /// <summary>
    /// A guest's access to the distributor or a redistributor. What is not a register, or not of its size, reads as zero and ignores writes.
    /// </summary>
    /// <param name="gpa">Guest physical address.</param>
    /// <param name="size">Bytes: 1, 2, 4 or 8.</param>
    /// <param name="write">Takes <paramref name="data"/>, else sets it.</param>
    /// <param name="data">The value, in the low bytes.</param>
    /// <param name="vcpu">Who accesses; no register is banked by it.</param>
    /// <returns>False where no frame is at <paramref name="gpa"/>: the access belongs to somebody else.</returns>
    public bool TryAccess(ulong gpa, int size, bool write, ref ulong data, int vcpu)
    {
        using (Lock.Enter())
        {
            if (!Initialized)
            {
                return false;
            }

            if (_distributorBase is { } distributor && gpa - distributor < VgicRegisters.DistributorSize)
            {
                Access(VgicRegisters.Distributor, (uint)(gpa - distributor), size, write, ref data, _vcpus.Count > 0 ? _vcpus[0] : null);
                return true;
            }

            foreach (VgicVcpu candidate in _vcpus)
            {
                if (candidate.RedistributorBase is { } redistributor && gpa - redistributor < VgicRegisters.RedistributorSize)
                {
                    Access(VgicRegisters.Redistributor, (uint)(gpa - redistributor), size, write, ref data, candidate);
                    return true;
                }
            }

            return false;
        }
    }

    private void Access(VgicRegion[] frame, uint offset, int size, bool write, ref ulong data, VgicVcpu? vcpu)
    {
        bool found = VgicRegisters.TryFind(frame, offset, size, InterruptCount, out VgicRegion region);
        if (write)
        {
            if (found)
            {
                WriteRegister(region, offset, size, data, vcpu);
                UpdateAllLines();
            }

            return;
        }

        ulong mask = size >= 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;
        data = found ? ReadRegister(region, offset, size, vcpu, user: false) & mask : 0;
    }

    // The VMM's view of one register (4 bytes): it differs from the guest's where saving and restoring must not have the side effects.
    private int UserAccess(VgicRegion[] frame, uint offset, bool write, ref uint value, VgicVcpu vcpu)
    {
        if (!VgicRegisters.TryFind(frame, offset, sizeof(uint), InterruptCount, out VgicRegion region))
        {
            if (!write)
            {
                value = 0;
            }

            return 0;
        }

        if (!write)
        {
            value = (uint)ReadRegister(region, offset, sizeof(uint), vcpu, user: true);
            return 0;
        }

        int result = 0;
        switch (region.Register)
        {
            case VgicRegister.DistributorControl when offset is 0x8:
                result = SetImplementationRevision(value);
                break;
            case VgicRegister.DistributorControl when offset is 0xC:
                result = value == 0 ? 0 : -EINVAL;
                break;
            case VgicRegister.SetPending:
                foreach ((GicInterrupt interrupt, int shift) in Fields(region, offset, sizeof(uint), vcpu))
                {
                    interrupt.Latch = ((value >> shift) & 1) != 0;
                    Refresh(interrupt);
                }

                break;
            case VgicRegister.ClearPending:
                break;
            default:
                WriteRegister(region, offset, sizeof(uint), value, vcpu);
                break;
        }

        UpdateAllLines();
        return result;
    }

    private ulong ReadRegister(in VgicRegion region, uint offset, int size, VgicVcpu? vcpu, bool user)
    {
        switch (region.Register)
        {
            case VgicRegister.ReadOnes:
                return ulong.MaxValue;
            case VgicRegister.DistributorControl:
                return offset switch
                {
                    0x0 => 0x50UL | (_enabled ? 2UL : 0), // DS, ARE; EnableGrp1
                    0x4 => (ulong)((InterruptCount >> 5) - 1) | (9UL << 19), // ITLinesNumber; IDbits: 10
                    0x8 => ProductAndImplementer | (_implementationRevision << 12),
                    _ => 0, // TYPER2
                };
            case VgicRegister.Identification:
                return (offset & 0xFFFF) == 0xFFE8 ? 0x3BUL : 0; // PIDR2: GICv3
            case VgicRegister.RedistributorControl:
                return _implementationRevision >= 3 ? 6UL : 0; // IR, CES: only of interest with LPIs
            case VgicRegister.RedistributorImplementer:
                return ProductAndImplementer;
            case VgicRegister.RedistributorType:
                return Part(((ulong)vcpu!.Affinity << 32) | ((ulong)(vcpu.Id & 0xFFFF) << 8) | (IsLastRedistributor(vcpu) ? 0x10UL : 0), offset);
            case VgicRegister.PropertyBase:
                return Part(_propertyBase, offset);
            case VgicRegister.PendingBase:
                return Part(vcpu!.PendingBase & ~(1UL << 62), offset); // PTZ reads as zero
            case VgicRegister.Router:
                return (offset & 4) == 0 && VgicRegisters.Intid(region, offset) is var spi and >= PrivateInterrupts ? _spis[spi - PrivateInterrupts].Routing : 0;
            case VgicRegister.ClearPending when user:
                return 0;
        }

        ulong value = 0;
        foreach ((GicInterrupt interrupt, int shift) in Fields(region, offset, size, vcpu))
        {
            ulong field = region.Register switch
            {
                VgicRegister.Group => interrupt.Group1 ? 1UL : 0,
                VgicRegister.SetEnable or VgicRegister.ClearEnable => interrupt.Enabled ? 1UL : 0,
                // A VMM saves latch and line apart (KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO).
                VgicRegister.SetPending or VgicRegister.ClearPending => (user ? interrupt.Latch : interrupt.IsPending) ? 1UL : 0,
                VgicRegister.SetActive or VgicRegister.ClearActive => interrupt.Active ? 1UL : 0,
                VgicRegister.Priority => interrupt.Priority,
                VgicRegister.Configuration => interrupt.Edge ? 2UL : 0,
                _ => 0,
            };
            value |= field << shift;
        }

        return value;
    }

    private void WriteRegister(in VgicRegion region, uint offset, int size, ulong value, VgicVcpu? vcpu)
    {
        switch (region.Register)
        {
            case VgicRegister.DistributorControl:
                if (offset == 0)
                {
                    _enabled = (value & 2) != 0;
                }

                return;
            case VgicRegister.Router:
                Route(VgicRegisters.Intid(region, offset), offset, value);
                return;
            case VgicRegister.PropertyBase:
                _propertyBase = SanitizeBase(Merge(_propertyBase, offset, size, value), 0xF8F0_0000_0000_0060);
                return;
            case VgicRegister.PendingBase:
                vcpu!.PendingBase = SanitizeBase(Merge(vcpu.PendingBase, offset, size, value), 0xB8F0_0000_0000_F07F);
                return;
        }

        foreach ((GicInterrupt interrupt, int shift) in Fields(region, offset, size, vcpu))
        {
            ulong field = value >> shift;
            bool bit = (field & 1) != 0;
            switch (region.Register)
            {
                case VgicRegister.Group:
                    interrupt.Group1 = bit;
                    break;
                case VgicRegister.SetEnable when bit:
                    interrupt.Enabled = true;
                    break;
                case VgicRegister.ClearEnable when bit:
                    interrupt.Enabled = false;
                    break;
                case VgicRegister.SetPending when bit:
                    interrupt.Latch = true;
                    break;
                case VgicRegister.ClearPending when bit:
                    interrupt.Latch = false;
                    break;
                case VgicRegister.SetActive when bit:
                    interrupt.Active = true;
                    break;
                case VgicRegister.ClearActive when bit:
                    interrupt.Active = false;
                    break;
                case VgicRegister.Priority:
                    interrupt.Priority = (byte)(field & PriorityBits);
                    break;
                case VgicRegister.Configuration when interrupt.Intid >= PrivateInterrupts:
                    // How SGIs and PPIs are triggered is fixed.
                    interrupt.Edge = (field & 2) != 0;
                    break;
                default:
                    continue;
            }

            Refresh(interrupt);
        }
    }

    /// <summary>Interrupts whose fields an access reaches, each with the place of its field in the value. Private ones exist in a redistributor only.</summary>
    private IEnumerable<(GicInterrupt Interrupt, int Shift)> Fields(VgicRegion region, uint offset, int size, VgicVcpu? vcpu)
    {
        bool distributor = region.BitsPerInterrupt != 0;
        int bits = region.Register switch
        {
            VgicRegister.Priority => 8,
            VgicRegister.Configuration => 2,
            VgicRegister.Group or VgicRegister.SetEnable or VgicRegister.ClearEnable or VgicRegister.SetPending or VgicRegister.ClearPending
                or VgicRegister.SetActive or VgicRegister.ClearActive => 1,
            _ => 0,
        };
        if (bits == 0)
        {
            yield break;
        }

        int first = (int)((offset - region.Offset) * 8) / bits;
        for (int i = 0; i < size * 8 / bits; i++)
        {
            int intid = first + i;
            if (!distributor)
            {
                yield return (vcpu!.Private[intid], i * bits);
            }
            else if (intid >= PrivateInterrupts && intid - PrivateInterrupts < _spis.Length)
            {
                yield return (_spis[intid - PrivateInterrupts], i * bits);
            }
        }
    }

    private void Route(int intid, uint offset, ulong value)
    {
        // Aff3 is not implemented: the upper word is RAZ/WI.
        if (intid < PrivateInterrupts || (offset & 4) != 0)
        {
            return;
        }

        GicInterrupt spi = _spis[intid - PrivateInterrupts];
        spi.Routing = (uint)value & 0xFFFFFF;
        spi.Target = FromAffinity(spi.Routing);
    }

    private int SetImplementationRevision(uint value)
    {
        uint revision = (value & RevisionMask) >> 12;
        if ((value & ~RevisionMask) != ProductAndImplementer || revision is not (2 or 3))
        {
            return -EINVAL;
        }

        _implementationRevision = revision;
        return 0;
    }

    private static ulong Part(ulong value, uint offset) => value >> (int)((offset & 4) * 8);

    private static ulong Merge(ulong old, uint offset, int size, ulong value)
    {
        if (size == 8)
        {
            return value;
        }

        int shift = (int)((offset & 4) * 8);
        return (old & ~(0xFFFF_FFFFUL << shift)) | ((value & 0xFFFF_FFFF) << shift);
    }

    // KVM narrows the memory attributes of the LPI tables: inner shareable at most, inner write-back, outer the same or non-cacheable.
    private static ulong SanitizeBase(ulong value, ulong reserved)
    {
        if (((value >> 10) & 3) == 2)
        {
            value = (value & ~(3UL << 10)) | (1UL << 10);
        }

        if (((value >> 7) & 7) is 0 or 1)
        {
            value |= 7UL << 7;
        }

        if (((value >> 56) & 7) > 1)
        {
            value &= ~(7UL << 56);
        }

        return value & ~reserved;
    }
}
