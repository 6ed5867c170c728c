using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>One instruction, and branches.</content>
internal sealed unsafe partial class BlockCompiler
{
    /// <summary>Emits one instruction; false where control never goes on to the next.</summary>
    private bool EmitInstruction(Rec* r)
    {
        Op op = OpOf(r);
        if (op == Op.Decode)
        {
            // What was never executed is not decoded ahead: a guest that patches it before the first time would get what stood there.
            FlushFlags();
            GiveBack(Rest + 1);
            JumpOut(_start + _index);
            return false;
        }

        switch (Threaded.KindOf(op))
        {
            case OpKind.Branch:
                return EmitBranch(op, r);
            case OpKind.Indirect:
                FlushFlags();
                GiveBack(Rest);
                Load(Rax, r->Rn);
                if (op == Op.Blr)
                {
                    Link();
                }

                JumpToAddress();
                return false;
            default:
                if (s_emitters[(int)op] is not Emitter emit || !emit(this, op, r))
                {
                    EmitStep(r);
                }
                else if (!s_keepsVectors[(int)op])
                {
                    ForgetVectors();
                }

                // What ends a block here mostly leaves, but for all that is known it may go on.
                return true;
        }
    }

    /// <summary>Whether an instruction has code of its own.</summary>
    private static bool IsNative(Rec* r)
    {
        Op op = OpOf(r);
        return Threaded.KindOf(op) switch
        {
            OpKind.Branch or OpKind.Indirect => true,
            _ => s_emitters[(int)op] is not null,
        };
    }

    private bool EmitBranch(Op op, Rec* r)
    {
        FlushFlags();
        if (op is Op.B or Op.Bl)
        {
            if (op == Op.Bl)
            {
                Link();
            }

            Go(r);
            return false;
        }

        X64Patch jump = _x.Jump(EmitCondition(op, r));
        if (TryInside(r, _index, out int target) && target < _length)
        {
            if (target <= _index)
            {
                _later.Add(new(LaterKind.Back, jump, _index, 0, target, HeldVectors()));
            }
            else if (target == _index + 1)
            {
                _forward.Add((jump, target));
            }
            else
            {
                _later.Add(new(LaterKind.Forward, jump, _index, 0, target));
            }
        }
        else
        {
            _later.Add(Away(jump, r));
        }

        return true;
    }

    /// <summary>Tests what a conditional branch does; answers the host's condition under which it is taken. NZCV is in memory.</summary>
    private X64Condition EmitCondition(Op op, Rec* r)
    {
        switch (op)
        {
            case Op.CbzX or Op.CbzW or Op.CbnzX or Op.CbnzW:
                bool wide = op is Op.CbzX or Op.CbnzX;
                if (NativeState.IsPinned(r->Rd, out X64Register host))
                {
                    _x.Test(host, host, wide);
                }
                else
                {
                    _x.Alu(X64Alu.Cmp, NativeState.Slot(r->Rd), 0, wide);
                }

                _flags = HostFlags.None;
                return op is Op.CbzX or Op.CbzW ? X64Condition.Equal : X64Condition.NotEqual;
            case Op.Tbz or Op.Tbnz:
                _x.TestBit(Read(r->Rd, Rax), (int)r->Aux, true);
                _flags = HostFlags.None;
                return op == Op.Tbnz ? X64Condition.Below : X64Condition.AboveOrEqual;
            default:
                NeedFlags();
                return ConditionOf(r->Word & 15);
        }
    }

    /// <summary>An unconditional branch.</summary>
    private void Go(Rec* r)
    {
        if (TryInside(r, _index, out int target) && target < _length)
        {
            if (target > _index)
            {
                GiveBack(target - _index - 1);
                _forward.Add((_x.Jump(), target));
                return;
            }

            Carry(target, _held);
            _x.Alu(X64Alu.Sub, NativeState.Budget, _index + 1 - target, true);
            _x.Bind(_x.Jump(X64Condition.NotSign), _labels[target]);
            _later.Add(new(LaterKind.BudgetEnd, _x.Jump(), target, 0, 0));
            return;
        }

        GiveBack(Rest);
        Later away = Away(default, r);
        if (away.Kind == LaterKind.Slot)
        {
            JumpOut((int)away.Target);
        }
        else
        {
            JumpFar(_index, r->Imm);
        }
    }

    private Later Away(X64Patch jump, Rec* r)
    {
        long record = _start + _index + (r->Imm >> 2);
        return (r->Op & Rec.Alternate) == 0 && record is >= 0 and < Rec.PerPage
            ? new(LaterKind.Slot, jump, _index, 0, record)
            : new(LaterKind.Far, jump, _index, 0, r->Imm);
    }

    /// <summary>X30 = address of the next instruction. RAX stays.</summary>
    private void Link()
    {
        _x.Load(Rcx, NativeState.CodeVa);
        _x.Lea(Rcx, new X64Memory(Rcx, (_start + _index + 1) * 4));
        Write(30, Rcx);
    }
}
