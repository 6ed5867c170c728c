namespace Pinion.Kvm.Spe;

/// <summary>
/// Postings of the series "KVM: arm64: Add SPE support": each has its own interface to user space and its own way to keep the profiling unit from taking stage 2 faults. A VM has one.
/// </summary>
public enum SpeSeries
{
    /// <summary>The interface of the sixth posting, without its defects.</summary>
    V6,
}

/// <summary>Names and makers of the series.</summary>
public static class SpeSeriesNames
{
    private static readonly (SpeSeries Series, string Name)[] s_names =
    [
        (SpeSeries.V6, "v6"),
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

    internal static ISpeSeries Create(this SpeSeries series, SpeVm vm) => series switch
    {
        SpeSeries.V6 => new SeriesV6(vm),
        _ => throw new ArgumentOutOfRangeException(nameof(series)),
    };
}
