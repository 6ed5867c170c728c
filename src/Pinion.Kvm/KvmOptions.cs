using Pinion.Arm.Spe;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;

namespace Pinion.Kvm;

/// <summary>What KVM has no ioctl for, because in the kernel the host decides it.</summary>
public sealed record KvmOptions
{
    /// <summary>Which core executes guests.</summary>
    public EngineKind Engine { get; init; } = EngineKind.Auto;

    /// <summary>Time is retired instructions: the same inputs give the same run, at any host load. See <see cref="Timer.TurnScheduler"/>.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Instructions a vCPU executes before the next one's turn, in deterministic mode.</summary>
    public ulong Quantum { get; init; } = 100_000;

    /// <summary>What the profiling unit of every CPU implements.</summary>
    public SpeProfile SpeProfile { get; init; } = SpeProfile.Honest;

    /// <summary>Choices that the architecture leaves to the profiling unit.</summary>
    public SpuOptions Spu { get; init; } = SpuOptions.Default;

    /// <summary>Which posting of the SPE series this KVM has.</summary>
    public SpeSeries SpeSeries { get; init; } = SpeSeries.V6;

    /// <summary>Which operations feed the timing model of CPUs with a profiling unit.</summary>
    public TimingMode Timing { get; init; } = TimingMode.Before(TimingMode.DefaultWindow);

    /// <summary>Makes the memory management that a VM locks and charges through; the host's own by default. Each VM disposes of its own.</summary>
    public Func<IHostMemory> HostMemory { get; init; } = static () => new LinuxHostMemory();

    /// <summary>What of a profiling buffer stays pinned when the guest disables it. Series v6 only.</summary>
    public PinCacheOptions SpePinCache { get; init; } = PinCacheOptions.Default;

    /// <summary>Tells of the mappings behind memslots; the host's own by default.</summary>
    public IHostMappings HostMappings { get; init; } = new LinuxHostMappings();

    /// <summary>The host's CPUs.</summary>
    public IHostCpus HostCpus { get; init; } = new LinuxHostCpus();

    /// <summary>CPUs that have a profiling unit; null: all. The unit is this program's own, so only a test of what happens on other CPUs has a reason to say so.</summary>
    public CpuSet? SpeCpus { get; init; }

    /// <summary>
    /// Memslots are memory that belongs to the guest alone for as long as the VM exists, and pages of it may become resident shortly before the guest touches them: a thread sees to that.
    /// </summary>
    public bool TouchesAhead { get; init; }

    /// <summary>Whether guests can tell the host's caches from its memory.</summary>
    public Coherency Coherency { get; init; } = Coherency.Off;

    /// <summary>Looks at the CPUs while they run, or null.</summary>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>For tests: forgets the deferred maintenance of locked memslots instead of doing it.</summary>
    internal bool OmitDeferredMaintenance { get; init; }
}
