using Pinion.Kvm.Locking;
using Pinion.Kvm.Registers;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Psci;

/// <summary>PSCI 0.1, 0.2 and 1.0 to 1.1 as KVM serves them (Arm DEN0022; arch/arm64/kvm's behaviour).</summary>
internal static class PsciCalls
{
    /// <summary>Serves a PSCI function; arguments are in X1 to X3, the result goes to X0. Answers as a KVM exit handler does.</summary>
    public static int Handle(Vcpu vcpu, uint function)
    {
        ulong version = vcpu.PsciVersion;
        if (version == FirmwareFeatures.PsciVersion01)
        {
            return HandleV01(vcpu, function);
        }

        bool minor1 = (version & 0xFFFF) >= 1;
        if (version >= FirmwareFeatures.PsciVersion10)
        {
            switch (function)
            {
                case PsciFunction.Features:
                    return Answer(vcpu, Features(vcpu, (uint)vcpu.Pe.GetX(1), minor1));
                case PsciFunction.SystemReset2_32 or PsciFunction.SystemReset2_64 when minor1:
                    return SystemReset2(vcpu);
            }
        }

        return HandleV02(vcpu, function, version);
    }

    private static int HandleV02(Vcpu vcpu, uint function, ulong version)
    {
        switch (function)
        {
            case PsciFunction.Version:
                return Answer(vcpu, version);
            case PsciFunction.CpuSuspend32:
            case PsciFunction.CpuSuspend64:
                return Suspend(vcpu);
            case PsciFunction.CpuOff:
                return Off(vcpu);
            case PsciFunction.CpuOn32:
                return Answer(vcpu, On(vcpu, wide: false));
            case PsciFunction.CpuOn64:
                return Answer(vcpu, On(vcpu, wide: true));
            case PsciFunction.AffinityInfo32:
                return Answer(vcpu, AffinityInfo(vcpu, wide: false));
            case PsciFunction.AffinityInfo64:
                return Answer(vcpu, AffinityInfo(vcpu, wide: true));
            case PsciFunction.MigrateInfoType:
                return Answer(vcpu, PsciFunction.NoTrustedOs);
            case PsciFunction.SystemOff:
                return SystemEvent(vcpu, KvmSystemEvent.Shutdown);
            case PsciFunction.SystemReset:
                return SystemEvent(vcpu, KvmSystemEvent.Reset);
            default:
                return Answer(vcpu, PsciFunction.NotSupported);
        }
    }

    private static int HandleV01(Vcpu vcpu, uint function)
    {
        switch (function)
        {
            case PsciFunction.CpuOffV01:
                return Off(vcpu);
            case PsciFunction.CpuOnV01:
                return Answer(vcpu, On(vcpu, wide: true));
            default:
                return Answer(vcpu, PsciFunction.NotSupported);
        }
    }

    private static ulong Features(Vcpu vcpu, uint function, bool minor1) => function switch
    {
        PsciFunction.Version
            or PsciFunction.CpuSuspend32
            or PsciFunction.CpuSuspend64
            or PsciFunction.CpuOff
            or PsciFunction.CpuOn32
            or PsciFunction.CpuOn64
            or PsciFunction.AffinityInfo32
            or PsciFunction.AffinityInfo64
            or PsciFunction.MigrateInfoType
            or PsciFunction.SystemOff
            or PsciFunction.SystemReset
            or PsciFunction.Features
            or Smccc.Version => PsciFunction.Success,
        PsciFunction.SystemReset2_32 or PsciFunction.SystemReset2_64 when minor1 => PsciFunction.Success,
        _ => PsciFunction.NotSupported,
    };

    private static int Answer(Vcpu vcpu, ulong value)
    {
        vcpu.Pe.SetX(0, value);
        return Vcpu.Continue;
    }

    /// <summary>CPU_SUSPEND is a WFI: every state is a retention state, so execution goes on behind the call.</summary>
    private static int Suspend(Vcpu vcpu)
    {
        vcpu.Pe.SetX(0, PsciFunction.Success);
        vcpu.WaitForInterrupt();
        return Vcpu.Continue;
    }

    private static int Off(Vcpu vcpu)
    {
        using KvmLock.Scope _ = vcpu.Vm.ConfigLock.Enter();
        vcpu.PowerOff();
        return Vcpu.Continue;
    }

    private static ulong On(Vcpu caller, bool wide)
    {
        ulong target = Argument(caller, 1, wide);
        if ((target & ~Vcpu.AffinityMask) != 0)
        {
            return PsciFunction.InvalidParameters;
        }

        using KvmLock.Scope _ = caller.Vm.ConfigLock.Enter();
        if (caller.Vm.FindByAffinity(target) is not { } vcpu)
        {
            return PsciFunction.InvalidParameters;
        }

        if (vcpu.PowerState != KvmMpState.Stopped)
        {
            return caller.PsciVersion == FirmwareFeatures.PsciVersion01 ? PsciFunction.InvalidParameters : PsciFunction.AlreadyOn;
        }

        vcpu.PowerOn(new Vcpu.ResetRequest(Argument(caller, 2, wide), Argument(caller, 3, wide)));
        return PsciFunction.Success;
    }

    private static ulong AffinityInfo(Vcpu caller, bool wide)
    {
        ulong target = Argument(caller, 1, wide);
        ulong level = Argument(caller, 2, wide);
        if ((target & ~Vcpu.AffinityMask) != 0 || level > 3)
        {
            return PsciFunction.InvalidParameters;
        }

        ulong mask = Vcpu.AffinityMask & level switch
        {
            0 => ~0UL,
            1 => ~0xFFUL,
            2 => ~0xFFFFUL,
            _ => ~0xFF_FFFFUL,
        };
        bool found = false;
        foreach (Vcpu vcpu in caller.Vm.Vcpus)
        {
            if ((vcpu.Affinity & mask) == (target & mask))
            {
                found = true;
                if (vcpu.PowerState == KvmMpState.Runnable)
                {
                    return PsciFunction.AffinityOn;
                }
            }
        }

        return found ? PsciFunction.AffinityOff : PsciFunction.InvalidParameters;
    }

    private static int SystemReset2(Vcpu vcpu)
    {
        ulong type = Argument(vcpu, 1, wide: false);

        // Type 0 is an architectural warm reset; bit 31 marks vendor types, which are user space's to judge.
        return type == 0 || (type & 0x8000_0000) != 0
            ? SystemEvent(vcpu, KvmSystemEvent.Reset, KvmRunEvent.ResetFlagPsciReset2)
            : Answer(vcpu, PsciFunction.InvalidParameters);
    }

    /// <summary>The call never returns to the guest; where user space runs the vCPU again all the same, the guest finds a failure.</summary>
    private static int SystemEvent(Vcpu vcpu, KvmSystemEvent what, ulong flags = 0)
    {
        vcpu.Pe.SetX(0, PsciFunction.InternalFailure);
        return vcpu.ExitWithSystemEvent(what, flags);
    }

    private static ulong Argument(Vcpu vcpu, int i, bool wide) => wide ? vcpu.Pe.GetX(i) : (uint)vcpu.Pe.GetX(i);
}
