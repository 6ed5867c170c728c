using System.Runtime.CompilerServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Uapi;
using static Pinion.Arm.SystemRegisters.SysRegId;

namespace Pinion.Kvm.Registers;

/// <summary>
/// System registers by encoding. Which ones there are follows from the table of system registers and the vCPU's features; identification space that is
/// not allocated reads as zero, as in KVM.
/// </summary>
internal static class SystemRegisterFile
{
    /// <summary>Values of CSSELR_EL1 that KVM lists cache geometries for.</summary>
    public const int CacheSelections = 14;

    private static readonly ConditionalWeakTable<Vm, ushort[]> s_lists = [];

    /// <summary>Encodings of the registers that the vCPU has, ascending.</summary>
    public static ushort[] Encodings(Vcpu vcpu) => s_lists.GetValue(vcpu.Vm, _ => [.. All().Where(e => Exists(vcpu, e)).Order()]);

    public static int Read(Vcpu vcpu, ushort encoding, out ulong value)
    {
        value = 0;
        if (!Exists(vcpu, encoding))
        {
            return -Errno.ENOENT;
        }

        if (SysRegTable.Find(encoding) is not { } info)
        {
            return 0;
        }

        value = vcpu.HasFeature(KvmVcpuFeatures.Spe) && vcpu.Spe.Handles(info.Id) ? vcpu.Spe.Read(info.Id) : vcpu.Pe.ReadRegister(info.Id);
        return 0;
    }

    public static int Write(Vcpu vcpu, ushort encoding, ulong value)
    {
        int result = Read(vcpu, encoding, out ulong present);
        if (result != 0)
        {
            return result;
        }

        if (SysRegTable.Find(encoding) is not { } info)
        {
            return value == 0 ? 0 : vcpu.Vm.HasRanOnce ? -Errno.EBUSY : -Errno.EINVAL;
        }

        if (IsIdentification(info))
        {
            // What the PE is cannot be changed; writing what it says already is how a VMM restores a vCPU.
            return value == present ? 0 : vcpu.Vm.HasRanOnce ? -Errno.EBUSY : -Errno.EINVAL;
        }

        switch (info.Id)
        {
            case OSLSR_EL1:
                // Only the lock itself is state.
                const ulong Locked = 2;
                if (((value ^ present) & ~Locked) != 0)
                {
                    return -Errno.EINVAL;
                }

                vcpu.Pe.WriteRegister(OSLSR_EL1, value);
                return 0;
            case PMSWINC_EL0:
                // Listed, but there is nothing to restore: a write by the guest counts, one by user space does not.
                return 0;
            case PMCNTENCLR_EL0 or PMOVSCLR_EL0 or PMINTENCLR_EL1:
                // Set and clear forms show one register. Restoring writes the value: bits that are not in it go.
                vcpu.Pe.WriteRegister(info.Id, ~value);
                vcpu.Pe.WriteRegister(SetForm(info.Id), value);
                return 0;
            case PMCNTENSET_EL0 or PMOVSSET_EL0 or PMINTENSET_EL1:
                vcpu.Pe.WriteRegister(ClearForm(info.Id), ~value);
                vcpu.Pe.WriteRegister(info.Id, value);
                return 0;
        }

        if (vcpu.HasFeature(KvmVcpuFeatures.Spe) && vcpu.Spe.Handles(info.Id))
        {
            return vcpu.Spe.Restore(info.Id, value);
        }

        vcpu.Pe.WriteRegister(info.Id, value);
        return 0;
    }

    /// <summary>CCSIDR_EL1 for a selection in CSSELR_EL1.</summary>
    public static uint CacheSize(ProcessingElement pe, int selection)
    {
        ulong selected = pe.ReadRegister(CSSELR_EL1);
        pe.WriteRegister(CSSELR_EL1, (ulong)selection);
        var size = (uint)pe.ReadRegister(CCSIDR_EL1);
        pe.WriteRegister(CSSELR_EL1, selected);
        return size;
    }

    private static IEnumerable<ushort> All()
    {
        foreach (SysRegInfo info in SysRegTable.All)
        {
            yield return info.Encoding;
        }

        for (int crm = 1; crm <= 7; crm++)
        {
            for (int op2 = 0; op2 <= 7; op2++)
            {
                ushort encoding = SysRegInfo.Pack(3, 0, 0, crm, op2);
                if (SysRegTable.Find(encoding) is null)
                {
                    yield return encoding;
                }
            }
        }
    }

    private static bool Exists(Vcpu vcpu, ushort encoding)
    {
        if (SysRegTable.Find(encoding) is not { } info)
        {
            // op0 3, op1 0, CRn 0, CRm 1 to 7: reserved for identification, reads as zero.
            return encoding >> 7 == SysRegInfo.Pack(3, 0, 0, 0, 0) >> 7 && ((encoding >> 3) & 0xF) is >= 1 and <= 7;
        }

        return info.Id switch
        {
            // State of the PE that KVM keeps in struct kvm_regs, or that is not state.
            SP_EL0 or SP_EL1 or SPSel or CurrentEL or PAN or NZCV or DAIF or FPCR or FPSR or SPSR_EL1 or ELR_EL1 or ISR_EL1 or RVBAR_EL1 => false,
            OSLAR_EL1 or OSDTRRX_EL1 or OSDTRTX_EL1 or OSECCR_EL1 or MDRAR_EL1 or OSDLR_EL1 or DBGPRCR_EL1 => false,
            DBGCLAIMSET_EL1 or DBGCLAIMCLR_EL1 or DBGAUTHSTATUS_EL1 or MDCCSR_EL0 or DBGDTR_EL0 or DBGDTRRX_EL0 => false,

            // Cache geometry is demultiplexed; DC ZVA's block size is not virtualised.
            CCSIDR_EL1 or DCZID_EL0 => false,

            // The timers have ids of their own.
            >= CNTFRQ_EL0 and <= CNTV_CVAL_EL0 => info.Id == CNTKCTL_EL1,

            // The interrupt controller's registers go through its device.
            _ when info.Behaviour == SysRegBehaviour.Gic => false,

            // KVM shows the PMU's state, not its indirections and not which events it has.
            PMXEVTYPER_EL0 or PMXEVCNTR_EL0 or PMMIR_EL1 or PMCEID0_EL0 or PMCEID1_EL0 => false,
            >= PMCR_EL0 and <= PMCCFILTR_EL0 => vcpu.HasFeature(KvmVcpuFeatures.PmuV3),
            >= PMSCR_EL1 and <= PMBIDR_EL1 => vcpu.HasFeature(KvmVcpuFeatures.Spe),
            _ => true,
        };
    }

    private static bool IsIdentification(SysRegInfo info) =>
        info.Id is CLIDR_EL1 or CTR_EL0 or MIDR_EL1 or REVIDR_EL1 or AIDR_EL1 or PMSIDR_EL1 or PMBIDR_EL1
        || (info.Op0 == 3 && info.Op1 == 0 && info.CRn == 0 && info.CRm is >= 1 and <= 7);

    private static SysRegId SetForm(SysRegId clear) => clear switch
    {
        PMCNTENCLR_EL0 => PMCNTENSET_EL0,
        PMOVSCLR_EL0 => PMOVSSET_EL0,
        _ => PMINTENSET_EL1,
    };

    private static SysRegId ClearForm(SysRegId set) => set switch
    {
        PMCNTENSET_EL0 => PMCNTENCLR_EL0,
        PMOVSSET_EL0 => PMOVSCLR_EL0,
        _ => PMINTENCLR_EL1,
    };
}
