using System.Runtime.InteropServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Profiling;

/// <summary>What a <see cref="Note"/> is about.</summary>
internal enum NoteKind : byte
{
    /// <summary>An instruction that may have accessed memory.</summary>
    Access,

    /// <summary>A branch that was taken.</summary>
    Jump,

    /// <summary>NZCV before an instruction that selects by it. Another note about the same instruction may follow.</summary>
    Condition,
}

/// <summary>
/// What observing code leaves behind about an instruction, where more happened than the next one in order. What runs straight on and accesses nothing leaves no note.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct Note
{
    public const int Size = 32;

    public const int PaOffset = 8;
    public const int RecordOffset = 16;
    public const int FactsOffset = 24;
    public const int FlagsOffset = 28;

    /// <summary>The access's lowest virtual address, or where the branch led to.</summary>
    [FieldOffset(0)]
    public ulong Va;

    /// <summary>The physical page of the access; its lowest bits have no meaning.</summary>
    [FieldOffset(PaOffset)]
    public ulong Pa;

    /// <summary>First record of the page that the branch led to.</summary>
    [FieldOffset(PaOffset)]
    public Rec* Page;

    /// <summary>The instruction.</summary>
    [FieldOffset(RecordOffset)]
    public Rec* Record;

    [FieldOffset(FactsOffset)]
    public NoteKind Kind;

    [FieldOffset(FactsOffset + 1)]
    public byte Bytes;

    [FieldOffset(FactsOffset + 2)]
    public ObservedFlags Seen;

    /// <summary>NZCV, as <see cref="Pe.NativeFlags"/> has it.</summary>
    [FieldOffset(FlagsOffset)]
    public ushort Flags;

    /// <summary>The physical address of <see cref="Va"/>.</summary>
    public readonly ulong PaOfVa => (Pa & ~0xFFFUL) | (Va & 0xFFF);

    /// <summary>The three facts at <see cref="FactsOffset"/>.</summary>
    public static int Facts(NoteKind kind, int bytes, ObservedFlags seen) => (int)kind | (bytes << 8) | ((int)seen << 16);
}
