namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>AdvSIMD with two registers, and across lanes.</summary>
    internal static ReadOnlySpan<byte> AdvSimdTwoRegister =>
        """
        # AdvSIMD two-register miscellaneous
        Rev64Vector          rev64      0q001110zz100000000010nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; z=11
        Rev16Vector          rev16      0q001110zz100000000110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; z=01; z=1x
        SaddlpVector         saddlp     0q001110zz100000001010nnnnnddddd  AdvSimd  Vd.L, Vn.T           ; z=11
        SuqaddVector         suqadd     0q001110zz100000001110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; q=0,z=11
        ClsVector            cls        0q001110zz100000010010nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; z=11
        CntVector            cnt        0q001110zz100000010110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; z=01; z=1x
        SadalpVector         sadalp     0q001110zz100000011010nnnnnddddd  AdvSimd  Vd.L, Vn.T           ; z=11
        SqabsVector          sqabs      0q001110zz100000011110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; q=0,z=11
        CmgtVectorZero       cmgt       0q001110zz100000100010nnnnnddddd  AdvSimd  Vd.T, Vn.T, #0       ; q=0,z=11
        CmeqVectorZero       cmeq       0q001110zz100000100110nnnnnddddd  AdvSimd  Vd.T, Vn.T, #0       ; q=0,z=11
        CmltVectorZero       cmlt       0q001110zz100000101010nnnnnddddd  AdvSimd  Vd.T, Vn.T, #0       ; q=0,z=11
        AbsVector            abs        0q001110zz100000101110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; q=0,z=11
        XtnVector            xtn{2}     0q001110zz100001001010nnnnnddddd  AdvSimd  Vd.T, Vn.W           ; z=11
        SqxtnVector          sqxtn{2}   0q001110zz100001010010nnnnnddddd  AdvSimd  Vd.T, Vn.W           ; z=11
        Rev32Vector          rev32      0q101110zz100000000010nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; z=1x
        UaddlpVector         uaddlp     0q101110zz100000001010nnnnnddddd  AdvSimd  Vd.L, Vn.T           ; z=11
        UsqaddVector         usqadd     0q101110zz100000001110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; q=0,z=11
        ClzVector            clz        0q101110zz100000010010nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; z=11
        UadalpVector         uadalp     0q101110zz100000011010nnnnnddddd  AdvSimd  Vd.L, Vn.T           ; z=11
        SqnegVector          sqneg      0q101110zz100000011110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; q=0,z=11
        CmgeVectorZero       cmge       0q101110zz100000100010nnnnnddddd  AdvSimd  Vd.T, Vn.T, #0       ; q=0,z=11
        CmleVectorZero       cmle       0q101110zz100000100110nnnnnddddd  AdvSimd  Vd.T, Vn.T, #0       ; q=0,z=11
        NegVector            neg        0q101110zz100000101110nnnnnddddd  AdvSimd  Vd.T, Vn.T           ; q=0,z=11
        SqxtunVector         sqxtun{2}  0q101110zz100001001010nnnnnddddd  AdvSimd  Vd.T, Vn.W           ; z=11
        ShllVector           shll{2}    0q101110zz100001001110nnnnnddddd  AdvSimd  Vd.W, Vn.T, shllimm  ; z=11
        UqxtnVector          uqxtn{2}   0q101110zz100001010010nnnnnddddd  AdvSimd  Vd.T, Vn.W           ; z=11
        NotVector            not        0q10111000100000010110nnnnnddddd  AdvSimd  Vd.B, Vn.B
        RbitVector           rbit       0q10111001100000010110nnnnnddddd  AdvSimd  Vd.B, Vn.B
        FcvtnVector          fcvtn{2}   0q0011100z100001011010nnnnnddddd  AdvSimd  Vd.FN, Vn.FW
        FcvtlVector          fcvtl{2}   0q0011100z100001011110nnnnnddddd  AdvSimd  Vd.FW, Vn.FN
        FcvtxnVector         fcvtxn{2}  0q10111001100001011010nnnnnddddd  AdvSimd  Vd.S, Vn.2d
        UrecpeVector         urecpe     0q00111010100001110010nnnnnddddd  AdvSimd  Vd.S, Vn.S
        UrsqrteVector        ursqrte    0q10111010100001110010nnnnnddddd  AdvSimd  Vd.S, Vn.S
        FrintnVector         frintn     0q0011100z100001100010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrintmVector         frintm     0q0011100z100001100110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtnsVector         fcvtns     0q0011100z100001101010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtmsVector         fcvtms     0q0011100z100001101110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtasVector         fcvtas     0q0011100z100001110010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        ScvtfVector          scvtf      0q0011100z100001110110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcmgtVectorZero      fcmgt      0q0011101z100000110010nnnnnddddd  AdvSimd  Vd.F, Vn.F, #0.0     ; q=0,z=1
        FcmeqVectorZero      fcmeq      0q0011101z100000110110nnnnnddddd  AdvSimd  Vd.F, Vn.F, #0.0     ; q=0,z=1
        FcmltVectorZero      fcmlt      0q0011101z100000111010nnnnnddddd  AdvSimd  Vd.F, Vn.F, #0.0     ; q=0,z=1
        FabsVector           fabs       0q0011101z100000111110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrintpVector         frintp     0q0011101z100001100010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrintzVector         frintz     0q0011101z100001100110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtpsVector         fcvtps     0q0011101z100001101010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtzsVector         fcvtzs     0q0011101z100001101110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrecpeVector         frecpe     0q0011101z100001110110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrintaVector         frinta     0q1011100z100001100010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrintxVector         frintx     0q1011100z100001100110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtnuVector         fcvtnu     0q1011100z100001101010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtmuVector         fcvtmu     0q1011100z100001101110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtauVector         fcvtau     0q1011100z100001110010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        UcvtfVector          ucvtf      0q1011100z100001110110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcmgeVectorZero      fcmge      0q1011101z100000110010nnnnnddddd  AdvSimd  Vd.F, Vn.F, #0.0     ; q=0,z=1
        FcmleVectorZero      fcmle      0q1011101z100000110110nnnnnddddd  AdvSimd  Vd.F, Vn.F, #0.0     ; q=0,z=1
        FnegVector           fneg       0q1011101z100000111110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrintiVector         frinti     0q1011101z100001100110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtpuVector         fcvtpu     0q1011101z100001101010nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FcvtzuVector         fcvtzu     0q1011101z100001101110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FrsqrteVector        frsqrte    0q1011101z100001110110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        FsqrtVector          fsqrt      0q1011101z100001111110nnnnnddddd  AdvSimd  Vd.F, Vn.F           ; q=0,z=1
        # AdvSIMD two-register miscellaneous (FP16)
        FrintnVectorHalf     frintn     0q00111001111001100010nnnnnddddd  Fp16     Vd.H, Vn.H
        FrintmVectorHalf     frintm     0q00111001111001100110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtnsVectorHalf     fcvtns     0q00111001111001101010nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtmsVectorHalf     fcvtms     0q00111001111001101110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtasVectorHalf     fcvtas     0q00111001111001110010nnnnnddddd  Fp16     Vd.H, Vn.H
        ScvtfVectorHalf      scvtf      0q00111001111001110110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcmgtVectorZeroHalf  fcmgt      0q00111011111000110010nnnnnddddd  Fp16     Vd.H, Vn.H, #0.0
        FcmeqVectorZeroHalf  fcmeq      0q00111011111000110110nnnnnddddd  Fp16     Vd.H, Vn.H, #0.0
        FcmltVectorZeroHalf  fcmlt      0q00111011111000111010nnnnnddddd  Fp16     Vd.H, Vn.H, #0.0
        FabsVectorHalf       fabs       0q00111011111000111110nnnnnddddd  Fp16     Vd.H, Vn.H
        FrintpVectorHalf     frintp     0q00111011111001100010nnnnnddddd  Fp16     Vd.H, Vn.H
        FrintzVectorHalf     frintz     0q00111011111001100110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtpsVectorHalf     fcvtps     0q00111011111001101010nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtzsVectorHalf     fcvtzs     0q00111011111001101110nnnnnddddd  Fp16     Vd.H, Vn.H
        FrecpeVectorHalf     frecpe     0q00111011111001110110nnnnnddddd  Fp16     Vd.H, Vn.H
        FrintaVectorHalf     frinta     0q10111001111001100010nnnnnddddd  Fp16     Vd.H, Vn.H
        FrintxVectorHalf     frintx     0q10111001111001100110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtnuVectorHalf     fcvtnu     0q10111001111001101010nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtmuVectorHalf     fcvtmu     0q10111001111001101110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtauVectorHalf     fcvtau     0q10111001111001110010nnnnnddddd  Fp16     Vd.H, Vn.H
        UcvtfVectorHalf      ucvtf      0q10111001111001110110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcmgeVectorZeroHalf  fcmge      0q10111011111000110010nnnnnddddd  Fp16     Vd.H, Vn.H, #0.0
        FcmleVectorZeroHalf  fcmle      0q10111011111000110110nnnnnddddd  Fp16     Vd.H, Vn.H, #0.0
        FnegVectorHalf       fneg       0q10111011111000111110nnnnnddddd  Fp16     Vd.H, Vn.H
        FrintiVectorHalf     frinti     0q10111011111001100110nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtpuVectorHalf     fcvtpu     0q10111011111001101010nnnnnddddd  Fp16     Vd.H, Vn.H
        FcvtzuVectorHalf     fcvtzu     0q10111011111001101110nnnnnddddd  Fp16     Vd.H, Vn.H
        FrsqrteVectorHalf    frsqrte    0q10111011111001110110nnnnnddddd  Fp16     Vd.H, Vn.H
        FsqrtVectorHalf      fsqrt      0q10111011111001111110nnnnnddddd  Fp16     Vd.H, Vn.H
        # AdvSIMD across lanes
        SaddlvVector         saddlv     0q001110zz110000001110nnnnnddddd  AdvSimd  EWd, Vn.T            ; z=11; q=0,z=10
        SmaxvVector          smaxv      0q001110zz110000101010nnnnnddddd  AdvSimd  Ed, Vn.T             ; z=11; q=0,z=10
        SminvVector          sminv      0q001110zz110001101010nnnnnddddd  AdvSimd  Ed, Vn.T             ; z=11; q=0,z=10
        AddvVector           addv       0q001110zz110001101110nnnnnddddd  AdvSimd  Ed, Vn.T             ; z=11; q=0,z=10
        UaddlvVector         uaddlv     0q101110zz110000001110nnnnnddddd  AdvSimd  EWd, Vn.T            ; z=11; q=0,z=10
        UmaxvVector          umaxv      0q101110zz110000101010nnnnnddddd  AdvSimd  Ed, Vn.T             ; z=11; q=0,z=10
        UminvVector          uminv      0q101110zz110001101010nnnnnddddd  AdvSimd  Ed, Vn.T             ; z=11; q=0,z=10
        FmaxnmvVector        fmaxnmv    0110111000110000110010nnnnnddddd  AdvSimd  Sd, Vn.4s
        FminnmvVector        fminnmv    0110111010110000110010nnnnnddddd  AdvSimd  Sd, Vn.4s
        FmaxvVector          fmaxv      0110111000110000111110nnnnnddddd  AdvSimd  Sd, Vn.4s
        FminvVector          fminv      0110111010110000111110nnnnnddddd  AdvSimd  Sd, Vn.4s
        FmaxnmvVectorHalf    fmaxnmv    0q00111000110000110010nnnnnddddd  Fp16     Hd, Vn.H
        FminnmvVectorHalf    fminnmv    0q00111010110000110010nnnnnddddd  Fp16     Hd, Vn.H
        FmaxvVectorHalf      fmaxv      0q00111000110000111110nnnnnddddd  Fp16     Hd, Vn.H
        FminvVectorHalf      fminv      0q00111010110000111110nnnnnddddd  Fp16     Hd, Vn.H
        """u8;
}
