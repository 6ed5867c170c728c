namespace Pinion.Kvm.Spe;

/// <summary>What a VM's profiling has cost the host. All numbers are bytes.</summary>
/// <param name="PeakPinned">Most memory that was pinned at a time.</param>
/// <param name="Charged">Memory that was charged against RLIMIT_MEMLOCK, which stays charged until the VM dies.</param>
public readonly record struct SpeStatistics(ulong PeakPinned, ulong Charged);
