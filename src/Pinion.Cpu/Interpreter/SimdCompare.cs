using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Vector comparisons: lanes of all ones or zero.</summary>
internal static unsafe class SimdCompare
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeq16B(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<byte>(s, r), M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgt16B(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<sbyte>(s, r), M<sbyte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmge16B(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<sbyte>(s, r), M<sbyte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhi16B(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<byte>(s, r), M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhs16B(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<byte>(s, r), M<byte>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmtst16B(Pe* s, Rec* r) => Put(s, r, ~Vector128.Equals(N<byte>(s, r) & M<byte>(s, r), Vector128<byte>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeqZero16B(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<sbyte>(s, r), Vector128<sbyte>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgtZero16B(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<sbyte>(s, r), Vector128<sbyte>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgeZero16B(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<sbyte>(s, r), Vector128<sbyte>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmleZero16B(Pe* s, Rec* r) => Put(s, r, Vector128.LessThanOrEqual(N<sbyte>(s, r), Vector128<sbyte>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmltZero16B(Pe* s, Rec* r) => Put(s, r, Vector128.LessThan(N<sbyte>(s, r), Vector128<sbyte>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeq8H(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<ushort>(s, r), M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgt8H(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<short>(s, r), M<short>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmge8H(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<short>(s, r), M<short>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhi8H(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<ushort>(s, r), M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhs8H(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<ushort>(s, r), M<ushort>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmtst8H(Pe* s, Rec* r) => Put(s, r, ~Vector128.Equals(N<ushort>(s, r) & M<ushort>(s, r), Vector128<ushort>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeqZero8H(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<short>(s, r), Vector128<short>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgtZero8H(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<short>(s, r), Vector128<short>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgeZero8H(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<short>(s, r), Vector128<short>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmleZero8H(Pe* s, Rec* r) => Put(s, r, Vector128.LessThanOrEqual(N<short>(s, r), Vector128<short>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmltZero8H(Pe* s, Rec* r) => Put(s, r, Vector128.LessThan(N<short>(s, r), Vector128<short>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeq4S(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<uint>(s, r), M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgt4S(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<int>(s, r), M<int>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmge4S(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<int>(s, r), M<int>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhi4S(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<uint>(s, r), M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhs4S(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<uint>(s, r), M<uint>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmtst4S(Pe* s, Rec* r) => Put(s, r, ~Vector128.Equals(N<uint>(s, r) & M<uint>(s, r), Vector128<uint>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeqZero4S(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<int>(s, r), Vector128<int>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgtZero4S(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<int>(s, r), Vector128<int>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgeZero4S(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<int>(s, r), Vector128<int>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmleZero4S(Pe* s, Rec* r) => Put(s, r, Vector128.LessThanOrEqual(N<int>(s, r), Vector128<int>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmltZero4S(Pe* s, Rec* r) => Put(s, r, Vector128.LessThan(N<int>(s, r), Vector128<int>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeq2D(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<ulong>(s, r), M<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgt2D(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<long>(s, r), M<long>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmge2D(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<long>(s, r), M<long>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhi2D(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<ulong>(s, r), M<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmhs2D(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<ulong>(s, r), M<ulong>(s, r)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmtst2D(Pe* s, Rec* r) => Put(s, r, ~Vector128.Equals(N<ulong>(s, r) & M<ulong>(s, r), Vector128<ulong>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmeqZero2D(Pe* s, Rec* r) => Put(s, r, Vector128.Equals(N<long>(s, r), Vector128<long>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgtZero2D(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThan(N<long>(s, r), Vector128<long>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmgeZero2D(Pe* s, Rec* r) => Put(s, r, Vector128.GreaterThanOrEqual(N<long>(s, r), Vector128<long>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmleZero2D(Pe* s, Rec* r) => Put(s, r, Vector128.LessThanOrEqual(N<long>(s, r), Vector128<long>.Zero));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VCmltZero2D(Pe* s, Rec* r) => Put(s, r, Vector128.LessThan(N<long>(s, r), Vector128<long>.Zero));
}
