namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>AdvSIMD on scalars.</summary>
    internal static ReadOnlySpan<byte> AdvSimdScalar =>
        """
        # AdvSIMD scalar three same
        SqaddScalar              sqadd     01011110zz1mmmmm000011nnnnnddddd  AdvSimd  Ed, En, Em
        SqsubScalar              sqsub     01011110zz1mmmmm001011nnnnnddddd  AdvSimd  Ed, En, Em
        CmgtScalar               cmgt      01011110111mmmmm001101nnnnnddddd  AdvSimd  Dd, Dn, Dm
        CmgeScalar               cmge      01011110111mmmmm001111nnnnnddddd  AdvSimd  Dd, Dn, Dm
        SshlScalar               sshl      01011110111mmmmm010001nnnnnddddd  AdvSimd  Dd, Dn, Dm
        SqshlScalar              sqshl     01011110zz1mmmmm010011nnnnnddddd  AdvSimd  Ed, En, Em
        SrshlScalar              srshl     01011110111mmmmm010101nnnnnddddd  AdvSimd  Dd, Dn, Dm
        SqrshlScalar             sqrshl    01011110zz1mmmmm010111nnnnnddddd  AdvSimd  Ed, En, Em
        AddScalar                add       01011110111mmmmm100001nnnnnddddd  AdvSimd  Dd, Dn, Dm
        CmtstScalar              cmtst     01011110111mmmmm100011nnnnnddddd  AdvSimd  Dd, Dn, Dm
        SqdmulhScalar            sqdmulh   01011110zz1mmmmm101101nnnnnddddd  AdvSimd  Ed, En, Em     ; z=00; z=11
        UqaddScalar              uqadd     01111110zz1mmmmm000011nnnnnddddd  AdvSimd  Ed, En, Em
        UqsubScalar              uqsub     01111110zz1mmmmm001011nnnnnddddd  AdvSimd  Ed, En, Em
        CmhiScalar               cmhi      01111110111mmmmm001101nnnnnddddd  AdvSimd  Dd, Dn, Dm
        CmhsScalar               cmhs      01111110111mmmmm001111nnnnnddddd  AdvSimd  Dd, Dn, Dm
        UshlScalar               ushl      01111110111mmmmm010001nnnnnddddd  AdvSimd  Dd, Dn, Dm
        UqshlScalar              uqshl     01111110zz1mmmmm010011nnnnnddddd  AdvSimd  Ed, En, Em
        UrshlScalar              urshl     01111110111mmmmm010101nnnnnddddd  AdvSimd  Dd, Dn, Dm
        UqrshlScalar             uqrshl    01111110zz1mmmmm010111nnnnnddddd  AdvSimd  Ed, En, Em
        SubScalar                sub       01111110111mmmmm100001nnnnnddddd  AdvSimd  Dd, Dn, Dm
        CmeqScalar               cmeq      01111110111mmmmm100011nnnnnddddd  AdvSimd  Dd, Dn, Dm
        SqrdmulhScalar           sqrdmulh  01111110zz1mmmmm101101nnnnnddddd  AdvSimd  Ed, En, Em     ; z=00; z=11
        FmulxScalar              fmulx     010111100z1mmmmm110111nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FcmeqScalar              fcmeq     010111100z1mmmmm111001nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FrecpsScalar             frecps    010111100z1mmmmm111111nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FrsqrtsScalar            frsqrts   010111101z1mmmmm111111nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FcmgeScalar              fcmge     011111100z1mmmmm111001nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FacgeScalar              facge     011111100z1mmmmm111011nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FabdScalar               fabd      011111101z1mmmmm110101nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FcmgtScalar              fcmgt     011111101z1mmmmm111001nnnnnddddd  AdvSimd  Fd, Fn, Fm
        FacgtScalar              facgt     011111101z1mmmmm111011nnnnnddddd  AdvSimd  Fd, Fn, Fm
        # AdvSIMD scalar three same (FP16)
        FmulxScalarHalf          fmulx     01011110010mmmmm000111nnnnnddddd  Fp16     Hd, Hn, Hm
        FcmeqScalarHalf          fcmeq     01011110010mmmmm001001nnnnnddddd  Fp16     Hd, Hn, Hm
        FrecpsScalarHalf         frecps    01011110010mmmmm001111nnnnnddddd  Fp16     Hd, Hn, Hm
        FrsqrtsScalarHalf        frsqrts   01011110110mmmmm001111nnnnnddddd  Fp16     Hd, Hn, Hm
        FcmgeScalarHalf          fcmge     01111110010mmmmm001001nnnnnddddd  Fp16     Hd, Hn, Hm
        FacgeScalarHalf          facge     01111110010mmmmm001011nnnnnddddd  Fp16     Hd, Hn, Hm
        FabdScalarHalf           fabd      01111110110mmmmm000101nnnnnddddd  Fp16     Hd, Hn, Hm
        FcmgtScalarHalf          fcmgt     01111110110mmmmm001001nnnnnddddd  Fp16     Hd, Hn, Hm
        FacgtScalarHalf          facgt     01111110110mmmmm001011nnnnnddddd  Fp16     Hd, Hn, Hm
        # AdvSIMD scalar three same extra
        SqrdmlahScalar           sqrdmlah  01111110zz0mmmmm100001nnnnnddddd  Rdm      Ed, En, Em     ; z=00; z=11
        SqrdmlshScalar           sqrdmlsh  01111110zz0mmmmm100011nnnnnddddd  Rdm      Ed, En, Em     ; z=00; z=11
        # AdvSIMD scalar three different
        SqdmlalScalar            sqdmlal   01011110zz1mmmmm100100nnnnnddddd  AdvSimd  EWd, En, Em    ; z=00; z=11
        SqdmlslScalar            sqdmlsl   01011110zz1mmmmm101100nnnnnddddd  AdvSimd  EWd, En, Em    ; z=00; z=11
        SqdmullScalar            sqdmull   01011110zz1mmmmm110100nnnnnddddd  AdvSimd  EWd, En, Em    ; z=00; z=11
        # AdvSIMD scalar two-register miscellaneous
        SuqaddScalar             suqadd    01011110zz100000001110nnnnnddddd  AdvSimd  Ed, En
        SqabsScalar              sqabs     01011110zz100000011110nnnnnddddd  AdvSimd  Ed, En
        CmgtScalarZero           cmgt      0101111011100000100010nnnnnddddd  AdvSimd  Dd, Dn, #0
        CmeqScalarZero           cmeq      0101111011100000100110nnnnnddddd  AdvSimd  Dd, Dn, #0
        CmltScalarZero           cmlt      0101111011100000101010nnnnnddddd  AdvSimd  Dd, Dn, #0
        AbsScalar                abs       0101111011100000101110nnnnnddddd  AdvSimd  Dd, Dn
        SqxtnScalar              sqxtn     01011110zz100001010010nnnnnddddd  AdvSimd  Ed, EWn        ; z=11
        UsqaddScalar             usqadd    01111110zz100000001110nnnnnddddd  AdvSimd  Ed, En
        SqnegScalar              sqneg     01111110zz100000011110nnnnnddddd  AdvSimd  Ed, En
        CmgeScalarZero           cmge      0111111011100000100010nnnnnddddd  AdvSimd  Dd, Dn, #0
        CmleScalarZero           cmle      0111111011100000100110nnnnnddddd  AdvSimd  Dd, Dn, #0
        NegScalar                neg       0111111011100000101110nnnnnddddd  AdvSimd  Dd, Dn
        SqxtunScalar             sqxtun    01111110zz100001001010nnnnnddddd  AdvSimd  Ed, EWn        ; z=11
        UqxtnScalar              uqxtn     01111110zz100001010010nnnnnddddd  AdvSimd  Ed, EWn        ; z=11
        FcvtxnScalar             fcvtxn    0111111001100001011010nnnnnddddd  AdvSimd  Sd, Dn
        FcvtnsScalar             fcvtns    010111100z100001101010nnnnnddddd  AdvSimd  Fd, Fn
        FcvtmsScalar             fcvtms    010111100z100001101110nnnnnddddd  AdvSimd  Fd, Fn
        FcvtasScalar             fcvtas    010111100z100001110010nnnnnddddd  AdvSimd  Fd, Fn
        ScvtfScalar              scvtf     010111100z100001110110nnnnnddddd  AdvSimd  Fd, Fn
        FcmgtScalarZero          fcmgt     010111101z100000110010nnnnnddddd  AdvSimd  Fd, Fn, #0.0
        FcmeqScalarZero          fcmeq     010111101z100000110110nnnnnddddd  AdvSimd  Fd, Fn, #0.0
        FcmltScalarZero          fcmlt     010111101z100000111010nnnnnddddd  AdvSimd  Fd, Fn, #0.0
        FcvtpsScalar             fcvtps    010111101z100001101010nnnnnddddd  AdvSimd  Fd, Fn
        FcvtzsScalar             fcvtzs    010111101z100001101110nnnnnddddd  AdvSimd  Fd, Fn
        FrecpeScalar             frecpe    010111101z100001110110nnnnnddddd  AdvSimd  Fd, Fn
        FcvtnuScalar             fcvtnu    011111100z100001101010nnnnnddddd  AdvSimd  Fd, Fn
        FcvtmuScalar             fcvtmu    011111100z100001101110nnnnnddddd  AdvSimd  Fd, Fn
        FcvtauScalar             fcvtau    011111100z100001110010nnnnnddddd  AdvSimd  Fd, Fn
        UcvtfScalar              ucvtf     011111100z100001110110nnnnnddddd  AdvSimd  Fd, Fn
        FcmgeScalarZero          fcmge     011111101z100000110010nnnnnddddd  AdvSimd  Fd, Fn, #0.0
        FcmleScalarZero          fcmle     011111101z100000110110nnnnnddddd  AdvSimd  Fd, Fn, #0.0
        FcvtpuScalar             fcvtpu    011111101z100001101010nnnnnddddd  AdvSimd  Fd, Fn
        FcvtzuScalar             fcvtzu    011111101z100001101110nnnnnddddd  AdvSimd  Fd, Fn
        FrsqrteScalar            frsqrte   011111101z100001110110nnnnnddddd  AdvSimd  Fd, Fn
        FrecpxScalar             frecpx    010111101z100001111110nnnnnddddd  AdvSimd  Fd, Fn
        # AdvSIMD scalar two-register miscellaneous (FP16)
        FcvtnsScalarHalf         fcvtns    0101111001111001101010nnnnnddddd  Fp16     Hd, Hn
        FcvtmsScalarHalf         fcvtms    0101111001111001101110nnnnnddddd  Fp16     Hd, Hn
        FcvtasScalarHalf         fcvtas    0101111001111001110010nnnnnddddd  Fp16     Hd, Hn
        ScvtfScalarHalf          scvtf     0101111001111001110110nnnnnddddd  Fp16     Hd, Hn
        FcmgtScalarZeroHalf      fcmgt     0101111011111000110010nnnnnddddd  Fp16     Hd, Hn, #0.0
        FcmeqScalarZeroHalf      fcmeq     0101111011111000110110nnnnnddddd  Fp16     Hd, Hn, #0.0
        FcmltScalarZeroHalf      fcmlt     0101111011111000111010nnnnnddddd  Fp16     Hd, Hn, #0.0
        FcvtpsScalarHalf         fcvtps    0101111011111001101010nnnnnddddd  Fp16     Hd, Hn
        FcvtzsScalarHalf         fcvtzs    0101111011111001101110nnnnnddddd  Fp16     Hd, Hn
        FrecpeScalarHalf         frecpe    0101111011111001110110nnnnnddddd  Fp16     Hd, Hn
        FcvtnuScalarHalf         fcvtnu    0111111001111001101010nnnnnddddd  Fp16     Hd, Hn
        FcvtmuScalarHalf         fcvtmu    0111111001111001101110nnnnnddddd  Fp16     Hd, Hn
        FcvtauScalarHalf         fcvtau    0111111001111001110010nnnnnddddd  Fp16     Hd, Hn
        UcvtfScalarHalf          ucvtf     0111111001111001110110nnnnnddddd  Fp16     Hd, Hn
        FcmgeScalarZeroHalf      fcmge     0111111011111000110010nnnnnddddd  Fp16     Hd, Hn, #0.0
        FcmleScalarZeroHalf      fcmle     0111111011111000110110nnnnnddddd  Fp16     Hd, Hn, #0.0
        FcvtpuScalarHalf         fcvtpu    0111111011111001101010nnnnnddddd  Fp16     Hd, Hn
        FcvtzuScalarHalf         fcvtzu    0111111011111001101110nnnnnddddd  Fp16     Hd, Hn
        FrsqrteScalarHalf        frsqrte   0111111011111001110110nnnnnddddd  Fp16     Hd, Hn
        FrecpxScalarHalf         frecpx    0101111011111001111110nnnnnddddd  Fp16     Hd, Hn
        # AdvSIMD scalar pairwise
        AddpScalar               addp      0101111011110001101110nnnnnddddd  AdvSimd  Dd, Vn.2d
        FmaxnmpScalar            fmaxnmp   011111100z110000110010nnnnnddddd  AdvSimd  Fd, Vn.FP
        FaddpScalar              faddp     011111100z110000110110nnnnnddddd  AdvSimd  Fd, Vn.FP
        FmaxpScalar              fmaxp     011111100z110000111110nnnnnddddd  AdvSimd  Fd, Vn.FP
        FminnmpScalar            fminnmp   011111101z110000110010nnnnnddddd  AdvSimd  Fd, Vn.FP
        FminpScalar              fminp     011111101z110000111110nnnnnddddd  AdvSimd  Fd, Vn.FP
        FmaxnmpScalarHalf        fmaxnmp   0101111000110000110010nnnnnddddd  Fp16     Hd, Vn.2h
        FaddpScalarHalf          faddp     0101111000110000110110nnnnnddddd  Fp16     Hd, Vn.2h
        FmaxpScalarHalf          fmaxp     0101111000110000111110nnnnnddddd  Fp16     Hd, Vn.2h
        FminnmpScalarHalf        fminnmp   0101111010110000110010nnnnnddddd  Fp16     Hd, Vn.2h
        FminpScalarHalf          fminp     0101111010110000111110nnnnnddddd  Fp16     Hd, Vn.2h
        # AdvSIMD scalar copy
        DupScalar                dup       01011110000iiiii000001nnnnnddddd  AdvSimd  Id, Vn.Ie      ; i=x0000
        # AdvSIMD scalar shift by immediate
        SshrScalarImmediate      sshr      0101111101bbbbbb000001nnnnnddddd  AdvSimd  Dd, Dn, shr64
        SsraScalarImmediate      ssra      0101111101bbbbbb000101nnnnnddddd  AdvSimd  Dd, Dn, shr64
        SrshrScalarImmediate     srshr     0101111101bbbbbb001001nnnnnddddd  AdvSimd  Dd, Dn, shr64
        SrsraScalarImmediate     srsra     0101111101bbbbbb001101nnnnnddddd  AdvSimd  Dd, Dn, shr64
        ShlScalarImmediate       shl       0101111101bbbbbb010101nnnnnddddd  AdvSimd  Dd, Dn, shl64
        SqshlScalarImmediate     sqshl     010111110hhhhbbb011101nnnnnddddd  AdvSimd  SEd, SEn, shl  ; h=0000
        SqshrnScalarImmediate    sqshrn    010111110hhhhbbb100101nnnnnddddd  AdvSimd  SEd, SWn, shr  ; h=0000; h=1xxx
        SqrshrnScalarImmediate   sqrshrn   010111110hhhhbbb100111nnnnnddddd  AdvSimd  SEd, SWn, shr  ; h=0000; h=1xxx
        ScvtfScalarFixed         scvtf     010111110hhhhbbb111001nnnnnddddd  AdvSimd  SEd, SEn, shr  ; h=0000; h=0001; h=001x@Fp16
        FcvtzsScalarFixed        fcvtzs    010111110hhhhbbb111111nnnnnddddd  AdvSimd  SEd, SEn, shr  ; h=0000; h=0001; h=001x@Fp16
        UshrScalarImmediate      ushr      0111111101bbbbbb000001nnnnnddddd  AdvSimd  Dd, Dn, shr64
        UsraScalarImmediate      usra      0111111101bbbbbb000101nnnnnddddd  AdvSimd  Dd, Dn, shr64
        UrshrScalarImmediate     urshr     0111111101bbbbbb001001nnnnnddddd  AdvSimd  Dd, Dn, shr64
        UrsraScalarImmediate     ursra     0111111101bbbbbb001101nnnnnddddd  AdvSimd  Dd, Dn, shr64
        SriScalarImmediate       sri       0111111101bbbbbb010001nnnnnddddd  AdvSimd  Dd, Dn, shr64
        SliScalarImmediate       sli       0111111101bbbbbb010101nnnnnddddd  AdvSimd  Dd, Dn, shl64
        SqshluScalarImmediate    sqshlu    011111110hhhhbbb011001nnnnnddddd  AdvSimd  SEd, SEn, shl  ; h=0000
        UqshlScalarImmediate     uqshl     011111110hhhhbbb011101nnnnnddddd  AdvSimd  SEd, SEn, shl  ; h=0000
        SqshrunScalarImmediate   sqshrun   011111110hhhhbbb100001nnnnnddddd  AdvSimd  SEd, SWn, shr  ; h=0000; h=1xxx
        SqrshrunScalarImmediate  sqrshrun  011111110hhhhbbb100011nnnnnddddd  AdvSimd  SEd, SWn, shr  ; h=0000; h=1xxx
        UqshrnScalarImmediate    uqshrn    011111110hhhhbbb100101nnnnnddddd  AdvSimd  SEd, SWn, shr  ; h=0000; h=1xxx
        UqrshrnScalarImmediate   uqrshrn   011111110hhhhbbb100111nnnnnddddd  AdvSimd  SEd, SWn, shr  ; h=0000; h=1xxx
        UcvtfScalarFixed         ucvtf     011111110hhhhbbb111001nnnnnddddd  AdvSimd  SEd, SEn, shr  ; h=0000; h=0001; h=001x@Fp16
        FcvtzuScalarFixed        fcvtzu    011111110hhhhbbb111111nnnnnddddd  AdvSimd  SEd, SEn, shr  ; h=0000; h=0001; h=001x@Fp16
        # AdvSIMD scalar x indexed element
        SqdmlalScalarElement     sqdmlal   01011111zzLMmmmm0011H0nnnnnddddd  AdvSimd  EWd, En, elem  ; z=00; z=11
        SqdmlslScalarElement     sqdmlsl   01011111zzLMmmmm0111H0nnnnnddddd  AdvSimd  EWd, En, elem  ; z=00; z=11
        SqdmullScalarElement     sqdmull   01011111zzLMmmmm1011H0nnnnnddddd  AdvSimd  EWd, En, elem  ; z=00; z=11
        SqdmulhScalarElement     sqdmulh   01011111zzLMmmmm1100H0nnnnnddddd  AdvSimd  Ed, En, elem   ; z=00; z=11
        SqrdmulhScalarElement    sqrdmulh  01011111zzLMmmmm1101H0nnnnnddddd  AdvSimd  Ed, En, elem   ; z=00; z=11
        SqrdmlahScalarElement    sqrdmlah  01111111zzLMmmmm1101H0nnnnnddddd  Rdm      Ed, En, elem   ; z=00; z=11
        SqrdmlshScalarElement    sqrdmlsh  01111111zzLMmmmm1111H0nnnnnddddd  Rdm      Ed, En, elem   ; z=00; z=11
        FmlaScalarElement        fmla      010111111zLMmmmm0001H0nnnnnddddd  AdvSimd  Fd, Fn, elemf  ; z=1,L=1
        FmlsScalarElement        fmls      010111111zLMmmmm0101H0nnnnnddddd  AdvSimd  Fd, Fn, elemf  ; z=1,L=1
        FmulScalarElement        fmul      010111111zLMmmmm1001H0nnnnnddddd  AdvSimd  Fd, Fn, elemf  ; z=1,L=1
        FmulxScalarElement       fmulx     011111111zLMmmmm1001H0nnnnnddddd  AdvSimd  Fd, Fn, elemf  ; z=1,L=1
        FmlaScalarElementHalf    fmla      0101111100LMmmmm0001H0nnnnnddddd  Fp16     Hd, Hn, elemh
        FmlsScalarElementHalf    fmls      0101111100LMmmmm0101H0nnnnnddddd  Fp16     Hd, Hn, elemh
        FmulScalarElementHalf    fmul      0101111100LMmmmm1001H0nnnnnddddd  Fp16     Hd, Hn, elemh
        FmulxScalarElementHalf   fmulx     0111111100LMmmmm1001H0nnnnnddddd  Fp16     Hd, Hn, elemh
        """u8;
}
