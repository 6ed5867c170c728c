using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Tests.Engine;

/// <summary>Instruction words, as few as the tests need. <see cref="A64AsmTests"/> holds them to the disassembler.</summary>
internal static class A64Asm
{
    public const uint Nop = 0xD503201F;
    public const uint Yield = 0xD503203F;
    public const uint Wfe = 0xD503205F;
    public const uint Wfi = 0xD503207F;
    public const uint Sev = 0xD503209F;
    public const uint Sevl = 0xD50320BF;
    public const uint Eret = 0xD69F03E0;
    public const uint Ret = 0xD65F03C0;
    public const uint Isb = 0xD5033FDF;
    public const uint DsbIsh = 0xD5033B9F;
    public const uint Clrex = 0xD5033F5F;

    /// <summary>The stack pointer as a base register.</summary>
    public const int Sp = 31;
    public const int Zr = 31;

    // ---- exceptions ----

    public static uint Svc(uint imm) => 0xD4000001 | (imm << 5);

    public static uint Hvc(uint imm) => 0xD4000002 | (imm << 5);

    public static uint Smc(uint imm) => 0xD4000003 | (imm << 5);

    public static uint Brk(uint imm) => 0xD4200000 | (imm << 5);

    public static uint Hlt(uint imm) => 0xD4400000 | (imm << 5);

    public static uint Udf(uint imm) => imm;

    // ---- branches: distances in instructions ----

    public static uint B(int distance) => 0x14000000 | ((uint)distance & 0x03FFFFFF);

    public static uint Bl(int distance) => 0x94000000 | ((uint)distance & 0x03FFFFFF);

    public static uint BNe(int distance) => 0x54000001 | (((uint)distance & 0x7FFFF) << 5);

    public static uint CbzX(int rt, int distance) => 0xB4000000 | (((uint)distance & 0x7FFFF) << 5) | (uint)rt;

    public static uint CbnzX(int rt, int distance) => 0xB5000000 | (((uint)distance & 0x7FFFF) << 5) | (uint)rt;

    public static uint CbnzW(int rt, int distance) => 0x35000000 | (((uint)distance & 0x7FFFF) << 5) | (uint)rt;

    public static uint Br(int rn) => 0xD61F0000 | ((uint)rn << 5);

    public static uint Blr(int rn) => 0xD63F0000 | ((uint)rn << 5);

    // ---- integer ----

    public static uint Movz(int rd, uint imm, int shift = 0) => 0xD2800000 | ((uint)(shift / 16) << 21) | (imm << 5) | (uint)rd;

    public static uint Movk(int rd, uint imm, int shift = 0) => 0xF2800000 | ((uint)(shift / 16) << 21) | (imm << 5) | (uint)rd;

    public static uint AddImm(int rd, int rn, uint imm) => 0x91000000 | (imm << 10) | ((uint)rn << 5) | (uint)rd;

    public static uint SubImm(int rd, int rn, uint imm) => 0xD1000000 | (imm << 10) | ((uint)rn << 5) | (uint)rd;

    public static uint SubsImm(int rd, int rn, uint imm) => 0xF1000000 | (imm << 10) | ((uint)rn << 5) | (uint)rd;

    public static uint Add(int rd, int rn, int rm) => 0x8B000000 | ((uint)rm << 16) | ((uint)rn << 5) | (uint)rd;

    // ---- loads and stores: size is log2 of the bytes ----

    public static uint Ldr(int size, int rt, int rn, int offset = 0) => 0x39400000 | Transfer(size, rt, rn, offset);

    public static uint Str(int size, int rt, int rn, int offset = 0) => 0x39000000 | Transfer(size, rt, rn, offset);

    public static uint LdrX(int rt, int rn, int offset = 0) => Ldr(3, rt, rn, offset);

    public static uint StrX(int rt, int rn, int offset = 0) => Str(3, rt, rn, offset);

    private static uint Transfer(int size, int rt, int rn, int offset) => ((uint)size << 30) | ((uint)(offset >> size) << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint Ldur(int size, int rt, int rn, int offset) => 0x38400000 | ((uint)size << 30) | (((uint)offset & 0x1FF) << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint Stur(int size, int rt, int rn, int offset) => 0x38000000 | ((uint)size << 30) | (((uint)offset & 0x1FF) << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint Ldtr(int size, int rt, int rn) => 0x38400800 | ((uint)size << 30) | ((uint)rn << 5) | (uint)rt;

    public static uint Sttr(int size, int rt, int rn) => 0x38000800 | ((uint)size << 30) | ((uint)rn << 5) | (uint)rt;

    public static uint LdrPost(int size, int rt, int rn, int offset) => 0x38400400 | ((uint)size << 30) | (((uint)offset & 0x1FF) << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint LdrPre(int size, int rt, int rn, int offset) => 0x38400C00 | ((uint)size << 30) | (((uint)offset & 0x1FF) << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint StrPost(int size, int rt, int rn, int offset) => 0x38000400 | ((uint)size << 30) | (((uint)offset & 0x1FF) << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint StrPre(int size, int rt, int rn, int offset) => 0x38000C00 | ((uint)size << 30) | (((uint)offset & 0x1FF) << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint LdpX(int rt, int rt2, int rn, int offset = 0) => 0xA9400000 | Pair(rt, rt2, rn, offset >> 3);

    public static uint StpX(int rt, int rt2, int rn, int offset = 0) => 0xA9000000 | Pair(rt, rt2, rn, offset >> 3);

    public static uint LdpXPost(int rt, int rt2, int rn, int offset) => 0xA8C00000 | Pair(rt, rt2, rn, offset >> 3);

    public static uint LdpW(int rt, int rt2, int rn, int offset = 0) => 0x29400000 | Pair(rt, rt2, rn, offset >> 2);

    public static uint LdpQ(int vt, int vt2, int rn, int offset = 0) => 0xAD400000 | Pair(vt, vt2, rn, offset >> 4);

    private static uint Pair(int rt, int rt2, int rn, int scaled) => (((uint)scaled & 0x7F) << 15) | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint LdrQ(int vt, int rn, int offset = 0) => 0x3DC00000 | ((uint)(offset >> 4) << 10) | ((uint)rn << 5) | (uint)vt;

    public static uint StrQ(int vt, int rn, int offset = 0) => 0x3D800000 | ((uint)(offset >> 4) << 10) | ((uint)rn << 5) | (uint)vt;

    // ---- exclusives and atomics ----

    public static uint Ldxr(int size, int rt, int rn) => 0x085F7C00 | ((uint)size << 30) | ((uint)rn << 5) | (uint)rt;

    public static uint Stxr(int size, int rs, int rt, int rn) => 0x08007C00 | ((uint)size << 30) | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint LdxpX(int rt, int rt2, int rn) => 0xC87F0000 | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint StxpX(int rs, int rt, int rt2, int rn) => 0xC8200000 | ((uint)rs << 16) | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint LdxpW(int rt, int rt2, int rn) => 0x887F0000 | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint StxpW(int rs, int rt, int rt2, int rn) => 0x88200000 | ((uint)rs << 16) | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint Ldar(int size, int rt, int rn) => 0x08DFFC00 | ((uint)size << 30) | ((uint)rn << 5) | (uint)rt;

    public static uint Stlr(int size, int rt, int rn) => 0x089FFC00 | ((uint)size << 30) | ((uint)rn << 5) | (uint)rt;

    public static uint Ldapr(int size, int rt, int rn) => 0x38BFC000 | ((uint)size << 30) | ((uint)rn << 5) | (uint)rt;

    public static uint Cas(int size, int rs, int rt, int rn) => 0x08A07C00 | ((uint)size << 30) | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint CaspX(int rs, int rt, int rn) => 0x48207C00 | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint CaspW(int rs, int rt, int rn) => 0x08207C00 | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    /// <summary>LDADD (0), LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN (7), SWP (8).</summary>
    public static uint Atomic(int operation, int size, int rs, int rt, int rn) => 0x38200000 | ((uint)size << 30) | ((uint)rs << 16) | ((uint)operation << 12) | ((uint)rn << 5) | (uint)rt;

    public static uint Ldadd(int size, int rs, int rt, int rn) => Atomic(0, size, rs, rt, rn);

    // ---- system ----

    public static uint Mrs(int rt, SysRegId register) => 0xD5200000 | ((uint)SysRegTable.Get(register).Encoding << 5) | (uint)rt;

    public static uint Msr(SysRegId register, int rt) => 0xD5000000 | ((uint)SysRegTable.Get(register).Encoding << 5) | (uint)rt;

    public static uint MsrDaifSet(uint imm) => 0xD50340DF | (imm << 8);

    public static uint MsrDaifClr(uint imm) => 0xD50340FF | (imm << 8);

    public static uint MsrSpSel(uint imm) => 0xD50040BF | (imm << 8);

    public static uint MsrPan(uint imm) => 0xD500409F | (imm << 8);

    public static uint Sys(uint op1, uint crn, uint crm, uint op2, int rt = 31) => 0xD5080000 | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | (uint)rt;

    public static readonly uint TlbiVmalle1 = Sys(0, 8, 7, 0);
    public static readonly uint TlbiVmalle1Is = Sys(0, 8, 3, 0);
    public static readonly uint IcIallu = Sys(0, 7, 5, 0);
    public static readonly uint IcIalluis = Sys(0, 7, 1, 0);

    public static uint TlbiVae1(int rt) => Sys(0, 8, 7, 1, rt);

    public static uint TlbiVae1Is(int rt) => Sys(0, 8, 3, 1, rt);

    public static uint TlbiAside1(int rt) => Sys(0, 8, 7, 2, rt);

    public static uint TlbiVaae1(int rt) => Sys(0, 8, 7, 3, rt);

    public static uint TlbiVale1(int rt) => Sys(0, 8, 7, 5, rt);

    public static uint TlbiVaale1(int rt) => Sys(0, 8, 7, 7, rt);

    public static uint IcIvau(int rt) => Sys(3, 7, 5, 1, rt);

    public static uint DcZva(int rt) => Sys(3, 7, 4, 1, rt);

    public static uint DcCvac(int rt) => Sys(3, 7, 10, 1, rt);

    public static uint DcCvau(int rt) => Sys(3, 7, 11, 1, rt);

    public static uint DcCivac(int rt) => Sys(3, 7, 14, 1, rt);

    public static uint DcIvac(int rt) => Sys(0, 7, 6, 1, rt);

    public static uint DcCsw(int rt) => Sys(0, 7, 10, 2, rt);

    /// <summary>AT S1E1R (0), S1E1W (1), S1E0R (2), S1E0W (3).</summary>
    public static uint At(uint op2, int rt) => Sys(0, 7, 8, op2, rt);

    /// <summary>AT S1E1RP (0), S1E1WP (1).</summary>
    public static uint AtPan(uint op2, int rt) => Sys(0, 7, 9, op2, rt);

    /// <summary>The words that put <paramref name="value"/> into <paramref name="rd"/>.</summary>
    public static uint[] Mov(int rd, ulong value) =>
    [
        Movz(rd, (uint)value & 0xFFFF),
        Movk(rd, (uint)(value >> 16) & 0xFFFF, 16),
        Movk(rd, (uint)(value >> 32) & 0xFFFF, 32),
        Movk(rd, (uint)(value >> 48) & 0xFFFF, 48),
    ];
}
