namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>Scalar floating-point.</summary>
    internal static ReadOnlySpan<byte> ScalarFloatingPoint =>
        """
        # Conversion between floating-point and fixed-point
        ScvtfFixed          scvtf   s0011110zz000010ccccccnnnnnddddd  Fp  Fd, Rn, fbits       ; z=10; s=0,c=0xxxxx; z=11@Fp16
        UcvtfFixed          ucvtf   s0011110zz000011ccccccnnnnnddddd  Fp  Fd, Rn, fbits       ; z=10; s=0,c=0xxxxx; z=11@Fp16
        FcvtzsFixed         fcvtzs  s0011110zz011000ccccccnnnnnddddd  Fp  Rd, Fn, fbits       ; z=10; s=0,c=0xxxxx; z=11@Fp16
        FcvtzuFixed         fcvtzu  s0011110zz011001ccccccnnnnnddddd  Fp  Rd, Fn, fbits       ; z=10; s=0,c=0xxxxx; z=11@Fp16
        # Conversion between floating-point and integer
        FcvtnsGeneral       fcvtns  s0011110zz100000000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtnuGeneral       fcvtnu  s0011110zz100001000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtasGeneral       fcvtas  s0011110zz100100000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtauGeneral       fcvtau  s0011110zz100101000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtpsGeneral       fcvtps  s0011110zz101000000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtpuGeneral       fcvtpu  s0011110zz101001000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtmsGeneral       fcvtms  s0011110zz110000000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtmuGeneral       fcvtmu  s0011110zz110001000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtzsGeneral       fcvtzs  s0011110zz111000000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        FcvtzuGeneral       fcvtzu  s0011110zz111001000000nnnnnddddd  Fp  Rd, Fn              ; z=10; z=11@Fp16
        ScvtfGeneral        scvtf   s0011110zz100010000000nnnnnddddd  Fp  Fd, Rn              ; z=10; z=11@Fp16
        UcvtfGeneral        ucvtf   s0011110zz100011000000nnnnnddddd  Fp  Fd, Rn              ; z=10; z=11@Fp16
        FmovToGeneral       fmov    s0011110zz100110000000nnnnnddddd  Fp  Rd, Fn              ; z=10; s=0,z=01; s=1,z=00; z=11@Fp16
        FmovFromGeneral     fmov    s0011110zz100111000000nnnnnddddd  Fp  Fd, Rn              ; z=10; s=0,z=01; s=1,z=00; z=11@Fp16
        FmovTopToGeneral    fmov    1001111010101110000000nnnnnddddd  Fp  Xd, Vn.d1
        FmovTopFromGeneral  fmov    1001111010101111000000nnnnnddddd  Fp  Vd.d1, Xn
        # Floating-point data-processing (1 source)
        FmovRegister        fmov    00011110zz100000010000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Fabs                fabs    00011110zz100000110000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Fneg                fneg    00011110zz100001010000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Fsqrt               fsqrt   00011110zz100001110000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frintn              frintn  00011110zz100100010000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frintp              frintp  00011110zz100100110000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frintm              frintm  00011110zz100101010000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frintz              frintz  00011110zz100101110000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frinta              frinta  00011110zz100110010000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frintx              frintx  00011110zz100111010000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Frinti              frinti  00011110zz100111110000nnnnnddddd  Fp  Fd, Fn              ; z=10; z=11@Fp16
        Fcvt                fcvt    00011110zz10001tt10000nnnnnddddd  Fp  FTd, Fn             ; z=10; t=10; z=00,t=00; z=01,t=01; z=11,t=11
        # Floating-point compare
        Fcmp                fcmp    00011110zz1mmmmm001000nnnnn00000  Fp  Fn, Fm              ; z=10; z=11@Fp16
        FcmpZero            fcmp    00011110zz1xxxxx001000nnnnn01000  Fp  Fn, #0.0            ; z=10; z=11@Fp16
        Fcmpe               fcmpe   00011110zz1mmmmm001000nnnnn10000  Fp  Fn, Fm              ; z=10; z=11@Fp16
        FcmpeZero           fcmpe   00011110zz1xxxxx001000nnnnn11000  Fp  Fn, #0.0            ; z=10; z=11@Fp16
        # Floating-point immediate
        FmovImmediate       fmov    00011110zz1iiiiiiii10000000ddddd  Fp  Fd, fpimm           ; z=10; z=11@Fp16
        # Floating-point conditional compare
        Fccmp               fccmp   00011110zz1mmmmmcccc01nnnnn0vvvv  Fp  Fn, Fm, nzcv, cond  ; z=10; z=11@Fp16
        Fccmpe              fccmpe  00011110zz1mmmmmcccc01nnnnn1vvvv  Fp  Fn, Fm, nzcv, cond  ; z=10; z=11@Fp16
        # Floating-point data-processing (2 source)
        Fmul                fmul    00011110zz1mmmmm000010nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fdiv                fdiv    00011110zz1mmmmm000110nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fadd                fadd    00011110zz1mmmmm001010nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fsub                fsub    00011110zz1mmmmm001110nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fmax                fmax    00011110zz1mmmmm010010nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fmin                fmin    00011110zz1mmmmm010110nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fmaxnm              fmaxnm  00011110zz1mmmmm011010nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fminnm              fminnm  00011110zz1mmmmm011110nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        Fnmul               fnmul   00011110zz1mmmmm100010nnnnnddddd  Fp  Fd, Fn, Fm          ; z=10; z=11@Fp16
        # Floating-point conditional select
        Fcsel               fcsel   00011110zz1mmmmmcccc11nnnnnddddd  Fp  Fd, Fn, Fm, cond    ; z=10; z=11@Fp16
        # Floating-point data-processing (3 source)
        Fmadd               fmadd   00011111zz0mmmmm0aaaaannnnnddddd  Fp  Fd, Fn, Fm, Fa      ; z=10; z=11@Fp16
        Fmsub               fmsub   00011111zz0mmmmm1aaaaannnnnddddd  Fp  Fd, Fn, Fm, Fa      ; z=10; z=11@Fp16
        Fnmadd              fnmadd  00011111zz1mmmmm0aaaaannnnnddddd  Fp  Fd, Fn, Fm, Fa      ; z=10; z=11@Fp16
        Fnmsub              fnmsub  00011111zz1mmmmm1aaaaannnnnddddd  Fp  Fd, Fn, Fm, Fa      ; z=10; z=11@Fp16
        """u8;
}
