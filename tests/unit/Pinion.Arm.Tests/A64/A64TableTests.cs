using Pinion.Arm.A64;

namespace Pinion.Arm.Tests.A64;

public sealed class A64TableTests
{
    private const int WordsARow = 200;

    private static IEnumerable<A64Id> AllRows => Enumerable.Range(1, A64Table.Count - 1).Select(i => (A64Id)i);

    [Fact]
    public void RowsStandInTheOrderOfTheirIds()
    {
        Enum.GetValues<A64Id>().Length.ShouldBe(A64Table.Count);
        foreach (A64Id id in AllRows)
        {
            A64Table.Name(id).ShouldBe(id.ToString());
        }
    }

    [Fact]
    public void AFieldIsOneRunOfBits()
    {
        foreach (A64Id id in AllRows)
        {
            string pattern = A64Table.Pattern(id);
            pattern.Length.ShouldBe(32, id.ToString());
            foreach (char letter in pattern.Where(char.IsAsciiLetter).Where(c => c != 'x').Distinct())
            {
                A64Field field = A64Fields.Find(id, letter);
                field.Width.ShouldBe(pattern.Count(c => c == letter), $"{id}, field {letter}");
            }
        }
    }

    [Fact]
    public void NoWordBelongsToTwoRows()
    {
        var random = new Random(1);
        foreach (A64Id id in AllRows)
        {
            for (int i = 0; i < WordsARow; i++)
            {
                uint word = WordOf(id, random);
                A64Id[] matching = AllRows.Where(row => Matches(row, word, A64Feature.All)).ToArray();
                matching.Length.ShouldBeLessThanOrEqualTo(1, $"{word:x8}: {string.Join(", ", matching)}");
                A64Decoder.Decode(word).ShouldBe(matching.SingleOrDefault(), $"{word:x8}");
            }
        }
    }

    [Fact]
    public void EveryRowHasWords()
    {
        var random = new Random(2);
        foreach (A64Id id in AllRows)
        {
            Enumerable.Range(0, 1000).Any(_ => A64Decoder.Decode(WordOf(id, random)) == id).ShouldBeTrue(id.ToString());
        }
    }

    [Fact]
    public void ARowIsUndefinedWithoutItsFeature()
    {
        var random = new Random(3);
        foreach (A64Id id in AllRows)
        {
            A64Feature without = A64Feature.All & ~A64Table.Encoding(id).Feature;
            for (int i = 0; i < 20; i++)
            {
                uint word = WordOf(id, random);
                if (A64Decoder.Decode(word) == id)
                {
                    A64Decoder.Decode(word, without).ShouldBe(A64Id.Undefined, $"{word:x8}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0x1EE02820u, A64Id.Fadd, true)] // fadd h0, h1, h0
    [InlineData(0x0F1FE420u, A64Id.ScvtfVectorFixed, true)] // scvtf v0.4h, v1.4h, #1
    [InlineData(0x1EE24020u, A64Id.Fcvt, false)] // fcvt s0, h1: conversions are base floating-point
    [InlineData(0x0F1F0420u, A64Id.SshrVectorImmediate, false)] // sshr v0.4h, v1.4h, #1: integers have always had halfwords
    public void HalfPrecisionArithmeticFollowsFp16(uint word, A64Id id, bool needsFp16)
    {
        A64Decoder.Decode(word).ShouldBe(id);
        A64Decoder.Decode(word, A64Feature.All & ~A64Feature.Fp16).ShouldBe(needsFp16 ? A64Id.Undefined : id);
    }

    [Fact]
    public void TheQuadwordProductFollowsPmull()
    {
        const uint Pmull1Q = 0x0EE2E020; // pmull v0.1q, v1.1d, v2.1d
        const uint Pmull8H = 0x0E22E020; // pmull v0.8h, v1.8b, v2.8b
        A64Decoder.Decode(Pmull1Q).ShouldBe(A64Id.PmullVector);
        A64Decoder.Decode(Pmull1Q, A64Feature.All & ~A64Feature.Pmull).ShouldBe(A64Id.Undefined);
        A64Decoder.Decode(Pmull8H, A64Feature.All & ~A64Feature.Pmull).ShouldBe(A64Id.PmullVector);
    }

    [Fact]
    public void ThreadsThatDecodeAtOnceAgree()
    {
        var random = new Random(4);
        uint[] words = Enumerable.Range(0, 200_000).Select(_ => (uint)random.NextInt64(1L << 32)).ToArray();
        A64Id[][] results = new A64Id[4][];
        Parallel.For(0, results.Length, i => results[i] = Array.ConvertAll(words, word => A64Decoder.Decode(word)));
        foreach (A64Id[] result in results)
        {
            result.ShouldBe(results[0]);
        }
    }

    private static uint WordOf(A64Id id, Random random)
    {
        ref readonly A64Encoding row = ref A64Table.Encoding(id);
        return ((uint)random.NextInt64(1L << 32) & ~row.Mask) | row.Value;
    }

    private static bool Matches(A64Id id, uint word, A64Feature features)
    {
        ref readonly A64Encoding row = ref A64Table.Encoding(id);
        return (word & row.Mask) == row.Value && (row.Feature & features) != 0 && !A64Table.IsExcluded(row, word, features);
    }
}
