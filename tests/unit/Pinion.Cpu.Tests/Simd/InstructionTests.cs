using System.Runtime.InteropServices;
using System.Text;
using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using Decoder = Pinion.Cpu.Decode.Decoder;

namespace Pinion.Cpu.Tests.Simd;

/// <summary>Every floating-point, AdvSIMD and crypto row against QEMU: registers, flags and FPSR, in all FPCR modes.</summary>
public sealed unsafe class InstructionTests
{
    /// <summary>Cases a row; a larger number is worth a run by hand after changes.</summary>
    private static readonly int s_cases = int.Parse(Environment.GetEnvironmentVariable("PINION_SIMD_CASES") ?? "40");

    [Theory]
    [InlineData(A64Id.ScvtfFixed, A64Id.Fnmsub)]
    [InlineData(A64Id.ShaddVector, A64Id.FmulxElementHalf)]
    [InlineData(A64Id.Rev64Vector, A64Id.FminvVectorHalf)]
    [InlineData(A64Id.DupElement, A64Id.FcvtzuVectorFixed)]
    [InlineData(A64Id.SqaddScalar, A64Id.FmulxScalarElementHalf)]
    [InlineData(A64Id.Aese, A64Id.Sha256su0)]
    public void InstructionsDoWhatTheyDoInQemu(A64Id first, A64Id last)
    {
        var random = new RandomInstructions(((int)first * 1000) + s_cases);
        var before = new List<InstructionState>();
        for (A64Id id = first; id <= last; id++)
        {
            for (int i = 0; i < s_cases; i++)
            {
                uint word = random.Word(id);
                word.ShouldNotBe(0u, $"no word of {id} found");
                before.Add(random.State(word));
            }
        }

        InstructionState[] cases = [.. before];
        InstructionState[] expected = InstructionOracle.Run(cases);
        var differences = new StringBuilder();
        var rows = new Dictionary<A64Id, int>();
        Pe* s = (Pe*)NativeMemory.AlignedAlloc((nuint)sizeof(Pe), 64);
        try
        {
            for (int i = 0; i < cases.Length; i++)
            {
                InstructionState actual = Execute(s, cases[i]);
                string difference = Difference(expected[i], actual);
                A64Id id = A64Decoder.Decode(cases[i].Word, Decoder.Features);
                if (id == A64Id.FcvtzsScalarFixed && (cases[i].Word >> 20 & 7) == 1)
                {
                    // QEMU 7.2 extends the sign of a half's result to 32 bits; the Arm ARM clears what is above the element.
                    expected[i].V[2 * (cases[i].Word & 31)] &= 0xFFFF;
                    difference = Difference(expected[i], actual);
                }

                if (difference.Length != 0)
                {
                    rows[id] = rows.GetValueOrDefault(id) + 1;
                    if (rows[id] <= 3)
                    {
                        differences.Append($"{id} {cases[i].Word:x8} fpcr {cases[i].Fpcr:x8} fpsr {cases[i].Fpsr:x8}: {Operands(cases[i])}{difference}\n");
                    }
                }
            }
        }
        finally
        {
            NativeMemory.AlignedFree(s);
        }

        differences.Length.ShouldBe(0, $"{rows.Values.Sum()} of {cases.Length} in {string.Join(", ", rows.Select(p => $"{p.Key} {p.Value}"))}\n{differences}");
    }

    private static InstructionState Execute(Pe* s, InstructionState state)
    {
        NativeMemory.Clear(s, (nuint)sizeof(Pe));
        s->Nzcv = state.Nzcv;
        s->Fpcr = state.Fpcr;
        s->Fpsr = state.Fpsr;
        s->UpdateFpFast();
        for (int i = 0; i < 8; i++)
        {
            s->X[i] = state.X[i];
        }

        for (int i = 0; i < 64; i++)
        {
            s->V[i] = state.V[i];
        }

        Rec r;
        Decoder.Fill(&r, state.Word);
        if (r.Op == (ushort)Op.Undefined)
        {
            state.Word = 0;
            return state;
        }

        SwitchCore.Step(s, &r);
        byte fast = s->FpFast;
        s->UpdateFpFast();
        s->FpFast.ShouldBe(fast, "FpFast was not kept");
        state.Nzcv = s->Nzcv;
        state.Fpsr = s->Fpsr;
        for (int i = 0; i < 8; i++)
        {
            state.X[i] = s->X[i];
        }

        for (int i = 0; i < 64; i++)
        {
            state.V[i] = s->V[i];
        }

        return state;
    }

    private static string Difference(InstructionState expected, InstructionState actual)
    {
        var text = new StringBuilder();
        void Compare(string what, ulong e, ulong a)
        {
            if (e != a)
            {
                text.Append($" {what} is {a:x} not {e:x}");
            }
        }

        Compare("word", expected.Word, actual.Word);
        Compare("nzcv", expected.Nzcv & 0xF000_0000, actual.Nzcv);
        Compare("fpsr", expected.Fpsr, actual.Fpsr);
        for (int i = 0; i < 8; i++)
        {
            Compare($"x{i}", expected.X[i], actual.X[i]);
        }

        for (int i = 0; i < 64; i++)
        {
            Compare($"v{i / 2}[{i & 1}]", expected.V[i], actual.V[i]);
        }

        return text.ToString();
    }

    private static string Operands(InstructionState s)
    {
        int d = (int)(s.Word & 31), n = (int)(s.Word >> 5 & 31), m = (int)(s.Word >> 16 & 31);
        return $"d{d}={s.V[(2 * d) + 1]:x16}_{s.V[2 * d]:x16} n{n}={s.V[(2 * n) + 1]:x16}_{s.V[2 * n]:x16} m{m}={s.V[(2 * m) + 1]:x16}_{s.V[2 * m]:x16}";
    }
}
