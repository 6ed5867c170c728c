namespace Pinion.Arm.A64;

/// <summary>
/// The fixed part of one encoding: a word is of this row when <c>(word &amp; Mask) == Value</c> and no exclusion applies. Plain fields: the decoder reads
/// them before anything has been compiled with optimisation.
/// </summary>
public struct A64Encoding
{
    /// <summary>Bits that the row fixes.</summary>
    public uint Mask;

    /// <summary>What the fixed bits are.</summary>
    public uint Value;

    /// <summary>What the PE must have for the row to be allocated.</summary>
    public A64Feature Feature;

    internal ushort FirstExclusion;
    internal ushort ExclusionCount;
}

/// <summary>Words of a row that are unallocated, or (with a feature) allocated only where that feature is present.</summary>
internal struct A64Exclusion
{
    internal uint Mask;
    internal uint Value;

    /// <summary>The feature that lifts the exclusion; None when nothing does.</summary>
    internal A64Feature UnlessPresent;
}
