using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <summary>Families of vector operations of the host, by log2 of an element's bytes.</summary>
internal static class X64Sized
{
    public static X64Vector[] Add { get; } = [Paddb, Paddw, Paddd, Paddq];

    public static X64Vector[] Sub { get; } = [Psubb, Psubw, Psubd, Psubq];

    public static X64Vector[] Equal { get; } = [Pcmpeqb, Pcmpeqw, Pcmpeqd, Pcmpeqq];

    public static X64Vector[] Greater { get; } = [Pcmpgtb, Pcmpgtw, Pcmpgtd, Pcmpgtq];

    public static X64Vector[] Absolute { get; } = [Pabsb, Pabsw, Pabsd];

    public static X64Vector[] SignedMax { get; } = [Pmaxsb, Pmaxsw, Pmaxsd];

    public static X64Vector[] SignedMin { get; } = [Pminsb, Pminsw, Pminsd];

    public static X64Vector[] UnsignedMax { get; } = [Pmaxub, Pmaxuw, Pmaxud];

    public static X64Vector[] UnsignedMin { get; } = [Pminub, Pminuw, Pminud];

    public static X64Vector[] ZipLow { get; } = [Punpcklbw, Punpcklwd, Punpckldq, Punpcklqdq];

    public static X64Vector[] ZipHigh { get; } = [Punpckhbw, Punpckhwd, Punpckhdq, Punpckhqdq];

    public static X64Vector[] WidenSigned { get; } = [Pmovsxbw, Pmovsxwd, Pmovsxdq];

    public static X64Vector[] WidenUnsigned { get; } = [Pmovzxbw, Pmovzxwd, Pmovzxdq];
}
