using System.Runtime.InteropServices;

namespace Pinion.Kvm.Memory;

/// <summary>Physical CPUs of the host.</summary>
public interface IHostCpus
{
    /// <summary>CPUs that the host may ever have.</summary>
    CpuSet Possible { get; }

    /// <summary>The CPU on which the calling thread runs.</summary>
    int Current { get; }
}

/// <summary>The host itself.</summary>
public sealed partial class LinuxHostCpus : IHostCpus
{
    private static readonly Lazy<CpuSet> s_possible = new(ReadPossible);

    public CpuSet Possible => s_possible.Value;

    public int Current => sched_getcpu();

    private static CpuSet ReadPossible()
    {
        const string Source = "/sys/devices/system/cpu/possible";
        const int KernelMaximum = 8192;
        return File.Exists(Source) && CpuSet.TryParse(File.ReadAllText(Source), KernelMaximum, out CpuSet set) == 0 && set.Count > 0
            ? set
            : CpuSet.First(Environment.ProcessorCount);
    }

    [LibraryImport("libc")]
    private static partial int sched_getcpu();
}

/// <summary>CPUs that a test makes up.</summary>
public sealed class DeterministicHostCpus : IHostCpus
{
    public CpuSet Possible { get; set; } = CpuSet.First(4);

    public int Current { get; set; }
}
