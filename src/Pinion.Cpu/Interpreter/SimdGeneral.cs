using System.Numerics;
using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdSaturation;

namespace Pinion.Cpu.Interpreter;

/// <summary>Vector integer operations that wrap, lane by lane: all sizes, and those forms of popular operations that have no body of their own.</summary>
internal static unsafe class SimdGeneral
{
    [Op] internal static void VShadd(Pe* s, Rec* r) => Lanes.Same<Shadd>(s, r);

    [Op] internal static void VUhadd(Pe* s, Rec* r) => Lanes.Same<Uhadd>(s, r);

    [Op] internal static void VSrhadd(Pe* s, Rec* r) => Lanes.Same<Srhadd>(s, r);

    [Op] internal static void VUrhadd(Pe* s, Rec* r) => Lanes.Same<Urhadd>(s, r);

    [Op] internal static void VShsub(Pe* s, Rec* r) => Lanes.Same<Shsub>(s, r);

    [Op] internal static void VUhsub(Pe* s, Rec* r) => Lanes.Same<Uhsub>(s, r);

    [Op] internal static void VSabd(Pe* s, Rec* r) => Lanes.Same<Sabd>(s, r);

    [Op] internal static void VUabd(Pe* s, Rec* r) => Lanes.Same<Uabd>(s, r);

    [Op] internal static void VSaba(Pe* s, Rec* r) => Lanes.Same<Saba>(s, r);

    [Op] internal static void VUaba(Pe* s, Rec* r) => Lanes.Same<Uaba>(s, r);

    [Op] internal static void VPmul(Pe* s, Rec* r) => Lanes.Same<Pmul>(s, r);

    [Op] internal static void VCls(Pe* s, Rec* r) => Lanes.Same<Cls>(s, r);

    [Op] internal static void VClz(Pe* s, Rec* r) => Lanes.Same<Clz>(s, r);

    [Op] internal static void VRbit(Pe* s, Rec* r) => Lanes.Same<Rbit>(s, r);

    [Op] internal static void VUrecpe(Pe* s, Rec* r) => Lanes.Same<Urecpe>(s, r);

    [Op] internal static void VUrsqrte(Pe* s, Rec* r) => Lanes.Same<Ursqrte>(s, r);

    [Op] internal static void VSdot(Pe* s, Rec* r) => Lanes.Same<Sdot>(s, r);

    [Op] internal static void VUdot(Pe* s, Rec* r) => Lanes.Same<Udot>(s, r);

    [Op] internal static void VAddp(Pe* s, Rec* r) => Lanes.Pairwise<Addp>(s, r);

    [Op] internal static void VSmaxp(Pe* s, Rec* r) => Lanes.Pairwise<Smaxp>(s, r);

    [Op] internal static void VSminp(Pe* s, Rec* r) => Lanes.Pairwise<Sminp>(s, r);

    [Op] internal static void VUmaxp(Pe* s, Rec* r) => Lanes.Pairwise<Umaxp>(s, r);

    [Op] internal static void VUminp(Pe* s, Rec* r) => Lanes.Pairwise<Uminp>(s, r);

    [Op] internal static void VSaddlp(Pe* s, Rec* r) => Lanes.LongPairwise<Saddlp>(s, r);

    [Op] internal static void VUaddlp(Pe* s, Rec* r) => Lanes.LongPairwise<Uaddlp>(s, r);

    [Op] internal static void VSadalp(Pe* s, Rec* r) => Lanes.LongPairwise<Sadalp>(s, r);

    [Op] internal static void VUadalp(Pe* s, Rec* r) => Lanes.LongPairwise<Uadalp>(s, r);

    [Op] internal static void VAddv(Pe* s, Rec* r) => Lanes.Reduce<Addv>(s, r);

    [Op] internal static void VSmaxv(Pe* s, Rec* r) => Lanes.Reduce<Smaxv>(s, r);

    [Op] internal static void VSminv(Pe* s, Rec* r) => Lanes.Reduce<Sminv>(s, r);

    [Op] internal static void VUmaxv(Pe* s, Rec* r) => Lanes.Reduce<Umaxv>(s, r);

    [Op] internal static void VUminv(Pe* s, Rec* r) => Lanes.Reduce<Uminv>(s, r);

    /// <summary>SADDLV.</summary>
    [Op]
    internal static void VSaddlv(Pe* s, Rec* r)
    {
        int size = Shape.Size(r);
        ulong sum = 0;
        for (int i = 0; i < Shape.Lanes(r); i++)
        {
            sum += (ulong)S(Lanes.Get(Pe.Vec(s, r->Rn), i, size), size);
        }

        SetScalar(s, r, sum & Lanes.Mask(size + 1));
    }

    /// <summary>UADDLV.</summary>
    [Op]
    internal static void VUaddlv(Pe* s, Rec* r)
    {
        int size = Shape.Size(r);
        ulong sum = 0;
        for (int i = 0; i < Shape.Lanes(r); i++)
        {
            sum += Lanes.Get(Pe.Vec(s, r->Rn), i, size);
        }

        SetScalar(s, r, sum);
    }

    private static void SetScalar(Pe* s, Rec* r, ulong value)
    {
        ulong* d = (ulong*)Pe.Vec(s, r->Rd);
        d[0] = value;
        d[1] = 0;
    }

    private static long Dot(ulong n, ulong m, int at) => (sbyte)(n >> at) * (sbyte)(m >> at);

    private readonly struct Shadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)((S(n, size) + S(m, size)) >> 1);
    }

    private readonly struct Uhadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (n + m) >> 1;
    }

    private readonly struct Srhadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)((S(n, size) + S(m, size) + 1) >> 1);
    }

    private readonly struct Urhadd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (n + m + 1) >> 1;
    }

    private readonly struct Shsub : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)((S(n, size) - S(m, size)) >> 1);
    }

    private readonly struct Uhsub : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)((long)(n - m) >> 1);
    }

    private readonly struct Sabd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Distance(S(n, size), S(m, size));
    }

    private readonly struct Uabd : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Distance(n, m);
    }

    private readonly struct Saba : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + Distance(S(n, size), S(m, size));
    }

    private readonly struct Uaba : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + Distance(n, m);
    }

    private readonly struct Pmul : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => CarrylessProduct(n, m);
    }

    private readonly struct Cls : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)(BitOperations.LeadingZeroCount((ulong)(S(n, size) ^ (S(n, size) >> 1))) - (64 - Lanes.Bits(size)) - 1);
    }

    private readonly struct Clz : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)(BitOperations.LeadingZeroCount(n) - (64 - Lanes.Bits(size)));
    }

    private readonly struct Rbit : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => ((n * 0x0202020202UL) & 0x010884422010UL) % 1023;
    }

    private readonly struct Urecpe : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SoftFloat.UnsignedRecipEstimate((uint)n);
    }

    private readonly struct Ursqrte : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SoftFloat.UnsignedRSqrtEstimate((uint)n);
    }

    private readonly struct Sdot : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (ulong)(Dot(n, m, 0) + Dot(n, m, 8) + Dot(n, m, 16) + Dot(n, m, 24));
    }

    private readonly struct Udot : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + ((n & 0xFF) * (m & 0xFF)) + ((n >> 8 & 0xFF) * (m >> 8 & 0xFF)) + ((n >> 16 & 0xFF) * (m >> 16 & 0xFF)) + ((n >> 24) * (m >> 24));
    }

    private readonly struct Addp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => n + m;
    }

    private readonly struct Smaxp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => S(n, size) > S(m, size) ? n : m;
    }

    private readonly struct Sminp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => S(n, size) < S(m, size) ? n : m;
    }

    private readonly struct Umaxp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Math.Max(n, m);
    }

    private readonly struct Uminp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Math.Min(n, m);
    }

    private readonly struct Saddlp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)(S(n, size) + S(m, size));
    }

    private readonly struct Uaddlp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => n + m;
    }

    private readonly struct Sadalp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (ulong)(S(n, size) + S(m, size));
    }

    private readonly struct Uadalp : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + n + m;
    }

    private readonly struct Addv : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => n + m;
    }

    private readonly struct Smaxv : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => S(n, size) > S(m, size) ? n : m;
    }

    private readonly struct Sminv : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => S(n, size) < S(m, size) ? n : m;
    }

    private readonly struct Umaxv : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Math.Max(n, m);
    }

    private readonly struct Uminv : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Math.Min(n, m);
    }
}
