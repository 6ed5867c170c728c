using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// Atomics (LSE), exclusives, load-acquire and store-release. Aux is log2 of the size. They act on guest memory by the host's own atomic instructions, so they hold between PEs and
/// towards devices alike.
/// </summary>
/// <remarks>
/// A store-exclusive succeeds when memory still holds what the load-exclusive read (compare and exchange), so a value that was changed and changed back goes unnoticed: stricter monitors are allowed
/// to, and no software can rely on being told. Rd is Rt, Rm is Rs, Ra is Rt2.
/// </remarks>
internal static unsafe partial class AtomicOps
{
    // ---- acquire and release ----

    [Op]
    public static bool LoadAcquire<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong value;
        switch (r->Aux)
        {
            case 0:
                if (!TMem.Locate(s, r, va, write: false, out byte* p1))
                {
                    return false;
                }

                value = Volatile.Read(ref *p1);
                break;
            case 1:
                if (!TMem.Locate(s, r, va, write: false, out ushort* p2))
                {
                    return false;
                }

                value = Volatile.Read(ref *p2);
                break;
            case 2:
                if (!TMem.Locate(s, r, va, write: false, out uint* p4))
                {
                    return false;
                }

                value = Volatile.Read(ref *p4);
                break;
            default:
                if (!TMem.Locate(s, r, va, write: false, out ulong* p8))
                {
                    return false;
                }

                value = Volatile.Read(ref *p8);
                break;
        }

        Pe.R(s)[r->Rd] = value;
        return true;
    }

    [Op]
    public static bool StoreRelease<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong value = Pe.R(s)[r->Rd];
        switch (r->Aux)
        {
            case 0:
                if (!TMem.Locate(s, r, va, write: true, out byte* p1))
                {
                    return false;
                }

                Volatile.Write(ref *p1, (byte)value);
                break;
            case 1:
                if (!TMem.Locate(s, r, va, write: true, out ushort* p2))
                {
                    return false;
                }

                Volatile.Write(ref *p2, (ushort)value);
                break;
            case 2:
                if (!TMem.Locate(s, r, va, write: true, out uint* p4))
                {
                    return false;
                }

                Volatile.Write(ref *p4, (uint)value);
                break;
            default:
                if (!TMem.Locate(s, r, va, write: true, out ulong* p8))
                {
                    return false;
                }

                Volatile.Write(ref *p8, value);
                break;
        }

        // A later load-acquire must not pass a store-release: the one order that x86 does not keep.
        if (s->Smp != 0)
        {
            Interlocked.MemoryBarrier();
        }

        return true;
    }

    // ---- exclusives ----

    private static void Mark(Pe* s, void* address, uint sizeLog2, ulong low, ulong high)
    {
        s->ExclusiveValid = 1;
        s->ExclusiveSize = (byte)sizeLog2;
        s->ExclusiveAddress = (byte*)address;
        s->ExclusiveLow = low;
        s->ExclusiveHigh = high;
    }

    [Op]
    public static bool LoadExclusive<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong value;
        void* at;
        switch (r->Aux)
        {
            case 0:
                if (!TMem.Locate(s, r, va, write: false, out byte* byteAt))
                {
                    return false;
                }

                at = byteAt;

                value = Volatile.Read(ref *(byte*)at);
                break;
            case 1:
                if (!TMem.Locate(s, r, va, write: false, out ushort* halfAt))
                {
                    return false;
                }

                at = halfAt;

                value = Volatile.Read(ref *(ushort*)at);
                break;
            case 2:
                if (!TMem.Locate(s, r, va, write: false, out uint* wordAt))
                {
                    return false;
                }

                at = wordAt;

                value = Volatile.Read(ref *(uint*)at);
                break;
            default:
                if (!TMem.Locate(s, r, va, write: false, out ulong* doubleAt))
                {
                    return false;
                }

                at = doubleAt;

                value = Volatile.Read(ref *(ulong*)at);
                break;
        }

        Mark(s, at, r->Aux, value, 0);
        Pe.R(s)[r->Rd] = value;
        return true;
    }

    [Op]
    public static bool StoreExclusive<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong value = Pe.R(s)[r->Rd];
        ulong expected = s->ExclusiveLow;
        void* at;
        bool located;
        bool stored = false;
        switch (r->Aux)
        {
            case 0:
                located = TMem.Locate(s, r, va, write: true, out byte* byteAt);
                at = byteAt;
                if (located && Holds(s, at, 0))
                {
                    stored = Interlocked.CompareExchange(ref *(byte*)at, (byte)value, (byte)expected) == (byte)expected;
                }

                break;
            case 1:
                located = TMem.Locate(s, r, va, write: true, out ushort* halfAt);
                at = halfAt;
                if (located && Holds(s, at, 1))
                {
                    stored = Interlocked.CompareExchange(ref *(ushort*)at, (ushort)value, (ushort)expected) == (ushort)expected;
                }

                break;
            case 2:
                located = TMem.Locate(s, r, va, write: true, out uint* wordAt);
                at = wordAt;
                if (located && Holds(s, at, 2))
                {
                    stored = Interlocked.CompareExchange(ref *(uint*)at, (uint)value, (uint)expected) == (uint)expected;
                }

                break;
            default:
                located = TMem.Locate(s, r, va, write: true, out ulong* doubleAt);
                at = doubleAt;
                if (located && Holds(s, at, 3))
                {
                    stored = Interlocked.CompareExchange(ref *(ulong*)at, value, expected) == expected;
                }

                break;
        }

        if (!located)
        {
            return false;
        }

        s->ExclusiveValid = 0;
        Pe.R(s)[r->Rm] = stored ? 0UL : 1UL;
        return true;
    }

    private static bool Holds(Pe* s, void* at, uint sizeLog2) => s->ExclusiveValid != 0 && s->ExclusiveAddress == at && s->ExclusiveSize == sizeLog2;

    /// <summary>LDXP and LDAXP: Aux 2 is a pair of words, 3 a pair of doublewords.</summary>
    [Op]
    public static bool LoadExclusivePair<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        if (r->Aux == 2)
        {
            if (!TMem.Locate(s, r, va, write: false, out ulong* p))
            {
                return false;
            }

            ulong both = Volatile.Read(ref *p);
            Mark(s, p, 3, both, 0);
            Pe.R(s)[r->Rd] = (uint)both;
            Pe.R(s)[r->Ra] = both >> 32;
            return true;
        }

        if (!TMem.Locate(s, r, va, write: false, out UInt128* q))
        {
            return false;
        }

        (ulong low, ulong high) = WideAtomics.Read(q);
        Mark(s, q, 4, low, high);
        Pe.R(s)[r->Rd] = low;
        Pe.R(s)[r->Ra] = high;
        return true;
    }

    [Op]
    public static bool StoreExclusivePair<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        bool stored = false;
        if (r->Aux == 2)
        {
            if (!TMem.Locate(s, r, va, write: true, out ulong* p))
            {
                return false;
            }

            ulong value = (uint)Pe.R(s)[r->Rd] | (Pe.R(s)[r->Ra] << 32);
            if (Holds(s, p, 3))
            {
                stored = Interlocked.CompareExchange(ref *p, value, s->ExclusiveLow) == s->ExclusiveLow;
            }
        }
        else
        {
            if (!TMem.Locate(s, r, va, write: true, out UInt128* q))
            {
                return false;
            }

            if (Holds(s, q, 4))
            {
                ulong low = s->ExclusiveLow, high = s->ExclusiveHigh;
                stored = WideAtomics.CompareExchange(q, ref low, ref high, Pe.R(s)[r->Rd], Pe.R(s)[r->Ra]);
            }
        }

        s->ExclusiveValid = 0;
        Pe.R(s)[r->Rm] = stored ? 0UL : 1UL;
        return true;
    }

    // ---- compare and swap ----

    [Op]
    public static bool Cas<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong value = Pe.R(s)[r->Rd];
        ulong expected = Pe.R(s)[r->Rm];
        ulong old;
        switch (r->Aux)
        {
            case 0:
                if (!TMem.Locate(s, r, va, write: true, out byte* p1))
                {
                    return false;
                }

                old = Interlocked.CompareExchange(ref *p1, (byte)value, (byte)expected);
                break;
            case 1:
                if (!TMem.Locate(s, r, va, write: true, out ushort* p2))
                {
                    return false;
                }

                old = Interlocked.CompareExchange(ref *p2, (ushort)value, (ushort)expected);
                break;
            case 2:
                if (!TMem.Locate(s, r, va, write: true, out uint* p4))
                {
                    return false;
                }

                old = Interlocked.CompareExchange(ref *p4, (uint)value, (uint)expected);
                break;
            default:
                if (!TMem.Locate(s, r, va, write: true, out ulong* p8))
                {
                    return false;
                }

                old = Interlocked.CompareExchange(ref *p8, value, expected);
                break;
        }

        Pe.R(s)[r->Rm == Pe.Zero ? Pe.Discard : r->Rm] = old;
        return true;
    }

    /// <summary>CASP: registers come in even-odd pairs; a pair that starts at 30 ends in XZR.</summary>
    [Op]
    public static bool Casp<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        int t2 = r->Rd == 30 ? Pe.Zero : r->Rd + 1;
        int c2 = r->Rm == 30 ? Pe.Zero : r->Rm + 1;
        ulong oldLow, oldHigh;
        if (r->Aux == 2)
        {
            if (!TMem.Locate(s, r, va, write: true, out ulong* p))
            {
                return false;
            }

            ulong expected = (uint)Pe.R(s)[r->Rm] | (Pe.R(s)[c2] << 32);
            ulong old = Interlocked.CompareExchange(ref *p, (uint)Pe.R(s)[r->Rd] | (Pe.R(s)[t2] << 32), expected);
            oldLow = (uint)old;
            oldHigh = old >> 32;
        }
        else
        {
            if (!TMem.Locate(s, r, va, write: true, out UInt128* q))
            {
                return false;
            }

            oldLow = Pe.R(s)[r->Rm];
            oldHigh = Pe.R(s)[c2];
            WideAtomics.CompareExchange(q, ref oldLow, ref oldHigh, Pe.R(s)[r->Rd], Pe.R(s)[t2]);
        }

        Pe.R(s)[r->Rm] = oldLow;
        Pe.R(s)[c2 == Pe.Zero ? Pe.Discard : c2] = oldHigh;
        return true;
    }

    // ---- read-modify-write: Imm is the operation, an AtomicKind ----

    [Op]
    public static bool Swp<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong value = Pe.R(s)[r->Rm];
        ulong old;
        switch (r->Aux)
        {
            case 0:
                if (!TMem.Locate(s, r, va, write: true, out byte* p1))
                {
                    return false;
                }

                old = Interlocked.Exchange(ref *p1, (byte)value);
                break;
            case 1:
                if (!TMem.Locate(s, r, va, write: true, out ushort* p2))
                {
                    return false;
                }

                old = Interlocked.Exchange(ref *p2, (ushort)value);
                break;
            case 2:
                if (!TMem.Locate(s, r, va, write: true, out uint* p4))
                {
                    return false;
                }

                old = Interlocked.Exchange(ref *p4, (uint)value);
                break;
            default:
                if (!TMem.Locate(s, r, va, write: true, out ulong* p8))
                {
                    return false;
                }

                old = Interlocked.Exchange(ref *p8, value);
                break;
        }

        Pe.R(s)[r->Rd] = old;
        return true;
    }

    [Op]
    public static bool LdaddX<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out ulong* p))
        {
            return false;
        }

        ulong addend = Pe.R(s)[r->Rm];
        Pe.R(s)[r->Rd] = Interlocked.Add(ref *p, addend) - addend;
        return true;
    }

    [Op]
    public static bool LdaddW<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out uint* p))
        {
            return false;
        }

        uint addend = (uint)Pe.R(s)[r->Rm];
        Pe.R(s)[r->Rd] = Interlocked.Add(ref *p, addend) - addend;
        return true;
    }

    /// <summary>The other read-modify-write operations, by a compare-and-exchange loop.</summary>
    [Op]
    public static bool AtomicUpdate<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        ulong va = Pe.R(s)[r->Rn];
        ulong operand = Pe.R(s)[r->Rm];
        ulong old;
        switch (r->Aux)
        {
            case 0:
                if (!TMem.Locate(s, r, va, write: true, out byte* p1))
                {
                    return false;
                }

                byte b = Volatile.Read(ref *p1);
                for (byte seen; (seen = Interlocked.CompareExchange(ref *p1, (byte)Apply((AtomicKind)r->Imm, b, operand, 8), b)) != b; b = seen)
                {
                }

                old = b;
                break;
            case 1:
                if (!TMem.Locate(s, r, va, write: true, out ushort* p2))
                {
                    return false;
                }

                ushort h = Volatile.Read(ref *p2);
                for (ushort seen; (seen = Interlocked.CompareExchange(ref *p2, (ushort)Apply((AtomicKind)r->Imm, h, operand, 16), h)) != h; h = seen)
                {
                }

                old = h;
                break;
            case 2:
                if (!TMem.Locate(s, r, va, write: true, out uint* p4))
                {
                    return false;
                }

                uint w = Volatile.Read(ref *p4);
                for (uint seen; (seen = Interlocked.CompareExchange(ref *p4, (uint)Apply((AtomicKind)r->Imm, w, operand, 32), w)) != w; w = seen)
                {
                }

                old = w;
                break;
            default:
                if (!TMem.Locate(s, r, va, write: true, out ulong* p8))
                {
                    return false;
                }

                ulong x = Volatile.Read(ref *p8);
                for (ulong seen; (seen = Interlocked.CompareExchange(ref *p8, Apply((AtomicKind)r->Imm, x, operand, 64), x)) != x; x = seen)
                {
                }

                old = x;
                break;
        }

        Pe.R(s)[r->Rd] = old;
        return true;
    }

    private static ulong Apply(AtomicKind kind, ulong value, ulong operand, int bits)
    {
        long a = (long)(value << (64 - bits)), b = (long)(operand << (64 - bits));
        return kind switch
        {
            AtomicKind.Add => value + operand,
            AtomicKind.Clear => value & ~operand,
            AtomicKind.Xor => value ^ operand,
            AtomicKind.Set => value | operand,
            AtomicKind.SignedMax => a >= b ? value : operand,
            AtomicKind.SignedMin => a <= b ? value : operand,
            AtomicKind.UnsignedMax => (ulong)a >= (ulong)b ? value : operand,
            _ => (ulong)a <= (ulong)b ? value : operand,
        };
    }
}

/// <summary>What a read-modify-write atomic does: bits 14:12 of its encoding.</summary>
internal enum AtomicKind
{
    Add,
    Clear,
    Xor,
    Set,
    SignedMax,
    SignedMin,
    UnsignedMax,
    UnsignedMin,
}

/// <summary>
/// 128-bit atomics. The class library offers none, so a stub of the host's CMPXCHG16B is used; on hosts without it one lock serialises them, which holds between PEs.
/// </summary>
internal static unsafe class WideAtomics
{
    private static readonly Lock s_lock = new();

    /// <summary>Reads 16 aligned bytes as one.</summary>
    public static (ulong Low, ulong High) Read(UInt128* at)
    {
        ulong low = 0, high = 0;
        if (HostStubs.CompareExchange16 != null)
        {
            // Exchanging zero for zero writes nothing new, but tells what is there.
            CompareExchange(at, ref low, ref high, 0, 0);
            return (low, high);
        }

        lock (s_lock)
        {
            return (((ulong*)at)[0], ((ulong*)at)[1]);
        }
    }

    /// <summary>Stores the new value if memory equals the expected one; the expected one becomes what memory held.</summary>
    public static bool CompareExchange(UInt128* at, ref ulong expectedLow, ref ulong expectedHigh, ulong low, ulong high)
    {
        if (HostStubs.CompareExchange16 != null)
        {
            ulong* values = stackalloc ulong[4];
            values[0] = expectedLow;
            values[1] = expectedHigh;
            values[2] = low;
            values[3] = high;
            int stored = HostStubs.CompareExchange16(at, values);
            expectedLow = values[0];
            expectedHigh = values[1];
            return stored != 0;
        }

        lock (s_lock)
        {
            ulong* p = (ulong*)at;
            bool equal = p[0] == expectedLow && p[1] == expectedHigh;
            (expectedLow, expectedHigh) = (p[0], p[1]);
            if (equal)
            {
                p[0] = low;
                p[1] = high;
            }

            return equal;
        }
    }
}
