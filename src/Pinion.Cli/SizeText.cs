using System.Globalization;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>Sizes as users write them: a number and K, M, G or T for powers of 1024.</summary>
internal static class SizeText
{
    private const string Units = "KMGT";

    /// <summary>Reads a size in bytes. A number without a letter counts <paramref name="unit"/> bytes each.</summary>
    public static Result<ulong> Parse(string text, string option, ulong unit = 1)
    {
        string digits = text.Trim();
        if (digits.Length > 0 && Units.IndexOf(char.ToUpperInvariant(digits[^1])) is int index and >= 0)
        {
            unit = 1UL << (10 * (index + 1));
            digits = digits[..^1];
        }

        return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number <= ulong.MaxValue / unit
            ? number * unit
            : new Problem(ProblemKind.Usage, $"'{text}' is not a size", $"give {option} a number with K, M or G, for example 512M");
    }
}
