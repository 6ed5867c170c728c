using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Vector arithmetic and logic that wraps.</summary>
internal static unsafe class SimdArithmetic
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VAdd16B(Pe* s, Rec* r) => Put(s, r, N<byte>(s, r) + M<byte>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSub16B(Pe* s, Rec* r) => Put(s, r, N<byte>(s, r) - M<byte>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VNeg16B(Pe* s, Rec* r) => Put(s, r, -N<byte>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAbs16B(Pe* s, Rec* r) => Put(s, r, Vector128.Abs(N<sbyte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAdd8H(Pe* s, Rec* r) => Put(s, r, N<ushort>(s, r) + M<ushort>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSub8H(Pe* s, Rec* r) => Put(s, r, N<ushort>(s, r) - M<ushort>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VNeg8H(Pe* s, Rec* r) => Put(s, r, -N<ushort>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAbs8H(Pe* s, Rec* r) => Put(s, r, Vector128.Abs(N<short>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAdd4S(Pe* s, Rec* r) => Put(s, r, N<uint>(s, r) + M<uint>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSub4S(Pe* s, Rec* r) => Put(s, r, N<uint>(s, r) - M<uint>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VNeg4S(Pe* s, Rec* r) => Put(s, r, -N<uint>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAbs4S(Pe* s, Rec* r) => Put(s, r, Vector128.Abs(N<int>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAdd2D(Pe* s, Rec* r) => Put(s, r, N<ulong>(s, r) + M<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSub2D(Pe* s, Rec* r) => Put(s, r, N<ulong>(s, r) - M<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VNeg2D(Pe* s, Rec* r) => Put(s, r, -N<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAbs2D(Pe* s, Rec* r) => Put(s, r, Vector128.Abs(N<long>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMul16B(Pe* s, Rec* r) => Put(s, r, N<byte>(s, r) * M<byte>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMla16B(Pe* s, Rec* r) => Put(s, r, D<byte>(s, r) + (N<byte>(s, r) * M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMls16B(Pe* s, Rec* r) => Put(s, r, D<byte>(s, r) - (N<byte>(s, r) * M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmax16B(Pe* s, Rec* r) => Put(s, r, Vector128.Max(N<byte>(s, r), M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmin16B(Pe* s, Rec* r) => Put(s, r, Vector128.Min(N<byte>(s, r), M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmax16B(Pe* s, Rec* r) => Put(s, r, Vector128.Max(N<sbyte>(s, r), M<sbyte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmin16B(Pe* s, Rec* r) => Put(s, r, Vector128.Min(N<sbyte>(s, r), M<sbyte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMul8H(Pe* s, Rec* r) => Put(s, r, N<ushort>(s, r) * M<ushort>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMla8H(Pe* s, Rec* r) => Put(s, r, D<ushort>(s, r) + (N<ushort>(s, r) * M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMls8H(Pe* s, Rec* r) => Put(s, r, D<ushort>(s, r) - (N<ushort>(s, r) * M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmax8H(Pe* s, Rec* r) => Put(s, r, Vector128.Max(N<ushort>(s, r), M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmin8H(Pe* s, Rec* r) => Put(s, r, Vector128.Min(N<ushort>(s, r), M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmax8H(Pe* s, Rec* r) => Put(s, r, Vector128.Max(N<short>(s, r), M<short>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmin8H(Pe* s, Rec* r) => Put(s, r, Vector128.Min(N<short>(s, r), M<short>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMul4S(Pe* s, Rec* r) => Put(s, r, N<uint>(s, r) * M<uint>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMla4S(Pe* s, Rec* r) => Put(s, r, D<uint>(s, r) + (N<uint>(s, r) * M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMls4S(Pe* s, Rec* r) => Put(s, r, D<uint>(s, r) - (N<uint>(s, r) * M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmax4S(Pe* s, Rec* r) => Put(s, r, Vector128.Max(N<uint>(s, r), M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmin4S(Pe* s, Rec* r) => Put(s, r, Vector128.Min(N<uint>(s, r), M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmax4S(Pe* s, Rec* r) => Put(s, r, Vector128.Max(N<int>(s, r), M<int>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmin4S(Pe* s, Rec* r) => Put(s, r, Vector128.Min(N<int>(s, r), M<int>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAnd(Pe* s, Rec* r) => Put(s, r, N<ulong>(s, r) & M<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VBic(Pe* s, Rec* r) => Put(s, r, Vector128.AndNot(N<ulong>(s, r), M<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VOrr(Pe* s, Rec* r) => Put(s, r, N<ulong>(s, r) | M<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VOrn(Pe* s, Rec* r) => Put(s, r, N<ulong>(s, r) | ~M<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VEor(Pe* s, Rec* r) => Put(s, r, N<ulong>(s, r) ^ M<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VNot(Pe* s, Rec* r) => Put(s, r, ~N<ulong>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VBsl(Pe* s, Rec* r) => Put(s, r, Vector128.ConditionalSelect(D<ulong>(s, r), N<ulong>(s, r), M<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VBit(Pe* s, Rec* r) => Put(s, r, Vector128.ConditionalSelect(M<ulong>(s, r), N<ulong>(s, r), D<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VBif(Pe* s, Rec* r) => Put(s, r, Vector128.ConditionalSelect(M<ulong>(s, r), D<ulong>(s, r), N<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMulElement8H(Pe* s, Rec* r) => Put(s, r, N<ushort>(s, r) * Element<ushort>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMlaElement8H(Pe* s, Rec* r) => Put(s, r, D<ushort>(s, r) + (N<ushort>(s, r) * Element<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMlsElement8H(Pe* s, Rec* r) => Put(s, r, D<ushort>(s, r) - (N<ushort>(s, r) * Element<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMulElement4S(Pe* s, Rec* r) => Put(s, r, N<uint>(s, r) * Element<uint>(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMlaElement4S(Pe* s, Rec* r) => Put(s, r, D<uint>(s, r) + (N<uint>(s, r) * Element<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMlsElement4S(Pe* s, Rec* r) => Put(s, r, D<uint>(s, r) - (N<uint>(s, r) * Element<uint>(s, r)));

    /// <summary>CNT, by nibbles.</summary>
    [Op, MethodImpl(Inline.Hot)]
    internal static void VCnt16B(Pe* s, Rec* r)
    {
        Vector128<byte> ones = Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        Vector128<byte> n = N<byte>(s, r);
        Put(s, r, Vector128.Shuffle(ones, n & Vector128.Create((byte)15)) + Vector128.Shuffle(ones, Vector128.ShiftRightLogical(n, 4)));
    }
}
