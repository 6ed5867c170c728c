using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Registers;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Timer;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <summary>
/// A virtual CPU. Calls answer 0 or a value, or a negative errno. One call at a time is served, as KVM does by its vCPU mutex: a call made
/// while another thread is in <see cref="Run"/> waits; only <see cref="Kick"/> never waits.
/// </summary>
public sealed unsafe partial class Vcpu : IKvmFile, IPeOutputs, IDisposable
{
    /// <summary>Affinity fields of MPIDR_EL1.</summary>
    internal const ulong AffinityMask = 0xFF_00FF_FFFF;

    private readonly KvmRun* _run;
    private ProcessingElement? _pe;
    private IGicCpuInterface? _gic;
    private volatile bool _irq;
    private volatile bool _fiq;
    private bool _initialized;
    private bool _destroyed;

    internal Vcpu(Vm vm, int id, int index)
    {
        Vm = vm;
        Id = id;
        Index = index;

        // kvm_run and the page behind it; zeroed, at a fixed address for the life of the vCPU.
        _run = (KvmRun*)NativeMemory.AlignedAlloc(KvmRun.MmapSize, 4096);
        NativeMemory.Clear(_run, KvmRun.MmapSize);
        _sleeper = new Sleeper();
        if (vm.Turns is not null)
        {
            _seat = vm.Turns.Add(IsWakePending, () => _pe?.Executed ?? 0);
        }

        Spe = new SpeVcpu(this);
        Fd = vm.Kvm.Files.Add(this);
    }

    public Vm Vm { get; }

    /// <summary>The id given to KVM_CREATE_VCPU; MPIDR_EL1 follows from it.</summary>
    public int Id { get; }

    /// <summary>Place in the order of creation.</summary>
    public int Index { get; }

    public int Fd { get; }

    /// <summary>The shared area (<see cref="KvmRun.MmapSize"/> bytes); valid until the VM is disposed of.</summary>
    public KvmRun* RunArea => _run;

    /// <summary>
    /// The processing element, for measuring and for hooks below KVM's interface; it exists from the first <see cref="Init"/> on. Only for the thread that would call <see cref="Run"/>.
    /// </summary>
    public ProcessingElement Pe => _pe!;

    /// <summary>Counts of what has happened on this vCPU.</summary>
    public VcpuStatistics Statistics { get; } = new();

    internal KvmLock Mutex { get; } = new(LockRank.Vcpu);

    internal SpeVcpu Spe { get; }

    internal ulong Affinity => AffinityOf(Id);

    internal bool HasFeature(KvmVcpuFeatures feature) => Vm.Features is { } features && (features & feature) != 0;

    /// <summary>KVM's affinity of a vCPU id: 16 to a cluster, because ICC_SGI1R_EL1's target list has 16 bits.</summary>
    internal static ulong AffinityOf(int id) => ((ulong)id & 0xF) | (((ulong)(id >> 4) & 0xFF) << 8) | (((ulong)(id >> 12) & 0xFF) << 16);

    /// <summary>
    /// KVM_ARM_VCPU_INIT: chooses features, the first time for all vCPUs of the VM, and resets the vCPU.
    /// </summary>
    /// <returns>
    /// 0; -EINVAL for another target, a feature this host does not have, or a choice that differs from an earlier one; -ENOENT for an unknown feature.
    /// </returns>
    public int Init(in KvmVcpuInit init)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        const KvmVcpuFeatures Supported = KvmVcpuFeatures.PowerOff | KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.PmuV3;
        if (init.Target != KvmVcpuInit.TargetGenericV8)
        {
            return -Errno.EINVAL;
        }

        for (int i = 1; i < 7; i++)
        {
            if (init.Features[i] != 0)
            {
                return -Errno.ENOENT;
            }
        }

        SpeUapi numbers = Vm.Spe.Uapi;
        if (init.Features[0] >> numbers.Features != 0)
        {
            return -Errno.ENOENT;
        }

        KvmVcpuFeatures wanted = numbers.FromUser(init.Features[0]);
        if ((wanted & ~(Supported | (numbers.IsSupported(Vm.Kvm.Options) ? KvmVcpuFeatures.Spe : 0))) != 0)
        {
            return -Errno.EINVAL;
        }

        bool powerOff = (wanted & KvmVcpuFeatures.PowerOff) != 0;
        wanted &= ~KvmVcpuFeatures.PowerOff;
        using (Vm.ConfigLock.Enter())
        {
            if (Vm.Features is { } chosen && chosen != wanted)
            {
                return -Errno.EINVAL;
            }

            Vm.Features = wanted;
            _pe ??= MakePe(wanted);
            _initialized = true;
            PowerState = powerOff ? KvmMpState.Stopped : KvmMpState.Runnable;
            _resetRequest = null;
        }

        if (_hasRun)
        {
            Vm.PrepareForReset();
            Vm.Spe.Series.Reinitialized(Spe);
        }

        Reset();
        WatchCaches();
        return 0;
    }

    /// <summary>What the CPU is made of depends on its features: one that nobody profiles shall not pay for it.</summary>
    private ProcessingElement MakePe(KvmVcpuFeatures features)
    {
        KvmOptions options = Vm.Kvm.Options;
        bool profiled = (features & KvmVcpuFeatures.Spe) != 0;
        ProcessingElement pe = new(new PeConfiguration(Index, Vm.Domain, Vm.Stage2, (ITimeSource?)_seat?.Time ?? Vm.HostTime, this, options.Engine)
        {
            Gic = _gic,
            DataCaches = Vm.DataCaches,
            Checkpoints = options.Checkpoints,
            TlbObserver = profiled ? Spe.TlbLog : null,
            Profiling = profiled ? new ProfilingConfiguration(options.SpeProfile, options.Timing, Vm.RecordSink, Vm.Truth, options.Spu) : null,
        });
        if (pe.Spu is { } spu)
        {
            Spe.Hardware = new SpuBufferRegisters(spu);
        }

        pe.SetInterrupt(fiq: false, _irq);
        pe.SetInterrupt(fiq: true, _fiq);
        return pe;
    }

    /// <summary>Puts the vCPU in the state of a CPU at reset: EL1h, everything masked, x0 and PC zero.</summary>
    private void Reset()
    {
        Spe.Reset();
        Pe.Reset();
        Pe.WriteRegister(SysRegId.MPIDR_EL1, 0x8000_0000 | Affinity);
        GuestIdentity.Apply(this);
        _mmioPending = false;
        _rlimitPending = false;
    }

    /// <summary>KVM_GET_MP_STATE.</summary>
    public int GetMpState(out KvmMpState state)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        state = PowerState;
        return 0;
    }

    /// <summary>KVM_SET_MP_STATE: runnable or stopped.</summary>
    /// <returns>0; -EINVAL for another state.</returns>
    public int SetMpState(KvmMpState state)
    {
        if (state is not (KvmMpState.Runnable or KvmMpState.Stopped))
        {
            return -Errno.EINVAL;
        }

        using KvmLock.Scope _ = Mutex.Enter();
        using KvmLock.Scope config = Vm.ConfigLock.Enter();
        PowerState = state;
        return 0;
    }

    /// <summary>KVM_GET_VCPU_EVENTS: an external abort that <see cref="SetEvents"/> asked for is delivered at once, so nothing is ever pending.</summary>
    public int GetEvents(out KvmVcpuEvents events)
    {
        events = default;
        return 0;
    }

    /// <summary>KVM_SET_VCPU_EVENTS: ext_dabt_pending makes the guest take a synchronous external abort on its present instruction.</summary>
    /// <returns>0; -EINVAL for an SError: this CPU has none.</returns>
    public int SetEvents(in KvmVcpuEvents events)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        if (events.SErrorPending != 0)
        {
            return -Errno.EINVAL;
        }

        if (events.ExtDabtPending != 0)
        {
            // An access that user space aborts (after KVM_EXIT_MMIO or KVM_EXIT_ARM_NISV) is not completed (kvm_handle_mmio_return): the abort is that access's own.
            ulong va = _askedUser ? _mmioAbort.Va : Pe.ReadRegister(SysRegId.FAR_EL1);
            _mmioPending = false;
            _askedUser = false;
            InjectExternalAbort(instruction: false, va);
        }

        return 0;
    }

    internal void InvalidateStage2()
    {
        LockOrder.WaitsForGuest();
        _pe?.InvalidateStage2();
    }

    internal void InvalidateInstructionCache() => _pe?.InvalidateInstructionCache();

    internal void ConnectInterruptController(IGicCpuInterface cpuInterface)
    {
        _gic = cpuInterface;
        if (_pe is { } pe)
        {
            pe.Configuration.Gic = cpuInterface;
        }
    }

    void IPeOutputs.TimerLine(bool physical, bool level)
    {
        TimerInterrupts lines = Vm.TimerInterrupts;
        Vm.Vgic?.SetPpi(Id, physical ? lines.Physical : lines.Virtual, level);
    }

    void IPeOutputs.PmuLine(bool level)
    {
        if (_pmuInterrupt is { } line)
        {
            SetInterruptLine(line, level);
        }
    }

    /// <summary>Drives an interrupt of an in-kernel device of this vCPU.</summary>
    internal void SetInterruptLine(int intid, bool level)
    {
        if (intid < 32)
        {
            Vm.Vgic?.SetPpi(Id, intid, level);
        }
        else
        {
            Vm.Vgic?.SetSpi(intid, level);
        }
    }

    /// <summary>Levels of the IRQ and FIQ inputs, from the interrupt controller. Any thread.</summary>
    internal void SetLines(bool irq, bool fiq)
    {
        SetLine(fiq: false, irq);
        SetLine(fiq: true, fiq);
    }

    /// <summary>Level of one input.</summary>
    internal void SetLine(bool fiq, bool level)
    {
        if (fiq)
        {
            _fiq = level;
        }
        else
        {
            _irq = level;
        }

        _pe?.SetInterrupt(fiq, level);
        if (level)
        {
            Wake();
        }
    }

    /// <summary>Frees what the vCPU has; waits for a KVM_RUN that was kicked to return.</summary>
    internal void Destroy()
    {
        using KvmLock.Scope _ = Mutex.Enter();
        if (_destroyed)
        {
            return;
        }

        _destroyed = true;
        Spe.Destroy();
        Vm.Kvm.Files.Remove(this);
        _pe?.Dispose();
        _sleeper.Dispose();
        NativeMemory.AlignedFree(_run);
    }

    /// <summary>Closes the file. The vCPU lives as long as its VM, as in the kernel.</summary>
    public void Dispose() => Vm.Kvm.Files.Remove(this);
}
