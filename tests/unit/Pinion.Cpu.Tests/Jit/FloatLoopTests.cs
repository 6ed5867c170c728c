using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using Pinion.Cpu.Tests.Mmu;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Jit;

/// <summary>
/// Random loops of floating-point arithmetic end alike compiled and interpreted: what compiled code holds in registers from one turn to the next is what the guest has. PINION_FLOAT_LOOPS and PINION_FLOAT_SEED make a
/// longer run, or another.
/// </summary>
public sealed unsafe class FloatLoopTests
{
    private const int Registers = 6;

    /// <summary>Offsets of the data: at the boundary of two pages, so that some accesses cross it, and the same in the other page.</summary>
    private const ulong FirstByte = 0xF80;
    private const int Numbers = 0x230;
    private const ulong At = 0xFD4;

    private static readonly ulong[] s_numbers =
    [
        0, 1UL << 63, 0x3FF0_0000_0000_0000, 0xBFF0_0000_0000_0000, 0x3FEF_FFFF_FFFF_FFFF, 0x3FE0_0000_0000_0000, 0x0010_0000_0000_0000, 0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0001, 0x7FF0_0000_0000_0001,
        0x3F80_0000_3F80_0000, 0x3F00_0000_BF00_0000, 0x0080_0000_3F7F_FFFF, 0x3FF8_0000_4000_0000, 0x4059_0000_0000_0000,
    ];

    /// <summary>Rd, Rn and Rm are filled in.</summary>
    private static readonly uint[] s_three =
    [
        0x1E602800, 0x1E603800, 0x1E600800, 0x1E601800, 0x1E604800, 0x1E607800, 0x1E608800, // fadd, fsub, fmul, fdiv, fmax, fminnm, fnmul of doubles
        0x1E202800, 0x1E203800, 0x1E200800, 0x1E201800, // and of singles
        0x6E60DC00, 0x4E60D400, 0x4EE0D400, 0x4E60CC00, 0x4EE0CC00, 0x6E60D400, 0x4FC09000, 0x4FC01800, // fmul, fadd, fsub, fmla, fmls, faddp, fmul and fmla by element, 2D
        0x6E20DC00, 0x4E20D400, 0x4E20CC00, 0x4F801000, 0x6EA0E400, 0x4E20F400, // fmul, fadd, fmla, fmla by element, fcmgt, fmax, 4S
        0x2E20DC00, 0x0E20D400, 0x2E20FC00, // fmul, fadd, fdiv, 2S
        0x7EE0E400, 0x5FC09000, 0x6E201C00, 0x4E080400, // fcmgt and fmul by element of a double, eor, dup
    ];

    private static readonly uint[] s_two =
    [
        0x1E604000, 0x1E204000, 0x1E614000, 0x1E60C000, 0x1E61C000, 0x1E624000, 0x1E22C000, 0x1E654000, // fmov, fneg, fabs, fsqrt, fcvt both ways, frintm
        0x4EE0F800, 0x2EA0F800, 0x0E617800, 0x0E616800, 0x7E30D800, 0x5E61D800, 0x4E21D800, 0x4EA1B800, 0x5EE1B800, // fabs 2D, fneg 2S, fcvtl, fcvtn, faddp, scvtf, fcvtzs
    ];

    private static readonly uint[] s_compare = [0x1E602000, 0x1E602010, 0x1E602008, 0x1E202000, 0x1E202018, 0x1E603400 | 4, 0x1E60B410 | 8];

    private static int Loops => int.TryParse(Environment.GetEnvironmentVariable("PINION_FLOAT_LOOPS"), out int loops) ? loops : 3000;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("PINION_FLOAT_SEED"), out int seed) ? seed : 1;

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

        // Somebody must have computed by the host.
        EngineStatistics statistics = here.Pe.EngineStatistics;
        statistics.Stepped.ShouldBeLessThan(statistics.Compiled / 2);
    }

    private static string Say(int loop, uint[] code) => $"loop {loop}: {string.Join(' ', code.Select(word => word.ToString("x8", null)))}";

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
            m.Pe.SetX(i, (ulong)random.Next(-100, 100));
        }

        m.Pe.SetX(1, TranslatedMachine.DataVa + At);
        m.Pe.SetX(8, TranslatedMachine.DataVa + 0x1000);

        // Now and then another rounding, or flushing to zero, in the loop or from the beginning.
        ulong[] controls = [0, 0, 0, 0, 0, 1 << 22, 1 << 24, 1 << 25];
        m.Pe.SetX(7, controls[random.Next(controls.Length)]);
        m.Pe.WriteRegister(SysRegId.FPCR, controls[random.Next(controls.Length)]);
        m.Pe.WriteRegister(SysRegId.FPSR, 0);
        return m.Run(1, code);
    }

    private static Span<ulong> Data(TranslatedMachine m) => new((void*)m.M.Host(TestMachine.DataAt + FirstByte), Numbers);

    private static ulong Number(Random random) => random.Next(3) switch
    {
        0 => s_numbers[random.Next(s_numbers.Length)],
        1 => BitConverter.DoubleToUInt64Bits((random.NextDouble() - 0.5) * 10),
        _ => BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * 4)) | ((ulong)BitConverter.SingleToUInt32Bits((float)(random.NextDouble() - 1)) << 32),
    };

    private static uint[] Loop(Random random)
    {
        List<uint> code = [.. Body(random, 3)];
        bool isNested = random.Next(4) == 0;
        int outer = 0;
        if (isNested)
        {
            code.AddRange(Mov(10, 3));
            outer = code.Count;
            code.AddRange(Body(random, 3));
        }

        code.AddRange(Mov(9, random.Next(20) == 0 ? 200 : (ulong)random.Next(1, 6)));
        int head = code.Count;
        code.AddRange(Body(random, 12));
        switch (random.Next(3))
        {
            case 0:
                code.Add(SubsImm(9, 9, 1));
                code.AddRange(Body(random, 1, flags: false));
                code.Add(BNe(head - code.Count));
                break;
            case 1:
                code.Add(SubImm(9, 9, 1));
                code.Add(CbnzX(9, head - code.Count));
                break;
            default:
                code.Add(SubImm(9, 9, 1));
                code.Add(CbzX(9, 2));
                code.Add(B(head - code.Count));
                break;
        }

        code.AddRange(Body(random, 3));
        if (isNested)
        {
            code.Add(SubImm(10, 10, 1));
            code.Add(CbnzX(10, outer - code.Count));
        }

        return [.. code];
    }

    private static IEnumerable<uint> Body(Random random, int most, bool flags = true)
    {
        int length = random.Next(1, most + 1);
        for (int i = 0; i < length; i++)
        {
            foreach (uint word in One(random, flags))
            {
                yield return word;
            }
        }
    }

    private static uint[] One(Random random, bool flags)
    {
        uint d = (uint)random.Next(Registers);
        uint n = (uint)random.Next(Registers) << 5;
        uint m = (uint)random.Next(Registers) << 16;
        uint offset = (uint)random.Next(8) << 10;
        uint condition = (uint)random.Next(16);
        switch (random.Next(16))
        {
            case < 7:
                return [s_three[random.Next(s_three.Length)] | m | n | d];
            case 7:
                return [(random.Next(2) == 0 ? 0x1F400000u : 0x1F208000u) | m | ((uint)random.Next(Registers) << 10) | n | d];
            case 8 or 9:
                return [s_two[random.Next(s_two.Length)] | n | d];
            case 10:
                uint[] moves = [0x9E660000 | n | 3, 0x9E670000 | (3 << 5) | d, 0x9E620000 | (2 << 5) | d, 0x9E780000 | n | 2, 0x1E6E1000 | d, 0x2F00E400 | d, 0x9EAF0000 | (3 << 5) | d, 0x1E26_0000 | n | 4];
                return [moves[random.Next(moves.Length)]];
            case 11 or 12:
                uint[] accesses = [0xFD400000, 0x3DC00000, 0xBD400000, 0xFD000000, 0x3D800000, 0xBD000000];
                uint access = accesses[random.Next(accesses.Length)] | offset | d;

                // From page to page (eor x8, x8, #0x1000), or at one place.
                return random.Next(3) == 0 ? [0xD2740108, access | (8 << 5)] : [access | (1 << 5)];
            case 13 when flags:
                return [s_compare[random.Next(s_compare.Length)] | m | n];
            case 14:
                // csel or fcsel; where flags count, with the comparison before it.
                uint select = random.Next(2) == 0 ? 0x1E600C00 | m | n | d : 0x9A850086;
                return flags ? [s_compare[random.Next(3)] | m | n, select | (condition << 12)] : [select | (condition << 12)];
            case 15 when flags:
                return random.Next(4) switch
                {
                    0 => [Msr(SysRegId.FPCR, 7)],
                    1 => [0x54000040 | (condition & 13), s_three[0] | m | n | d],
                    _ => [s_compare[random.Next(3)] | m | n, 0x54000040 | (condition % 14), s_three[2] | m | n | d],
                };
            default:
                return [0x1E604000 | n | d];
        }
    }
}
