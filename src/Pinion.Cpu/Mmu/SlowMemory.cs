using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Mmu;

/// <summary>Full accesses: page tables, faults, page crossings, devices. See <see cref="IMemory"/>.</summary>
internal readonly unsafe struct SlowMemory : IMemory
{
    /// <summary>What comes before any access of an instruction: the check of SP as a base (Arm ARM D1.3.10).</summary>
    public static bool Begin(Pe* s, Rec* r)
    {
        if (r->Rn == Pe.Sp && (s->X[Pe.Sp] & 15) != 0 && (s->Sys[(int)SysRegId.SCTLR_EL1] & (s->El == 0 ? 1UL << 4 : 1UL << 3)) != 0)
        {
            return Exits.Exception(s, r, Syndrome.Of(ExceptionClass.SpAlignment));
        }

        return true;
    }

    public static bool Read<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged
    {
        p = (T*)s->Bounce;
        return s->Owner.Mmu.Read(r, va, sizeof(T), user: false);
    }

    public static bool Write<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged
    {
        *(T*)s->Bounce = value;
        return s->Owner.Mmu.Write(r, va, sizeof(T), user: false);
    }

    public static bool ReadUser<T>(Pe* s, Rec* r, ulong va, out T* p) where T : unmanaged
    {
        p = (T*)s->Bounce;
        return s->Owner.Mmu.Read(r, va, sizeof(T), user: true);
    }

    public static bool WriteUser<T>(Pe* s, Rec* r, ulong va, T value) where T : unmanaged
    {
        *(T*)s->Bounce = value;
        return s->Owner.Mmu.Write(r, va, sizeof(T), user: true);
    }

    public static bool Locate<T>(Pe* s, Rec* r, ulong va, bool write, out T* p) where T : unmanaged
    {
        p = (T*)s->Owner.Mmu.Locate(r, va, sizeof(T), write, aligned: true);
        return p != null;
    }

    public static bool LocateBytes(Pe* s, Rec* r, ulong va, int count, out byte* p)
    {
        p = s->Owner.Mmu.Locate(r, va, count, write: true, aligned: false);
        return p != null;
    }

    public static bool ProbeWrite(Pe* s, Rec* r, ulong va, int count) => s->Owner.Mmu.ProbeWrite(r, va, count);
}
