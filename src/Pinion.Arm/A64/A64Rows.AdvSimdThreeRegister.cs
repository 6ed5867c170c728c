namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>AdvSIMD with three registers, and by element.</summary>
    internal static ReadOnlySpan<byte> AdvSimdThreeRegister =>
        """
        # AdvSIMD three same
        ShaddVector        shadd       0q001110zz1mmmmm000001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SqaddVector        sqadd       0q001110zz1mmmmm000011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        SrhaddVector       srhadd      0q001110zz1mmmmm000101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        ShsubVector        shsub       0q001110zz1mmmmm001001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SqsubVector        sqsub       0q001110zz1mmmmm001011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        CmgtVector         cmgt        0q001110zz1mmmmm001101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        CmgeVector         cmge        0q001110zz1mmmmm001111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        SshlVector         sshl        0q001110zz1mmmmm010001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        SqshlVector        sqshl       0q001110zz1mmmmm010011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        SrshlVector        srshl       0q001110zz1mmmmm010101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        SqrshlVector       sqrshl      0q001110zz1mmmmm010111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        SmaxVector         smax        0q001110zz1mmmmm011001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SminVector         smin        0q001110zz1mmmmm011011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SabdVector         sabd        0q001110zz1mmmmm011101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SabaVector         saba        0q001110zz1mmmmm011111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        AddVector          add         0q001110zz1mmmmm100001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        CmtstVector        cmtst       0q001110zz1mmmmm100011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        MlaVector          mla         0q001110zz1mmmmm100101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        MulVector          mul         0q001110zz1mmmmm100111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SmaxpVector        smaxp       0q001110zz1mmmmm101001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SminpVector        sminp       0q001110zz1mmmmm101011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SqdmulhVector      sqdmulh     0q001110zz1mmmmm101101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=00; z=11
        AddpVector         addp        0q001110zz1mmmmm101111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UhaddVector        uhadd       0q101110zz1mmmmm000001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UqaddVector        uqadd       0q101110zz1mmmmm000011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UrhaddVector       urhadd      0q101110zz1mmmmm000101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UhsubVector        uhsub       0q101110zz1mmmmm001001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UqsubVector        uqsub       0q101110zz1mmmmm001011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        CmhiVector         cmhi        0q101110zz1mmmmm001101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        CmhsVector         cmhs        0q101110zz1mmmmm001111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UshlVector         ushl        0q101110zz1mmmmm010001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UqshlVector        uqshl       0q101110zz1mmmmm010011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UrshlVector        urshl       0q101110zz1mmmmm010101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UqrshlVector       uqrshl      0q101110zz1mmmmm010111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        UmaxVector         umax        0q101110zz1mmmmm011001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UminVector         umin        0q101110zz1mmmmm011011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UabdVector         uabd        0q101110zz1mmmmm011101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UabaVector         uaba        0q101110zz1mmmmm011111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SubVector          sub         0q101110zz1mmmmm100001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        CmeqVector         cmeq        0q101110zz1mmmmm100011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; q=0,z=11
        MlsVector          mls         0q101110zz1mmmmm100101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        PmulVector         pmul        0q101110zz1mmmmm100111nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=01; z=1x
        UmaxpVector        umaxp       0q101110zz1mmmmm101001nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        UminpVector        uminp       0q101110zz1mmmmm101011nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=11
        SqrdmulhVector     sqrdmulh    0q101110zz1mmmmm101101nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T    ; z=00; z=11
        AndVector          and         0q001110001mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        BicVector          bic         0q001110011mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        OrrVector          orr         0q001110101mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        OrnVector          orn         0q001110111mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        EorVector          eor         0q101110001mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        BslVector          bsl         0q101110011mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        BitVector          bit         0q101110101mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        BifVector          bif         0q101110111mmmmm000111nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B
        FmaxnmVector       fmaxnm      0q0011100z1mmmmm110001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmlaVector         fmla        0q0011100z1mmmmm110011nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FaddVector         fadd        0q0011100z1mmmmm110101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmulxVector        fmulx       0q0011100z1mmmmm110111nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FcmeqVector        fcmeq       0q0011100z1mmmmm111001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmaxVector         fmax        0q0011100z1mmmmm111101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FrecpsVector       frecps      0q0011100z1mmmmm111111nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FminnmVector       fminnm      0q0011101z1mmmmm110001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmlsVector         fmls        0q0011101z1mmmmm110011nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FsubVector         fsub        0q0011101z1mmmmm110101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FminVector         fmin        0q0011101z1mmmmm111101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FrsqrtsVector      frsqrts     0q0011101z1mmmmm111111nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmaxnmpVector      fmaxnmp     0q1011100z1mmmmm110001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FaddpVector        faddp       0q1011100z1mmmmm110101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmulVector         fmul        0q1011100z1mmmmm110111nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FcmgeVector        fcmge       0q1011100z1mmmmm111001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FacgeVector        facge       0q1011100z1mmmmm111011nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FmaxpVector        fmaxp       0q1011100z1mmmmm111101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FdivVector         fdiv        0q1011100z1mmmmm111111nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FminnmpVector      fminnmp     0q1011101z1mmmmm110001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FabdVector         fabd        0q1011101z1mmmmm110101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FcmgtVector        fcmgt       0q1011101z1mmmmm111001nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FacgtVector        facgt       0q1011101z1mmmmm111011nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        FminpVector        fminp       0q1011101z1mmmmm111101nnnnnddddd  AdvSimd  Vd.F, Vn.F, Vm.F    ; q=0,z=1
        # AdvSIMD three same (FP16)
        FmaxnmVectorHalf   fmaxnm      0q001110010mmmmm000001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmlaVectorHalf     fmla        0q001110010mmmmm000011nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FaddVectorHalf     fadd        0q001110010mmmmm000101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmulxVectorHalf    fmulx       0q001110010mmmmm000111nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FcmeqVectorHalf    fcmeq       0q001110010mmmmm001001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmaxVectorHalf     fmax        0q001110010mmmmm001101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FrecpsVectorHalf   frecps      0q001110010mmmmm001111nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FminnmVectorHalf   fminnm      0q001110110mmmmm000001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmlsVectorHalf     fmls        0q001110110mmmmm000011nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FsubVectorHalf     fsub        0q001110110mmmmm000101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FminVectorHalf     fmin        0q001110110mmmmm001101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FrsqrtsVectorHalf  frsqrts     0q001110110mmmmm001111nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmaxnmpVectorHalf  fmaxnmp     0q101110010mmmmm000001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FaddpVectorHalf    faddp       0q101110010mmmmm000101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmulVectorHalf     fmul        0q101110010mmmmm000111nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FcmgeVectorHalf    fcmge       0q101110010mmmmm001001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FacgeVectorHalf    facge       0q101110010mmmmm001011nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FmaxpVectorHalf    fmaxp       0q101110010mmmmm001101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FdivVectorHalf     fdiv        0q101110010mmmmm001111nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FminnmpVectorHalf  fminnmp     0q101110110mmmmm000001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FabdVectorHalf     fabd        0q101110110mmmmm000101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FcmgtVectorHalf    fcmgt       0q101110110mmmmm001001nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FacgtVectorHalf    facgt       0q101110110mmmmm001011nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        FminpVectorHalf    fminp       0q101110110mmmmm001101nnnnnddddd  Fp16     Vd.H, Vn.H, Vm.H
        # AdvSIMD three same extra
        SqrdmlahVector     sqrdmlah    0q101110zz0mmmmm100001nnnnnddddd  Rdm      Vd.T, Vn.T, Vm.T    ; z=00; z=11
        SqrdmlshVector     sqrdmlsh    0q101110zz0mmmmm100011nnnnnddddd  Rdm      Vd.T, Vn.T, Vm.T    ; z=00; z=11
        SdotVector         sdot        0q001110100mmmmm100101nnnnnddddd  DotProd  Vd.S, Vn.B, Vm.B
        UdotVector         udot        0q101110100mmmmm100101nnnnnddddd  DotProd  Vd.S, Vn.B, Vm.B
        # AdvSIMD three different
        SaddlVector        saddl{2}    0q001110zz1mmmmm000000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SaddwVector        saddw{2}    0q001110zz1mmmmm000100nnnnnddddd  AdvSimd  Vd.W, Vn.W, Vm.T    ; z=11
        SsublVector        ssubl{2}    0q001110zz1mmmmm001000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SsubwVector        ssubw{2}    0q001110zz1mmmmm001100nnnnnddddd  AdvSimd  Vd.W, Vn.W, Vm.T    ; z=11
        AddhnVector        addhn{2}    0q001110zz1mmmmm010000nnnnnddddd  AdvSimd  Vd.T, Vn.W, Vm.W    ; z=11
        SabalVector        sabal{2}    0q001110zz1mmmmm010100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SubhnVector        subhn{2}    0q001110zz1mmmmm011000nnnnnddddd  AdvSimd  Vd.T, Vn.W, Vm.W    ; z=11
        SabdlVector        sabdl{2}    0q001110zz1mmmmm011100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SmlalVector        smlal{2}    0q001110zz1mmmmm100000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SqdmlalVector      sqdmlal{2}  0q001110zz1mmmmm100100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=00; z=11
        SmlslVector        smlsl{2}    0q001110zz1mmmmm101000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SqdmlslVector      sqdmlsl{2}  0q001110zz1mmmmm101100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=00; z=11
        SmullVector        smull{2}    0q001110zz1mmmmm110000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        SqdmullVector      sqdmull{2}  0q001110zz1mmmmm110100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=00; z=11
        UaddlVector        uaddl{2}    0q101110zz1mmmmm000000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        UaddwVector        uaddw{2}    0q101110zz1mmmmm000100nnnnnddddd  AdvSimd  Vd.W, Vn.W, Vm.T    ; z=11
        UsublVector        usubl{2}    0q101110zz1mmmmm001000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        UsubwVector        usubw{2}    0q101110zz1mmmmm001100nnnnnddddd  AdvSimd  Vd.W, Vn.W, Vm.T    ; z=11
        RaddhnVector       raddhn{2}   0q101110zz1mmmmm010000nnnnnddddd  AdvSimd  Vd.T, Vn.W, Vm.W    ; z=11
        UabalVector        uabal{2}    0q101110zz1mmmmm010100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        RsubhnVector       rsubhn{2}   0q101110zz1mmmmm011000nnnnnddddd  AdvSimd  Vd.T, Vn.W, Vm.W    ; z=11
        UabdlVector        uabdl{2}    0q101110zz1mmmmm011100nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        UmlalVector        umlal{2}    0q101110zz1mmmmm100000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        UmlslVector        umlsl{2}    0q101110zz1mmmmm101000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        UmullVector        umull{2}    0q101110zz1mmmmm110000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=11
        PmullVector        pmull{2}    0q001110zz1mmmmm111000nnnnnddddd  AdvSimd  Vd.W, Vn.T, Vm.T    ; z=01; z=10; z=11@Pmull
        # AdvSIMD vector x indexed element
        SmlalElement       smlal{2}    0q001111zzLMmmmm0010H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        SqdmlalElement     sqdmlal{2}  0q001111zzLMmmmm0011H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        SmlslElement       smlsl{2}    0q001111zzLMmmmm0110H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        SqdmlslElement     sqdmlsl{2}  0q001111zzLMmmmm0111H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        MulElement         mul         0q001111zzLMmmmm1000H0nnnnnddddd  AdvSimd  Vd.T, Vn.T, elem    ; z=00; z=11
        SmullElement       smull{2}    0q001111zzLMmmmm1010H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        SqdmullElement     sqdmull{2}  0q001111zzLMmmmm1011H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        SqdmulhElement     sqdmulh     0q001111zzLMmmmm1100H0nnnnnddddd  AdvSimd  Vd.T, Vn.T, elem    ; z=00; z=11
        SqrdmulhElement    sqrdmulh    0q001111zzLMmmmm1101H0nnnnnddddd  AdvSimd  Vd.T, Vn.T, elem    ; z=00; z=11
        MlaElement         mla         0q101111zzLMmmmm0000H0nnnnnddddd  AdvSimd  Vd.T, Vn.T, elem    ; z=00; z=11
        UmlalElement       umlal{2}    0q101111zzLMmmmm0010H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        MlsElement         mls         0q101111zzLMmmmm0100H0nnnnnddddd  AdvSimd  Vd.T, Vn.T, elem    ; z=00; z=11
        UmlslElement       umlsl{2}    0q101111zzLMmmmm0110H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        UmullElement       umull{2}    0q101111zzLMmmmm1010H0nnnnnddddd  AdvSimd  Vd.W, Vn.T, elem    ; z=00; z=11
        SqrdmlahElement    sqrdmlah    0q101111zzLMmmmm1101H0nnnnnddddd  Rdm      Vd.T, Vn.T, elem    ; z=00; z=11
        SqrdmlshElement    sqrdmlsh    0q101111zzLMmmmm1111H0nnnnnddddd  Rdm      Vd.T, Vn.T, elem    ; z=00; z=11
        SdotElement        sdot        0q00111110LMmmmm1110H0nnnnnddddd  DotProd  Vd.S, Vn.B, elem4b
        UdotElement        udot        0q10111110LMmmmm1110H0nnnnnddddd  DotProd  Vd.S, Vn.B, elem4b
        FmlaElement        fmla        0q0011111zLMmmmm0001H0nnnnnddddd  AdvSimd  Vd.F, Vn.F, elemf   ; q=0,z=1; z=1,L=1
        FmlsElement        fmls        0q0011111zLMmmmm0101H0nnnnnddddd  AdvSimd  Vd.F, Vn.F, elemf   ; q=0,z=1; z=1,L=1
        FmulElement        fmul        0q0011111zLMmmmm1001H0nnnnnddddd  AdvSimd  Vd.F, Vn.F, elemf   ; q=0,z=1; z=1,L=1
        FmulxElement       fmulx       0q1011111zLMmmmm1001H0nnnnnddddd  AdvSimd  Vd.F, Vn.F, elemf   ; q=0,z=1; z=1,L=1
        FmlaElementHalf    fmla        0q00111100LMmmmm0001H0nnnnnddddd  Fp16     Vd.H, Vn.H, elemh
        FmlsElementHalf    fmls        0q00111100LMmmmm0101H0nnnnnddddd  Fp16     Vd.H, Vn.H, elemh
        FmulElementHalf    fmul        0q00111100LMmmmm1001H0nnnnnddddd  Fp16     Vd.H, Vn.H, elemh
        FmulxElementHalf   fmulx       0q10111100LMmmmm1001H0nnnnnddddd  Fp16     Vd.H, Vn.H, elemh
        """u8;
}
