namespace Pinion.Conformance.Tests.Blocks;

/// <summary>
/// Where things are, for the oracle and for us alike: a block finds the same addresses on both sides, so that whatever depends on one (ADR, BL, a stored base) compares equal.
/// </summary>
internal static class BlockLayout
{
    /// <summary>Code: the return stub, then the blocks.</summary>
    public const uint CodeBase = 0x0100_0000;

    /// <summary>Every block ends with a branch to here.</summary>
    public const uint ReturnAddress = CodeBase;

    /// <summary>First block.</summary>
    public const uint BlocksBase = CodeBase + 0x1000;

    /// <summary>One record a block: initial state before, end state after.</summary>
    public const uint RecordsBase = 0x0800_0000;

    /// <summary>Bytes of a record.</summary>
    public const int RecordSize = 0x800;

    /// <summary>Offset of X0 to X30 in a record.</summary>
    public const int X = 0x000;

    /// <summary>Offset of SP.</summary>
    public const int Sp = 0x0F8;

    /// <summary>Offset of V0 to V31.</summary>
    public const int V = 0x100;

    public const int Nzcv = 0x300;

    public const int Fpcr = 0x308;

    public const int Fpsr = 0x310;

    /// <summary>Offset of the memory that loads and stores may reach.</summary>
    public const int Scratch = 0x400;

    public const int ScratchSize = 0x400;

    /// <summary>The register that points to the record; blocks may read it, not write it.</summary>
    public const int RecordRegister = 28;

    /// <summary>Holds the block's own address when it begins; free afterwards.</summary>
    public const int EntryRegister = 27;
}
