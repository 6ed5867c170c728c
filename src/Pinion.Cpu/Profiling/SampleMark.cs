using System.Runtime.InteropServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Profiling;

/// <summary>A sample that emitted code has come by: what makes a record of it, together with the notes before it.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct SampleMark
{
    public const int Size = 64;

    public const int NotesEndOffset = 0;
    public const int FirstOffset = 8;
    public const int PcOffset = 16;
    public const int AheadOffset = 24;
    public const int ContextIdOffset = 32;

    /// <summary>Behind the last note before it; the next mark's notes begin there.</summary>
    [FieldOffset(NotesEndOffset)]
    public Note* NotesEnd;

    /// <summary>Where observing code took over: its record, virtual address, and how many instructions before the window that was.</summary>
    [FieldOffset(FirstOffset)]
    public Rec* First;

    [FieldOffset(PcOffset)]
    public ulong Pc;

    [FieldOffset(AheadOffset)]
    public long Ahead;

    /// <summary>CONTEXTIDR_EL1.</summary>
    [FieldOffset(ContextIdOffset)]
    public uint ContextId;
}
