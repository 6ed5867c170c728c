using System.Numerics;
using Pinion.Cpu;
using Pinion.Kvm.Locking;
using static Pinion.Kvm.Uapi.Errno;

namespace Pinion.Kvm.Gic;

/// <summary>
/// KVM's in-kernel GICv3 (device type KVM_DEV_TYPE_ARM_VGIC_V3): distributor, redistributors and CPU interfaces; SGIs, PPIs and SPIs; no LPIs.
/// GIC architecture specification (IHI 0069); Documentation/virt/kvm/devices/arm-vgic-v3.rst for what a VMM sees.
/// </summary>
/// <remarks>
/// One lock guards all state; it is held for well under a microsecond. Lock order: the vCPUs' locks (<see cref="IVgicHost.TryLockVcpus"/>), then this one, then whatever
/// <see cref="IVgicHost.SetLines"/> takes. All members may be called from any thread; addresses of attribute values are only read and written outside the lock.
/// </remarks>
public sealed partial class VgicV3(IVgicHost host, int ipaBits = 40)
{
    /// <summary>Bits of a priority that are implemented.</summary>
    internal const byte PriorityBits = 0xF8;

    /// <summary>ICC_SRE_EL1: system registers only, no bypass.</summary>
    internal const ulong SystemRegisterEnable = 7;

    private const int PrivateInterrupts = 32;
    private const int DefaultSpis = 256 - PrivateInterrupts;

    private readonly Dictionary<int, VgicVcpu> _byId = [];
    private readonly List<VgicVcpu> _vcpus = [];
    private readonly List<VgicRedistributorRegion> _regions = [];
    private GicInterrupt[] _spis = [];
    private ulong[] _spiCandidates = [];
    private int _spiCount;
    private bool _enabled;
    private uint _implementationRevision = 3;
    private ulong? _distributorBase;
    private ulong _propertyBase;

    internal KvmLock Lock { get; } = new(LockRank.Gic);

    internal IVgicHost Host { get; } = host;

    /// <summary>KVM_DEV_ARM_VGIC_CTRL_INIT has succeeded: interrupts and vCPUs are fixed.</summary>
    public bool Initialized { get; private set; }

    /// <summary>Interrupts in all, SGIs and PPIs included; 32 until KVM_DEV_ARM_VGIC_GRP_NR_IRQS or KVM_DEV_ARM_VGIC_CTRL_INIT.</summary>
    public int InterruptCount => _spiCount + PrivateInterrupts;

    /// <summary>
    /// Gives a new vCPU its private interrupts, CPU interface and, where a region has room, its redistributor.
    /// </summary>
    /// <param name="vcpu">vCPU id; its affinity is KVM's: Aff0 is id modulo 16.</param>
    /// <returns>0; -EBUSY once <see cref="Initialized"/>; -EEXIST where it is known; -EINVAL where its redistributor would overlap something or leave guest physical memory.</returns>
    public int AddVcpu(int vcpu)
    {
        using (Lock.Enter())
        {
            if (Initialized)
            {
                return -EBUSY;
            }

            var added = new VgicVcpu(this, vcpu);
            if (!_byId.TryAdd(vcpu, added))
            {
                return -EEXIST;
            }

            _vcpus.Add(added);
            int result = PlaceRedistributor(added);
            if (result != 0)
            {
                _byId.Remove(vcpu);
                _vcpus.Remove(added);
            }

            return result;
        }
    }

    /// <summary>The ICC_* registers of a vCPU that <see cref="AddVcpu"/> knows.</summary>
    public IGicCpuInterface CpuInterface(int vcpu)
    {
        using (Lock.Enter())
        {
            return _byId[vcpu];
        }
    }

    /// <summary>What KVM checks before a vCPU runs for the first time.</summary>
    /// <returns>0; -ENXIO where a frame has no address; -EINVAL where frames overlap; -EBUSY before <see cref="Initialized"/>.</returns>
    public int MapResources()
    {
        using (Lock.Enter())
        {
            if (_vcpus.Exists(v => v.RedistributorBase is null) || _distributorBase is null)
            {
                return -ENXIO;
            }

            return !FramesFit() ? -EINVAL : Initialized ? 0 : -EBUSY;
        }
    }

    /// <summary>Level of a PPI's line at one vCPU. Level-sensitive: pending while high. Edge-triggered: pends at each call with <paramref name="level"/> true.</summary>
    /// <returns>0; -EINVAL where <paramref name="intid"/> is not 16 to 31 or there is no such vCPU.</returns>
    public int SetPpi(int vcpu, int intid, bool level)
    {
        using (Lock.Enter())
        {
            if (intid is < 16 or >= PrivateInterrupts || !_byId.TryGetValue(vcpu, out VgicVcpu? owner))
            {
                return -EINVAL;
            }

            Inject(owner.Private[intid], level);
            return 0;
        }
    }

    /// <summary>Level of an SPI's line; see <see cref="SetPpi"/>.</summary>
    /// <returns>0; -EBUSY before <see cref="Initialized"/>; -EINVAL where <paramref name="intid"/> is not an SPI.</returns>
    public int SetSpi(int intid, bool level)
    {
        using (Lock.Enter())
        {
            if (!Initialized)
            {
                return -EBUSY;
            }

            if (intid < PrivateInterrupts || intid >= InterruptCount)
            {
                return -EINVAL;
            }

            Inject(_spis[intid - PrivateInterrupts], level);
            return 0;
        }
    }

    /// <summary>Reserves a line for an in-kernel device, as KVM's timers, PMU and profiling buffer do.</summary>
    /// <returns>0; -EAGAIN before <see cref="Initialized"/>; -EINVAL for an SGI or an interrupt that does not exist; -EEXIST where another device has it.</returns>
    public int SetOwner(int vcpu, int intid, object owner)
    {
        using (Lock.Enter())
        {
            if (!Initialized)
            {
                return -EAGAIN;
            }

            if (intid < 16 || !_byId.TryGetValue(vcpu, out VgicVcpu? at) || Find(at, intid) is not { } interrupt)
            {
                return -EINVAL;
            }

            if (interrupt.Owner is not null && !ReferenceEquals(interrupt.Owner, owner))
            {
                return -EEXIST;
            }

            interrupt.Owner = owner;
            return 0;
        }
    }

    /// <summary>The interrupt that <paramref name="intid"/> means at <paramref name="vcpu"/>, or null. Lock held.</summary>
    internal GicInterrupt? Find(VgicVcpu vcpu, int intid)
        => intid < PrivateInterrupts ? vcpu.Private[intid]
            : intid - PrivateInterrupts < _spis.Length ? _spis[intid - PrivateInterrupts]
            : null;

    /// <summary>Keeps the candidate sets in step with <paramref name="interrupt"/>; the caller updates the lines. Lock held.</summary>
    internal void Refresh(GicInterrupt interrupt)
    {
        int intid = interrupt.Intid;
        if (intid < PrivateInterrupts)
        {
            uint bit = 1u << intid;
            VgicVcpu vcpu = interrupt.Target!;
            vcpu.PrivateCandidates = interrupt.IsCandidate ? vcpu.PrivateCandidates | bit : vcpu.PrivateCandidates & ~bit;
            return;
        }

        ref ulong word = ref _spiCandidates[(intid - PrivateInterrupts) >> 6];
        ulong spi = 1UL << ((intid - PrivateInterrupts) & 63);
        word = interrupt.IsCandidate ? word | spi : word & ~spi;
    }

    /// <summary>
    /// The highest-priority pending interrupt for a CPU interface: of enabled groups, lowest priority value first, then lowest INTID. Lock held.
    /// </summary>
    internal GicInterrupt? FindBest(VgicVcpu vcpu)
    {
        if (!_enabled)
        {
            return null;
        }

        GicInterrupt? best = null;
        for (uint rest = vcpu.PrivateCandidates; rest != 0; rest &= rest - 1)
        {
            best = Better(vcpu, best, vcpu.Private[BitOperations.TrailingZeroCount(rest)]);
        }

        for (int i = 0; i < _spiCandidates.Length; i++)
        {
            for (ulong rest = _spiCandidates[i]; rest != 0; rest &= rest - 1)
            {
                GicInterrupt spi = _spis[(i << 6) + BitOperations.TrailingZeroCount(rest)];
                if (ReferenceEquals(spi.Target, vcpu))
                {
                    best = Better(vcpu, best, spi);
                }
            }
        }

        return best;
    }

    /// <summary>Sends an SGI by affinity routing: ICC_SGI1R_EL1 and its kin. Lock held.</summary>
    internal void SendSgi(VgicVcpu sender, ulong value, bool group1Allowed)
    {
        int sgi = (int)((value >> 24) & 15);
        if ((value & (1UL << 40)) != 0)
        {
            foreach (VgicVcpu vcpu in _vcpus)
            {
                if (!ReferenceEquals(vcpu, sender))
                {
                    RaiseSgi(vcpu.Private[sgi], group1Allowed);
                }
            }

            return;
        }

        uint cluster = (uint)(((value >> 48) & 0xFF) << 24 | ((value >> 32) & 0xFF) << 16 | ((value >> 16) & 0xFF) << 8);
        for (uint targets = (uint)(value & 0xFFFF); targets != 0; targets &= targets - 1)
        {
            if (FromAffinity(cluster | (uint)BitOperations.TrailingZeroCount(targets)) is { } vcpu)
            {
                RaiseSgi(vcpu.Private[sgi], group1Allowed);
            }
        }
    }

    private static GicInterrupt? Better(VgicVcpu vcpu, GicInterrupt? best, GicInterrupt other)
        => (other.Group1 ? vcpu.Group1Enabled : vcpu.Group0Enabled) && (best is null || other.Priority < best.Priority) ? other : best;

    private void RaiseSgi(GicInterrupt sgi, bool group1Allowed)
    {
        if (!sgi.Group1 || group1Allowed)
        {
            sgi.Latch = true;
            Changed(sgi);
        }
    }

    private void Inject(GicInterrupt interrupt, bool level)
    {
        if (interrupt.Edge)
        {
            if (!level)
            {
                return;
            }

            interrupt.Latch = true;
        }
        else
        {
            if (interrupt.Line == level)
            {
                return;
            }

            interrupt.Line = level;
        }

        Changed(interrupt);
    }

    private void Changed(GicInterrupt interrupt)
    {
        Refresh(interrupt);
        interrupt.Target?.UpdateLines();
    }

    private VgicVcpu? FromAffinity(uint affinity)
    {
        int id = (int)((affinity & 15) | (((affinity >> 8) & 0xFF) << 4) | (((affinity >> 16) & 0xFF) << 12));
        return VgicVcpu.AffinityOf(id) == affinity && _byId.TryGetValue(id, out VgicVcpu? vcpu) ? vcpu : null;
    }

    private void UpdateAllLines()
    {
        foreach (VgicVcpu vcpu in _vcpus)
        {
            vcpu.UpdateLines();
        }
    }

    private int Initialize()
    {
        if (Initialized)
        {
            return 0;
        }

        if (Host.VcpuCount != _vcpus.Count)
        {
            return -EBUSY;
        }

        if (_spiCount == 0)
        {
            _spiCount = DefaultSpis;
        }

        _spis = new GicInterrupt[_spiCount];
        _spiCandidates = new ulong[(_spiCount + 63) / 64];
        for (int i = 0; i < _spis.Length; i++)
        {
            // KVM's SPIs start edge-triggered, routed to affinity 0.
            _spis[i] = new GicInterrupt(PrivateInterrupts + i) { Edge = true, Target = _vcpus.Count > 0 ? _vcpus[0] : null };
        }

        Initialized = true;
        return 0;
    }
}
