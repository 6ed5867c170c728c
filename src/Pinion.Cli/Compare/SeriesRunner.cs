using System.Diagnostics;
using Pinion.Kvm;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Compare;

/// <summary>Runs a workload once under one series, in this process.</summary>
internal sealed class SeriesRunner(GuestWorkload workload, int cycles, ulong? limit)
{
    /// <summary>A guest that takes longer hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private const string LimitAdvice = "raise the hard limit (limits.conf, or LimitMEMLOCK= of the service), leave the series out with --series, or give smaller --buffers";

    /// <summary>One run: its figures, or why there are none.</summary>
    public Result<RunFigures> Run(ComparedSeries series)
    {
        // The machine raises the limit as it needs to; the next one begins where this one did.
        ulong before = LockedMemoryLimit.Soft;
        if (limit is { } bytes && LockedMemoryLimit.SetSoft(bytes) is Problem problem)
        {
            return problem;
        }

        try
        {
            Result<RunFigures> figures = Measure(series);

            // The machine's advice names options of pinion run.
            return figures.Problem is { Kind: ProblemKind.Host } refused && !LockedMemoryLimit.IsIgnored ? refused with { Advice = LimitAdvice } : figures;
        }
        finally
        {
            _ = LockedMemoryLimit.SetSoft(before);
        }
    }

    private Result<RunFigures> Measure(ComparedSeries series)
    {
        ulong lockedBefore = LockedMemoryLimit.Locked;
        GuestReader reader = workload.Read();
        Machine? made = null;
        using LineStream console = new(line => reader.OnLine(line, made!));
        MachineOptions options = reader.Watch(series.Apply(workload.Machine(cycles))) with { SpeMaxBuffer = workload.BufferSizes.Max(), MemlockHeadroom = 0 };
        if (!Machine.Create(options, console).TryGet(out made, out Problem? problem))
        {
            return problem;
        }

        using Machine machine = made;
        bool late = false;
        long started = Stopwatch.GetTimestamp();
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        MachineEnd end;
        using (new Timer(
            _ =>
            {
                late = true;
                machine.Stop();
            },
            null,
            s_patience,
            Timeout.InfiniteTimeSpan))
        {
            end = machine.Run();
        }

        double share = (Environment.CpuUsage.TotalTime - cpuBefore) / Stopwatch.GetElapsedTime(started);
        problem = end.Kind switch
        {
            _ when late => new Problem(ProblemKind.Guest, $"the guest was not done after {s_patience.TotalMinutes:F0} minutes", "give it fewer --cycles"),
            MachineEndKind.PoweredOff => null,
            MachineEndKind.Failed => end.Problem,
            _ => new Problem(ProblemKind.Guest, "the guest failed"),
        };
        if (problem is not null)
        {
            return problem;
        }

        // Before the machine goes: what a VM has charged is its own until then.
        ulong locked = LockedMemoryLimit.Locked;
        if (!reader.Finish(machine).TryGet(out GuestFigures guest, out problem))
        {
            return problem;
        }

        ulong charged = locked > lockedBefore ? locked - lockedBefore : 0;
        return new RunFigures
        {
            Guest = guest,
            PeakPinned = Math.Max(machine.Vm.PeakPinned, series.LockedByUser ? charged : 0),
            Charged = charged,
            LimitExits = Sum(machine, statistics => statistics.LimitExits),
            Stage2Faults = Sum(machine, statistics => statistics.ProfilingStage2Faults),
            CpuShare = share,
            Collisions = machine.Vm.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + (vcpu.Pe.Spu?.SampleCollision ?? 0)),
            CacheHits = machine.Vm.PinCacheStatistics.Hits,
        };
    }

    private static ulong Sum(Machine machine, Func<VcpuStatistics, ulong> count) => machine.Vm.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + count(vcpu.Statistics));
}
