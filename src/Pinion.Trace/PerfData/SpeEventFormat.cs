using System.Globalization;

namespace Pinion.Trace.PerfData;

/// <summary>How the Linux driver takes its settings from an event: what /sys/bus/event_source/devices/arm_spe_0/format describes.</summary>
internal static class SpeEventFormat
{
    public const ulong TimestampEnable = 1ul << 0;
    public const ulong PhysicalAddressEnable = 1ul << 1;

    private static readonly (int Bit, string Name)[] s_flags =
    [
        (0, "ts_enable"), (1, "pa_enable"), (2, "pct_enable"), (16, "jitter"), (32, "branch_filter"), (33, "load_filter"), (34, "store_filter"), (35, "discard"),
        (36, "branch_filter_mask"), (37, "load_filter_mask"), (38, "store_filter_mask"), (39, "simd_filter"), (40, "simd_filter_mask"), (41, "float_filter"), (42, "float_filter_mask"),
    ];

    /// <summary>What is set, as perf record -e arm_spe_0/.../ takes it.</summary>
    public static string Text(in PerfEventConfig config)
    {
        ulong flags = config.Config;
        List<string> terms = [.. s_flags.Where(flag => (flags & (1ul << flag.Bit)) != 0).Select(flag => flag.Name + "=1")];
        const ulong LatencyBits = 0xFFF;
        Add("event_filter", config.Config1, "x");
        Add("min_latency", config.Config2 & LatencyBits, "d");
        Add("inv_event_filter", config.Config3, "x");
        Add("inv_data_src_filter", config.Config4, "x");
        return string.Join(',', terms);

        void Add(string name, ulong value, string format)
        {
            if (value != 0)
            {
                terms.Add($"{name}={(format == "x" ? "0x" : "")}{value.ToString(format, CultureInfo.InvariantCulture)}");
            }
        }
    }
}
