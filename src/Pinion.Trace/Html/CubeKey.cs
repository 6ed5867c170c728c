namespace Pinion.Trace.Html;

/// <summary>Place of a count in a cube: up to four numbers of 16 bits, or one of 32 and two of 16.</summary>
internal readonly record struct CubeKey(ulong Packed) : IComparable<CubeKey>
{
    public CubeKey(int first, int second, int third, int fourth)
        : this(((ulong)(ushort)first << 48) | ((ulong)(ushort)second << 32) | ((ulong)(ushort)third << 16) | (ushort)fourth)
    {
    }

    public CubeKey(int first, int third, int fourth)
        : this(((ulong)(uint)first << 32) | ((ulong)(ushort)third << 16) | (ushort)fourth)
    {
    }

    /// <summary>The upper two numbers as one.</summary>
    public int Upper => (int)(Packed >> 32);

    public int First => (int)(Packed >> 48);

    public int Second => (ushort)(Packed >> 32);

    public int Third => (ushort)(Packed >> 16);

    public int Fourth => (ushort)Packed;

    public bool Equals(CubeKey other) => Packed == other.Packed;

    // The numbers are small: their bits have to be spread.
    public override int GetHashCode() => (int)((Packed * 0x9E37_79B9_7F4A_7C15) >> 32);

    public int CompareTo(CubeKey other) => Packed.CompareTo(other.Packed);
}
