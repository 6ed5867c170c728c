using System.Numerics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>SHA1 and SHA256 instructions, after the Arm ARM's SHA1hash and SHA256hash.</summary>
internal static unsafe class CryptoSha
{
    private static uint* V(Pe* s, int i) => (uint*)Pe.Vec(s, i);

    private static uint Choose(uint x, uint y, uint z) => ((y ^ z) & x) ^ z;

    private static uint Majority(uint x, uint y, uint z) => (x & y) | ((x | y) & z);

    [Op]
    internal static void Sha1c(Pe* s, Rec* r) => Sha1Hash(s, r, 0);

    [Op]
    internal static void Sha1p(Pe* s, Rec* r) => Sha1Hash(s, r, 1);

    [Op]
    internal static void Sha1m(Pe* s, Rec* r) => Sha1Hash(s, r, 2);

    private static void Sha1Hash(Pe* s, Rec* r, int function)
    {
        uint* d = V(s, r->Rd);
        uint* w = V(s, r->Rm);
        (uint x0, uint x1, uint x2, uint x3) = (d[0], d[1], d[2], d[3]);
        (uint w0, uint w1, uint w2, uint w3) = (w[0], w[1], w[2], w[3]);
        uint y = V(s, r->Rn)[0];
        for (int e = 0; e < 4; e++)
        {
            uint t = function switch
            {
                0 => Choose(x1, x2, x3),
                1 => x1 ^ x2 ^ x3,
                _ => Majority(x1, x2, x3),
            };
            y += BitOperations.RotateLeft(x0, 5) + t + (e switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 });
            (x0, x1, x2, x3, y) = (y, x0, BitOperations.RotateLeft(x1, 30), x2, x3);
        }

        (d[0], d[1], d[2], d[3]) = (x0, x1, x2, x3);
    }

    [Op]
    internal static void Sha1h(Pe* s, Rec* r)
    {
        uint* d = V(s, r->Rd);
        (d[0], d[1], d[2], d[3]) = (BitOperations.RotateLeft(V(s, r->Rn)[0], 30), 0, 0, 0);
    }

    [Op]
    internal static void Sha1su0(Pe* s, Rec* r)
    {
        uint* d = V(s, r->Rd);
        uint* n = V(s, r->Rn);
        uint* m = V(s, r->Rm);
        (d[0], d[1], d[2], d[3]) = (d[2] ^ d[0] ^ m[0], d[3] ^ d[1] ^ m[1], n[0] ^ d[2] ^ m[2], n[1] ^ d[3] ^ m[3]);
    }

    [Op]
    internal static void Sha1su1(Pe* s, Rec* r)
    {
        uint* d = V(s, r->Rd);
        uint* n = V(s, r->Rn);
        (uint t0, uint t1, uint t2, uint t3) = (d[0] ^ n[1], d[1] ^ n[2], d[2] ^ n[3], d[3]);
        (d[0], d[1], d[2]) = (BitOperations.RotateLeft(t0, 1), BitOperations.RotateLeft(t1, 1), BitOperations.RotateLeft(t2, 1));
        d[3] = BitOperations.RotateLeft(t3, 1) ^ BitOperations.RotateLeft(t0, 2);
    }

    [Op]
    internal static void Sha256h(Pe* s, Rec* r) => Sha256Hash(s, r, r->Rd, r->Rn, true);

    [Op]
    internal static void Sha256h2(Pe* s, Rec* r) => Sha256Hash(s, r, r->Rn, r->Rd, false);

    private static void Sha256Hash(Pe* s, Rec* r, int xRegister, int yRegister, bool part1)
    {
        uint* x = V(s, xRegister);
        uint* y = V(s, yRegister);
        uint* w = V(s, r->Rm);
        (uint a, uint b, uint c, uint d) = (x[0], x[1], x[2], x[3]);
        (uint e, uint f, uint g, uint h) = (y[0], y[1], y[2], y[3]);
        for (int i = 0; i < 4; i++)
        {
            uint sigma1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
            uint sigma0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
            uint t = h + sigma1 + Choose(e, f, g) + w[i];
            (a, b, c, d, e, f, g, h) = (t + sigma0 + Majority(a, b, c), a, b, c, t + d, e, f, g);
        }

        uint* result = V(s, r->Rd);
        (result[0], result[1], result[2], result[3]) = part1 ? (a, b, c, d) : (e, f, g, h);
    }

    [Op]
    internal static void Sha256su0(Pe* s, Rec* r)
    {
        uint* d = V(s, r->Rd);
        uint last = V(s, r->Rn)[0];
        (d[0], d[1], d[2], d[3]) = (d[0] + Sigma0(d[1]), d[1] + Sigma0(d[2]), d[2] + Sigma0(d[3]), d[3] + Sigma0(last));
    }

    [Op]
    internal static void Sha256su1(Pe* s, Rec* r)
    {
        uint* d = V(s, r->Rd);
        uint* n = V(s, r->Rn);
        uint* m = V(s, r->Rm);
        (uint n1, uint n2, uint n3, uint m0) = (n[1], n[2], n[3], m[0]);
        uint r0 = d[0] + n1 + Sigma1(m[2]);
        uint r1 = d[1] + n2 + Sigma1(m[3]);
        (d[0], d[1], d[2], d[3]) = (r0, r1, d[2] + n3 + Sigma1(r0), d[3] + m0 + Sigma1(r1));
    }

    private static uint Sigma0(uint x) => BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3);

    private static uint Sigma1(uint x) => BitOperations.RotateRight(x, 17) ^ BitOperations.RotateRight(x, 19) ^ (x >> 10);
}
