using System.Runtime.InteropServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <summary>What a block remembers of its translations: the generation of the soft TLB that its sites are from. The sites follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SiteHeader
{
    public const int Size = 8;

    public ulong Generation;
}

/// <summary>
/// The last translation of one load or store, in its own block: most go to one page for long, and then neither an index has to be computed nor an entry to be found. A site holds what the soft TLB holds,
/// and is forgotten when the TLB's generation changes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Site
{
    public const int Size = 48;
    public const int AddendOffset = 8;
    public const int LimitOffset = 16;
    public const int TrialOffset = 24;

    /// <summary>After so many misses it is judged.</summary>
    public const int Misses = 64;

    /// <summary>A site that misses once in fewer instructions of the PE than this costs more than it gains.</summary>
    public const int WorthInstructions = 24;

    /// <summary>Virtual address of the page.</summary>
    public ulong Page;

    /// <summary>Host address = virtual address + addend.</summary>
    public nint Addend;

    /// <summary>Offsets into the page from here on miss; 0 where nothing is remembered.</summary>
    public ulong Limit;

    /// <summary>So often it may miss, and the soft TLB hit, until it is judged.</summary>
    public long Trial;

    /// <summary>Instructions that the PE had executed at the last trial.</summary>
    public long Since;

    /// <summary>The instruction.</summary>
    public Rec* Record;
}
