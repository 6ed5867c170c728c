using Pinion.Arm;
using Pinion.Cpu;
using Pinion.Kvm.Psci;
using Pinion.Kvm.Registers;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>What each exit of the PE leads to.</content>
public sealed unsafe partial class Vcpu
{
    private const ulong CacheMaintenance = 1UL << 8;

    private bool _mmioPending;

    // The last exit was about the access in _mmioAbort.
    private bool _askedUser;
    private Stage2Abort _mmioAbort;

    private int HandleExit(ExitReason reason)
    {
        switch (reason)
        {
            case ExitReason.Kicked:
            case ExitReason.BudgetEnded:
                return Continue;
            case ExitReason.Hvc:
                Statistics.Hypercalls++;
                return Smccc.Handle(this);
            case ExitReason.Smc:
                // Unlike HVC, a trapped SMC leaves the PC at the instruction. KVM serves the same calls through both.
                Statistics.Hypercalls++;
                Pe.Pc += 4;
                return Smccc.Handle(this);
            case ExitReason.Wfi:
                WaitForInterrupt();
                return Continue;
            case ExitReason.Wfe:
                if (_seat is not null)
                {
                    Vm.Turns!.Yield(_seat);
                }
                else
                {
                    Thread.Yield();
                }

                return Continue;
            case ExitReason.SetWay:
                return HandleSetWay();
            case ExitReason.Stage2Abort:
                return HandleAbort(Pe.Abort);
            case ExitReason.SystemRegister:
                Statistics.RegisterTraps++;
                return HandleTrappedRegister(Pe.Trapped);
            case ExitReason.ProfilingInterrupt:
                Statistics.ProfilingEvents++;
                return Continue;
            default:
                _run->ExitReason = KvmExit.InternalError;
                _run->Internal.Type = 1;
                _run->Internal.NData = 1;
                _run->Internal.Data[0] = (ulong)reason;
                return 0;
        }
    }

    /// <summary>kvm_handle_guest_abort, in its order.</summary>
    private int HandleAbort(in Stage2Abort abort)
    {
        if (abort.Ipa >> Vm.IpaBits != 0)
        {
            InjectAbort(abort.IsInstruction, abort.Va, FaultStatus.AddressSize);
            return Continue;
        }

        Memory.MemorySlot? slot = Vm.Slots.Find(abort.Ipa);
        if (slot is not null && !(abort.IsWrite && slot.IsReadOnly))
        {
            // The slot came, or became writable, after the PE looked. Look again.
            return Continue;
        }

        if (abort.IsInstruction)
        {
            InjectExternalAbort(instruction: true, abort.Va);
            return Continue;
        }

        if (abort.IsStage1Walk)
        {
            // Page tables where there is no memory: user space could do nothing about it.
            InjectExternalAbort(instruction: false, abort.Va);
            return Continue;
        }

        if (slot is null && (abort.Esr & CacheMaintenance) != 0)
        {
            Pe.Pc += 4;
            return Continue;
        }

        return HandleMmio(abort);
    }

    /// <summary>io_mem_abort.</summary>
    private int HandleMmio(in Stage2Abort abort)
    {
        if (!abort.IsValid)
        {
            if (Vm.ReturnNisvToUser)
            {
                _mmioAbort = abort;
                _askedUser = true;
                _run->ExitReason = KvmExit.ArmNisv;
                _run->ArmNisv.EsrIss = abort.Esr & 0x01FF_FFFF;
                _run->ArmNisv.FaultIpa = abort.Ipa;
                return 0;
            }

            return -Errno.ENOSYS;
        }

        int size = abort.Size;
        ulong value = 0;
        if (abort.IsWrite)
        {
            value = Pe.GetX(abort.Register);
            if (size < 8)
            {
                value &= (1UL << (size * 8)) - 1;
            }
        }

        if (Vm.Vgic is { } vgic && vgic.TryAccess(abort.Ipa, size, abort.IsWrite, ref value, Id))
        {
            Statistics.MmioInKernel++;
            if (!abort.IsWrite)
            {
                WriteMmioResult(abort, value);
            }

            Pe.Pc += 4;
            return Continue;
        }

        Statistics.MmioToUser++;
        _mmioPending = true;
        _mmioAbort = abort;
        _askedUser = true;
        _run->ExitReason = KvmExit.Mmio;
        _run->Mmio.PhysAddr = abort.Ipa;
        _run->Mmio.Len = (uint)size;
        _run->Mmio.IsWrite = abort.IsWrite ? (byte)1 : (byte)0;
        _run->Mmio.Value = value;
        return 0;
    }

    /// <summary>kvm_handle_mmio_return: the answer of user space goes to the register, the instruction is done.</summary>
    private void CompleteMmio()
    {
        _mmioPending = false;
        if (!_mmioAbort.IsWrite)
        {
            WriteMmioResult(_mmioAbort, _run->Mmio.Value);
        }

        Pe.Pc += 4;
    }

    private void WriteMmioResult(in Stage2Abort abort, ulong value)
    {
        int unused = 64 - (abort.Size * 8);
        value = abort.SignExtend ? (ulong)((long)(value << unused) >> unused) : value << unused >> unused;
        Pe.SetX(abort.Register, abort.SixtyFour ? value : (uint)value);
    }

    private int HandleTrappedRegister(in TrappedRegister trapped)
    {
        if (HasFeature(KvmVcpuFeatures.Spe) && Spe.Traps(trapped.Register))
        {
            return Spe.HandleTrap(trapped);
        }

        if (TryHandleVirtualMemoryControl(trapped))
        {
            return Continue;
        }

        // Everything else that is trapped here is trapped because the guest must not see that it exists.
        InjectUndefined();
        return Continue;
    }

    /// <summary>The guest takes an Undefined Instruction exception at its present instruction.</summary>
    internal void InjectUndefined() => Pe.InjectException(Syndrome.Unknown, 0);

    /// <summary>The guest takes a synchronous external abort (kvm_inject_dabt, kvm_inject_pabt).</summary>
    internal void InjectExternalAbort(bool instruction, ulong va) => InjectAbort(instruction, va, FaultStatus.ExternalAbort);

    private void InjectAbort(bool instruction, ulong va, uint faultStatus)
    {
        bool fromEl0 = (Pe.Pstate & 0xC) == 0;
        ExceptionClass ec = instruction
            ? (fromEl0 ? ExceptionClass.InstructionAbortLower : ExceptionClass.InstructionAbortSame)
            : (fromEl0 ? ExceptionClass.DataAbortLower : ExceptionClass.DataAbortSame);
        Pe.InjectException(Syndrome.Of(ec, faultStatus), va);
    }

    /// <summary>kvm_prepare_system_event: stops every vCPU and reports to user space.</summary>
    internal int ExitWithSystemEvent(KvmSystemEvent what, ulong flags = 0)
    {
        using (Vm.ConfigLock.Enter())
        {
            foreach (Vcpu vcpu in Vm.Vcpus)
            {
                vcpu.PowerOff();
            }
        }

        _run->ExitReason = KvmExit.SystemEvent;
        _run->SystemEvent.Type = (uint)what;
        _run->SystemEvent.NData = 1;
        _run->SystemEvent.Data[0] = flags;
        return 0;
    }
}
