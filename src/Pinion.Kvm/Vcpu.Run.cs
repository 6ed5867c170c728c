using Pinion.Cpu;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Registers;
using Pinion.Kvm.Timer;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>KVM_RUN: entry, requests, waiting.</content>
public sealed unsafe partial class Vcpu
{
    /// <summary>What a handler says: go on executing the guest. 0 and errnos leave KVM_RUN, as in the kernel.</summary>
    internal const int Continue = 1;

    private readonly Sleeper _sleeper;
    private readonly TurnScheduler.Seat? _seat;

    private volatile bool _kicked;
    private volatile bool _request;
    private bool _hasRun;

    // The last exit was KVM_EXIT_RLIMIT: user space's answer is in the run area.
    private bool _rlimitPending;
    private KvmMpState _powerState = KvmMpState.Stopped;
    private ResetRequest? _resetRequest;

    /// <summary>Where PSCI CPU_ON has a vCPU begin.</summary>
    internal sealed record ResetRequest(ulong EntryPoint, ulong ContextId);

    /// <summary>Runnable or stopped. Changed under <see cref="Vm.ConfigLock"/>.</summary>
    internal KvmMpState PowerState
    {
        get => _powerState;
        set
        {
            _powerState = value;
            if (_seat is not null)
            {
                Vm.Turns!.SetPower(_seat, value == KvmMpState.Runnable && _initialized);
            }
        }
    }

    /// <summary>
    /// Has a KVM_RUN return -EINTR with KVM_EXIT_INTR soon: what a signal to the vCPU's thread does in the kernel. Where no KVM_RUN is under way, the next one returns at once:
    /// as with a signal that is blocked outside KVM_RUN. Any thread; never waits.
    /// </summary>
    public void Kick()
    {
        _kicked = true;
        Interrupt();
    }

    /// <summary>
    /// KVM_RUN: completes what the last exit left open, then executes the guest until user space has to act. What happened is in <see cref="RunArea"/>.
    /// </summary>
    /// <returns>
    /// 0 with exit_reason set; -EINTR after immediate_exit (exit_reason untouched) or a kick (KVM_EXIT_INTR); -ENOEXEC before KVM_ARM_VCPU_INIT; -ENOSYS for an access outside all
    /// slots whose syndrome does not describe it; what the first run finds wrong with the interrupt controller, the PMU (-EINVAL) or the profiling unit (-EINVAL).
    /// </returns>
    public int Run()
    {
        using KvmLock.Scope _ = Mutex.Enter();
        if (!_initialized || _destroyed)
        {
            return -Errno.ENOEXEC;
        }

        int result = Vm.PendingOperations.Perform();
        if (result == 0)
        {
            result = _hasRun ? CheckProfiling() : PrepareFirstRun();
        }

        if (result != 0)
        {
            return result;
        }

        if (_mmioPending)
        {
            CompleteMmio();
        }

        if (_rlimitPending)
        {
            _rlimitPending = false;
            if (Vm.Spe.Series.TakesRefusals && (_run->Rlimit.Flags & KvmRunRlimit.Decline) != 0)
            {
                Spe.Decline();
            }
        }

        if (_run->ImmediateExit != 0)
        {
            return -Errno.EINTR;
        }

        _askedUser = false;
        _run->ExitReason = KvmExit.Unknown;
        _run->Flags = 0;
        result = Loop();
        Statistics.ExitsToUser++;
        if (_seat is not null && _run->ExitReason is not (KvmExit.Mmio or KvmExit.Rlimit))
        {
            Vm.Turns!.Leave(_seat);
        }

        return result;
    }

    /// <summary>kvm_arch_vcpu_run_pid_change: what has to be right before the first entry, in KVM's order.</summary>
    private int PrepareFirstRun()
    {
        if (Vm.Vgic is { } vgic)
        {
            int result = vgic.MapResources();
            if (result != 0)
            {
                return result;
            }
        }

        if (Vm.Vgic is not null && Vm.TimerInterrupts.Virtual == Vm.TimerInterrupts.Physical)
        {
            return -Errno.EINVAL;
        }

        if (HasFeature(KvmVcpuFeatures.PmuV3) && !_pmuReady)
        {
            return -Errno.EINVAL;
        }

        int profiling = CheckProfiling();
        if (profiling != 0)
        {
            return profiling;
        }

        GuestIdentity.FinalizeForRun(this);
        ConnectDevices();
        _hasRun = true;
        Vm.HasRanOnce = true;
        return 0;
    }

    private int CheckProfiling() => HasFeature(KvmVcpuFeatures.Spe) ? Vm.Spe.Series.CheckRun(Spe) : 0;

    /// <summary>Lines that were driven before an interrupt controller could take them.</summary>
    private void ConnectDevices()
    {
        if (Vm.Vgic is { } vgic)
        {
            vgic.SetOwner(Id, Vm.TimerInterrupts.Virtual, Vm.TimerInterrupts);
            vgic.SetOwner(Id, Vm.TimerInterrupts.Physical, Vm.TimerInterrupts);
        }
    }

    private int Loop()
    {
        while (true)
        {
            if (_kicked)
            {
                _kicked = false;
                _run->ExitReason = KvmExit.Intr;
                return -Errno.EINTR;
            }

            if (_request)
            {
                _request = false;
                int result = ServeRequests();
                if (result <= 0)
                {
                    return result;
                }
            }

            if (PowerState == KvmMpState.Stopped)
            {
                SleepWhileStopped();
                continue;
            }

            int refused = Vm.Spe.Series.CheckEntry(Spe);
            if (refused <= 0)
            {
                return refused;
            }

            ulong budget = ulong.MaxValue;
            if (_seat is not null)
            {
                budget = Vm.Turns!.Take(_seat, _interrupted ??= () => _kicked || _request);
                if (budget == 0)
                {
                    continue;
                }
            }

            Spe.Load();
            LockOrder.EntersGuest();
            ExitReason reason = Pe.Run(budget);
            LockOrder.LeavesGuest();
            Spe.Put();
            Statistics.Exits++;
            int next = HandleExit(reason);
            if (next <= 0)
            {
                return next;
            }
        }
    }

    private Func<bool>? _interrupted;

    /// <summary>
    /// KVM_EXIT_FAIL_ENTRY because the guest profiles and user space asked to hear of it (KVM_ARM_VCPU_SPE_STOP). As posted, the exit is described and KVM_RUN fails as well.
    /// </summary>
    internal int ExitForProfiling()
    {
        _run->ExitReason = KvmExit.FailEntry;
        _run->FailEntry.HardwareEntryFailureReason = KvmRunFailEntry.Spe;
        _run->FailEntry.Cpu = 0;
        return -Errno.EAGAIN;
    }

    /// <summary>KVM_EXIT_FAIL_ENTRY because the thread runs on a physical CPU that lacks what the vCPU has.</summary>
    internal int ExitForUnsupportedCpu(int cpu)
    {
        _run->ExitReason = KvmExit.FailEntry;
        _run->FailEntry.HardwareEntryFailureReason = KvmRunFailEntry.CpuUnsupported;
        _run->FailEntry.Cpu = (uint)cpu;
        return 0;
    }

    private int ServeRequests()
    {
        ResetRequest? reset;
        using (Vm.ConfigLock.Enter())
        {
            reset = _resetRequest;
            _resetRequest = null;
        }

        if (reset is not null)
        {
            Reset();
            Pe.Pc = reset.EntryPoint;
            Pe.SetX(0, reset.ContextId);
        }

        if (Spe.TakeMissingMemory(out ulong excess))
        {
            Statistics.LimitExits++;
            _run->ExitReason = KvmExit.Rlimit;
            _run->Rlimit.Excess = excess;
            _run->Rlimit.RlimitId = KvmRunRlimit.Memlock;
            _run->Rlimit.Flags = Vm.Spe.Series.TakesRefusals ? KvmRunRlimit.MayDecline : (byte)0;
            _rlimitPending = true;
            return 0;
        }

        return Continue;
    }

    /// <summary>Has the vCPU's thread look at its requests before it executes anything else. Any thread.</summary>
    internal void RaiseRequest()
    {
        _request = true;
        Interrupt();
    }

    private void Interrupt()
    {
        _pe?.Kick();
        Wake();
    }

    /// <summary>Powers the vCPU on as PSCI CPU_ON does. Caller holds <see cref="Vm.ConfigLock"/>.</summary>
    internal void PowerOn(ResetRequest reset)
    {
        _resetRequest = reset;
        PowerState = KvmMpState.Runnable;
        RaiseRequest();
    }

    /// <summary>Powers the vCPU off. Caller holds <see cref="Vm.ConfigLock"/>.</summary>
    internal void PowerOff()
    {
        PowerState = KvmMpState.Stopped;
        RaiseRequest();
    }

    private void Wake()
    {
        if (Vm.Turns is { } turns)
        {
            turns.Poke();
        }
        else
        {
            _sleeper.Wake();
        }
    }

    /// <summary>Ends a wait for interrupt. Takes no lock.</summary>
    private bool IsWakePending() => _kicked || _request || (_pe?.InterruptPending ?? false);

    private bool IsStoppedNoMore() => _kicked || _request || PowerState != KvmMpState.Stopped;

    private void SleepWhileStopped()
    {
        if (_seat is not null)
        {
            // A powered-off seat is given no turn: this returns when it was powered on, or interrupted.
            Vm.Turns!.Take(_seat, IsStoppedNoMore);
            return;
        }

        while (!IsStoppedNoMore())
        {
            _sleeper.Sleep(ulong.MaxValue, IsStoppedNoMore);
        }
    }

    /// <summary>WFI: waits until an interrupt line is up (masked or not), a request, a kick, or the PE's own timer fires.</summary>
    internal void WaitForInterrupt()
    {
        Statistics.WaitsForInterrupt++;
        while (!IsWakePending())
        {
            ulong deadline = Pe.NextTimerDeadline;
            if (_seat is not null)
            {
                Vm.Turns!.Wait(_seat, DeterministicTime.NanosecondsAt(deadline), _interrupted ??= () => _kicked || _request);
            }
            else
            {
                ulong wait = deadline == ulong.MaxValue ? ulong.MaxValue : Vm.HostTime.NanosecondsUntil(deadline);
                if (wait != 0)
                {
                    _sleeper.Sleep(wait, IsWakePending);
                }
            }

            Pe.PollTimers();
            if (deadline != ulong.MaxValue && Pe.NextTimerDeadline != deadline)
            {
                // The timer fired. Where its interrupt is disabled nothing is pending; WFI may end for any reason, so let the guest look.
                return;
            }
        }
    }
}
