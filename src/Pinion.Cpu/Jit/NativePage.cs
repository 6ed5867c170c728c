using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <summary>
/// What lies behind the records of a page where code is compiled: for each instruction the address of its block, then the number of instructions in that block, then how often it was asked for, then
/// which loads and stores wander, which slots lead into the middle of a block, how much time is spent where, and the slots of observing code and of short blocks.
/// Blocks find each other through these slots, so that dropping one is a store, and no jump is ever patched.
/// </summary>
internal static unsafe class NativePage
{
    /// <summary>Offset of the slots from the page's first record.</summary>
    public const int SlotsOffset = (Rec.PerPage + 1) * Rec.Size;

    public const int LengthsOffset = SlotsOffset + (Rec.PerPage * 8);
    private const int CountsOffset = LengthsOffset + Rec.PerPage;

    private const int WanderersOffset = CountsOffset + Rec.PerPage;
    private const int EntriesOffset = WanderersOffset + Rec.PerPage;
    private const int HeatOffset = EntriesOffset + Rec.PerPage;

    /// <summary>Offset of the slots of observing code.</summary>
    public const int ObservedOffset = HeatOffset + Rec.PerPage;

    /// <summary>Offset of the slots of short blocks.</summary>
    public const int ShortOffset = ObservedOffset + (Rec.PerPage * 4);

    /// <summary>Bytes of a page with its records.</summary>
    public const int Size = ShortOffset + (Rec.PerPage * 4);

    /// <summary>Longest block in instructions: a length is a byte, and an invalidation looks back so far.</summary>
    public const int LongestBlock = 128;

    public static nint* Slots(Rec* page) => (nint*)((byte*)page + SlotsOffset);

    public static byte* Lengths(Rec* page) => (byte*)page + LengthsOffset;

    /// <summary>1 for loads and stores that go from page to page: they get no site.</summary>
    public static byte* Wanderers(Rec* page) => (byte*)page + WanderersOffset;

    /// <summary>1 where the slot leads into the middle of a block.</summary>
    public static byte* Entries(Rec* page) => (byte*)page + EntriesOffset;

    /// <summary>How often a slice of instructions ended here; from <see cref="NativeCode.Hot"/> on, what begins here is compiled as a region.</summary>
    public static byte* Heat(Rec* page) => (byte*)page + HeatOffset;

    /// <summary>For each instruction its observing code, as a distance from <see cref="NativeCode.NotObserved"/>: 0 where there is none.</summary>
    public static int* Observed(Rec* page) => (int*)((byte*)page + ObservedOffset);

    /// <summary>As <see cref="Observed"/>, the short block that begins with the instruction.</summary>
    public static int* Short(Rec* page) => (int*)((byte*)page + ShortOffset);

    public static byte* Counts(Rec* page) => (byte*)page + CountsOffset;
}
