using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// A vCPU's part of profiling (struct kvm_vcpu_spe). The buffer registers trap; the guest sees memory copies. The hardware copies are loaded on entry only while the
/// buffer is enabled, and taken away at exit.
/// </summary>
internal sealed partial class SpeVcpu(Vcpu vcpu)
{
    private Pmblimitr _limit;
    private ulong _pointer;
    private Pmbsr _status;
    private bool _loaded;
    private bool _line;
    private bool _needsPin;
    private bool _askUser;
    private bool _declined;
    private volatile bool _lost;

    public Vcpu Vcpu => vcpu;

    public SpeVm Vm => vcpu.Vm.Spe;

    /// <summary>What keeps this vCPU's enabled buffer pinned; null while nothing does. Changed under the pin lock.</summary>
    public PinnedBuffer? Buffer { get; set; }

    /// <summary>Buffers that are not enabled and stay pinned, the least recently used first. Guarded by the pin lock.</summary>
    public List<PinnedBuffer> Kept { get; } = [];

    /// <summary>TLB maintenance of this vCPU. Own thread.</summary>
    public TlbLog TlbLog { get; } = new();

    /// <summary>The log of TLB maintenance is complete: false before the vCPU enters the guest, where operations of others may still wait to be carried out.</summary>
    public bool MayReuse { get; private set; } = true;

    /// <summary>A buffer that is being pinned page by page. Guarded by the pin lock.</summary>
    public PinnedBuffer? Pinning { get; set; }

    /// <summary>Finds the pages of this vCPU's buffers. Own thread.</summary>
    public BufferWalk Walk { get; } = new(vcpu.Vm.Slots);

    /// <summary>Bytes that the limit lacks, until user space is told (locked_mem_excess).</summary>
    public ulong Excess { get; set; }

    /// <summary>INTID of PMBIRQ; null until set.</summary>
    public int? Interrupt { get; set; }

    /// <summary>KVM_ARM_VCPU_SPE_INIT was done.</summary>
    public bool Initialized { get; set; }

    /// <summary>The profiling unit under this vCPU; null where the PE has none.</summary>
    public IBufferRegisters? Hardware { get; set; }

    /// <summary>This vCPU's own maximum buffer was charged.</summary>
    public bool Charged { get; set; }

    /// <summary>ID_AA64DFR0_EL1.PMSVer: the unit's, at most SPEv1p5's.</summary>
    public int PmsVer => Math.Min(Profile.PmsVer, 6);

    private SpeProfile Profile => vcpu.Vm.Kvm.Options.SpeProfile;

    /// <summary>ProfilingBufferEnabled of the memory copies (Arm ARM D17.3).</summary>
    private bool Enabled => _limit.E && !_status.S;

    /// <summary>Registers whose value is this room's: they always trap.</summary>
    public bool Handles(SysRegId id) => id is SysRegId.PMBLIMITR_EL1 or SysRegId.PMBPTR_EL1 or SysRegId.PMBSR_EL1
        || (id is SysRegId.PMBIDR_EL1 or SysRegId.PMSIDR_EL1 && Vm.Uapi.TrapsIdentification);

    public ulong Read(SysRegId id) => id switch
    {
        SysRegId.PMBLIMITR_EL1 => _limit.Value,
        SysRegId.PMBPTR_EL1 => _pointer,
        SysRegId.PMBSR_EL1 => _status.Value,
        SysRegId.PMBIDR_EL1 => GuestPmbidr.Value,
        _ => Profile.Pmsidr.Value,
    };

    /// <summary>PMBIDR_EL1 for the guest: it owns the buffer, and the maximum size is the VMM's.</summary>
    private Pmbidr GuestPmbidr
    {
        get
        {
            MaxBuffSize.TryEncode(Vm.MaxBufferSize ?? 0, out ushort encoded);
            return Profile.Pmbidr.WithP(false).WithMaxBuffSize(encoded);
        }
    }

    /// <summary>An MRS or MSR of one of these registers.</summary>
    public int HandleTrap(in TrappedRegister trapped)
    {
        if (trapped.IsRead && Handles(trapped.Register))
        {
            vcpu.Pe.SetX(trapped.Rt, Read(trapped.Register));
            vcpu.Pe.Pc += 4;
            return Vcpu.Continue;
        }

        if (!trapped.IsRead && trapped.Register is SysRegId.PMBIDR_EL1 or SysRegId.PMSIDR_EL1)
        {
            vcpu.InjectUndefined();
            return Vcpu.Continue;
        }

        if (!Handles(trapped.Register))
        {
            AccessConfiguration(trapped);
            return Vcpu.Continue;
        }

        if (Write(trapped.Register, vcpu.Pe.GetX(trapped.Rt)))
        {
            vcpu.Pe.Pc += 4;
        }

        return Vcpu.Continue;
    }

    /// <summary>
    /// A write by the guest. False: it has not taken effect, and the guest shall execute its instruction again.
    /// </summary>
    public bool Write(SysRegId id, ulong value)
    {
        // What happened to the buffer happened before this write.
        TakeLoss();
        Pmblimitr limit = _limit;
        ulong pointer = _pointer;
        Pmbsr status = _status;
        switch (id)
        {
            case SysRegId.PMBLIMITR_EL1:
                limit = new Pmblimitr(value & Pmblimitr.ImplementedMask(PmsVer));
                break;
            case SysRegId.PMBPTR_EL1:
                pointer = value;
                break;
            case SysRegId.PMBSR_EL1:
                status = new Pmbsr(value & Pmbsr.ImplementedMask);
                break;
        }

        bool enabled = limit.E && !status.S;
        bool changed = limit != _limit || pointer != _pointer;
        if (enabled && (!Enabled || changed || _needsPin))
        {
            PinResult result = Pin(limit, pointer);
            switch (result.Outcome)
            {
                case PinOutcome.Retry:
                    return false;
                case PinOutcome.MissingMemory:
                    AskUser(result.Missing);
                    return false;
                case PinOutcome.Event:
                    status = status.WithEvent(result.EventClass, result.Mss, result.DataLost);
                    break;
            }
        }

        if (enabled)
        {
            _needsPin = false;
            _declined = false;
        }

        _limit = limit;
        _pointer = pointer;
        _status = status;
        StatusChanged();
        return true;
    }

    /// <summary>KVM_SET_ONE_REG of a memory copy. An enabled buffer is pinned before the guest runs.</summary>
    public int Restore(SysRegId id, ulong value)
    {
        switch (id)
        {
            case SysRegId.PMBLIMITR_EL1:
                _limit = new Pmblimitr(value & Pmblimitr.ImplementedMask(PmsVer));
                break;
            case SysRegId.PMBPTR_EL1:
                _pointer = value;
                break;
            case SysRegId.PMBSR_EL1:
                _status = new Pmbsr(value & Pmbsr.ImplementedMask);
                break;
            default:
                return -Errno.EINVAL;
        }

        StatusChanged();
        if (Enabled)
        {
            _needsPin = true;
            vcpu.RaiseRequest();
        }

        return 0;
    }

    /// <summary>
    /// Requests of this unit, on the vCPU's thread before it enters the guest: a buffer that was lost or restored. True: KVM_RUN has to report that a limit is
    /// <paramref name="excess"/> bytes short.
    /// </summary>
    public bool TakeMissingMemory(out ulong excess)
    {
        TakeLoss();
        if (_needsPin && Enabled)
        {
            MayReuse = false;
            PinResult result = Pin(_limit, _pointer);
            MayReuse = true;
            switch (result.Outcome)
            {
                case PinOutcome.Committed:
                    _needsPin = false;
                    break;
                case PinOutcome.Event:
                    _needsPin = false;
                    _declined = false;
                    _status = _status.WithEvent(result.EventClass, result.Mss, result.DataLost);
                    StatusChanged();
                    break;
                case PinOutcome.MissingMemory:
                    AskUser(result.Missing);
                    break;
                case PinOutcome.Retry:
                    vcpu.RaiseRequest();
                    break;
            }
        }

        excess = Excess;
        if (!_askUser)
        {
            return false;
        }

        // From here on nothing but the guest's replayed write knows of the debt.
        _askUser = false;
        Excess = 0;
        return true;
    }

    /// <summary>User space was asked for a higher limit and declined: the next write that would ask again ends the guest's profiling session instead.</summary>
    public void Decline() => _declined = true;

    /// <summary>The enabled buffer's pages had to be given up: they are pinned again before the guest runs. vCPU thread.</summary>
    public void NeedsPin()
    {
        _needsPin = true;
        vcpu.RaiseRequest();
    }

    private void AskUser(ulong missing)
    {
        Excess = missing;
        _askUser = true;
        vcpu.RaiseRequest();
    }

    private void TakeLoss()
    {
        if (!_lost)
        {
            return;
        }

        _lost = false;
        if (_status.S)
        {
            // The unit stopped by itself meanwhile; what it had written since is lost all the same.
            _status = new Pmbsr(_status.Value | Pmbsr.DlMask);
        }
        else if (_limit.E)
        {
            _status = _status.WithEvent(PmbsrEventClass.Stage2Abort, (ushort)(FaultStatus.Translation | 3), dataLost: true);
            StatusChanged();
        }
    }

    /// <summary>The memory under the buffer is gone. Any thread.</summary>
    public void LoseBuffer()
    {
        _lost = true;
        vcpu.RaiseRequest();
    }

    /// <summary>Gives the unit the guest's buffer. Pointer and status first: E makes it take them.</summary>
    public void Load()
    {
        if (!Enabled || _stop == KvmSpeStop.Trap)
        {
            return;
        }

        if (Hardware is not { } hardware)
        {
            return;
        }

        hardware.Pmbptr = _pointer;
        hardware.Pmbsr = 0;
        hardware.Pmblimitr = _limit.Value;
        _loaded = true;
    }

    /// <summary>Takes the buffer from the unit, and what has happened to it.</summary>
    public void Put()
    {
        if (!_loaded)
        {
            return;
        }

        _loaded = false;
        IBufferRegisters hardware = Hardware!;
        hardware.Pmblimitr = 0;
        _pointer = hardware.Pmbptr;
        Pmbsr happened = new(hardware.Pmbsr);
        if (happened.Value == 0)
        {
            return;
        }

        hardware.Pmbsr = 0;
        if (happened.S)
        {
            vcpu.Statistics.ProfilingStage2Faults += happened.Ec == PmbsrEventClass.Stage2Abort ? 1UL : 0;
            Pmbsr told = Vm.Series.ToGuest(happened);
            _status = new Pmbsr(told.Value | (_status.Value & (Pmbsr.CollMask | Pmbsr.DlMask | Pmbsr.EaMask)));
            StatusChanged();
        }
        else
        {
            // A collision is no event, but it stays on record.
            _status = new Pmbsr(_status.Value | (happened.Value & Pmbsr.CollMask));
        }
    }

    /// <summary>CPU reset: the buffer is disabled; the rest is UNKNOWN to the architecture, zero here.</summary>
    public void Reset()
    {
        _limit = default;
        _pointer = 0;
        _status = default;
        Excess = 0;
        _askUser = false;
        _declined = false;
        _needsPin = false;
        _lost = false;
        StatusChanged();
        Vm.Forget(this);
    }

    /// <summary>The VM goes away.</summary>
    public void Destroy()
    {
        _limit = default;
        Vm.Series.BufferDisabled(this);
        Vm.Forget(this);
    }

    private PinResult Pin(Pmblimitr limit, ulong pointer)
    {
        if (limit.Discard)
        {
            // Nothing is written in discard mode: there is no memory to keep.
            Vm.Series.BufferDisabled(this);
            return new PinResult(PinOutcome.Committed);
        }

        PinResult result = Vm.Series.BufferEnabled(this, pointer, limit.Limit);
        if (result.Outcome == PinOutcome.Committed)
        {
            vcpu.Statistics.BuffersPinned++;
            vcpu.Vm.NotePinned();
        }
        else if (result.Outcome == PinOutcome.MissingMemory && _declined)
        {
            return Vm.Series.Declined;
        }

        return result;
    }

    private void StatusChanged()
    {
        if (!Enabled)
        {
            Vm.Series.BufferDisabled(this);
        }

        if (_status.S != _line && Interrupt is { } intid)
        {
            _line = _status.S;
            vcpu.SetInterruptLine(intid, _line);
        }
    }
}
