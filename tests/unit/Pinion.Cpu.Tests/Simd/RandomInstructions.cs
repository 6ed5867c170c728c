using Pinion.Arm.A64;
using Pinion.Cpu.Decode;

namespace Pinion.Cpu.Tests.Simd;

/// <summary>Random words of a row with operands that matter: for floating point the corners of each format.</summary>
internal sealed unsafe class RandomInstructions(int seed)
{
    private static readonly ulong[] s_half =
    [
        0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x8400, 0x0401, 0x3C00, 0xBC00, 0x3555, 0x4000, 0x3800, 0xB800, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00,
        0xFE01, 0x7D55, 0xFC01, 0x5640, 0x6400, 0x6801, 0x77FF, 0x7800,
    ];

    private static readonly ulong[] s_single =
    [
        0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000, 0x80800000, 0x00800001, 0x3F800000, 0xBF800000, 0x3EAAAAAB, 0x40000000,
        0x3F000000, 0xBF000000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 0x7F812345, 0xFF800001, 0x4EFFFFFF, 0x4F000000, 0xCF000000,
        0x4F7FFFFF, 0x4F800000, 0x5EFFFFFF, 0x5F000000, 0x477FE000, 0x477FF000, 0x33000000, 0x33800000, 0x38800000, 0x387FE000, 0x1F800000, 0x20000000, 0x01000000,
        0x40200000, 0x3FC00000, 0x4B000000, 0x4B000001, 0x7E800000, 0x7F000000, 0x00400000, 0x00200000,
    ];

    private static readonly ulong[] s_double =
    [
        0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x8000000000000001, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x8010000000000000, 0x0010000000000001,
        0x3FF0000000000000, 0xBFF0000000000000, 0x3FD5555555555555, 0x4000000000000000, 0x3FE0000000000000, 0xBFE0000000000000, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF,
        0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0xFFF8123456789ABC, 0x7FF0123456789ABC, 0xFFF0000000000001, 0x41DFFFFFFFC00000, 0x41E0000000000000,
        0xC1E0000000000000, 0xC1E0000000200000, 0x41EFFFFFFFE00000, 0x41F0000000000000, 0x43DFFFFFFFFFFFFF, 0x43E0000000000000, 0xC3E0000000000000, 0x43EFFFFFFFFFFFFF,
        0x43F0000000000000, 0x47EFFFFFE0000000, 0x47EFFFFFF0000000, 0x3810000000000000, 0x380FFFFFE0000000, 0x36A0000000000000, 0x3690000000000000, 0x40EFFC0000000000,
        0x3E60000000000000, 0x1FF0000000000000, 0x2000000000000000, 0x0020000000000000, 0x4004000000000000, 0x3FF8000000000000, 0x4330000000000000, 0x4330000000000001,
        0x7FD0000000000000, 0x7FE0000000000000, 0x0008000000000000, 0x0004000000000000,
    ];

    private readonly Random _random = new(seed);

    /// <summary>A random allocated word of the row, or 0 when none was found.</summary>
    public uint Word(A64Id id)
    {
        ref readonly A64Encoding row = ref A64Table.Encoding(id);
        for (int attempt = 0; attempt < 200; attempt++)
        {
            uint word = row.Value | ((uint)_random.NextInt64(1L << 32) & ~row.Mask);

            // The oracle keeps X8 upwards for itself.
            if (UsesGeneralSource(id) && (word >> 5 & 31) != 31)
            {
                word &= ~(0x18u << 5);
            }

            if (UsesGeneralTarget(id) && (word & 31) != 31)
            {
                word &= ~0x18u;
            }

            if (A64Decoder.Decode(word, Decoder.Features) == id)
            {
                return word;
            }
        }

        return 0;
    }

    private static bool UsesGeneralTarget(A64Id id) => id is (>= A64Id.FcvtnsGeneral and <= A64Id.FcvtzuGeneral)
        or A64Id.FcvtzsFixed or A64Id.FcvtzuFixed or A64Id.FmovToGeneral or A64Id.FmovTopToGeneral or A64Id.Umov or A64Id.Smov;

    private static bool UsesGeneralSource(A64Id id) => id is A64Id.ScvtfGeneral or A64Id.UcvtfGeneral or A64Id.ScvtfFixed or A64Id.UcvtfFixed
        or A64Id.FmovFromGeneral or A64Id.FmovTopFromGeneral or A64Id.DupGeneral or A64Id.InsGeneral;

    public InstructionState State(uint word)
    {
        InstructionState s = default;
        s.Word = word;
        s.Nzcv = (uint)_random.Next(16) << 28;

        // Half of the cases are what programs run with; the others mix RMode, FZ, DN, AHP and FZ16.
        s.Fpcr = _random.Next(2) == 0 ? 0 : (uint)_random.Next(128) << 20 & 0x07C0_0000 | (_random.Next(2) == 0 ? 1u << 19 : 0);
        s.Fpsr = _random.Next(4) switch
        {
            0 => 0,
            1 => 0x0800_009F,
            _ => 0x10,
        };
        for (int i = 0; i < 8; i++)
        {
            s.X[i] = _random.Next(3) switch
            {
                0 => (ulong)_random.NextInt64(long.MinValue, long.MaxValue),
                1 => (ulong)_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64),
                _ => (ulong)(_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64)),
            };
        }

        int width = _random.Next(1, 4);
        for (int i = 0; i < 32; i++)
        {
            if (_random.Next(8) == 0)
            {
                width = _random.Next(1, 4);
            }

            s.V[2 * i] = Doubleword(width);
            s.V[(2 * i) + 1] = Doubleword(width);
        }

        return s;
    }

    private ulong Doubleword(int width)
    {
        ulong value = 0;
        int bits = 8 << width;
        for (int at = 0; at < 64; at += bits)
        {
            value |= Element(width) << at;
        }

        return value;
    }

    private ulong Element(int width)
    {
        ulong mask = ulong.MaxValue >> (64 - (8 << width));
        switch (_random.Next(6))
        {
            case 0:
                return (ulong)_random.NextInt64(long.MinValue, long.MaxValue) & mask;
            case 1:
                // Small integers: shift amounts, indices.
                return (ulong)_random.NextInt64(-70, 70) & mask;
            case 2:
            case 3:
                ulong[] special = width switch { 1 => s_half, 2 => s_single, _ => s_double };
                return special[_random.Next(special.Length)];
            default:
                // Numbers of like size, so that sums and products are ordinary.
                double x = (_random.NextDouble() - 0.5) * Math.Pow(2, _random.Next(-8, 12));
                return width switch
                {
                    1 => BitConverter.HalfToUInt16Bits((Half)x),
                    2 => BitConverter.SingleToUInt32Bits((float)x),
                    _ => BitConverter.DoubleToUInt64Bits(x),
                };
        }
    }
}
