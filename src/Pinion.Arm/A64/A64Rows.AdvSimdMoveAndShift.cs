namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>AdvSIMD copies, permutes, immediates and shifts by immediate.</summary>
    internal static ReadOnlySpan<byte> AdvSimdMoveAndShift =>
        """
        # AdvSIMD copy
        DupElement                 dup          0q001110000iiiii000001nnnnnddddd  AdvSimd  Vd.I, Vn.Ie              ; i=x0000; q=0,i=x1000
        DupGeneral                 dup          0q001110000iiiii000011nnnnnddddd  AdvSimd  Vd.I, RIn                ; i=x0000; q=0,i=x1000
        Smov                       smov         0q001110000iiiii001011nnnnnddddd  AdvSimd  RQd, Vn.Ie               ; i=xx000; q=0,i=xx100
        Umov                       umov         0q001110000iiiii001111nnnnnddddd  AdvSimd  RQd, Vn.Ie               ; i=x0000; q=0,i=x1000; q=1,i=xxxx1; q=1,i=xxx10; q=1,i=xx100
        InsGeneral                 ins          01001110000iiiii000111nnnnnddddd  AdvSimd  Vd.Ie, RIn               ; i=x0000
        InsElement                 ins          01101110000iiiii0jjjj1nnnnnddddd  AdvSimd  Vd.Ie, Vn.Je             ; i=x0000
        # AdvSIMD permute
        Uzp1Vector                 uzp1         0q001110zz0mmmmm000110nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T         ; q=0,z=11
        Trn1Vector                 trn1         0q001110zz0mmmmm001010nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T         ; q=0,z=11
        Zip1Vector                 zip1         0q001110zz0mmmmm001110nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T         ; q=0,z=11
        Uzp2Vector                 uzp2         0q001110zz0mmmmm010110nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T         ; q=0,z=11
        Trn2Vector                 trn2         0q001110zz0mmmmm011010nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T         ; q=0,z=11
        Zip2Vector                 zip2         0q001110zz0mmmmm011110nnnnnddddd  AdvSimd  Vd.T, Vn.T, Vm.T         ; q=0,z=11
        # AdvSIMD extract
        ExtVector                  ext          0q101110000mmmmm0iiii0nnnnnddddd  AdvSimd  Vd.B, Vn.B, Vm.B, dec.i  ; q=0,i=1xxx
        # AdvSIMD table lookup
        TblVector                  tbl          0q001110000mmmmm0ll000nnnnnddddd  AdvSimd  Vd.B, tbllist, Vm.B
        TbxVector                  tbx          0q001110000mmmmm0ll100nnnnnddddd  AdvSimd  Vd.B, tbllist, Vm.B
        # AdvSIMD modified immediate
        MoviVector                 movi         0q00111100000iiicccc01jjjjjddddd  AdvSimd  modimm                   ; c=0xx1; c=10x1; c=1111
        OrrVectorImmediate         orr          0q00111100000iiicccc01jjjjjddddd  AdvSimd  modimm                   ; c=xxx0; c=11x1
        FmovVectorImmediate        fmov         0q00111100000iii111101jjjjjddddd  AdvSimd  Vd.S, vfpimm
        FmovVectorImmediateHalf    fmov         0q00111100000iii111111jjjjjddddd  Fp16     Vd.H, vfpimm
        MvniVector                 mvni         0q10111100000iiicccc01jjjjjddddd  AdvSimd  modimm                   ; c=0xx1; c=10x1; c=111x
        BicVectorImmediate         bic          0q10111100000iiicccc01jjjjjddddd  AdvSimd  modimm                   ; c=xxx0; c=11x1
        MoviVectorBitmask          movi         0q10111100000iii111001jjjjjddddd  AdvSimd  modimm
        FmovVectorImmediateDouble  fmov         0110111100000iii111101jjjjjddddd  AdvSimd  Vd.2d, vfpimm
        # AdvSIMD shift by immediate
        SshrVectorImmediate        sshr         0q0011110hhhhbbb000001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        SsraVectorImmediate        ssra         0q0011110hhhhbbb000101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        SrshrVectorImmediate       srshr        0q0011110hhhhbbb001001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        SrsraVectorImmediate       srsra        0q0011110hhhhbbb001101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        ShlVectorImmediate         shl          0q0011110hhhhbbb010101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shl          ; h=0000; q=0,h=1xxx
        SqshlVectorImmediate       sqshl        0q0011110hhhhbbb011101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shl          ; h=0000; q=0,h=1xxx
        ShrnVectorImmediate        shrn{2}      0q0011110hhhhbbb100001nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        RshrnVectorImmediate       rshrn{2}     0q0011110hhhhbbb100011nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        SqshrnVectorImmediate      sqshrn{2}    0q0011110hhhhbbb100101nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        SqrshrnVectorImmediate     sqrshrn{2}   0q0011110hhhhbbb100111nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        SshllVectorImmediate       sshll{2}     0q0011110hhhhbbb101001nnnnnddddd  AdvSimd  Vd.MW, Vn.M, shl         ; h=0000; h=1xxx
        ScvtfVectorFixed           scvtf        0q0011110hhhhbbb111001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; h=0001; q=0,h=1xxx; h=001x@Fp16
        FcvtzsVectorFixed          fcvtzs       0q0011110hhhhbbb111111nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; h=0001; q=0,h=1xxx; h=001x@Fp16
        UshrVectorImmediate        ushr         0q1011110hhhhbbb000001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        UsraVectorImmediate        usra         0q1011110hhhhbbb000101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        UrshrVectorImmediate       urshr        0q1011110hhhhbbb001001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        UrsraVectorImmediate       ursra        0q1011110hhhhbbb001101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        SriVectorImmediate         sri          0q1011110hhhhbbb010001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; q=0,h=1xxx
        SliVectorImmediate         sli          0q1011110hhhhbbb010101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shl          ; h=0000; q=0,h=1xxx
        SqshluVectorImmediate      sqshlu       0q1011110hhhhbbb011001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shl          ; h=0000; q=0,h=1xxx
        UqshlVectorImmediate       uqshl        0q1011110hhhhbbb011101nnnnnddddd  AdvSimd  Vd.M, Vn.M, shl          ; h=0000; q=0,h=1xxx
        SqshrunVectorImmediate     sqshrun{2}   0q1011110hhhhbbb100001nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        SqrshrunVectorImmediate    sqrshrun{2}  0q1011110hhhhbbb100011nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        UqshrnVectorImmediate      uqshrn{2}    0q1011110hhhhbbb100101nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        UqrshrnVectorImmediate     uqrshrn{2}   0q1011110hhhhbbb100111nnnnnddddd  AdvSimd  Vd.M, Vn.MW, shr         ; h=0000; h=1xxx
        UshllVectorImmediate       ushll{2}     0q1011110hhhhbbb101001nnnnnddddd  AdvSimd  Vd.MW, Vn.M, shl         ; h=0000; h=1xxx
        UcvtfVectorFixed           ucvtf        0q1011110hhhhbbb111001nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; h=0001; q=0,h=1xxx; h=001x@Fp16
        FcvtzuVectorFixed          fcvtzu       0q1011110hhhhbbb111111nnnnnddddd  AdvSimd  Vd.M, Vn.M, shr          ; h=0000; h=0001; q=0,h=1xxx; h=001x@Fp16
        """u8;
}
