using System.Runtime.CompilerServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// The sixteen conditions. For instructions that share one handler the decoder turns a condition into a mask with a bit for each of the 16 values of NZCV, so that testing it takes no branch.
/// </summary>
internal static unsafe class Conditions
{
    /// <summary>Bit n of the result tells whether <paramref name="condition"/> holds when NZCV is n (N is bit 3).</summary>
    public static uint Mask(uint condition) => s_masks[condition];

    private static readonly uint[] s_masks = MakeMasks();

    private static uint[] MakeMasks()
    {
        var masks = new uint[16];
        for (uint condition = 0; condition < masks.Length; condition++)
        {
            masks[condition] = MakeMask(condition);
        }

        return masks;
    }

    private static uint MakeMask(uint condition)
    {
        uint mask = 0;
        for (uint nzcv = 0; nzcv < 16; nzcv++)
        {
            bool n = (nzcv & 8) != 0, z = (nzcv & 4) != 0, c = (nzcv & 2) != 0, v = (nzcv & 1) != 0;
            bool holds = (condition >> 1) switch
            {
                0 => z,
                1 => c,
                2 => n,
                3 => v,
                4 => c && !z,
                5 => n == v,
                6 => n == v && !z,
                _ => true,
            };
            if ((condition & 1) != 0 && condition != 15)
            {
                holds = !holds;
            }

            mask |= holds ? 1u << (int)nzcv : 0;
        }

        return mask;
    }

    /// <summary>True when the condition of <paramref name="mask"/> holds with NZCV as <see cref="Pe.NativeFlags"/> has it.</summary>
    public static bool Holds(ushort flags, uint mask) => ((mask >> (((flags >> 12) & 0xC) | ((flags >> 7) & 2) | (flags & 1))) & 1) != 0;

    /// <summary>True when the condition of <paramref name="mask"/> holds.</summary>
    [MethodImpl(Inline.Hot)]
    public static bool Holds(Pe* s, uint mask)
    {
        uint index = ((uint)(s->NF >> 63) & 8) | (s->ZF == 0 ? 4u : 0) | ((uint)s->CF << 1) | ((uint)(s->VF >> 63) & 1);
        return ((mask >> (int)index) & 1) != 0;
    }
}
