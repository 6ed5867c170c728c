using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Arm.A64;
using Pinion.Cpu.Decode;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>
/// Observing code: what runs up to a sample. Each instruction pays for itself, so that it stops at any, and can be entered at any; between two of them nothing is held in the host's flags or vector registers. Accesses
/// and branches leave a <see cref="Note"/>.
/// </content>
internal sealed unsafe partial class BlockCompiler
{
    /// <summary>Longest stretch. An invalidation looks back so far.</summary>
    public const int LongestObserved = 32;

    /// <summary>Longest short block.</summary>
    public const int LongestShort = 16;

    /// <summary>MSR CONTEXTIDR_EL1, without its register.</summary>
    private const uint MsrContextIdr = 0xD518_D020;

    /// <summary>Compiles observing code from record <paramref name="start"/> of <paramref name="page"/> on and answers the number of instructions; 0 where the first one has none.</summary>
    public int CompileObserved(Pe* s, Rec* page, int start, CodeMemory memory, out nint code)
    {
        Begin(page, start, CodeKind.Observing);
        FormObserved(s);
        code = 0;
        if (_length != 0)
        {
            EmitObserved(memory);
            code = memory.Commit(_x.Length);
        }

        return _length;
    }

    /// <summary>
    /// Compiles a short block: an ordinary one, but no longer than to the first branch, so that it comes close to the end of the budget. There observing code goes on. Answers the number of instructions; 0 where the
    /// first one is not decoded.
    /// </summary>
    public int CompileShort(Pe* s, Rec* page, int start, CodeMemory memory, out nint code)
    {
        Begin(page, start, CodeKind.Short);
        code = 0;
        Form(s, LongestShort);
        if (OpOf(At(0)) == Op.Decode)
        {
            return 0;
        }

        _sites = null;
        FindLoops();
        Emit(memory, 0);
        code = memory.Commit(PrefixBytes + _x.Length) + PrefixBytes;
        return _length;
    }

    /// <summary>Where the budget of a short block ends before it, and the instruction that is next then can be foretold: marks the sample, and goes on with full blocks. Changes RCX and RDX.</summary>
    private void Foretell()
    {
        uint foretold = Foretold();
        if (foretold != 0)
        {
            _x.Load(Rcx, NativeState.Budget);
            _x.Move(Rdx, foretold);
            _x.ShiftByCl(X64Shift.Shr, Rdx, false);
            _x.Test(Rdx, 1, false);
            _x.Bind(_x.Jump(X64Condition.NotEqual), owner.ForetellSample);
        }
    }

    /// <summary>
    /// Which instructions of a short block have nothing about them that its beginning does not tell, one bit each: they neither branch nor select, and address memory by registers that nothing before them in the block
    /// changes.
    /// </summary>
    private uint Foretold()
    {
        uint foretold = 0;
        ulong written = 0;
        for (int i = 0; i < _length; i++)
        {
            Rec* r = At(i);
            Op op = OpOf(r);
            MemoryForm form = MemoryForm.Of(op);
            OpKind kind = Threaded.KindOf(op);
            if (kind is OpKind.Branch or OpKind.Indirect)
            {
                break;
            }

            if (kind == OpKind.Memory ? IsNative(form, r) && (Addresses(form, r) & written) == 0 : IsNative(r) && !OperationTable.SelectsByCondition(r->Id))
            {
                foretold |= 1u << i;
            }

            // Of vector registers it counts the general one with the same number: that is safe. What the interpreter executes may write any.
            written |= !IsNative(r) || (kind == OpKind.Memory && form.Kind == MemoryKind.None) ? ~0UL : 1UL << r->Rd;
            written |= form.IsPair ? 1UL << r->Rm : 0;
            written |= form.Mode is MemoryMode.Pre or MemoryMode.Post ? 1UL << r->Rn : 0;
        }

        return foretold;
    }

    /// <summary>The registers that an address is made of, one bit each.</summary>
    private static ulong Addresses(MemoryForm form, Rec* r) => form.Mode switch
    {
        MemoryMode.Literal => 0,
        MemoryMode.Indexed or MemoryMode.Extended => 1UL << r->Rn | 1UL << r->Rm,
        _ => 1UL << r->Rn,
    };

    /// <summary>Offset of the code of an instruction of what was just compiled.</summary>
    public int LabelOf(int index) => _labels[index];

    private void FormObserved(Pe* s)
    {
        int* known = NativePage.Observed(_page) + _start;
        int most = Math.Min(LongestObserved, Rec.PerPage - _start);
        _length = 0;
        while (_length < most && (_length == 0 || known[_length] == 0 || known[_length] == owner.AskedOnce))
        {
            Rec* r = At(_length);
            if (OpOf(r) == Op.Decode && owner.DecodesAhead)
            {
                Decoder.Decode(s, r);
            }

            if (!CanObserve(r))
            {
                break;
            }

            _length++;
            if (Ends(r, Threaded.KindOf(OpOf(r))))
            {
                break;
            }
        }
    }

    /// <summary>CONTEXTIDR_EL1 is looked at when a stretch has ended, so nothing in it may change that.</summary>
    private static bool CanObserve(Rec* r) => OpOf(r) != Op.Decode && (r->Word & ~31u) != MsrContextIdr;

    private void EmitObserved(CodeMemory memory)
    {
        byte* buffer = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory.Free));
        _x = new X64Emitter(buffer, memory.Next);
        _forward.Clear();
        _later.Clear();
        _found.Clear();
        _guards.Clear();
        _slow.Clear();
        Array.Clear(_carried);
        Array.Fill(_isTarget, true);
        _loop = -1;
        ForgetVectors();
        bool open = true;
        for (_index = 0; _index < _length; _index++)
        {
            _labels[_index] = _x.Length;
            _flags = HostFlags.None;
            _flagsPending = false;
            _hostArithmetic = false;
            _x.Alu(X64Alu.Sub, NativeState.Budget, 1, true);
            _later.Add(new(LaterKind.BudgetEnd, _x.Jump(X64Condition.Sign), _index, 0, 0));
            open = EmitObserved(At(_index));
            ForgetVectors();
            DeferSlow();
            FlushFlags();
        }

        if (open)
        {
            FallOut();
        }

        EmitLater();
        EmitGuarded();
    }

    /// <summary>Emits one instruction; false where control never goes on to the next.</summary>
    private bool EmitObserved(Rec* r)
    {
        Op op = OpOf(r);
        OpKind kind = Threaded.KindOf(op);
        switch (kind)
        {
            case OpKind.Branch:
                if (op is Op.B or Op.Bl)
                {
                    if (op == Op.Bl)
                    {
                        Link();
                    }

                    JumpNoted(r);
                    return false;
                }

                X64Patch over = _x.Jump(Opposite(EmitCondition(op, r)));
                JumpNoted(r);
                _x.Bind(over);
                return true;
            case OpKind.Indirect:
                Load(Rax, r->Rn);
                if (op == Op.Blr)
                {
                    Link();
                }

                _x.Move(Rdx, (ulong)r);
                _x.Bind(_x.Jump(), owner.JumpNoted);
                return false;
        }

        if (OperationTable.SelectsByCondition(r->Id))
        {
            _x.LoadNarrow(Rax, NativeState.Flags, 2, signed: false, wide: false);
            _x.Load(Rdx, NativeState.NextNote);
            _x.Store(new X64Memory(Rdx, Note.FlagsOffset), Rax, wide: false);
            EndNote(r, Note.Facts(NoteKind.Condition, 0, ObservedFlags.None));
        }

        // Of the accesses only those have code here whose notes are as simple as they are themselves.
        bool native = kind != OpKind.Memory || MemoryForm.Of(op).Kind != MemoryKind.None;
        if (!native || s_emitters[(int)op] is not Emitter emit || !emit(this, op, r))
        {
            EmitStep(r);
        }

        return true;
    }

    /// <summary>Completes the note at RDX. Changes RAX.</summary>
    private void EndNote(Rec* r, int facts)
    {
        _x.Move(Rax, (ulong)r);
        _x.Store(new X64Memory(Rdx, Note.RecordOffset), Rax);
        _x.Store(new X64Memory(Rdx, Note.FactsOffset), facts, wide: false);
        _x.Alu(X64Alu.Add, NativeState.NextNote, Note.Size, true);
    }

    /// <summary>A direct branch, taken.</summary>
    private void JumpNoted(Rec* r)
    {
        long record = _start + _index + (r->Imm >> 2);
        _x.Load(Rax, NativeState.CodeVa);
        if ((r->Op & Rec.Alternate) != 0 || record is < 0 or >= Rec.PerPage)
        {
            AddConstant(Rax, ((_start + _index) * 4) + r->Imm);
            _x.Move(Rdx, (ulong)r);
            _x.Bind(_x.Jump(), owner.JumpNoted);
            return;
        }

        var offset = (int)record * 4;
        _x.Load(Rdx, NativeState.NextNote);
        _x.Alu(X64Alu.Add, Rax, offset, true);
        _x.Store(new X64Memory(Rdx, 0), Rax);
        EndNote(r, Note.Facts(NoteKind.Jump, 0, ObservedFlags.Taken));
        _x.Lea(Rax, new X64Memory(Rax, -(_start + _index) * Rec.Size));
        _x.Store(new X64Memory(Rdx, Note.PaOffset), Rax);
        _x.LoadNarrow(Rdx, new X64Memory(Rax, NativePage.ObservedOffset + offset), 4, signed: true, wide: true);
        JumpToObserved(offset);
    }

    /// <summary>Jumps to the observing code that RDX tells, or leaves before the instruction at <paramref name="offset"/> of the page.</summary>
    private void JumpToObserved(int offset)
    {
        _x.Move(Rcx, (ulong)offset);
        _x.Lea(Rax, new X64Memory(owner.NotObserved));
        _x.Alu(X64Alu.Add, Rdx, Rax, true);
        _x.Jump(Rdx);
    }

    private void FallOut(int record, int* slots)
    {
        if (record == Rec.PerPage)
        {
            // Seldom enough: the dispatcher finds the page behind.
            _x.Move(Rax, PageSize);
            _x.Bind(_x.Jump(), owner.ExitAt);
            return;
        }

        _x.Move(Rax, (ulong)(slots + record));
        _x.LoadNarrow(Rdx, new X64Memory(Rax, 0), 4, signed: true, wide: true);
        JumpToObserved(record * 4);
    }

    /// <summary>As <see cref="Resolve"/>, by the soft TLB's entry, and noted.</summary>
    private void ResolveNoted(bool write, int size, bool user)
    {
        FindEntry(write, size, user);
        _x.Load(Rdx, NativeState.NextNote);
        _x.Store(new X64Memory(Rdx, 0), Rax);
        _x.Load(Rax, new X64Memory(Rcx, TlbEntry.PhysicalOffset));
        _x.Store(new X64Memory(Rdx, Note.PaOffset), Rax);
        ObservedFlags seen = ObservedFlags.HasVa | ObservedFlags.HasPa | (write ? ObservedFlags.Write : ObservedFlags.None);
        EndNote(At(_index), Note.Facts(NoteKind.Access, size, seen));
        _x.Load(Rax, new X64Memory(Rdx, 0));
        _x.Load(Rcx, new X64Memory(Rcx, 16));
    }
}
