using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Reversals, table lookups and permutations.</summary>
internal static unsafe class SimdPermute
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VRev64x16B(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), Vector128.Create((byte)7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VRev64x8H(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), Vector128.Create((byte)6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11, 8, 9)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VRev64x4S(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), Vector128.Create((byte)4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VRev32x16B(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VRev32x8H(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VRev16x16B(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), Vector128.Create((byte)1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)));

    private static Vector128<byte> Iota => Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    /// <summary>EXT of 128 bits; <c>Ra</c> is the first byte. Shuffle gives zero for indices outside the vector.</summary>
    [Op, MethodImpl(Inline.Hot)]
    internal static void VExt16B(Pe* s, Rec* r)
    {
        Vector128<byte> at = Iota + Vector128.Create(r->Ra);
        PutAll(s, r, Vector128.Shuffle(N<byte>(s, r), at) | Vector128.Shuffle(M<byte>(s, r), at - Vector128.Create((byte)16)));
    }

    [Op, MethodImpl(Inline.Hot)]
    internal static void VExt8B(Pe* s, Rec* r)
    {
        Vector128<byte> both = Vector128.Create(N<byte>(s, r).GetLower(), M<byte>(s, r).GetLower());
        Put(s, r, Vector128.Shuffle(both, Iota + Vector128.Create(r->Ra)));
    }

    /// <summary>TBL with one table register.</summary>
    [Op, MethodImpl(Inline.Hot)]
    internal static void VTbl1(Pe* s, Rec* r) => Put(s, r, Vector128.Shuffle(N<byte>(s, r), M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTbl2(Pe* s, Rec* r)
    {
        Vector128<byte> at = M<byte>(s, r);
        Vector128<byte> second = *Pe.Vec(s, (r->Rn + 1) & 31);
        Put(s, r, Vector128.Shuffle(N<byte>(s, r), at) | Vector128.Shuffle(second, at - Vector128.Create((byte)16)));
    }

    /// <summary>TBL and TBX of any length; <c>Ra</c> is the number of table registers, <c>Aux</c> 1 for TBX.</summary>
    [Op]
    internal static void VTable(Pe* s, Rec* r)
    {
        Vector128<byte> at = M<byte>(s, r);
        Vector128<byte> result = r->Aux != 0 ? D<byte>(s, r) : Vector128<byte>.Zero;
        for (int i = 0; i < r->Ra; i++)
        {
            Vector128<byte> here = at - Vector128.Create((byte)(16 * i));
            Vector128<byte> inside = Vector128.LessThan(here, Vector128.Create((byte)16));
            result = Vector128.ConditionalSelect(inside, Vector128.Shuffle(*Pe.Vec(s, (r->Rn + i) & 31), here), result);
        }

        Put(s, r, result);
    }

    /// <summary>Which permutation <see cref="VPermute"/> does, in <c>Ra</c>.</summary>
    public enum Permutation : byte
    {
        Uzp1,
        Uzp2,
        Zip1,
        Zip2,
        Trn1,
        Trn2,
    }

    /// <summary>ZIP, UZP and TRN of any size.</summary>
    [Op]
    internal static void VPermute(Pe* s, Rec* r)
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        int half = lanes / 2;
        Vector128<byte> n = N<byte>(s, r);
        Vector128<byte> m = M<byte>(s, r);
        Vector128<byte> result = default;
        int part = r->Ra & 1;
        for (int i = 0; i < lanes; i++)
        {
            (bool first, int lane) = ((Permutation)(r->Ra & ~1)) switch
            {
                Permutation.Uzp1 => (i < half, (2 * (i % half)) + part),
                Permutation.Zip1 => ((i & 1) == 0, (part * half) + (i / 2)),
                _ => ((i & 1) == 0, (i & ~1) + part),
            };
            Lanes.Set(&result, i, size, Lanes.Get(first ? &n : &m, lane, size));
        }

        PutAll(s, r, result);
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip1x16B(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackLow(N<byte>(s, r), M<byte>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip2x16B(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackHigh(N<byte>(s, r), M<byte>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip1x8H(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackLow(N<ushort>(s, r), M<ushort>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip2x8H(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackHigh(N<ushort>(s, r), M<ushort>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip1x4S(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackLow(N<uint>(s, r), M<uint>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip2x4S(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackHigh(N<uint>(s, r), M<uint>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip1x2D(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackLow(N<ulong>(s, r), M<ulong>(s, r)));
        return true;
    }

    [Fast("VPermute"), MethodImpl(Inline.Hot)]
    internal static bool VZip2x2D(Pe* s, Rec* r)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        PutAll(s, r, Sse2.UnpackHigh(N<ulong>(s, r), M<ulong>(s, r)));
        return true;
    }

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUzp1x16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.Narrow(N<ushort>(s, r), M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUzp2x16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<ushort>(s, r), 8), Vector128.ShiftRightLogical(M<ushort>(s, r), 8)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTrn1x16B(Pe* s, Rec* r) => Put(s, r, (N<ushort>(s, r) & Vector128.Create((ushort)0x00FF)) | Vector128.ShiftLeft(M<ushort>(s, r), 8));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTrn2x16B(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<ushort>(s, r), 8) | Vector128.AndNot(M<ushort>(s, r), Vector128.Create((ushort)0x00FF)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUzp1x8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.Narrow(N<uint>(s, r), M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUzp2x8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<uint>(s, r), 16), Vector128.ShiftRightLogical(M<uint>(s, r), 16)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTrn1x8H(Pe* s, Rec* r) => Put(s, r, (N<uint>(s, r) & Vector128.Create(0x0000_FFFFu)) | Vector128.ShiftLeft(M<uint>(s, r), 16));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTrn2x8H(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<uint>(s, r), 16) | Vector128.AndNot(M<uint>(s, r), Vector128.Create(0x0000_FFFFu)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUzp1x4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Narrow(N<ulong>(s, r), M<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUzp2x4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<ulong>(s, r), 32), Vector128.ShiftRightLogical(M<ulong>(s, r), 32)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTrn1x4S(Pe* s, Rec* r) => Put(s, r, (N<ulong>(s, r) & Vector128.Create(0x0000_0000_FFFF_FFFFul)) | Vector128.ShiftLeft(M<ulong>(s, r), 32));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VTrn2x4S(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<ulong>(s, r), 32) | Vector128.AndNot(M<ulong>(s, r), Vector128.Create(0x0000_0000_FFFF_FFFFul)));
}
