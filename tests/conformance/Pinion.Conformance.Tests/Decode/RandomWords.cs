using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Decode;

/// <summary>Seeded words to decode. How many, and from which seed, PINION_DECODE_WORDS and PINION_DECODE_SEED say.</summary>
internal sealed class RandomWords
{
    private readonly Random _random;

    internal RandomWords(int seed)
    {
        _random = new Random(seed);
    }

    /// <summary>The share that every run does; the full run is 10,000,000.</summary>
    internal static int Count => Setting("PINION_DECODE_WORDS", 200_000);

    internal static int Seed => Setting("PINION_DECODE_SEED", 1);

    internal uint Uniform() => (uint)_random.NextInt64(1L << 32);

    /// <summary>
    /// A word that has a row's fixed bits (rows in turn, so that rows with few words get their share), and every fourth time all of them but one: the
    /// neighbours of an encoding are where a pattern that is too wide or too narrow shows.
    /// </summary>
    internal uint OfRow(int turn)
    {
        ref readonly A64Encoding row = ref A64Table.Encoding((A64Id)((turn % (A64Table.Count - 1)) + 1));
        uint word = (Uniform() & ~row.Mask) | row.Value;
        return (turn / (A64Table.Count - 1)) % 4 == 3 ? word ^ (1u << _random.Next(32)) : word;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;
}
