namespace Pinion.Cpu.Jit;

/// <summary>16-byte constants that lie near the code.</summary>
internal enum FloatConstant
{
    /// <summary>Everything but the signs of doubles.</summary>
    MagnitudeD,

    /// <summary>Everything but the signs of singles.</summary>
    MagnitudeS,

    /// <summary>The signs of doubles.</summary>
    SignD,

    /// <summary>The signs of singles; also what the host's conversions to 32-bit integers give where there is no result.</summary>
    SignS,

    /// <summary>The sign of a double, with zero above it.</summary>
    ScalarSignD,

    /// <summary>The sign of a single, with zero above it.</summary>
    ScalarSignS,

    /// <summary>The smallest normal doubles.</summary>
    NormalD,

    /// <summary>The smallest normal singles.</summary>
    NormalS,

    /// <summary>2^63 as a double.</summary>
    TwoTo63D,

    /// <summary>2^63 as a single.</summary>
    TwoTo63S,

    /// <summary>2^31 as singles.</summary>
    TwoTo31S,

    /// <summary>2^16 as singles.</summary>
    TwoTo16S,
}

internal static class FloatConstants
{
    /// <summary>The values, lower halves first.</summary>
    public static ReadOnlySpan<ulong> Values =>
    [
        0x7FFF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
        0x7FFF_FFFF_7FFF_FFFF, 0x7FFF_FFFF_7FFF_FFFF,
        0x8000_0000_0000_0000, 0x8000_0000_0000_0000,
        0x8000_0000_8000_0000, 0x8000_0000_8000_0000,
        0x8000_0000_0000_0000, 0,
        0x0000_0000_8000_0000, 0,
        0x0010_0000_0000_0000, 0x0010_0000_0000_0000,
        0x0080_0000_0080_0000, 0x0080_0000_0080_0000,
        0x43E0_0000_0000_0000, 0x43E0_0000_0000_0000,
        0x5F00_0000_5F00_0000, 0x5F00_0000_5F00_0000,
        0x4F00_0000_4F00_0000, 0x4F00_0000_4F00_0000,
        0x4780_0000_4780_0000, 0x4780_0000_4780_0000,
    ];
}
