using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Pairwise operations of 128-bit vectors, and popular reductions.</summary>
internal static unsafe class SimdPairwise
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddp16B(Pe* s, Rec* r) => PutAll(s, r, Even16B(s, r) + Odd16B(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmaxp16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.Max(Even16B(s, r), Odd16B(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUminp16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.Min(Even16B(s, r), Odd16B(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmaxp16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.Max(Even16B(s, r).AsSByte(), Odd16B(s, r).AsSByte()));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSminp16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.Min(Even16B(s, r).AsSByte(), Odd16B(s, r).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Even16B(Pe* s, Rec* r) => Vector128.Narrow(N<ushort>(s, r), M<ushort>(s, r));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Odd16B(Pe* s, Rec* r) =>
        Vector128.Narrow(Vector128.ShiftRightLogical(N<ushort>(s, r), 8), Vector128.ShiftRightLogical(M<ushort>(s, r), 8));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddp8H(Pe* s, Rec* r) => PutAll(s, r, Even8H(s, r) + Odd8H(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmaxp8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.Max(Even8H(s, r), Odd8H(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUminp8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.Min(Even8H(s, r), Odd8H(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmaxp8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.Max(Even8H(s, r).AsInt16(), Odd8H(s, r).AsInt16()));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSminp8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.Min(Even8H(s, r).AsInt16(), Odd8H(s, r).AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Even8H(Pe* s, Rec* r) => Vector128.Narrow(N<uint>(s, r), M<uint>(s, r));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Odd8H(Pe* s, Rec* r) =>
        Vector128.Narrow(Vector128.ShiftRightLogical(N<uint>(s, r), 16), Vector128.ShiftRightLogical(M<uint>(s, r), 16));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddp4S(Pe* s, Rec* r) => PutAll(s, r, Even4S(s, r) + Odd4S(s, r));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmaxp4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Max(Even4S(s, r), Odd4S(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUminp4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Min(Even4S(s, r), Odd4S(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmaxp4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Max(Even4S(s, r).AsInt32(), Odd4S(s, r).AsInt32()));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSminp4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.Min(Even4S(s, r).AsInt32(), Odd4S(s, r).AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Even4S(Pe* s, Rec* r) => Vector128.Narrow(N<ulong>(s, r), M<ulong>(s, r));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Odd4S(Pe* s, Rec* r) =>
        Vector128.Narrow(Vector128.ShiftRightLogical(N<ulong>(s, r), 32), Vector128.ShiftRightLogical(M<ulong>(s, r), 32));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddp2D(Pe* s, Rec* r) => PutAll(s, r, Vector128.Create(N<ulong>(s, r)[0] + N<ulong>(s, r)[1], M<ulong>(s, r)[0] + M<ulong>(s, r)[1]));

    /// <summary>ADDP of both lanes of Rn.</summary>
    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddpScalar(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(N<ulong>(s, r)[0] + N<ulong>(s, r)[1]));
}
