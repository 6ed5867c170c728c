namespace Pinion.Arm.A64;

internal static partial class A64Rows
{
    /// <summary>Data processing, immediate.</summary>
    internal static ReadOnlySpan<byte> DataProcessingImmediate =>
        """
        # PC-relative addressing
        Adr            adr   0ll10000iiiiiiiiiiiiiiiiiiiddddd  Base  Xd, pcrel
        Adrp           adrp  1ll10000iiiiiiiiiiiiiiiiiiiddddd  Base  Xd, pcpage
        # Add/subtract (immediate)
        AddImmediate   add   s00100010hiiiiiiiiiiiinnnnnddddd  Base  RSd, RSn, aimm
        AddsImmediate  adds  s01100010hiiiiiiiiiiiinnnnnddddd  Base  Rd, RSn, aimm
        SubImmediate   sub   s10100010hiiiiiiiiiiiinnnnnddddd  Base  RSd, RSn, aimm
        SubsImmediate  subs  s11100010hiiiiiiiiiiiinnnnnddddd  Base  Rd, RSn, aimm
        # Logical (immediate)
        AndImmediate   and   s00100100Nrrrrrriiiiiinnnnnddddd  Base  RSd, Rn, limm         ; s=0,N=1; N=1,i=111111; N=0,i=011111; N=0,i=101111; N=0,i=110111; N=0,i=111011; N=0,i=111101; N=0,i=11111x
        OrrImmediate   orr   s01100100Nrrrrrriiiiiinnnnnddddd  Base  RSd, Rn, limm         ; s=0,N=1; N=1,i=111111; N=0,i=011111; N=0,i=101111; N=0,i=110111; N=0,i=111011; N=0,i=111101; N=0,i=11111x
        EorImmediate   eor   s10100100Nrrrrrriiiiiinnnnnddddd  Base  RSd, Rn, limm         ; s=0,N=1; N=1,i=111111; N=0,i=011111; N=0,i=101111; N=0,i=110111; N=0,i=111011; N=0,i=111101; N=0,i=11111x
        AndsImmediate  ands  s11100100Nrrrrrriiiiiinnnnnddddd  Base  Rd, Rn, limm          ; s=0,N=1; N=1,i=111111; N=0,i=011111; N=0,i=101111; N=0,i=110111; N=0,i=111011; N=0,i=111101; N=0,i=11111x
        # Move wide (immediate)
        Movn           movn  s00100101wwiiiiiiiiiiiiiiiiddddd  Base  Rd, wide              ; s=0,w=1x
        Movz           movz  s10100101wwiiiiiiiiiiiiiiiiddddd  Base  Rd, wide              ; s=0,w=1x
        Movk           movk  s11100101wwiiiiiiiiiiiiiiiiddddd  Base  Rd, wide              ; s=0,w=1x
        # Bitfield
        Sbfm           sbfm  s00100110Nrrrrrriiiiiinnnnnddddd  Base  Rd, Rn, dec.r, dec.i  ; s=0,N=1; s=1,N=0; s=0,r=1xxxxx; s=0,i=1xxxxx
        Bfm            bfm   s01100110Nrrrrrriiiiiinnnnnddddd  Base  Rd, Rn, dec.r, dec.i  ; s=0,N=1; s=1,N=0; s=0,r=1xxxxx; s=0,i=1xxxxx
        Ubfm           ubfm  s10100110Nrrrrrriiiiiinnnnnddddd  Base  Rd, Rn, dec.r, dec.i  ; s=0,N=1; s=1,N=0; s=0,r=1xxxxx; s=0,i=1xxxxx
        # Extract
        Extr           extr  s00100111N0mmmmmiiiiiinnnnnddddd  Base  Rd, Rn, Rm, dec.i     ; s=0,N=1; s=1,N=0; s=0,i=1xxxxx
        """u8;
}
