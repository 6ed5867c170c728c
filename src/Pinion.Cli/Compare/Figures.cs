using Pinion.Vmm;

namespace Pinion.Cli.Compare;

/// <summary>What toggling a buffer of one size came to in one run.</summary>
/// <param name="Bytes">Size of the buffer.</param>
/// <param name="Cycles">Times the buffer was enabled and disabled.</param>
/// <param name="CyclesPerSecond">Of the whole workload, the work between the toggles included.</param>
/// <param name="ToggleMicroseconds">Mean of one enabling and one disabling, as the guest's clock saw it; null where the guest does not time them.</param>
/// <param name="FirstMicroseconds">The first enabling alone; null where the guest does not time it.</param>
internal sealed record BufferFigures(ulong Bytes, ulong Cycles, double CyclesPerSecond, double? ToggleMicroseconds, double? FirstMicroseconds);

/// <summary>What the guest says of a run.</summary>
internal sealed record GuestFigures
{
    public required IReadOnlyList<BufferFigures> Buffers { get; init; }

    /// <summary>Records that the guest can use.</summary>
    public required ulong Records { get; init; }

    /// <summary>Samples that should have become records and did not.</summary>
    public required ulong Lost { get; init; }

    /// <summary>Buffer management events other than a full buffer; null where the guest does not tell.</summary>
    public ulong? Faults { get; init; }

    /// <summary>Rate of the same work without profiling, in the unit of <see cref="BufferFigures.CyclesPerSecond"/>; null where it was not measured.</summary>
    public double? BareCyclesPerSecond { get; init; }
}

/// <summary>One run of the workload under one series: what the guest says of it, and what the host saw.</summary>
internal sealed record RunFigures
{
    public required GuestFigures Guest { get; init; }

    /// <summary>Most bytes of guest memory that were pinned at a time.</summary>
    public required ulong PeakPinned { get; init; }

    /// <summary>Bytes by which VmLck of this process was higher at the end of the run than before the VM was made.</summary>
    public required ulong Charged { get; init; }

    /// <summary>Exits to user space because of RLIMIT_MEMLOCK.</summary>
    public required ulong LimitExits { get; init; }

    /// <summary>Stage 2 faults of the profiling unit.</summary>
    public required ulong Stage2Faults { get; init; }

    /// <summary>CPU time of this process over wall time, while the guest ran. A guest of one CPU that never sleeps has 1 on a quiet host.</summary>
    public required double CpuShare { get; init; }

    /// <summary>Samples dropped because another was in flight.</summary>
    public required ulong Collisions { get; init; }

    /// <summary>Enablings that found all their pages pinned already.</summary>
    public required ulong CacheHits { get; init; }
}

/// <summary>The rounds of one series, or why it could not be measured.</summary>
internal sealed record SeriesResult(ComparedSeries Series, IReadOnlyList<RunFigures> Rounds, Problem? Problem)
{
    /// <summary>The median of a figure over the rounds.</summary>
    public double Median(Func<RunFigures, double> figure)
    {
        double[] sorted = [.. Rounds.Select(figure).Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The greatest of a count over the rounds: what should be zero is zero in all of them.</summary>
    public ulong Most(Func<RunFigures, ulong> count) => Rounds.Max(count);
}
