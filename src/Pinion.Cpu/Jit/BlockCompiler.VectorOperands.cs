using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>
/// Operands and results of AdvSIMD integer instructions. XMM0 to XMM3 are scratch; results are computed in XMM0 where nothing else is said. Where an operand is held, it is taken from there.
/// </content>
internal sealed unsafe partial class BlockCompiler
{
    /// <summary>A guest register as it is.</summary>
    private void LoadOperand(int to, int register) => LoadVectorPart(to, register, 16);

    /// <summary>A guest register, or its lower half and zero above it.</summary>
    private void LoadOperand(int to, int register, bool whole) => LoadVectorPart(to, register, whole ? 16 : 8);

    /// <summary>An instruction whose second operand is a guest register.</summary>
    private void OperatePacked(X64Vector operation, int to, int register)
    {
        if (IsHeld(register, 16, out int host, out _))
        {
            _x.Packed(operation, to, host);
        }
        else
        {
            _x.Packed(operation, to, NativeState.Vector(register));
        }
    }

    /// <summary>As <see cref="OperatePacked(X64Vector, int, int)"/> with an immediate byte.</summary>
    private void OperatePacked(X64Vector operation, int to, int register, byte value)
    {
        if (IsHeld(register, 16, out int host, out _))
        {
            _x.Packed(operation, to, host, value);
        }
        else
        {
            _x.Packed(operation, to, NativeState.Vector(register), value);
        }
    }

    /// <summary>The VEX form of an instruction whose second operand is a guest register.</summary>
    private void CombinePacked(X64Vector operation, int to, int left, int register)
    {
        if (IsHeld(register, 16, out int host, out _))
        {
            _x.PackedVex(operation, to, left, host);
        }
        else
        {
            _x.PackedVex(operation, to, left, NativeState.Vector(register));
        }
    }

    /// <summary>An instruction that widens the lower or the upper half of a guest register.</summary>
    private void OperateHalf(X64Vector operation, int to, int register, bool upper)
    {
        if (!IsHeld(register, upper ? 16 : 8, out int host, out _))
        {
            _x.Packed(operation, to, NativeState.Vector(register, upper ? 8 : 0));
        }
        else if (upper)
        {
            _x.Packed(Pshufd, to, host, 0xEE);
            _x.Packed(operation, to, to);
        }
        else
        {
            _x.Packed(operation, to, host);
        }
    }

    /// <summary>The result for a guest register is in one from <see cref="FreshVector()"/>.</summary>
    private void Finish(int register, int result, bool whole)
    {
        if (!whole)
        {
            ClearAbove(result, result, 8);
        }

        WriteVector(register, result, whole ? 16 : 8);
    }

    /// <summary>The result for a guest register.</summary>
    private void PutWhole(int register, int vector)
    {
        int fresh = FreshVector();
        CopyVector(fresh, vector);
        WriteVector(register, fresh, 16);
    }

    /// <summary>The result for a guest register, whose upper half becomes zero.</summary>
    private void PutLow(int register, int vector)
    {
        int fresh = FreshVector();
        ClearAbove(fresh, vector, 8);
        WriteVector(register, fresh, 8);
    }

    /// <summary>Writes Rd as Imm says: with the 64-bit forms the upper half is cleared.</summary>
    private void Put(Rec* r, int vector = 0) => Put(r->Rd, vector, r->Imm != 0);

    private void Put(int register, int vector, bool whole)
    {
        if (whole)
        {
            PutWhole(register, vector);
        }
        else
        {
            PutLow(register, vector);
        }
    }

    // ---- host registers ----

    /// <summary>One more host register for what the instruction computes.</summary>
    private int Scratch() => FreshVector();

    /// <summary>movq: 8 bytes, the rest becomes zero.</summary>
    private void LoadLow(int to, in X64Memory from) => _x.Vector(0xF3, 0x7E, to, from);

    /// <summary>Clears the upper half.</summary>
    private void KeepLow(int vector) => _x.Vector(0xF3, 0x7E, vector, vector);

    /// <summary>movaps.</summary>
    private void CopyVector(int to, int from) => _x.Vector(0, 0x28, to, from);

    private void Zero(int vector) => _x.Packed(Pxor, vector, vector);

    private void Ones(int vector) => _x.Packed(Pcmpeqd, vector, vector);

    private void Invert(int vector, int scratch)
    {
        Ones(scratch);
        _x.Packed(Pxor, vector, scratch);
    }

    /// <summary>All ones where a doubleword is negative.</summary>
    private void SignsOf(int to, int from)
    {
        _x.Packed(Pshufd, to, from, 0xF5);
        _x.PackedShift(X64VectorShift.RightSigned, 2, to, 31);
    }

    // ---- constants ----

    private X64Memory Constant(ulong low, ulong high) => new(owner.VectorConstants.Address(low, high));

    /// <summary>A constant with the same <paramref name="value"/> in each lane.</summary>
    private X64Memory Lanes(ulong value, int size)
    {
        ulong half = VectorConstants.Replicate(value, size);
        return Constant(half, half);
    }

    /// <summary>A constant whose byte i is f(i).</summary>
    private X64Memory Bytes(Func<int, int> f)
    {
        ulong low = 0, high = 0;
        for (int i = 0; i < 8; i++)
        {
            low |= (ulong)(byte)f(i) << (8 * i);
            high |= (ulong)(byte)f(i + 8) << (8 * i);
        }

        return Constant(low, high);
    }

    private void LoadConstant(int vector, in X64Memory constant) => _x.Vector(0, 0x28, vector, constant);

    // ---- elements ----

    /// <summary>An element in memory, the rest zero. Changes RCX where it is narrow.</summary>
    private void LoadElement(int vector, in X64Memory from, int size)
    {
        switch (size)
        {
            case 3:
                LoadLow(vector, from);
                break;
            case 2:
                _x.Vector(0x66, 0x6E, vector, from);
                break;
            default:
                _x.LoadNarrow(Rcx, from, 1 << size, signed: false, wide: false);
                _x.MoveVector(0x6E, vector, Rcx, false);
                break;
        }
    }

    /// <summary>The lowest element in all lanes. Changes XMM3 for bytes.</summary>
    private void Broadcast(int vector, int size)
    {
        switch (size)
        {
            case 0:
                Zero(3);
                _x.Packed(Pshufb, vector, 3);
                break;
            case 1:
                _x.Vector(0xF2, 0x70, vector, vector, 0);
                _x.Packed(Punpcklqdq, vector, vector);
                break;
            case 2:
                _x.Packed(Pshufd, vector, vector, 0);
                break;
            default:
                _x.Packed(Punpcklqdq, vector, vector);
                break;
        }
    }

    /// <summary>An element of a guest register in all lanes.</summary>
    private void Element(int to, int register, int size, int index)
    {
        switch (size)
        {
            case 0:
                LoadOperand(to, register);
                _x.Packed(Pshufb, to, Lanes((ulong)index, 0));
                break;
            case 1:
                // pshuflw or pshufhw, then that half in both.
                OperateWith((byte)(index < 4 ? 0xF2 : 0xF3), 0x70, to, register, (byte)((index & 3) * 0x55));
                _x.Packed(index < 4 ? Punpcklqdq : Punpckhqdq, to, to);
                break;
            case 2:
                OperatePacked(Pshufd, to, register, (byte)(index * 0x55));
                break;
            default:
                OperatePacked(Pshufd, to, register, (byte)(index == 0 ? 0x44 : 0xEE));
                break;
        }
    }

    /// <summary>Rm, or the element of it that the shape names in all lanes.</summary>
    private void ElementOrWhole(int to, Rec* r, int size)
    {
        if (Shape.Index(r) < 0)
        {
            LoadOperand(to, r->Rm);
        }
        else
        {
            Element(to, r->Rm, size, Shape.Index(r));
        }
    }
}
