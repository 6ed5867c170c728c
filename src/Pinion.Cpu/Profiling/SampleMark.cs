using System.Runtime.InteropServices;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Jit;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// A sample that emitted code has come by: what makes a record of it, together with the notes before it. One whose operation is known before it is executed has no notes: where it stands and what is in its
/// registers tells all.
/// </summary>
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

    public const int OpOffset = 36;
    public const int OffsetOffset = 40;
    public const int BaseOffset = 48;
    public const int IndexOffset = 56;

    /// <summary>In place of <see cref="Offset"/>: there are notes.</summary>
    public const int Noted = -1;

    /// <summary>The selected operation, where there are no notes. An invalidation may have taken it from the record meanwhile.</summary>
    [FieldOffset(OpOffset)]
    public ushort Op;

    /// <summary>Without notes: offset of an instruction in its page, <see cref="Ahead"/> instructions before the selected one, which is <see cref="First"/>. <see cref="Pc"/> is the page's.</summary>
    [FieldOffset(OffsetOffset)]
    public int Offset;

    /// <summary>The registers of the selected operation that an address may be made of.</summary>
    [FieldOffset(BaseOffset)]
    public ulong Base;

    [FieldOffset(IndexOffset)]
    public ulong Index;

    /// <summary>There are no notes.</summary>
    public readonly bool IsForetold => Offset != Noted;

    /// <summary>Tells all that is known of the operation without notes, as if it had gone on.</summary>
    public readonly void Tell(int el, ref ObservedOperation operation)
    {
        Rec* r = First;
        operation.Pc = Pc + (ulong)Offset + ((ulong)Ahead * 4);
        operation.NextPc = operation.Pc + 4;
        operation.El = operation.NextEl = (byte)el;
        operation.ContextId = ContextId;
        operation.Word = r->Word;
        operation.Id = r->Id;
        operation.Size = 0;
        operation.Flags = ObservedFlags.None;
        MemoryForm form = MemoryForm.Of((Op)(Op & ~Rec.Alternate));
        if (form.Kind != MemoryKind.None)
        {
            operation.Size = (byte)form.Size;
            operation.Va = form.AddressOf(r, operation.Pc, Base, Index);
            operation.Flags = ObservedFlags.HasVa | ObservedFlags.HasPa | (form.IsStore ? ObservedFlags.Write : ObservedFlags.None);
        }
    }
}
