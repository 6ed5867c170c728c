namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>Branches, exception generation and system instructions.</summary>
    internal static ReadOnlySpan<byte> BranchesAndSystem =>
        """
        # Reserved
        Udf          udf    0000000000000000iiiiiiiiiiiiiiii  Base  dec.i
        # Unconditional branch (immediate)
        B            b      000101iiiiiiiiiiiiiiiiiiiiiiiiii  Base  label26
        Bl           bl     100101iiiiiiiiiiiiiiiiiiiiiiiiii  Base  label26
        # Conditional branch (immediate)
        BCond        b.{c}  01010100iiiiiiiiiiiiiiiiiii0cccc  Base  label19
        # Compare and branch (immediate)
        Cbz          cbz    s0110100iiiiiiiiiiiiiiiiiiittttt  Base  Rt, label19
        Cbnz         cbnz   s0110101iiiiiiiiiiiiiiiiiiittttt  Base  Rt, label19
        # Test and branch (immediate)
        Tbz          tbz    b0110110ccccciiiiiiiiiiiiiittttt  Base  RTt, bitno, label14
        Tbnz         tbnz   b0110111ccccciiiiiiiiiiiiiittttt  Base  RTt, bitno, label14
        # Unconditional branch (register)
        Br           br     1101011000011111000000nnnnn00000  Base  Xn
        Blr          blr    1101011000111111000000nnnnn00000  Base  Xn
        Ret          ret    1101011001011111000000nnnnn00000  Base  retXn
        Eret         eret   11010110100111110000001111100000  Base
        Drps         drps   11010110101111110000001111100000  Base
        # Exception generation
        Svc          svc    11010100000iiiiiiiiiiiiiiii00001  Base  hex.i
        Hvc          hvc    11010100000iiiiiiiiiiiiiiii00010  Base  hex.i
        Smc          smc    11010100000iiiiiiiiiiiiiiii00011  Base  hex.i
        Brk          brk    11010100001iiiiiiiiiiiiiiii00000  Base  hex.i
        Hlt          hlt    11010100010iiiiiiiiiiiiiiii00000  Base  hex.i
        Dcps1        dcps1  11010100101iiiiiiiiiiiiiiii00001  Base  imm16opt
        Dcps2        dcps2  11010100101iiiiiiiiiiiiiiii00010  Base  imm16opt
        Dcps3        dcps3  11010100101iiiiiiiiiiiiiiii00011  Base  imm16opt
        # Hints
        Nop          hint   11010101000000110010000000011111  Base  hint
        Yield        hint   11010101000000110010000000111111  Base  hint
        Wfe          hint   11010101000000110010000001011111  Base  hint
        Wfi          hint   11010101000000110010000001111111  Base  hint
        Sev          hint   11010101000000110010000010011111  Base  hint
        Sevl         hint   11010101000000110010000010111111  Base  hint
        Esb          hint   11010101000000110010001000011111  Base  hint
        PsbCsync     hint   11010101000000110010001000111111  Base  hint
        Csdb         hint   11010101000000110010001010011111  Base  hint
        Hint         hint   11010101000000110010iiiiiii11111  Base  hint                 ; i=0000000; i=0000001; i=0000010; i=0000011; i=0000100; i=0000101; i=0010000; i=0010001; i=0010100
        # Barriers
        Clrex        clrex  11010101000000110011mmmm01011111  Base  optcrm
        Dsb          dsb    11010101000000110011mmmm10011111  Base  barrier
        Dmb          dmb    11010101000000110011mmmm10111111  Base  barrier
        Isb          isb    11010101000000110011mmmm11011111  Base  optcrm
        # PSTATE
        MsrUao       msr    11010101000000000100mmmm01111111  Uao   pstate
        MsrPan       msr    11010101000000000100mmmm10011111  Pan   pstate
        MsrSpSel     msr    11010101000000000100mmmm10111111  Base  pstate
        MsrDaifSet   msr    11010101000000110100mmmm11011111  Base  pstate
        MsrDaifClr   msr    11010101000000110100mmmm11111111  Base  pstate
        # System instructions
        Sys          sys    1101010100001ooonnnnmmmmuuuttttt  Base  sysop
        Sysl         sysl   1101010100101ooonnnnmmmmuuuttttt  Base  Xt, syslop
        # System register move
        MsrRegister  msr    110101010001pooonnnnmmmmuuuttttt  Base  sysregw, Xt
        Mrs          mrs    110101010011pooonnnnmmmmuuuttttt  Base  Xt, sysregr
        """u8;
}
