namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>Data processing, register.</summary>
    internal static ReadOnlySpan<byte> DataProcessingRegister =>
        """
        # Logical (shifted register)
        AndShifted     and      s0001010tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        BicShifted     bic      s0001010tt1mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        OrrShifted     orr      s0101010tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        OrnShifted     orn      s0101010tt1mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        EorShifted     eor      s1001010tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        EonShifted     eon      s1001010tt1mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        AndsShifted    ands     s1101010tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        BicsShifted    bics     s1101010tt1mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; s=0,i=1xxxxx
        # Add/subtract (shifted register)
        AddShifted     add      s0001011tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; t=11; s=0,i=1xxxxx
        AddsShifted    adds     s0101011tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; t=11; s=0,i=1xxxxx
        SubShifted     sub      s1001011tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; t=11; s=0,i=1xxxxx
        SubsShifted    subs     s1101011tt0mmmmmiiiiiinnnnnddddd  Base   Rd, Rn, Rm shift       ; t=11; s=0,i=1xxxxx
        # Add/subtract (extended register)
        AddExtended    add      s0001011001mmmmmoooiiinnnnnddddd  Base   RSd, RSn, extreg       ; i=101; i=11x
        AddsExtended   adds     s0101011001mmmmmoooiiinnnnnddddd  Base   Rd, RSn, extreg        ; i=101; i=11x
        SubExtended    sub      s1001011001mmmmmoooiiinnnnnddddd  Base   RSd, RSn, extreg       ; i=101; i=11x
        SubsExtended   subs     s1101011001mmmmmoooiiinnnnnddddd  Base   Rd, RSn, extreg        ; i=101; i=11x
        # Add/subtract (with carry)
        Adc            adc      s0011010000mmmmm000000nnnnnddddd  Base   Rd, Rn, Rm
        Adcs           adcs     s0111010000mmmmm000000nnnnnddddd  Base   Rd, Rn, Rm
        Sbc            sbc      s1011010000mmmmm000000nnnnnddddd  Base   Rd, Rn, Rm
        Sbcs           sbcs     s1111010000mmmmm000000nnnnnddddd  Base   Rd, Rn, Rm
        # Conditional compare
        CcmnRegister   ccmn     s0111010010mmmmmcccc00nnnnn0vvvv  Base   Rn, Rm, nzcv, cond
        CcmnImmediate  ccmn     s0111010010mmmmmcccc10nnnnn0vvvv  Base   Rn, hex.m, nzcv, cond
        CcmpRegister   ccmp     s1111010010mmmmmcccc00nnnnn0vvvv  Base   Rn, Rm, nzcv, cond
        CcmpImmediate  ccmp     s1111010010mmmmmcccc10nnnnn0vvvv  Base   Rn, hex.m, nzcv, cond
        # Conditional select
        Csel           csel     s0011010100mmmmmcccc00nnnnnddddd  Base   Rd, Rn, Rm, cond
        Csinc          csinc    s0011010100mmmmmcccc01nnnnnddddd  Base   Rd, Rn, Rm, cond
        Csinv          csinv    s1011010100mmmmmcccc00nnnnnddddd  Base   Rd, Rn, Rm, cond
        Csneg          csneg    s1011010100mmmmmcccc01nnnnnddddd  Base   Rd, Rn, Rm, cond
        # Data-processing (3 source)
        Madd           madd     s0011011000mmmmm0aaaaannnnnddddd  Base   Rd, Rn, Rm, Ra
        Msub           msub     s0011011000mmmmm1aaaaannnnnddddd  Base   Rd, Rn, Rm, Ra
        Smaddl         smaddl   10011011001mmmmm0aaaaannnnnddddd  Base   Xd, Wn, Wm, Xa
        Smsubl         smsubl   10011011001mmmmm1aaaaannnnnddddd  Base   Xd, Wn, Wm, Xa
        Umaddl         umaddl   10011011101mmmmm0aaaaannnnnddddd  Base   Xd, Wn, Wm, Xa
        Umsubl         umsubl   10011011101mmmmm1aaaaannnnnddddd  Base   Xd, Wn, Wm, Xa
        Smulh          smulh    10011011010mmmmm0xxxxxnnnnnddddd  Base   Xd, Xn, Xm
        Umulh          umulh    10011011110mmmmm0xxxxxnnnnnddddd  Base   Xd, Xn, Xm
        # Data-processing (2 source)
        Udiv           udiv     s0011010110mmmmm000010nnnnnddddd  Base   Rd, Rn, Rm
        Sdiv           sdiv     s0011010110mmmmm000011nnnnnddddd  Base   Rd, Rn, Rm
        Lslv           lslv     s0011010110mmmmm001000nnnnnddddd  Base   Rd, Rn, Rm
        Lsrv           lsrv     s0011010110mmmmm001001nnnnnddddd  Base   Rd, Rn, Rm
        Asrv           asrv     s0011010110mmmmm001010nnnnnddddd  Base   Rd, Rn, Rm
        Rorv           rorv     s0011010110mmmmm001011nnnnnddddd  Base   Rd, Rn, Rm
        Crc32b         crc32b   00011010110mmmmm010000nnnnnddddd  Crc32  Wd, Wn, Wm
        Crc32h         crc32h   00011010110mmmmm010001nnnnnddddd  Crc32  Wd, Wn, Wm
        Crc32w         crc32w   00011010110mmmmm010010nnnnnddddd  Crc32  Wd, Wn, Wm
        Crc32cb        crc32cb  00011010110mmmmm010100nnnnnddddd  Crc32  Wd, Wn, Wm
        Crc32ch        crc32ch  00011010110mmmmm010101nnnnnddddd  Crc32  Wd, Wn, Wm
        Crc32cw        crc32cw  00011010110mmmmm010110nnnnnddddd  Crc32  Wd, Wn, Wm
        Crc32x         crc32x   10011010110mmmmm010011nnnnnddddd  Crc32  Wd, Wn, Xm
        Crc32cx        crc32cx  10011010110mmmmm010111nnnnnddddd  Crc32  Wd, Wn, Xm
        # Data-processing (1 source)
        Rbit           rbit     s101101011000000000000nnnnnddddd  Base   Rd, Rn
        Rev16          rev16    s101101011000000000001nnnnnddddd  Base   Rd, Rn
        RevWord        rev      0101101011000000000010nnnnnddddd  Base   Wd, Wn
        Rev32          rev32    1101101011000000000010nnnnnddddd  Base   Xd, Xn
        RevDoubleword  rev      1101101011000000000011nnnnnddddd  Base   Xd, Xn
        Clz            clz      s101101011000000000100nnnnnddddd  Base   Rd, Rn
        Cls            cls      s101101011000000000101nnnnnddddd  Base   Rd, Rn
        """u8;
}
