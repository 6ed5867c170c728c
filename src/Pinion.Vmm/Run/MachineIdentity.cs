using Pinion.Kvm;
using Pinion.Kvm.Uapi;

namespace Pinion.Vmm.Run;

/// <summary>What a reader of profiling records has to know about the CPUs they come from.</summary>
/// <param name="Midr">MIDR_EL1.</param>
/// <param name="PmsVer">ID_AA64DFR0_EL1.PMSVer; 0: no profiling unit.</param>
/// <param name="Pmsidr">PMSIDR_EL1.</param>
/// <param name="TimerFrequency">CNTFRQ_EL0, in Hz.</param>
public readonly record struct MachineIdentity(ulong Midr, uint PmsVer, ulong Pmsidr, ulong TimerFrequency)
{
    // op0, op1, CRn, CRm, op2 as KVM_REG_ARM64_SYSREG packs them.
    private const ushort MidrEl1 = 3 << 14;
    private const ushort IdAa64Dfr0El1 = (3 << 14) | (5 << 3);
    private const int PmsVerShift = 32;

    internal static MachineIdentity Of(Vcpu vcpu)
    {
        vcpu.GetOneReg(RegisterId.System(MidrEl1), out ulong midr);
        vcpu.GetOneReg(RegisterId.System(IdAa64Dfr0El1), out ulong debugFeatures);
        return new MachineIdentity(midr, (uint)(debugFeatures >> PmsVerShift) & 0xf, vcpu.Vm.Kvm.Options.SpeProfile.Pmsidr.Value, GuestTime.CounterFrequency);
    }
}
