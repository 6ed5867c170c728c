using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdSaturation;

namespace Pinion.Cpu.Interpreter;

/// <summary>Shifts that round, saturate, insert or take their amount from a register, lane by lane. <c>Ra</c> is an immediate amount.</summary>
internal static unsafe class SimdShiftGeneral
{
    [Op] internal static void VSshl(Pe* s, Rec* r) => Lanes.Same<Sshl>(s, r);

    [Op] internal static void VUshl(Pe* s, Rec* r) => Lanes.Same<Ushl>(s, r);

    [Op] internal static void VSrshl(Pe* s, Rec* r) => Lanes.Same<Srshl>(s, r);

    [Op] internal static void VUrshl(Pe* s, Rec* r) => Lanes.Same<Urshl>(s, r);

    [Op] internal static void VSqshl(Pe* s, Rec* r) => Lanes.Same<Sqshl>(s, r);

    [Op] internal static void VUqshl(Pe* s, Rec* r) => Lanes.Same<Uqshl>(s, r);

    [Op] internal static void VSqrshl(Pe* s, Rec* r) => Lanes.Same<Sqrshl>(s, r);

    [Op] internal static void VUqrshl(Pe* s, Rec* r) => Lanes.Same<Uqrshl>(s, r);

    [Op] internal static void VSrshr(Pe* s, Rec* r) => Lanes.Same<Srshr>(s, r);

    [Op] internal static void VUrshr(Pe* s, Rec* r) => Lanes.Same<Urshr>(s, r);

    [Op] internal static void VUsra(Pe* s, Rec* r) => Lanes.Same<Usra>(s, r);

    [Op] internal static void VSrsra(Pe* s, Rec* r) => Lanes.Same<Srsra>(s, r);

    [Op] internal static void VUrsra(Pe* s, Rec* r) => Lanes.Same<Ursra>(s, r);

    [Op] internal static void VSri(Pe* s, Rec* r) => Lanes.Same<Sri>(s, r);

    [Op] internal static void VSli(Pe* s, Rec* r) => Lanes.Same<Sli>(s, r);

    [Op] internal static void VSqshlImmediate(Pe* s, Rec* r) => Lanes.Same<SqshlImmediate>(s, r);

    [Op] internal static void VUqshlImmediate(Pe* s, Rec* r) => Lanes.Same<UqshlImmediate>(s, r);

    [Op] internal static void VSqshlu(Pe* s, Rec* r) => Lanes.Same<Sqshlu>(s, r);

    [Op] internal static void VRshrn(Pe* s, Rec* r) => Lanes.Narrow<Rshrn>(s, r);

    [Op] internal static void VSqshrn(Pe* s, Rec* r) => Lanes.Narrow<Sqshrn>(s, r);

    [Op] internal static void VSqrshrn(Pe* s, Rec* r) => Lanes.Narrow<Sqrshrn>(s, r);

    [Op] internal static void VUqshrn(Pe* s, Rec* r) => Lanes.Narrow<Uqshrn>(s, r);

    [Op] internal static void VUqrshrn(Pe* s, Rec* r) => Lanes.Narrow<Uqrshrn>(s, r);

    [Op] internal static void VSqshrun(Pe* s, Rec* r) => Lanes.Narrow<Sqshrun>(s, r);

    [Op] internal static void VSqrshrun(Pe* s, Rec* r) => Lanes.Narrow<Sqrshrun>(s, r);

    private readonly struct Sshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftBy(S(n, size), m, false);
    }

    private readonly struct Ushl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftBy(n, m, false);
    }

    private readonly struct Srshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftBy(S(n, size), m, true);
    }

    private readonly struct Urshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftBy(n, m, true);
    }

    private readonly struct Sqshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, ShiftBy(S(n, size), m, false), size);
    }

    private readonly struct Uqshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, ShiftBy(n, m, false), size);
    }

    private readonly struct Sqrshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, ShiftBy(S(n, size), m, true), size);
    }

    private readonly struct Uqrshl : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, ShiftBy(n, m, true), size);
    }

    private readonly struct Srshr : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftRight(S(n, size), r->Ra, true);
    }

    private readonly struct Urshr : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftRight(n, r->Ra, true);
    }

    private readonly struct Usra : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (ulong)ShiftRight(n, r->Ra, false);
    }

    private readonly struct Srsra : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (ulong)ShiftRight(S(n, size), r->Ra, true);
    }

    private readonly struct Ursra : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => d + (ulong)ShiftRight(n, r->Ra, true);
    }

    private readonly struct Sri : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (d & ~(ulong)((Int128)Lanes.Mask(size) >> r->Ra)) | (ulong)((Int128)n >> r->Ra);
    }

    private readonly struct Sli : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (d & ~(Lanes.Mask(size) << r->Ra)) | (n << r->Ra);
    }

    private readonly struct SqshlImmediate : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, (Int128)S(n, size) << r->Ra, size);
    }

    private readonly struct UqshlImmediate : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, (Int128)n << r->Ra, size);
    }

    private readonly struct Sqshlu : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, (Int128)S(n, size) << r->Ra, size);
    }

    private readonly struct Rshrn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => (ulong)ShiftRight(n, r->Ra, true);
    }

    private readonly struct Sqshrn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, ShiftRight(S(n, size + 1), r->Ra, false), size);
    }

    private readonly struct Sqrshrn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatS(s, ShiftRight(S(n, size + 1), r->Ra, true), size);
    }

    private readonly struct Uqshrn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, ShiftRight(n, r->Ra, false), size);
    }

    private readonly struct Uqrshrn : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, ShiftRight(n, r->Ra, true), size);
    }

    private readonly struct Sqshrun : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, ShiftRight(S(n, size + 1), r->Ra, false), size);
    }

    private readonly struct Sqrshrun : ILane
    {
        public static ulong Do(Pe* s, Rec* r, int size, ulong d, ulong n, ulong m) => SatU(s, ShiftRight(S(n, size + 1), r->Ra, true), size);
    }
}
