using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Integer arithmetic that is neither add, subtract nor logic: moves, bit fields, multiplication, division, shifts, bit counting, CRC.</summary>
internal static unsafe partial class IntegerOps
{
    [Op, MethodImpl(Inline.Hot)]
    public static void MovImmediate(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void Adr(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.PcOf(s, r) + (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void Adrp(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = s->CodeVa + (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void MovX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void MovW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void MovkX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (Pe.R(s)[r->Rd] & ~(0xFFFFUL << (int)r->Aux)) | (ulong)r->Imm;

    [Op, MethodImpl(Inline.Hot)]
    public static void MovkW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = ((uint)Pe.R(s)[r->Rd] & ~(0xFFFFU << (int)r->Aux)) | (ulong)r->Imm;

    // ---- bit fields: the decoder turns SBFM, UBFM and BFM into shifts and a mask ----

    /// <summary>UBFX, LSR, UXTB, UXTH: shift right by Aux, then mask with Imm.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static void Ubfx(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (Pe.R(s)[r->Rn] >> (int)r->Aux) & (ulong)r->Imm;

    /// <summary>UBFIZ, LSL: mask with Imm, then shift left by Aux.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static void Ubfiz(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (Pe.R(s)[r->Rn] & (ulong)r->Imm) << (int)r->Aux;

    /// <summary>Shift left by Aux, then arithmetically right by Imm.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static void SbfmX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (ulong)((long)(Pe.R(s)[r->Rn] << (int)r->Aux) >> (int)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void SbfmW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)((long)(Pe.R(s)[r->Rn] << (int)r->Aux) >> (int)r->Imm);

    /// <summary>Rotate right by Aux, then insert where Imm has ones.</summary>
    [Op, MethodImpl(Inline.Hot)]
    public static void BfmX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (Pe.R(s)[r->Rd] & ~(ulong)r->Imm) | (BitOperations.RotateRight(Pe.R(s)[r->Rn], (int)r->Aux) & (ulong)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void BfmW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = ((uint)Pe.R(s)[r->Rd] & ~(uint)r->Imm) | (BitOperations.RotateRight((uint)Pe.R(s)[r->Rn], (int)r->Aux) & (uint)r->Imm);

    [Op, MethodImpl(Inline.Hot)]
    public static void ExtrX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = r->Aux == 0 ? Pe.R(s)[r->Rm] : (Pe.R(s)[r->Rm] >> (int)r->Aux) | (Pe.R(s)[r->Rn] << (64 - (int)r->Aux));

    [Op, MethodImpl(Inline.Hot)]
    public static void ExtrW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)((((Pe.R(s)[r->Rn] << 32) | (uint)Pe.R(s)[r->Rm]) >> (int)r->Aux));

    // ---- multiplication and division ----

    [Op, MethodImpl(Inline.Hot)]
    public static void MaddX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Ra] + (Pe.R(s)[r->Rn] * Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void MaddW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Ra] + ((uint)Pe.R(s)[r->Rn] * (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void MsubX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Ra] - (Pe.R(s)[r->Rn] * Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void MsubW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Ra] - ((uint)Pe.R(s)[r->Rn] * (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void Smaddl(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Ra] + (ulong)((long)(int)Pe.R(s)[r->Rn] * (int)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void Smsubl(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Ra] - (ulong)((long)(int)Pe.R(s)[r->Rn] * (int)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void Umaddl(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Ra] + ((ulong)(uint)Pe.R(s)[r->Rn] * (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void Umsubl(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Ra] - ((ulong)(uint)Pe.R(s)[r->Rn] * (uint)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void Umulh(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(Pe.R(s)[r->Rn], Pe.R(s)[r->Rm]) : (ulong)(((UInt128)Pe.R(s)[r->Rn] * Pe.R(s)[r->Rm]) >> 64);

    [Op, MethodImpl(Inline.Hot)]
    public static void Smulh(Pe* s, Rec* r)
    {
        ulong a = Pe.R(s)[r->Rn], b = Pe.R(s)[r->Rm];
        ulong high = Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : (ulong)(((UInt128)a * b) >> 64);
        Pe.R(s)[r->Rd] = high - ((ulong)((long)a >> 63) & b) - ((ulong)((long)b >> 63) & a);
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void UdivX(Pe* s, Rec* r)
    {
        ulong d = Pe.R(s)[r->Rm];
        Pe.R(s)[r->Rd] = d == 0 ? 0 : Pe.R(s)[r->Rn] / d;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void UdivW(Pe* s, Rec* r)
    {
        uint d = (uint)Pe.R(s)[r->Rm];
        Pe.R(s)[r->Rd] = d == 0 ? 0 : (uint)Pe.R(s)[r->Rn] / d;
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void SdivX(Pe* s, Rec* r)
    {
        long n = (long)Pe.R(s)[r->Rn], d = (long)Pe.R(s)[r->Rm];

        // The host traps on the one quotient that does not fit; here it wraps.
        Pe.R(s)[r->Rd] = d == 0 ? 0 : d == -1 ? (ulong)-n : (ulong)(n / d);
    }

    [Op, MethodImpl(Inline.Hot)]
    public static void SdivW(Pe* s, Rec* r)
    {
        int n = (int)Pe.R(s)[r->Rn], d = (int)Pe.R(s)[r->Rm];
        Pe.R(s)[r->Rd] = d == 0 ? 0 : d == -1 ? (uint)-n : (uint)(n / d);
    }

    // ---- variable shifts ----

    [Op, MethodImpl(Inline.Hot)]
    public static void LslvX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] << (int)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void LslvW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] << (int)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void LsrvX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Pe.R(s)[r->Rn] >> (int)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void LsrvW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)Pe.R(s)[r->Rn] >> (int)Pe.R(s)[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    public static void AsrvX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (ulong)((long)Pe.R(s)[r->Rn] >> (int)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void AsrvW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)((int)Pe.R(s)[r->Rn] >> (int)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void RorvX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = BitOperations.RotateRight(Pe.R(s)[r->Rn], (int)Pe.R(s)[r->Rm]);

    [Op, MethodImpl(Inline.Hot)]
    public static void RorvW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = BitOperations.RotateRight((uint)Pe.R(s)[r->Rn], (int)Pe.R(s)[r->Rm]);

    // ---- bits and bytes ----

    private static ulong ReverseBits(ulong x)
    {
        x = ((x >> 1) & 0x5555_5555_5555_5555) | ((x & 0x5555_5555_5555_5555) << 1);
        x = ((x >> 2) & 0x3333_3333_3333_3333) | ((x & 0x3333_3333_3333_3333) << 2);
        x = ((x >> 4) & 0x0F0F_0F0F_0F0F_0F0F) | ((x & 0x0F0F_0F0F_0F0F_0F0F) << 4);
        return System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(x);
    }

    private static ulong SwapBytesOfHalfwords(ulong x) => ((x >> 8) & 0x00FF_00FF_00FF_00FF) | ((x & 0x00FF_00FF_00FF_00FF) << 8);

    [Op]
    public static void RbitX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = ReverseBits(Pe.R(s)[r->Rn]);

    [Op]
    public static void RbitW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = ReverseBits(Pe.R(s)[r->Rn]) >> 32;

    [Op]
    public static void Rev16X(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = SwapBytesOfHalfwords(Pe.R(s)[r->Rn]);

    [Op]
    public static void Rev16W(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (uint)SwapBytesOfHalfwords(Pe.R(s)[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    public static void RevX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Pe.R(s)[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    public static void RevW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((uint)Pe.R(s)[r->Rn]);

    [Op]
    public static void Rev32X(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = BitOperations.RotateRight(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Pe.R(s)[r->Rn]), 32);

    [Op, MethodImpl(Inline.Hot)]
    public static void ClzX(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (ulong)BitOperations.LeadingZeroCount(Pe.R(s)[r->Rn]);

    [Op, MethodImpl(Inline.Hot)]
    public static void ClzW(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = (ulong)BitOperations.LeadingZeroCount((uint)Pe.R(s)[r->Rn]);

    [Op]
    public static void ClsX(Pe* s, Rec* r)
    {
        ulong x = Pe.R(s)[r->Rn];
        Pe.R(s)[r->Rd] = (ulong)BitOperations.LeadingZeroCount(((x ^ (x << 1)) & ~1UL) | 1);
    }

    [Op]
    public static void ClsW(Pe* s, Rec* r)
    {
        uint x = (uint)Pe.R(s)[r->Rn];
        Pe.R(s)[r->Rd] = (ulong)BitOperations.LeadingZeroCount(((x ^ (x << 1)) & ~1U) | 1);
    }

    // ---- CRC: Aux is the number of bytes ----

    private static readonly uint[] s_crc32 = CrcTable(0xEDB8_8320);
    private static readonly uint[] s_crc32c = CrcTable(0x82F6_3B78);

    private static uint[] CrcTable(uint polynomial)
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int k = 0; k < 8; k++)
            {
                c = (c & 1) != 0 ? (c >> 1) ^ polynomial : c >> 1;
            }

            table[i] = c;
        }

        return table;
    }

    private static uint Crc(uint[] table, uint crc, ulong data, uint bytes)
    {
        for (uint i = 0; i < bytes; i++)
        {
            crc = (crc >> 8) ^ table[(byte)(crc ^ data)];
            data >>= 8;
        }

        return crc;
    }

    [Op]
    public static void Crc32(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Crc(s_crc32, (uint)Pe.R(s)[r->Rn], Pe.R(s)[r->Rm], r->Aux);

    [Op]
    public static void Crc32c(Pe* s, Rec* r) => Pe.R(s)[r->Rd] = Crc(s_crc32c, (uint)Pe.R(s)[r->Rn], Pe.R(s)[r->Rm], r->Aux);
}
