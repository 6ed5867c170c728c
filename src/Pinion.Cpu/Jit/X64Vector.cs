namespace Pinion.Cpu.Jit;

/// <summary>
/// Integer vector operations of the host by their mnemonics, all with prefix 66 (Intel SDM). The low byte is the opcode, the upper one the map: 0 for 0F, 38 and 3A for 0F 38 and 0F 3A.
/// </summary>
internal enum X64Vector : ushort
{
    Punpcklbw = 0x60,
    Punpcklwd = 0x61,
    Punpckldq = 0x62,
    Pcmpgtb = 0x64,
    Pcmpgtw = 0x65,
    Pcmpgtd = 0x66,
    Punpckhbw = 0x68,
    Punpckhwd = 0x69,
    Punpckhdq = 0x6A,
    Punpcklqdq = 0x6C,
    Punpckhqdq = 0x6D,

    /// <summary>Immediate: the source of each word.</summary>
    Pshufd = 0x70,
    Pcmpeqb = 0x74,
    Pcmpeqw = 0x75,
    Pcmpeqd = 0x76,

    /// <summary>From a general register or memory. Immediate: the lane.</summary>
    Pinsrw = 0xC4,
    Paddq = 0xD4,
    Pmullw = 0xD5,

    /// <summary>To a general register.</summary>
    Pmovmskb = 0xD7,
    Pminub = 0xDA,
    Pand = 0xDB,
    Paddusb = 0xDC,
    Paddusw = 0xDD,
    Pmaxub = 0xDE,
    Pandn = 0xDF,
    Psubusb = 0xD8,
    Psubusw = 0xD9,
    Pavgb = 0xE0,
    Pavgw = 0xE3,
    Pmulhuw = 0xE4,
    Pmulhw = 0xE5,
    Psubsb = 0xE8,
    Psubsw = 0xE9,
    Pminsw = 0xEA,
    Por = 0xEB,
    Paddsb = 0xEC,
    Paddsw = 0xED,
    Pmaxsw = 0xEE,
    Pxor = 0xEF,
    Pmuludq = 0xF4,
    Pmaddwd = 0xF5,
    Psadbw = 0xF6,
    Psubb = 0xF8,
    Psubw = 0xF9,
    Psubd = 0xFA,
    Psubq = 0xFB,
    Paddb = 0xFC,
    Paddw = 0xFD,
    Paddd = 0xFE,

    Pshufb = 0x3800,
    Phaddw = 0x3801,
    Phaddd = 0x3802,
    Pmaddubsw = 0x3804,
    Pmulhrsw = 0x380B,

    /// <summary>By the top bits of the bytes of XMM0.</summary>
    Pblendvb = 0x3810,
    Blendvps = 0x3814,
    Blendvpd = 0x3815,
    Pabsb = 0x381C,
    Pabsw = 0x381D,
    Pabsd = 0x381E,
    Pmovsxbw = 0x3820,
    Pmovsxwd = 0x3823,
    Pmovsxdq = 0x3825,
    Pmuldq = 0x3828,
    Pcmpeqq = 0x3829,
    Pmovzxbw = 0x3830,
    Pmovzxwd = 0x3833,
    Pmovzxdq = 0x3835,

    /// <summary>SSE4.2.</summary>
    Pcmpgtq = 0x3837,
    Pminsb = 0x3838,
    Pminsd = 0x3839,
    Pminuw = 0x383A,
    Pminud = 0x383B,
    Pmaxsb = 0x383C,
    Pmaxsd = 0x383D,
    Pmaxuw = 0x383E,
    Pmaxud = 0x383F,
    Pmulld = 0x3840,

    /// <summary>AVX2, VEX only; D and Q by W.</summary>
    Vpsrlv = 0x3845,
    Vpsrav = 0x3846,
    Vpsllv = 0x3847,

    // AES-NI.
    Aesimc = 0x38DB,
    Aesenc = 0x38DC,
    Aesenclast = 0x38DD,
    Aesdeclast = 0x38DF,

    /// <summary>Immediate: which words come from the source.</summary>
    Pblendw = 0x3A0E,

    /// <summary>Immediate: the first byte.</summary>
    Palignr = 0x3A0F,
    Pinsrb = 0x3A20,

    /// <summary>With W it is PINSRQ.</summary>
    Pinsrd = 0x3A22,

    /// <summary>PCLMULQDQ. Immediate: which halves.</summary>
    Pclmulqdq = 0x3A44,
}

/// <summary>Vector shifts by an immediate, by their /digit.</summary>
internal enum X64VectorShift : byte
{
    Right = 2,

    /// <summary>Words and doublewords only.</summary>
    RightSigned = 4,
    Left = 6,

    /// <summary>The whole vector, by bytes; with the encoding of quadwords.</summary>
    BytesRight = 3,
}
