using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Pinion.Trace.Truth;

/// <summary>What the comparison needs of statistics.</summary>
public static class Statistics
{
    /// <summary>How sure an interval is, unless said otherwise.</summary>
    public const double Confidence = 0.99;

    /// <summary>Two-sided 99 % of the normal distribution.</summary>
    public const double Z99 = 2.5758293035489004;

    /// <summary>
    /// The exact interval of a share (C. J. Clopper and E. S. Pearson, Biometrika 26, 1934), <paramref name="hits"/> of <paramref name="trials"/>: whatever the true share is, it lies in the interval at least in
    /// <paramref name="confidence"/> of all cases, with rare hits too.
    /// </summary>
    public static (double Low, double High) ExactInterval(long hits, long trials, double confidence = Confidence)
    {
        double tail = (1 - confidence) / 2;
        return trials <= 0
            ? (0, 1)
            : (hits <= 0 ? 0 : Beta.InvCDF(hits, trials - hits + 1, tail), hits >= trials ? 1 : Beta.InvCDF(hits + 1, trials - hits, 1 - tail));
    }

    /// <summary>Probability that a chi-square variable of <paramref name="degrees"/> degrees of freedom is at least <paramref name="value"/>.</summary>
    public static double ChiSquareTail(double value, int degrees) => degrees <= 0 || !(value > 0) ? 1 : SpecialFunctions.GammaUpperRegularized(degrees / 2.0, value / 2);

    /// <summary>Probability that so many hits or fewer, or so many or more, whichever is less likely, come of <paramref name="trials"/> with a chance of <paramref name="share"/> each; doubled, for both sides.</summary>
    public static double BinomialTail(long hits, long trials, double share)
    {
        if (trials <= 0)
        {
            return 1;
        }

        if (share is <= 0 or >= 1)
        {
            return hits == (share <= 0 ? 0 : trials) ? 1 : 0;
        }

        // The distribution function of the binomial is a regularized incomplete beta function.
        double below = hits >= trials ? 1 : SpecialFunctions.BetaRegularized(trials - hits, hits + 1, 1 - share);
        double above = hits <= 0 ? 1 : SpecialFunctions.BetaRegularized(hits, trials - hits + 1, share);
        return Math.Min(1, 2 * Math.Min(below, above));
    }

    /// <summary>
    /// Holm's adjustment (S. Holm, Scandinavian Journal of Statistics 6, 1979): of many true hypotheses with these probabilities, the chance that any adjusted one is below x is at most x.
    /// </summary>
    /// <returns>Adjusted probabilities in the same order.</returns>
    public static double[] HolmAdjusted(IReadOnlyList<double> probabilities)
    {
        int[] order = [.. Enumerable.Range(0, probabilities.Count).OrderBy(i => probabilities[i])];
        var adjusted = new double[order.Length];
        double largest = 0;
        for (int rank = 0; rank < order.Length; rank++)
        {
            largest = Math.Max(largest, Math.Min(1, probabilities[order[rank]] * (order.Length - rank)));
            adjusted[order[rank]] = largest;
        }

        return adjusted;
    }
}
