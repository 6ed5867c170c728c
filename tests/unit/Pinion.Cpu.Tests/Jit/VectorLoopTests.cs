using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Decode;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using Pinion.Cpu.Tests.Engine;
using Pinion.Cpu.Tests.Mmu;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Jit;

/// <summary>
/// Random loops of AdvSIMD integer instructions end alike compiled and interpreted, whatever compiled code holds in registers meanwhile. The instructions are drawn from the table of encodings.
/// PINION_VECTOR_LOOPS and PINION_VECTOR_SEED make a longer run, or another.
/// </summary>
public sealed unsafe class VectorLoopTests
{
    /// <summary>Few, so that results are used.</summary>
    private const int Registers = 6;
    private const int Base = 20;
    private const int Counter = 9;

    /// <summary>Offset of the data: near the end of a page, so that some accesses cross it.</summary>
    private const ulong At = 0xF90;
    private const int Numbers = 48;

    private static readonly A64Id[] s_vector = [.. Rows(memory: false)];
    private static readonly A64Id[] s_memory = [.. Rows(memory: true)];

    /// <summary>Rd, Rn and Rm are filled in: fmul, fadd and fmla 4S, fmul D.</summary>
    private static readonly uint[] s_float = [0x6E20_DC00, 0x4E20_D400, 0x4E20_CC00, 0x1E60_0800];

    private static int Loops => int.TryParse(Environment.GetEnvironmentVariable("PINION_VECTOR_LOOPS"), out int loops) ? loops : 3000;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("PINION_VECTOR_SEED"), out int seed) ? seed : 1;

    [Fact]
    public void RandomLoopsEndAsTheInterpreterSays()
    {
        var random = new Random(Seed);
        using var here = new TranslatedMachine(EngineKind.Region);
        using var there = new TranslatedMachine(EngineKind.Switch);
        here.Tables.Map(TranslatedMachine.DataVa + 0x1000, TestMachine.DataAt + 0x1000, PageTables.UserData);
        there.Tables.Map(TranslatedMachine.DataVa + 0x1000, TestMachine.DataAt + 0x1000, PageTables.UserData);
        for (int loop = 0; loop < Loops; loop++)
        {
            uint[] code = Loop(random);
            int state = random.Next();
            TakenException end = Run(here, code, state);
            end.ShouldBe(Run(there, code, state), Say(loop, code));
            TranslatedMachine.Succeeded(end).ShouldBeTrue(Say(loop, code));
            for (int i = 0; i < 64; i++)
            {
                here.Pe.State->V[i].ShouldBe(there.Pe.State->V[i], $"V{i / 2}.D[{i % 2}], {Say(loop, code)}");
            }

            for (int i = 0; i < 31; i++)
            {
                here.Pe.GetX(i).ShouldBe(there.Pe.GetX(i), $"X{i}, {Say(loop, code)}");
            }

            Data(here).SequenceEqual(Data(there)).ShouldBeTrue($"memory, {Say(loop, code)}");
            here.Pe.ReadRegister(SysRegId.FPSR).ShouldBe(there.Pe.ReadRegister(SysRegId.FPSR), $"FPSR, {Say(loop, code)}");
        }

        if (here.Pe.EngineStatistics is { Compiled: > 0 } statistics)
        {
            statistics.Stepped.ShouldBeLessThan(statistics.Compiled / 4);
        }
    }

    private static string Say(int loop, uint[] code) => $"loop {loop}: {string.Join("; ", code.Select(word => A64Disassembler.Format(word, 0)))}";

    private static IEnumerable<A64Id> Rows(bool memory)
    {
        for (var id = (A64Id)1; (int)id < A64Table.Count; id++)
        {
            string name = A64Table.Name(id);
            bool isMemory = A64Table.Operands(id).Contains("[XSn", StringComparison.Ordinal);
            if (isMemory != memory || name.Contains("PostIndex", StringComparison.Ordinal) || name.Contains("PreIndex", StringComparison.Ordinal))
            {
                continue;
            }

            A64Feature feature = A64Table.Encoding(id).Feature;
            bool isVector = feature is A64Feature.AdvSimd or A64Feature.Rdm or A64Feature.DotProd or A64Feature.Aes or A64Feature.Pmull or A64Feature.Sha256;
            if (memory ? isVector : isVector && !name.StartsWith('F') && name[1..4] != "cvt" && !name.StartsWith("Urecpe", StringComparison.Ordinal) && !name.StartsWith("Ursqrte", StringComparison.Ordinal))
            {
                yield return id;
            }
        }
    }

    private static uint[] Loop(Random random)
    {
        List<uint> code = [.. Body(random, 3), .. Mov(Counter, (ulong)random.Next(1, 6))];
        int head = code.Count;
        code.AddRange(Body(random, 12));
        code.Add(SubImm(Counter, Counter, 1));
        code.Add(CbnzX(Counter, head - code.Count));
        code.AddRange(Body(random, 3));
        return [.. code];
    }

    private static IEnumerable<uint> Body(Random random, int most)
    {
        for (int left = random.Next(1, most + 1); left > 0; left--)
        {
            yield return random.Next(8) switch
            {
                0 => s_float[random.Next(s_float.Length)] | Field(random, 16) | Field(random, 5) | Field(random, 0),
                1 => Word(random, s_memory[random.Next(s_memory.Length)], memory: true),
                _ => Word(random, s_vector[random.Next(s_vector.Length)], memory: false),
            };
        }
    }

    private static uint Field(Random random, int low) => (uint)random.Next(Registers) << low;

    /// <summary>A word of a row with its registers among the few.</summary>
    private static uint Word(Random random, A64Id id, bool memory)
    {
        A64Encoding row = A64Table.Encoding(id);
        while (true)
        {
            uint word = (uint)random.NextInt64(1L << 32);
            word = (word & ~0x3FFu) | Field(random, 0) | (memory ? Base << 5 : Field(random, 5));
            if (A64Fields.Find(id, 'm').Width == 5)
            {
                word = (word & ~(31u << 16)) | Field(random, 16);
            }

            word = (word & ~row.Mask) | row.Value;
            Rec record;
            Decoder.Fill(&record, word);
            if ((A64Id)record.Id == id && (Op)record.Op != Op.Undefined)
            {
                return word;
            }
        }
    }

    private static TakenException Run(TranslatedMachine m, uint[] code, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 64; i++)
        {
            m.Pe.State->V[i] = Number(random);
        }

        foreach (ref ulong number in Data(m))
        {
            number = Number(random);
        }

        for (int i = 0; i < 31; i++)
        {
            m.Pe.SetX(i, Number(random));
        }

        m.Pe.SetX(Base, TranslatedMachine.DataVa + At + (ulong)random.Next(0x60));
        m.Pe.WriteRegister(SysRegId.FPCR, 0);
        m.Pe.WriteRegister(SysRegId.FPSR, 0);
        return m.Run(1, code);
    }

    private static Span<ulong> Data(TranslatedMachine m) => new((void*)m.M.Host(TestMachine.DataAt + At), Numbers);

    private static ulong Number(Random random) => random.Next(4) switch
    {
        0 => (ulong)random.Next(-2, 3),
        1 => (ulong)random.NextInt64() & (ulong)random.NextInt64() & (ulong)random.NextInt64() & 0x0707_0707_0707_0707,
        2 => 0x8000_7FFF_FF80_007F,
        _ => ((ulong)random.NextInt64() << 1) ^ (ulong)random.NextInt64(),
    };
}
