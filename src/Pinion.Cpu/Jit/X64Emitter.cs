using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Jit;

/// <summary>General registers of the host, in the order of their encodings.</summary>
internal enum X64Register : byte
{
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

/// <summary>Conditions of the host, in the order of their encodings (Intel SDM, Jcc).</summary>
internal enum X64Condition : byte
{
    Overflow,
    NotOverflow,
    Below,
    AboveOrEqual,
    Equal,
    NotEqual,
    BelowOrEqual,
    Above,
    Sign,
    NotSign,
    Parity,
    NotParity,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Greater,
}

/// <summary>The eight operations of two operands that share their encoding: op*8 is the opcode's upper part, and op the /digit of the immediate form.</summary>
internal enum X64Alu : byte
{
    Add,
    Or,
    Adc,
    Sbb,
    And,
    Sub,
    Xor,
    Cmp,
}

/// <summary>Shifts, by their /digit.</summary>
internal enum X64Shift : byte
{
    Rol = 0,
    Ror = 1,
    Shl = 4,
    Shr = 5,
    Sar = 7,
}

/// <summary>A place in memory: base + index * (1 &lt;&lt; scale) + displacement, or an address within 2 GB of the code.</summary>
internal readonly struct X64Memory
{
    public const X64Register NoIndex = X64Register.Rsp;

    public X64Memory(nint address)
        : this(X64Register.Rax, 0) => Address = address;

    public X64Memory(X64Register based, int displacement)
        : this(based, NoIndex, 0, displacement)
    {
    }

    public X64Memory(X64Register based, X64Register index, int scale, int displacement) => (Base, Index, Scale, Displacement) = (based, index, scale, displacement);

    public X64Register Base { get; }

    /// <summary>RSP cannot be an index, and stands for none.</summary>
    public X64Register Index { get; }

    /// <summary>Log2 of the factor.</summary>
    public int Scale { get; }

    public int Displacement { get; }

    /// <summary>Where it is, relative to RIP; 0 where there is a base.</summary>
    public nint Address { get; }
}

/// <summary>A jump whose target is not emitted yet: where its 32-bit displacement lies.</summary>
internal readonly record struct X64Patch(int At);

/// <summary>
/// Writes x86-64 machine code as bytes, one method for each form that the compilers use. The buffer is the caller's and must be large enough: <see cref="MostBytes"/> for each call.
/// </summary>
/// <param name="buffer">Where it is written.</param>
/// <param name="origin">Where it will be executed.</param>
internal unsafe partial struct X64Emitter(byte* buffer, nint origin)
{
    /// <summary>Longest instruction of the host.</summary>
    public const int MostBytes = 15;

    private readonly byte* _start = buffer;
    private readonly nint _origin = origin;
    private byte* _at = buffer;

    /// <summary>Bytes emitted.</summary>
    public readonly int Length => (int)(_at - _start);

    /// <summary>Where the next instruction will be executed.</summary>
    public readonly nint Here => _origin + Length;

    // ---- moves ----

    /// <summary>mov to, from; 32 bits clear the upper half.</summary>
    public void Move(X64Register to, X64Register from, bool wide = true) => RegisterRegister(0x8B, to, from, wide);

    /// <summary>mov to, value, by the shortest form. Flags stay.</summary>
    public void Move(X64Register to, ulong value)
    {
        if (value <= uint.MaxValue)
        {
            Rex(false, 0, 0, (byte)to);
            Byte((byte)(0xB8 | ((byte)to & 7)));
            Int32((int)value);
        }
        else if ((long)value == (int)value)
        {
            Rex(true, 0, 0, (byte)to);
            Byte(0xC7);
            Byte((byte)(0xC0 | ((byte)to & 7)));
            Int32((int)value);
        }
        else
        {
            Rex(true, 0, 0, (byte)to);
            Byte((byte)(0xB8 | ((byte)to & 7)));
            Unsafe.WriteUnaligned(_at, value);
            _at += 8;
        }
    }

    public void Load(X64Register to, in X64Memory from, bool wide = true) => RegisterMemory(0x8B, to, from, wide);

    public void Store(in X64Memory to, X64Register from, bool wide = true) => RegisterMemory(0x89, from, to, wide);

    /// <summary>mov [to], value, sign-extended.</summary>
    public void Store(in X64Memory to, int value, bool wide)
    {
        RegisterMemory(0xC7, 0, to, wide);
        Int32(value);
    }

    /// <summary>mov byte or word [to], from.</summary>
    public void StoreNarrow(in X64Memory to, X64Register from, int bytes)
    {
        if (bytes == 2)
        {
            Byte(0x66);
            RegisterMemory(0x89, from, to, false);
        }
        else
        {
            // With a REX prefix SPL to DIL are the low bytes of RSP to RDI.
            RegisterMemory(0x88, from, to, false, force: true);
        }
    }

    /// <summary>movzx or movsx of a byte, halfword or (signed only) word in memory.</summary>
    public void LoadNarrow(X64Register to, in X64Memory from, int bytes, bool signed, bool wide)
    {
        switch (bytes)
        {
            case 1:
                RegisterMemory2(signed ? (byte)0xBE : (byte)0xB6, to, from, wide);
                break;
            case 2:
                RegisterMemory2(signed ? (byte)0xBF : (byte)0xB7, to, from, wide);
                break;
            default:
                RegisterMemory(signed ? (byte)0x63 : (byte)0x8B, to, from, signed && wide);
                break;
        }
    }

    /// <summary>movzx or movsx of the low byte, halfword or (signed only) word of a register.</summary>
    public void Extend(X64Register to, X64Register from, int bytes, bool signed, bool wide)
    {
        switch (bytes)
        {
            case 1:
                RegisterRegister2(signed ? (byte)0xBE : (byte)0xB6, to, from, wide, force: true);
                break;
            case 2:
                RegisterRegister2(signed ? (byte)0xBF : (byte)0xB7, to, from, wide);
                break;
            default:
                RegisterRegister(signed ? (byte)0x63 : (byte)0x8B, to, from, signed && wide);
                break;
        }
    }

    /// <summary>lea: an address, or a sum that leaves the flags alone.</summary>
    public void Lea(X64Register to, in X64Memory address, bool wide = true) => RegisterMemory(0x8D, to, address, wide);

    // ---- arithmetic ----

    public void Alu(X64Alu operation, X64Register to, X64Register from, bool wide) => RegisterRegister((byte)(((byte)operation << 3) | 3), to, from, wide);

    public void Alu(X64Alu operation, X64Register to, in X64Memory from, bool wide) => RegisterMemory((byte)(((byte)operation << 3) | 3), to, from, wide);

    public void Alu(X64Alu operation, in X64Memory to, X64Register from, bool wide) => RegisterMemory((byte)(((byte)operation << 3) | 1), from, to, wide);

    public void Alu(X64Alu operation, X64Register to, int value, bool wide)
    {
        bool isByte = value == (sbyte)value;
        Rex(wide, 0, 0, (byte)to);
        Byte(isByte ? (byte)0x83 : (byte)0x81);
        Byte((byte)(0xC0 | ((byte)operation << 3) | ((byte)to & 7)));
        Immediate(value, isByte);
    }

    public void Alu(X64Alu operation, in X64Memory to, int value, bool wide)
    {
        bool isByte = value == (sbyte)value;
        RegisterMemory(isByte ? (byte)0x83 : (byte)0x81, (X64Register)operation, to, wide);
        Immediate(value, isByte);
    }

    public void Test(X64Register left, X64Register right, bool wide) => RegisterRegister(0x85, right, left, wide);

    public void Test(X64Register left, int value, bool wide)
    {
        Rex(wide, 0, 0, (byte)left);
        Byte(0xF7);
        Byte((byte)(0xC0 | ((byte)left & 7)));
        Int32(value);
    }

    /// <summary>test of the low bytes.</summary>
    public void TestBytes(X64Register left, X64Register right)
    {
        Rex(false, (byte)right, 0, (byte)left, force: true);
        Byte(0x84);
        Byte((byte)(0xC0 | (((byte)right & 7) << 3) | ((byte)left & 7)));
    }

    /// <summary>test byte [at], value.</summary>
    public void TestByte(in X64Memory at, byte value)
    {
        RegisterMemory(0xF6, 0, at, false);
        Byte(value);
    }

    /// <summary>cmp byte [at], value.</summary>
    public void CompareByte(in X64Memory at, byte value) => AluByte(X64Alu.Cmp, at, value);

    public void AluByte(X64Alu operation, in X64Memory to, byte value)
    {
        RegisterMemory(0x80, (X64Register)operation, to, false);
        Byte(value);
    }

    /// <summary>mov byte [to], value.</summary>
    public void StoreByte(in X64Memory to, byte value)
    {
        RegisterMemory(0xC6, 0, to, false);
        Byte(value);
    }

    /// <summary>Loads 1 to 8 bytes, zero-extended.</summary>
    public void LoadAny(X64Register to, in X64Memory from, int bytes)
    {
        if (bytes == 8)
        {
            Load(to, from);
        }
        else
        {
            LoadNarrow(to, from, bytes, signed: false, wide: false);
        }
    }

    public void Not(X64Register register, bool wide) => Unary(2, register, wide);

    public void Negate(X64Register register, bool wide) => Unary(3, register, wide);

    /// <summary>mul: RDX:RAX = RAX * from.</summary>
    public void MultiplyHigh(X64Register from, bool signed) => Unary(signed ? 5 : 4, from, true);

    /// <summary>div or idiv: RDX:RAX by from, quotient to RAX, remainder to RDX.</summary>
    public void Divide(X64Register from, bool signed, bool wide) => Unary(signed ? 7 : 6, from, wide);

    /// <summary>cdq or cqo.</summary>
    public void SignIntoRdx(bool wide)
    {
        Rex(wide, 0, 0, 0);
        Byte(0x99);
    }

    /// <summary>imul to, from: the low half.</summary>
    public void Multiply(X64Register to, X64Register from, bool wide) => RegisterRegister2(0xAF, to, from, wide);

    public void Shift(X64Shift shift, X64Register register, int amount, bool wide)
    {
        Rex(wide, 0, 0, (byte)register);
        Byte(0xC1);
        Byte((byte)(0xC0 | ((byte)shift << 3) | ((byte)register & 7)));
        Byte((byte)amount);
    }

    /// <summary>Shift by CL.</summary>
    public void ShiftByCl(X64Shift shift, X64Register register, bool wide)
    {
        Rex(wide, 0, 0, (byte)register);
        Byte(0xD3);
        Byte((byte)(0xC0 | ((byte)shift << 3) | ((byte)register & 7)));
    }

    /// <summary>shrd to, from, amount.</summary>
    public void ShiftRightDouble(X64Register to, X64Register from, int amount, bool wide)
    {
        RegisterRegister2(0xAC, from, to, wide);
        Byte((byte)amount);
    }

    /// <summary>bt register, bit: the bit goes to the carry flag.</summary>
    public void TestBit(X64Register register, int bit, bool wide)
    {
        Rex(wide, 0, 0, (byte)register);
        Byte(0x0F);
        Byte(0xBA);
        Byte((byte)(0xE0 | ((byte)register & 7)));
        Byte((byte)bit);
    }

    public void ByteSwap(X64Register register, bool wide)
    {
        Rex(wide, 0, 0, (byte)register);
        Byte(0x0F);
        Byte((byte)(0xC8 | ((byte)register & 7)));
    }

    /// <summary>lzcnt.</summary>
    public void CountLeadingZeros(X64Register to, X64Register from, bool wide)
    {
        Byte(0xF3);
        RegisterRegister2(0xBD, to, from, wide);
    }

    // ---- flags ----

    /// <summary>lahf: SF, ZF, AF, PF and CF to AH.</summary>
    public void FlagsToAh() => Byte(0x9F);

    /// <summary>movzx eax, ah.</summary>
    public void AhToRax()
    {
        Byte(0x0F);
        Byte(0xB6);
        Byte(0xC4);
    }

    /// <summary>sahf.</summary>
    public void FlagsFromAh() => Byte(0x9E);

    /// <summary>cmc.</summary>
    public void ComplementCarry() => Byte(0xF5);

    /// <summary>clc.</summary>
    public void ClearCarry() => Byte(0xF8);

    /// <summary>stc.</summary>
    public void SetCarry() => Byte(0xF9);

    /// <summary>setcc of the low byte.</summary>
    public void Set(X64Condition condition, X64Register to)
    {
        Rex(false, 0, 0, (byte)to, force: true);
        Byte(0x0F);
        Byte((byte)(0x90 | (byte)condition));
        Byte((byte)(0xC0 | ((byte)to & 7)));
    }

    public void MoveIf(X64Condition condition, X64Register to, X64Register from, bool wide) => RegisterRegister2((byte)(0x40 | (byte)condition), to, from, wide);

    /// <summary>add al, value.</summary>
    public void AddAl(byte value)
    {
        Byte(0x04);
        Byte(value);
    }

    // ---- control ----

    /// <summary>jmp to a place that is bound later.</summary>
    public X64Patch Jump()
    {
        Byte(0xE9);
        Int32(0);
        return new(Length - 4);
    }

    /// <summary>jcc to a place that is bound later.</summary>
    public X64Patch Jump(X64Condition condition)
    {
        Byte(0x0F);
        Byte((byte)(0x80 | (byte)condition));
        Int32(0);
        return new(Length - 4);
    }

    /// <summary>call to a place that is bound later.</summary>
    public X64Patch Call()
    {
        Byte(0xE8);
        Int32(0);
        return new(Length - 4);
    }

    /// <summary>jmp [at].</summary>
    public void Jump(in X64Memory at) => RegisterMemory(0xFF, (X64Register)4, at, false);

    public void Jump(X64Register target)
    {
        Rex(false, 0, 0, (byte)target);
        Byte(0xFF);
        Byte((byte)(0xE0 | ((byte)target & 7)));
    }

    public void Call(X64Register target)
    {
        Rex(false, 0, 0, (byte)target);
        Byte(0xFF);
        Byte((byte)(0xD0 | ((byte)target & 7)));
    }

    public void Return() => Byte(0xC3);

    public void Push(X64Register register)
    {
        Rex(false, 0, 0, (byte)register);
        Byte((byte)(0x50 | ((byte)register & 7)));
    }

    public void Pop(X64Register register)
    {
        Rex(false, 0, 0, (byte)register);
        Byte((byte)(0x58 | ((byte)register & 7)));
    }

    /// <summary>Has a jump lead here.</summary>
    public readonly void Bind(X64Patch jump) => Bind(jump, Length);

    /// <summary>Has a jump lead to the byte at <paramref name="target"/> of the buffer.</summary>
    public readonly void Bind(X64Patch jump, int target) => Unsafe.WriteUnaligned(_start + jump.At, target - (jump.At + 4));

    /// <summary>Has a jump lead to an address.</summary>
    public readonly void Bind(X64Patch jump, nint target) => Unsafe.WriteUnaligned(_start + jump.At, (int)(target - (_origin + jump.At + 4)));

    // ---- SSE ----

    /// <summary>An instruction of prefix (0x66, 0xF2, 0xF3, or 0 for none) 0F opcode with two vector registers.</summary>
    public void Vector(byte prefix, byte opcode, int to, int from)
    {
        Prefix(prefix);
        Rex(false, (byte)to, 0, (byte)from);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | ((to & 7) << 3) | (from & 7)));
    }

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/> with memory.</summary>
    public void Vector(byte prefix, byte opcode, int vector, in X64Memory memory, bool wide = false)
    {
        Prefix(prefix);
        MemoryRex(wide, (byte)vector, memory, false);
        Byte(0x0F);
        Byte(opcode);
        ModRm((byte)vector, memory);
    }

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/> with memory and an immediate byte.</summary>
    public void Vector(byte prefix, byte opcode, int vector, in X64Memory memory, byte value)
    {
        Vector(prefix, opcode, vector, memory);
        Byte(value);
    }

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/>, 0F 38 opcode.</summary>
    public void Vector38(byte prefix, byte opcode, int to, int from)
    {
        Prefix(prefix);
        Rex(false, (byte)to, 0, (byte)from);
        Byte(0x0F);
        Byte(0x38);
        Byte(opcode);
        Byte((byte)(0xC0 | ((to & 7) << 3) | (from & 7)));
    }

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/>, 0F 3A opcode with an immediate byte.</summary>
    public void Vector3A(byte prefix, byte opcode, int to, int from, byte value)
    {
        Prefix(prefix);
        Rex(false, (byte)to, 0, (byte)from);
        Byte(0x0F);
        Byte(0x3A);
        Byte(opcode);
        Byte((byte)(0xC0 | ((to & 7) << 3) | (from & 7)));
        Byte(value);
    }

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/> with an immediate byte.</summary>
    public void Vector(byte prefix, byte opcode, int to, int from, byte value)
    {
        Vector(prefix, opcode, to, from);
        Byte(value);
    }

    /// <summary>movd/movq between a vector register and a general one; <paramref name="opcode"/> 0x6E loads the vector, 0x7E stores it.</summary>
    public void MoveVector(byte opcode, int vector, X64Register general, bool wide)
    {
        Byte(0x66);
        Rex(wide, (byte)vector, 0, (byte)general);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | ((vector & 7) << 3) | ((byte)general & 7)));
    }

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/> where one of both is a general register: a conversion of 32 or 64 bits.</summary>
    public void Convert(byte prefix, byte opcode, int to, int from, bool wide)
    {
        Prefix(prefix);
        Rex(wide, (byte)to, 0, (byte)from);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | ((to & 7) << 3) | (from & 7)));
    }

    /// <summary>pinsrq: a general register to the upper half of a vector register.</summary>
    public void InsertUpper(int to, X64Register from)
    {
        Byte(0x66);
        Rex(true, (byte)to, 0, (byte)from);
        Byte(0x0F);
        Byte(0x3A);
        Byte(0x22);
        Byte((byte)(0xC0 | ((to & 7) << 3) | ((byte)from & 7)));
        Byte(1);
    }

    // ---- AVX and FMA3, 128 bits: one operand more, and the result is none of them ----

    /// <summary>As <see cref="Vector(byte, byte, int, int)"/>: <paramref name="first"/> and <paramref name="second"/> give <paramref name="to"/>.</summary>
    public void Avx(byte prefix, byte opcode, int to, int first, int second)
    {
        Vex(1, prefix, (byte)to, 0, (byte)second, first, false);
        Byte(opcode);
        Byte((byte)(0xC0 | ((to & 7) << 3) | (second & 7)));
    }

    /// <summary>As <see cref="Avx(byte, byte, int, int, int)"/> with memory.</summary>
    public void Avx(byte prefix, byte opcode, int to, int first, in X64Memory second)
    {
        Vex(1, prefix, (byte)to, second.Index == X64Memory.NoIndex ? (byte)0 : (byte)second.Index, (byte)second.Base, first, false);
        Byte(opcode);
        ModRm((byte)to, second);
    }

    /// <summary>As <see cref="Avx(byte, byte, int, int, int)"/> with an immediate byte.</summary>
    public void Avx(byte prefix, byte opcode, int to, int first, int second, byte value)
    {
        Avx(prefix, opcode, to, first, second);
        Byte(value);
    }

    /// <summary>An FMA3 instruction (66 0F 38 opcode) with three vector registers; <paramref name="wide"/> is for doubles.</summary>
    public void Fused(byte opcode, int to, int first, int second, bool wide)
    {
        Vex(2, 0x66, (byte)to, 0, (byte)second, first, wide);
        Byte(opcode);
        Byte((byte)(0xC0 | ((to & 7) << 3) | (second & 7)));
    }

    /// <summary>As <see cref="Fused(byte, int, int, int, bool)"/> with memory.</summary>
    public void Fused(byte opcode, int to, int first, in X64Memory second, bool wide)
    {
        Vex(2, 0x66, (byte)to, second.Index == X64Memory.NoIndex ? (byte)0 : (byte)second.Index, (byte)second.Base, first, wide);
        Byte(opcode);
        ModRm((byte)to, second);
    }

    public void LoadMxcsr(in X64Memory from)
    {
        RegisterMemory2(0xAE, (X64Register)2, from, false);
    }

    public void StoreMxcsr(in X64Memory to)
    {
        RegisterMemory2(0xAE, (X64Register)3, to, false);
    }

    // ---- several CPUs ----

    /// <summary>lock xadd: memory and register are added in memory, and the register gets what was there.</summary>
    public void ExchangeAdd(in X64Memory at, X64Register register, int bytes) => Locked(0xC1, at, register, bytes);

    /// <summary>lock cmpxchg: the register is stored where memory holds what RAX does; RAX gets what was there otherwise.</summary>
    public void CompareExchange(in X64Memory at, X64Register register, int bytes) => Locked(0xB1, at, register, bytes);

    /// <summary>xchg with memory, which locks by itself.</summary>
    public void Exchange(in X64Memory at, X64Register register, int bytes)
    {
        Prefix(bytes == 2 ? (byte)0x66 : (byte)0);
        RegisterMemory(bytes == 1 ? (byte)0x86 : (byte)0x87, register, at, bytes == 8, force: bytes == 1);
    }

    /// <summary>A full barrier: a locked operation that changes nothing, on the stack.</summary>
    public void Barrier()
    {
        Byte(0xF0);
        Alu(X64Alu.Or, new X64Memory(X64Register.Rsp, 0), 0, false);
    }

    private void Locked(byte opcode, in X64Memory at, X64Register register, int bytes)
    {
        Byte(0xF0);
        Prefix(bytes == 2 ? (byte)0x66 : (byte)0);
        MemoryRex(bytes == 8, (byte)register, at, force: bytes == 1);
        Byte(0x0F);
        Byte((byte)(bytes == 1 ? opcode - 1 : opcode));
        ModRm((byte)register, at);
    }

    // ---- encoding ----

    private void Byte(byte value) => *_at++ = value;

    private void Prefix(byte value)
    {
        if (value != 0)
        {
            Byte(value);
        }
    }

    private void Int32(int value)
    {
        Unsafe.WriteUnaligned(_at, value);
        _at += 4;
    }

    private void Immediate(int value, bool isByte)
    {
        if (isByte)
        {
            Byte((byte)value);
        }
        else
        {
            Int32(value);
        }
    }

    private void Rex(bool wide, byte register, byte index, byte based, bool force = false)
    {
        byte rex = (byte)((wide ? 8 : 0) | ((register >> 3) << 2) | ((index >> 3) << 1) | (based >> 3));
        if (rex != 0 || force)
        {
            Byte((byte)(0x40 | rex));
        }
    }

    /// <summary>VEX: what REX says, inverted, and one more operand. Map 1 is 0F, 2 is 0F 38.</summary>
    private void Vex(int map, byte prefix, byte register, byte index, byte based, int operand, bool wide)
    {
        int implied = prefix switch
        {
            0 => 0,
            0x66 => 1,
            0xF3 => 2,
            _ => 3,
        };
        int rest = ((~operand & 15) << 3) | implied;
        if (map == 1 && !wide && index < 8 && based < 8)
        {
            Byte(0xC5);
            Byte((byte)((register < 8 ? 0x80 : 0) | rest));
            return;
        }

        Byte(0xC4);
        Byte((byte)((register < 8 ? 0x80 : 0) | (index < 8 ? 0x40 : 0) | (based < 8 ? 0x20 : 0) | map));
        Byte((byte)((wide ? 0x80 : 0) | rest));
    }

    private void MemoryRex(bool wide, byte register, in X64Memory memory, bool force) =>
        Rex(wide, register, memory.Index == X64Memory.NoIndex ? (byte)0 : (byte)memory.Index, (byte)memory.Base, force);

    private void RegisterRegister(byte opcode, X64Register register, X64Register other, bool wide)
    {
        Rex(wide, (byte)register, 0, (byte)other);
        Byte(opcode);
        Byte((byte)(0xC0 | (((byte)register & 7) << 3) | ((byte)other & 7)));
    }

    private void RegisterRegister2(byte opcode, X64Register register, X64Register other, bool wide, bool force = false)
    {
        Rex(wide, (byte)register, 0, (byte)other, force);
        Byte(0x0F);
        Byte(opcode);
        Byte((byte)(0xC0 | (((byte)register & 7) << 3) | ((byte)other & 7)));
    }

    private void RegisterMemory(byte opcode, X64Register register, in X64Memory memory, bool wide, bool force = false)
    {
        MemoryRex(wide, (byte)register, memory, force);
        Byte(opcode);
        ModRm((byte)register, memory);
    }

    private void RegisterMemory2(byte opcode, X64Register register, in X64Memory memory, bool wide)
    {
        MemoryRex(wide, (byte)register, memory, false);
        Byte(0x0F);
        Byte(opcode);
        ModRm((byte)register, memory);
    }

    private void Unary(int digit, X64Register register, bool wide)
    {
        Rex(wide, 0, 0, (byte)register);
        Byte(0xF7);
        Byte((byte)(0xC0 | (digit << 3) | ((byte)register & 7)));
    }

    private void ModRm(byte register, in X64Memory memory)
    {
        int reg = (register & 7) << 3;
        if (memory.Address != 0)
        {
            // Only forms without an immediate behind are used.
            Byte((byte)(reg | 5));
            Int32((int)(memory.Address - (_origin + Length + 4)));
            return;
        }

        int based = (byte)memory.Base & 7;
        bool hasIndex = memory.Index != X64Memory.NoIndex;

        // RBP and R13 as base always have a displacement; RSP and R12 always have a SIB byte.
        int mode = memory.Displacement == 0 && based != 5 ? 0 : memory.Displacement == (sbyte)memory.Displacement ? 1 : 2;
        if (hasIndex || based == 4)
        {
            Byte((byte)((mode << 6) | reg | 4));
            int index = hasIndex ? (byte)memory.Index & 7 : 4;
            Byte((byte)((memory.Scale << 6) | (index << 3) | based));
        }
        else
        {
            Byte((byte)((mode << 6) | reg | based));
        }

        if (mode == 1)
        {
            Byte((byte)memory.Displacement);
        }
        else if (mode == 2)
        {
            Int32(memory.Displacement);
        }
    }
}
