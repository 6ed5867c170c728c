namespace Pinion.Cpu.Jit;

/// <content>
/// Vector registers. They live in memory, and every result is stored at once; but the last few results also stay in registers of the host, so that what continues with one need not wait for it to come back. Forgetting
/// them takes nothing, therefore, and is what happens at labels, after the interpreter, and after code that does not keep to this.
/// </content>
internal sealed unsafe partial class BlockCompiler
{
    /// <summary>From here on the host's vector registers hold results; those below are scratch.</summary>
    private const int FirstHeld = 8;

    private const int MostHeld = 8;

    /// <summary>The guest registers that are held, or -1.</summary>
    private readonly int[] _held = new int[MostHeld];

    /// <summary>Bytes of each from the lowest on that may be other than zero.</summary>
    private readonly int[] _heldBytes = new int[MostHeld];

    private int _nextHeld;

    private void ForgetVectors() => Array.Fill(_held, -1);

    /// <summary>A guest register has been written.</summary>
    private void ForgetVector(int register)
    {
        int found = Array.IndexOf(_held, register);
        if (found >= 0)
        {
            _held[found] = -1;
        }
    }

    private bool IsHeld(int register, out int host, out int bytes)
    {
        int found = Array.IndexOf(_held, register);
        host = FirstHeld + found;
        bytes = found >= 0 ? _heldBytes[found] : 0;
        return found >= 0;
    }

    private bool IsHeld(int register) => Array.IndexOf(_held, register) >= 0;

    /// <summary>What is held here; null where nothing is.</summary>
    private int[]? HeldVectors() => Array.TrueForAll(_held, static register => register < 0) ? null : [.. _held];

    /// <summary>After the interpreter: the held registers again.</summary>
    private void LoadHeld(int[]? held)
    {
        for (int i = 0; i < held?.Length; i++)
        {
            if (held[i] >= 0)
            {
                LoadWhole(FirstHeld + i, held[i]);
            }
        }
    }

    /// <summary>A host register for a result. What it held is forgotten: operands are looked up afterwards.</summary>
    private int FreshVector()
    {
        int next = _nextHeld;
        _nextHeld = (next + 1) % MostHeld;
        _held[next] = -1;
        return FirstHeld + next;
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
        if (!IsHeld(register, out int host, out int known))
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
        else if (known <= bytes)
        {
            _x.Vector(0, 0x28, to, host);
        }
        else
        {
            ClearAbove(to, host, bytes);
        }
    }

    /// <summary>The lowest 4 or 8 bytes (or all 16) of a host register, with zero above them.</summary>
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

    /// <summary>An instruction whose second operand is a guest register; what is above the part that it is about does not count.</summary>
    private void Operate(byte prefix, byte opcode, int to, int register)
    {
        if (IsHeld(register, out int host, out _))
        {
            _x.Vector(prefix, opcode, to, host);
        }
        else
        {
            _x.Vector(prefix, opcode, to, NativeState.Vector(register));
        }
    }

    /// <summary>As <see cref="Operate(byte, byte, int, int)"/> with an immediate byte.</summary>
    private void Operate(byte prefix, byte opcode, int to, int register, byte value)
    {
        if (IsHeld(register, out int host, out _))
        {
            _x.Vector(prefix, opcode, to, host, value);
        }
        else
        {
            _x.Vector(prefix, opcode, to, NativeState.Vector(register), value);
        }
    }

    /// <summary>A host register with a guest register, of which only the lowest bytes count: the one that holds it, or <paramref name="scratch"/>.</summary>
    private int ReadVector(int register, int scratch, int bytes)
    {
        if (IsHeld(register, out int host, out _))
        {
            return host;
        }

        LoadVectorPart(scratch, register, bytes);
        return scratch;
    }

    /// <summary>The result for a guest register is in <paramref name="host"/>, from <see cref="FreshVector"/>: <paramref name="bytes"/> of it, and zero above them.</summary>
    private void WriteVector(int register, int host, int bytes)
    {
        StoreWhole(register, host);
        _held[host - FirstHeld] = register;
        _heldBytes[host - FirstHeld] = bytes;
    }

    /// <summary>An AVX instruction whose second operand is a guest register. What a scalar operation does not compute is as in <paramref name="first"/>.</summary>
    private void Combine(byte prefix, byte opcode, int to, int first, int register)
    {
        if (IsHeld(register, out int host, out _))
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
        _x.Bind(_x.AvxNear(prefix, opcode, to, first), _origin, owner.Constant(constant));

    /// <summary>A host register for a result, and in <paramref name="first"/> one with the lowest bytes of a guest register, with zero above them: the one that holds it, or that of the result.</summary>
    private int FreshVector(int register, int bytes, out int first)
    {
        bool held = IsHeld(register, out first, out int known) && known <= bytes;
        int to = FreshVector();
        if (!held)
        {
            LoadVectorPart(to, register, bytes);
            first = to;
        }

        return to;
    }

    private void WithConstant(byte prefix, byte opcode, int to, FloatConstant constant) => _x.Bind(_x.VectorNear(prefix, opcode, to), _origin, owner.Constant(constant));
}
