using Pinion.Arm.SystemRegisters;

namespace Pinion.Kvm.Tests;

/// <summary>The few A64 instructions that test programs are made of.</summary>
internal static class Code
{
    public const uint Hvc = 0xD400_0002;
    public const uint Smc = 0xD400_0003;
    public const uint Wfi = 0xD503_207F;
    public const uint Nop = 0xD503_201F;

    /// <summary>B .</summary>
    public const uint Loop = 0x1400_0000;

    public static uint Branch(int instructions) => 0x1400_0000 | ((uint)instructions & 0x03FF_FFFF);

    public static uint Movz(int rd, ushort value, int shift = 0) => 0xD280_0000 | ((uint)(shift / 16) << 21) | ((uint)value << 5) | (uint)rd;

    public static uint Movk(int rd, ushort value, int shift) => 0xF280_0000 | ((uint)(shift / 16) << 21) | ((uint)value << 5) | (uint)rd;

    public static uint AddImmediate(int rd, int rn, int value) => 0x9100_0000 | ((uint)value << 10) | ((uint)rn << 5) | (uint)rd;

    public static uint SubsImmediate(int rd, int rn, int value) => 0xF100_0000 | ((uint)value << 10) | ((uint)rn << 5) | (uint)rd;

    public static uint BranchNotZero(int rt, int instructions) => 0xB500_0000 | (((uint)instructions & 0x7FFFF) << 5) | (uint)rt;

    /// <summary>LDR Xt, [Xn].</summary>
    public static uint Ldr(int rt, int rn) => 0xF940_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint LdrW(int rt, int rn) => 0xB940_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint Ldrb(int rt, int rn) => 0x3940_0000 | ((uint)rn << 5) | (uint)rt;

    /// <summary>LDRSB Wt.</summary>
    public static uint LdrsbW(int rt, int rn) => 0x39C0_0000 | ((uint)rn << 5) | (uint)rt;

    /// <summary>LDRSH Xt.</summary>
    public static uint Ldrsh(int rt, int rn) => 0x7980_0000 | ((uint)rn << 5) | (uint)rt;

    /// <summary>STR Xt, [Xn].</summary>
    public static uint Str(int rt, int rn) => 0xF900_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint StrW(int rt, int rn) => 0xB900_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint Strb(int rt, int rn) => 0x3900_0000 | ((uint)rn << 5) | (uint)rt;

    /// <summary>LDP Xt, Xu, [Xn]: an access whose syndrome says nothing.</summary>
    public static uint Ldp(int rt, int rt2, int rn) => 0xA940_0000 | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint Mrs(int rt, SysRegId id) => 0xD530_0000 | Bits(id) | (uint)rt;

    public static uint Msr(SysRegId id, int rt) => 0xD510_0000 | Bits(id) | (uint)rt;

    /// <summary>MSR DAIFClr, #15.</summary>
    public const uint Unmask = 0xD503_4FFF;

    private static uint Bits(SysRegId id)
    {
        ushort encoding = SysRegTable.Get(id).Encoding;
        return ((uint)encoding & 0x7FFF) << 5;
    }
}
