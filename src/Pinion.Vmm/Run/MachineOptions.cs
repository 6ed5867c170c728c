using Pinion.Arm.Spe;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;
using Pinion.Kvm;
using Pinion.Kvm.Spe;
using Pinion.Vmm.Board;

namespace Pinion.Vmm.Run;


/// <summary>Everything a machine is made from. Sizes in bytes.</summary>
public sealed record MachineOptions
{
    /// <summary>Kernel file; null only with <see cref="DumpDtb"/>.</summary>
    public string? Kernel { get; init; }

    public string? Initrd { get; init; }

    /// <summary>Kernel command line; null: the device tree's own, or none.</summary>
    public string? CommandLine { get; init; }

    /// <summary>1 to 8.</summary>
    public int Cpus { get; init; } = 1;

    public ulong Memory { get; init; } = 256UL << 20;

    /// <summary>A device tree blob to use in place of the board's own; command line, initrd and memory are written into it.</summary>
    public string? Dtb { get; init; }

    /// <summary>Writes the device tree that the guest would get to this file, and runs nothing.</summary>
    public string? DumpDtb { get; init; }

    public IReadOnlyList<SharedDirectory> Shares { get; init; } = [];

    /// <summary>The guest has a profiling unit.</summary>
    public bool Spe { get; init; } = true;

    /// <summary>Which posting of the SPE series KVM has.</summary>
    public SpeSeries SpeSeries { get; init; } = SpeSeries.V6;

    /// <summary>
    /// The guest's memory is locked before it runs, where <see cref="SpeSeries"/> counts on that (the third to fifth posting). Otherwise the profiling unit takes a stage 2 fault on every page
    /// that no CPU has touched.
    /// </summary>
    public bool LockMemory { get; init; } = true;

    /// <summary>What the profiling unit of every CPU implements.</summary>
    public SpeProfile SpeProfile { get; init; } = SpeProfile.Honest;

    /// <summary>Choices that the architecture leaves to the profiling unit.</summary>
    public SpuOptions Spu { get; init; } = SpuOptions.Default;

    /// <summary>Largest profiling buffer, in bytes; 0: no limit.</summary>
    public ulong SpeMaxBuffer { get; init; } = 4UL << 20;

    /// <summary>What of a profiling buffer stays pinned when the guest disables it; only <see cref="SpeSeries.V6"/> has this.</summary>
    public PinCacheOptions SpePinCache { get; init; } = PinCacheOptions.Default;

    /// <summary>INTID of the profiling unit's interrupt, a PPI.</summary>
    public uint SpeIrq { get; init; } = 21;

    public MemlockAction Memlock { get; init; } = MemlockAction.Raise;

    /// <summary>Bytes by which the limit is raised beyond what KVM asks for; null: the rest of every vCPU's buffer, so that it is raised once.</summary>
    public ulong? MemlockHeadroom { get; init; }

    /// <summary>Time is retired instructions, randomness is seeded: the same inputs give the same run.</summary>
    public bool Deterministic { get; init; }

    /// <summary>The guest's kernel is given a seed to randomize its address space with.</summary>
    public bool Kaslr { get; init; }

    /// <summary>Which core executes the guest.</summary>
    public EngineKind Engine { get; init; } = EngineKind.Auto;

    /// <summary>Whether the guest can tell the host's caches from its memory.</summary>
    public Coherency Coherency { get; init; } = Coherency.Off;

    /// <summary>Which operations feed the timing model behind latencies and cache events; null: KVM's choice.</summary>
    public TimingMode? Timing { get; init; }

    /// <summary>Gets a copy of every profiling record that the guest's buffers get; null: nobody does.</summary>
    public ISpeRecordSink? RecordSink { get; init; }

    /// <summary>Sees every operation that the guest executes while it profiles, sampled or not; null: nobody does. It costs speed while the guest profiles, and changes nothing else.</summary>
    public ITruthObserver? Truth { get; init; }

    /// <summary>Looks at the CPUs while they run; null: nobody does.</summary>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>Gets what the machine did on its own account, one line each (the limit of locked memory was raised).</summary>
    public Action<string> Report { get; init; } = _ => { };

    internal KvmOptions ToKvmOptions()
    {
        KvmOptions options = new() { Engine = Engine, Deterministic = Deterministic, SpeSeries = SpeSeries, SpePinCache = SpePinCache, SpeProfile = SpeProfile, Spu = Spu, Coherency = Coherency, Checkpoints = Checkpoints, TouchesAhead = Environment.ProcessorCount > Cpus };
        return Timing is { } timing ? options with { Timing = timing } : options;
    }

    internal VirtBoardOptions ToBoardOptions(ulong? randomSeed) => new()
    {
        Cpus = Cpus,
        Memory = Memory,
        SpeIntid = Spe ? SpeIrq : null,
        RandomSeed = randomSeed,
        KaslrSeed = Kaslr ? randomSeed ?? BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8)) : null,
        Shares = Shares,
    };
}
