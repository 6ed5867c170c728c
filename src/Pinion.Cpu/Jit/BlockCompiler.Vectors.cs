using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <content>
/// Vector registers. They live in memory, and every result is stored at once; but the last few results also stay in registers of the host, so that what continues with one need not wait for it to come back. Forgetting
/// them takes nothing, therefore, and is what happens at labels, after the interpreter, and after code that does not keep to this.
/// </content>
internal sealed unsafe partial class BlockCompiler
{
    /// <summary>From here on the host's vector registers hold guest registers; those below are scratch.</summary>
    public const int FirstHeld = 4;

    /// <summary>The first of them hold what a loop carries from one turn to the next, the others the last results.</summary>
    private const int MostCarried = 4;

    public const int MostHeld = 12;

    private readonly HeldVector[] _held = new HeldVector[MostHeld];

    private int _nextHeld;

    /// <summary>
    /// A guest register in one of the host's: the lowest bytes of it, and zero above them. Where it is whole, the guest's has zero there as well.
    /// </summary>
    private readonly record struct HeldVector(int Register, int Bytes, bool IsWhole)
    {
        public static HeldVector None { get; } = new(-1, 0, false);

        /// <summary>Whether this has the lowest <paramref name="bytes"/> of a guest register.</summary>
        public bool Has(int register, int bytes) => Register == register && (IsWhole || Bytes >= bytes);
    }

    private void ForgetVectors() => Array.Fill(_held, HeldVector.None);

    /// <summary>A guest register has been written.</summary>
    private void ForgetVector(int register)
    {
        for (int i = 0; i < MostHeld; i++)
        {
            if (_held[i].Register == register)
            {
                _held[i] = HeldVector.None;
            }
        }
    }

    private bool IsHeld(int register, int bytes) => IsHeld(register, bytes, out _, out _);

    /// <summary>Whether a register of the host has the lowest <paramref name="bytes"/> of a guest register; only the lowest <paramref name="known"/> of its own may be other than zero then.</summary>
    private bool IsHeld(int register, int bytes, out int host, out int known)
    {
        NoteRead(register, bytes);
        int found = Find(_held, register, bytes);
        host = FirstHeld + found;
        known = found >= 0 ? _held[found].Bytes : 0;
        return found >= 0;
    }

    private static int Find(ReadOnlySpan<HeldVector> held, int register, int bytes)
    {
        int found = held.Length - 1;
        while (found >= 0 && !held[found].Has(register, bytes))
        {
            found--;
        }

        return found;
    }

    /// <summary>What is held here; null where nothing is.</summary>
    private HeldVector[]? HeldVectors() => Array.TrueForAll(_held, static held => held.Register < 0) ? null : [.. _held];

    /// <summary>After the interpreter: the held registers again.</summary>
    private void LoadHeld(HeldVector[]? held)
    {
        for (int i = 0; i < held?.Length; i++)
        {
            if (held[i].Register >= 0)
            {
                LoadFromMemory(FirstHeld + i, held[i].Register, held[i].IsWhole ? 16 : held[i].Bytes);
            }
        }
    }

    /// <summary>A host register for a result. What it held is forgotten: operands are looked up afterwards.</summary>
    private int FreshVector()
    {
        int next = MostCarried + _nextHeld;
        _nextHeld = (_nextHeld + 1) % (MostHeld - MostCarried);
        _held[next] = HeldVector.None;
        return FirstHeld + next;
    }

    /// <summary>A host register for a result, and in <paramref name="first"/> one with the lowest bytes of a guest register, with zero above them: the one that holds it, or that of the result.</summary>
    private int FreshVector(int register, int bytes, out int first)
    {
        bool held = IsHeld(register, bytes, out first, out int known) && known <= bytes;
        int to = FreshVector();
        if (!held)
        {
            LoadVectorPart(to, register, bytes);
            first = to;
        }

        return to;
    }

    /// <summary>The lowest bytes of a guest register, with zero above them, where a result is computed.</summary>
    private int TakeVector(int register, int bytes)
    {
        int to = FreshVector();
        LoadVectorPart(to, register, bytes);
        return to;
    }

    /// <summary>As <see cref="TakeVector"/>, to a given register.</summary>
    private void LoadVectorPart(int to, int register, int bytes)
    {
        if (!IsHeld(register, bytes, out int host, out int known))
        {
            LoadFromMemory(to, register, bytes);
        }
        else if (known <= bytes)
        {
            _x.Vector(0, 0x28, to, host);
        }
        else
        {
            ClearAbove(to, host, bytes);
        }
    }

    private void LoadFromMemory(int to, int register, int bytes)
    {
        if (bytes == 16)
        {
            LoadWhole(to, register);
        }
        else
        {
            _x.Vector(PrefixOfMove(bytes), 0x10, to, NativeState.Vector(register));
        }
    }

    /// <summary>The lowest 4 or 8 bytes of a host register, with zero above them; all 16 are there already.</summary>
    private void ClearAbove(int to, int from, int bytes)
    {
        switch (bytes)
        {
            case 4:
                // insertps: element 0 to element 0, and zero to the others.
                _x.Vector3A(0x66, 0x21, to, from, 0x0E);
                break;
            case 8:
                _x.Vector(0xF3, 0x7E, to, from);
                break;
        }
    }

    /// <summary>An instruction whose second operand are the lowest <paramref name="bytes"/> of a guest register; what is above them does not count.</summary>
    private void Operate(byte prefix, byte opcode, int to, int register, int bytes)
    {
        if (IsHeld(register, bytes, out int host, out _))
        {
            _x.Vector(prefix, opcode, to, host);
        }
        else
        {
            _x.Vector(prefix, opcode, to, NativeState.Vector(register));
        }
    }

    /// <summary>As <see cref="Operate"/> with an immediate byte, and all of the register.</summary>
    private void OperateWith(byte prefix, byte opcode, int to, int register, byte value)
    {
        if (IsHeld(register, 16, out int host, out _))
        {
            _x.Vector(prefix, opcode, to, host, value);
        }
        else
        {
            _x.Vector(prefix, opcode, to, NativeState.Vector(register), value);
        }
    }

    /// <summary>As <see cref="Operate"/>, but AVX. What a scalar operation does not compute is as in <paramref name="first"/>.</summary>
    private void Combine(byte prefix, byte opcode, int to, int first, int register, int bytes)
    {
        if (IsHeld(register, bytes, out int host, out _))
        {
            _x.Avx(prefix, opcode, to, first, host);
        }
        else
        {
            _x.Avx(prefix, opcode, to, first, NativeState.Vector(register));
        }
    }

    /// <summary>As <see cref="Combine"/> with a constant.</summary>
    private void CombineConstant(byte prefix, byte opcode, int to, int first, FloatConstant constant) =>
        _x.Avx(prefix, opcode, to, first, new X64Memory(owner.Constant(constant)));

    /// <summary>As <see cref="Operate"/> with a constant.</summary>
    private void OperateConstant(byte prefix, byte opcode, int to, FloatConstant constant) => _x.Vector(prefix, opcode, to, new X64Memory(owner.Constant(constant)));

    /// <summary>A host register with a guest register, of which only the lowest bytes count: the one that holds it, or <paramref name="scratch"/>.</summary>
    private int ReadVector(int register, int scratch, int bytes)
    {
        if (IsHeld(register, bytes, out int host, out _))
        {
            return host;
        }

        LoadFromMemory(scratch, register, bytes);
        return scratch;
    }

    /// <summary>The result for a guest register is in <paramref name="host"/>, from <see cref="FreshVector()"/>: <paramref name="bytes"/> of it, and zero above them.</summary>
    private void WriteVector(int register, int host, int bytes)
    {
        StoreWhole(register, host);
        _held[host - FirstHeld] = new(register, bytes, true);
        _writtenInLoop |= 1u << register;
    }

    // ---- loops ----

    /// <summary>For targets that are only branched back to, and that no other target lies behind: the last branch back.</summary>
    private readonly int[] _loopEnds = new int[NativePage.LongestBlock + 1];

    /// <summary>What is held where a loop begins, each time: registers that a turn reads and then writes. Code is emitted once to find them, and again to use them.</summary>
    private readonly HeldVector[]?[] _carried = new HeldVector[]?[NativePage.LongestBlock + 1];

    private readonly List<HeldVector> _readInLoop = [];
    private uint _writtenInLoop;

    /// <summary>The loop being looked at, or -1.</summary>
    private int _loop;

    private void FindLoops()
    {
        Array.Clear(_carried);
        Array.Fill(_loopEnds, -1);
        for (int index = 0; index < _length; index++)
        {
            if (IsBranchInside(index, out int target) && target <= index)
            {
                _loopEnds[target] = index;
            }
        }

        for (int index = 0; index < _length; index++)
        {
            if (IsBranchInside(index, out int target) && target > index)
            {
                _loopEnds[target] = -1;
            }

            if (_loopEnds[index] >= 0 && _entries.Exists(entry => entry.Index == index))
            {
                // An entry comes with nothing in registers.
                _loopEnds[index] = -1;
            }

            if (_loopEnds[index] >= 0 && _isTarget.AsSpan(index + 1, _loopEnds[index] - index).Contains(true))
            {
                _loopEnds[index] = -1;
            }
        }
    }

    private bool IsBranchInside(int index, out int target)
    {
        target = 0;
        return Threaded.KindOf(OpOf(At(index))) == OpKind.Branch && TryInside(At(index), index, out target) && target < _length;
    }

    /// <summary>At a label: nothing is held, but for what a loop carries.</summary>
    private void BeginLabel()
    {
        ForgetVectors();
        if (_carried[_index] is HeldVector[] carried)
        {
            LoadHeld(carried);
            carried.CopyTo(_held, 0);
        }
        else if (_loopEnds[_index] >= 0)
        {
            _loop = _index;
            _readInLoop.Clear();
            _writtenInLoop = 0;
        }
    }

    private void NoteRead(int register, int bytes)
    {
        if (_loop < 0 || (_writtenInLoop & (1u << register)) != 0)
        {
            return;
        }

        int known = _readInLoop.FindIndex(read => read.Register == register);
        if (known < 0)
        {
            _readInLoop.Add(new(register, bytes, bytes == 16));
        }
        else if (_readInLoop[known].Bytes < bytes)
        {
            _readInLoop[known] = new(register, bytes, bytes == 16);
        }
    }

    /// <summary>Behind each instruction: where a loop ends, its code has told what it carries.</summary>
    private void EndLoop()
    {
        if (_loop < 0 || _index != _loopEnds[_loop])
        {
            return;
        }

        HeldVector[] carried = [.. _readInLoop.Where(read => (_writtenInLoop & (1u << read.Register)) != 0).Take(MostCarried)];
        _carried[_loop] = carried.Length == 0 ? null : carried;
        _hasCarried |= carried.Length != 0;
        _loop = -1;
    }

    private bool _hasCarried;

    /// <summary>Before a jump back to a label: what the loop carries in its place, where <paramref name="held"/> is held now. Flags stay.</summary>
    private void Carry(int label, HeldVector[]? held)
    {
        HeldVector[] carried = _carried[label] ?? [];
        for (int i = 0; i < carried.Length; i++)
        {
            HeldVector wanted = carried[i];
            int found = Find(held, wanted.Register, wanted.Bytes);
            if (found < 0)
            {
                LoadFromMemory(FirstHeld + i, wanted.Register, wanted.Bytes);
            }
            else if (found >= MostCarried && held![found].Bytes <= wanted.Bytes)
            {
                _x.Vector(0, 0x28, FirstHeld + i, FirstHeld + found);
            }
            else if (found >= MostCarried)
            {
                ClearAbove(FirstHeld + i, FirstHeld + found, wanted.Bytes);
            }
        }
    }
}
