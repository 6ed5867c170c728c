using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Cpu.State;
using static Pinion.Cpu.Interpreter.SimdOperands;

namespace Pinion.Cpu.Interpreter;

/// <summary>Copies between lanes and registers, and immediates. <c>Ra</c> is a lane.</summary>
internal static unsafe class SimdMove
{
    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupGeneral16B(Pe* s, Rec* r) => Put(s, r, Vector128.Create((byte)s->X[r->Rn]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupElement16B(Pe* s, Rec* r) => Put(s, r, Vector128.Create(((byte*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsGeneral16B(Pe* s, Rec* r) => ((byte*)Pe.Vec(s, r->Rd))[r->Ra] = (byte)s->X[r->Rn];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsElement16B(Pe* s, Rec* r) => ((byte*)Pe.Vec(s, r->Rd))[r->Ra] = ((byte*)Pe.Vec(s, r->Rn))[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmov16B(Pe* s, Rec* r) => s->X[r->Rd] = ((byte*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupScalar16B(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(((byte*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupGeneral8H(Pe* s, Rec* r) => Put(s, r, Vector128.Create((ushort)s->X[r->Rn]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupElement8H(Pe* s, Rec* r) => Put(s, r, Vector128.Create(((ushort*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsGeneral8H(Pe* s, Rec* r) => ((ushort*)Pe.Vec(s, r->Rd))[r->Ra] = (ushort)s->X[r->Rn];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsElement8H(Pe* s, Rec* r) => ((ushort*)Pe.Vec(s, r->Rd))[r->Ra] = ((ushort*)Pe.Vec(s, r->Rn))[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmov8H(Pe* s, Rec* r) => s->X[r->Rd] = ((ushort*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupScalar8H(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(((ushort*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupGeneral4S(Pe* s, Rec* r) => Put(s, r, Vector128.Create((uint)s->X[r->Rn]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupElement4S(Pe* s, Rec* r) => Put(s, r, Vector128.Create(((uint*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsGeneral4S(Pe* s, Rec* r) => ((uint*)Pe.Vec(s, r->Rd))[r->Ra] = (uint)s->X[r->Rn];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsElement4S(Pe* s, Rec* r) => ((uint*)Pe.Vec(s, r->Rd))[r->Ra] = ((uint*)Pe.Vec(s, r->Rn))[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmov4S(Pe* s, Rec* r) => s->X[r->Rd] = ((uint*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupScalar4S(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(((uint*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupGeneral2D(Pe* s, Rec* r) => Put(s, r, Vector128.Create((ulong)s->X[r->Rn]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupElement2D(Pe* s, Rec* r) => Put(s, r, Vector128.Create(((ulong*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsGeneral2D(Pe* s, Rec* r) => ((ulong*)Pe.Vec(s, r->Rd))[r->Ra] = (ulong)s->X[r->Rn];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VInsElement2D(Pe* s, Rec* r) => ((ulong*)Pe.Vec(s, r->Rd))[r->Ra] = ((ulong*)Pe.Vec(s, r->Rn))[r->Rm];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VUmov2D(Pe* s, Rec* r) => s->X[r->Rd] = ((ulong*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VDupScalar2D(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(((ulong*)Pe.Vec(s, r->Rn))[r->Ra]));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmovWB(Pe* s, Rec* r) => s->X[r->Rd] = (uint)((sbyte*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmovWH(Pe* s, Rec* r) => s->X[r->Rd] = (uint)((short*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmovXB(Pe* s, Rec* r) => s->X[r->Rd] = (ulong)(long)((sbyte*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmovXH(Pe* s, Rec* r) => s->X[r->Rd] = (ulong)(long)((short*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VSmovXS(Pe* s, Rec* r) => s->X[r->Rd] = (ulong)(long)((int*)Pe.Vec(s, r->Rn))[r->Ra];

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMoviQ(Pe* s, Rec* r) => PutAll(s, r, Vector128.Create((ulong)r->Imm));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VMoviD(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar((ulong)r->Imm));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VOrrImmQ(Pe* s, Rec* r) => PutAll(s, r, D<ulong>(s, r) | Vector128.Create((ulong)r->Imm));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VOrrImmD(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(*(ulong*)Pe.Vec(s, r->Rd) | (ulong)r->Imm));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VBicImmQ(Pe* s, Rec* r) => PutAll(s, r, Vector128.AndNot(D<ulong>(s, r), Vector128.Create((ulong)r->Imm)));

    [Op, MethodImpl(Inline.Hot)]
    internal static void VBicImmD(Pe* s, Rec* r) => PutAll(s, r, Vector128.CreateScalar(*(ulong*)Pe.Vec(s, r->Rd) & ~(ulong)r->Imm));
}
