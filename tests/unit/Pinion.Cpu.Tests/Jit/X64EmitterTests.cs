using Iced.Intel;
using Pinion.Cpu.Jit;
using static Iced.Intel.AssemblerRegisters;

namespace Pinion.Cpu.Tests.Jit;

/// <summary>What the emitter writes is what Iced's assembler writes for the same instruction, or another encoding that Iced's decoder takes for it.</summary>
public sealed unsafe class X64EmitterTests
{
    private const long Start = 0x7F00_0000_0000;
    private const ulong Origin = Start;
    private const int Rounds = 4000;

    private static readonly nint s_start = unchecked((nint)Start);

    private static readonly AssemblerRegister64[] s_wide = [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15];
    private static readonly AssemblerRegister32[] s_narrow = [eax, ecx, edx, ebx, esp, ebp, esi, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d];
    private static readonly AssemblerRegister16[] s_words = [ax, cx, dx, bx, sp, bp, si, di, r8w, r9w, r10w, r11w, r12w, r13w, r14w, r15w];
    private static readonly AssemblerRegister8[] s_bytes = [al, cl, dl, bl, spl, bpl, sil, dil, r8b, r9b, r10b, r11b, r12b, r13b, r14b, r15b];
    private static readonly AssemblerRegisterXMM[] s_vectors = [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    private delegate void Emission(ref X64Emitter x);

    [Fact]
    public void MovesAreWhatTheyShouldBe() => Repeat(r =>
    {
        (X64Register to, X64Register from) = (r.Register(), r.Register());
        (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
        Same((ref X64Emitter x) => x.Move(to, from), a => a.mov(Wide(to), Wide(from)));
        Same((ref X64Emitter x) => x.Move(to, from, wide: false), a => a.mov(Narrow(to), Narrow(from)));
        Same((ref X64Emitter x) => x.Load(to, here), a => a.mov(Wide(to), there));
        Same((ref X64Emitter x) => x.Load(to, here, wide: false), a => a.mov(Narrow(to), there));
        Same((ref X64Emitter x) => x.Store(here, from), a => a.mov(there, Wide(from)));
        Same((ref X64Emitter x) => x.Store(here, from, wide: false), a => a.mov(there, Narrow(from)));
        Same((ref X64Emitter x) => x.StoreNarrow(here, from, 1), a => a.mov(there, Byte(from)));
        Same((ref X64Emitter x) => x.StoreNarrow(here, from, 2), a => a.mov(there, Word(from)));
        Same((ref X64Emitter x) => x.LoadNarrow(to, here, 1, signed: false, wide: false), a => a.movzx(Narrow(to), __byte_ptr[there]));
        Same((ref X64Emitter x) => x.LoadNarrow(to, here, 2, signed: true, wide: true), a => a.movsx(Wide(to), __word_ptr[there]));
        Same((ref X64Emitter x) => x.LoadNarrow(to, here, 4, signed: true, wide: true), a => a.movsxd(Wide(to), __dword_ptr[there]));
        Same((ref X64Emitter x) => x.Extend(to, from, 1, signed: true, wide: true), a => a.movsx(Wide(to), Byte(from)));
        Same((ref X64Emitter x) => x.Extend(to, from, 1, signed: false, wide: false), a => a.movzx(Narrow(to), Byte(from)));
        Same((ref X64Emitter x) => x.Extend(to, from, 2, signed: false, wide: false), a => a.movzx(Narrow(to), Word(from)));
        Same((ref X64Emitter x) => x.Extend(to, from, 4, signed: true, wide: true), a => a.movsxd(Wide(to), Narrow(from)));
        Same((ref X64Emitter x) => x.Lea(to, here), a => a.lea(Wide(to), there));
        Same((ref X64Emitter x) => x.Push(to), a => a.push(Wide(to)));
        Same((ref X64Emitter x) => x.Pop(to), a => a.pop(Wide(to)));
        int value = r.Value();
        Same((ref X64Emitter x) => x.Store(here, value, wide: true), a => a.mov(__qword_ptr[there], value));
        Same((ref X64Emitter x) => x.StoreByte(here, (byte)value), a => a.mov(__byte_ptr[there], (byte)value));
    });

    [Fact]
    public void AConstantIsTheConstant() => Repeat(r =>
    {
        X64Register to = r.Register();
        ulong value = r.Wide();
        Instruction instruction = Decode((ref X64Emitter x) => x.Move(to, value));
        instruction.Mnemonic.ShouldBe(Mnemonic.Mov);
        instruction.Op0Register.GetFullRegister().ShouldBe((Register)Wide(to));
        instruction.GetImmediate(1).ShouldBe(value, $"{instruction}");
        (instruction.Op0Register.IsGPR64() || value <= uint.MaxValue).ShouldBeTrue();
    });

    [Fact]
    public void ArithmeticIsWhatItShouldBe() => Repeat(r =>
    {
        (X64Register to, X64Register from) = (r.Register(), r.Register());
        (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
        int value = r.Value();
        Same((ref X64Emitter x) => x.Alu(X64Alu.Add, to, from, true), a => a.add(Wide(to), Wide(from)));
        Same((ref X64Emitter x) => x.Alu(X64Alu.Or, to, from, false), a => a.or(Narrow(to), Narrow(from)));
        Same((ref X64Emitter x) => x.Alu(X64Alu.Adc, to, here, true), a => a.adc(Wide(to), there));
        Same((ref X64Emitter x) => x.Alu(X64Alu.Sbb, to, here, false), a => a.sbb(Narrow(to), there));
        Same((ref X64Emitter x) => x.Alu(X64Alu.And, here, from, true), a => a.and(there, Wide(from)));
        Same((ref X64Emitter x) => x.Alu(X64Alu.Sub, to, value, true), a => a.sub(Wide(to), value));
        Same((ref X64Emitter x) => x.Alu(X64Alu.Xor, to, value, false), a => a.xor(Narrow(to), value));
        Same((ref X64Emitter x) => x.Alu(X64Alu.Cmp, here, value, true), a => a.cmp(__qword_ptr[there], value));
        Same((ref X64Emitter x) => x.AluByte(X64Alu.Cmp, here, (byte)value), a => a.cmp(__byte_ptr[there], (sbyte)value));
        Same((ref X64Emitter x) => x.TestByte(here, (byte)value), a => a.test(__byte_ptr[there], (sbyte)value));
        Same((ref X64Emitter x) => x.Test(to, from, true), a => a.test(Wide(to), Wide(from)));
        Same((ref X64Emitter x) => x.Test(to, value, false), a => a.test(Narrow(to), value));
        Same((ref X64Emitter x) => x.Not(to, true), a => a.not(Wide(to)));
        Same((ref X64Emitter x) => x.Negate(to, false), a => a.neg(Narrow(to)));
        Same((ref X64Emitter x) => x.MultiplyHigh(from, signed: true), a => a.imul(Wide(from)));
        Same((ref X64Emitter x) => x.MultiplyHigh(from, signed: false), a => a.mul(Wide(from)));
        Same((ref X64Emitter x) => x.Multiply(to, from, true), a => a.imul(Wide(to), Wide(from)));
        Same((ref X64Emitter x) => x.Divide(from, signed: true, wide: false), a => a.idiv(Narrow(from)));
        Same((ref X64Emitter x) => x.Divide(from, signed: false, wide: true), a => a.div(Wide(from)));
        Same((ref X64Emitter x) => x.SignIntoRdx(wide: true), a => a.cqo());
        Same((ref X64Emitter x) => x.SignIntoRdx(wide: false), a => a.cdq());
        byte amount = (byte)(value & 31);
        Same((ref X64Emitter x) => x.ShiftByCl(X64Shift.Sar, to, true), a => a.sar(Wide(to), cl));
        Same((ref X64Emitter x) => x.ShiftRightDouble(to, from, amount, true), a => a.shrd(Wide(to), Wide(from), amount));
        Same((ref X64Emitter x) => x.TestBit(to, amount, true), a => a.bt(Wide(to), amount));
        Same((ref X64Emitter x) => x.ByteSwap(to, true), a => a.bswap(Wide(to)));
        Same((ref X64Emitter x) => x.CountLeadingZeros(to, from, false), a => a.lzcnt(Narrow(to), Narrow(from)));
        if (amount > 1)
        {
            Same((ref X64Emitter x) => x.Shift(X64Shift.Rol, to, amount, true), a => a.rol(Wide(to), amount));
            Same((ref X64Emitter x) => x.Shift(X64Shift.Ror, to, amount, false), a => a.ror(Narrow(to), amount));
            Same((ref X64Emitter x) => x.Shift(X64Shift.Shl, to, amount, true), a => a.shl(Wide(to), amount));
            Same((ref X64Emitter x) => x.Shift(X64Shift.Shr, to, amount, true), a => a.shr(Wide(to), amount));
        }
    });

    [Fact]
    public void FlagsAndAtomicsAreWhatTheyShouldBe() => Repeat(r =>
    {
        (X64Register to, X64Register from) = (r.Register(), r.Register());
        (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
        Same((ref X64Emitter x) => x.FlagsToAh(), a => a.lahf());
        Same((ref X64Emitter x) => x.FlagsFromAh(), a => a.sahf());
        Same((ref X64Emitter x) => x.ComplementCarry(), a => a.cmc());
        Same((ref X64Emitter x) => x.ClearCarry(), a => a.clc());
        Same((ref X64Emitter x) => x.SetCarry(), a => a.stc());
        Same((ref X64Emitter x) => x.AddAl(0x7F), a => a.add(al, 0x7F));
        Same((ref X64Emitter x) => x.Set(X64Condition.Overflow, to), a => a.seto(Byte(to)));
        Same((ref X64Emitter x) => x.Set(X64Condition.NotEqual, to), a => a.setne(Byte(to)));
        Same((ref X64Emitter x) => x.MoveIf(X64Condition.Above, to, from, true), a => a.cmova(Wide(to), Wide(from)));
        Same((ref X64Emitter x) => x.MoveIf(X64Condition.Less, to, from, false), a => a.cmovl(Narrow(to), Narrow(from)));
        Same((ref X64Emitter x) => x.ExchangeAdd(here, from, 8), a => a.@lock.xadd(there, Wide(from)));
        Same((ref X64Emitter x) => x.ExchangeAdd(here, from, 1), a => a.@lock.xadd(there, Byte(from)));
        Same((ref X64Emitter x) => x.CompareExchange(here, from, 4), a => a.@lock.cmpxchg(there, Narrow(from)));
        Same((ref X64Emitter x) => x.CompareExchange(here, from, 2), a => a.@lock.cmpxchg(there, Word(from)));
        Same((ref X64Emitter x) => x.Exchange(here, from, 8), a => a.xchg(there, Wide(from)));
        Same((ref X64Emitter x) => x.Exchange(here, from, 1), a => a.xchg(there, Byte(from)));
        Same((ref X64Emitter x) => x.Barrier(), a => a.@lock.or(__dword_ptr[rsp], 0));
        Same((ref X64Emitter x) => x.LoadMxcsr(here), a => a.ldmxcsr(there));
        Same((ref X64Emitter x) => x.StoreMxcsr(here), a => a.stmxcsr(there));
    });

    [Fact]
    public void JumpsLeadWhereTheyAreBound()
    {
        for (int distance = -200; distance <= 200; distance += 7)
        {
            int target = 100 + distance;
            Decode((ref X64Emitter x) => x.Bind(x.Jump(), target)).NearBranchTarget.ShouldBe(Origin + (ulong)target);
            Decode((ref X64Emitter x) => x.Bind(x.Jump(X64Condition.Greater), target)).NearBranchTarget.ShouldBe(Origin + (ulong)target);
            nint address = s_start + (distance * 1000);
            Instruction call = Decode((ref X64Emitter x) => x.Bind(x.Call(), address));
            call.Mnemonic.ShouldBe(Mnemonic.Call);
            call.NearBranchTarget.ShouldBe((ulong)address);
        }

        for (int condition = 0; condition < 16; condition++)
        {
            var holds = (X64Condition)condition;
            Decode((ref X64Emitter x) => x.Jump(holds)).ConditionCode.ShouldBe((ConditionCode)(condition + 1));
        }

        Repeat(r =>
        {
            X64Register to = r.Register();
            (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
            Same((ref X64Emitter x) => x.Jump(to), a => a.jmp(Wide(to)));
            Same((ref X64Emitter x) => x.Call(to), a => a.call(Wide(to)));
            Same((ref X64Emitter x) => x.Jump(here), a => a.jmp(__qword_ptr[there]));
        });
        Same((ref X64Emitter x) => x.Return(), a => a.ret());
    }

    [Fact]
    public void AddressesNearTheCodeAreRelativeToIt() => Repeat(r =>
    {
        X64Register to = r.Register();
        nint address = s_start + r.Value();
        Instruction load = Decode((ref X64Emitter x) => x.Load(to, new X64Memory(address)));
        load.IsIPRelativeMemoryOperand.ShouldBeTrue();
        load.IPRelativeMemoryAddress.ShouldBe((ulong)address);
        Decode((ref X64Emitter x) => x.Alu(X64Alu.Cmp, to, new X64Memory(address), true)).IPRelativeMemoryAddress.ShouldBe((ulong)address);
        Decode((ref X64Emitter x) => x.Vector(0x66, 0xEF, (int)to, new X64Memory(address))).IPRelativeMemoryAddress.ShouldBe((ulong)address);
    });

    [Fact]
    public void VectorInstructionsAreWhatTheyShouldBe() => Repeat(r =>
    {
        (int to, int first, int second) = (r.Vector(), r.Vector(), r.Vector());
        X64Register general = r.Register();
        byte value = (byte)r.Value();
        (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
        Same((ref X64Emitter x) => x.Vector(0x66, 0xFE, to, second), a => a.paddd(s_vectors[to], s_vectors[second]));
        Same((ref X64Emitter x) => x.Vector(0xF2, 0x58, to, second), a => a.addsd(s_vectors[to], s_vectors[second]));
        Same((ref X64Emitter x) => x.Vector(0, 0x28, to, here), a => a.movaps(s_vectors[to], there));
        Same((ref X64Emitter x) => x.Vector(0, 0x11, to, here), a => a.movups(there, s_vectors[to]));
        Same((ref X64Emitter x) => x.Vector38(0x66, 0x00, to, second), a => a.pshufb(s_vectors[to], s_vectors[second]));
        Same((ref X64Emitter x) => x.Vector3A(0x66, 0x0F, to, second, value), a => a.palignr(s_vectors[to], s_vectors[second], value));
        Same((ref X64Emitter x) => x.Vector(0x66, 0x70, to, second, value), a => a.pshufd(s_vectors[to], s_vectors[second], value));
        Same((ref X64Emitter x) => x.MoveVector(0x6E, to, general, wide: true), a => a.movq(s_vectors[to], Wide(general)));
        Same((ref X64Emitter x) => x.MoveVector(0x7E, to, general, wide: false), a => a.movd(Narrow(general), s_vectors[to]));
        Same((ref X64Emitter x) => x.Avx(0xF2, 0x59, to, first, second), a => a.vmulsd(s_vectors[to], s_vectors[first], s_vectors[second]));
        Same((ref X64Emitter x) => x.Avx(0, 0x58, to, first, here), a => a.vaddps(s_vectors[to], s_vectors[first], there));
        Same((ref X64Emitter x) => x.Fused(0xB9, to, first, second, wide: true), a => a.vfmadd231sd(s_vectors[to], s_vectors[first], s_vectors[second]));
        Same((ref X64Emitter x) => x.Fused(0xB8, to, first, here, wide: false), a => a.vfmadd231ps(s_vectors[to], s_vectors[first], there));
    });

    [Fact]
    public void PackedOperationsAreWhatTheirNamesSay()
    {
        foreach (X64Vector operation in Enum.GetValues<X64Vector>())
        {
            string name = operation.ToString();
            Repeat(
                r =>
                {
                    (int to, int left, int right) = (r.Vector(), r.Vector(), r.Vector());
                    X64Register general = r.Register();
                    (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
                    byte value = (byte)r.Value();
                    switch (operation)
                    {
                        case X64Vector.Pmovmskb:
                            Named((ref X64Emitter x) => x.Packed(operation, (int)general, right), name, Narrow(general), s_vectors[right]);
                            break;
                        case X64Vector.Pinsrb or X64Vector.Pinsrw or X64Vector.Pinsrd:
                            Named((ref X64Emitter x) => x.Packed(operation, to, general, value, wide: false), name, s_vectors[to], Narrow(general));
                            Same((ref X64Emitter x) => x.Packed(X64Vector.Pinsrd, to, general, value, wide: true), a => a.pinsrq(s_vectors[to], Wide(general), value));
                            Same((ref X64Emitter x) => x.Packed(X64Vector.Pinsrb, to, here, value), a => a.pinsrb(s_vectors[to], there, value));
                            break;
                        case X64Vector.Pshufd or X64Vector.Palignr or X64Vector.Pblendw or X64Vector.Pclmulqdq:
                            Named((ref X64Emitter x) => x.Packed(operation, to, right, value), name, s_vectors[to], s_vectors[right]);
                            Decode((ref X64Emitter x) => x.Packed(operation, to, here, value)).Mnemonic.ToString().ShouldBe(name);
                            break;
                        case X64Vector.Vpsllv or X64Vector.Vpsrlv or X64Vector.Vpsrav:
                            Named((ref X64Emitter x) => x.PackedVex(operation, to, left, right, wide: false), name + "d", s_vectors[to], s_vectors[left]);
                            break;
                        default:
                            Named((ref X64Emitter x) => x.Packed(operation, to, right), name, s_vectors[to], s_vectors[right]);
                            Decode((ref X64Emitter x) => x.Packed(operation, to, here)).Mnemonic.ToString().ShouldBe(name);
                            break;
                    }
                },
                rounds: 40);
        }

        Repeat(r =>
        {
            (int to, int left, int right) = (r.Vector(), r.Vector(), r.Vector());
            (X64Memory here, AssemblerMemoryOperand there) = r.Memory();
            byte amount = (byte)(r.Value() & 15);
            Same((ref X64Emitter x) => x.PackedVex(X64Vector.Paddd, to, left, right), a => a.vpaddd(s_vectors[to], s_vectors[left], s_vectors[right]));
            Same((ref X64Emitter x) => x.PackedVex(X64Vector.Pmulld, to, left, here), a => a.vpmulld(s_vectors[to], s_vectors[left], there));
            Same((ref X64Emitter x) => x.PackedVex(X64Vector.Vpsllv, to, left, right, wide: true), a => a.vpsllvq(s_vectors[to], s_vectors[left], s_vectors[right]));
            Same((ref X64Emitter x) => x.PackedShift(X64VectorShift.Left, 1, to, amount), a => a.psllw(s_vectors[to], amount));
            Same((ref X64Emitter x) => x.PackedShift(X64VectorShift.Right, 3, to, amount), a => a.psrlq(s_vectors[to], amount));
            Same((ref X64Emitter x) => x.PackedShift(X64VectorShift.RightSigned, 2, to, amount), a => a.psrad(s_vectors[to], amount));
            Same((ref X64Emitter x) => x.PackedShift(X64VectorShift.BytesRight, 3, to, amount), a => a.psrldq(s_vectors[to], amount));
        });
    }

    private static void Named(Emission emission, string mnemonic, Register first, Register second)
    {
        Instruction instruction = Decode(emission);
        instruction.Mnemonic.ToString().ShouldBe(mnemonic);
        instruction.Op0Register.ShouldBe(first);
        instruction.Op1Register.ShouldBe(second);
    }

    private static AssemblerRegister64 Wide(X64Register register) => s_wide[(int)register];

    private static AssemblerRegister32 Narrow(X64Register register) => s_narrow[(int)register];

    private static AssemblerRegister16 Word(X64Register register) => s_words[(int)register];

    private static AssemblerRegister8 Byte(X64Register register) => s_bytes[(int)register];

    private static void Repeat(Action<Operands> check, int rounds = Rounds)
    {
        var operands = new Operands(new Random(20261128));
        for (int round = 0; round < rounds; round++)
        {
            check(operands);
        }
    }

    /// <summary>The emitter's instruction is the assembler's.</summary>
    private static void Same(Emission emission, Action<Assembler> assembly)
    {
        var assembler = new Assembler(64);
        assembly(assembler);
        var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), Origin);
        byte[] expected = stream.ToArray();
        byte[] bytes = Emit(emission);
        if (!bytes.AsSpan().SequenceEqual(expected))
        {
            Decode(bytes).ToString().ShouldBe(Decode(expected).ToString());
        }
    }

    private static Instruction Decode(Emission emission) => Decode(Emit(emission));

    private static Instruction Decode(byte[] bytes)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes));
        decoder.IP = Origin;
        Instruction instruction = decoder.Decode();
        instruction.IsInvalid.ShouldBeFalse(Convert.ToHexString(bytes));
        instruction.Length.ShouldBe(bytes.Length, $"{instruction}: {Convert.ToHexString(bytes)}");
        return instruction;
    }

    private static byte[] Emit(Emission emission)
    {
        byte* buffer = stackalloc byte[64];
        var x = new X64Emitter(buffer, s_start);
        emission(ref x);
        x.Length.ShouldBeLessThanOrEqualTo(X64Emitter.MostBytes);
        return new ReadOnlySpan<byte>(buffer, x.Length).ToArray();
    }

    /// <summary>Operands by chance, the awkward ones among them.</summary>
    private sealed class Operands(Random random)
    {
        public X64Register Register() => (X64Register)random.Next(16);

        public int Vector() => random.Next(16);

        public int Value() => random.Next(4) switch
        {
            0 => random.Next(-128, 128),
            1 => random.Next(-200, 200),
            2 => random.Next(),
            _ => -random.Next(),
        };

        public ulong Wide() => random.Next(4) switch
        {
            0 => (ulong)random.Next(),
            1 => (uint)random.Next(int.MinValue, int.MaxValue),
            2 => (ulong)(long)random.Next(int.MinValue, int.MaxValue),
            _ => (ulong)random.NextInt64(),
        };

        public (X64Memory Here, AssemblerMemoryOperand There) Memory()
        {
            X64Register based = Register();
            int displacement = random.Next(3) == 0 ? 0 : Value();
            if (random.Next(2) == 0)
            {
                return (new X64Memory(based, displacement), new AssemblerMemoryOperandFactory()[X64EmitterTests.Wide(based) + displacement]);
            }

            X64Register index = Register();
            index = index == X64Register.Rsp ? X64Register.Rax : index;
            int scale = random.Next(4);
            return (new X64Memory(based, index, scale, displacement), new AssemblerMemoryOperandFactory()[X64EmitterTests.Wide(based) + (X64EmitterTests.Wide(index) * (1 << scale)) + displacement]);
        }
    }
}
