using System.Numerics;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Locking;

namespace Pinion.Kvm.Gic;

/// <summary>
/// One vCPU's share of the controller: its redistributor, its SGIs and PPIs, and its CPU interface as a guest of KVM sees it (the virtual CPU interface:
/// 5 bits of priority and preemption, 16 bits of INTID, one Security state). GIC architecture specification, chapters 4 and 12.
/// </summary>
internal sealed class VgicVcpu : IGicCpuInterface
{
    public const int Spurious = 1023;
    private const byte IdlePriority = 0xFF;

    /// <summary>Lowest binary points that 5 bits of preemption allow.</summary>
    private const int MinimumBpr0 = 2;
    private const int MinimumBpr1 = 3;

    private readonly VgicV3 _vgic;
    private bool _irq;
    private bool _fiq;

    public VgicVcpu(VgicV3 vgic, int id)
    {
        _vgic = vgic;
        Id = id;
        for (int i = 0; i < Private.Length; i++)
        {
            // SGIs are always edge-triggered, and enabled from the start; PPIs are level-sensitive until the owner of the GIC says otherwise.
            Private[i] = new GicInterrupt(i) { Edge = i < 16, Enabled = i < 16, Target = this };
        }
    }

    /// <summary>vCPU id.</summary>
    public int Id { get; }

    /// <summary>SGIs (0 to 15) and PPIs (16 to 31).</summary>
    public GicInterrupt[] Private { get; } = new GicInterrupt[32];

    /// <summary>Bit n: private interrupt n may be taken. Kept by <see cref="VgicV3.Refresh"/>.</summary>
    public uint PrivateCandidates { get; set; }

    /// <summary>Guest physical base of the redistributor; null while it has none.</summary>
    public ulong? RedistributorBase { get; set; }

    public VgicRedistributorRegion? Region { get; set; }

    public uint RegionIndex { get; set; }

    public ulong PendingBase { get; set; }

    /// <summary>Affinity as KVM gives it: 16 vCPUs at level 0.</summary>
    public uint Affinity => AffinityOf(Id);

    public byte PriorityMask { get; set; }

    public int Bpr0 { get; private set; } = MinimumBpr0;

    public int Bpr1 { get; private set; } = MinimumBpr1;

    public bool CommonBinaryPoint { get; set; }

    public bool EoiMode { get; set; }

    public bool Group0Enabled { get; set; }

    public bool Group1Enabled { get; set; }

    /// <summary>Active priorities; bit n is group priority n * 8.</summary>
    public uint Ap0R0 { get; set; }

    /// <inheritdoc cref="Ap0R0"/>
    public uint Ap1R0 { get; set; }

    /// <summary>ICC_CTLR_EL1.PRIbits; a VMM may lower it.</summary>
    public int PriBits { get; set; } = 4;

    /// <summary>ICC_CTLR_EL1: A3V, 16-bit INTIDs, no SEIs.</summary>
    public ulong Control
        => (1UL << 15) | ((ulong)PriBits << 8) | (EoiMode ? 2UL : 0) | (CommonBinaryPoint ? 1UL : 0);

    /// <summary>ICC_BPR1_EL1 as read: with CBPR, one more than BPR0.</summary>
    public int EffectiveBpr1 => CommonBinaryPoint ? Math.Min(Bpr0 + 1, 7) : Bpr1;

    public static uint AffinityOf(int id) => (uint)((id & 15) | (((id >> 4) & 0xFF) << 8) | (((id >> 12) & 0xFF) << 16));

    public void SetBpr0(ulong value) => Bpr0 = Math.Max((int)(value & 7), MinimumBpr0);

    /// <summary>Ignored while CBPR joins it to BPR0.</summary>
    public void SetBpr1(ulong value)
    {
        if (!CommonBinaryPoint)
        {
            Bpr1 = Math.Max((int)(value & 7), MinimumBpr1);
        }
    }

    /// <inheritdoc/>
    public ulong Read(SysRegId register)
    {
        using KvmLock.Scope _ = _vgic.Lock.Enter();
        return ReadLocked(register);
    }

    /// <inheritdoc/>
    public void Write(SysRegId register, ulong value)
    {
        using KvmLock.Scope _ = _vgic.Lock.Enter();
        WriteLocked(register, value);
    }

    /// <summary><see cref="Read"/> with the lock held.</summary>
    public ulong ReadLocked(SysRegId register) => register switch
    {
        SysRegId.ICC_IAR1_EL1 => (ulong)Acknowledge(group1: true),
        SysRegId.ICC_IAR0_EL1 => (ulong)Acknowledge(group1: false),
        SysRegId.ICC_HPPIR1_EL1 => (ulong)HighestPending(group1: true),
        SysRegId.ICC_HPPIR0_EL1 => (ulong)HighestPending(group1: false),
        SysRegId.ICC_RPR_EL1 => RunningPriority,
        SysRegId.ICC_PMR_EL1 => PriorityMask,
        SysRegId.ICC_BPR0_EL1 => (ulong)Bpr0,
        SysRegId.ICC_BPR1_EL1 => (ulong)EffectiveBpr1,
        SysRegId.ICC_CTLR_EL1 => Control,
        SysRegId.ICC_SRE_EL1 => VgicV3.SystemRegisterEnable,
        SysRegId.ICC_IGRPEN0_EL1 => Group0Enabled ? 1UL : 0,
        SysRegId.ICC_IGRPEN1_EL1 => Group1Enabled ? 1UL : 0,
        SysRegId.ICC_AP0R0_EL1 => Ap0R0,
        SysRegId.ICC_AP1R0_EL1 => Ap1R0,
        _ => 0,
    };

    /// <summary><see cref="Write"/> with the lock held.</summary>
    public void WriteLocked(SysRegId register, ulong value)
    {
        switch (register)
        {
            case SysRegId.ICC_EOIR1_EL1:
                EndOfInterrupt(value, group1: true);
                return;
            case SysRegId.ICC_EOIR0_EL1:
                EndOfInterrupt(value, group1: false);
                return;
            case SysRegId.ICC_DIR_EL1:
                if (EoiMode)
                {
                    Deactivate(value);
                }

                return;
            case SysRegId.ICC_SGI1R_EL1:
                _vgic.SendSgi(this, value, group1Allowed: true);
                return;
            case SysRegId.ICC_SGI0R_EL1:
            case SysRegId.ICC_ASGI1R_EL1:
                // With one Security state both can only raise SGIs that are configured as Group 0.
                _vgic.SendSgi(this, value, group1Allowed: false);
                return;
            case SysRegId.ICC_PMR_EL1:
                PriorityMask = (byte)(value & VgicV3.PriorityBits);
                break;
            case SysRegId.ICC_BPR0_EL1:
                SetBpr0(value);
                break;
            case SysRegId.ICC_BPR1_EL1:
                SetBpr1(value);
                break;
            case SysRegId.ICC_CTLR_EL1:
                CommonBinaryPoint = (value & 1) != 0;
                EoiMode = (value & 2) != 0;
                break;
            case SysRegId.ICC_IGRPEN0_EL1:
                Group0Enabled = (value & 1) != 0;
                break;
            case SysRegId.ICC_IGRPEN1_EL1:
                Group1Enabled = (value & 1) != 0;
                break;
            case SysRegId.ICC_AP0R0_EL1:
                Ap0R0 = (uint)value;
                break;
            case SysRegId.ICC_AP1R0_EL1:
                Ap1R0 = (uint)value;
                break;
            default:
                return;
        }

        UpdateLines();
    }

    /// <summary>Drives the PE's inputs from the state now; tells the host only what changed. Lock held.</summary>
    public void UpdateLines()
    {
        GicInterrupt? best = _vgic.FindBest(this);
        bool signal = best is not null && CanSignal(best);
        bool irq = signal && best!.Group1;
        bool fiq = signal && !best!.Group1;
        if (irq != _irq || fiq != _fiq)
        {
            _irq = irq;
            _fiq = fiq;
            _vgic.Host.SetLines(Id, irq, fiq);
        }
    }

    private byte RunningPriority
    {
        get
        {
            uint active = Ap0R0 | Ap1R0;
            return active == 0 ? IdlePriority : (byte)(BitOperations.TrailingZeroCount(active) << 3);
        }
    }

    // Bits of a priority that decide preemption. BPR0 = n leaves bits [7:n+1]; BPR1, one Security state away, bits [7:n].
    private int GroupPriorityMask(bool group1)
    {
        int lowest = group1 && !CommonBinaryPoint ? Bpr1 : Bpr0 + 1;
        return 0xFF & ~((1 << lowest) - 1);
    }

    private bool CanSignal(GicInterrupt interrupt)
        => interrupt.Priority < PriorityMask && (interrupt.Priority & GroupPriorityMask(interrupt.Group1)) < RunningPriority;

    private int Acknowledge(bool group1)
    {
        GicInterrupt? best = _vgic.FindBest(this);
        if (best is null || best.Group1 != group1 || !CanSignal(best))
        {
            return Spurious;
        }

        uint bit = 1u << ((best.Priority & GroupPriorityMask(group1)) >> 3);
        if (group1)
        {
            Ap1R0 |= bit;
        }
        else
        {
            Ap0R0 |= bit;
        }

        best.Latch = false;
        best.Active = true;
        _vgic.Refresh(best);
        UpdateLines();
        return best.Intid;
    }

    // Neither the priority mask nor the running priority hides an interrupt from HPPIR.
    private int HighestPending(bool group1) => _vgic.FindBest(this) is { } best && best.Group1 == group1 ? best.Intid : Spurious;

    private void EndOfInterrupt(ulong value, bool group1)
    {
        uint active = Ap0R0 | Ap1R0;
        uint highest = active & (0u - active);
        uint own = group1 ? Ap1R0 : Ap0R0;
        if ((value & 0xFFFFFF) > 1019 || (own & highest) == 0)
        {
            return;
        }

        if (group1)
        {
            Ap1R0 &= ~highest;
        }
        else
        {
            Ap0R0 &= ~highest;
        }

        if (!EoiMode)
        {
            Deactivate(value);
        }

        UpdateLines();
    }

    private void Deactivate(ulong value)
    {
        if (_vgic.Find(this, (int)(value & 0xFFFFFF)) is { Active: true } interrupt)
        {
            interrupt.Active = false;
            _vgic.Refresh(interrupt);
            interrupt.Target?.UpdateLines();
        }
    }
}
