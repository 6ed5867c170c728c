using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Cpu.Decode;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <summary>
/// Compiles a stretch of a page, from one instruction on to where it cannot run straight on, to machine code. Branches within the stretch become jumps within the code, so a small loop with all its ifs is one piece.
/// What has no code of its own is executed by the interpreter, one instruction at a time, and so is every access that the soft TLB does not know.
/// </summary>
/// <remarks>
/// The whole stretch is paid for when it is entered; whoever leaves it early gets the rest back. NZCV stays in the host's flags as long as it can, and goes to memory before something can leave or a label: at every
/// instruction that may take an exception the flags are exact.
/// </remarks>
internal sealed unsafe partial class BlockCompiler(NativeCode owner)
{
    /// <summary>Before a block's code stands how long it is.</summary>
    public const int PrefixBytes = 16;

    private readonly int[] _labels = new int[NativePage.LongestBlock + 1];
    private readonly bool[] _isTarget = new bool[NativePage.LongestBlock + 1];

    /// <summary>Instructions behind calls, which the callee returns to: each has an entry of its own, so that it need not be compiled again.</summary>
    private readonly List<(int Index, int At)> _entries = [];
    private readonly List<(X64Patch Jump, int Index)> _forward = [];
    private readonly List<Later> _later = [];

    /// <summary>Jumps of the instruction being compiled to where the interpreter executes it.</summary>
    private readonly List<X64Patch> _slow = [];

    /// <summary>Jumps to where the interpreter executes everything from an instruction to the next label.</summary>
    private readonly List<(X64Patch Jump, int Index)> _guards = [];

    private X64Emitter _x;
    private byte* _sites;
    private CodeKind _kind;
    private Rec* _page;
    private int _start;
    private int _length;

    /// <summary>The instruction being compiled, counted from the first of the block.</summary>
    private int _index;

    private HostFlags _flags;
    private bool _flagsPending;

    /// <summary>Where the code came here, FPCR asks for the host's arithmetic.</summary>
    private bool _hostArithmetic;

    /// <summary>What the host's flags mean.</summary>
    private enum HostFlags
    {
        /// <summary>Nothing; NZCV is in memory.</summary>
        None,

        /// <summary>NZCV, the carry as Arm has it.</summary>
        Arm,

        /// <summary>NZCV, the carry inverted: a subtraction of the host's borrows where Arm's does not carry.</summary>
        Borrow,

        /// <summary>Numbers were compared: less is carry, equal is zero, unordered both and parity.</summary>
        Compare,

        /// <summary>As <see cref="Compare"/>, the operands exchanged.</summary>
        CompareExchanged,
    }

    /// <summary>What is being compiled.</summary>
    private enum CodeKind
    {
        Block,

        /// <summary>Loads and stores have sites.</summary>
        Region,

        /// <summary>A block up to the first branch.</summary>
        Short,

        /// <summary>Each instruction pays for itself, and is noted.</summary>
        Observing,
    }

    private enum LaterKind
    {
        /// <summary>The interpreter executes the instruction, then the code goes on at <see cref="Later.Back"/>.</summary>
        Step,

        /// <summary>One more jump to the <see cref="Step"/> before it.</summary>
        SameStep,

        /// <summary>A branch out of the block, within the page.</summary>
        Slot,

        /// <summary>A branch to another page.</summary>
        Far,

        /// <summary>The budget is used up before an instruction.</summary>
        BudgetEnd,

        /// <summary>A branch back within the block.</summary>
        Back,

        /// <summary>A branch forward within the block: what it leaps over is given back.</summary>
        Forward,

        /// <summary>The sites are of another generation.</summary>
        Forget,

        /// <summary>A site does not know the page; the soft TLB may, and if not the interpreter executes the instruction.</summary>
        Find,
    }

    /// <summary>Code that stands behind the block, because it is seldom executed.</summary>
    private readonly record struct Later(LaterKind Kind, X64Patch From, int Index, int Back, long Target, HeldVector[]? Held = null);

    /// <summary>Compiles from record <paramref name="start"/> of <paramref name="page"/> on, which is the page being executed; answers the number of instructions, 0 where it is not worth it.</summary>
    /// <param name="s">The PE.</param>
    /// <param name="page">The page being executed.</param>
    /// <param name="start">Index of the first instruction.</param>
    /// <param name="region">Much time is spent here: loads and stores get sites.</param>
    /// <param name="memory">Where the code goes.</param>
    /// <param name="code">Its address.</param>
    public int Compile(Pe* s, Rec* page, int start, bool region, CodeMemory memory, out nint code)
    {
        Begin(page, start, region ? CodeKind.Region : CodeKind.Block);
        code = 0;
        if (!Form(s, NativePage.LongestBlock))
        {
            return 0;
        }

        int sites = region ? CountSites() : 0;
        _sites = sites == 0 ? null : memory.AllocateData(SiteHeader.Size + (sites * Site.Size));
        FindLoops();
        Emit(memory, sites);
        if (_hasCarried)
        {
            Emit(memory, sites);
        }

        code = memory.Commit(PrefixBytes + _x.Length) + PrefixBytes;
        return _length;
    }

    private void Begin(Rec* page, int start, CodeKind kind)
    {
        _page = page;
        _start = start;
        _kind = kind;
    }

    /// <summary>Entries of the block just compiled, beside its beginning: index from there, and offset of the code.</summary>
    public IReadOnlyList<(int Index, int At)> Entries => _entries;

    private void Emit(CodeMemory memory, int sites)
    {
        byte* buffer = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory.Free));
        _x = new X64Emitter(buffer + PrefixBytes, memory.Next + PrefixBytes);
        _forward.Clear();
        _later.Clear();
        _found.Clear();
        _guards.Clear();
        _flags = HostFlags.None;
        _flagsPending = false;
        _hostArithmetic = false;
        _hasCarried = false;
        _loop = -1;
        ForgetVectors();

        Enter(0, sites);
        bool open = true;
        for (_index = 0; _index < _length; _index++)
        {
            if (_isTarget[_index])
            {
                FlushFlags();
                _flags = HostFlags.None;
                _hostArithmetic = false;
                BeginLabel();
            }

            _labels[_index] = _x.Length;
            int found = _found.Count;
            open = EmitInstruction(At(_index));
            DeferSlow();
            for (; found < _found.Count; found++)
            {
                _later.Add(new(LaterKind.Find, _found[found].Miss, _index, _x.Length, found, HeldVectors()));
            }

            EndLoop();
        }

        if (open)
        {
            FlushFlags();
            FallOut();
        }

        EmitEntries(sites);
        EmitLater();
        EmitGuarded();
        foreach ((X64Patch jump, int index) in _forward)
        {
            _x.Bind(jump, _labels[index]);
        }

        *(int*)buffer = _x.Length;
    }

    /// <summary>Behind an instruction: where it may be left to the interpreter.</summary>
    private void DeferSlow()
    {
        for (int i = 0; i < _slow.Count; i++)
        {
            _later.Add(i == 0 ? new(LaterKind.Step, _slow[i], _index, _x.Length, 0, HeldVectors()) : new(LaterKind.SameStep, _slow[i], _index, 0, 0));
        }

        _slow.Clear();
    }

    /// <summary>Pays for the block from an instruction on, and looks whether its sites still hold.</summary>
    private void Enter(int index, int sites)
    {
        _x.Alu(X64Alu.Sub, NativeState.Budget, _length - index, true);
        _later.Add(new(LaterKind.BudgetEnd, _x.Jump(X64Condition.Sign), index, 0, 0));
        if (sites != 0)
        {
            _x.Load(Rax, NativeState.DataGeneration);
            _x.Alu(X64Alu.Cmp, Rax, new X64Memory((nint)_sites), true);
            X64Patch stale = _x.Jump(X64Condition.NotEqual);
            _later.Add(new(LaterKind.Forget, stale, 0, _x.Length, sites));
        }
    }

    private void EmitEntries(int sites)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            int index = _entries[i].Index;
            _entries[i] = (index, _x.Length);
            Enter(index, sites);
            _x.Bind(_x.Jump(), _labels[index]);
        }
    }

    private Rec* At(int index) => _page + _start + index;

    private static Op OpOf(Rec* r) => (Op)(r->Op & ~Rec.Alternate);

    // ---- forming ----

    /// <summary>Finds how far the block reaches and which instructions in it are branched to.</summary>
    private bool Form(Pe* s, int longest)
    {
        int most = Math.Min(longest, Rec.PerPage - _start);
        int furthest = 0;
        int native = 0;
        int decoded = 0;
        Array.Clear(_isTarget);
        _entries.Clear();
        for (_length = 0; _length < most;)
        {
            Rec* r = At(_length);
            if (OpOf(r) == Op.Decode && owner.DecodesAhead)
            {
                Decoder.Decode(s, r);
            }

            int index = _length++;
            OpKind kind = Threaded.KindOf(OpOf(r));
            native += IsNative(r) ? 1 : 0;
            decoded += OpOf(r) == Op.Decode ? 0 : 1;
            if (kind == OpKind.Branch && TryInside(r, index, out int target))
            {
                furthest = Math.Max(furthest, target);
            }

            // Behind an instruction that never goes on to the next the block continues only where something in it leads there.
            if ((_kind == CodeKind.Short && kind == OpKind.Branch) || (Ends(r, kind) && furthest < _length))
            {
                break;
            }
        }

        for (int index = 0; index < _length; index++)
        {
            if (IsBranchInside(index, out int target))
            {
                _isTarget[target] = true;
            }

            int behind = index + 1;
            if (_kind != CodeKind.Short && OpOf(At(index)) is Op.Bl or Op.Blr && behind < _length && OpOf(At(behind)) != Op.Decode)
            {
                _isTarget[behind] = true;
                _entries.Add((behind, 0));
            }
        }

        // A call of the interpreter costs more than its own dispatch.
        return OpOf(At(0)) != Op.Decode && native * 2 >= decoded;
    }

    /// <summary>Index of a branch's target from the beginning of the block, where that is not before it and within reach.</summary>
    private bool TryInside(Rec* r, int index, out int target)
    {
        long found = index + (r->Imm >> 2);
        target = (int)Math.Clamp(found, -1, NativePage.LongestBlock);
        return (r->Op & Rec.Alternate) == 0 && found >= 0 && found < Math.Min(NativePage.LongestBlock, Rec.PerPage - _start);
    }

    /// <summary>Whether an instruction never goes on to the next.</summary>
    private static bool Ends(Rec* r, OpKind kind) =>
        kind == OpKind.Indirect || OpOf(r) is Op.Decode or Op.B or Op.Bl or Op.Undefined or Op.Svc or Op.Hvc or Op.Smc or Op.Brk or Op.Eret or Op.Wfi;

    // ---- flags ----

    /// <summary>Writes NZCV to memory, where the host's flags hold one that memory does not and that somebody may want. The host's flags stay.</summary>
    private void FlushFlags()
    {
        if (!_flagsPending)
        {
            return;
        }

        _flagsPending = false;
        if (_flags is HostFlags.Compare or HostFlags.CompareExchanged)
        {
            _x.FlagsToAh();
            _x.AhToRax();
            _x.LoadNarrow(Rax, NativeState.CompareFlags(_flags == HostFlags.CompareExchanged), 2, signed: false, wide: false);
            _x.StoreNarrow(NativeState.Flags, Rax, 2);
            return;
        }

        if (_flags == HostFlags.Borrow)
        {
            _x.ComplementCarry();
            _flags = HostFlags.Arm;
        }

        _x.FlagsToAh();
        _x.Set(X64Condition.Overflow, Rax);
        _x.StoreNarrow(NativeState.Flags, Rax, 2);
    }

    /// <summary>Before code that changes the host's flags.</summary>
    private void LoseFlags()
    {
        FlushFlags();
        _flags = HostFlags.None;
    }

    /// <summary>The instruction has set the host's flags; what was there before is gone for good.</summary>
    private void SetFlags(HostFlags flags)
    {
        _flags = flags;
        _flagsPending = true;
    }

    /// <summary>Has NZCV in the host's flags; changes RAX.</summary>
    private void NeedFlags()
    {
        if (_flags == HostFlags.None)
        {
            // 127 and the overflow bit overflow where it is set.
            _x.LoadNarrow(Rax, NativeState.Flags, 2, signed: false, wide: false);
            _x.AddAl(0x7F);
            _x.FlagsFromAh();
            _flags = HostFlags.Arm;
        }
    }

    /// <summary>Has the carry in the host's carry flag.</summary>
    private void NeedCarry(HostFlags as_)
    {
        if (_flags is HostFlags.Compare or HostFlags.CompareExchanged)
        {
            LoseFlags();
        }

        NeedFlags();
        if (_flags != as_)
        {
            _x.ComplementCarry();
            _flags = as_;
        }
    }

    /// <summary>The host's condition that holds where Arm's <paramref name="condition"/> (0 to 13) does. NZCV must be in the host's flags.</summary>
    private X64Condition ConditionOf(uint condition)
    {
        if (_flags is HostFlags.Compare or HostFlags.CompareExchanged)
        {
            return ConditionOfCompare(condition);
        }

        if (condition >> 1 == 4 && _flags == HostFlags.Arm)
        {
            // HI and LS have a counterpart only where the carry is inverted.
            _x.ComplementCarry();
            _flags = HostFlags.Borrow;
        }

        bool borrow = _flags == HostFlags.Borrow;
        return condition switch
        {
            0 => X64Condition.Equal,
            1 => X64Condition.NotEqual,
            2 => borrow ? X64Condition.AboveOrEqual : X64Condition.Below,
            3 => borrow ? X64Condition.Below : X64Condition.AboveOrEqual,
            4 => X64Condition.Sign,
            5 => X64Condition.NotSign,
            6 => X64Condition.Overflow,
            7 => X64Condition.NotOverflow,
            8 => X64Condition.Above,
            9 => X64Condition.BelowOrEqual,
            10 => X64Condition.GreaterOrEqual,
            11 => X64Condition.Less,
            12 => X64Condition.Greater,
            _ => X64Condition.LessOrEqual,
        };
    }

    private static X64Condition Opposite(X64Condition condition) => (X64Condition)((int)condition ^ 1);

    // ---- registers ----

    /// <summary>A host register with guest register <paramref name="register"/>: its own, or <paramref name="scratch"/>, which is loaded then.</summary>
    private X64Register Read(int register, X64Register scratch, bool wide = true)
    {
        if (NativeState.IsPinned(register, out X64Register host))
        {
            return host;
        }

        Load(scratch, register, wide);
        return scratch;
    }

    /// <summary>Copies a guest register to <paramref name="to"/>. The host's flags stay.</summary>
    private void Load(X64Register to, int register, bool wide = true)
    {
        if (NativeState.IsPinned(register, out X64Register host))
        {
            if (host != to || !wide)
            {
                _x.Move(to, host, wide);
            }
        }
        else if (register == Pe.Zero)
        {
            _x.Move(to, 0ul);
        }
        else
        {
            _x.Load(to, NativeState.Slot(register), wide);
        }
    }

    /// <summary>Where a result for guest register <paramref name="register"/> is best computed.</summary>
    private static X64Register Target(int register, X64Register scratch = Rax) => NativeState.IsPinned(register, out X64Register host) ? host : scratch;

    /// <summary>The result for a guest register is in <paramref name="from"/>.</summary>
    private void Write(int register, X64Register from)
    {
        if (NativeState.IsPinned(register, out X64Register host))
        {
            if (host != from)
            {
                _x.Move(host, from);
            }
        }
        else if (register != Pe.Discard)
        {
            _x.Store(NativeState.Slot(register), from);
        }
    }

    // ---- leaving ----

    /// <summary>Instructions of the block behind the one being compiled: what is given back when it leaves.</summary>
    private int Rest => _length - _index - 1;

    /// <summary>Goes on behind the stretch. NZCV is in memory.</summary>
    private void FallOut()
    {
        int record = _start + _length;
        if (_kind == CodeKind.Observing || (_kind == CodeKind.Short && record < Rec.PerPage))
        {
            // No block need begin here, so a short one goes on by another until there is a branch.
            FallOut(record, _kind == CodeKind.Observing ? NativePage.Observed(_page) : NativePage.Short(_page));
        }
        else
        {
            JumpOut(record);
        }
    }

    /// <summary>Jumps to the instruction of record <paramref name="record"/> of the page, or to the page behind it. NZCV is in memory.</summary>
    private void JumpOut(int record)
    {
        if (record < Rec.PerPage)
        {
            _x.Move(Rax, (ulong)(NativePage.Slots(_page) + record));
            _x.Jump(new X64Memory(Rax, 0));
        }
        else
        {
            _x.Load(Rax, NativeState.CodeVa);
            _x.Alu(X64Alu.Add, Rax, 4096, true);
            JumpToAddress();
        }
    }

    /// <summary>Jumps to the instruction at the virtual address in RAX, by way of the instruction TLB. NZCV is in memory.</summary>
    private void JumpToAddress()
    {
        owner.FindPage(ref _x);
        _x.Lea(Rax, new X64Memory(Rcx, Rax, 1, NativePage.SlotsOffset));
        _x.Shift(X64Shift.Shr, Rcx, 3, true);
        _x.Alu(X64Alu.Sub, Rdx, Rcx, true);
        _x.Store(NativeState.CodeBias, Rdx);
        _x.Jump(new X64Memory(Rax, 0));
    }

    /// <summary>
    /// Has the interpreter execute the instruction being compiled where the host's <paramref name="condition"/> holds. NZCV must be in memory, and nothing of the guest's state changed yet.
    /// </summary>
    private void SlowIf(X64Condition condition) => _slow.Add(_x.Jump(condition));

    /// <summary>Has the interpreter execute the instruction in place of code.</summary>
    private void EmitStep(Rec* r)
    {
        LoseFlags();
        CallStep(r, Rest);
        ForgetVectors();
        _hostArithmetic = false;
    }

    private void CallStep(Rec* r, int rest)
    {
        // Observing code has paid for nothing more than the instruction.
        _x.Move(Rdx, (ulong)r);
        _x.Move(Rcx, _kind == CodeKind.Observing ? 0 : (ulong)rest);
        _x.Bind(_x.Call(), _kind == CodeKind.Observing ? owner.StepObserved : owner.Step);
    }

    private void EmitLater()
    {
        int step = 0;
        for (int i = 0; i < _later.Count; i++)
        {
            Later later = _later[i];
            _x.Bind(later.From);
            switch (later.Kind)
            {
                case LaterKind.Step:
                    step = _x.Length;
                    CallStep(At(later.Index), _length - later.Index - 1);
                    LoadHeld(later.Held);
                    _x.Bind(_x.Jump(), later.Back);
                    break;
                case LaterKind.SameStep:
                    _x.Bind(later.From, step);
                    break;
                case LaterKind.Forget:
                    _x.Lea(Rdx, new X64Memory((nint)_sites));
                    _x.Move(Rcx, (ulong)later.Target);
                    _x.Bind(_x.Call(), owner.ForgetSites);
                    _x.Bind(_x.Jump(), later.Back);
                    break;
                case LaterKind.Find:
                    EmitFind(later);
                    break;
                case LaterKind.BudgetEnd:
                    GiveBack(_kind == CodeKind.Observing ? 1 : _length - later.Index);
                    EndBudget(later.Index);
                    break;
                case LaterKind.Back:
                    Carry((int)later.Target, later.Held);
                    _x.Alu(X64Alu.Sub, NativeState.Budget, later.Index + 1 - (int)later.Target, true);
                    X64Patch go = _x.Jump(X64Condition.NotSign);
                    _x.Bind(go, _labels[(int)later.Target]);
                    GiveBack(_length - (int)later.Target);
                    EndBudget((int)later.Target);
                    break;
                case LaterKind.Forward:
                    GiveBack((int)later.Target - later.Index - 1);
                    _forward.Add((_x.Jump(), (int)later.Target));
                    break;
                case LaterKind.Slot:
                    GiveBack(_length - later.Index - 1);
                    JumpOut((int)later.Target);
                    break;
                case LaterKind.Far:
                    GiveBack(_length - later.Index - 1);
                    JumpFar(later.Index, later.Target);
                    break;
            }
        }
    }

    /// <summary>There is not enough left of the budget to go on at an instruction.</summary>
    private void EndBudget(int index)
    {
        _x.Move(Rax, (ulong)((_start + index) * 4));
        if (_kind == CodeKind.Short && index == 0)
        {
            Foretell();
        }

        _x.Bind(_x.Jump(), _kind switch
        {
            CodeKind.Observing => owner.EndObserved,
            CodeKind.Short => owner.Observe,
            _ => owner.Elsewhere,
        });
    }

    private void GiveBack(int instructions)
    {
        if (instructions != 0)
        {
            _x.Alu(X64Alu.Add, NativeState.Budget, instructions, true);
        }
    }

    private void JumpFar(int index, long distance)
    {
        _x.Load(Rax, NativeState.CodeVa);
        AddConstant(Rax, ((_start + index) * 4) + distance);
        JumpToAddress();
    }

    /// <summary>Adds a constant of any size; changes RCX where it is large, and flags.</summary>
    private void AddConstant(X64Register to, long value)
    {
        if (value == (int)value)
        {
            _x.Alu(X64Alu.Add, to, (int)value, true);
        }
        else
        {
            _x.Move(Rcx, (ulong)value);
            _x.Alu(X64Alu.Add, to, Rcx, true);
        }
    }
}
