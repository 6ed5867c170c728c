using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <summary>
/// What lies behind the records of a page where code is compiled: for each instruction the address of its block, then the number of instructions in that block, then how often it was asked for.
/// Blocks find each other through these slots, so that dropping one is a store, and no jump is ever patched.
/// </summary>
internal static unsafe class NativePage
{
    /// <summary>Offset of the slots from the page's first record.</summary>
    public const int SlotsOffset = (Rec.PerPage + 1) * Rec.Size;

    private const int LengthsOffset = SlotsOffset + (Rec.PerPage * 8);
    private const int CountsOffset = LengthsOffset + Rec.PerPage;

    /// <summary>Bytes of a page with its records.</summary>
    public const int Size = CountsOffset + Rec.PerPage;

    /// <summary>Longest block in instructions: a length is a byte, and an invalidation looks back so far.</summary>
    public const int LongestBlock = 128;

    public static nint* Slots(Rec* page) => (nint*)((byte*)page + SlotsOffset);

    public static byte* Lengths(Rec* page) => (byte*)page + LengthsOffset;

    public static byte* Counts(Rec* page) => (byte*)page + CountsOffset;
}
