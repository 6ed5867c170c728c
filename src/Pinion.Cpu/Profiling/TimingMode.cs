using System.Globalization;

namespace Pinion.Cpu.Profiling;

/// <summary>Which operations feed the timing model: all, the last N before each sample, or none.</summary>
/// <param name="Window">Operations observed before each sample; <see cref="Everything"/> for all, 0 for none.</param>
public readonly record struct TimingMode(uint Window)
{
    /// <summary>The N of window:N where nobody says otherwise. docs/timing-model.md says how it was chosen.</summary>
    public const uint DefaultWindow = 32;

    private const uint Everything = uint.MaxValue;
    private const string WindowPrefix = "window:";

    /// <summary>Every operation: the state of caches, TLBs and predictors is exact for the model.</summary>
    public static TimingMode Full => new(Everything);

    /// <summary>None: latencies are fixed by the class of the operation, every load hits the L1 data cache.</summary>
    public static TimingMode Off => new(0);

    /// <summary>The <paramref name="operations"/> before each sample, at least one.</summary>
    public static TimingMode Before(uint operations) => new(Math.Clamp(operations, 1, Everything - 1));

    public bool IsFull => Window == Everything;

    public bool IsOff => Window == 0;

    /// <summary>Reads <c>full</c>, <c>window:N</c> (N from 1 to 4294967294) or <c>off</c>.</summary>
    public static bool TryParse(string text, out TimingMode mode)
    {
        mode = Off;
        switch (text)
        {
            case "full":
                mode = Full;
                return true;
            case "off":
                return true;
        }

        if (!text.StartsWith(WindowPrefix, StringComparison.Ordinal)
            || !uint.TryParse(text.AsSpan(WindowPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out uint n)
            || n is 0 or Everything)
        {
            return false;
        }

        mode = Before(n);
        return true;
    }

    /// <summary>The text <see cref="TryParse"/> reads.</summary>
    public override string ToString() => IsFull ? "full" : IsOff ? "off" : string.Create(CultureInfo.InvariantCulture, $"{WindowPrefix}{Window}");
}
