namespace Pinion.Cpu.FloatingPoint;

/// <summary>An IEEE 754 binary interchange format; implementations are empty structs, so that the JIT compiler specialises for each.</summary>
internal interface IFloatFormat
{
    /// <summary>Width of the format.</summary>
    static abstract int Bits { get; }

    /// <summary>Width of the trailing significand field.</summary>
    static abstract int FractionBits { get; }
}

internal readonly struct Half16 : IFloatFormat
{
    public static int Bits => 16;

    public static int FractionBits => 10;
}

internal readonly struct Single32 : IFloatFormat
{
    public static int Bits => 32;

    public static int FractionBits => 23;
}

internal readonly struct Double64 : IFloatFormat
{
    public static int Bits => 64;

    public static int FractionBits => 52;
}

/// <summary>Rounding, with FPCR.RMode's numbers for the first four.</summary>
internal enum FpRounding
{
    TieEven = 0,
    PlusInfinity = 1,
    MinusInfinity = 2,
    Zero = 3,
    TieAway = 4,
    Odd = 5,
}

/// <summary>Outcome of a comparison.</summary>
internal enum FpRelation
{
    Less,
    Equal,
    Greater,
    Unordered,
}

/// <summary>FPCR fields.</summary>
internal static class Fpcr
{
    public const uint Fz16 = 1u << 19;
    public const int RModeShift = 22;
    public const uint Fz = 1u << 24;
    public const uint Dn = 1u << 25;
    public const uint Ahp = 1u << 26;
}

/// <summary>FPSR's cumulative flags.</summary>
internal static class Fpsr
{
    public const uint Ioc = 1u << 0;
    public const uint Dzc = 1u << 1;
    public const uint Ofc = 1u << 2;
    public const uint Ufc = 1u << 3;
    public const uint Ixc = 1u << 4;
    public const uint Idc = 1u << 7;
    public const uint Qc = 1u << 27;
}
