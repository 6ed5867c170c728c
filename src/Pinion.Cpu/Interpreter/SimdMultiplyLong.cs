using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Multiplications into lanes twice as wide.</summary>
internal static unsafe class SimdMultiplyLong
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmull16B(Pe* s, Rec* r) => PutAll(s, r, Product(Half(r, N<byte>(s, r)), Half(r, M<byte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmlal16B(Pe* s, Rec* r) => PutAll(s, r, D<ushort>(s, r) + Product(Half(r, N<byte>(s, r)), Half(r, M<byte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmlsl16B(Pe* s, Rec* r) => PutAll(s, r, D<ushort>(s, r) - Product(Half(r, N<byte>(s, r)), Half(r, M<byte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmull16B(Pe* s, Rec* r) => PutAll(s, r, Product(Half(r, N<sbyte>(s, r)), Half(r, M<sbyte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmlal16B(Pe* s, Rec* r) => PutAll(s, r, D<short>(s, r) + Product(Half(r, N<sbyte>(s, r)), Half(r, M<sbyte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmlsl16B(Pe* s, Rec* r) => PutAll(s, r, D<short>(s, r) - Product(Half(r, N<sbyte>(s, r)), Half(r, M<sbyte>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmull8H(Pe* s, Rec* r) => PutAll(s, r, Product(Half(r, N<ushort>(s, r)), Half(r, M<ushort>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmlal8H(Pe* s, Rec* r) => PutAll(s, r, D<uint>(s, r) + Product(Half(r, N<ushort>(s, r)), Half(r, M<ushort>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmlsl8H(Pe* s, Rec* r) => PutAll(s, r, D<uint>(s, r) - Product(Half(r, N<ushort>(s, r)), Half(r, M<ushort>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmull8H(Pe* s, Rec* r) => PutAll(s, r, Product(Half(r, N<short>(s, r)), Half(r, M<short>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmlal8H(Pe* s, Rec* r) => PutAll(s, r, D<int>(s, r) + Product(Half(r, N<short>(s, r)), Half(r, M<short>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmlsl8H(Pe* s, Rec* r) => PutAll(s, r, D<int>(s, r) - Product(Half(r, N<short>(s, r)), Half(r, M<short>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmull4S(Pe* s, Rec* r) => PutAll(s, r, Product(Half(r, N<uint>(s, r)), Half(r, M<uint>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmlal4S(Pe* s, Rec* r) => PutAll(s, r, D<ulong>(s, r) + Product(Half(r, N<uint>(s, r)), Half(r, M<uint>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmlsl4S(Pe* s, Rec* r) => PutAll(s, r, D<ulong>(s, r) - Product(Half(r, N<uint>(s, r)), Half(r, M<uint>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmull4S(Pe* s, Rec* r) => PutAll(s, r, Product(Half(r, N<int>(s, r)), Half(r, M<int>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmlal4S(Pe* s, Rec* r) => PutAll(s, r, D<long>(s, r) + Product(Half(r, N<int>(s, r)), Half(r, M<int>(s, r))));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmlsl4S(Pe* s, Rec* r) => PutAll(s, r, D<long>(s, r) - Product(Half(r, N<int>(s, r)), Half(r, M<int>(s, r))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Product(Vector64<byte> n, Vector64<byte> m) =>
        Vector128.WidenLower(Vector128.Create(n, n)) * Vector128.WidenLower(Vector128.Create(m, m));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Product(Vector64<sbyte> n, Vector64<sbyte> m) =>
        Vector128.WidenLower(Vector128.Create(n, n)) * Vector128.WidenLower(Vector128.Create(m, m));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Product(Vector64<ushort> n, Vector64<ushort> m) =>
        Vector128.WidenLower(Vector128.Create(n, n)) * Vector128.WidenLower(Vector128.Create(m, m));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Product(Vector64<short> n, Vector64<short> m) =>
        Vector128.WidenLower(Vector128.Create(n, n)) * Vector128.WidenLower(Vector128.Create(m, m));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Product(Vector64<uint> n, Vector64<uint> m) =>
        Vector128.WidenLower(Vector128.Create(n, n)) * Vector128.WidenLower(Vector128.Create(m, m));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> Product(Vector64<int> n, Vector64<int> m) =>
        Vector128.WidenLower(Vector128.Create(n, n)) * Vector128.WidenLower(Vector128.Create(m, m));
}
