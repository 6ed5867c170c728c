using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Spe;

/// <summary>
/// Postings of the series "KVM: arm64: Add SPE support": each has its own interface to user space and its own way to keep the profiling unit from taking stage 2 faults. A VM has one.
/// </summary>
public enum SpeSeries
{
    /// <summary>The third posting: user space locks the guest's memory, and KVM maps it when told that it is final.</summary>
    V3,

    /// <summary>The fourth posting: KVM locks memslots.</summary>
    V4,

    /// <summary>The fifth posting: as the fourth, and a migration can be called off.</summary>
    V5,

    /// <summary>The interface of the sixth posting, without its defects.</summary>
    V6,

    /// <summary>The sixth posting as posted, with its defects: what a VMM has to cope with on such a kernel.</summary>
    V6Rfc,
}

/// <summary>Names and makers of the series.</summary>
public static class SpeSeriesNames
{
    private static readonly (SpeSeries Series, string Name)[] s_names =
    [
        (SpeSeries.V3, "v3"),
        (SpeSeries.V4, "v4"),
        (SpeSeries.V5, "v5"),
        (SpeSeries.V6, "v6"),
        (SpeSeries.V6Rfc, "v6-rfc"),
    ];

    /// <summary>All names, as a command line takes them.</summary>
    public static IEnumerable<string> All => s_names.Select(entry => entry.Name);

    public static string Name(this SpeSeries series) => s_names.First(entry => entry.Series == series).Name;

    public static bool TryParse(string name, out SpeSeries series)
    {
        foreach ((SpeSeries known, string text) in s_names)
        {
            if (text == name)
            {
                series = known;
                return true;
            }
        }

        series = default;
        return false;
    }

    /// <summary>KVM_CAP_ARM_SPE of the series.</summary>
    public static uint Capability(this SpeSeries series) => SpeUapi.Of(series).Capability;

    /// <summary>KVM_ARM_VCPU_SPE of the series, for KVM_ARM_VCPU_INIT.</summary>
    public static KvmVcpuFeatures Feature(this SpeSeries series) => (KvmVcpuFeatures)(1u << SpeUapi.Of(series).FeatureBit);

    /// <summary>KVM_CAP_ARM_LOCK_USER_MEMORY_REGION of the series; null where it has none.</summary>
    public static uint? LockMemoryCapability(this SpeSeries series) => SpeUapi.Of(series).LockMemory;

    /// <summary>KVM_CAP_ARM_VCPU_SUPPORTED_CPUS of the series; null where it has none.</summary>
    public static uint? SupportedCpusCapability(this SpeSeries series) => SpeUapi.Of(series).SupportedCpus;

    internal static ISpeSeries Create(this SpeSeries series, SpeVm vm) => series switch
    {
        SpeSeries.V3 => new SeriesV3(vm),
        SpeSeries.V4 => new SeriesV4(vm, LockRules.V4),
        SpeSeries.V5 => new SeriesV4(vm, LockRules.V5),
        SpeSeries.V6 => new SeriesV6(vm),
        SpeSeries.V6Rfc => new SeriesV6Rfc(vm),
        _ => throw new ArgumentOutOfRangeException(nameof(series)),
    };
}
