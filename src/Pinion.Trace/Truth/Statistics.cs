namespace Pinion.Trace.Truth;

/// <summary>What the comparison needs of statistics.</summary>
public static class Statistics
{
    /// <summary>Two-sided 99 % of the normal distribution.</summary>
    public const double Z99 = 2.5758293035489004;

    /// <summary>Wilson's score interval of a share: <paramref name="hits"/> of <paramref name="trials"/>, at <paramref name="z"/> standard deviations.</summary>
    public static (double Low, double High) WilsonInterval(double hits, double trials, double z)
    {
        if (trials <= 0)
        {
            return (0, 1);
        }

        double share = hits / trials;
        double square = z * z / trials;
        double middle = (share + (square / 2)) / (1 + square);
        double half = z / (1 + square) * Math.Sqrt((share * (1 - share) / trials) + (square / (4 * trials)));
        return (Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    /// <summary>Probability that a chi-square variable of <paramref name="degrees"/> degrees of freedom is at least <paramref name="value"/>.</summary>
    public static double ChiSquareTail(double value, int degrees) => degrees <= 0 || value <= 0 ? 1 : UpperGamma(degrees / 2.0, value / 2);

    /// <summary>Q(a, x), the upper incomplete gamma function over the gamma function: by its series below a + 1, by its continued fraction (Lentz) above.</summary>
    private static double UpperGamma(double a, double x)
    {
        const int Most = 100_000;
        const double Enough = 1e-14;
        double scale = Math.Exp((a * Math.Log(x)) - x - LogGamma(a));
        if (x < a + 1)
        {
            double term = 1 / a;
            double sum = term;
            for (int n = 1; n < Most && term > sum * Enough; n++)
            {
                term *= x / (a + n);
                sum += term;
            }

            return Math.Clamp(1 - (sum * scale), 0, 1);
        }

        const double Tiny = 1e-300;
        double b = x + 1 - a;
        double c = 1 / Tiny;
        double d = 1 / b;
        double fraction = d;
        for (int n = 1; n < Most; n++)
        {
            double numerator = -n * (n - a);
            b += 2;
            d = 1 / NotZero((numerator * d) + b);
            c = NotZero(b + (numerator / c));
            double factor = d * c;
            fraction *= factor;
            if (Math.Abs(factor - 1) < Enough)
            {
                break;
            }
        }

        return Math.Clamp(fraction * scale, 0, 1);

        static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
    }

    /// <summary>Logarithm of the gamma function: Stirling's series, for arguments moved to where five terms give full precision.</summary>
    private static double LogGamma(double x)
    {
        double shift = 0;
        while (x < 15)
        {
            shift -= Math.Log(x);
            x++;
        }

        double inverse = 1 / (x * x);
        double series = ((((((((inverse / 1188) - (1.0 / 1680)) * inverse) + (1.0 / 1260)) * inverse) - (1.0 / 360)) * inverse) + (1.0 / 12)) / x;
        return shift + ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series;
    }
}
