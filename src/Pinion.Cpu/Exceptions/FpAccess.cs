using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Exceptions;

/// <summary>Which instructions CPACR_EL1.FPEN traps: all that name a SIMD and FP register, FPCR or FPSR (Arm ARM, AArch64.CheckFPAdvSIMDEnabled).</summary>
internal static unsafe class FpAccess
{
    private const A64Feature Registers = A64Feature.Fp | A64Feature.AdvSimd | A64Feature.Aes | A64Feature.Pmull | A64Feature.Sha1 | A64Feature.Sha256
        | A64Feature.Rdm | A64Feature.DotProd | A64Feature.Fp16;

    private static readonly bool[] s_uses = MakeTable();

    /// <summary>The trap's ISS: for A64 CV is 1 and COND 0b1110.</summary>
    public const ulong Iss = 0x1E << 20;

    /// <summary>True when <paramref name="r"/> is trapped while FPEN denies access.</summary>
    public static bool IsTrapped(Rec* r) => s_uses[r->Id] || (Op)(r->Op & ~Rec.Alternate) is Op.MrsFpcr or Op.MrsFpsr or Op.MsrFpcr or Op.MsrFpsr;

    private static bool[] MakeTable()
    {
        var uses = new bool[A64Table.Count];
        for (int i = 1; i < uses.Length; i++)
        {
            uses[i] = (A64Table.Encoding((A64Id)i).Feature & Registers) != 0;
        }

        return uses;
    }
}
