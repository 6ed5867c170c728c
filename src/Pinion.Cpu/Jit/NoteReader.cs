using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

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
    public void Skip(long count)
    {
        while (count != 0)
        {
            // Notes are in order, and between two of them code ran straight on.
            long plain = _note == _end ? count : _note->Record - _record;
            if (plain >= count)
            {
                _record += count;
                _pc += (ulong)count * 4;
                return;
            }

            count -= plain + 1;
            _pc += (ulong)plain * 4;
            _record += plain;
            SkipConditions();
            if (_note != _end && _note->Record == _record)
            {
                Note* note = _note++;
                if (note->Kind == NoteKind.Jump)
                {
                    GoTo(note);
                    continue;
                }
            }

            _pc += 4;
            _record++;
        }
    }

    /// <summary>Tells all that is known of the next instruction, as if it had gone on.</summary>
    public void Next(ref ObservedOperation operation)
    {
        Rec* r = _record;
        operation.Pc = _pc;
        operation.NextPc = _pc + 4;
        operation.Word = r->Word;
        operation.Id = r->Id;
        operation.Size = 0;
        operation.Flags = ObservedFlags.None;
        _record++;
        _pc += 4;
        if (_note == _end || _note->Record != r)
        {
            return;
        }

        Note* note = _note++;
        if (note->Kind == NoteKind.Condition)
        {
            operation.Flags = Conditions.Holds(note->Flags, Conditions.Mask(OperationTable.ConditionOf(r->Word))) ? ObservedFlags.None : ObservedFlags.ConditionFailed;
            if (_note == _end || _note->Record != r)
            {
                return;
            }

            note = _note++;
        }

        operation.Flags |= note->Seen;
        if (note->Kind == NoteKind.Jump)
        {
            GoTo(note);
            operation.NextPc = _pc;
            return;
        }

        operation.Size = note->Seen == ObservedFlags.None ? (byte)0 : note->Bytes;
        operation.Va = note->Va;
        operation.Pa = (note->Pa & ~0xFFFUL) | (note->Va & 0xFFF);
    }

    private void SkipConditions()
    {
        if (_note->Kind == NoteKind.Condition)
        {
            _note++;
        }
    }

    private void GoTo(Note* note)
    {
        // Without a page the code has left, and this is the last instruction.
        _pc = note->Va;
        _record = (Rec*)((byte*)note->Page + ((_pc & 0xFFC) << 3));
    }
}
