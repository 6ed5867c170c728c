using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>AESE, AESD, AESMC, AESIMC and the 64-bit PMULL, by the host's own instructions where it has them.</summary>
internal static unsafe class CryptoAes
{
    private static Vector128<byte> N(Pe* s, Rec* r) => *Pe.Vec(s, r->Rn);

    [Op]
    internal static void Aese(Pe* s, Rec* r)
    {
        Vector128<byte> x = *Pe.Vec(s, r->Rd) ^ N(s, r);

        // The host's last round adds its key at the end.
        *Pe.Vec(s, r->Rd) = Aes.IsSupported ? Aes.EncryptLast(x, Vector128<byte>.Zero) : AesTables.ShiftAndSubstitute(x);
    }

    [Op]
    internal static void Aesd(Pe* s, Rec* r)
    {
        Vector128<byte> x = *Pe.Vec(s, r->Rd) ^ N(s, r);
        *Pe.Vec(s, r->Rd) = Aes.IsSupported ? Aes.DecryptLast(x, Vector128<byte>.Zero) : AesTables.InverseShiftAndSubstitute(x);
    }

    [Op]
    internal static void Aesmc(Pe* s, Rec* r)
    {
        // The last decryption round undoes what the encryption round does before it mixes.
        *Pe.Vec(s, r->Rd) = Aes.IsSupported
            ? Aes.Encrypt(Aes.DecryptLast(N(s, r), Vector128<byte>.Zero), Vector128<byte>.Zero)
            : AesTables.MixColumns(N(s, r));
    }

    [Op]
    internal static void Aesimc(Pe* s, Rec* r) =>
        *Pe.Vec(s, r->Rd) = Aes.IsSupported ? Aes.InverseMixColumns(N(s, r)) : AesTables.InverseMixColumns(N(s, r));

    /// <summary>PMULL and PMULL2 of doublewords.</summary>
    [Op]
    internal static void Pmull1Q(Pe* s, Rec* r)
    {
        int part = Shape.Part(r);
        ulong n = ((ulong*)Pe.Vec(s, r->Rn))[part];
        ulong m = ((ulong*)Pe.Vec(s, r->Rm))[part];
        *Pe.Vec(s, r->Rd) = CarrylessMultiply(n, m).AsByte();
    }

    private static Vector128<ulong> CarrylessMultiply(ulong n, ulong m)
    {
        if (Pclmulqdq.IsSupported)
        {
            return Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(n), Vector128.CreateScalar(m), 0);
        }

        UInt128 product = 0;
        for (int i = 0; i < 64; i++)
        {
            product ^= ((m >> i) & 1) != 0 ? (UInt128)n << i : 0;
        }

        return Vector128.Create((ulong)product, (ulong)(product >> 64));
    }
}

/// <summary>AES steps in software (FIPS 197), for hosts without AES instructions.</summary>
internal static class AesTables
{
    private static readonly byte[] s_sbox = MakeSbox();
    private static readonly byte[] s_inverse = Invert(s_sbox);

    /// <summary>ShiftRows and SubBytes.</summary>
    public static Vector128<byte> ShiftAndSubstitute(Vector128<byte> x)
    {
        Vector128<byte> result = default;
        for (int i = 0; i < 16; i++)
        {
            result = result.WithElement(i, s_sbox[x[(i + (4 * (i & 3))) & 15]]);
        }

        return result;
    }

    /// <summary>InvShiftRows and InvSubBytes.</summary>
    public static Vector128<byte> InverseShiftAndSubstitute(Vector128<byte> x)
    {
        Vector128<byte> result = default;
        for (int i = 0; i < 16; i++)
        {
            result = result.WithElement(i, s_inverse[x[(i - (4 * (i & 3))) & 15]]);
        }

        return result;
    }

    public static Vector128<byte> MixColumns(Vector128<byte> x) => Mix(x, 2, 3, 1, 1);

    public static Vector128<byte> InverseMixColumns(Vector128<byte> x) => Mix(x, 14, 11, 13, 9);

    private static Vector128<byte> Mix(Vector128<byte> x, int a, int b, int c, int d)
    {
        Vector128<byte> result = default;
        for (int i = 0; i < 16; i++)
        {
            int column = i & ~3;
            int value = Times(x[i], a)
                ^ Times(x[column + ((i + 1) & 3)], b)
                ^ Times(x[column + ((i + 2) & 3)], c)
                ^ Times(x[column + ((i + 3) & 3)], d);
            result = result.WithElement(i, (byte)value);
        }

        return result;
    }

    /// <summary>Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.</summary>
    private static int Times(int a, int b)
    {
        int product = 0;
        for (; b != 0; b >>= 1)
        {
            product ^= (b & 1) != 0 ? a : 0;
            a = (a << 1) ^ ((a & 0x80) != 0 ? 0x11B : 0);
        }

        return product;
    }

    private static byte[] MakeSbox()
    {
        var sbox = new byte[256];
        for (int x = 0; x < 256; x++)
        {
            // x^254 is the inverse, and 0 stays 0.
            int inverse = 1;
            for (int i = 0; i < 254; i++)
            {
                inverse = Times(inverse, x);
            }

            sbox[x] = (byte)(Affine(inverse) ^ 0x63);
        }

        return sbox;
    }

    private static int Affine(int x) => x ^ Rotate(x, 1) ^ Rotate(x, 2) ^ Rotate(x, 3) ^ Rotate(x, 4);

    private static int Rotate(int x, int by) => ((x << by) | (x >> (8 - by))) & 0xFF;

    private static byte[] Invert(byte[] table)
    {
        var inverse = new byte[256];
        for (int i = 0; i < 256; i++)
        {
            inverse[table[i]] = (byte)i;
        }

        return inverse;
    }
}
