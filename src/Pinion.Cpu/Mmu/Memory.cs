using System.Runtime.CompilerServices;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Mmu;

/// <summary>
/// How an instruction reaches memory. An operation is written once, over this interface; the generator makes a fast handler
/// from <see cref="FastMemory"/> (soft TLB hit or nothing) and an out-of-line one from <see cref="SlowMemory"/> (page tables, faults,
/// page crossings, devices); the core that observes notes what <see cref="ObservedMemory"/> reaches.
/// </summary>
/// <remarks>
/// Every method answers false when the access did not happen. With <see cref="FastMemory"/> the handler then restarts the whole operation
/// with <see cref="SlowMemory"/>; with that one, it means that an exception was taken or an exit is pending. Either way the operation
/// must return false at once, and must not have changed any register before its last access succeeded. Nor may it take an exception or leave by itself: it would do so with
/// <see cref="FastMemory"/>, and then run again.
/// </remarks>
internal unsafe interface IMemory
{
    /// <summary>Reads <c>sizeof(T)</c> bytes (1 to 32; any alignment): <paramref name="p"/> points to the value until the next access.</summary>
    static abstract bool Read<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged;

    /// <summary>Writes <paramref name="value"/>, any alignment.</summary>
    static abstract bool Write<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged;

    /// <summary>As <see cref="Read{T}"/> with EL0's permissions (LDTR and friends).</summary>
    static abstract bool ReadUser<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged;

    /// <summary>As <see cref="Write{T}"/> with EL0's permissions (STTR and friends).</summary>
    static abstract bool WriteUser<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged;

    /// <summary>
    /// The host address of naturally aligned memory, for atomics, exclusives and acquire/release. <paramref name="write"/>: also needs write permission.
    /// A misaligned address takes an alignment fault, whatever SCTLR_EL1.A says.
    /// </summary>
    static abstract bool Locate<T>(Pe* s, Rec* r, ulong va, bool write, out T* p) where T : unmanaged;

    /// <summary>Host address of <paramref name="count"/> writable bytes within one page (DC ZVA).</summary>
    static abstract bool LocateBytes(Pe* s, Rec* r, ulong va, int count, out byte* p);

    /// <summary>
    /// Makes sure that <paramref name="count"/> bytes (at most one page crossing) can be stored to, without storing: a store of several
    /// parts calls this first where the parts can cross a page.
    /// </summary>
    static abstract bool ProbeWrite(Pe* s, Rec* r, ulong va, int count);
}

/// <summary>Soft TLB hits only; anything else answers "no".</summary>
internal readonly unsafe struct FastMemory : IMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TlbEntry* Entry(TlbEntry* tlb, ulong va) => (TlbEntry*)((byte*)tlb + ((va >> 7) & ((TlbEntry.Count - 1) << 5)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged
    {
        TlbEntry* e = Entry(s->DataTlb, va);
        p = (T*)((nint)va + e->Addend);
        return va - e->ReadPage <= (ulong)(4096 - sizeof(T));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Write<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged
    {
        TlbEntry* e = Entry(s->DataTlb, va);
        if (va - e->WritePage > (ulong)(4096 - sizeof(T)))
        {
            return false;
        }

        *(T*)((nint)va + e->Addend) = value;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ReadUser<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged
    {
        TlbEntry* e = Entry(s->UserTlb, va);
        p = (T*)((nint)va + e->Addend);
        return va - e->ReadPage <= (ulong)(4096 - sizeof(T));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WriteUser<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged
    {
        TlbEntry* e = Entry(s->UserTlb, va);
        if (va - e->WritePage > (ulong)(4096 - sizeof(T)))
        {
            return false;
        }

        *(T*)((nint)va + e->Addend) = value;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Locate<T>(Pe* s, Rec* r, ulong va, bool write, out T* p) where T : unmanaged
    {
        TlbEntry* e = Entry(s->DataTlb, va);
        p = (T*)((nint)va + e->Addend);
        return va - (write ? e->WritePage : e->ReadPage) < 4096 && (va & (ulong)(sizeof(T) - 1)) == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LocateBytes(Pe* s, Rec* r, ulong va, int count, out byte* p)
    {
        TlbEntry* e = Entry(s->DataTlb, va);
        p = (byte*)((nint)va + e->Addend);
        return va - e->WritePage <= (ulong)(4096 - count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ProbeWrite(Pe* s, Rec* r, ulong va, int count)
    {
        TlbEntry* e = Entry(s->DataTlb, va);
        return va - e->WritePage <= (ulong)(4096 - count);
    }
}
