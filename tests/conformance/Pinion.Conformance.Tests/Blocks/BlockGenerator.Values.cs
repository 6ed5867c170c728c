using System.Buffers.Binary;

namespace Pinion.Conformance.Tests.Blocks;

/// <content>Initial states: a mixture of random and of interesting values.</content>
internal sealed partial class BlockGenerator
{
    private static readonly ushort[] s_halves =
    [
        0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x8400, 0x3C00, 0xBC00, 0x3BFF, 0x3C01, 0x3E00, 0x4000, 0x4200, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7C01, 0x7D00,
        0xFD55, 0x7E00, 0xFE00, 0x7FFF, 0x3800, 0xB800, 0x5800, 0x77FF, 0x7800,
    ];

    private static readonly uint[] s_singles =
    [
        0x0000_0000, 0x8000_0000, 0x0000_0001, 0x8000_0001, 0x007F_FFFF, 0x807F_FFFF, 0x0080_0000, 0x8080_0000, 0x3F80_0000, 0xBF80_0000, 0x3F7F_FFFF, 0x3F80_0001, 0x3F00_0000, 0xBF00_0000,
        0x3FC0_0000, 0x4020_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x7F80_0000, 0xFF80_0000, 0x7F80_0001, 0x7FA0_0000, 0xFFBF_FFFF, 0x7FC0_0000, 0xFFC0_0000, 0x7FFF_FFFF, 0x4F00_0000,
        0xCF00_0000, 0x4F80_0000, 0x5F00_0000, 0xDF00_0000, 0x5F80_0000, 0x477F_E000, 0x477F_F000, 0x3880_0000, 0x387F_C000, 0x3300_0000, 0x3300_0001, 0x0040_0000, 0x0060_0000, 0x7E80_0000,
    ];

    private static readonly ulong[] s_doubles =
    [
        0x0000_0000_0000_0000, 0x8000_0000_0000_0000, 0x0000_0000_0000_0001, 0x8000_0000_0000_0001, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x8010_0000_0000_0000, 0x3FF0_0000_0000_0000,
        0xBFF0_0000_0000_0000, 0x3FEF_FFFF_FFFF_FFFF, 0x3FF0_0000_0000_0001, 0x3FE0_0000_0000_0000, 0xBFE0_0000_0000_0000, 0x3FF8_0000_0000_0000, 0x4004_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF,
        0xFFEF_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000, 0x7FF0_0000_0000_0001, 0x7FF4_0000_0000_0000, 0xFFF7_FFFF_FFFF_FFFF, 0x7FF8_0000_0000_0000, 0xFFF8_0000_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x41E0_0000_0000_0000, 0xC1E0_0000_0000_0000, 0x41F0_0000_0000_0000, 0x43E0_0000_0000_0000, 0xC3E0_0000_0000_0000, 0x43F0_0000_0000_0000, 0x47EF_FFFF_E000_0000,
        0x47EF_FFFF_F000_0000, 0x3810_0000_0000_0000, 0x380F_FFFF_C000_0000, 0x3690_0000_0000_0000, 0x40EF_FC00_0000_0000, 0x3F10_0000_0000_0000, 0x0008_0000_0000_0000, 0x7FD0_0000_0000_0000,
    ];

    private static readonly ulong[] s_integers =
    [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, ulong.MaxValue, ulong.MaxValue - 1,
        0xFFFF_FFFF_8000_0000, 0xFFFF_FFFF_0000_0000, 0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA, 0x0101_0101_0101_0101, 0x8080_8080_8080_8080, 63, 64, 65, 31, 32, 33,
    ];

    private void SetState(bool floatingPoint)
    {
        for (int i = 0; i < 31; i++)
        {
            _block.SetX(i, Integer());
        }

        _block[BlockLayout.Sp] = Integer();
        for (int i = 0; i < 32; i++)
        {
            Vector(_block.Record.AsSpan(BlockLayout.V + i * 16, 16), floatingPoint);
        }

        for (int i = 0; i < BlockLayout.ScratchSize; i += 16)
        {
            Vector(_block.Record.AsSpan(BlockLayout.Scratch + i, 16), floatingPoint);
        }

        _block[BlockLayout.Nzcv] = (ulong)random.Next(16) << 28;
        if (random.Next(2) == 0)
        {
            // AHP, DN, FZ, RMode, FZ16
            _block[BlockLayout.Fpcr] = (uint)random.NextInt64(1L << 32) & 0x07C8_0000 & (random.Next(4) == 0 ? ~0u : 0x03C8_0000u);
        }

        if (random.Next(2) == 0)
        {
            // QC, IDC, IXC to IOC. IXC set is what lets an engine take a fast path.
            _block[BlockLayout.Fpsr] = (uint)random.NextInt64(1L << 32) & 0x0800_009F;
        }

        if (!_memory)
        {
            return;
        }

        _block.SetX(WordIndexRegister, ((ulong)random.NextInt64(1L << 32) << 32) | (uint)random.Next(32));
        _block.SetX(IndexRegister, (ulong)(long)random.Next(-32, 32));
        foreach (int register in s_bases)
        {
            int offset = BlockLayout.Scratch + random.Next(BlockLayout.ScratchSize - 64);
            offset = register == 31 || random.Next(2) == 0 ? offset & ~15 : offset;
            _block.SetRelative(register, offset);
            _offsets[register] = offset;
        }
    }

    private ulong Integer() => random.Next(4) switch
    {
        0 => s_integers[random.Next(s_integers.Length)],
        1 => (ulong)random.Next(-64, 65),
        2 => (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64),
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
    };

    private void Vector(Span<byte> value, bool floatingPoint)
    {
        int kind = random.Next(floatingPoint ? 6 : 3);
        for (int i = 0; i < 16; i += 8)
        {
            ulong half = kind switch
            {
                0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
                1 => Integer(),
                2 => Lanes(8, () => (byte)(random.Next(3) == 0 ? s_integers[random.Next(s_integers.Length)] : (ulong)random.Next(256))),
                3 => Lanes(16, Half),
                4 => Lanes(32, Single),
                _ => Double(),
            };
            BinaryPrimitives.WriteUInt64LittleEndian(value[i..], half);
        }
    }

    private static ulong Lanes(int bits, Func<ulong> lane)
    {
        ulong value = 0;
        for (int i = 0; i < 64; i += bits)
        {
            value |= lane() << i;
        }

        return value;
    }

    // Special, near one of the specials, of moderate size, or anything.
    private ulong Half() => random.Next(4) switch
    {
        0 => s_halves[random.Next(s_halves.Length)],
        1 => (ushort)(s_halves[random.Next(s_halves.Length)] + random.Next(-2, 3)),
        2 => BitConverter.HalfToUInt16Bits((Half)((random.NextDouble() - 0.5) * 100)),
        _ => (ushort)random.Next(0x10000),
    };

    private ulong Single() => random.Next(4) switch
    {
        0 => s_singles[random.Next(s_singles.Length)],
        1 => (uint)(s_singles[random.Next(s_singles.Length)] + random.Next(-2, 3)),
        2 => BitConverter.SingleToUInt32Bits((float)((random.NextDouble() - 0.5) * 1000)),
        _ => (uint)random.NextInt64(1L << 32),
    };

    private ulong Double() => random.Next(4) switch
    {
        0 => s_doubles[random.Next(s_doubles.Length)],
        1 => s_doubles[random.Next(s_doubles.Length)] + (ulong)random.Next(-2, 3),
        2 => BitConverter.DoubleToUInt64Bits((random.NextDouble() - 0.5) * 1e6),
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
    };
}
