using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Additions into lanes twice as wide, and sums over bytes.</summary>
internal static unsafe class SimdAddLong
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VUaddl16B(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<byte>(s, r))) + Wide(Half(r, M<byte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsubl16B(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<byte>(s, r))) - Wide(Half(r, M<byte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUaddw16B(Pe* s, Rec* r) => PutAll(s, r, N<ushort>(s, r) + Wide(Half(r, M<byte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSaddl16B(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<sbyte>(s, r))) + Wide(Half(r, M<sbyte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsubl16B(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<sbyte>(s, r))) - Wide(Half(r, M<sbyte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSaddw16B(Pe* s, Rec* r) => PutAll(s, r, N<short>(s, r) + Wide(Half(r, M<sbyte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUaddl8H(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<ushort>(s, r))) + Wide(Half(r, M<ushort>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsubl8H(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<ushort>(s, r))) - Wide(Half(r, M<ushort>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUaddw8H(Pe* s, Rec* r) => PutAll(s, r, N<uint>(s, r) + Wide(Half(r, M<ushort>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSaddl8H(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<short>(s, r))) + Wide(Half(r, M<short>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsubl8H(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<short>(s, r))) - Wide(Half(r, M<short>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSaddw8H(Pe* s, Rec* r) => PutAll(s, r, N<int>(s, r) + Wide(Half(r, M<short>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUaddl4S(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<uint>(s, r))) + Wide(Half(r, M<uint>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUsubl4S(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<uint>(s, r))) - Wide(Half(r, M<uint>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUaddw4S(Pe* s, Rec* r) => PutAll(s, r, N<ulong>(s, r) + Wide(Half(r, M<uint>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSaddl4S(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<int>(s, r))) + Wide(Half(r, M<int>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSsubl4S(Pe* s, Rec* r) => PutAll(s, r, Wide(Half(r, N<int>(s, r))) - Wide(Half(r, M<int>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSaddw4S(Pe* s, Rec* r) => PutAll(s, r, N<long>(s, r) + Wide(Half(r, M<int>(s, r))));

    /// <summary>ADDV of bytes.</summary>
    [Fast("VAddv"), MethodImpl(Inline.Hot)]
    internal static bool VAddvBytes(Pe* s, Rec* r) => PutSum(s, r, 0xFF);

    /// <summary>UADDLV of bytes.</summary>
    [Fast("VUaddlv"), MethodImpl(Inline.Hot)]
    internal static bool VUaddlvBytes(Pe* s, Rec* r) => PutSum(s, r, 0xFFFF);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool PutSum(Pe* s, Rec* r, uint mask)
    {
        if (!Sse2.IsSupported)
        {
            return false;
        }

        Vector128<ulong> n = N<ulong>(s, r) & Vector128.Create(ulong.MaxValue, (ulong)r->Imm);
        Vector128<uint> sums = Sse2.SumAbsoluteDifferences(n.AsByte(), Vector128<byte>.Zero).AsUInt32();
        PutAll(s, r, Vector128.CreateScalar((sums[0] + sums[2]) & mask));
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
