using System.Runtime.CompilerServices;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Profiling;

/// <summary>Goes through what observing code executed, instruction by instruction, by the notes it left.</summary>
/// <param name="notes">The first note.</param>
/// <param name="end">Behind the last one.</param>
/// <param name="first">The first instruction executed.</param>
/// <param name="pc">Its virtual address.</param>
internal unsafe ref struct NoteReader(Note* notes, Note* end, Rec* first, ulong pc)
{
    private readonly Note* _end = end;
    private Note* _note = notes;
    private Rec* _record = first;
    private ulong _pc = pc;

    /// <summary>Passes over <paramref name="count"/> instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Skip(long count)
    {
        while (count > 0)
        {
            // Notes are in order, and between two of them code ran straight on.
            long plain = Math.Min(count, _note == _end ? count : _note->Record - _record);
            _record += plain;
            _pc += (ulong)plain * 4;
            count -= plain;
            if (count > 0)
            {
                Step(out _);
                count--;
            }
        }
    }

    /// <summary>Virtual address of the next instruction.</summary>
    public readonly ulong Pc => _pc;

    /// <summary>Goes behind the next instruction; answers its note about an access or a branch, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Note* Step(out Rec* record)
    {
        record = _record++;
        _pc += 4;
        return _note == _end || _note->Record != record ? null : Take(record);
    }

    /// <summary>Tells all that is known of the next instruction, as if it had gone on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Next(ref ObservedOperation operation)
    {
        Rec* r = _record;
        operation.Pc = _pc;
        operation.Word = r->Word;
        operation.Id = r->Id;
        operation.Size = 0;
        operation.Flags = ObservedFlags.None;
        if (_note != _end && _note->Record == r && _note->Kind == NoteKind.Condition && !Conditions.Holds(_note->Flags, Conditions.Mask(OperationTable.ConditionOf(r->Word))))
        {
            operation.Flags = ObservedFlags.ConditionFailed;
        }

        Note* note = Step(out _);
        operation.NextPc = _pc;
        if (note == null)
        {
            return;
        }

        operation.Flags |= note->Seen;
        if (note->Kind == NoteKind.Access && note->Seen != ObservedFlags.None)
        {
            operation.Size = note->Bytes;
            operation.Va = note->Va;
            operation.Pa = note->PaOfVa;
        }
    }

    /// <summary>The note about an instruction that was just passed; where it is a branch, goes to its target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Note* Take(Rec* record)
    {
        Note* note = _note++;
        if (note->Kind == NoteKind.Condition)
        {
            if (_note == _end || _note->Record != record)
            {
                return null;
            }

            note = _note++;
        }

        if (note->Kind == NoteKind.Jump)
        {
            // Without a page the code has left, and this is the last instruction.
            _pc = note->Va;
            _record = (Rec*)((byte*)note->Page + ((_pc & 0xFFC) << 3));
        }

        return note;
    }
}
