namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>Loads and stores.</summary>
    internal static ReadOnlySpan<byte> LoadsAndStores =>
        """
        # Load/store exclusive
        Stxr                   stxr{bh}        zz001000000sssss0xxxxxnnnnnttttt  Base     Ws, Zt, [XSn]
        Stlxr                  stlxr{bh}       zz001000000sssss1xxxxxnnnnnttttt  Base     Ws, Zt, [XSn]
        Ldxr                   ldxr{bh}        zz001000010xxxxx0xxxxxnnnnnttttt  Base     Zt, [XSn]
        Ldaxr                  ldaxr{bh}       zz001000010xxxxx1xxxxxnnnnnttttt  Base     Zt, [XSn]
        Stxp                   stxp            1z001000001sssss0uuuuunnnnnttttt  Base     Ws, Zt, Zu, [XSn]
        Stlxp                  stlxp           1z001000001sssss1uuuuunnnnnttttt  Base     Ws, Zt, Zu, [XSn]
        Ldxp                   ldxp            1z001000011xxxxx0uuuuunnnnnttttt  Base     Zt, Zu, [XSn]
        Ldaxp                  ldaxp           1z001000011xxxxx1uuuuunnnnnttttt  Base     Zt, Zu, [XSn]
        # Load/store ordered
        Stlr                   stlr{bh}        zz001000100xxxxx1xxxxxnnnnnttttt  Base     Zt, [XSn]
        Ldar                   ldar{bh}        zz00100011011111111111nnnnnttttt  Base     Zt, [XSn]
        Ldapr                  ldapr{bh}       zz11100010111111110000nnnnnttttt  Lrcpc    Zt, [XSn]
        # Compare and swap
        Cas                    cas{al}{bh}     zz0010001a1sssssr11111nnnnnttttt  Lse      Zs, Zt, [XSn]
        Casp                   casp{al}        0z0010000a1sssssr11111nnnnnttttt  Lse      Zs, Zs1, Zt, Zt1, [XSn]  ; s=xxxx1; t=xxxx1
        # Load register (literal)
        LdrLiteral             ldr             0s011000iiiiiiiiiiiiiiiiiiittttt  Base     Rt, label19
        LdrswLiteral           ldrsw           10011000iiiiiiiiiiiiiiiiiiittttt  Base     Xt, label19
        PrfmLiteral            prfm            11011000iiiiiiiiiiiiiiiiiiittttt  Base     prfop, label19
        LdrSimdLiteral         ldr             zz011100iiiiiiiiiiiiiiiiiiittttt  Fp       Pt, label19              ; z=11
        # Load/store pair
        Stnp                   stnp            s010100000iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn offps]
        Ldnp                   ldnp            s010100001iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn offps]
        StpPostIndex           stp             s010100010iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn], immps
        LdpPostIndex           ldp             s010100011iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn], immps
        LdpswPostIndex         ldpsw           0110100011iiiiiiiuuuuunnnnnttttt  Base     Xt, Xu, [XSn], immp2
        StpOffset              stp             s010100100iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn offps]
        LdpOffset              ldp             s010100101iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn offps]
        LdpswOffset            ldpsw           0110100101iiiiiiiuuuuunnnnnttttt  Base     Xt, Xu, [XSn offp2]
        StpPreIndex            stp             s010100110iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn, immps]!
        LdpPreIndex            ldp             s010100111iiiiiiiuuuuunnnnnttttt  Base     Rt, Ru, [XSn, immps]!
        LdpswPreIndex          ldpsw           0110100111iiiiiiiuuuuunnnnnttttt  Base     Xt, Xu, [XSn, immp2]!
        StnpSimd               stnp            zz10110000iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn offpz]      ; z=11
        LdnpSimd               ldnp            zz10110001iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn offpz]      ; z=11
        StpSimdPostIndex       stp             zz10110010iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn], immpz     ; z=11
        LdpSimdPostIndex       ldp             zz10110011iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn], immpz     ; z=11
        StpSimdOffset          stp             zz10110100iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn offpz]      ; z=11
        LdpSimdOffset          ldp             zz10110101iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn offpz]      ; z=11
        StpSimdPreIndex        stp             zz10110110iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn, immpz]!    ; z=11
        LdpSimdPreIndex        ldp             zz10110111iiiiiiiuuuuunnnnnttttt  Fp       Pt, Pu, [XSn, immpz]!    ; z=11
        # Load/store register (unscaled immediate)
        Sturb                  sturb           00111000000iiiiiiiii00nnnnnttttt  Base     Wt, [XSn off9]
        Ldurb                  ldurb           00111000010iiiiiiiii00nnnnnttttt  Base     Wt, [XSn off9]
        Ldursb                 ldursb          001110001w0iiiiiiiii00nnnnnttttt  Base     RWt, [XSn off9]
        Sturh                  sturh           01111000000iiiiiiiii00nnnnnttttt  Base     Wt, [XSn off9]
        Ldurh                  ldurh           01111000010iiiiiiiii00nnnnnttttt  Base     Wt, [XSn off9]
        Ldursh                 ldursh          011110001w0iiiiiiiii00nnnnnttttt  Base     RWt, [XSn off9]
        Stur                   stur            1s111000000iiiiiiiii00nnnnnttttt  Base     Rt, [XSn off9]
        Ldur                   ldur            1s111000010iiiiiiiii00nnnnnttttt  Base     Rt, [XSn off9]
        Ldursw                 ldursw          10111000100iiiiiiiii00nnnnnttttt  Base     Xt, [XSn off9]
        Prfum                  prfum           11111000100iiiiiiiii00nnnnnttttt  Base     prfop, [XSn off9]
        SturSimd               stur            zz111100h00iiiiiiiii00nnnnnttttt  Fp       Mt, [XSn off9]           ; h=1,z=x1; h=1,z=1x
        LdurSimd               ldur            zz111100h10iiiiiiiii00nnnnnttttt  Fp       Mt, [XSn off9]           ; h=1,z=x1; h=1,z=1x
        # Load/store register (immediate post-indexed)
        StrbPostIndex          strb            00111000000iiiiiiiii01nnnnnttttt  Base     Wt, [XSn], imm9
        LdrbPostIndex          ldrb            00111000010iiiiiiiii01nnnnnttttt  Base     Wt, [XSn], imm9
        LdrsbPostIndex         ldrsb           001110001w0iiiiiiiii01nnnnnttttt  Base     RWt, [XSn], imm9
        StrhPostIndex          strh            01111000000iiiiiiiii01nnnnnttttt  Base     Wt, [XSn], imm9
        LdrhPostIndex          ldrh            01111000010iiiiiiiii01nnnnnttttt  Base     Wt, [XSn], imm9
        LdrshPostIndex         ldrsh           011110001w0iiiiiiiii01nnnnnttttt  Base     RWt, [XSn], imm9
        StrPostIndex           str             1s111000000iiiiiiiii01nnnnnttttt  Base     Rt, [XSn], imm9
        LdrPostIndex           ldr             1s111000010iiiiiiiii01nnnnnttttt  Base     Rt, [XSn], imm9
        LdrswPostIndex         ldrsw           10111000100iiiiiiiii01nnnnnttttt  Base     Xt, [XSn], imm9
        StrSimdPostIndex       str             zz111100h00iiiiiiiii01nnnnnttttt  Fp       Mt, [XSn], imm9          ; h=1,z=x1; h=1,z=1x
        LdrSimdPostIndex       ldr             zz111100h10iiiiiiiii01nnnnnttttt  Fp       Mt, [XSn], imm9          ; h=1,z=x1; h=1,z=1x
        # Load/store register (unprivileged)
        Sttrb                  sttrb           00111000000iiiiiiiii10nnnnnttttt  Base     Wt, [XSn off9]
        Ldtrb                  ldtrb           00111000010iiiiiiiii10nnnnnttttt  Base     Wt, [XSn off9]
        Ldtrsb                 ldtrsb          001110001w0iiiiiiiii10nnnnnttttt  Base     RWt, [XSn off9]
        Sttrh                  sttrh           01111000000iiiiiiiii10nnnnnttttt  Base     Wt, [XSn off9]
        Ldtrh                  ldtrh           01111000010iiiiiiiii10nnnnnttttt  Base     Wt, [XSn off9]
        Ldtrsh                 ldtrsh          011110001w0iiiiiiiii10nnnnnttttt  Base     RWt, [XSn off9]
        Sttr                   sttr            1s111000000iiiiiiiii10nnnnnttttt  Base     Rt, [XSn off9]
        Ldtr                   ldtr            1s111000010iiiiiiiii10nnnnnttttt  Base     Rt, [XSn off9]
        Ldtrsw                 ldtrsw          10111000100iiiiiiiii10nnnnnttttt  Base     Xt, [XSn off9]
        # Load/store register (immediate pre-indexed)
        StrbPreIndex           strb            00111000000iiiiiiiii11nnnnnttttt  Base     Wt, [XSn, imm9]!
        LdrbPreIndex           ldrb            00111000010iiiiiiiii11nnnnnttttt  Base     Wt, [XSn, imm9]!
        LdrsbPreIndex          ldrsb           001110001w0iiiiiiiii11nnnnnttttt  Base     RWt, [XSn, imm9]!
        StrhPreIndex           strh            01111000000iiiiiiiii11nnnnnttttt  Base     Wt, [XSn, imm9]!
        LdrhPreIndex           ldrh            01111000010iiiiiiiii11nnnnnttttt  Base     Wt, [XSn, imm9]!
        LdrshPreIndex          ldrsh           011110001w0iiiiiiiii11nnnnnttttt  Base     RWt, [XSn, imm9]!
        StrPreIndex            str             1s111000000iiiiiiiii11nnnnnttttt  Base     Rt, [XSn, imm9]!
        LdrPreIndex            ldr             1s111000010iiiiiiiii11nnnnnttttt  Base     Rt, [XSn, imm9]!
        LdrswPreIndex          ldrsw           10111000100iiiiiiiii11nnnnnttttt  Base     Xt, [XSn, imm9]!
        StrSimdPreIndex        str             zz111100h00iiiiiiiii11nnnnnttttt  Fp       Mt, [XSn, imm9]!         ; h=1,z=x1; h=1,z=1x
        LdrSimdPreIndex        ldr             zz111100h10iiiiiiiii11nnnnnttttt  Fp       Mt, [XSn, imm9]!         ; h=1,z=x1; h=1,z=1x
        # Load/store register (register offset)
        StrbRegister           strb            00111000001mmmmmoooS10nnnnnttttt  Base     Wt, [XSn ext0]           ; o=x0x
        LdrbRegister           ldrb            00111000011mmmmmoooS10nnnnnttttt  Base     Wt, [XSn ext0]           ; o=x0x
        LdrsbRegister          ldrsb           001110001w1mmmmmoooS10nnnnnttttt  Base     RWt, [XSn ext0]          ; o=x0x
        StrhRegister           strh            01111000001mmmmmoooS10nnnnnttttt  Base     Wt, [XSn ext1]           ; o=x0x
        LdrhRegister           ldrh            01111000011mmmmmoooS10nnnnnttttt  Base     Wt, [XSn ext1]           ; o=x0x
        LdrshRegister          ldrsh           011110001w1mmmmmoooS10nnnnnttttt  Base     RWt, [XSn ext1]          ; o=x0x
        StrRegister            str             1s111000001mmmmmoooS10nnnnnttttt  Base     Rt, [XSn exts]           ; o=x0x
        LdrRegister            ldr             1s111000011mmmmmoooS10nnnnnttttt  Base     Rt, [XSn exts]           ; o=x0x
        LdrswRegister          ldrsw           10111000101mmmmmoooS10nnnnnttttt  Base     Xt, [XSn ext2]           ; o=x0x
        PrfmRegister           prfm            11111000101mmmmmoooS10nnnnnttttt  Base     prfop, [XSn ext3]        ; o=x0x
        StrSimdRegister        str             zz111100h01mmmmmoooS10nnnnnttttt  Fp       Mt, [XSn extq]           ; h=1,z=x1; h=1,z=1x; o=x0x
        LdrSimdRegister        ldr             zz111100h11mmmmmoooS10nnnnnttttt  Fp       Mt, [XSn extq]           ; h=1,z=x1; h=1,z=1x; o=x0x
        # Load/store register (unsigned immediate)
        StrbUnsigned           strb            0011100100iiiiiiiiiiiinnnnnttttt  Base     Wt, [XSn offu0]
        LdrbUnsigned           ldrb            0011100101iiiiiiiiiiiinnnnnttttt  Base     Wt, [XSn offu0]
        LdrsbUnsigned          ldrsb           001110011wiiiiiiiiiiiinnnnnttttt  Base     RWt, [XSn offu0]
        StrhUnsigned           strh            0111100100iiiiiiiiiiiinnnnnttttt  Base     Wt, [XSn offu1]
        LdrhUnsigned           ldrh            0111100101iiiiiiiiiiiinnnnnttttt  Base     Wt, [XSn offu1]
        LdrshUnsigned          ldrsh           011110011wiiiiiiiiiiiinnnnnttttt  Base     RWt, [XSn offu1]
        StrUnsigned            str             1s11100100iiiiiiiiiiiinnnnnttttt  Base     Rt, [XSn offus]
        LdrUnsigned            ldr             1s11100101iiiiiiiiiiiinnnnnttttt  Base     Rt, [XSn offus]
        LdrswUnsigned          ldrsw           1011100110iiiiiiiiiiiinnnnnttttt  Base     Xt, [XSn offu2]
        PrfmUnsigned           prfm            1111100110iiiiiiiiiiiinnnnnttttt  Base     prfop, [XSn offu3]
        StrSimdUnsigned        str             zz111101h0iiiiiiiiiiiinnnnnttttt  Fp       Mt, [XSn offuq]          ; h=1,z=x1; h=1,z=1x
        LdrSimdUnsigned        ldr             zz111101h1iiiiiiiiiiiinnnnnttttt  Fp       Mt, [XSn offuq]          ; h=1,z=x1; h=1,z=1x
        # Atomic memory operations
        Ldadd                  ldadd{al}{bh}   zz111000ar1sssss000000nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldclr                  ldclr{al}{bh}   zz111000ar1sssss000100nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldeor                  ldeor{al}{bh}   zz111000ar1sssss001000nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldset                  ldset{al}{bh}   zz111000ar1sssss001100nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldsmax                 ldsmax{al}{bh}  zz111000ar1sssss010000nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldsmin                 ldsmin{al}{bh}  zz111000ar1sssss010100nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldumax                 ldumax{al}{bh}  zz111000ar1sssss011000nnnnnttttt  Lse      Zs, Zt, [XSn]
        Ldumin                 ldumin{al}{bh}  zz111000ar1sssss011100nnnnnttttt  Lse      Zs, Zt, [XSn]
        Swp                    swp{al}{bh}     zz111000ar1sssss100000nnnnnttttt  Lse      Zs, Zt, [XSn]
        # AdvSIMD load/store multiple structures
        St4Multiple            st4             0q001100000000000000zznnnnnttttt  AdvSimd  list4, [XSn]             ; q=0,z=11
        St1Multiple4           st1             0q001100000000000010zznnnnnttttt  AdvSimd  list4, [XSn]
        St3Multiple            st3             0q001100000000000100zznnnnnttttt  AdvSimd  list3, [XSn]             ; q=0,z=11
        St1Multiple3           st1             0q001100000000000110zznnnnnttttt  AdvSimd  list3, [XSn]
        St1Multiple1           st1             0q001100000000000111zznnnnnttttt  AdvSimd  list1, [XSn]
        St2Multiple            st2             0q001100000000001000zznnnnnttttt  AdvSimd  list2, [XSn]             ; q=0,z=11
        St1Multiple2           st1             0q001100000000001010zznnnnnttttt  AdvSimd  list2, [XSn]
        Ld4Multiple            ld4             0q001100010000000000zznnnnnttttt  AdvSimd  list4, [XSn]             ; q=0,z=11
        Ld1Multiple4           ld1             0q001100010000000010zznnnnnttttt  AdvSimd  list4, [XSn]
        Ld3Multiple            ld3             0q001100010000000100zznnnnnttttt  AdvSimd  list3, [XSn]             ; q=0,z=11
        Ld1Multiple3           ld1             0q001100010000000110zznnnnnttttt  AdvSimd  list3, [XSn]
        Ld1Multiple1           ld1             0q001100010000000111zznnnnnttttt  AdvSimd  list1, [XSn]
        Ld2Multiple            ld2             0q001100010000001000zznnnnnttttt  AdvSimd  list2, [XSn]             ; q=0,z=11
        Ld1Multiple2           ld1             0q001100010000001010zznnnnnttttt  AdvSimd  list2, [XSn]
        # AdvSIMD load/store single structure
        St1Single              st1             0q00110100000000oo0Szznnnnnttttt  AdvSimd  slist1, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        St2Single              st2             0q00110100100000oo0Szznnnnnttttt  AdvSimd  slist2, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        St3Single              st3             0q00110100000000oo1Szznnnnnttttt  AdvSimd  slist3, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        St4Single              st4             0q00110100100000oo1Szznnnnnttttt  AdvSimd  slist4, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld1Single              ld1             0q00110101000000oo0Szznnnnnttttt  AdvSimd  slist1, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld2Single              ld2             0q00110101100000oo0Szznnnnnttttt  AdvSimd  slist2, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld3Single              ld3             0q00110101000000oo1Szznnnnnttttt  AdvSimd  slist3, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld4Single              ld4             0q00110101100000oo1Szznnnnnttttt  AdvSimd  slist4, [XSn]            ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld1Replicate           ld1r            0q001101010000001100zznnnnnttttt  AdvSimd  list1, [XSn]
        Ld2Replicate           ld2r            0q001101011000001100zznnnnnttttt  AdvSimd  list2, [XSn]
        Ld3Replicate           ld3r            0q001101010000001110zznnnnnttttt  AdvSimd  list3, [XSn]
        Ld4Replicate           ld4r            0q001101011000001110zznnnnnttttt  AdvSimd  list4, [XSn]
        # AdvSIMD load/store multiple structures (post-indexed)
        St4MultiplePostIndex   st4             0q001100100mmmmm0000zznnnnnttttt  AdvSimd  list4, [XSn], post4      ; q=0,z=11
        St1Multiple4PostIndex  st1             0q001100100mmmmm0010zznnnnnttttt  AdvSimd  list4, [XSn], post4
        St3MultiplePostIndex   st3             0q001100100mmmmm0100zznnnnnttttt  AdvSimd  list3, [XSn], post3      ; q=0,z=11
        St1Multiple3PostIndex  st1             0q001100100mmmmm0110zznnnnnttttt  AdvSimd  list3, [XSn], post3
        St1Multiple1PostIndex  st1             0q001100100mmmmm0111zznnnnnttttt  AdvSimd  list1, [XSn], post1
        St2MultiplePostIndex   st2             0q001100100mmmmm1000zznnnnnttttt  AdvSimd  list2, [XSn], post2      ; q=0,z=11
        St1Multiple2PostIndex  st1             0q001100100mmmmm1010zznnnnnttttt  AdvSimd  list2, [XSn], post2
        Ld4MultiplePostIndex   ld4             0q001100110mmmmm0000zznnnnnttttt  AdvSimd  list4, [XSn], post4      ; q=0,z=11
        Ld1Multiple4PostIndex  ld1             0q001100110mmmmm0010zznnnnnttttt  AdvSimd  list4, [XSn], post4
        Ld3MultiplePostIndex   ld3             0q001100110mmmmm0100zznnnnnttttt  AdvSimd  list3, [XSn], post3      ; q=0,z=11
        Ld1Multiple3PostIndex  ld1             0q001100110mmmmm0110zznnnnnttttt  AdvSimd  list3, [XSn], post3
        Ld1Multiple1PostIndex  ld1             0q001100110mmmmm0111zznnnnnttttt  AdvSimd  list1, [XSn], post1
        Ld2MultiplePostIndex   ld2             0q001100110mmmmm1000zznnnnnttttt  AdvSimd  list2, [XSn], post2      ; q=0,z=11
        Ld1Multiple2PostIndex  ld1             0q001100110mmmmm1010zznnnnnttttt  AdvSimd  list2, [XSn], post2
        # AdvSIMD load/store single structure (post-indexed)
        St1SinglePostIndex     st1             0q001101100mmmmmoo0Szznnnnnttttt  AdvSimd  slist1, [XSn], spost1    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        St2SinglePostIndex     st2             0q001101101mmmmmoo0Szznnnnnttttt  AdvSimd  slist2, [XSn], spost2    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        St3SinglePostIndex     st3             0q001101100mmmmmoo1Szznnnnnttttt  AdvSimd  slist3, [XSn], spost3    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        St4SinglePostIndex     st4             0q001101101mmmmmoo1Szznnnnnttttt  AdvSimd  slist4, [XSn], spost4    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld1SinglePostIndex     ld1             0q001101110mmmmmoo0Szznnnnnttttt  AdvSimd  slist1, [XSn], spost1    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld2SinglePostIndex     ld2             0q001101111mmmmmoo0Szznnnnnttttt  AdvSimd  slist2, [XSn], spost2    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld3SinglePostIndex     ld3             0q001101110mmmmmoo1Szznnnnnttttt  AdvSimd  slist3, [XSn], spost3    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld4SinglePostIndex     ld4             0q001101111mmmmmoo1Szznnnnnttttt  AdvSimd  slist4, [XSn], spost4    ; o=11; o=01,z=x1; o=10,z=1x; o=10,z=01,S=1
        Ld1ReplicatePostIndex  ld1r            0q001101110mmmmm1100zznnnnnttttt  AdvSimd  list1, [XSn], rpost1
        Ld2ReplicatePostIndex  ld2r            0q001101111mmmmm1100zznnnnnttttt  AdvSimd  list2, [XSn], rpost2
        Ld3ReplicatePostIndex  ld3r            0q001101110mmmmm1110zznnnnnttttt  AdvSimd  list3, [XSn], rpost3
        Ld4ReplicatePostIndex  ld4r            0q001101111mmmmm1110zznnnnnttttt  AdvSimd  list4, [XSn], rpost4
        """u8;
}
