using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;

namespace Pinion.Kvm;

/// <content>What KVM does about a guest's caches on a host without FEAT_S2FWB; only under <see cref="Coherency.Strict"/>.</content>
public sealed unsafe partial class Vcpu
{
    // SCTLR_EL1.M and C.
    private const ulong CachesEnabled = 0b101;

    /// <summary>What HCR_EL2.TVM traps writes of.</summary>
    private static readonly SysRegId[] s_virtualMemoryControls =
    [
        SysRegId.SCTLR_EL1, SysRegId.TTBR0_EL1, SysRegId.TTBR1_EL1, SysRegId.TCR_EL1, SysRegId.ESR_EL1, SysRegId.FAR_EL1, SysRegId.AFSR0_EL1, SysRegId.AFSR1_EL1, SysRegId.MAIR_EL1,
        SysRegId.AMAIR_EL1, SysRegId.CONTEXTIDR_EL1,
    ];

    // HCR_EL2.TVM.
    private bool _trapsVirtualMemoryControls;

    private bool HasCachesEnabled => (Pe.ReadRegister(SysRegId.SCTLR_EL1) & CachesEnabled) == CachesEnabled;

    /// <summary>vcpu_reset_hcr: until the guest has turned its MMU and caches on, KVM wants to see it do so. Only KVM_ARM_VCPU_INIT does this, not PSCI's CPU_ON.</summary>
    private void WatchCaches()
    {
        if (Vm.DataCaches is not null)
        {
            TrapVirtualMemoryControls(true);
        }
    }

    /// <summary>
    /// access_vm_reg and kvm_toggle_cache: where a write turns MMU and caches on or off, all that is mapped is cleaned and invalidated. Once they are on, the traps end.
    /// </summary>
    /// <returns>False where <paramref name="trapped"/> is none of these registers.</returns>
    private bool TryHandleVirtualMemoryControl(in TrappedRegister trapped)
    {
        if (Vm.DataCaches is not { } caches || !s_virtualMemoryControls.Contains(trapped.Register))
        {
            return false;
        }

        bool wereEnabled = HasCachesEnabled;
        Pe.WriteRegister(trapped.Register, Pe.GetX(trapped.Rt));
        Pe.Pc += 4;
        bool areEnabled = HasCachesEnabled;
        if (wereEnabled != areEnabled)
        {
            CleanInvalidateAll(caches);
        }

        if (areEnabled)
        {
            TrapVirtualMemoryControls(false);
        }

        return true;
    }

    /// <summary>
    /// access_dcsw and kvm_set_way_flush: a line's set and way mean nothing to a guest that moves between CPUs. The first one of a series cleans and invalidates all that is mapped; then KVM waits for the guest to
    /// turn its caches off.
    /// </summary>
    private int HandleSetWay()
    {
        if (Vm.DataCaches is { } caches && !_trapsVirtualMemoryControls)
        {
            CleanInvalidateAll(caches);
            TrapVirtualMemoryControls(true);
        }

        Pe.Pc += 4;
        return Continue;
    }

    private void CleanInvalidateAll(DataCaches caches)
    {
        using KvmLock.Scope _ = Vm.SlotsLock.Enter();
        caches.CleanInvalidateAll();
    }

    private void TrapVirtualMemoryControls(bool trap)
    {
        _trapsVirtualMemoryControls = trap;
        foreach (SysRegId id in s_virtualMemoryControls)
        {
            Pe.SetTrap(id, read: false, write: trap);
        }
    }
}
