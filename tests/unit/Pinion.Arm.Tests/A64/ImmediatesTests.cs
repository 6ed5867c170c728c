using System.Numerics;
using Pinion.Arm.A64;

namespace Pinion.Arm.Tests.A64;

public sealed class ImmediatesTests
{
    [Fact]
    public void LogicalImmediatesAreTheRotatedRunsOfOnes()
    {
        // Every element size, run length and rotation, counted out: 2 * 1 + 4 * 3 + ... + 64 * 63 = 5334 patterns of 64 bits.
        var expected = new HashSet<ulong>();
        for (int size = 2; size <= 64; size *= 2)
        {
            for (int ones = 1; ones < size; ones++)
            {
                for (int rotation = 0; rotation < size; rotation++)
                {
                    ulong value = 0;
                    for (int bit = 0; bit < 64; bit++)
                    {
                        value |= (bit + rotation) % size < ones ? 1UL << bit : 0;
                    }

                    expected.Add(value);
                }
            }
        }

        expected.Count.ShouldBe(5334);
        var found = new HashSet<ulong>();
        for (uint encoding = 0; encoding < 1 << 13; encoding++)
        {
            if (Immediates.TryDecodeLogical(encoding >> 12, encoding & 0x3F, (encoding >> 6) & 0x3F, out ulong mask))
            {
                found.Add(mask);
            }
        }

        found.SetEquals(expected).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1u, 0b111111u)]
    [InlineData(0u, 0b011111u)]
    [InlineData(0u, 0b101111u)]
    [InlineData(0u, 0b111101u)]
    [InlineData(0u, 0b111110u)]
    [InlineData(0u, 0b111111u)]
    public void ARunOfAllOnesIsReserved(uint n, uint imms)
    {
        for (uint immr = 0; immr < 64; immr++)
        {
            Immediates.TryDecodeLogical(n, imms, immr, out _).ShouldBeFalse();
        }
    }

    [Fact]
    public void LogicalImmediatesThatTheDecoderTakesAreNotReserved()
    {
        for (uint encoding = 0; encoding < 1 << 14; encoding++)
        {
            // AND (immediate): sf, N, immr, imms.
            uint word = 0x1200_0000 | ((encoding >> 13) << 31) | ((encoding & 0x1FFF) << 10);
            bool decoded = A64Decoder.Decode(word) == A64Id.AndImmediate;
            bool expands = Immediates.TryDecodeLogical(Bits.Extract(word, 22, 1), Bits.Extract(word, 10, 6), Bits.Extract(word, 16, 6), out _);
            bool wide = Bits.IsSet(word, 31) || !Bits.IsSet(word, 22);
            decoded.ShouldBe(expands && wide, $"{word:x8}");
        }
    }

    [Fact]
    public void BitfieldMasksExtractAndInsert()
    {
        const ulong Source = 0xFEDC_BA98_7654_3210;
        for (int r = 0; r < 64; r++)
        {
            for (int s = 0; s < 64; s++)
            {
                Immediates.TryDecodeBitfield(1, (uint)s, (uint)r, out ulong wmask, out ulong tmask).ShouldBeTrue();
                ulong ubfm = BitOperations.RotateRight(Source, r) & wmask & tmask;

                // UBFX of bits s..r when s >= r, otherwise UBFIZ of bits s..0 to bit 64 - r.
                ulong expected = s >= r ? (Source >> r) & Ones(s - r + 1) : (Source & Ones(s + 1)) << (64 - r);
                ubfm.ShouldBe(expected, $"immr {r}, imms {s}");
            }
        }
    }

    [Fact]
    public void BitfieldMasksOf32BitsStayInTheLowHalf()
    {
        const uint Source = 0x8765_4321;
        for (int r = 0; r < 32; r++)
        {
            for (int s = 0; s < 32; s++)
            {
                Immediates.TryDecodeBitfield(0, (uint)s, (uint)r, out ulong wmask, out ulong tmask).ShouldBeTrue();
                uint ubfm = BitOperations.RotateRight(Source, r) & (uint)wmask & (uint)tmask;
                uint expected = s >= r ? (Source >> r) & (uint)Ones(s - r + 1) : (uint)((Source & Ones(s + 1)) << (32 - r));
                ubfm.ShouldBe(expected, $"immr {r}, imms {s}");
            }
        }
    }

    [Fact]
    public void FloatImmediatesAreTheSameNumberInEveryPrecision()
    {
        var values = new HashSet<double>();
        for (uint imm8 = 0; imm8 < 256; imm8++)
        {
            double value = BitConverter.UInt64BitsToDouble(Immediates.VfpExpandImm64(imm8));
            ((double)BitConverter.UInt32BitsToSingle(Immediates.VfpExpandImm32(imm8))).ShouldBe(value);
            ((double)BitConverter.UInt16BitsToHalf(Immediates.VfpExpandImm16(imm8))).ShouldBe(value);

            // The Arm ARM's own account of them: n / 16 * 2^r, 16 <= n <= 31, -3 <= r <= 4, r in two's complement from bits 6:4 with the top one inverted.
            int r = (int)((imm8 >> 4) & 3) + ((imm8 & 0x40) != 0 ? -3 : 1);
            double expected = (16 + (imm8 & 15)) / 16.0 * Math.Pow(2, r) * ((imm8 & 0x80) != 0 ? -1 : 1);
            value.ShouldBe(expected, $"imm8 {imm8:x2}");
            values.Add(value);
        }

        values.Count.ShouldBe(256);
    }

    [Theory]
    [InlineData(0u, 0x0u, 0x000000AB_000000ABUL)]
    [InlineData(0u, 0x2u, 0x0000AB00_0000AB00UL)]
    [InlineData(0u, 0x4u, 0x00AB0000_00AB0000UL)]
    [InlineData(0u, 0x6u, 0xAB000000_AB000000UL)]
    [InlineData(0u, 0x8u, 0x00AB00AB_00AB00ABUL)]
    [InlineData(0u, 0xAu, 0xAB00AB00_AB00AB00UL)]
    [InlineData(0u, 0xCu, 0x0000ABFF_0000ABFFUL)]
    [InlineData(0u, 0xDu, 0x00ABFFFF_00ABFFFFUL)]
    [InlineData(0u, 0xEu, 0xABABABAB_ABABABABUL)]
    [InlineData(1u, 0xEu, 0xFF00FF00_FF00FFFFUL)]
    [InlineData(0u, 0xFu, 0xC1580000_C1580000UL)]
    [InlineData(1u, 0xFu, 0xC02B0000_00000000UL)]
    public void ModifiedImmediatesExpandByCmode(uint op, uint cmode, ulong expected)
    {
        Immediates.AdvSimdExpandImm(op, cmode, 0xAB).ShouldBe(expected);
    }

    private static ulong Ones(int count) => count == 64 ? ulong.MaxValue : (1UL << count) - 1;
}
