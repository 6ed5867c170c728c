using System.Runtime.CompilerServices;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Mmu;

/// <summary>What an instruction accessed: all its accesses as one range. The dispatcher clears <see cref="Flags"/> before an instruction that it observes.</summary>
internal struct ObservedAccess
{
    public ulong Va;

    /// <summary>Physical address of <see cref="Va"/>.</summary>
    public ulong Pa;

    /// <summary>Behind the last byte.</summary>
    public ulong End;

    /// <summary>HasVa once there was an access; HasPa of the first; Write of any.</summary>
    public ObservedFlags Flags;

    /// <summary>Bytes from the first to the last one accessed.</summary>
    public readonly byte Bytes => (byte)Math.Min((ulong)byte.MaxValue, End - Va);

    /// <summary>Adds an access of <paramref name="size"/> bytes at <paramref name="va"/>; the instruction's first is its lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Note(ref ObservedAccess noted, ulong va, ulong pa, int size, ObservedFlags flags)
    {
        if (noted.Flags == ObservedFlags.None)
        {
            noted.Va = va;
            noted.Pa = pa;
            noted.End = va + (ulong)size;
            noted.Flags = flags | ObservedFlags.HasVa;
        }
        else
        {
            noted.End = Math.Max(noted.End, va + (ulong)size);
            noted.Flags |= flags & ObservedFlags.Write;
        }
    }
}

/// <summary>As <see cref="FastMemory"/>, and notes each access in <see cref="Pe.Observed"/>. What it cannot do, <see cref="SlowMemory"/> notes too.</summary>
internal readonly unsafe struct ObservedMemory : IMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Note(Pe* s, TlbEntry* tlb, ulong va, int size, ObservedFlags flags)
    {
        ulong page = FastMemory.Entry(tlb, va)->Physical & ~0xFFFUL;
        ObservedAccess.Note(ref s->Observed, va, page | (va & 0xFFF), size, flags | ObservedFlags.HasPa);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged =>
        FastMemory.Read(s, r, va, out p) && Note(s, s->DataTlb, va, sizeof(T), ObservedFlags.None);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Write<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged =>
        FastMemory.Write(s, r, va, value) && Note(s, s->DataTlb, va, sizeof(T), ObservedFlags.Write);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ReadUser<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged =>
        FastMemory.ReadUser(s, r, va, out p) && Note(s, s->UserTlb, va, sizeof(T), ObservedFlags.None);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WriteUser<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged =>
        FastMemory.WriteUser(s, r, va, value) && Note(s, s->UserTlb, va, sizeof(T), ObservedFlags.Write);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Locate<T>(Pe* s, Rec* r, ulong va, bool write, out T* p) where T : unmanaged =>
        FastMemory.Locate(s, r, va, write, out p) && Note(s, s->DataTlb, va, sizeof(T), write ? ObservedFlags.Write : ObservedFlags.None);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LocateBytes(Pe* s, Rec* r, ulong va, int count, out byte* p) =>
        FastMemory.LocateBytes(s, r, va, count, out p) && Note(s, s->DataTlb, va, count, ObservedFlags.Write);

    // Probing is no access: the stores that follow are noted.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ProbeWrite(Pe* s, Rec* r, ulong va, int count) => FastMemory.ProbeWrite(s, r, va, count);
}
