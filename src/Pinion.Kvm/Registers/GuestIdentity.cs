using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Uapi;
using static Pinion.Arm.SystemRegisters.SysRegId;

namespace Pinion.Kvm.Registers;

/// <summary>What a guest is told its CPU can do: the PE's identification, less the features that the VMM did not ask for.</summary>
internal static class GuestIdentity
{
    private const ulong Poison = 0x1DE7_EC7E_DBAD_C0DE;
    private const int PmuVerShift = 8;
    private const int PmsVerShift = 32;
    private const int GicShift = 24;

    /// <summary>Registers whose reset value the architecture leaves UNKNOWN: KVM gives a value that shows where software relies on one.</summary>
    private static readonly SysRegId[] s_unknown =
        [TTBR0_EL1, TTBR1_EL1, AFSR0_EL1, AFSR1_EL1, ESR_EL1, FAR_EL1, PAR_EL1, MAIR_EL1, TPIDR_EL1, TPIDR_EL0, TPIDRRO_EL0];

    /// <summary>Applies the VM's features to a PE in reset state.</summary>
    public static void Apply(Vcpu vcpu)
    {
        ProcessingElement pe = vcpu.Pe;
        foreach (SysRegId id in s_unknown)
        {
            pe.WriteRegister(id, Poison);
        }

        bool pmu = vcpu.HasFeature(KvmVcpuFeatures.PmuV3);
        bool spe = vcpu.HasFeature(KvmVcpuFeatures.Spe);
        ulong debug = pe.ReadRegister(ID_AA64DFR0_EL1);
        if (!pmu)
        {
            debug &= ~(0xFUL << PmuVerShift);
        }

        debug &= ~(0xFUL << PmsVerShift);
        if (spe)
        {
            debug |= (ulong)vcpu.Spe.PmsVer << PmsVerShift;
        }

        pe.WriteRegister(ID_AA64DFR0_EL1, debug);
        pe.WriteRegister(ID_AA64PFR0_EL1, (pe.ReadRegister(ID_AA64PFR0_EL1) & ~(0xFUL << GicShift)) | (1UL << GicShift));
        for (SysRegId id = PMCR_EL0; id <= PMCCFILTR_EL0; id++)
        {
            pe.SetTrap(id, !pmu, !pmu);
        }

        vcpu.Spe.SetTraps();
    }

    /// <summary>kvm_finalize_sys_regs: a VM without an interrupt controller here has no system registers of one.</summary>
    public static void FinalizeForRun(Vcpu vcpu)
    {
        if (vcpu.Vm.Vgic is null)
        {
            vcpu.Pe.WriteRegister(ID_AA64PFR0_EL1, vcpu.Pe.ReadRegister(ID_AA64PFR0_EL1) & ~(0xFUL << GicShift));
        }
    }
}
