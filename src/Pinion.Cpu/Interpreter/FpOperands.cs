using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Scalar operands in V registers. Writing one clears the rest of its register.</summary>
internal static unsafe class FpOperands
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double D(Pe* s, int i) => *(double*)Pe.Vec(s, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float S(Pe* s, int i) => *(float*)Pe.Vec(s, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(Pe* s, int i, double value) => *(Vector128<double>*)Pe.Vec(s, i) = Vector128.CreateScalar(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(Pe* s, int i, float value) => *(Vector128<float>*)Pe.Vec(s, i) = Vector128.CreateScalar(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(Pe* s, int i, ulong value) => *(Vector128<ulong>*)Pe.Vec(s, i) = Vector128.CreateScalar(value);
}
