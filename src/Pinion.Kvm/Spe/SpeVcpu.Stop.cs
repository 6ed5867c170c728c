using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <content>KVM_ARM_VCPU_SPE_STOP of the fourth and fifth posting: keeps the unit still while memory is not locked, for a migration.</content>
internal sealed partial class SpeVcpu
{
    private KvmSpeStop _stop;

    public bool HasFeature => vcpu.HasFeature(KvmVcpuFeatures.Spe);

    /// <summary>How profiling is stopped. Changed with the vCPU out of the guest.</summary>
    public KvmSpeStop Stop
    {
        get => _stop;
        set
        {
            _stop = value;
            SetTraps();
        }
    }

    /// <summary>
    /// The unit would sample if the guest were entered, and user space asked to hear of it. EL0's sampling counts at EL1 too: a return to EL0 does not trap.
    /// </summary>
    public bool ExitsWhileProfiling => _stop == KvmSpeStop.Exit && Enabled && new Pmscr(vcpu.Pe.ReadRegister(SysRegId.PMSCR_EL1)) is { E0Spe: true } or { E1Spe: true };

    /// <summary>
    /// Accesses to <paramref name="id"/> come to this room. While stopped all of the unit's registers do: the guest believes that it profiles, and its enabling PMSCR_EL1 is not missed.
    /// </summary>
    public bool Traps(SysRegId id) => Handles(id) || (_stop != KvmSpeStop.None && IsConfiguration(id));

    /// <summary>Tells the PE which of the unit's registers trap.</summary>
    public void SetTraps()
    {
        for (SysRegId id = SysRegId.PMSCR_EL1; id <= SysRegId.PMBIDR_EL1; id++)
        {
            bool trap = !HasFeature || Traps(id);
            vcpu.Pe.SetTrap(id, trap, trap);
        }
    }

    /// <summary>Registers that configure sampling (MDCR_EL2.TPMS).</summary>
    private static bool IsConfiguration(SysRegId id) => id is SysRegId.PMSCR_EL1 or SysRegId.PMSNEVFR_EL1 or SysRegId.PMSICR_EL1 or SysRegId.PMSIRR_EL1
        or SysRegId.PMSFCR_EL1 or SysRegId.PMSEVFR_EL1 or SysRegId.PMSLATFR_EL1 or SysRegId.PMSIDR_EL1;

    /// <summary>An access to a register that traps only while profiling is stopped: what the guest would have done itself.</summary>
    private void AccessConfiguration(in TrappedRegister trapped)
    {
        if (trapped.IsRead)
        {
            vcpu.Pe.SetX(trapped.Rt, vcpu.Pe.ReadRegister(trapped.Register));
        }
        else
        {
            vcpu.Pe.WriteRegister(trapped.Register, vcpu.Pe.GetX(trapped.Rt));
        }

        vcpu.Pe.Pc += 4;
    }
}
