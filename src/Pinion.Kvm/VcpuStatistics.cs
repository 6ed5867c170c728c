namespace Pinion.Kvm;

/// <summary>What has happened on one vCPU. Written by its own thread; readers elsewhere may see a moment ago.</summary>
public sealed class VcpuStatistics
{
    /// <summary>Times the PE came back to this room.</summary>
    public ulong Exits { get; internal set; }

    /// <summary>Returns of KVM_RUN.</summary>
    public ulong ExitsToUser { get; internal set; }

    /// <summary>Of these, the ones with KVM_EXIT_RLIMIT.</summary>
    public ulong LimitExits { get; internal set; }

    /// <summary>Accesses to devices in user space.</summary>
    public ulong MmioToUser { get; internal set; }

    /// <summary>Accesses to the interrupt controller's frames.</summary>
    public ulong MmioInKernel { get; internal set; }

    public ulong Hypercalls { get; internal set; }

    public ulong WaitsForInterrupt { get; internal set; }

    /// <summary>Trapped accesses to system registers.</summary>
    public ulong RegisterTraps { get; internal set; }

    /// <summary>Events of the profiling buffer that the profiling unit raised.</summary>
    public ulong ProfilingEvents { get; internal set; }

    /// <summary>Stage 2 faults of the profiling unit: each ends sampling until the guest has served the event.</summary>
    public ulong ProfilingStage2Faults { get; internal set; }

    /// <summary>Times the profiling buffer was enabled and pinned.</summary>
    public ulong BuffersPinned { get; internal set; }
}
