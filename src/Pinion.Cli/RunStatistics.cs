using System.Globalization;
using Pinion.Cpu;
using Pinion.Cpu.State;
using Pinion.Kvm;
using Pinion.Vmm.Run;

namespace Pinion.Cli;

/// <summary>The figures of a run, for <c>--stats</c>.</summary>
internal static class RunStatistics
{
    private const int MostOperations = 12;

    /// <summary>Writes a line a figure; only when no CPU runs any more.</summary>
    public static void Write(TextWriter writer, Machine machine, TimeSpan elapsed)
    {
        ulong instructions = 0;
        foreach (Vcpu vcpu in machine.Vm.Vcpus)
        {
            instructions += vcpu.Pe.Executed;
        }

        writer.WriteLine(Line($"pinion: {elapsed.TotalSeconds:F3} s, {instructions} instructions, {instructions / Math.Max(elapsed.TotalSeconds, 1e-9) / 1e6:F1} MIPS"));
        foreach (Vcpu vcpu in machine.Vm.Vcpus)
        {
            VcpuStatistics s = vcpu.Statistics;
            writer.WriteLine(Line(
                $"pinion: vCPU {vcpu.Index}: {vcpu.Pe.Executed} instructions, {s.Exits} exits, {s.ExitsToUser} to user space ({s.MmioToUser} device accesses), {s.MmioInKernel} GIC accesses, {s.Hypercalls} hypercalls, {s.WaitsForInterrupt} WFI, {s.RegisterTraps} register traps, {s.ProfilingEvents} profiling events, {s.BuffersPinned} buffers pinned, {s.LimitExits} exits for RLIMIT_MEMLOCK, {s.ProfilingStage2Faults} stage 2 faults of the profiling unit"));
            WriteEngine(writer, vcpu);
        }

        writer.WriteLine(Line(
            $"pinion: {machine.Vm.ChargedMemory >> 10} KiB of locked memory charged, {machine.Vm.PeakPinned >> 10} KiB pinned at most, limit raised {machine.MemlockRaises} times, refused {machine.MemlockRefusals} times"));
        if (machine.Vm.PinCacheStatistics is { } kept && kept.Hits + kept.Misses != 0)
        {
            writer.WriteLine(Line(
                $"pinion: buffers enabled: {kept.Hits} still pinned, {kept.Misses} walked for ({kept.Rewalks} of them because of TLB or memslot changes); given up: {kept.DroppedForLarger} for a larger one, {kept.DroppedForRoom} at the bound, {kept.DroppedForLimit} for the limit, {kept.DroppedForMemory} with their memory, {kept.DroppedForAge} by age, {kept.DroppedForLog} to be logged"));
        }

        if (machine.UnclaimedAccesses > 0)
        {
            writer.WriteLine(Line($"pinion: {machine.UnclaimedAccesses} accesses where nothing is"));
        }
    }

    private static void WriteEngine(TextWriter writer, Vcpu vcpu)
    {
        EngineStatistics s = vcpu.Pe.EngineStatistics;
        if (s.Blocks == 0)
        {
            return;
        }

        writer.WriteLine(Line(
            $"pinion: vCPU {vcpu.Index}: {100.0 * s.Compiled / s.Executed:F1} % of the instructions by compiled code, of which {100.0 * s.Stepped / Math.Max(1, s.Compiled):F1} % left to the interpreter; {s.Blocks} blocks of {s.BlockInstructions} instructions, {s.Regions} of them regions, {s.CodeBytes >> 10} KiB, entered {s.Entries} times, dropped for room {s.Flushes} times; {s.Wanderers} loads and stores go from page to page"));
        writer.WriteLine(Line(
            $"pinion: vCPU {vcpu.Index}: compiled for {s.BlockTime.TotalMilliseconds:F0} ms of blocks, {s.RegionTime.TotalMilliseconds:F0} ms of regions, {s.ObservingTime.TotalMilliseconds:F0} ms of what observes; left the code {s.Left[(int)LeaveReason.None]} times at the end of a budget or of the code, {s.Left[(int)LeaveReason.Reschedule]} times to look at the state, {s.Left[(int)LeaveReason.ExecuteAlone]} times for an instruction with exact counts, {s.Left[(int)LeaveReason.ExitToHypervisor]} times to KVM; a site missed {1e6 * s.SiteMisses / Math.Max(1, s.Compiled):F0} times in a million instructions"));
        if (s.Observing > 0)
        {
            writer.WriteLine(Line($"pinion: vCPU {vcpu.Index}: observing code for {s.Observing} instructions; {s.Marked} samples marked without leaving compiled code, {s.Foretold} of them without notes; records made beside the vCPU {s.Aside} times"));
        }

        if (s.SteppedMost.Count > 0)
        {
            writer.WriteLine(Line(
                $"pinion: vCPU {vcpu.Index}: left to the interpreter: {string.Join(", ", s.SteppedMost.Take(MostOperations).Select(most => Line($"{most.Operation} {most.Times}")))}"));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
