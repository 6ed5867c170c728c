using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdSaturation;

namespace Pinion.Cpu.Interpreter;

/// <summary>Saturating vector arithmetic, lane by lane, vector and scalar.</summary>
internal static unsafe class SimdSaturating
{
    [Op] internal static void VSqadd(Pe* s, Rec* r) => Lanes.Same<Sqadd>(s, r);

    [Op] internal static void VUqadd(Pe* s, Rec* r) => Lanes.Same<Uqadd>(s, r);

    [Op] internal static void VSqsub(Pe* s, Rec* r) => Lanes.Same<Sqsub>(s, r);

    [Op] internal static void VUqsub(Pe* s, Rec* r) => Lanes.Same<Uqsub>(s, r);

    [Op] internal static void VSuqadd(Pe* s, Rec* r) => Lanes.Same<Suqadd>(s, r);

    [Op] internal static void VUsqadd(Pe* s, Rec* r) => Lanes.Same<Usqadd>(s, r);

    [Op] internal static void VSqabs(Pe* s, Rec* r) => Lanes.Same<Sqabs>(s, r);

    [Op] internal static void VSqneg(Pe* s, Rec* r) => Lanes.Same<Sqneg>(s, r);

    [Op] internal static void VSqdmulh(Pe* s, Rec* r) => Lanes.Same<Sqdmulh>(s, r);

    [Op] internal static void VSqrdmulh(Pe* s, Rec* r) => Lanes.Same<Sqrdmulh>(s, r);

    [Op] internal static void VSqrdmlah(Pe* s, Rec* r) => Lanes.Same<Sqrdmlah>(s, r);

    [Op] internal static void VSqrdmlsh(Pe* s, Rec* r) => Lanes.Same<Sqrdmlsh>(s, r);

    [Op] internal static void VSqdmull(Pe* s, Rec* r) => Lanes.Long<Sqdmull>(s, r);

    [Op] internal static void VSqdmlal(Pe* s, Rec* r) => Lanes.Long<Sqdmlal>(s, r);

    [Op] internal static void VSqdmlsl(Pe* s, Rec* r) => Lanes.Long<Sqdmlsl>(s, r);

    [Op] internal static void VSqxtn(Pe* s, Rec* r) => Lanes.Narrow<Sqxtn>(s, r);

    [Op] internal static void VUqxtn(Pe* s, Rec* r) => Lanes.Narrow<Uqxtn>(s, r);

    [Op] internal static void VSqxtun(Pe* s, Rec* r) => Lanes.Narrow<Sqxtun>(s, r);

    private readonly struct Sqadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, (Int128)S(n, size) + S(m, size), size);
    }

    private readonly struct Uqadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, (Int128)n + m, size);
    }

    private readonly struct Sqsub : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, (Int128)S(n, size) - S(m, size), size);
    }

    private readonly struct Uqsub : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, (Int128)n - m, size);
    }

    private readonly struct Suqadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, (Int128)S(d, size) + n, size);
    }

    private readonly struct Usqadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, (Int128)d + S(n, size), size);
    }

    private readonly struct Sqabs : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, Int128.Abs(S(n, size)), size);
    }

    private readonly struct Sqneg : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, -(Int128)S(n, size), size);
    }

    private readonly struct Sqdmulh : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => DoublingHigh(s, size, 0, S(n, size), S(m, size), 1, false);
    }

    private readonly struct Sqrdmulh : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => DoublingHigh(s, size, 0, S(n, size), S(m, size), 1, true);
    }

    private readonly struct Sqrdmlah : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => DoublingHigh(s, size, S(d, size), S(n, size), S(m, size), 1, true);
    }

    private readonly struct Sqrdmlsh : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => DoublingHigh(s, size, S(d, size), S(n, size), S(m, size), -1, true);
    }

    private readonly struct Sqdmull : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, 2 * (Int128)S(n, size) * S(m, size), size + 1);
    }

    private readonly struct Sqdmlal : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, (Int128)S(d, size + 1) + (long)SatS(s, 2 * (Int128)S(n, size) * S(m, size), size + 1), size + 1);
    }

    private readonly struct Sqdmlsl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, (Int128)S(d, size + 1) - (long)SatS(s, 2 * (Int128)S(n, size) * S(m, size), size + 1), size + 1);
    }

    private readonly struct Sqxtn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, S(n, size + 1), size);
    }

    private readonly struct Uqxtn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, (Int128)n, size);
    }

    private readonly struct Sqxtun : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, S(n, size + 1), size);
    }
}
