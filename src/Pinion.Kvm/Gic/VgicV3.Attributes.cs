using Pinion.Arm.SystemRegisters;
using static Pinion.Kvm.Uapi.Errno;

namespace Pinion.Kvm.Gic;

/// <content>
/// The device's attributes. Order of the checks is KVM's; addresses are of this process, null is -EFAULT.
/// </content>
public sealed unsafe partial class VgicV3
{
    private const uint GroupAddress = 0;
    private const uint GroupDistributor = 1;
    private const uint GroupInterruptCount = 3;
    private const uint GroupControl = 4;
    private const uint GroupRedistributor = 5;
    private const uint GroupSystemRegisters = 6;
    private const uint GroupLevelInfo = 7;

    private const ulong AddressDistributor = 2;
    private const ulong AddressRedistributor = 3;
    private const ulong AddressRedistributorRegion = 5;

    private const ulong ControlInitialize = 0;
    private const ulong ControlSavePendingTables = 3;

    private const ulong NoAddress = ulong.MaxValue;
    private const int MaximumInterruptCount = 1023;

    /// <summary>KVM_SET_DEVICE_ATTR.</summary>
    /// <param name="group">KVM_DEV_ARM_VGIC_GRP_*.</param>
    /// <param name="attr">Attribute in the group.</param>
    /// <param name="addr">Address of the value: 8 bytes for ADDR and CPU_SYSREGS, 4 for NR_IRQS, DIST_REGS, REDIST_REGS and LEVEL_INFO; CTRL has none.</param>
    /// <returns>
    /// 0, or: -ENXIO no such attribute, frame address type or, for SAVE_PENDING_TABLES, not initialized; -EFAULT null address; -EINVAL bad value, alignment, overlap, affinity or field;
    /// -E2BIG beyond guest physical memory; -EEXIST address already set; -EBUSY already configured, not initialized, or a vCPU is running; -ENOENT no such ICC register.
    /// </returns>
    public int SetAttr(uint group, ulong attr, nint addr)
    {
        switch (group)
        {
            case GroupAddress:
                return addr == 0 ? -EFAULT : SetAddress(attr, *(ulong*)addr);
            case GroupInterruptCount:
                return addr == 0 ? -EFAULT : SetInterruptCount(*(uint*)addr);
            case GroupControl:
                return Control(attr);
            case GroupDistributor or GroupRedistributor or GroupSystemRegisters or GroupLevelInfo:
                return AccessRegister(group, attr, addr, write: true);
            default:
                return -ENXIO;
        }
    }

    /// <summary>KVM_GET_DEVICE_ATTR. Errors as <see cref="SetAttr"/>; also -ENOENT for a redistributor region that does not exist.</summary>
    /// <param name="group">KVM_DEV_ARM_VGIC_GRP_*.</param>
    /// <param name="attr">Attribute in the group.</param>
    /// <param name="addr">Where the value goes; REDIST_REGION also reads the region's index there.</param>
    public int GetAttr(uint group, ulong attr, nint addr)
    {
        switch (group)
        {
            case GroupAddress:
                return GetAddress(attr, addr);
            case GroupInterruptCount:
                if (addr == 0)
                {
                    return -EFAULT;
                }

                *(uint*)addr = (uint)InterruptCount;
                return 0;
            case GroupDistributor or GroupRedistributor or GroupSystemRegisters or GroupLevelInfo:
                return AccessRegister(group, attr, addr, write: false);
            default:
                return -ENXIO;
        }
    }

    /// <summary>KVM_HAS_DEVICE_ATTR.</summary>
    /// <returns>0; -ENXIO where the attribute does not exist; -EINVAL where no vCPU has the affinity it names.</returns>
    public int HasAttr(uint group, ulong attr)
    {
        switch (group)
        {
            case GroupAddress:
                return attr is AddressDistributor or AddressRedistributor or AddressRedistributorRegion ? 0 : -ENXIO;
            case GroupInterruptCount:
                return 0;
            case GroupControl:
                return attr is ControlInitialize or ControlSavePendingTables ? 0 : -ENXIO;
            case GroupLevelInfo:
                return LevelInfoKind(attr) == 0 ? 0 : -ENXIO;
            case GroupDistributor or GroupRedistributor or GroupSystemRegisters:
                using (Lock.Enter())
                {
                    if (NamedVcpu(group, attr) is null)
                    {
                        return -EINVAL;
                    }

                    if (group == GroupSystemRegisters)
                    {
                        return IsSaved(RegisterOf(attr)) ? 0 : -ENXIO;
                    }

                    VgicRegion[] frame = group == GroupDistributor ? VgicRegisters.Distributor : VgicRegisters.Redistributor;
                    return VgicRegisters.TryFind(frame, (uint)attr, sizeof(uint), InterruptCount, out _) ? 0 : -ENXIO;
                }

            default:
                return -ENXIO;
        }
    }

    private int SetAddress(ulong attr, ulong value)
    {
        using (Lock.Enter())
        {
            switch (attr)
            {
                case AddressDistributor:
                    return SetDistributorBase(value);
                case AddressRedistributor:
                    return AddRegion(0, value, 0);
                case AddressRedistributorRegion:
                    // count [63:52], base [51:16], flags [15:12], index [11:0], of which KVM keeps eight bits
                    uint count = (uint)(value >> 52);
                    bool flags = (value & 0xF000) != 0;
                    return count == 0 || flags ? -EINVAL : AddRegion((byte)value, value & 0x000F_FFFF_FFFF_0000, count);
                default:
                    return -ENXIO;
            }
        }
    }

    private int GetAddress(ulong attr, nint addr)
    {
        if (attr == AddressRedistributorRegion && addr == 0)
        {
            return -EFAULT;
        }

        ulong value;
        using (Lock.Enter())
        {
            switch (attr)
            {
                case AddressDistributor:
                    value = _distributorBase ?? NoAddress;
                    break;
                case AddressRedistributor:
                    value = _regions.Count > 0 ? _regions[0].Base : NoAddress;
                    break;
                case AddressRedistributorRegion:
                    byte index = (byte)*(ulong*)addr;
                    if (_regions.Find(r => r.Index == index) is not { } region)
                    {
                        return -ENOENT;
                    }

                    value = index | region.Base | ((ulong)region.Count << 52);
                    break;
                default:
                    return -ENXIO;
            }
        }

        if (addr == 0)
        {
            return -EFAULT;
        }

        *(ulong*)addr = value;
        return 0;
    }

    private int SetInterruptCount(uint value)
    {
        if (value is < PrivateInterrupts + 32 or > MaximumInterruptCount || value % 32 != 0)
        {
            return -EINVAL;
        }

        using (Lock.Enter())
        {
            if (_spiCount != 0)
            {
                return -EBUSY;
            }

            _spiCount = (int)value - PrivateInterrupts;
            return 0;
        }
    }

    private int Control(ulong attr)
    {
        switch (attr)
        {
            case ControlInitialize:
                using (Lock.Enter())
                {
                    return Initialize();
                }

            case ControlSavePendingTables:
                if (!Host.TryLockVcpus())
                {
                    return -EBUSY;
                }

                // There are no LPIs, so no table to save.
                bool initialized = Initialized;
                Host.UnlockVcpus();
                return initialized ? 0 : -ENXIO;
            default:
                return -ENXIO;
        }
    }

    private int AccessRegister(uint group, ulong attr, nint addr, bool write)
    {
        VgicVcpu? vcpu;
        using (Lock.Enter())
        {
            vcpu = NamedVcpu(group, attr);
        }

        if (vcpu is null)
        {
            return -EINVAL;
        }

        uint value = 0;
        if (write && group != GroupSystemRegisters)
        {
            if (addr == 0)
            {
                return -EFAULT;
            }

            value = *(uint*)addr;
        }

        if (!Host.TryLockVcpus())
        {
            return -EBUSY;
        }

        int result;
        using (Lock.Enter())
        {
            result = !Initialized ? -EBUSY : group switch
            {
                GroupDistributor => UserAccess(VgicRegisters.Distributor, (uint)attr, write, ref value, vcpu),
                GroupRedistributor => UserAccess(VgicRegisters.Redistributor, (uint)attr, write, ref value, vcpu),
                GroupSystemRegisters => AccessSystemRegister(vcpu, attr, (ulong*)addr, write),
                _ => AccessLevelInfo(vcpu, attr, write, ref value),
            };
        }

        Host.UnlockVcpus();
        if (result == 0 && !write && group != GroupSystemRegisters)
        {
            if (addr == 0)
            {
                return -EFAULT;
            }

            *(uint*)addr = value;
        }

        return result;
    }

    // Affinity in bits [63:32], Aff3 highest; the distributor's registers belong to no vCPU in particular.
    private VgicVcpu? NamedVcpu(uint group, ulong attr)
        => group == GroupDistributor ? (_vcpus.Count > 0 ? _vcpus[0] : null) : FromAffinity((uint)(attr >> 32));

    private static uint LevelInfoKind(ulong attr) => (uint)attr >> 10;

    private int AccessLevelInfo(VgicVcpu vcpu, ulong attr, bool write, ref uint value)
    {
        int first = (int)(attr & 0x3FF);
        if (LevelInfoKind(attr) != 0 || first % 32 != 0)
        {
            return -EINVAL;
        }

        uint levels = 0;
        for (int i = 0; i < 32; i++)
        {
            if (first + i < 16 || Find(vcpu, first + i) is not { } interrupt)
            {
                continue;
            }

            if (write)
            {
                // Whatever the trigger is now: a VMM may restore lines before configuration.
                interrupt.Line = ((value >> i) & 1) != 0;
                Refresh(interrupt);
            }
            else if (interrupt.Line && !interrupt.Edge)
            {
                levels |= 1u << i;
            }
        }

        if (write)
        {
            UpdateAllLines();
        }
        else
        {
            value = levels;
        }

        return 0;
    }

    private static SysRegId RegisterOf(ulong attr) => SysRegTable.Find((ushort)attr)?.Id ?? SysRegId.None;

    private static bool IsSaved(SysRegId register) => register is SysRegId.ICC_PMR_EL1 or SysRegId.ICC_BPR0_EL1 or SysRegId.ICC_BPR1_EL1 or SysRegId.ICC_CTLR_EL1
        or SysRegId.ICC_SRE_EL1 or SysRegId.ICC_IGRPEN0_EL1 or SysRegId.ICC_IGRPEN1_EL1
        or (>= SysRegId.ICC_AP0R0_EL1 and <= SysRegId.ICC_AP1R3_EL1);

    private int AccessSystemRegister(VgicVcpu vcpu, ulong attr, ulong* addr, bool write)
    {
        if (write && addr == null)
        {
            return -EFAULT;
        }

        SysRegId register = RegisterOf(attr);
        if (!IsSaved(register))
        {
            return -ENOENT;
        }

        // Five bits of preemption need one active priorities register a group.
        if (register is >= SysRegId.ICC_AP0R1_EL1 and <= SysRegId.ICC_AP1R3_EL1 and not SysRegId.ICC_AP1R0_EL1)
        {
            return -EINVAL;
        }

        if (!write)
        {
            ulong value = vcpu.ReadLocked(register);
            if (addr == null)
            {
                return -EFAULT;
            }

            *addr = value;
            return 0;
        }

        if (register == SysRegId.ICC_CTLR_EL1)
        {
            return SetControl(vcpu, *addr);
        }

        if (register == SysRegId.ICC_SRE_EL1)
        {
            return (*addr & 1) != 0 ? 0 : -EINVAL;
        }

        vcpu.WriteLocked(register, *addr);
        return 0;
    }

    // What the saved interface had and this one has not cannot be restored.
    private static int SetControl(VgicVcpu vcpu, ulong value)
    {
        int priBits = (int)((value >> 8) & 7);
        bool idBits = ((value >> 11) & 7) != 0;
        bool seis = (value & (1 << 14)) != 0;
        bool a3v = (value & (1 << 15)) != 0;
        if (priBits > vcpu.PriBits || idBits || seis || !a3v)
        {
            return -EINVAL;
        }

        vcpu.PriBits = priBits;
        vcpu.WriteLocked(SysRegId.ICC_CTLR_EL1, value);
        return 0;
    }
}
