using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Vector shifts by immediates below the element size; <c>Ra</c> is the amount.</summary>
internal static unsafe class SimdShift
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VShl16B(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftLeft(N<byte>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshr16B(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<byte>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshr16B(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightArithmetic(N<sbyte>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsra16B(Pe* s, Rec* r) => Put(s, r, D<byte>(s, r) + Vector128.ShiftRightLogical(N<byte>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsra16B(Pe* s, Rec* r) => Put(s, r, D<sbyte>(s, r) + Vector128.ShiftRightArithmetic(N<sbyte>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VShl8H(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftLeft(N<ushort>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshr8H(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<ushort>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshr8H(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightArithmetic(N<short>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsra8H(Pe* s, Rec* r) => Put(s, r, D<ushort>(s, r) + Vector128.ShiftRightLogical(N<ushort>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsra8H(Pe* s, Rec* r) => Put(s, r, D<short>(s, r) + Vector128.ShiftRightArithmetic(N<short>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VShl4S(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftLeft(N<uint>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshr4S(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<uint>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshr4S(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightArithmetic(N<int>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsra4S(Pe* s, Rec* r) => Put(s, r, D<uint>(s, r) + Vector128.ShiftRightLogical(N<uint>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsra4S(Pe* s, Rec* r) => Put(s, r, D<int>(s, r) + Vector128.ShiftRightArithmetic(N<int>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VShl2D(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftLeft(N<ulong>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshr2D(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightLogical(N<ulong>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshr2D(Pe* s, Rec* r) => Put(s, r, Vector128.ShiftRightArithmetic(N<long>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsra2D(Pe* s, Rec* r) => Put(s, r, D<ulong>(s, r) + Vector128.ShiftRightLogical(N<ulong>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsra2D(Pe* s, Rec* r) => Put(s, r, D<long>(s, r) + Vector128.ShiftRightArithmetic(N<long>(s, r), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshll16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.ShiftLeft(Wide(Half(r, N<byte>(s, r))), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshll16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.ShiftLeft(Wide(Half(r, N<sbyte>(s, r))), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VShrn16B(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<ushort>(s, r), r->Ra), Vector128<ushort>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VXtn16B(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(N<ushort>(s, r), Vector128<ushort>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddhn16B(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<ushort>(s, r) + M<ushort>(s, r), 8), Vector128<ushort>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshll8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.ShiftLeft(Wide(Half(r, N<ushort>(s, r))), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshll8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.ShiftLeft(Wide(Half(r, N<short>(s, r))), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VShrn8H(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<uint>(s, r), r->Ra), Vector128<uint>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VXtn8H(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(N<uint>(s, r), Vector128<uint>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddhn8H(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<uint>(s, r) + M<uint>(s, r), 16), Vector128<uint>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUshll4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.ShiftLeft(Wide(Half(r, N<uint>(s, r))), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSshll4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.ShiftLeft(Wide(Half(r, N<int>(s, r))), r->Ra));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VShrn4S(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<ulong>(s, r), r->Ra), Vector128<ulong>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VXtn4S(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(N<ulong>(s, r), Vector128<ulong>.Zero).GetLower());

    [Op, MethodImpl(Inline.Hot)]
    internal static void VAddhn4S(Pe* s, Rec* r) => PutHalf(s, r, Vector128.Narrow(Vector128.ShiftRightLogical(N<ulong>(s, r) + M<ulong>(s, r), 32), Vector128<ulong>.Zero).GetLower());

    // ---- by a register: the low byte is the amount, to the right when negative. The host's counts are unsigned, and large ones shift everything out.
    [Fast("VUshl"), MethodImpl(Inline.Hot)]
    internal static bool VUshl4S(Pe* s, Rec* r)
    {
        if (!Avx2.IsSupported)
        {
            return false;
        }

        Vector128<int> by = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(M<int>(s, r), 24), 24);
        Put(s, r, Avx2.ShiftLeftLogicalVariable(N<uint>(s, r), by.AsUInt32()) | Avx2.ShiftRightLogicalVariable(N<uint>(s, r), (-by).AsUInt32()));
        return true;
    }

    [Fast("VUshl"), MethodImpl(Inline.Hot)]
    internal static bool VUshl2D(Pe* s, Rec* r)
    {
        if (!Avx2.IsSupported)
        {
            return false;
        }

        Vector128<long> by = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(M<long>(s, r), 56), 56);
        Put(s, r, Avx2.ShiftLeftLogicalVariable(N<ulong>(s, r), by.AsUInt64()) | Avx2.ShiftRightLogicalVariable(N<ulong>(s, r), (-by).AsUInt64()));
        return true;
    }

    [Fast("VSshl"), MethodImpl(Inline.Hot)]
    internal static bool VSshl4S(Pe* s, Rec* r)
    {
        if (!Avx2.IsSupported)
        {
            return false;
        }

        Vector128<int> by = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(M<int>(s, r), 24), 24);
        Vector128<int> left = Avx2.ShiftLeftLogicalVariable(N<int>(s, r), by.AsUInt32());
        Vector128<int> right = Avx2.ShiftRightArithmeticVariable(N<int>(s, r), (-by).AsUInt32());
        Put(s, r, Vector128.ConditionalSelect(Vector128.LessThan(by, Vector128<int>.Zero), right, left));
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Wide(Vector64<byte> value) => Vector128.WidenLower(Vector128.Create(value, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Wide(Vector64<sbyte> value) => Vector128.WidenLower(Vector128.Create(value, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Wide(Vector64<ushort> value) => Vector128.WidenLower(Vector128.Create(value, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Wide(Vector64<short> value) => Vector128.WidenLower(Vector128.Create(value, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Wide(Vector64<uint> value) => Vector128.WidenLower(Vector128.Create(value, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> Wide(Vector64<int> value) => Vector128.WidenLower(Vector128.Create(value, value));
}
