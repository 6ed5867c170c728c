namespace Pinion.Bench;

/// <summary>The figures of several rounds.</summary>
internal sealed class Sample
{
    private readonly List<double> _values = [];

    public IReadOnlyList<double> Values => _values;

    public double Min => _values.Min();

    public double Max => _values.Max();

    public double Median => MedianOf(_values);

    public void Add(double value) => _values.Add(value);

    /// <summary>This one's median over <paramref name="other"/>'s.</summary>
    public double RatioOfMedians(Sample other) => Median / other.Median;

    /// <summary>The median over the rounds of this one's figure over <paramref name="other"/>'s of the same round: what a host whose speed wanders disturbs least.</summary>
    public double RatioOfPairs(Sample other) => MedianOf([.. _values.Zip(other._values, (a, b) => a / b)]);

    public static double MedianOf(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static double GeometricMean(IEnumerable<double> values) => Math.Exp(values.Average(Math.Log));
}
