using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdSaturation;

namespace Pinion.Cpu.Interpreter;

/// <summary>Operations between lanes of different widths, lane by lane.</summary>
internal static unsafe class SimdWiden
{
    [Op] internal static void VSabdl(Pe* s, Rec* r) => Lanes.Long<Sabdl>(s, r);

    [Op] internal static void VSabal(Pe* s, Rec* r) => Lanes.Long<Sabal>(s, r);

    [Op] internal static void VSmull(Pe* s, Rec* r) => Lanes.Long<Smull>(s, r);

    [Op] internal static void VSmlal(Pe* s, Rec* r) => Lanes.Long<Smlal>(s, r);

    [Op] internal static void VSmlsl(Pe* s, Rec* r) => Lanes.Long<Smlsl>(s, r);

    [Op] internal static void VSsubw(Pe* s, Rec* r) => Lanes.Wide<Ssubw>(s, r);

    [Op] internal static void VUabdl(Pe* s, Rec* r) => Lanes.Long<Uabdl>(s, r);

    [Op] internal static void VUabal(Pe* s, Rec* r) => Lanes.Long<Uabal>(s, r);

    [Op] internal static void VUmull(Pe* s, Rec* r) => Lanes.Long<Umull>(s, r);

    [Op] internal static void VUmlal(Pe* s, Rec* r) => Lanes.Long<Umlal>(s, r);

    [Op] internal static void VUmlsl(Pe* s, Rec* r) => Lanes.Long<Umlsl>(s, r);

    [Op] internal static void VUsubw(Pe* s, Rec* r) => Lanes.Wide<Usubw>(s, r);

    [Op] internal static void VPmull(Pe* s, Rec* r) => Lanes.Long<Pmull>(s, r);

    [Op] internal static void VSubhn(Pe* s, Rec* r) => Lanes.Narrow<Subhn>(s, r);

    [Op] internal static void VRaddhn(Pe* s, Rec* r) => Lanes.Narrow<Raddhn>(s, r);

    [Op] internal static void VRsubhn(Pe* s, Rec* r) => Lanes.Narrow<Rsubhn>(s, r);

    private readonly struct Sabdl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Distance(S(n, size), S(m, size));
    }

    private readonly struct Sabal : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + Distance(S(n, size), S(m, size));
    }

    private readonly struct Smull : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)(S(n, size) * S(m, size));
    }

    private readonly struct Smlal : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (ulong)(S(n, size) * S(m, size));
    }

    private readonly struct Smlsl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d - (ulong)(S(n, size) * S(m, size));
    }

    private readonly struct Ssubw : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => n - (ulong)S(m, size);
    }

    private readonly struct Uabdl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => Distance(n, m);
    }

    private readonly struct Uabal : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + Distance(n, m);
    }

    private readonly struct Umull : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => n * m;
    }

    private readonly struct Umlal : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (n * m);
    }

    private readonly struct Umlsl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d - (n * m);
    }

    private readonly struct Usubw : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => n - m;
    }

    private readonly struct Pmull : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => CarrylessProduct(n, m);
    }

    private readonly struct Subhn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (n - m) >> Lanes.Bits(size);
    }

    private readonly struct Raddhn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (n + m + (1UL << (Lanes.Bits(size) - 1))) >> Lanes.Bits(size);
    }

    private readonly struct Rsubhn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (n - m + (1UL << (Lanes.Bits(size) - 1))) >> Lanes.Bits(size);
    }
}
