using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

public sealed class MaxBuffSizeTests
{
    private const ulong KiB = 1024;
    private const ulong MiB = KiB * KiB;
    private const ulong GiB = KiB * MiB;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4 * KiB, 0x0001)]
    [InlineData(0x1F_F000, 0x01FF)]
    [InlineData(2 * MiB, 0x0200)]
    [InlineData(4 * MiB, 0x0400)]
    [InlineData((4 * MiB) + (8 * KiB), 0x0401)]
    [InlineData(6 * MiB, 0x0500)]
    [InlineData(GiB, 0x1400)]
    [InlineData(GiB + (2 * MiB), 0x1401)]
    [InlineData((1ul << 52) - (1ul << 42), 0x3FFF)]
    public void AnEncodableSizeHasItsPublishedEncoding(ulong bytes, int encoding)
    {
        MaxBuffSize.TryEncode(bytes, out ushort encoded).ShouldBeTrue();
        encoded.ShouldBe((ushort)encoding);
        MaxBuffSize.Decode(encoded).ShouldBe(bytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData((4 * MiB) + (4 * KiB))]
    [InlineData((4 * KiB) + 1)]
    [InlineData(1ul << 52)]
    [InlineData((1ul << 52) - (1ul << 41))]
    [InlineData(ulong.MaxValue)]
    public void ASizeThatNoEncodingMeansIsRefused(ulong bytes) => MaxBuffSize.TryEncode(bytes, out _).ShouldBeFalse();

    [Fact]
    public void EveryEncodingWithoutReservedBitsRoundTripsAndDecodingIsMonotone()
    {
        ulong previous = 0;
        for (int encoding = 0; encoding < 0x4000; encoding++)
        {
            ulong bytes = MaxBuffSize.Decode((ushort)encoding);
            if (encoding > 0)
            {
                bytes.ShouldBeGreaterThan(previous);
            }

            MaxBuffSize.TryEncode(bytes, out ushort again).ShouldBeTrue();
            again.ShouldBe((ushort)encoding);
            previous = bytes;
        }

        previous.ShouldBe(MaxBuffSize.Largest);
    }

    [Fact]
    public void ReservedBitsDoNotChangeTheSize()
    {
        for (int encoding = 0x4000; encoding <= 0xFFFF; encoding++)
        {
            MaxBuffSize.Decode((ushort)encoding).ShouldBe(MaxBuffSize.Decode((ushort)(encoding & 0x3FFF)));
        }
    }
}
