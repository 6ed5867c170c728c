using System.Numerics;
using System.Runtime.CompilerServices;
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
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => LoadAcquire<TMem, byte>(s, r),
            1 => LoadAcquire<TMem, ushort>(s, r),
            2 => LoadAcquire<TMem, uint>(s, r),
            _ => LoadAcquire<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool LoadAcquire<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        // An aligned load of the host is single-copy atomic, and no later access of this PE passes it.
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: false, out T* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = ulong.CreateTruncating(*p);
        return true;
    }

    [Op]
    public static bool StoreRelease<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => StoreRelease<TMem, byte>(s, r),
            1 => StoreRelease<TMem, ushort>(s, r),
            2 => StoreRelease<TMem, uint>(s, r),
            _ => StoreRelease<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool StoreRelease<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out T* p))
        {
            return false;
        }

        *p = T.CreateTruncating(Pe.R(s)[r->Rd]);

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

    private static bool Holds(Pe* s, void* at, uint sizeLog2) => s->ExclusiveValid != 0 && s->ExclusiveAddress == at && s->ExclusiveSize == sizeLog2;

    [Op]
    public static bool LoadExclusive<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => LoadExclusive<TMem, byte>(s, r),
            1 => LoadExclusive<TMem, ushort>(s, r),
            2 => LoadExclusive<TMem, uint>(s, r),
            _ => LoadExclusive<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool LoadExclusive<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: false, out T* p))
        {
            return false;
        }

        ulong value = ulong.CreateTruncating(*p);
        Mark(s, p, r->Aux, value, 0);
        Pe.R(s)[r->Rd] = value;
        return true;
    }

    [Op]
    public static bool StoreExclusive<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => StoreExclusive<TMem, byte>(s, r),
            1 => StoreExclusive<TMem, ushort>(s, r),
            2 => StoreExclusive<TMem, uint>(s, r),
            _ => StoreExclusive<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool StoreExclusive<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out T* p))
        {
            return false;
        }

        T expected = T.CreateTruncating(s->ExclusiveLow);
        bool stored = Holds(s, p, r->Aux) && Interlocked.CompareExchange(ref *p, T.CreateTruncating(Pe.R(s)[r->Rd]), expected) == expected;
        s->ExclusiveValid = 0;
        Pe.R(s)[r->Rm] = stored ? 0UL : 1UL;
        return true;
    }

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
            stored = Holds(s, p, 3) && Interlocked.CompareExchange(ref *p, value, s->ExclusiveLow) == s->ExclusiveLow;
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
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => Cas<TMem, byte>(s, r),
            1 => Cas<TMem, ushort>(s, r),
            2 => Cas<TMem, uint>(s, r),
            _ => Cas<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool Cas<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out T* p))
        {
            return false;
        }

        T old = Interlocked.CompareExchange(ref *p, T.CreateTruncating(Pe.R(s)[r->Rd]), T.CreateTruncating(Pe.R(s)[r->Rm]));
        Pe.R(s)[r->Rm == Pe.Zero ? Pe.Discard : r->Rm] = ulong.CreateTruncating(old);
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

    // ---- read-modify-write ----

    [Op]
    public static bool Swp<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => Swap<TMem, byte>(s, r),
            1 => Swap<TMem, ushort>(s, r),
            2 => Swap<TMem, uint>(s, r),
            _ => Swap<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool Swap<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out T* p))
        {
            return false;
        }

        Pe.R(s)[r->Rd] = ulong.CreateTruncating(Interlocked.Exchange(ref *p, T.CreateTruncating(Pe.R(s)[r->Rm])));
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

    /// <summary>The other read-modify-write operations, by a compare-and-exchange loop. Imm is an <see cref="AtomicKind"/>.</summary>
    [Op]
    public static bool AtomicUpdate<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory => r->Aux switch
        {
            0 => Update<TMem, byte>(s, r),
            1 => Update<TMem, ushort>(s, r),
            2 => Update<TMem, uint>(s, r),
            _ => Update<TMem, ulong>(s, r),
        };

    [MethodImpl(Inline.Hot)]
    private static bool Update<TMem, T>(Pe* s, Rec* r)
        where TMem : struct, IMemory
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!TMem.Locate(s, r, Pe.R(s)[r->Rn], write: true, out T* p))
        {
            return false;
        }

        ulong operand = Pe.R(s)[r->Rm];
        T old = *p;
        while (true)
        {
            T updated = T.CreateTruncating(Apply((AtomicKind)r->Imm, ulong.CreateTruncating(old), operand, sizeof(T) * 8));
            T seen = Interlocked.CompareExchange(ref *p, updated, old);
            if (seen == old)
            {
                break;
            }

            old = seen;
        }

        Pe.R(s)[r->Rd] = ulong.CreateTruncating(old);
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
