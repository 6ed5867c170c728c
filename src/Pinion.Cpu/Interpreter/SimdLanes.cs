using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// What an operation does to one lane. Elements come zero-extended; of the result only the low bits of the destination's element size count.
/// </summary>
internal unsafe interface ILane
{
    /// <summary><paramref name="d"/> is the old destination element, <paramref name="size"/> log2 of the element size in bytes (of the narrow side where sizes differ).</summary>
    static abstract ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m);
}

/// <summary>
/// The operand layout of SIMD records that go lane by lane: <c>Aux</c> holds size, lanes, first lane of the half in use, and element index.
/// </summary>
internal static unsafe class Shape
{
    public static uint Pack(int size, int lanes, int part = 0, int index = -1) => (uint)(size | (lanes << 8) | (part << 16) | ((index + 1) << 24));

    /// <summary>log2 of the element size in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Size(Rec* r) => (int)(r->Aux & 0xFF);

    public static int Lanes(Rec* r) => (int)((r->Aux >> 8) & 0xFF);

    /// <summary>First lane of the half that a "2" form reads or writes; otherwise 0.</summary>
    public static int Part(Rec* r) => (int)((r->Aux >> 16) & 0xFF);

    /// <summary>Element of Rm that all lanes use, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(Rec* r) => (int)(r->Aux >> 24) - 1;
}

/// <summary>
/// Drives an <see cref="ILane"/> over the lanes of a record. These are the general forms: every size and layout in one body; the operations that
/// programs live on have vector bodies of their own.
/// </summary>
internal static unsafe class Lanes
{
    public static ulong Get(void* v, int lane, int size) => size switch
    {
        0 => ((byte*)v)[lane],
        1 => ((ushort*)v)[lane],
        2 => ((uint*)v)[lane],
        _ => ((ulong*)v)[lane],
    };

    public static void Set(void* v, int lane, int size, ulong value)
    {
        switch (size)
        {
            case 0:
                ((byte*)v)[lane] = (byte)value;
                break;
            case 1:
                ((ushort*)v)[lane] = (ushort)value;
                break;
            case 2:
                ((uint*)v)[lane] = (uint)value;
                break;
            default:
                ((ulong*)v)[lane] = value;
                break;
        }
    }

    /// <summary>A lane value as a signed number.</summary>
    public static long Signed(ulong value, int size) => (long)(value << (64 - (8 << size))) >> (64 - (8 << size));

    /// <summary>Width of an element in bits.</summary>
    public static int Bits(int size) => 8 << size;

    public static ulong Mask(int size) => ulong.MaxValue >> (64 - (8 << size));

    /// <summary>d[i] = f(d[i], n[i], m[i]) or, by element, f(d[i], n[i], m[index]).</summary>
    public static void Same<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        int index = Shape.Index(r);
        void* d = Pe.Vec(s, r->Rd);
        void* n = Pe.Vec(s, r->Rn);
        void* m = Pe.Vec(s, r->Rm);
        Vector128<byte> result = default;
        for (int i = 0; i < lanes; i++)
        {
            Set(&result, i, size, T.Do(s, r, size, Get(d, i, size), Get(n, i, size), Get(m, index < 0 ? i : index, size)));
        }

        *(Vector128<byte>*)d = result;
    }

    /// <summary>Lanes twice as wide from a half of n and m (or an element of m).</summary>
    public static void Long<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        int index = Shape.Index(r);
        int part = Shape.Part(r);
        void* d = Pe.Vec(s, r->Rd);
        void* n = Pe.Vec(s, r->Rn);
        void* m = Pe.Vec(s, r->Rm);
        Vector128<byte> result = default;
        for (int i = 0; i < lanes; i++)
        {
            Set(&result, i, size + 1, T.Do(s, r, size, Get(d, i, size + 1), Get(n, part + i, size), Get(m, index < 0 ? part + i : index, size)));
        }

        *(Vector128<byte>*)d = result;
    }

    /// <summary>Wide n with a half of m.</summary>
    public static void Wide<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        int part = Shape.Part(r);
        void* n = Pe.Vec(s, r->Rn);
        void* m = Pe.Vec(s, r->Rm);
        Vector128<byte> result = default;
        for (int i = 0; i < lanes; i++)
        {
            Set(&result, i, size + 1, T.Do(s, r, size, 0, Get(n, i, size + 1), Get(m, part + i, size)));
        }

        *Pe.Vec(s, r->Rd) = result;
    }

    /// <summary>Narrow lanes into a half of d: the lower clears the upper, the upper keeps the lower.</summary>
    public static void Narrow<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        int part = Shape.Part(r);
        void* n = Pe.Vec(s, r->Rn);
        void* m = Pe.Vec(s, r->Rm);
        Vector128<byte> result = part == 0 ? default : *Pe.Vec(s, r->Rd);
        for (int i = 0; i < lanes; i++)
        {
            Set(&result, part + i, size, T.Do(s, r, size, 0, Get(n, i, size + 1), Get(m, i, size + 1)));
        }

        *Pe.Vec(s, r->Rd) = result;
    }

    /// <summary>Neighbours of m:n, taken as one vector. The scalar form takes both lanes of n.</summary>
    public static void Pairwise<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        void* n = Pe.Vec(s, r->Rn);
        void* m = Pe.Vec(s, r->Rm);
        Vector128<byte> result = default;
        if (lanes == 1)
        {
            Set(&result, 0, size, T.Do(s, r, size, 0, Get(n, 0, size), Get(n, 1, size)));
        }
        else
        {
            int half = lanes / 2;
            for (int i = 0; i < lanes; i++)
            {
                void* from = i < half ? n : m;
                int at = 2 * (i < half ? i : i - half);
                Set(&result, i, size, T.Do(s, r, size, 0, Get(from, at, size), Get(from, at + 1, size)));
            }
        }

        *Pe.Vec(s, r->Rd) = result;
    }

    /// <summary>Neighbours of n give a lane twice as wide; <c>lanes</c> counts the results.</summary>
    public static void LongPairwise<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        int lanes = Shape.Lanes(r);
        void* d = Pe.Vec(s, r->Rd);
        void* n = Pe.Vec(s, r->Rn);
        Vector128<byte> result = default;
        for (int i = 0; i < lanes; i++)
        {
            Set(&result, i, size + 1, T.Do(s, r, size, Get(d, i, size + 1), Get(n, 2 * i, size), Get(n, (2 * i) + 1, size)));
        }

        *(Vector128<byte>*)d = result;
    }

    /// <summary>Folds all lanes of n the way the Arm ARM's Reduce() does: halves first, lower operand first.</summary>
    public static void Reduce<T>(Pe* s, Rec* r)
        where T : struct, ILane
    {
        int size = Shape.Size(r);
        Vector128<byte> result = default;
        Set(&result, 0, size, Fold<T>(s, r, size, Pe.Vec(s, r->Rn), 0, Shape.Lanes(r)));
        *Pe.Vec(s, r->Rd) = result;
    }

    private static ulong Fold<T>(Pe* s, Rec* r, int size, void* n, int first, int count)
        where T : struct, ILane
    {
        if (count == 1)
        {
            return Get(n, first, size);
        }

        // The pseudocode computes the upper half before the lower.
        ulong high = Fold<T>(s, r, size, n, first + (count / 2), count / 2);
        ulong low = Fold<T>(s, r, size, n, first, count / 2);
        return T.Do(s, r, size, 0, low, high);
    }
}
