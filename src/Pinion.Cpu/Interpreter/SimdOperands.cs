using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// Operands of vector operations. <c>Imm</c> is the upper half's mask: all ones, or zero for the 64-bit (and D scalar) forms, which clear the upper half.
/// </summary>
internal static unsafe class SimdOperands
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> N<T>(Pe* s, Rec* r) => *(Vector128<T>*)Pe.Vec(s, r->Rn);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> M<T>(Pe* s, Rec* r) => *(Vector128<T>*)Pe.Vec(s, r->Rm);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> D<T>(Pe* s, Rec* r) => *(Vector128<T>*)Pe.Vec(s, r->Rd);

    /// <summary>Element <c>Ra</c> of Rm in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Element<T>(Pe* s, Rec* r)
        where T : unmanaged => Vector128.Create(((T*)Pe.Vec(s, r->Rm))[r->Ra]);

    /// <summary>Writes Rd through the mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put<T>(Pe* s, Rec* r, Vector128<T> value) =>
        *(Vector128<ulong>*)Pe.Vec(s, r->Rd) = value.AsUInt64() & Vector128.Create(ulong.MaxValue, (ulong)r->Imm);

    /// <summary>Writes all of Rd.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutAll<T>(Pe* s, Rec* r, Vector128<T> value) => *(Vector128<T>*)Pe.Vec(s, r->Rd) = value;

    /// <summary>Writes a half: the lower clears the upper, the upper keeps the lower.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutHalf<T>(Pe* s, Rec* r, Vector64<T> value)
    {
        if (Shape.Part(r) == 0)
        {
            *(Vector128<T>*)Pe.Vec(s, r->Rd) = Vector128.Create(value, Vector64<T>.Zero);
        }
        else
        {
            *(Vector128<T>*)Pe.Vec(s, r->Rd) = D<T>(s, r).WithUpper(value);
        }
    }

    /// <summary>The half that a "2" form reads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector64<T> Half<T>(Rec* r, Vector128<T> value) => Shape.Part(r) == 0 ? value.GetLower() : value.GetUpper();
}
