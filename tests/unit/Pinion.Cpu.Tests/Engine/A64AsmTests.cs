using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.Engine;

public sealed class A64AsmTests
{
    public static TheoryData<uint, string> Words => new()
    {
        { Svc(5), "svc\t#0x5" },
        { Hvc(0x100), "hvc\t#0x100" },
        { Smc(1), "smc\t#0x1" },
        { Brk(2), "brk\t#0x2" },
        { Hlt(3), "hlt\t#0x3" },
        { B(-1), "b\t0xffc" },
        { Bl(2), "bl\t0x1008" },
        { BNe(-2), "b.ne\t0xff8" },
        { CbzX(3, 1), "cbz\tx3, 0x1004" },
        { CbnzX(3, 1), "cbnz\tx3, 0x1004" },
        { CbnzW(3, 1), "cbnz\tw3, 0x1004" },
        { Br(4), "br\tx4" },
        { Blr(4), "blr\tx4" },
        { Movz(1, 0x12, 16), "movz\tx1, #0x12, lsl #16" },
        { Movk(1, 0x12, 48), "movk\tx1, #0x12, lsl #48" },
        { AddImm(1, 2, 3), "add\tx1, x2, #0x3" },
        { SubImm(1, Sp, 3), "sub\tx1, sp, #0x3" },
        { SubsImm(1, 2, 3), "subs\tx1, x2, #0x3" },
        { Add(1, 2, 3), "add\tx1, x2, x3" },
        { Ldr(0, 1, 2, 3), "ldrb\tw1, [x2, #3]" },
        { Ldr(2, 1, 2, 4), "ldr\tw1, [x2, #4]" },
        { StrX(1, Sp, 16), "str\tx1, [sp, #16]" },
        { Ldur(3, 1, 2, -1), "ldur\tx1, [x2, #-1]" },
        { Stur(1, 1, 2, 1), "sturh\tw1, [x2, #1]" },
        { Ldtr(3, 1, 2), "ldtr\tx1, [x2]" },
        { Sttr(2, 1, 2), "sttr\tw1, [x2]" },
        { LdrPost(3, 1, 2, 8), "ldr\tx1, [x2], #8" },
        { LdrPre(3, 1, 2, -8), "ldr\tx1, [x2, #-8]!" },
        { StrPost(3, 1, 2, 8), "str\tx1, [x2], #8" },
        { StrPre(3, 1, 2, 8), "str\tx1, [x2, #8]!" },
        { LdpX(1, 2, 3, 16), "ldp\tx1, x2, [x3, #16]" },
        { StpX(1, 2, 3), "stp\tx1, x2, [x3]" },
        { LdpXPost(1, 2, 3, 16), "ldp\tx1, x2, [x3], #16" },
        { LdpW(1, 2, 3, 4), "ldp\tw1, w2, [x3, #4]" },
        { LdpQ(1, 2, 3, 32), "ldp\tq1, q2, [x3, #32]" },
        { LdrQ(1, 2, 16), "ldr\tq1, [x2, #16]" },
        { StrQ(1, 2), "str\tq1, [x2]" },
        { Ldxr(3, 1, 2), "ldxr\tx1, [x2]" },
        { Stxr(2, 1, 2, 3), "stxr\tw1, w2, [x3]" },
        { LdxpX(1, 2, 3), "ldxp\tx1, x2, [x3]" },
        { StxpX(1, 2, 3, 4), "stxp\tw1, x2, x3, [x4]" },
        { LdxpW(1, 2, 3), "ldxp\tw1, w2, [x3]" },
        { StxpW(1, 2, 3, 4), "stxp\tw1, w2, w3, [x4]" },
        { Ldar(0, 1, 2), "ldarb\tw1, [x2]" },
        { Stlr(3, 1, 2), "stlr\tx1, [x2]" },
        { Ldapr(2, 1, 2), "ldapr\tw1, [x2]" },
        { Cas(3, 1, 2, 3), "cas\tx1, x2, [x3]" },
        { CaspX(2, 4, 6), "casp\tx2, x3, x4, x5, [x6]" },
        { CaspW(2, 4, 6), "casp\tw2, w3, w4, w5, [x6]" },
        { Ldadd(3, 1, 2, 3), "ldadd\tx1, x2, [x3]" },
        { Atomic(8, 1, 1, 2, 3), "swph\tw1, w2, [x3]" },
        { Atomic(7, 0, 1, 2, 3), "lduminb\tw1, w2, [x3]" },
        { Mrs(1, SysRegId.TPIDR_EL0), "mrs\tx1, tpidr_el0" },
        { Msr(SysRegId.VBAR_EL1, 2), "msr\tvbar_el1, x2" },
        { MsrDaifSet(2), "msr\tdaifset, #0x2" },
        { MsrDaifClr(15), "msr\tdaifclr, #0xf" },
        { MsrSpSel(1), "msr\tspsel, #0x1" },
        { MsrPan(1), "msr\tpan, #0x1" },
        { TlbiVmalle1, "sys\t#0, C8, C7, #0" },
        { TlbiVae1Is(3), "sys\t#0, C8, C3, #1, x3" },
        { IcIvau(3), "sys\t#3, C7, C5, #1, x3" },
        { DcZva(3), "sys\t#3, C7, C4, #1, x3" },
        { At(2, 3), "sys\t#0, C7, C8, #2, x3" },
        { Wfi, "hint\t#0x3" },
        { Isb, "isb" },
        { DsbIsh, "dsb\tish" },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void TheWordIsWhatItsNameSays(uint word, string text) => A64Disassembler.Format(word, 0x1000).ShouldBe(text);
}
